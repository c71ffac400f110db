"""The verbs of the workflow: how documents are opened, move, and how a configuration is published."""

from __future__ import annotations

from fattorino.workflow.flows.advance import (
    Line,
    advance,
    advance_many,
    apply_held,
    choose_state,
    enter,
    hold_configuration,
    lock,
    lock_many,
    record,
    record_many,
    report_status,
    request_action,
    system_actor,
    try_lock_many,
)
from fattorino.workflow.flows.bulletins import announce
from fattorino.workflow.flows.configuration import (
    copy_from,
    discard_draft,
    empty_retired,
    leave_retired,
    publish_draft,
    rebase,
    save_draft,
)
from fattorino.workflow.flows.documents import (
    DocumentFacts,
    change_document,
    hold_for_edit,
    join_lotto,
    open_document,
)
from fattorino.workflow.flows.looks import Look, delete_look, save_look
from fattorino.workflow.flows.moves import next_change
from fattorino.workflow.flows.notices import mark_document_read
from fattorino.workflow.flows.pending import finish_action, take_pending
from fattorino.workflow.flows.preferences import (
    arrange_gadgets,
    hide_gadget,
    move_gadget,
    pin_gadget,
    reset_gadgets,
)
from fattorino.workflow.flows.reminders import remind, remind_of_file, touch
from fattorino.workflow.flows.standard import load_standard, publish_workflow
from fattorino.workflow.flows.synchronise import bring_held

__all__ = [
    "reset_gadgets",
    "pin_gadget",
    "move_gadget",
    "hide_gadget",
    "arrange_gadgets",
    "DocumentFacts",
    "Line",
    "Look",
    "advance",
    "advance_many",
    "announce",
    "apply_held",
    "bring_held",
    "change_document",
    "choose_state",
    "copy_from",
    "delete_look",
    "discard_draft",
    "empty_retired",
    "enter",
    "finish_action",
    "hold_configuration",
    "hold_for_edit",
    "join_lotto",
    "leave_retired",
    "load_standard",
    "lock",
    "lock_many",
    "mark_document_read",
    "next_change",
    "open_document",
    "publish_draft",
    "publish_workflow",
    "rebase",
    "record",
    "record_many",
    "remind",
    "remind_of_file",
    "report_status",
    "request_action",
    "save_draft",
    "save_look",
    "system_actor",
    "take_pending",
    "try_lock_many",
    "touch",
]
