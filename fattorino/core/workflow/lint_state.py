"""What is wrong with one state by itself: its actions, its people, its targets. `lint` asks for each state."""

from __future__ import annotations

from collections.abc import Iterator

from fattorino.core.texts import Text, say
from fattorino.core.workflow.decide import may_assign
from fattorino.core.workflow.definition import (
    ACTION_LABELS,
    SENDING,
    Action,
    ActionRule,
    Dashboard,
    State,
    StateType,
    Workflow,
)
from fattorino.core.workflow.flaws import Flaw, Surroundings, error, warning
from fattorino.core.workflow.settings import DASHBOARD_LABELS


def lint_state(workflow: Workflow, state: State, around: Surroundings) -> Iterator[Flaw]:
    yield from _rules(state)
    yield from _people(state, around)
    yield from _assignable(workflow, state)
    yield from _retired(workflow, state)


def rules_in_use(state: State) -> Iterator[tuple[str, ActionRule, frozenset[Dashboard]]]:
    passive = frozenset({Dashboard.PASSIVE})
    if state.dashboards - passive:
        yield "active", state.active, state.dashboards - passive
    if state.dashboards & passive:
        yield "passive", state.passive, passive


def _rules(state: State) -> Iterator[Flaw]:
    for name, rule, _where in rules_in_use(state):
        label = ACTION_LABELS[rule.action]
        if rule.action is not Action.NONE:
            yield from _action(state, name, rule, label)
        elif rule.automatic:
            yield warning(
                "automatica-senza-azione",
                state.code,
                f"{name}.automatic",
                say("In «{state}» «Esegui da sé» è attivo, ma non c'è un'azione.", state=state.label),
                say("Togliere il check."),
            )
        if rule.change_state and not state.from_gestionale:
            yield warning(
                "cambio-stato",
                state.code,
                f"{name}.change_state",
                say(
                    "In «{state}» «Cambio stato» è attivo, ma senza «Attribuibile da gestionale» non ha effetto.",
                    state=state.label,
                ),
                say("Attivare anche «Attribuibile da gestionale», oppure togliere «Cambio stato»."),
            )
    if not state.dashboards:
        yield warning(
            "senza-abilitazioni",
            state.code,
            "dashboards",
            say(
                "«{state}» non è abilitato per alcuna dashboard: nessun documento può averlo.",
                state=state.label,
            ),
            say("Abilitarlo per almeno una dashboard, oppure eliminarlo."),
        )


def _action(state: State, name: str, rule: ActionRule, label: str) -> Iterator[Flaw]:
    if not rule.confirmed:
        yield error(
            "senza-stato-confermato",
            state.code,
            f"{name}.confirmed",
            say(
                "L'azione «{label}» di «{state}» non ha uno stato per quando va a buon fine.",
                label=label,
                state=state.label,
            ),
            say("Indicare lo stato azione confermata."),
        )
    if not rule.failed:
        yield error(
            "senza-stato-abortito",
            state.code,
            f"{name}.failed",
            say(
                "L'azione «{label}» di «{state}» non ha uno stato per quando non va a buon fine.",
                label=label,
                state=state.label,
            ),
            say("Indicare lo stato azione abortita: tipicamente «{state}» stesso.", state=state.label),
        )
    if rule.action in SENDING and not state.asynchronous:
        yield error(
            "asincrona",
            state.code,
            "asynchronous",
            say("«{state}» invia a Digital Hub, ma non è in modalità asincrona.", state=state.label),
            say("Attivare il check «Modalità asincrona»."),
        )
    if state.type is StateType.FINAL:
        sends = rule.action in SENDING
        yield (error if sends else warning)(
            "finale-con-azione",
            state.code,
            f"{name}.action",
            say("«{state}» è uno stato finale, ma ha l'azione «{label}».", state=state.label, label=label),
            say("Mettere come azione «Nessuna», oppure cambiare il tipo dello stato."),
        )


def _people(state: State, around: Surroundings) -> Iterator[Flaw]:
    if state.reserved:
        groups = [g for g in state.reserved_groups if around.groups.get(g, 0)]
        users = [u for u in state.reserved_users if u in around.users]
        if not groups and not users:
            yield error(
                "riservato-a-nessuno",
                state.code,
                "reserved_groups",
                say("«{state}» è riservato, ma nessuna persona può vederlo.", state=state.label),
                say("Indicare in Permessi un gruppo con almeno un utente, oppure un utente."),
            )
    for notice in state.notices:
        if notice.dashboard not in state.dashboards:
            yield warning(
                "notifica-altrove",
                state.code,
                "notices",
                say(
                    "«{state}» avvisa per «{dashboard}», dashboard per cui non è abilitato.",
                    state=state.label,
                    dashboard=DASHBOARD_LABELS[notice.dashboard],
                ),
                say("Togliere la notifica, oppure abilitare la dashboard."),
            )
        members = around.groups.get(notice.group)
        if not members:
            name = around.names.get(notice.group, notice.group.removeprefix("group:"))
            yield (error if members is None else warning)(
                "notifica-a-nessuno",
                state.code,
                "notices",
                say("«{state}» avvisa il gruppo «{name}», che non esiste.", state=state.label, name=name)
                if members is None
                else say(
                    "«{state}» avvisa il gruppo «{name}», che non ha utenti.", state=state.label, name=name
                ),
                say("Scegliere un altro gruppo, oppure aggiungere utenti al gruppo."),
            )
    if not around.mail and any(notice.mail for notice in state.notices):
        yield warning(
            "notifica-senza-posta",
            state.code,
            "notices",
            say(
                "«{state}» avvisa anche per e-mail, ma in questa installazione non è impostato un server di"
                " posta: gli avvisi arrivano solo nelle pagine.",
                state=state.label,
            ),
            say("Chiedere a chi amministra il server di impostarlo, oppure togliere l'e-mail."),
        )


def _assignable(workflow: Workflow, state: State) -> Iterator[Flaw]:
    for code in state.assignable:
        target = workflow.states.get(code)
        if target is None:
            yield error(
                "inesistente",
                state.code,
                "assignable",
                say(
                    "Tra gli stati da assegnare di «{state}» c'è «{code}», che non esiste.",
                    state=state.label,
                    code=code,
                ),
                say("Togliere lo stato dall'elenco."),
            )
        elif not may_assign(state, target):
            yield error(
                "stato-da-assegnare",
                state.code,
                "assignable",
                _not_assignable(state, target),
                say("Togliere lo stato dall'elenco, oppure correggerne le impostazioni."),
            )
    if state.assignable and not any(rule.change_state for _, rule, _ in rules_in_use(state)):
        yield warning(
            "assegnare-senza-cambio",
            state.code,
            "assignable",
            say("«{state}» ha degli stati da assegnare, ma «Cambio stato» non è attivo.", state=state.label),
            say("Attivare «Cambio stato», oppure vuotare l'elenco."),
        )


def _not_assignable(state: State, target: State) -> Text:
    if not state.dashboards <= target.dashboards:
        return say(
            "Tra gli stati da assegnare di «{state}» c'è «{target}», che non ha le stesse abilitazioni.",
            state=state.label,
            target=target.label,
        )
    if target.retired_to:
        return say(
            "Tra gli stati da assegnare di «{state}» c'è «{target}», che è ritirato.",
            state=state.label,
            target=target.label,
        )
    return say(
        "Tra gli stati da assegnare di «{state}» c'è «{target}», che non è attribuibile da gestionale.",
        state=state.label,
        target=target.label,
    )


def _retired(workflow: Workflow, state: State) -> Iterator[Flaw]:
    target = workflow.states.get(state.retired_to) if state.retired_to else None
    if target is None:
        return
    if target.retired_to:
        yield error(
            "ritirato",
            state.code,
            "retired_to",
            say(
                "«{state}» è ritirato verso «{target}», che è ritirato anch'esso.",
                state=state.label,
                target=target.label,
            ),
            say("Scegliere uno stato in uso."),
        )
