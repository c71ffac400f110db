"""The readable copy of a document: for the eye on a page, and as PDF/A on paper or in a mail.

`model` and `ricevuta` say what is shown, `html` and `pdf` draw it. No Django settings, no request and no model row
is needed: the desk's pages, the worker and the command line use the same four functions.
"""

from __future__ import annotations

import datetime

from fattorino.core.fatturapa.draft import Draft, Party
from fattorino.core.fatturapa.ordinaria import FatturaElettronica
from fattorino.core.fatturapa.semplificata import FatturaElettronicaSemplificata
from fattorino.core.fatturapa.totals import Totals

from .html import draw_html
from .model import copy_of
from .pdf import draw_pdf
from .ricevuta import copy_of_ricevuta

__all__ = ["render_html", "render_pdf", "render_ricevuta_html", "render_ricevuta_pdf"]

Fattura = FatturaElettronica | FatturaElettronicaSemplificata


def render_html(
    fattura: Fattura, *, standalone: bool = False, stylesheet: str | None = None, preview: bool = False
) -> str:
    """The readable copy of an invoice as HTML.

    Args:
        standalone: False gives an `<article>` for a page that links the static file `documents/readable.css`; True a
            whole document, which carries its style sheet inside unless `stylesheet` gives the address of one.
        preview: the invoice was not sent yet, and the copy says so.
    """
    return draw_html(copy_of(fattura, preview=preview), standalone=standalone, stylesheet=stylesheet)


def render_pdf(
    fattura: Fattura, *, xml: bytes | None = None, created: datetime.datetime, preview: bool = False
) -> bytes:
    """The readable copy of an invoice as PDF/A-2a, or PDF/A-3b with the invoice's XML attached when `xml` is given.

    Args:
        xml: the bytes of the invoice as they came; they are attached unchanged.
        created: aware instant; the same arguments give the same bytes.
        preview: the invoice was not sent yet, and the copy says so.
    """
    return draw_pdf(
        copy_of(fattura, preview=preview), xml=None if xml is None else ("fattura.xml", xml), created=created
    )


def render_ricevuta_html(
    draft: Draft,
    totals: Totals,
    cedente: Party,
    numero: str,
    *,
    standalone: bool = False,
    stylesheet: str | None = None,
) -> str:
    """A ricevuta as HTML; it says of itself that it is not an invoice. Other arguments as in `render_html`."""
    return draw_html(
        copy_of_ricevuta(draft, totals, cedente, numero), standalone=standalone, stylesheet=stylesheet
    )


def render_ricevuta_pdf(
    draft: Draft, totals: Totals, cedente: Party, numero: str, created: datetime.datetime
) -> bytes:
    """A ricevuta as PDF/A-2a. `totals` are those of `totals.compute(draft)`; `numero` the number reserved for it."""
    return draw_pdf(copy_of_ricevuta(draft, totals, cedente, numero), created=created)
