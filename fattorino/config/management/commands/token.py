from __future__ import annotations

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from fattorino import clock
from fattorino.core.errors import FattorinoError
from fattorino.organisations import tokens
from fattorino.organisations.queries import ROLES, find_company


class Command(BaseCommand):
    help = "I token con cui un gestionale usa l'API di un'azienda: li crea, li elenca, li revoca."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verbo", required=True)
        make = verbs.add_parser("crea", help="crea un token e lo mostra, una volta sola")
        make.add_argument("partita_iva", help="partita IVA dell'azienda")
        make.add_argument("nome", help="il programma che lo userà")
        make.add_argument("--ruolo", choices=list(ROLES), default="operator")
        make.add_argument("--giorni", type=int, default=365, help="validità in giorni (365)")
        verbs.add_parser("elenca", help="elenca i token").add_argument("partita_iva")
        end = verbs.add_parser("revoca", help="revoca un token")
        end.add_argument("partita_iva", help="partita IVA dell'azienda")
        end.add_argument("prefisso", help="il prefisso mostrato da «elenca»")

    def handle(self, *args: Any, **options: Any) -> None:
        company = find_company(options["partita_iva"])
        if company is None:
            raise CommandError("Nessuna azienda con questa partita IVA.")
        try:
            {"crea": self._make, "elenca": self._list, "revoca": self._revoke}[options["verbo"]](
                company, options
            )
        except FattorinoError as exc:
            raise CommandError(str(exc)) from exc

    def _make(self, company: Any, options: dict[str, Any]) -> None:
        view, token = tokens.create_token(
            company.pk, options["nome"], options["ruolo"], days=options["giorni"], now=clock.now()
        )
        self.stderr.write(
            f"Token «{view.name}» ({view.role}) di {company.name}, valido fino al {view.expires_at:%d/%m/%Y}. "
            "Conservarlo adesso: non si potrà più vedere."
        )
        # Alone on its output, so that it can go straight into a file.
        self.stdout.write(token)

    def _list(self, company: Any, options: dict[str, Any]) -> None:
        now = clock.now()
        for each in tokens.tokens_of(company.pk):
            state = "valido" if each.is_valid(now) else "revocato" if each.revoked_at else "scaduto"
            used = f"{each.last_used_at:%d/%m/%Y %H:%M}" if each.last_used_at else "mai"
            self.stdout.write(
                f"{each.prefix}  {each.role:8}  {state:8}  fino al {each.expires_at:%d/%m/%Y}  "
                f"ultimo uso {used}  {each.name}"
            )

    def _revoke(self, company: Any, options: dict[str, Any]) -> None:
        view = tokens.revoke_token(company.pk, options["prefisso"], now=clock.now())
        self.stdout.write(f"Token «{view.name}» revocato.")
