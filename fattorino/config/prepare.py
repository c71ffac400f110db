"""Make the database ready for this version of the code: checks, migrations, demo data.

Run as its own process by `run`, because the supervisor itself must stay small. On success standard output holds
what the demo wants to tell (the sign-in); on a refusal the one line for the user, with exit code 1.
"""

from __future__ import annotations

import os
import sys

from fattorino.core.errors import FattorinoError, SetupError

OLDEST_POSTGRES = 150000


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fattorino.config.settings")
    try:
        prepare(demo=os.environ.get("FATTORINO_DEMO") == "1")
    except FattorinoError as error:
        sys.stdout.write(f"{error}\n")
        return 1
    return 0


def prepare(*, demo: bool) -> None:
    """Raises SetupError: database unreachable, too old, wrong role, or written by a newer version."""
    import django
    from django.core.management import call_command, get_commands
    from django.db.utils import OperationalError

    django.setup()
    try:
        _check_server()
    except OperationalError as error:
        reason = str(error).splitlines()[0]
        raise SetupError(f"La base dati non risponde: {reason}.", "Controllare DATABASE_URL.") from error
    _check_not_newer()
    call_command("migrate", interactive=False, verbosity=0)
    call_command("createcachetable", verbosity=0)
    if demo and "demo" in get_commands():
        call_command("demo")


def _check_server() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("select current_setting('server_version_num')::int")
        version = cursor.fetchone()[0]
        cursor.execute("select rolsuper or rolbypassrls from pg_roles where rolname = current_user")
        almighty = cursor.fetchone()[0]
    if version < OLDEST_POSTGRES:
        raise SetupError(
            f"PostgreSQL {version // 10000} è troppo vecchio.", "Serve PostgreSQL 15 o successivo."
        )
    if almighty:
        # The second wall between companies (row-level security) does not bind such a role.
        raise SetupError(
            "L'utente di DATABASE_URL è amministratore di PostgreSQL: l'isolamento tra aziende non varrebbe.",
            "Crearne uno: create role fattorino login password '...'; create database fattorino owner fattorino.",
        )


def _check_not_newer() -> None:
    from django.db import connection
    from django.db.migrations.loader import MigrationLoader

    loader = MigrationLoader(connection)
    known = set(loader.disk_migrations) | {key for m in loader.disk_migrations.values() for key in m.replaces}
    newer = [f"{app}.{name}" for app, name in loader.applied_migrations or () if (app, name) not in known]
    if newer:
        raise SetupError(
            f"I dati sono stati scritti da una versione più recente di Fattorino ({newer[0]}).",
            "Aggiornare il programma, oppure scegliere un'altra cartella dati con FATTORINO_HOME.",
        )


if __name__ == "__main__":
    sys.exit(main())
