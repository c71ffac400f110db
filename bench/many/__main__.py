"""``python -m bench.many``: fill a database, measure, print the table. Ends with 1 when a limit is missed.

FATTORINO_MANY says how many documents (5,000,000); FATTORINO_MANY_HOME names a folder for the database, which then
stays, and is filled up and used again the next time.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

DOCUMENTS = 5_000_000
BYTES_EACH = 2500
CODE = "00000000001"
PEOPLE = 5


def main() -> int:
    wanted = int(os.environ.get("FATTORINO_MANY") or DOCUMENTS)
    begun = time.monotonic()
    with _home() as home:
        free = shutil.disk_usage(home).free
        if free < wanted * BYTES_EACH:
            print(f"Servono {wanted * BYTES_EACH // 10**9} GB in {home}, ne restano {free // 10**9}.")
            return 1
        missed = _measure(home, wanted)
    print(f"{'durata':>16}  {time.monotonic() - begun:.0f} s", flush=True)
    return 1 if missed else 0


@contextmanager
def _home() -> Iterator[Path]:
    kept = os.environ.get("FATTORINO_MANY_HOME")
    home = Path(kept) if kept else Path(tempfile.mkdtemp(prefix="fattorino-many-"))
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o755)  # root's PostgreSQL runs as another user, which must walk through
    try:
        yield home
    finally:
        if not kept:
            shutil.rmtree(home, ignore_errors=True)


def _measure(home: Path, wanted: int) -> bool:
    """Whether a limit was missed."""
    from fattorino.config import postgres

    # With fsync, as the product runs it.
    server = postgres.start(home, dies_with_parent=True)
    try:
        os.environ |= {
            "FATTORINO_HOME": str(home),
            "FATTORINO_PGSOCKET": str(server.socket),
            "DJANGO_SETTINGS_MODULE": "fattorino.config.settings",
        }
        os.environ.pop("DATABASE_URL", None)
        return _with_database(home, wanted)
    finally:
        if server.alive():
            server.stop()


def _with_database(home: Path, wanted: int) -> bool:
    import django

    django.setup()
    from bench.many import browser, bulk, database, table
    from fattorino import clock
    from fattorino.config.prepare import prepare

    prepare(demo=False)
    crowd, person, cookie = _filled(wanted)
    now = clock.now()
    figures: list[table.Figure] = []
    for found in (
        database.measure(crowd, person, now=now),
        bulk.measure(person, now=now),
        browser.measure(home, person, cookie, now=now),
    ):
        for figure in found:
            print(f"... {figure.name}: {figure.seen:.1f} {figure.unit}", flush=True)
            figures.append(figure)
    print(
        f"\n{wanted} documenti in un'azienda. «ms»: lavoro del processo della base dati; per il primo byte e i"
        " conteggi dal vivo, attesa."
    )
    print(f"\n{table.written(figures)}\n", flush=True)
    missed = [figure.name for figure in figures if figure.missed]
    for name in missed:
        print(f"{'OLTRE IL LIMITE':>16}  {name}")
    return bool(missed)


def _filled(wanted: int) -> tuple[Any, Any, str]:
    """The company with its documents and people: as the installation reads it, as a person does, and her cookie."""
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection
    from django.test import Client

    from fattorino import clock
    from fattorino.config import demo, many
    from fattorino.organisations.flows import save_company, save_user
    from fattorino.organisations.models import User
    from fattorino.organisations.queries import Actor

    call_command("many", company=CODE, documents=wanted)
    # What autovacuum does on a day like any other.
    with connection.cursor() as cursor:
        cursor.execute("vacuum (analyze) workflow_document, documents_searchentry, documents_counterpart")
    now = clock.now()
    party = demo.ORDINE | {"denominazione": many.COMPANY_NAME, "id_codice": CODE, "codice_fiscale": CODE}
    company = save_company(party, now=now)
    roles = {company.pk: "operator"}
    ids = [
        save_user(f"p{n}@prova.example", demo.PASSWORD, f"Persona {n}", roles, now=now) for n in range(PEOPLE)
    ]
    user = User.objects.get(email="p0@prova.example")
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    cookie = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
    assert len(ids) == PEOPLE
    return (
        Actor("hub", "misure", company.pk),
        Actor("utente", str(user), company.pk, user.pk, "operator"),
        cookie,
    )


if __name__ == "__main__":
    sys.exit(main())
