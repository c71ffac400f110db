"""What the pages of the invoice desk share."""

from __future__ import annotations

from django.http import Http404

from fattorino.core.errors import RefusedError
from fattorino.documents import queries
from fattorino.organisations.queries import Actor


def document_or_404(actor: Actor, document_id: int) -> queries.DocumentView:
    """A document of another company, or reserved to others, is simply not there."""
    try:
        return queries.get_document(actor, document_id)
    except RefusedError as error:
        raise Http404 from error


def standing_or_404(actor: Actor, document_id: int) -> queries.Standing:
    """The same for a document of any kind."""
    try:
        return queries.get_standing(actor, document_id)
    except RefusedError as error:
        raise Http404 from error
