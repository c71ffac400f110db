"""What SdI may still say of an answer that counts as registered: that it was refused (SE), that it had none (DT).

Where SdI confirms nothing (PEC, SdIFtp) an answer counts as registered after a silence, and SdI's later word stands
against that. A configuration whose states of answered invoices hear neither would keep showing as refused an invoice
that is not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from fattorino.core.texts import say
from fattorino.core.workflow.definition import Dashboard, HubEvent, Workflow
from fattorino.core.workflow.flaws import Flaw, warning
from fattorino.core.workflow.statuses import status_label

REGISTERED = frozenset({"EC01_OK", "EC02_OK"})
LATE = ("SE", "DT")
RULE = "risposta-definitiva"


def lint_answers(workflow: Workflow) -> Iterator[Flaw]:
    """A remark for each state of answered invoices and each word of SdI that it does not hear."""
    for status in LATE:
        for code in sorted(_deaf(workflow, status)):
            yield warning(
                RULE,
                code,
                "events",
                say(
                    "In «{state}» l'esito {status} ({label}) verrebbe conservato senza muovere il documento: su PEC e"
                    " SdIFtp SdI non conferma le risposte, e può ancora dire che una non vale.",
                    state=workflow.states[code].label,
                    status=status,
                    label=status_label(status),
                ),
                say(
                    "Aggiungere «{state}» agli stati da cui parte l'esito.", state=workflow.states[code].label
                ),
            )


def hear_late_answers(workflow: Workflow) -> Workflow:
    """The same configuration, in which every state of answered invoices hears what SdI says later."""
    events = list(workflow.events)
    for status in LATE:
        deaf = _deaf(workflow, status)
        if deaf:
            place = next(n for n, event in enumerate(events) if _is(event, status))
            events[place] = replace(events[place], from_states=events[place].from_states | deaf)
    return replace(workflow, events=tuple(events))


def _deaf(workflow: Workflow, status: str) -> frozenset[str]:
    """States that an accepted or refused invoice is in and from which this word leads nowhere; none where no state is
    for this word at all, which the lint says by itself."""
    rows = [event for event in workflow.events if _is(event, status)]
    if not rows:
        return frozenset()
    answered = {
        event.to_state for event in workflow.events for registered in REGISTERED if _is(event, registered)
    }
    heard = {code for event in rows for code in (event.to_state, *event.from_states)}
    return frozenset(answered & workflow.states.keys()) - heard


def _is(event: HubEvent, status: str) -> bool:
    return event.status == status and Dashboard.PASSIVE in event.dashboards
