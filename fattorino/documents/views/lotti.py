"""On the page of a document that came in a lotto: its place in the file, and the other documents."""

from __future__ import annotations

from fattorino.documents import lotti
from fattorino.documents.panels import Panel
from fattorino.documents.queries import DocumentView
from fattorino.organisations.queries import Actor


def panel(actor: Actor, view: DocumentView) -> Panel | None:
    lotto = lotti.lotto_of(actor, view.row.id)
    return Panel("documents/parts/lotto.html", {"lotto": lotto}) if lotto else None
