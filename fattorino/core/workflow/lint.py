"""What is wrong with a configuration of states, with the place and the remedy: asked before it is published.

An error keeps a configuration from being published: documents would get lost in it. A warning tells of something that
is probably not meant.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from fattorino.core.texts import Text, say
from fattorino.core.workflow.decide import assigned_by
from fattorino.core.workflow.definition import (
    Action,
    Dashboard,
    HubEvent,
    StateType,
    Workflow,
)
from fattorino.core.workflow.edges import Edge, edges_of, ends_reachable_from, entries_of, reachable_from
from fattorino.core.workflow.flaws import Flaw, Surroundings, error, warning
from fattorino.core.workflow.late_answers import lint_answers
from fattorino.core.workflow.lint_state import lint_state, rules_in_use
from fattorino.core.workflow.settings import DASHBOARD_LABELS, quoted


def lint(workflow: Workflow, around: Surroundings) -> list[Flaw]:
    """All flaws of a configuration: errors first, then by state in the order of the dashboards."""
    flaws = [*_entries(workflow), *_targets(workflow)]
    for state in workflow.states.values():
        flaws += lint_state(workflow, state, around)
    flaws += _hub(workflow, around)
    if not any(flaw.rule == "inesistente" for flaw in flaws):
        # A graph with edges into nowhere has no meaning.
        for dashboard in Dashboard:
            flaws += _paths(workflow, dashboard)
    order = {code: n for n, code in enumerate(sorted(workflow.states, key=lambda c: _place(workflow, c)))}
    return sorted(flaws, key=lambda f: (not f.is_error, order.get(f.state, -1), f.rule, f.message))


def _place(workflow: Workflow, code: str) -> tuple[int, str]:
    return (workflow.states[code].order, code)


# ------------------------------------------------------------------------------------------- where documents enter


def _entries(workflow: Workflow) -> Iterator[Flaw]:
    for dashboard in Dashboard:
        if not workflow.on(dashboard):
            continue
        label = DASHBOARD_LABELS[dashboard]
        code = workflow.initial.get(dashboard, "")
        if not code:
            yield error(
                "senza-ingresso",
                "",
                "",
                say("«{label}» ha degli stati, ma nessuno è quello di ingresso.", label=label),
                say("Indicare lo stato iniziale con cui i documenti entrano in questa dashboard."),
            )
            continue
        state = workflow.states.get(code)
        if state is None:
            yield error(
                "inesistente",
                "",
                "",
                say("Lo stato di ingresso «{code}» di «{label}» non esiste.", code=code, label=label),
                say("Indicare uno stato iniziale che c'è."),
            )
        elif state.type is not StateType.INITIAL or dashboard not in state.dashboards or state.retired_to:
            yield error(
                "ingresso",
                code,
                "type",
                say(
                    "«{state}» è lo stato di ingresso di «{label}», ma non è uno stato iniziale in uso e"
                    " abilitato per questa dashboard.",
                    state=state.label,
                    label=label,
                ),
                say(
                    "Cambiare il tipo o le abilitazioni dello stato, oppure scegliere un altro stato di ingresso."
                ),
            )
        elif dashboard is not Dashboard.PASSIVE and not state.from_gestionale:
            # "viene attribuito dal gestionale di origine quando una fattura o una comunicazione viene inserita"
            yield warning(
                "ingresso-gestionale",
                code,
                "from_gestionale",
                say(
                    "«{state}» è lo stato di ingresso di «{label}», ma non è attribuibile da gestionale.",
                    state=state.label,
                    label=label,
                ),
                say("Attivare «Attribuibile da gestionale»: è il gestionale che inserisce i documenti."),
            )


# ------------------------------------------------------------------------------------------- where documents go


def _named_targets(workflow: Workflow) -> Iterator[tuple[str, str, str, frozenset[Dashboard]]]:
    """(state, setting, target, dashboards on which the target is used)."""
    for state in workflow.states.values():
        for name, rule, where in rules_in_use(state):
            if rule.action is not Action.NONE:
                yield state.code, f"{name}.confirmed", rule.confirmed, where
                yield state.code, f"{name}.failed", rule.failed, where
        yield state.code, "retired_to", state.retired_to, state.dashboards
    for event in workflow.events:
        yield "", "events", event.to_state, event.dashboards


def _targets(workflow: Workflow) -> Iterator[Flaw]:
    for code, setting, target, where in _named_targets(workflow):
        if not target:
            continue
        name = _called(workflow, code)
        state = workflow.states.get(target)
        if state is None:
            yield error(
                "inesistente",
                code,
                setting,
                say("{name} porta allo stato «{target}», che non esiste.", name=name, target=target),
                say("Scegliere uno stato che c'è."),
            )
            continue
        missing = sorted(where - state.dashboards, key=list(Dashboard).index)
        if missing:
            labels = quoted(*(DASHBOARD_LABELS[d] for d in missing))
            yield error(
                "abilitazioni",
                code,
                setting,
                say(
                    "{name} porta a «{state}», che non è abilitato per {labels}.",
                    name=name,
                    state=state.label,
                    labels=labels,
                ),
                say(
                    "Abilitare «{state}» per le stesse dashboard, oppure scegliere un altro stato.",
                    state=state.label,
                ),
            )
    for event in workflow.events:
        for code in sorted(event.from_states - set(workflow.states)):
            yield error(
                "inesistente",
                "",
                "events",
                say(
                    "L'esito {status} parte dallo stato «{code}», che non esiste.",
                    status=event.status,
                    code=code,
                ),
                say("Togliere lo stato."),
            )


def _called(workflow: Workflow, code: str) -> Text:
    if not code:
        return say("Un esito di Digital Hub")
    state = workflow.states[code]
    return say("Lo stato «{state}»", state=state.label)


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
                    yield error(
                        "esito-conteso",
                        event.to_state if event.to_state in workflow.states else "",
                        "events",
                        say(
                            "Su «{dashboard}» l'esito {status} da «{source}» porta sia a «{one}» sia a «{other}».",
                            dashboard=DASHBOARD_LABELS[dashboard],
                            status=event.status,
                            source=workflow.states[source].label,
                            one=_label(workflow, other.to_state),
                            other=_label(workflow, event.to_state),
                        ),
                        say("Lasciare l'esito a uno solo dei due stati."),
                    )
        yield from _unclaimed(workflow, dashboard, around)
    yield from lint_answers(workflow)
    for event in workflow.events:
        state = workflow.states.get(event.to_state)
        if state is not None and not assigned_by(state, event.status):
            yield error(
                "esito-non-aggiornabile",
                state.code,
                "from_hub",
                say(
                    "L'esito {status} porta a «{state}», che non è aggiornabile da Digital Hub.",
                    status=event.status,
                    state=state.label,
                ),
                say("Attivare il check «Aggiornabile da Digital Hub», oppure togliere l'esito."),
            )


def _unclaimed(workflow: Workflow, dashboard: Dashboard, around: Surroundings) -> Iterator[Flaw]:
    if not workflow.on(dashboard):
        return
    known = {event.status for event in workflow.events if dashboard in event.dashboards}
    for status in sorted(around.statuses.get(dashboard, frozenset()) - known):
        yield warning(
            "esito-di-nessuno",
            "",
            "events",
            say(
                "Su «{dashboard}» nessuno stato corrisponde all'esito {status}: verrebbe conservato senza"
                " muovere il documento.",
                dashboard=DASHBOARD_LABELS[dashboard],
                status=status,
            ),
            say("Assegnare l'esito a uno stato aggiornabile da Digital Hub."),
        )


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
            yield warning(
                "irraggiungibile",
                state.code,
                "",
                say(
                    "Su «{where}» nessun documento può arrivare a «{state}».", where=where, state=state.label
                ),
                say(
                    "Indicarlo come destinazione di un'azione, di un esito o di «Cambia stato», oppure togliere"
                    " l'abilitazione."
                ),
            )
        elif state.type is not StateType.FINAL and not leaving[state.code]:
            yield error(
                "vicolo-cieco",
                state.code,
                "",
                say(
                    "Su «{where}» da «{state}» non si esce, e non è uno stato finale.",
                    where=where,
                    state=state.label,
                ),
                say("Aggiungere un'azione, un esito o «Cambio stato», oppure farne uno stato finale."),
            )
        elif state.code not in saved:
            yield error(
                "ciclo-senza-uscita",
                state.code,
                "",
                say(
                    "Su «{where}» da «{state}» non si arriva mai a uno stato finale.",
                    where=where,
                    state=state.label,
                ),
                say("Aggiungere un'uscita verso uno stato finale."),
            )
    yield from _automatic_loops(workflow, dashboard)


def _automatic_loops(workflow: Workflow, dashboard: Dashboard) -> Iterator[Flaw]:
    """Actions that run by themselves one after the other must come to rest."""
    for state in workflow.on(dashboard):
        code, seen = state.code, {state.code}
        while (rule := workflow.states[code].rule(dashboard)).automatic and rule.confirmed:
            code = rule.confirmed
            if code == state.code:
                yield error(
                    "automatico-senza-fine",
                    state.code,
                    "active.automatic",
                    say(
                        "Su «{dashboard}» da «{state}» le azioni eseguite da sé tornano allo stesso stato e non"
                        " finirebbero mai.",
                        dashboard=DASHBOARD_LABELS[dashboard],
                        state=state.label,
                    ),
                    say("Togliere «Esegui da sé» da uno degli stati."),
                )
                break
            if code in seen:
                break
            seen.add(code)
