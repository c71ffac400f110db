"""The Hub's part of a received invoice's page: where the answer to SdI is, and what a person may do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fattorino import clock
from fattorino.documents.panels import Panel
from fattorino.hub.flows.outcome_stated import may_be_stated
from fattorino.hub.flows.outcome_steps import stands_still
from fattorino.hub.models import OutcomeSent
from fattorino.organisations.queries import Actor

if TYPE_CHECKING:
    from fattorino.documents.passive.page import PassiveView


def outcome_panel(actor: Actor, view: PassiveView) -> Panel | None:
    """Every EC of the invoice, the last one first."""
    now = clock.now()
    rows = OutcomeSent.objects.filter(company_id=actor.company_id, document_id=view.row.id)
    found = [
        {
            "id": row.pk,
            "file_name": row.file_name,
            "accepts": row.esito == "EC01",
            "status": row.get_status_display(),
            "tried_again_at": row.next_attempt_at if row.status == OutcomeSent.Status.QUEUED else None,
            "error": row.last_error,
            "created_at": row.created_at,
            "may_act": actor.may_write and stands_still(row) and bool(view.passive.answer_by),
            "may_state": actor.may_write and may_be_stated(row, view.passive.answer_by, now),
            "stated_at": row.stated_at,
        }
        for row in rows.order_by("-pk")
    ]
    return Panel("hub/parts/outcomes.html", {"outcomes": found}) if found else None
