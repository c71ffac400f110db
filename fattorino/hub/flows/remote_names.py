"""Names that came from elsewhere: what a program handed in goes to SdI under its own name, once."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.db.models import QuerySet

from fattorino.core.texts import say
from fattorino.hub.models import RemoteFile, Submission
from fattorino.organisations.rows import among
from fattorino.workflow.actions import ActionResult, ActionRun


def names_for(company_id: int, document_ids: Sequence[int]) -> dict[int, str]:
    """The base name that each document's next submission must have, where another program has handed it in."""
    found: dict[int, str] = {}
    for document_id, name in _unused(company_id, document_ids):
        found[document_id] = name
    return found


def without_spent(
    company_id: int, runs: Sequence[ActionRun]
) -> tuple[list[ActionRun], dict[uuid.UUID, ActionResult]]:
    """The runs that may make a file for SdI; and why not, for documents whose file went (or was given back) already.

    Who handed it in numbers her own files: a second one under a name of ours she could not recognise, nor its receipts.
    """
    ids = [run.document_id for run in runs]
    remote = set(_invoices(company_id, ids).values_list("document_id", flat=True))
    if not remote:
        return list(runs), {}
    free = {document_id for document_id, _ in _unused(company_id, ids)}
    begun = set(
        Submission.objects.filter(among("run", [run.run for run in runs]), company_id=company_id).values_list(
            "run", flat=True
        )
    )
    spent = [r for r in runs if r.document_id in remote - free and r.run not in begun]
    refused = {
        run.run: ActionResult(
            False,
            say(
                "Il documento è arrivato da un altro programma, e il suo file è già stato usato: quel programma deve"
                " consegnarne uno nuovo, con un nome nuovo."
            ),
        )
        for run in spent
    }
    return [run for run in runs if run.run not in refused], refused


def _unused(company_id: int, document_ids: Sequence[int]) -> list[tuple[int, str]]:
    rows = _invoices(company_id, document_ids).exclude(state=RemoteFile.State.RETURNED).order_by("pk")
    named = list(rows.values_list("document_id", "base_name"))
    used = set(
        Submission.objects.filter(
            company_id=company_id, base_name__in=[name for _, name in named]
        ).values_list("base_name", flat=True)
    )
    return [(document_id, name) for document_id, name in named if document_id and name not in used]


def _invoices(company_id: int, document_ids: Sequence[int]) -> QuerySet[RemoteFile]:
    return RemoteFile.objects.filter(
        among("document_id", list(document_ids)), company_id=company_id, kind=RemoteFile.Kind.INVOICE
    )
