"""A copy holds every row of every company, and put back it is the same database: rows, rules, owners, counters."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from fattorino.config import copies, postgres
from fattorino.core.errors import SetupError

# What makes a database, beside its rows; each question is answered in an order of its own.
MADE_OF = {
    "tables": "select relname, relkind, relowner::regrole::text, relrowsecurity, relforcerowsecurity, relacl::text"
    " from pg_class where relnamespace = 'public'::regnamespace order by 1",
    # Numbered as they come: what a column that was taken away leaves behind is not copied.
    "columns": "select attrelid::regclass::text, row_number() over (partition by attrelid order by attnum), attname,"
    " format_type(atttypid, atttypmod), attnotnull,"
    " attgenerated, attidentity, pg_get_expr(adbin, adrelid) from pg_attribute"
    " left join pg_attrdef on adrelid = attrelid and adnum = attnum"
    " join pg_class on pg_class.oid = attrelid"
    " where relnamespace = 'public'::regnamespace and not attisdropped and attnum > 0 order by 1, 3",
    "indexes": "select indexdef from pg_indexes where schemaname = 'public' order by 1",
    "constraints": "select conrelid::regclass::text, conname, convalidated, pg_get_constraintdef(oid)"
    " from pg_constraint where connamespace = 'public'::regnamespace order by 1, 2",
    "triggers": "select tgrelid::regclass::text, tgname, tgenabled, pg_get_triggerdef(oid) from pg_trigger"
    " where not tgisinternal order by 1, 2",
    "policies": "select tablename, policyname, permissive, roles, cmd, qual, with_check from pg_policies order by 1, 2",
    "functions": "select proname, proowner::regrole::text, pg_get_functiondef(oid) from pg_proc"
    " where pronamespace = 'public'::regnamespace and prokind = 'f' order by 1, 3",
    "types": "select typname, array(select enumlabel::text from pg_enum where enumtypid = t.oid order by enumsortorder)"
    " from pg_type t where typnamespace = 'public'::regnamespace and typtype = 'e' order by 1",
    "counters": "select sequencename, start_value, increment_by, last_value from pg_sequences order by 1",
    "extensions": "select extname from pg_extension order by 1",
    "roles": "select rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolcanlogin from pg_roles"
    " where rolname !~ '^pg_' order by 1",
    "database": "select datname, datdba::regrole::text, datcollate, pg_encoding_to_char(encoding) from pg_database"
    " order by 1",
}

_CAST = re.compile(r"::(?:character varying|text)(?:\[\])?|[()\s]")


def ask(home: Path, query: Any, user: str = "postgres") -> list[tuple[Any, ...]]:
    with psycopg.connect(
        host=str(postgres.socket_folder(home)), user=user, dbname="fattorino", autocommit=True
    ) as link:
        return link.execute(query).fetchall()


def canonical(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """PostgreSQL writes the same condition in two ways, as it was typed and as it was read from a copy: casts of texts
    stand in other places."""
    return tuple(_CAST.sub("", each) if isinstance(each, str) else each for each in row)


def everything(home: Path) -> dict[str, list[tuple[Any, ...]]]:
    """All that makes the database, and every row of every table as text, what is computed included."""
    found = {name: sorted(map(canonical, ask(home, query)), key=repr) for name, query in MADE_OF.items()}
    for name, kind, *_ in found["tables"]:
        if kind == "r":
            table = sql.Identifier(str(name))
            found[f"rows of {name}"] = ask(
                home, sql.SQL("select row_to_json(t)::text from {} t order by 1").format(table)
            )
    return found


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """Not tmp_path: pytest closes its folders to other users, and root's PostgreSQL is another user."""
    folder = Path(tempfile.mkdtemp(prefix="fattorino-copies-"))
    folder.chmod(0o755)
    yield folder
    for home in folder.iterdir():
        if (home / "postgres").exists():
            postgres.stop(home)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def first(place: Path) -> Path:
    """An installation with the demo's companies in it, at work."""
    home = place / "prima"
    server = postgres.start(home, durable=False)
    kept = {
        k: v for k, v in os.environ.items() if not k.startswith(("FATTORINO_", "DJANGO_", "DATABASE_URL"))
    }
    given = {"FATTORINO_HOME": str(home), "FATTORINO_PGSOCKET": str(server.socket), "FATTORINO_DEMO": "1"}
    subprocess.run(
        [sys.executable, "-m", "fattorino.config.prepare"], env=kept | given, check=True, capture_output=True
    )
    return home


@pytest.fixture(scope="module")
def copy(first: Path, place: Path) -> Path:
    (place / "copie").mkdir()
    file = place / "copie" / "oggi.copia"
    assert copies.save(first, file) == file.stat().st_size > 10_000
    return file


@pytest.fixture(autouse=True)
def _embedded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)


def test_what_is_put_back_is_the_same_row_by_row_and_rule_by_rule(
    first: Path, copy: Path, place: Path
) -> None:
    home = place / "seconda"
    copies.restore(home, copy)
    assert not postgres.status(home).running  # as it was before
    postgres.start(home, durable=False)
    before, after = everything(first), everything(home)
    assert sum(len(rows) for name, rows in before.items() if name.startswith("rows of")) > 300
    assert before["policies"] and before["triggers"] and before["counters"]
    assert any("s" in column for column in before["columns"])  # generated ones
    assert set(before) == set(after)
    for name, rows in before.items():
        assert after[name] == rows, name
    # The wall stands again, for the application's own role.
    shown = "select count(*) from workflow_document"
    assert ask(home, shown) == ask(first, shown) != [(0,)]
    assert ask(home, shown, user="fattorino") == [(0,)]


def test_only_its_owner_reads_a_copy_and_none_covers_another_file(first: Path, copy: Path) -> None:
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    before = copy.read_bytes()
    with pytest.raises(SetupError, match="c'è già"):
        copies.save(first, copy)
    link = copy.parent / "collegamento"
    link.symlink_to(copy.parent / "altrove")
    with pytest.raises(SetupError, match="c'è già"):
        copies.save(first, link)
    with pytest.raises(SetupError, match="non si può scrivere"):
        copies.save(first, copy.parent / "non c'è" / "x")
    assert copy.read_bytes() == before and not (copy.parent / "altrove").exists()


def test_a_copy_that_fails_leaves_no_half_of_itself(
    first: Path, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        copies.postgres, "ROLE", "postgres"
    )  # a database of another name, and with nothing in it
    with pytest.raises(SetupError, match="nulla da copiare"):
        copies.save(first, copy.parent / "vuota")
    monkeypatch.setattr(copies, "_tables", lambda *_: 1)
    monkeypatch.setattr(copies.postgres, "ROLE", "nessuna")
    with pytest.raises(SetupError, match="La copia non è riuscita: .*nessuna"):
        copies.save(first, copy.parent / "vuota")
    assert not (copy.parent / "vuota").exists()


def test_data_are_replaced_only_where_that_is_said_and_only_by_a_whole_copy(copy: Path, place: Path) -> None:
    home = place / "terza"
    copies.restore(home, copy)
    postgres.start(home, durable=False)
    ask(home, "update organisations_company set name = 'Altra' returning 1")
    before = everything(home)
    with pytest.raises(SetupError, match="ci sono già dei dati") as refused:
        copies.restore(home, copy)
    assert "--sostituisci" in refused.value.hint
    broken, other = copy.parent / "rotta", copy.parent / "altra"
    broken.write_bytes(copy.read_bytes()[: copy.stat().st_size // 2])
    other.write_bytes(b"non sono una copia")
    for file, said in (
        (broken, "non è riuscito"),
        (other, "non è una copia"),
        (copy.parent / "x", "non si può leggere"),
    ):
        with pytest.raises(SetupError, match=said):
            copies.restore(home, file, replace=True)
    with (
        psycopg.connect(host=str(postgres.socket_folder(home)), user="fattorino", dbname="fattorino"),
        pytest.raises(SetupError, match="in funzione"),
    ):
        copies.restore(home, copy, replace=True)
    assert everything(home) == before
    copies.restore(home, copy, replace=True)
    assert ask(home, "select count(*) from organisations_company where name = 'Altra'") == [(0,)]
    assert {name for (name, *_) in ask(home, MADE_OF["database"])} == {
        *("fattorino", "postgres", "template0", "template1")
    }


def test_the_words_are_as_the_manual_says(
    first: Path, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = place / "parole.copia"
    monkeypatch.setenv("FATTORINO_HOME", str(first))
    assert copies.main(["save", str(file)]) == 0
    assert copies.main(["restore", str(file)]) == 1
    told = capsys.readouterr()
    assert told.out.startswith(f"Copia salvata in {file} (") and "ci sono già dei dati" in told.err
    monkeypatch.setenv("FATTORINO_HOME", str(place / "quarta"))
    assert copies.main(["restore", str(file)]) == 0
    assert "Copia ripristinata" in capsys.readouterr().out
    monkeypatch.setenv("DATABASE_URL", "postgresql://x@y/z")
    assert copies.main(["save", str(place / "altra.copia")]) == 1
    assert "DATABASE_URL" in capsys.readouterr().err
