"""What is wrong with a configuration of states, with the place and the remedy: asked before it is published.

An error keeps a configuration from being published: documents would get lost in it. A warning tells of something that
is probably not meant.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from fattorino.core.workflow.decide import assigned_by, may_assign
from fattorino.core.workflow.definition import (
    ACTION_LABELS,
    SENDING,
    Action,
    ActionRule,
    Dashboard,
    HubEvent,
    State,
    StateType,
    Workflow,
)
from fattorino.core.workflow.edges import Edge, edges_of, ends_reachable_from, entries_of, reachable_from
from fattorino.core.workflow.settings import DASHBOARD_LABELS

ROLE_GROUPS = frozenset({"group:admin", "group:operator", "group:reader"})


@dataclass(frozen=True, slots=True)
class Flaw:
    """One remark of the lint.

    Attributes:
        rule: name of the rule, for whoever filters or tests ("irraggiungibile").
        state: code of the state, "" for the configuration as a whole.
        setting: name of the setting as in `settings.SETTINGS`, "" where it is no single one.
        message, remedy: in Italian.
    """

    severity: Literal["error", "warning"]
    rule: str
    state: str
    setting: str
    message: str
    remedy: str = ""

    @property
    def is_error(self) -> bool:
        return self.severity == "error"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the lint must know beside the configuration.

    Attributes:
        groups: members of each group of the company, by code; roles are groups too.
        users: "user:..." of the people of the company.
        statuses: hub statuses that the installation can report on each dashboard.
        names: what people call the groups.
        mail: the installation has a mail server.
    """

    groups: Mapping[str, int] = field(default_factory=dict)
    users: frozenset[str] = frozenset()
    statuses: Mapping[Dashboard, frozenset[str]] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    mail: bool = True


def lint(workflow: Workflow, around: Surroundings) -> list[Flaw]:
    """All flaws of a configuration: errors first, then by state in the order of the dashboards."""
    flaws = [*_entries(workflow), *_targets(workflow)]
    for state in workflow.states.values():
        flaws += _rules(workflow, state)
        flaws += _people(state, around)
        flaws += _assignable(workflow, state)
        flaws += _retired(workflow, state)
    flaws += _hub(workflow, around)
    if not any(flaw.rule == "inesistente" for flaw in flaws):
        # A graph with edges into nowhere has no meaning.
        for dashboard in Dashboard:
            flaws += _paths(workflow, dashboard)
    order = {code: n for n, code in enumerate(sorted(workflow.states, key=lambda c: _place(workflow, c)))}
    return sorted(flaws, key=lambda f: (not f.is_error, order.get(f.state, -1), f.rule, f.message))


def _place(workflow: Workflow, code: str) -> tuple[int, str]:
    return (workflow.states[code].order, code)


def _error(rule: str, state: str, setting: str, message: str, remedy: str) -> Flaw:
    return Flaw("error", rule, state, setting, message, remedy)


def _warning(rule: str, state: str, setting: str, message: str, remedy: str) -> Flaw:
    return Flaw("warning", rule, state, setting, message, remedy)


# ------------------------------------------------------------------------------------------- where documents enter


def _entries(workflow: Workflow) -> Iterator[Flaw]:
    for dashboard in Dashboard:
        if not workflow.on(dashboard):
            continue
        label = DASHBOARD_LABELS[dashboard]
        code = workflow.initial.get(dashboard, "")
        if not code:
            yield _error(
                "senza-ingresso", "", "", f"«{label}» ha degli stati, ma nessuno è quello di ingresso.",
                "Indicare lo stato iniziale con cui i documenti entrano in questa dashboard.",
            )  # fmt: skip
            continue
        state = workflow.states.get(code)
        if state is None:
            yield _error(
                "inesistente", "", "", f"Lo stato di ingresso «{code}» di «{label}» non esiste.",
                "Indicare uno stato iniziale che c'è.",
            )  # fmt: skip
        elif state.type is not StateType.INITIAL or dashboard not in state.dashboards or state.retired_to:
            yield _error(
                "ingresso", code, "type",
                f"«{state.label}» è lo stato di ingresso di «{label}», ma non è uno stato iniziale in uso e"
                " abilitato per questa dashboard.",
                "Cambiare il tipo o le abilitazioni dello stato, oppure scegliere un altro stato di ingresso.",
            )  # fmt: skip


# ------------------------------------------------------------------------------------------- where documents go


def _named_targets(workflow: Workflow) -> Iterator[tuple[str, str, str, frozenset[Dashboard]]]:
    """(state, setting, target, dashboards on which the target is used)."""
    for state in workflow.states.values():
        for name, rule, where in _both(state):
            if rule.action is not Action.NONE:
                yield state.code, f"{name}.confirmed", rule.confirmed, where
                yield state.code, f"{name}.failed", rule.failed, where
        yield state.code, "retired_to", state.retired_to, state.dashboards
    for event in workflow.events:
        yield "", "events", event.to_state, event.dashboards


def _both(state: State) -> Iterator[tuple[str, ActionRule, frozenset[Dashboard]]]:
    passive = frozenset({Dashboard.PASSIVE})
    if state.dashboards - passive:
        yield "active", state.active, state.dashboards - passive
    if state.dashboards & passive:
        yield "passive", state.passive, passive


def _targets(workflow: Workflow) -> Iterator[Flaw]:
    for code, setting, target, where in _named_targets(workflow):
        if not target:
            continue
        name = _called(workflow, code)
        state = workflow.states.get(target)
        if state is None:
            yield _error(
                "inesistente", code, setting, f"{name} porta allo stato «{target}», che non esiste.",
                "Scegliere uno stato che c'è.",
            )  # fmt: skip
            continue
        missing = sorted(where - state.dashboards, key=list(Dashboard).index)
        if missing:
            labels = ", ".join(f"«{DASHBOARD_LABELS[d]}»" for d in missing)
            yield _error(
                "abilitazioni", code, setting,
                f"{name} porta a «{state.label}», che non è abilitato per {labels}.",
                f"Abilitare «{state.label}» per le stesse dashboard, oppure scegliere un altro stato.",
            )  # fmt: skip
    for event in workflow.events:
        for code in sorted(event.from_states - set(workflow.states)):
            yield _error(
                "inesistente", "", "events",
                f"L'esito {event.status} parte dallo stato «{code}», che non esiste.", "Togliere lo stato.",
            )  # fmt: skip


def _called(workflow: Workflow, code: str) -> str:
    return f"Lo stato «{workflow.states[code].label}»" if code else "Un esito di Digital Hub"


# ------------------------------------------------------------------------------------------- each state by itself


def _rules(workflow: Workflow, state: State) -> Iterator[Flaw]:
    for name, rule, _where in _both(state):
        label = ACTION_LABELS[rule.action]
        if rule.action is not Action.NONE:
            yield from _action(state, name, rule, label)
        elif rule.automatic:
            yield _warning(
                "automatica-senza-azione", state.code, f"{name}.automatic",
                f"In «{state.label}» «Esegui da sé» è attivo, ma non c'è un'azione.", "Togliere il check.",
            )  # fmt: skip
        if rule.change_state and not state.from_gestionale:
            yield _warning(
                "cambio-stato", state.code, f"{name}.change_state",
                f"In «{state.label}» «Cambio stato» è attivo, ma senza «Attribuibile da gestionale» non ha effetto.",
                "Attivare anche «Attribuibile da gestionale», oppure togliere «Cambio stato».",
            )  # fmt: skip
    if not state.dashboards:
        yield _warning(
            "senza-abilitazioni", state.code, "dashboards",
            f"«{state.label}» non è abilitato per alcuna dashboard: nessun documento può averlo.",
            "Abilitarlo per almeno una dashboard, oppure eliminarlo.",
        )  # fmt: skip


def _action(state: State, name: str, rule: ActionRule, label: str) -> Iterator[Flaw]:
    if not rule.confirmed:
        yield _error(
            "senza-stato-confermato", state.code, f"{name}.confirmed",
            f"L'azione «{label}» di «{state.label}» non ha uno stato per quando va a buon fine.",
            "Indicare lo stato azione confermata.",
        )  # fmt: skip
    if not rule.failed:
        yield _error(
            "senza-stato-abortito", state.code, f"{name}.failed",
            f"L'azione «{label}» di «{state.label}» non ha uno stato per quando non va a buon fine.",
            f"Indicare lo stato azione abortita: tipicamente «{state.label}» stesso.",
        )  # fmt: skip
    if rule.action in SENDING and not state.asynchronous:
        yield _error(
            "asincrona", state.code, "asynchronous",
            f"«{state.label}» invia a Digital Hub, ma non è in modalità asincrona.",
            "Attivare il check «Modalità asincrona».",
        )  # fmt: skip
    if state.type is StateType.FINAL:
        sends = rule.action in SENDING
        yield (_error if sends else _warning)(
            "finale-con-azione", state.code, f"{name}.action",
            f"«{state.label}» è uno stato finale, ma ha l'azione «{label}».",
            "Mettere come azione «Nessuna», oppure cambiare il tipo dello stato.",
        )  # fmt: skip


def _people(state: State, around: Surroundings) -> Iterator[Flaw]:
    if state.reserved:
        groups = [g for g in state.reserved_groups if around.groups.get(g, 0)]
        users = [u for u in state.reserved_users if u in around.users]
        if not groups and not users:
            yield _error(
                "riservato-a-nessuno", state.code, "reserved_groups",
                f"«{state.label}» è riservato, ma nessuna persona può vederlo.",
                "Indicare in Permessi un gruppo con almeno un utente, oppure un utente.",
            )  # fmt: skip
    for notice in state.notices:
        if notice.dashboard not in state.dashboards:
            yield _warning(
                "notifica-altrove", state.code, "notices",
                f"«{state.label}» avvisa per «{DASHBOARD_LABELS[notice.dashboard]}», dashboard per cui non è"
                " abilitato.", "Togliere la notifica, oppure abilitare la dashboard.",
            )  # fmt: skip
        members = around.groups.get(notice.group)
        if not members:
            what = "non esiste" if members is None else "non ha utenti"
            name = around.names.get(notice.group, notice.group.removeprefix("group:"))
            yield (_error if members is None else _warning)(
                "notifica-a-nessuno", state.code, "notices",
                f"«{state.label}» avvisa il gruppo «{name}», che {what}.",
                "Scegliere un altro gruppo, oppure aggiungere utenti al gruppo.",
            )  # fmt: skip
    if not around.mail and any(notice.mail for notice in state.notices):
        yield _warning(
            "notifica-senza-posta", state.code, "notices",
            f"«{state.label}» avvisa anche per e-mail, ma in questa installazione non è impostato un server di posta:"
            " gli avvisi arrivano solo nelle pagine.",
            "Chiedere a chi amministra il server di impostarlo, oppure togliere l'e-mail.",
        )  # fmt: skip


def _assignable(workflow: Workflow, state: State) -> Iterator[Flaw]:
    for code in state.assignable:
        target = workflow.states.get(code)
        if target is None:
            yield _error(
                "inesistente", state.code, "assignable",
                f"Tra gli stati da assegnare di «{state.label}» c'è «{code}», che non esiste.",
                "Togliere lo stato dall'elenco.",
            )  # fmt: skip
        elif not may_assign(state, target):
            why = (
                "non ha le stesse abilitazioni" if not state.dashboards <= target.dashboards
                else "è ritirato" if target.retired_to else "non è attribuibile da gestionale"
            )  # fmt: skip
            yield _error(
                "stato-da-assegnare", state.code, "assignable",
                f"Tra gli stati da assegnare di «{state.label}» c'è «{target.label}», che {why}.",
                "Togliere lo stato dall'elenco, oppure correggerne le impostazioni.",
            )  # fmt: skip
    if state.assignable and not any(rule.change_state for _, rule, _ in _both(state)):
        yield _warning(
            "assegnare-senza-cambio", state.code, "assignable",
            f"«{state.label}» ha degli stati da assegnare, ma «Cambio stato» non è attivo.",
            "Attivare «Cambio stato», oppure vuotare l'elenco.",
        )  # fmt: skip


def _retired(workflow: Workflow, state: State) -> Iterator[Flaw]:
    target = workflow.states.get(state.retired_to) if state.retired_to else None
    if target is None:
        return
    if target.retired_to:
        yield _error(
            "ritirato", state.code, "retired_to",
            f"«{state.label}» è ritirato verso «{target.label}», che è ritirato anch'esso.",
            "Scegliere uno stato in uso.",
        )  # fmt: skip


# ------------------------------------------------------------------------------------------- the Hub's statuses


def _hub(workflow: Workflow, around: Surroundings) -> Iterator[Flaw]:
    for dashboard in Dashboard:
        claimed: dict[tuple[str, str], HubEvent] = {}
        for event in workflow.events:
            if dashboard not in event.dashboards:
                continue
            for source in sorted(event.from_states):
                other = claimed.setdefault((event.status, source), event)
                if other.to_state != event.to_state and source in workflow.states:
                    yield _error(
                        "esito-conteso", event.to_state if event.to_state in workflow.states else "", "events",
                        f"Su «{DASHBOARD_LABELS[dashboard]}» l'esito {event.status} da"
                        f" «{workflow.states[source].label}» porta sia a «{_label(workflow, other.to_state)}» sia a"
                        f" «{_label(workflow, event.to_state)}».",
                        "Lasciare l'esito a uno solo dei due stati.",
                    )  # fmt: skip
        yield from _unclaimed(workflow, dashboard, around)
    for event in workflow.events:
        state = workflow.states.get(event.to_state)
        if state is not None and not assigned_by(state, event.status):
            yield _error(
                "esito-non-aggiornabile", state.code, "from_hub",
                f"L'esito {event.status} porta a «{state.label}», che non è aggiornabile da Digital Hub.",
                "Attivare il check «Aggiornabile da Digital Hub», oppure togliere l'esito.",
            )  # fmt: skip


def _unclaimed(workflow: Workflow, dashboard: Dashboard, around: Surroundings) -> Iterator[Flaw]:
    if not workflow.on(dashboard):
        return
    known = {event.status for event in workflow.events if dashboard in event.dashboards}
    for status in sorted(around.statuses.get(dashboard, frozenset()) - known):
        yield _warning(
            "esito-di-nessuno", "", "events",
            f"Su «{DASHBOARD_LABELS[dashboard]}» nessuno stato corrisponde all'esito {status}: verrebbe conservato"
            " senza muovere il documento.",
            "Assegnare l'esito a uno stato aggiornabile da Digital Hub.",
        )  # fmt: skip


def _label(workflow: Workflow, code: str) -> str:
    return workflow.states[code].label if code in workflow.states else code


# ------------------------------------------------------------------------------------------- the way through


def _paths(workflow: Workflow, dashboard: Dashboard) -> Iterator[Flaw]:
    states = workflow.on(dashboard)
    edges = edges_of(workflow, dashboard)
    reached = reachable_from(entries_of(workflow, dashboard), edges)
    saved = ends_reachable_from(workflow, dashboard, edges)
    leaving: dict[str, list[Edge]] = defaultdict(list)
    for edge in edges:
        if edge.target != edge.source:
            leaving[edge.source].append(edge)
    where = DASHBOARD_LABELS[dashboard]
    for state in states:
        if state.code not in reached:
            yield _warning(
                "irraggiungibile", state.code, "", f"Su «{where}» nessun documento può arrivare a «{state.label}».",
                "Indicarlo come destinazione di un'azione, di un esito o di «Cambia stato», oppure togliere"
                " l'abilitazione.",
            )  # fmt: skip
        elif state.type is not StateType.FINAL and not leaving[state.code]:
            yield _error(
                "vicolo-cieco", state.code, "",
                f"Su «{where}» da «{state.label}» non si esce, e non è uno stato finale.",
                "Aggiungere un'azione, un esito o «Cambio stato», oppure farne uno stato finale.",
            )  # fmt: skip
        elif state.code not in saved:
            yield _error(
                "ciclo-senza-uscita", state.code, "",
                f"Su «{where}» da «{state.label}» non si arriva mai a uno stato finale.",
                "Aggiungere un'uscita verso uno stato finale.",
            )  # fmt: skip
    yield from _automatic_loops(workflow, dashboard)


def _automatic_loops(workflow: Workflow, dashboard: Dashboard) -> Iterator[Flaw]:
    """Actions that run by themselves one after the other must come to rest."""
    for state in workflow.on(dashboard):
        code, seen = state.code, {state.code}
        while (rule := workflow.states[code].rule(dashboard)).automatic and rule.confirmed:
            code = rule.confirmed
            if code == state.code:
                yield _error(
                    "automatico-senza-fine", state.code, "active.automatic",
                    f"Su «{DASHBOARD_LABELS[dashboard]}» da «{state.label}» le azioni eseguite da sé tornano allo"
                    " stesso stato e non finirebbero mai.", "Togliere «Esegui da sé» da uno degli stati.",
                )  # fmt: skip
                break
            if code in seen:
                break
            seen.add(code)
