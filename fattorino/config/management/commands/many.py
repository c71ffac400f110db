from __future__ import annotations

import argparse
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from fattorino import clock
from fattorino.config import many
from fattorino.core.errors import FattorinoError
from fattorino.documents import numbering
from fattorino.organisations.flows import save_company
from fattorino.organisations.queries import find_company
from fattorino.organisations.scope import company_scope
from fattorino.workflow.flows import load_standard
from fattorino.workflow.flows.counts import AT_ONCE, roll_up


class Command(BaseCommand):
    help = "Riempie di documenti inventati un'azienda fatta solo per le misure."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--company", required=True, metavar="CODE", help="partita IVA dell'azienda di prova"
        )
        parser.add_argument("--documents", type=int, default=5_000_000, help="quanti documenti deve avere")
        parser.add_argument("--histories", action="store_true", help="anche due righe di storia ciascuno")

    def handle(self, *args: Any, **options: Any) -> None:
        code, wanted = options["company"], options["documents"]
        company = find_company(code)
        if company is not None and company.name != many.COMPANY_NAME:
            raise CommandError(
                f"L'azienda {code} è {company.name}: i documenti inventati si scrivono solo in un'azienda fatta da "
                "questo comando. Indicare una partita IVA che non c'è ancora."
            )
        now = clock.now()
        try:
            company = company or save_company(
                {"denominazione": many.COMPANY_NAME, "id_codice": code}, now=now
            )
        except FattorinoError as exc:
            raise CommandError(str(exc)) from exc
        with company_scope(company.pk):
            load_standard(company, now=now)
            numbering.load_standard(company.pk)
        begun = time.monotonic()
        self._last = 0.0
        added = many.fill(
            company.pk,
            wanted,
            now=now,
            histories=options["histories"],
            told=lambda done: self._tell(done, wanted, begun),
        )
        taken = AT_ONCE
        while taken == AT_ONCE:
            with company_scope(company.pk):
                taken = roll_up(company.pk)
        if added:
            self.stdout.write("Aggiorno le statistiche ...")
            with connection.cursor() as cursor:
                cursor.execute("analyze")
        self.stdout.write(f"Azienda {company.pk}: {added} documenti in {time.monotonic() - begun:.0f} s.")

    def _tell(self, done: int, wanted: int, begun: float) -> None:
        since = time.monotonic() - begun
        if since - self._last >= 5 or done >= wanted:
            self._last = since
            self.stdout.write(f"{done:>9} di {wanted} ({since:.0f} s)")
            self.stdout.flush()
