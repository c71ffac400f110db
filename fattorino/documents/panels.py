"""The port by which rooms above put their part onto a document's page (bound in config/actions.py).

The invoice desk does not know the Hub; what the Hub has to say or to ask about one document stands on that document's
page all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.module_loading import import_string

from fattorino.organisations.queries import Actor

if TYPE_CHECKING:
    from fattorino.documents.passive.page import PassiveView
    from fattorino.documents.queries import DocumentView


@dataclass(frozen=True, slots=True)
class Panel:
    """One card of the page: `template` is included with `panel` (the context) and `row` (the document)."""

    template: str
    context: dict[str, Any] = field(default_factory=dict)


# None where there is nothing to show to this person for this document.
PanelFunction = Callable[[Actor, "DocumentView"], Panel | None]
PassivePanelFunction = Callable[[Actor, "PassiveView"], Panel | None]


def panels_of(actor: Actor, view: DocumentView) -> list[Panel]:
    """What rooms above have to show on this document's page, in their order."""
    functions: Sequence[PanelFunction] = import_string(settings.DOCUMENT_PANELS)
    return [panel for function in functions if (panel := function(actor, view))]


def passive_panels_of(actor: Actor, view: PassiveView) -> list[Panel]:
    """The same of a received invoice."""
    functions: Sequence[PassivePanelFunction] = import_string(settings.PASSIVE_PANELS)
    return [panel for function in functions if (panel := function(actor, view))]
