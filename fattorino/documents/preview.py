"""What a document looks like: from the file that was sent, or from the draft as it would be sent now."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fattorino.core.errors import FattorinoError
from fattorino.core.fatturapa import read_fattura
from fattorino.core.fatturapa.build import build
from fattorino.core.fatturapa.draft import Draft
from fattorino.core.fatturapa.envelope import unwrap
from fattorino.core.fatturapa.totals import compute
from fattorino.core.texts import say
from fattorino.core.workflow.definition import DocumentKind
from fattorino.documents import queries
from fattorino.documents.files import cedente_of
from fattorino.documents.passive.reading import only
from fattorino.documents.readable import (
    render_html,
    render_pdf,
    render_ricevuta_html,
    render_ricevuta_pdf,
)
from fattorino.organisations.queries import Actor

if TYPE_CHECKING:
    from fattorino.core.fatturapa.ordinaria import FatturaElettronica
    from fattorino.organisations.models import Company


@dataclass(frozen=True, slots=True)
class Preview:
    """`html` is empty when the document cannot be drawn; `problem` then says why, in Italian.
    `is_draft`: drawn from what was written, because that and not an older file is what would be sent."""

    html: str = ""
    problem: str = ""
    is_draft: bool = False


def as_invoice(draft: Draft, company: Company, actor: Actor) -> FatturaElettronica:
    """The FatturaElettronica that the draft makes today, with a placeholder for ProgressivoInvio.

    Raises:
        RefusedError: with `fields`.
    """
    return build(
        draft,
        cedente=cedente_of(company),
        trasmittente=(company.trasmittente_paese, company.trasmittente_codice),
        progressivo_invio="00000",
        allegati=queries.attachments(actor, draft),
    )


def preview(view: queries.DocumentView, company: Company, actor: Actor) -> Preview:
    """The readable copy as an HTML article for the document's page. Never raises for the document's content."""
    is_draft = _uses_draft(view)
    try:
        if view.row.kind == DocumentKind.RICEVUTA:
            draft = view.draft or Draft()
            seller = cedente_of(company)
            return Preview(render_ricevuta_html(draft, compute(draft), seller, view.row.number))
        if is_draft and view.draft is not None:
            return Preview(render_html(as_invoice(view.draft, company, actor), preview=True), is_draft=True)
        content = queries.current_xml(actor, view.row.id)
        if content is None:
            return Preview(problem=say("Il file non è ancora stato generato."))
        fattura = read_fattura(unwrap(content).content).fattura
        return Preview(render_html(only(fattura, view.position)))
    except FattorinoError as error:
        return Preview(problem=error.text, is_draft=is_draft)


def pdf(view: queries.DocumentView, company: Company, actor: Actor, *, now: datetime.datetime) -> bytes:
    """The readable copy as PDF/A; of a sent or imported invoice with its XML inside.

    Raises:
        FattorinoError: the document cannot be drawn.
    """
    if view.row.kind == DocumentKind.RICEVUTA:
        draft = view.draft or Draft()
        return render_ricevuta_pdf(draft, compute(draft), cedente_of(company), view.row.number, now)
    content = None if _uses_draft(view) else queries.current_xml(actor, view.row.id)
    if content is None and view.draft is not None:
        return render_pdf(as_invoice(view.draft, company, actor), created=now, preview=True)
    xml = unwrap(content or b"").content
    return render_pdf(only(read_fattura(xml).fattura, view.position), xml=xml, created=now)


def _uses_draft(view: queries.DocumentView) -> bool:
    made = any(file.kind in ("xml", "firmato", "importato") for file in view.files)
    return view.draft is not None and (not made or view.possibilities.may_edit)
