"""What a document is called: its kind, or the name that the room which wrote it knows (bound in config/actions.py)."""

from __future__ import annotations

from collections.abc import Callable, Collection

from django.conf import settings
from django.utils.module_loading import import_string

from fattorino.core.workflow.definition import KIND_LABELS

LABELS: dict[str, str] = {str(kind): label for kind, label in KIND_LABELS.items()}
# Of these documents of a company, the names of those whose kind does not say enough.
NamesFunction = Callable[[int, Collection[int]], dict[int, str]]


def labels_of(company_id: int, kinds: dict[int, str]) -> dict[int, str]:
    """What each of these documents (by number, with its kind) is called."""
    names_of: NamesFunction = import_string(settings.DOCUMENT_NAMES)
    known = names_of(company_id, kinds.keys()) if kinds else {}
    return {pk: known.get(pk) or LABELS.get(kind, kind) for pk, kind in kinds.items()}
