"""The verbs of the workflow: how documents are opened, move, and how a configuration is published."""

from __future__ import annotations

from fattorino.workflow.flows.advance import (
    advance,
    choose_state,
    enter,
    finish_action,
    lock,
    next_change,
    record,
    report_status,
    request_action,
    system_actor,
    take_pending,
)
from fattorino.workflow.flows.documents import DocumentFacts, change_document, hold_for_edit, open_document
from fattorino.workflow.flows.publish import load_standard, publish_workflow

__all__ = [
    "DocumentFacts",
    "advance",
    "change_document",
    "choose_state",
    "enter",
    "finish_action",
    "hold_for_edit",
    "load_standard",
    "lock",
    "next_change",
    "open_document",
    "publish_workflow",
    "record",
    "report_status",
    "request_action",
    "system_actor",
    "take_pending",
]
