from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from fattorino import clock
from fattorino.documents.receiving.folders import take_folder
from fattorino.organisations.queries import find_company

EVERY = 500


class Command(BaseCommand):
    help = "Prende le fatture ricevute da una cartella e dalle sue sottocartelle; ripetuto, non ne registra due volte."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("azienda", help="partita IVA dell'azienda")
        parser.add_argument("cartella", type=Path, help="cartella con file .xml, .p7m, .zip o .eml")

    def handle(self, *args: Any, **options: Any) -> None:
        company = find_company(options["azienda"])
        if company is None:
            raise CommandError(f"Nessuna azienda ha la partita IVA {options['azienda']}.")
        files = taken = failed = 0
        try:
            for name, invoices, error in take_folder(company.pk, options["cartella"], now=clock.now()):
                files, taken, failed = files + 1, taken + invoices, failed + bool(error)
                if error:
                    self.stderr.write(f"{name}: {error}")
                if files % EVERY == 0:
                    self.stdout.write(f"{files} file, {taken} fatture prese…")
        except OSError as exc:
            raise CommandError(f"La cartella non si legge: {exc}") from exc
        self.stdout.write(
            f"{files} file, {taken} fatture prese; il servizio le legge ora, "
            "l'esito di ciascuna è in Fatture passive › File arrivati."
        )
        if failed:
            raise CommandError(f"{failed} file non si sono potuti leggere.")
