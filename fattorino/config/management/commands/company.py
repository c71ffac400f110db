from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import yaml
from django.core.management.base import BaseCommand, CommandError

from fattorino import clock
from fattorino.core.errors import FattorinoError
from fattorino.core.fatturapa.draft import draft_from_json
from fattorino.documents import numbering
from fattorino.hub.flows.submissions import start_names_after
from fattorino.organisations.flows import save_company
from fattorino.organisations.scope import company_scope
from fattorino.workflow.flows import load_standard

OPTIONS = ("trasmittente_paese", "trasmittente_codice", "sign_private", "default_iban")


class Command(BaseCommand):
    help = "Crea o aggiorna un'azienda da un file YAML (vedi il manuale dell'amministratore)."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="dati dell'azienda come cedente, in YAML")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            data = yaml.safe_load(options["file"].read_text(encoding="utf-8"))
        except (OSError, yaml.YAMLError, UnicodeDecodeError) as exc:
            raise CommandError(f"Il file non si legge: {exc}") from exc
        if not isinstance(data, dict):
            raise CommandError("Il file deve contenere i campi dell'azienda, uno per riga.")
        extra = {name: data.pop(name) for name in OPTIONS if name in data}
        if "avvisi_spenti" in data:
            extra["warnings_off"] = data.pop("avvisi_spenti")
        if "codici_ricezione" in data:
            codes = data.pop("codici_ricezione")
            extra["recipient_codes"] = codes if isinstance(codes, list) else str(codes).split()
        sezionali = data.pop("sezionali", [])
        last_name = str(data.pop("ultimo_progressivo_file", ""))
        data = {key: str(value) if not isinstance(value, dict) else value for key, value in data.items()}
        try:
            draft_from_json({"cessionario": data})  # an unknown or unreadable field is told by its name
            now = clock.now()
            company = save_company(data, now=now, **extra)
            with company_scope(company.pk):
                load_standard(company, now=now)
                numbering.load_standard(company.pk)
                if last_name:
                    start_names_after(company, last_name)
                for row in sezionali:
                    numbering.add_sezionale(
                        company.pk, str(row["codice"]), str(row.get("descrizione", "")),
                        for_receipts=bool(row.get("ricevute")),
                    )  # fmt: skip
        except FattorinoError as exc:
            raise CommandError(str(exc)) from exc
        self.stdout.write(f"Azienda {company.pk}: {company.name}")
