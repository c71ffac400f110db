"""The table that binds the names of actions to the flows of the rooms. What is missing here cannot be run.

An action opens its own short transactions; none is open while it builds, checks or signs.
"""

from __future__ import annotations

from collections.abc import Callable

from fattorino import clock
from fattorino.core.workflow.definition import Action
from fattorino.documents import kinds
from fattorino.documents.panels import PanelFunction, PassivePanelFunction
from fattorino.documents.passive import actions as passive
from fattorino.documents.views import lotti
from fattorino.hub.flows import acquire, brought_receipts, keys, letters, outcomes, seal, synchronise
from fattorino.hub.outcome_panel import outcome_panel
from fattorino.hub.views import signing, terms
from fattorino.hub.views.by_hand import panel as by_hand_panel
from fattorino.hub.views.channels import certificates_that_end
from fattorino.workflow.actions import ActionFunction, ManyFunction, for_one
from fattorino.workflow.alerts import AlertFunction

ACTIONS_FOR_MANY: dict[Action, ManyFunction] = {
    Action.GENERATE: lambda runs: acquire.take_over(runs, now=runs[0].now),
    Action.GENERATE_AND_SEND: lambda runs: acquire.take_over(runs, now=runs[0].now),
    Action.VALIDATE: lambda runs: acquire.validate(runs, now=runs[0].now, today=clock.day(runs[0].now)),
    Action.SIGN: lambda runs: seal.sign(runs, now=runs[0].now),
    Action.CONFIRM: seal.confirm,
    Action.SEND: seal.send_again,
}

ACTIONS: dict[Action, ActionFunction] = {
    **{action: for_one(many) for action, many in ACTIONS_FOR_MANY.items()},
    Action.SYNCHRONISE: lambda run: synchronise.synchronise_document(run, now=run.now),
    Action.LOAD_RECEIPT: brought_receipts.loaded,
    Action.TELL_CUSTOMER: letters.tell_customer,
    Action.ACCEPT_OR_REFUSE: outcomes.answer,
    Action.ACCEPT: outcomes.answer,
    Action.REFUSE: outcomes.answer,
    Action.TO_GESTIONALE: passive.to_gestionale,
    Action.POST: passive.posted,
    Action.INTEGRATE: passive.integrated,
    Action.ARCHIVE: passive.archived,
    Action.CLOSE: passive.closed,
}

# Actions that ask something first: their buttons lead to a page.
ACTION_PAGES: dict[Action, str] = {
    Action.LOAD_RECEIPT: "by_hand:receipt",
    Action.TELL_CUSTOMER: "by_hand:letter",
    Action.ACCEPT_OR_REFUSE: "passive:answer",
    Action.ACCEPT: "passive:answer",
    Action.REFUSE: "passive:answer",
    Action.POST: "passive:post",
    Action.INTEGRATE: "passive:integrate",
}

# Actions whose jobs may have to go one after the other: the lock, by company.
ACTION_LOCKS: dict[Action, Callable[[int], str]] = {Action.SIGN: keys.lock_of}

# What *Sincronizza* of the dashboards asks of the Hub, by company: how many things were asked for again.
ASK_HUB = synchronise.ask_again

# What documents are called.
DOCUMENT_NAMES = kinds.names_of

# What rooms above show on a document's page.
PANELS: tuple[PanelFunction, ...] = (lotti.panel, signing.panel, terms.panel, by_hand_panel)
PASSIVE_PANELS: tuple[PassivePanelFunction, ...] = (outcome_panel,)

# What the dashboards say above their gadgets.
DASHBOARD_ALERTS: tuple[AlertFunction, ...] = (
    signing.key_to_see_to,
    certificates_that_end,
    terms.overdue,
)
