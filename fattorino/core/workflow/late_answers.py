"""What may still be said of an answer after it seemed settled: that SdI refused it (SE), that it had none (DT), that it
had arrived after all (EC01_OK, EC02_OK).

Where SdI confirms nothing (PEC, SdIFtp) an answer counts as registered after a silence, and SdI's later word stands
against that. A configuration whose states of answered invoices hear neither would keep showing as refused an invoice
that is not. The other way round whoever said that an answer never arrived may find it registered on the portal when the
term is over: the state of expired terms must let that correct it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from fattorino.core.texts import say
from fattorino.core.workflow.definition import Dashboard, HubEvent, Workflow
from fattorino.core.workflow.flaws import Flaw, warning
from fattorino.core.workflow.statuses import status_label

REGISTERED = frozenset({"EC01_OK", "EC02_OK"})
# Each status with those whose states must hear it.
MUST_HEAR = {"SE": REGISTERED, "DT": REGISTERED, "EC01_OK": frozenset({"DT"}), "EC02_OK": frozenset({"DT"})}
RULE = "risposta-definitiva"


def lint_answers(workflow: Workflow) -> Iterator[Flaw]:
    """A remark for each state of settled answers and each status that it does not hear."""
    for status in MUST_HEAR:
        for code in sorted(_deaf(workflow, status)):
            label = workflow.states[code].label
            told = {"state": label, "status": status, "label": status_label(status)}
            yield warning(
                RULE,
                code,
                "events",
                say(
                    "In «{state}» l'esito {status} ({label}) verrebbe conservato senza muovere il documento: chi ha"
                    " indicato che la risposta non era arrivata non potrebbe più correggerlo.",
                    **told,
                )
                if status in REGISTERED
                else say(
                    "In «{state}» l'esito {status} ({label}) verrebbe conservato senza muovere il documento: su PEC e"
                    " SdIFtp SdI non conferma le risposte, e può ancora dire che una non vale.",
                    **told,
                ),
                say("Aggiungere «{state}» agli stati da cui parte l'esito.", state=label),
            )


def hear_late_answers(workflow: Workflow) -> Workflow:
    """The same configuration, in which every state of settled answers hears what is said later."""
    events = list(workflow.events)
    for status in MUST_HEAR:
        deaf = _deaf(workflow, status)
        if deaf:
            place = next(n for n, event in enumerate(events) if _is(event, status))
            events[place] = replace(events[place], from_states=events[place].from_states | deaf)
    return replace(workflow, events=tuple(events))


def _deaf(workflow: Workflow, status: str) -> frozenset[str]:
    """States of settled answers from which this status leads nowhere; none where no state is for this status at all,
    which the lint says by itself."""
    rows = [event for event in workflow.events if _is(event, status)]
    if not rows:
        return frozenset()
    settled = {event.to_state for event in workflow.events for each in MUST_HEAR[status] if _is(event, each)}
    heard = {code for event in rows for code in (event.to_state, *event.from_states)}
    return frozenset(settled & workflow.states.keys()) - heard


def _is(event: HubEvent, status: str) -> bool:
    return event.status == status and Dashboard.PASSIVE in event.dashboards
