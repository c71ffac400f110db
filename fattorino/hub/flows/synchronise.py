"""The Hub's half of *Sincronizza*: what a company waits for and no job will bring is asked for again."""

from __future__ import annotations

import datetime
from typing import Any

from django.db import transaction
from procrastinate.exceptions import AlreadyEnqueued

from fattorino.core.texts import say
from fattorino.hub.flows import maintenance
from fattorino.workflow import flows as workflow
from fattorino.workflow import queue
from fattorino.workflow.actions import ActionResult, ActionRun

# Who presses a button waits for less than the sweep does; a job that is only late is found in the queue.
SOON = datetime.timedelta(seconds=15)


def requeue(waiting: maintenance.Waiting) -> int:
    """A job for each of these, once; how many there are."""
    from fattorino.hub.tasks import apply_message
    from fattorino.hub.tasks_collecting import read_collected
    from fattorino.hub.tasks_sending import hand_over, transmit, wake_later
    from fattorino.workflow.tasks import run_action

    for company_id, submission_id in waiting.submissions:
        _once(transmit, f"submission:{submission_id}", company_id=company_id, submission_id=submission_id)
    for company_id, channel_id in waiting.channels:
        _once(wake_later, f"wake:{channel_id}", company_id=company_id, channel_id=channel_id)
    for company_id, consignment_id in waiting.parcels:
        _once(hand_over, f"parcel:{consignment_id}", company_id=company_id, consignment_id=consignment_id)
    for company_id, collected_id in waiting.collected:
        _once(read_collected, f"collected:{collected_id}", company_id=company_id, collected_id=collected_id)
    for message_id in waiting.messages:
        _once(apply_message, f"message:{message_id}", message_id=message_id)
    for company_id, pending_id in waiting.actions:
        _once(run_action, f"action:{pending_id}", company_id=company_id, pending_id=pending_id)
    return sum(len(found) for found in waiting)


def _once(task: Any, lock: str, **arguments: int) -> None:
    try:
        with transaction.atomic():
            queue.defer(task, lock=lock, queueing_lock=f"sweep:{lock}", **arguments)
    except AlreadyEnqueued:
        return


def ask_again(company_id: int, *, now: datetime.datetime) -> int:
    """Look at once, and for one company, for what the sweep looks for; how many channels and actions were found.

    Messages of SdI belong to nobody until they are read: those that wait are read too, and not counted here.
    """
    found = maintenance.without_job(now=now, late=SOON)
    of_company = maintenance.Waiting(
        [pair for pair in found.channels if pair[0] == company_id],
        [],
        [pair for pair in found.actions if pair[0] == company_id],
        [pair for pair in found.submissions if pair[0] == company_id],
        [pair for pair in found.parcels if pair[0] == company_id],
        [pair for pair in found.collected if pair[0] == company_id],
    )
    requeue(maintenance.Waiting([], found.messages, []))
    return requeue(of_company)


def synchronise_document(run: ActionRun, *, now: datetime.datetime) -> ActionResult:
    """The action *Sincronizza con Digital Hub* of a state."""
    ask_again(run.company_id, now=now)

    def apply() -> None:
        workflow.apply_held(run.document_id, workflow.system_actor(run.company_id), now=now)

    return ActionResult(
        True, say("Chiesto a Digital Hub: gli esiti conservati sono stati riproposti."), then=apply
    )
