"""`fattorino send`: hand an existing file to a company's desk and send it, from the command line."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from fattorino.cli.i18n import _, register
from fattorino.core.texts import say

if TYPE_CHECKING:
    from fattorino.organisations.queries import Actor

register(
    {
        "importa una fattura e la invia a SdI": "import an invoice and send it to SdI",
        "fattura .xml o .p7m, o archivio .zip": "invoice .xml or .p7m, or archive .zip",
        "partita IVA dell'azienda che invia": "VAT number of the sending company",
        "non aspettare l'esito dell'invio": "do not wait for the outcome",
        "Nessuna azienda con questa partita IVA.": "No company has this VAT number.",
        "Il file non si legge: {reason}": "The file cannot be read: {reason}",
    }
)

# How long to follow the document before leaving it to the worker, seconds.
FOLLOW = 60.0


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("send", help=_("importa una fattura e la invia a SdI"))
    parser.add_argument("file", type=Path, help=_("fattura .xml o .p7m, o archivio .zip"))
    parser.add_argument("--company", required=True, help=_("partita IVA dell'azienda che invia"))
    parser.add_argument("--no-wait", action="store_true", help=_("non aspettare l'esito dell'invio"))
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Import, press the button, follow. Exit 0: sent or on its way; 1: refused; raises FattorinoError."""
    import os

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fattorino.config.settings")
    django.setup()
    from fattorino import clock
    from fattorino.core.errors import InputError, RefusedError
    from fattorino.documents import importing, queries
    from fattorino.organisations.queries import Actor, find_company
    from fattorino.organisations.scope import company_scope
    from fattorino.workflow import flows as workflow

    company = find_company(args.company)
    if company is None:
        raise RefusedError(say("Nessuna azienda con questa partita IVA."))
    try:
        content = args.file.read_bytes()
    except OSError as exc:
        raise InputError(say("Il file non si legge: {reason}", reason=exc.strerror)) from exc
    actor = Actor("gestionale", "riga di comando", company.pk)
    with company_scope(company.pk):
        row = importing.take_file(actor, args.file.name, content, now=clock.now())
    importing.read_import(actor, row.pk, now=clock.now())
    with company_scope(company.pk):
        outcomes = queries.get_import(actor, row.pk).outcomes
    documents = []
    for outcome in outcomes:
        print(f"{outcome['name']}: {outcome['message']} {outcome['hint']}".rstrip())
        if outcome["ok"]:
            documents.append(outcome["document_id"])
    refused = len(documents) < len(outcomes)
    for document_id in documents:
        with company_scope(company.pk):
            workflow.request_action(document_id, actor, now=clock.now())
    if args.no_wait:
        return int(refused)
    return int(any([_follow(actor, d) for d in documents]) or refused)


def _follow(actor: Actor, document_id: int) -> bool:
    """Print each new line of the history until the document rests; True when it ended badly."""
    from fattorino.documents import queries
    from fattorino.organisations.scope import company_scope

    seen, end = 0, time.monotonic() + FOLLOW
    while True:
        with company_scope(actor.company_id):
            view = queries.get_document(actor, document_id)
        for change in view.history[seen:]:
            print(f"  {change.at:%d/%m/%Y %H:%M:%S}  {change.message}")
        seen = len(view.history)
        state = view.row.state
        waiting = view.possibilities.busy or (state is not None and state.code == "IN_ELABORAZIONE")
        if not waiting or time.monotonic() > end:
            print(f"  {state.label if state else ''}")
            sys.stdout.flush()
            return bool(view.findings) or (state is not None and state.code == "ERRORE_INVIO")
        time.sleep(0.5)
