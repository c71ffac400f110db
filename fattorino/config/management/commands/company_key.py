from __future__ import annotations

import argparse
import getpass
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from fattorino import clock
from fattorino.core.errors import FattorinoError
from fattorino.hub.flows.keys import save_key
from fattorino.organisations.queries import find_company
from fattorino.organisations.scope import company_scope


class Command(BaseCommand):
    help = "Carica la chiave di firma (PKCS#12: .p12 o .pfx) di un'azienda; la password si digita o arriva da stdin."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("partita_iva", help="partita IVA dell'azienda")
        parser.add_argument("file", type=Path, help="il file .p12 o .pfx")

    def handle(self, *args: Any, **options: Any) -> None:
        company = find_company(options["partita_iva"])
        if company is None:
            raise CommandError("Nessuna azienda con questa partita IVA.")
        try:
            content = options["file"].read_bytes()
        except OSError as exc:
            raise CommandError(f"Il file non si legge: {exc.strerror}") from exc
        # Never an argument: what stands on the command line is seen by every user of the machine.
        password = (
            getpass.getpass("Password della chiave: ")
            if sys.stdin.isatty()
            else sys.stdin.readline().rstrip("\n")
        )
        try:
            with company_scope(company.pk):
                key = save_key(company.pk, content, password, now=clock.now())
        except FattorinoError as exc:
            raise CommandError(str(exc)) from exc
        self.stdout.write(f"Chiave caricata: {key.subject}, valida fino al {key.not_after:%d/%m/%Y}.")
