from __future__ import annotations

import argparse
import getpass
import sys
from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from fattorino import clock
from fattorino.core.errors import FattorinoError
from fattorino.organisations.flows import choose_language, revoke_user, save_user, set_installation_admin
from fattorino.organisations.queries import ROLES, find_company, find_person


class Command(BaseCommand):
    help = (
        "Crea o aggiorna un utente e il suo ruolo in un'azienda (la password si digita o arriva da stdin), "
        "oppure lo toglie da un'azienda con --revoca, ne fa un amministratore dell'installazione, "
        "ne sceglie la lingua."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("nome", nargs="?", help="nome e cognome, tra virgolette")
        parser.add_argument("partita_iva", nargs="?", help="partita IVA dell'azienda")
        parser.add_argument("ruolo", nargs="?", choices=list(ROLES))
        parser.add_argument(
            "--revoca",
            metavar="PARTITA_IVA",
            help="toglie la persona da questa azienda e chiude i suoi accessi",
        )
        parser.add_argument(
            "--installazione",
            choices=["si", "no"],
            help="dà (si) o toglie (no) le impostazioni comuni a tutte le aziende dell'installazione",
        )

        parser.add_argument(
            "--lingua",
            choices=list(dict(settings.LANGUAGES)),
            help="lingua delle pagine e delle e-mail di questa persona, che può cambiarla da sé",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["revoca"]:
            if options["nome"]:
                raise CommandError(
                    "Con --revoca bastano l'e-mail e la partita IVA: user EMAIL --revoca PARTITA_IVA"
                )
            self._revoke(options["email"], options["revoca"])
            return
        if (options["installazione"] or options["lingua"]) and not options["nome"]:
            self._settle(options["email"], options)
            return
        if not options["ruolo"]:
            raise CommandError("Servono quattro valori: user EMAIL NOME PARTITA_IVA RUOLO")
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
        self.stdout.write(f"Utente {user.email}: {ROLES[options['ruolo']]} di {company.name}.")
        self._settle(user.email, options)

    def _settle(self, email: str, options: dict[str, Any]) -> None:
        if options["installazione"]:
            self._set_installation(email, options["installazione"] == "si")
        if options["lingua"]:
            self._set_language(email, options["lingua"])

    def _set_language(self, email: str, language: str) -> None:
        user = find_person(email)
        if user is None:
            raise CommandError("Nessuno con questo indirizzo e-mail.")
        choose_language(user.pk, language, now=clock.now())
        self.stdout.write(f"Utente {user.email}: lingua {dict(settings.LANGUAGES)[language]}.")

    def _set_installation(self, email: str, wanted: bool) -> None:
        try:
            user = set_installation_admin(email, wanted, now=clock.now())
        except FattorinoError as exc:
            raise CommandError(str(exc)) from exc
        what = "amministratore" if wanted else "non più amministratore"
        self.stdout.write(f"Utente {user.email}: {what} dell'installazione.")

    def _revoke(self, email: str, partita_iva: str) -> None:
        company = find_company(partita_iva)
        if company is None:
            raise CommandError("Nessuna azienda con questa partita IVA.")
        try:
            user = revoke_user(company.pk, email, now=clock.now())
        except FattorinoError as exc:
            raise CommandError(str(exc)) from exc
        self.stdout.write(
            f"Utente {user.email}: non fa più parte di {company.name}. I suoi accessi sono chiusi."
        )
