"""Statuses of the Hub that come while an action is under way: at most one action of a document is ever open."""

from __future__ import annotations

from typing import Any

import pytest

from fattorino.core.workflow.standard import standard_json
from fattorino.workflow import flows
from fattorino.workflow.actions import ActionResult
from fattorino.workflow.models import Document, PendingAction, StateChange
from tests.desk import Desk


@pytest.fixture
def chained(desk: Desk) -> Desk:
    """HUB_ERRORE leads from «Da firmare» to ERRORE_INVIO, which sends again by itself."""
    definition: dict[str, Any] = standard_json()
    for state in definition["states"]:
        if state["code"] == "ERRORE_INVIO":
            state["active"]["automatic"] = True
    for event in definition["events"]:
        if event["status"] == "HUB_ERRORE":
            event["from_states"] = ["DA_FIRMARE"]
    flows.publish_workflow(desk.company, definition, now=desk.now)
    return desk


def report(desk: Desk, document: Document, status: str) -> None:
    flows.report_status(document.pk, status, flows.system_actor(desk.company.pk), now=desk.now)


def open_actions(document: Document) -> list[str]:
    rows = PendingAction.objects.filter(document=document, finished_at=None)
    return list(rows.values_list("action", flat=True))


def held(document: Document) -> list[str]:
    return list(Document.objects.get(pk=document.pk).held_statuses)


def finish(desk: Desk, document: Document, *, ok: bool = True) -> None:
    pending = PendingAction.objects.get(document=document, finished_at=None)
    flows.finish_action(pending.pk, desk.company.pk, ActionResult(ok, "fatto"), now=desk.now)


def test_what_is_held_waits_while_the_move_that_would_free_it_starts_an_action(chained: Desk) -> None:
    document = chained.save()
    chained.press(document)
    report(chained, document, "HUB_ERRORE")  # not expected yet: held
    finish(chained, document)  # DA_VALIDARE, which validates by itself
    finish(chained, document)  # DA_FIRMARE, which signs by itself: HUB_ERRORE would start another action
    assert (chained.state(document), open_actions(document)) == ("DA_FIRMARE", ["FIRMA"])
    assert held(document) == ["HUB_ERRORE"]


def test_a_status_that_would_start_a_second_action_is_held_until_the_first_has_ended(chained: Desk) -> None:
    document = chained.save()
    chained.press(document)
    finish(chained, document)
    finish(chained, document)
    report(chained, document, "HUB_ERRORE")  # expected in DA_FIRMARE, but the signature is under way
    assert (chained.state(document), open_actions(document)) == ("DA_FIRMARE", ["FIRMA"])
    assert held(document) == ["HUB_ERRORE"]
    assert "appena finisce" in StateChange.objects.filter(document=document, event="HUB_ERRORE").get().message
    finish(chained, document, ok=False)  # the state stays, and what waited for the end is applied
    assert (chained.state(document), open_actions(document)) == ("ERRORE_INVIO", ["INVIA_HUB"])
    assert held(document) == []


def test_a_status_that_starts_nothing_moves_a_busy_document_at_once(desk: Desk) -> None:
    document = desk.save()
    desk.press(document)
    for _ in range(3):
        finish(desk, document)
    report(desk, document, "HUB_ERRORE")
    assert (desk.state(document), open_actions(document)) == ("ERRORE_INVIO", ["CONFERMA"])
