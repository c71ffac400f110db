"""The table that binds the names of actions to the flows of the rooms. What is missing here cannot be run."""

from __future__ import annotations

from fattorino import clock
from fattorino.core.workflow.definition import Action
from fattorino.hub.flows import acquire
from fattorino.organisations.scope import company_scope
from fattorino.workflow.actions import ActionFunction, ActionResult, ActionRun


def _generate_and_send(run: ActionRun) -> ActionResult:
    with company_scope(run.company_id):
        return acquire.take_over(run, now=run.now)


def _validate(run: ActionRun) -> ActionResult:
    with company_scope(run.company_id):
        return acquire.validate(run, now=run.now, today=clock.day(run.now))


def _sign(run: ActionRun) -> ActionResult:
    with company_scope(run.company_id):
        return acquire.sign(run, now=run.now)


def _confirm(run: ActionRun) -> ActionResult:
    with company_scope(run.company_id):
        return acquire.confirm(run)


def _send_again(run: ActionRun) -> ActionResult:
    with company_scope(run.company_id):
        return acquire.send_again(run)


ACTIONS: dict[Action, ActionFunction] = {
    Action.GENERATE: _generate_and_send,
    Action.GENERATE_AND_SEND: _generate_and_send,
    Action.VALIDATE: _validate,
    Action.SIGN: _sign,
    Action.CONFIRM: _confirm,
    Action.SEND: _send_again,
}
