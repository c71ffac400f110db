"""What happens to a document when something happens: pure, and the only place that knows the rules of the states.

`decide` looks at the configuration, the state the document is in and the event, and answers with a Decision (what to
write and what to start) or a Refusal (why not, and what the person can do). It writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from fattorino.core.texts import say
from fattorino.core.workflow.definition import (
    ACTION_LABELS,
    MAKING_XML,
    OF_THE_FILE,
    SENDING,
    Action,
    Dashboard,
    Notice,
    State,
    StateType,
    Workflow,
)


@dataclass(frozen=True, slots=True)
class Entered:
    """A document comes in: from a form, a file, the API or the Hub. Empty `state`: the dashboard's initial one.

    `status`: what the Hub says of it as it comes (MT_PA, MT_PRIV); the event map may know a first state for that.
    """

    state: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True)
class ActionRequested:
    """Somebody presses the button of the state.

    Attributes:
        seen: the state that she saw the document in, where that is known.
        action: what the button said, where it was one of a certain action.
    """

    seen: str = ""
    action: Action | None = None


@dataclass(frozen=True, slots=True)
class ActionSucceeded:
    action: Action


@dataclass(frozen=True, slots=True)
class ActionFailed:
    action: Action


@dataclass(frozen=True, slots=True)
class HubReported:
    """The Hub's status of the document changed: its own (HUB_...) or SdI's answer (NS, RC, MC, NE_EC01 ...)."""

    status: str


@dataclass(frozen=True, slots=True)
class StateChosen:
    """*Cambia stato*: a person or the gestionale wants the document in another state."""

    target: str
    reason: str = ""
    seen: str = ""


@dataclass(frozen=True, slots=True)
class StateRetired:
    """The state the document is in was withdrawn from use by a new version of the configuration."""


Event = Entered | ActionRequested | ActionSucceeded | ActionFailed | HubReported | StateChosen | StateRetired


@dataclass(frozen=True, slots=True)
class Facts:
    """What the decision depends on beyond configuration and event.

    Attributes:
        dashboard: the kind of document.
        busy: an action of this document is waiting or running.
        may_write: the actor has a role that works (not only reads).
        actor_names: user and group names of the actor, for reserved states; None for a program.
        runnable: the actions that this installation can carry out.
        apart: it travels in one file with documents that stand in other states.
    """

    dashboard: Dashboard
    busy: bool = False
    may_write: bool = True
    actor_names: frozenset[str] | None = None
    runnable: frozenset[Action] = frozenset(Action)
    apart: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """`to_state` None: the event is written down and the state stays."""

    to_state: str | None
    start: Action | None = None
    confirm_document: bool = False
    preserve: bool = False
    notices: tuple[Notice, ...] = ()
    note: str = ""
    # The Hub told of a status for which the present state is not ready: keep it and try again after the next move.
    hold: bool = False
    # The status changes nothing although it came for the first time: a person must be able to find it.
    unexpected: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    why: str
    remedy: str = ""
    conflict: bool = False


def decide(workflow: Workflow, current: str, event: Event, facts: Facts) -> Decision | Refusal:
    """The one rule book. `current` is empty only for a document that is just coming in."""
    if isinstance(event, Entered):
        return _entered(workflow, event, facts)
    state = workflow.state(current)
    if isinstance(event, ActionRequested):
        return _requested(state, event, facts)
    if isinstance(event, ActionSucceeded):
        return _succeeded(workflow, state, event, facts)
    if isinstance(event, ActionFailed):
        return _failed(workflow, state, event, facts)
    if isinstance(event, HubReported):
        return _reported(workflow, state, event, facts)
    if isinstance(event, StateRetired):
        return _retired(workflow, state, facts)
    return _chosen(workflow, state, event, facts)


def may_see(state: State, actor_names: frozenset[str] | None) -> bool:
    """A reserved state is seen only by the groups and users in *Permessi*."""
    if not state.reserved or actor_names is None:
        return True
    return bool(actor_names & (set(state.reserved_groups) | set(state.reserved_users)))


def may_edit(state: State, dashboard: Dashboard) -> bool:
    """A document may be corrected where its XML is still to be made (da processare, scartato, da integrare ...)."""
    return state.rule(dashboard).action in MAKING_XML


def choices(
    workflow: Workflow, state: State, dashboard: Dashboard, actor_names: frozenset[str] | None = None
) -> tuple[State, ...]:
    """The states that *Cambia stato* offers from here, in dashboard order; none where it may not be used.

    "Sarà possibile selezionare solo stati con le stesse abilitazioni attive [...]. Non valorizzando alcuno stato
    [...] saranno visibili tutti gli stati".
    """
    if not _change_allowed(state, dashboard):
        return ()
    offered = [
        other
        for other in workflow.states.values()
        if other.code != state.code
        and may_assign(state, other)
        and may_see(other, actor_names)
        and (other.code in state.assignable or not state.assignable)
    ]
    return tuple(sorted(offered, key=lambda s: (s.order, s.code)))


def may_assign(state: State, target: State) -> bool:
    """Whether *Stati da assegnare* of a state may name the target: attribuibile da gestionale, in use, and enabled
    wherever the state itself is ("stati con le stesse abilitazioni attive")."""
    return target.from_gestionale and not target.retired_to and state.dashboards <= target.dashboards


def _change_allowed(state: State, dashboard: Dashboard) -> bool:
    # "va attivato sia il cambia stato, sia il check di attribuzione dello stato sul gestionale"
    return state.rule(dashboard).change_state and state.from_gestionale


def _into(
    workflow: Workflow, target: str, facts: Facts, *, run_on: bool, before: str = "", note: str = ""
) -> Decision:
    state = _in_use(workflow, target)
    rule = state.rule(facts.dashboard)
    starts = run_on and rule.automatic and rule.action in facts.runnable - {Action.NONE}
    return Decision(
        to_state=state.code,
        start=rule.action if starts else None,
        confirm_document=state.confirms,
        preserve=state.preserved,
        # "Quando una fattura [...] passa ad uno specifico stato": staying is no passing.
        notices=tuple(n for n in state.notices if n.dashboard is facts.dashboard and state.code != before),
        note=note,
    )


def _in_use(workflow: Workflow, code: str) -> State:
    """The state, or the one that took its place."""
    state = workflow.state(code)
    seen = {code}
    while state.retired_to and state.retired_to not in seen:
        seen.add(state.retired_to)
        state = workflow.state(state.retired_to)
    return state


def _entered(workflow: Workflow, event: Entered, facts: Facts) -> Decision | Refusal:
    code = event.state or _entry(workflow, event.status, facts) or workflow.initial.get(facts.dashboard, "")
    if not code:
        return Refusal(
            say("Per questo genere di documento non è configurato uno stato iniziale."),
            say("Un amministratore può indicarlo negli stati adempimento dell'azienda."),
        )
    state = workflow.state(code)
    if facts.dashboard not in state.dashboards or state.type is not StateType.INITIAL:
        return Refusal(
            say("Lo stato «{state}» non è uno stato iniziale di questa dashboard.", state=state.label)
        )
    return _into(workflow, code, facts, run_on=False)


def _entry(workflow: Workflow, status: str, facts: Facts) -> str:
    """Where the event map lets a document in that comes with this status; empty where it does not say."""
    for told in workflow.events:
        if status and told.status == status and facts.dashboard in told.dashboards:
            state = _in_use(workflow, told.to_state)
            if facts.dashboard in state.dashboards and state.type is StateType.INITIAL:
                return state.code
    return ""


def _requested(state: State, event: ActionRequested, facts: Facts) -> Decision | Refusal:
    action = state.rule(facts.dashboard).action
    if not facts.may_write:
        return Refusal(
            say("Il ruolo di consultazione non permette di lavorare i documenti."),
            say("Chiedere a un amministratore dell'azienda il ruolo di operatore."),
        )
    if not may_see(state, facts.actor_names):
        return Refusal(say("Documento non trovato."))
    if event.seen not in ("", state.code) or event.action not in (None, action):
        return _moved_on(state)
    if action is Action.NONE:
        return Refusal(
            say("Nello stato «{state}» non c'è alcuna azione da eseguire.", state=state.label),
            say("Attendere il prossimo esito.") if state.type is not StateType.FINAL else "",
        )
    if action not in facts.runnable:
        return Refusal(
            say(
                "L'azione «{action}» non è disponibile in questa installazione.", action=ACTION_LABELS[action]
            )
        )
    if facts.apart and action in OF_THE_FILE:
        return lotto_apart()
    if action in SENDING and not state.asynchronous:
        # "il check deve essere attivato per gli stati che prevedono l'invio documenti"
        return Refusal(
            say("Lo stato «{state}» invia a Digital Hub ma non è in modalità asincrona.", state=state.label),
            say("Un amministratore può attivare il check negli stati adempimento dell'azienda."),
        )
    if facts.busy:
        return Refusal(
            say("Sul documento c'è già un'operazione in corso."),
            say("Attendere che finisca: la riga si aggiorna da sola."),
            conflict=True,
        )
    return Decision(to_state=None, start=action)


def lotto_apart() -> Refusal:
    """Why the file of a lotto is not sent for some of its documents."""
    return Refusal(
        say(
            "Il documento fa parte di un lotto, che si invia in un solo file, e altri documenti del lotto sono in un"
            " altro stato."
        ),
        say("Importare il documento corretto da solo, in un file suo."),
    )


def _moved_on(state: State) -> Refusal:
    return Refusal(
        say(
            "Nel frattempo il documento è passato nello stato «{state}»: non è stato fatto nulla.",
            state=state.label,
        ),
        say("Guardare il nuovo stato e decidere di nuovo."),
        conflict=True,
    )


def _succeeded(workflow: Workflow, state: State, event: ActionSucceeded, facts: Facts) -> Decision:
    rule = state.rule(facts.dashboard)
    if rule.action is not event.action or not rule.confirmed:
        return Decision(
            None, note=say("L'azione è riuscita, ma lo stato nel frattempo era cambiato: resta com'è.")
        )
    run_on = rule.confirmed != state.code
    return _into(workflow, rule.confirmed, facts, run_on=run_on, before=state.code)


def _failed(workflow: Workflow, state: State, event: ActionFailed, facts: Facts) -> Decision:
    rule = state.rule(facts.dashboard)
    # "se la prima azione non va a buon fine per qualsiasi motivo, viene associato [...] lo stato indicato"
    if rule.action is not event.action or not rule.failed or rule.failed == state.code:
        return Decision(None)
    return _into(workflow, rule.failed, facts, run_on=False, before=state.code)


def _reported(workflow: Workflow, state: State, event: HubReported, facts: Facts) -> Decision:
    rows = [e for e in workflow.events if e.status == event.status and facts.dashboard in e.dashboards]
    for row in rows:
        if row.to_state == state.code:
            return Decision(None, note=say("Esito già applicato."))
        if state.code not in row.from_states:
            continue
        target = workflow.state(row.to_state)
        if not assigned_by(target, row.status):
            return _unexpected(
                state,
                say(
                    "Lo stato «{target}» non è aggiornabile da Digital Hub: conservato.", target=target.label
                ),
            )
        return _held_while_busy(_into(workflow, row.to_state, facts, run_on=True, before=state.code), facts)
    if not rows:
        return _unexpected(state, say("Nessuno stato di questa dashboard corrisponde all'esito: conservato."))
    return _unexpected(state, say("Esito non atteso nello stato «{state}»: conservato.", state=state.label))


def _held_while_busy(decision: Decision, facts: Facts) -> Decision:
    """One action at a time: what would start a second one waits for the end of the first."""
    if not facts.busy or decision.start is None:
        return decision
    return Decision(
        None,
        note=say("Sul documento c'è un'operazione in corso: l'esito si applica appena finisce."),
        hold=True,
    )


def _unexpected(state: State, note: str) -> Decision:
    # Held also where the configuration has no place for it: mended, the next synchronisation applies it.
    return Decision(None, note=note, hold=state.type is not StateType.FINAL, unexpected=True)


def assigned_by(target: State, status: str) -> bool:
    """Whether the state lets itself be assigned by such a status: the Hub's, or the gestionale's own (GEST_...)."""
    return target.from_gestionale if status.startswith("GEST_") else target.from_hub


def _chosen(workflow: Workflow, state: State, event: StateChosen, facts: Facts) -> Decision | Refusal:
    if not facts.may_write:
        return Refusal(say("Il ruolo di consultazione non permette di cambiare stato."))
    if not may_see(state, facts.actor_names):
        return Refusal(say("Documento non trovato."))
    if event.seen not in ("", state.code):
        return _moved_on(state)
    if facts.busy:
        return Refusal(
            say("Sul documento c'è un'operazione in corso: lo stato non si può cambiare ora."),
            say("Attendere che finisca."),
            conflict=True,
        )
    if not _change_allowed(state, facts.dashboard):
        return Refusal(
            say("Dallo stato «{state}» non si può cambiare stato a mano.", state=state.label),
            say("Lo stato cambia da solo con gli esiti del Sistema di Interscambio.")
            if state.from_hub
            else say("Un amministratore può permetterlo negli stati adempimento."),
        )
    target = workflow.state(event.target)
    if target not in choices(workflow, state, facts.dashboard, facts.actor_names):
        return Refusal(
            say(
                "Dallo stato «{state}» non si può assegnare lo stato «{target}».",
                state=state.label,
                target=target.label,
            )
        )
    if state.rule(facts.dashboard).reason_required and not event.reason.strip():
        return Refusal(
            say("Per cambiare lo stato «{state}» serve il motivo.", state=state.label),
            say("Scrivere il motivo e riprovare."),
        )
    return _into(workflow, target.code, facts, run_on=False, before=state.code)


def _retired(workflow: Workflow, state: State, facts: Facts) -> Decision | Refusal:
    if not state.retired_to:
        return Decision(
            None, note=say("Lo stato «{state}» è in uso: il documento resta dov'è.", state=state.label)
        )
    if facts.busy:
        return Refusal(
            say("Sul documento c'è un'operazione in corso."), say("Attendere che finisca."), conflict=True
        )
    note = say("Lo stato «{state}» è stato ritirato dalla configurazione.", state=state.label)
    return _into(workflow, state.retired_to, facts, run_on=False, before=state.code, note=note)
