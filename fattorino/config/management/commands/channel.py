from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from fattorino import clock
from fattorino.core.errors import FattorinoError
from fattorino.hub.flows.channels import save_sdicoop
from fattorino.organisations.queries import find_company
from fattorino.organisations.scope import company_scope


class Command(BaseCommand):
    help = "Imposta il canale SDICoop di un'azienda: indirizzo, certificato client, CA dello SdI."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("partita_iva", help="partita IVA dell'azienda")
        parser.add_argument("url", help="indirizzo di SdIRiceviFile")
        parser.add_argument("--certificate", default="", help="PEM con certificato client e chiave")
        parser.add_argument("--ca", default="", help="PEM con la CA che firma i certificati dello SdI")

    def handle(self, *args: Any, **options: Any) -> None:
        company = find_company(options["partita_iva"])
        if company is None:
            raise CommandError("Nessuna azienda con questa partita IVA.")
        for path in filter(None, (options["certificate"], options["ca"])):
            if not Path(path).is_file():
                raise CommandError(f"Il file «{path}» non esiste.")
        try:
            with company_scope(company.pk):
                save_sdicoop(
                    company.pk, options["url"], options["certificate"], options["ca"], now=clock.now()
                )
        except FattorinoError as exc:
            raise CommandError(str(exc)) from exc
        self.stdout.write(f"Canale di {company.name}: {options['url']}")
