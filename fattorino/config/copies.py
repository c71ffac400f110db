"""Copies of the database of the embedded PostgreSQL: save one into a file, put one back.

Made and put back by the server's own administrator: the wall between the companies (row-level security) binds the role
of the application, so that a copy made by it would hold nothing, and say nothing of it.

A copy is put back beside what is there and takes its place in one step, when it is whole.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import psycopg
from psycopg import sql

from fattorino.config import postgres
from fattorino.config.postgres_place import PORT, Place, find_place, home_folder, reason
from fattorino.core.errors import FattorinoError, SetupError

RESTORING, FORMER = f"{postgres.ROLE}_restoring", f"{postgres.ROLE}_former"
# Of pg_dump's own format, the first octets of a file.
MAGIC = b"PGDMP"


def save(home: Path, file: Path) -> int:
    """Copy the database into a new file that only its owner may read; its size in bytes. Fattorino may be running.

    Raises:
        SetupError: nothing to copy, the file is there already or cannot be written; no half of a copy is left.
    """
    with _server(home) as place:
        if not _tables(place, postgres.ROLE):
            raise SetupError(f"In {home} non c'è ancora nulla da copiare.", "Controllare FATTORINO_HOME.")
        # Never over another file, and never readable by others, not even while it grows.
        # Closed by the `with` below: that it cannot be opened is told apart from what fails later.
        try:
            stream = open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")  # noqa: SIM115
        except FileExistsError as error:
            raise SetupError(
                f"Il file {file} c'è già.", "Scegliere un nome nuovo: una copia non ne copre un'altra."
            ) from error
        except OSError as error:
            raise SetupError(f"Il file {file} non si può scrivere: {reason(error)}.") from error
        try:
            with stream:
                _run(
                    place,
                    ["pg_dump", "--format=custom", postgres.ROLE],
                    "La copia non è riuscita",
                    stdout=stream,
                )
                stream.flush()
                os.fsync(stream.fileno())
            return file.stat().st_size
        except BaseException:
            file.unlink(missing_ok=True)
            raise


def restore(home: Path, file: Path, *, replace: bool = False) -> None:
    """Put a copy in the place of the database, which must be empty unless `replace` is said.

    Raises:
        SetupError: not a copy, something is there, Fattorino is running; what was there is as it was then.
    """
    _check_copy(file)
    with _server(home) as place:
        if _tables(place, postgres.ROLE) and not replace:
            raise SetupError(
                f"In {home} ci sono già dei dati: la copia ne prenderebbe il posto.",
                "Ripristinare in un'altra cartella dati (FATTORINO_HOME), oppure confermare con --sostituisci.",
            )
        if _others(place):
            raise SetupError("Fattorino è in funzione su questi dati.", "Fermarlo, e ripetere il comando.")
        with _administrator(place) as link:
            _drop(link, RESTORING)
            link.execute(
                sql.SQL("create database {} owner {} template template0").format(
                    sql.Identifier(RESTORING), sql.Identifier(postgres.ROLE)
                )
            )
            try:
                words = [
                    "pg_restore",
                    "--exit-on-error",
                    "--single-transaction",
                    f"--dbname={RESTORING}",
                    str(file),
                ]
                _run(place, words, "Il ripristino non è riuscito")
                _take_place(link)
            except BaseException:
                _drop(link, RESTORING)
                raise
            _drop(link, FORMER)


def _take_place(link: psycopg.Connection) -> None:
    """Both names in one transaction: at every moment there is one whole database of that name."""
    _drop(link, FORMER)
    try:
        with link.transaction():
            for old, new in ((postgres.ROLE, FORMER), (RESTORING, postgres.ROLE)):
                link.execute(
                    sql.SQL("alter database {} rename to {}").format(sql.Identifier(old), sql.Identifier(new))
                )
    except psycopg.errors.ObjectInUse as error:
        raise SetupError(
            "Fattorino è in funzione su questi dati.", "Fermarlo, e ripetere il comando."
        ) from error


def _drop(link: psycopg.Connection, name: str) -> None:
    link.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


def _check_copy(file: Path) -> None:
    try:
        with open(file, "rb") as stream:
            first = stream.read(len(MAGIC))
    except OSError as error:
        raise SetupError(f"Il file {file} non si può leggere: {reason(error)}.") from error
    if first != MAGIC:
        raise SetupError(f"Il file {file} non è una copia fatta da Fattorino.")


@contextmanager
def _server(home: Path) -> Iterator[Place]:
    """The server of this data folder, started if it does not run; then it is stopped again."""
    if os.environ.get("DATABASE_URL"):
        raise SetupError(
            "Questo comando copia il PostgreSQL incluso, ma DATABASE_URL ne indica un altro.",
            "Di quello si fanno le copie con i suoi strumenti (pg_dump, Barman), come suo amministratore.",
        )
    before = postgres.status(home).running
    server = postgres.start(home)
    try:
        yield find_place(home)
    finally:
        if not before:
            server.stop()


@contextmanager
def _administrator(place: Place, database: str = "postgres") -> Iterator[psycopg.Connection]:
    with psycopg.connect(
        host=str(place.socket),
        port=PORT,
        user="postgres",
        dbname=database,
        autocommit=True,
        connect_timeout=20,
    ) as link:
        yield link


def _tables(place: Place, database: str) -> int:
    with _administrator(place, database) as link:
        row = link.execute(
            "select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace"
            " where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema')"
            " and n.nspname not like 'pg_toast%'"
        ).fetchone()
    return int(row[0]) if row else 0


def _others(place: Place) -> int:
    """Who works with the database at this moment."""
    with _administrator(place) as link:
        row = link.execute(
            "select count(*) from pg_stat_activity where datname = %s", [postgres.ROLE]
        ).fetchone()
    return int(row[0]) if row else 0


def _run(place: Place, words: Sequence[str], failed: str, stdout: IO[bytes] | None = None) -> None:
    name, *rest = words
    # Only what is said here: no PG* variable of whoever calls leads elsewhere.
    kept = {each: os.environ[each] for each in ("PATH", "LD_LIBRARY_PATH", "TMPDIR") if each in os.environ}
    done = subprocess.run(
        [
            place.bin / name,
            f"--host={place.socket}",
            f"--port={PORT}",
            "--username=postgres",
            "--no-password",
            *rest,
        ],
        stdin=subprocess.DEVNULL,
        stdout=stdout or subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**kept, "LC_ALL": "C.UTF-8"},
        check=False,
    )
    if done.returncode:
        told = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if "error" in line]
        raise SetupError(f"{failed}: {told[0] if told else 'causa non detta'}.")


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m fattorino.config.copies", description="copie del PostgreSQL incluso"
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    saving = verbs.add_parser("save", help="salva una copia in un file nuovo, leggibile solo da chi la fa")
    saving.add_argument("file", type=Path)
    restoring = verbs.add_parser("restore", help="ripristina una copia in una cartella dati vuota")
    restoring.add_argument("file", type=Path)
    restoring.add_argument("--sostituisci", action="store_true", help="al posto dei dati che ci sono")
    args = parser.parse_args(argv)
    home = home_folder()
    try:
        if args.verb == "save":
            size = save(home, args.file)
            sys.stdout.write(f"Copia salvata in {args.file} ({size / 1_000_000:.1f} MB).\n")
        else:
            restore(home, args.file, replace=args.sostituisci)
            sys.stdout.write(f"Copia ripristinata in {home}.\n")
    except FattorinoError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(main())
