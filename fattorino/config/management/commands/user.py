from __future__ import annotations

import argparse
import getpass
import sys
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from fattorino import clock
from fattorino.core.errors import FattorinoError
from fattorino.organisations.flows import save_user
from fattorino.organisations.queries import ROLES, find_company


class Command(BaseCommand):
    help = "Crea o aggiorna un utente e il suo ruolo in un'azienda; la password si digita o arriva da stdin."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("nome", help="nome e cognome, tra virgolette")
        parser.add_argument("partita_iva", help="partita IVA dell'azienda")
        parser.add_argument("ruolo", choices=list(ROLES))

    def handle(self, *args: Any, **options: Any) -> None:
        company = find_company(options["partita_iva"])
        if company is None:
            raise CommandError("Nessuna azienda con questa partita IVA.")
        password = getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
        try:
            if password:
                validate_password(password)
            user = save_user(
                options["email"],
                password or None,
                options["nome"],
                {company.pk: options["ruolo"]},
                now=clock.now(),
            )
        except ValidationError as exc:
            raise CommandError(" ".join(exc.messages)) from exc
        except FattorinoError as exc:
            raise CommandError(str(exc)) from exc
        self.stdout.write(f"Utente {user.email}: {options['ruolo']} di {company.name}.")
