"""The table that binds the names of actions to the flows of the rooms. What is missing here cannot be run.

An action opens its own short transactions; none is open while it builds, checks or signs.
"""

from __future__ import annotations

from fattorino import clock
from fattorino.core.workflow.definition import Action
from fattorino.hub.flows import acquire, synchronise
from fattorino.workflow.actions import ActionFunction

ACTIONS: dict[Action, ActionFunction] = {
    Action.GENERATE: lambda run: acquire.take_over(run, now=run.now),
    Action.GENERATE_AND_SEND: lambda run: acquire.take_over(run, now=run.now),
    Action.VALIDATE: lambda run: acquire.validate(run, now=run.now, today=clock.day(run.now)),
    Action.SIGN: lambda run: acquire.sign(run, now=run.now),
    Action.CONFIRM: acquire.confirm,
    Action.SEND: acquire.send_again,
    Action.SYNCHRONISE: lambda run: synchronise.synchronise_document(run, now=run.now),
}

# What *Sincronizza* of the dashboards asks of the Hub, by company: how many things were asked for again.
ASK_HUB = synchronise.ask_again
