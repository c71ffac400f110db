"""A lotto that another program wrote: one file and one transmission, a document for each body. All of it or nothing."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from fattorino.core.errors import RefusedError
from fattorino.core.fatturapa.summary import Summary
from fattorino.core.texts import say, say_many
from fattorino.documents import importing_documents as made
from fattorino.documents import lotti, numbering
from fattorino.documents.models import Invoice, StoredFile
from fattorino.organisations.queries import Actor
from fattorino.workflow import flows as workflow

# Numbers that a message names; of a longer lotto it tells how many more there are.
NAMED = 10


@dataclass(frozen=True, slots=True)
class Lotto:
    """What was made of it: the documents in the order of the file, and what is told."""

    documents: list[int]
    message: str


def take(
    actor: Actor,
    summaries: Sequence[Summary],
    stored: StoredFile,
    now: datetime.datetime,
    *,
    ours: Sequence[bool],
) -> Lotto:
    """Make the documents of a lotto, or have its corrected file take the place of the earlier one.

    Args:
        ours: body by body, whether the company is the seller.

    Raises:
        RefusedError: which of its documents cannot be taken, and why; then none is.
    """
    _refuse_twins(summaries)
    earlier = [made.same_number(actor.company_id, summary) for summary in summaries]
    if any(earlier):
        _refuse_other_files(actor.company_id, summaries, earlier)
    for summary, mine in zip(summaries, ours, strict=True):
        if mine:
            # All before the first counterpart, as the form does: see importing_documents.
            numbering.observe(actor.company_id, summary.numero, summary.data.year)
    documents: dict[int, int] = {}
    known = [(invoice.pk, place, invoice) for place, invoice in enumerate(earlier) if invoice is not None]
    # In the order of their numbers, as everybody locks documents.
    for _, place, invoice in sorted(known, key=lambda each: each[0]):
        documents[place] = made.replace_document(
            actor, invoice, summaries[place], stored, now, position=place + 1
        )
    for place, summary in enumerate(summaries):
        if place not in documents:
            documents[place] = made.create_document(
                actor, summary, stored, now, ours=ours[place], position=place + 1
            )
    ids = [documents[place] for place in range(len(summaries))]
    workflow.join_lotto(actor.company_id, ids)
    told = say("Importato un lotto di {count} documenti: {numbers}.", **_which(summaries))
    if known:
        told = say("Il lotto di {count} documenti ({numbers}) è stato aggiornato.", **_which(summaries))
    return Lotto(ids, told)


def _refuse_twins(summaries: Sequence[Summary]) -> None:
    seen: dict[tuple[str, int, str, str], int] = {}
    for place, summary in enumerate(summaries, start=1):
        key = made.identity(summary)
        if key in seen:
            raise RefusedError(
                say(
                    "Nel lotto il documento {first} e il documento {second} hanno lo stesso numero {number}: SdI"
                    " scarterebbe il file (00409).",
                    first=seen[key],
                    second=place,
                    number=summary.numero,
                ),
                say("Correggere il numero nel programma d'origine e importare di nuovo il lotto."),
            )
        seen[key] = place


def _refuse_other_files(
    company_id: int, summaries: Sequence[Summary], earlier: Sequence[Invoice | None]
) -> None:
    """Only the very lotto that came before may be taken the place of; its documents stay together."""
    known = [invoice.document for invoice in earlier if invoice is not None]
    heads = {document.lotto_id for document in known}
    first = next(iter(heads))
    if len(heads) > 1 or first is None:
        numbers = ", ".join(document.number for document in known)
        raise RefusedError(
            say("Alcuni documenti del lotto esistono già: {numbers}.", numbers=numbers),
            say("Togliere dal lotto i documenti già presenti, oppure annullarli, e importarlo di nuovo."),
        )
    missing = [
        each.number
        for each in lotti.bodies_of(first, company_id)
        if each.document_id not in {document.pk for document in known} and not each.cancelled
    ]
    if missing:
        raise RefusedError(
            say(
                "Il lotto importato prima ha anche questi documenti, che qui mancano: {numbers}.",
                numbers=", ".join(missing),
            ),
            say("Importare il lotto corretto con tutti i suoi documenti, oppure annullare quelli tolti."),
        )


def refuse_alone(invoice: Invoice, company_id: int) -> None:
    """A document of a lotto is not corrected alone: its file would then tell two different things.

    Raises:
        RefusedError: it is one of a lotto.
    """
    if invoice.document.lotto_id is None:
        return
    others = [
        each.number
        for each in lotti.bodies_of(invoice.document.lotto_id, company_id)
        if each.document_id != invoice.pk
    ]
    raise RefusedError(
        say(
            "Il documento {number} del {year} fa parte di un lotto, con {others}: non si cambia da solo.",
            number=invoice.document.number,
            year=invoice.document.date.year,
            others=_shortened(others),
        ),
        say(
            "Importare il lotto corretto con tutti i suoi documenti, oppure annullarli e importarli uno per uno."
        ),
    )


def _which(summaries: Sequence[Summary]) -> dict[str, object]:
    return {"count": len(summaries), "numbers": _shortened([summary.numero for summary in summaries])}


def _shortened(numbers: Sequence[str]) -> str:
    shown = ", ".join(numbers[:NAMED])
    if len(numbers) <= NAMED:
        return shown
    more = say_many("e {number} altro", "e altri {number}", len(numbers) - NAMED)
    return f"{shown} {more}"
