"""The words of the workflow: states, actions, dashboards, the event map.

Source: source-documents/stati-adempimenti.txt; the meaning of each setting stands in the design, "The state,
exactly". Nothing here knows a company, a database or a user.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from fattorino.core.errors import InputError
from fattorino.core.texts import say


class Dashboard(StrEnum):
    """Where a document is worked on ("abilitazioni")."""

    ACTIVE_PA = "PA"
    ACTIVE_PRIVATE = "PR"
    PASSIVE = "PS"
    LIPE = "LI"
    DATI_FATTURE = "DF"


class DocumentKind(StrEnum):
    """What a document is for the person who looks for it."""

    FATTURA = "fattura"
    NOTA_CREDITO = "nota_credito"
    RICEVUTA = "ricevuta"


KIND_LABELS: dict[DocumentKind, str] = {
    DocumentKind.FATTURA: say("Fattura"),
    DocumentKind.NOTA_CREDITO: say("Nota di credito"),
    DocumentKind.RICEVUTA: say("Ricevuta"),
}


class StateType(StrEnum):
    INITIAL = "Iniziale"
    INTERMEDIATE = "Intermedio"
    FINAL = "Finale"


TYPE_LABELS: dict[StateType, str] = {
    StateType.INITIAL: say("Iniziale"),
    StateType.INTERMEDIATE: say("Intermedio"),
    StateType.FINAL: say("Finale"),
}


class Action(StrEnum):
    """Values of "azioni eseguibili", for active and for passive documents."""

    NONE = "NESSUNA"
    GENERATE = "GENERA_XML"
    GENERATE_AND_SEND = "GENERA_XML_INVIA_HUB"
    SEND = "INVIA_HUB"
    VALIDATE = "VALIDA"
    SIGN = "FIRMA"
    CONFIRM = "CONFERMA"
    LOAD_RECEIPT = "CARICA_RICEVUTA"
    TELL_CUSTOMER = "NOTIFICA_CLIENTE"
    CLOSE = "CHIUDI_ITER"
    SYNCHRONISE = "SINCRONIZZA"
    ACCEPT_OR_REFUSE = "ACCETTA_RIFIUTA"
    ACCEPT = "ACCETTA"
    REFUSE = "RIFIUTA"
    TO_GESTIONALE = "INVIA_A_GESTIONALE"
    POST = "CONTABILIZZA"
    INTEGRATE = "INTEGRA"
    ARCHIVE = "ARCHIVIA"


ACTION_LABELS: dict[Action, str] = {
    Action.NONE: say("Nessuna"),
    Action.GENERATE: say("Genera XML"),
    Action.GENERATE_AND_SEND: say("Genera XML e invia"),
    Action.SEND: say("Invia di nuovo"),
    Action.VALIDATE: say("Valida"),
    Action.SIGN: say("Firma"),
    Action.CONFIRM: say("Conferma"),
    Action.LOAD_RECEIPT: say("Carica ricevuta"),
    Action.TELL_CUSTOMER: say("Avvisa il cliente"),
    Action.CLOSE: say("Chiudi l'iter"),
    Action.SYNCHRONISE: say("Sincronizza con Digital Hub"),
    Action.ACCEPT_OR_REFUSE: say("Accetta o rifiuta"),
    Action.ACCEPT: say("Accetta"),
    Action.REFUSE: say("Rifiuta"),
    Action.TO_GESTIONALE: say("Invia a gestionale"),
    Action.POST: say("Contabilizza"),
    Action.INTEGRATE: say("Prepara integrazione"),
    Action.ARCHIVE: say("Archivia"),
}

# What hands a document to the Hub; these need "modalita' asincrona".
SENDING = frozenset({Action.GENERATE_AND_SEND, Action.SEND})
# Where the XML is still to be made, so the document may still be corrected.
MAKING_XML = frozenset({Action.GENERATE, Action.GENERATE_AND_SEND})
# What works upon the file: where that holds several documents (a lotto), upon all of them at once.
OF_THE_FILE = (
    MAKING_XML | SENDING | frozenset({Action.VALIDATE, Action.SIGN, Action.CONFIRM, Action.LOAD_RECEIPT})
)


@dataclass(frozen=True, slots=True)
class ActionRule:
    """What may be done in a state, where it leads, and whether the state may be changed by hand."""

    action: Action = Action.NONE
    confirmed: str = ""  # code of the state after success
    failed: str = ""  # code of the state after failure; empty: the state stays
    change_state: bool = False
    reason_required: bool = False  # whoever changes the state by hand must say why
    # Runs by itself when the state is entered after a success: a state that only passes documents on.
    automatic: bool = False


@dataclass(frozen=True, slots=True)
class Notice:
    """Who is told when a document of this dashboard enters the state ("notifiche").

    Attributes:
        group: code of an organisational group ("group:..."), see `organisations`.
        mail: by e-mail too; the notice in the pages is always there.
    """

    dashboard: Dashboard
    group: str
    mail: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """One state as one company uses it, with the installation's look."""

    code: str
    label: str
    type: StateType
    tab: str = ""
    order: int = 0
    colour: str = "#5b7083"
    icon: str = ""
    gadget_label: str = ""
    tooltip: str = ""
    dashboards: frozenset[Dashboard] = frozenset()
    from_gestionale: bool = False  # attribuibile da gestionale
    from_hub: bool = False  # aggiornabile da Digital Hub
    asynchronous: bool = False  # modalita' asincrona
    confirms: bool = False  # conferma documento
    in_esterometro: bool = False  # comunica in esterometro
    preserved: bool = False  # conservazione sostitutiva
    reserved: bool = False  # riservato
    issued: bool = False  # documento emesso
    hidden_from_bulk: bool = False  # non disponibile per l'invio massivo
    active: ActionRule = field(default_factory=ActionRule)
    passive: ActionRule = field(default_factory=ActionRule)
    assignable: tuple[str, ...] = ()  # stati da assegnare; none: all with the same abilitazioni
    reserved_groups: tuple[str, ...] = ()
    reserved_users: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()
    deadline: str = ""
    # Withdrawn from use: nothing enters it any more, and what is in it is moved to this state.
    retired_to: str = ""

    def rule(self, dashboard: Dashboard) -> ActionRule:
        return self.passive if dashboard is Dashboard.PASSIVE else self.active


@dataclass(frozen=True, slots=True)
class HubEvent:
    """One row of the event map: on these dashboards the hub status leads from these states to that one."""

    status: str
    dashboards: frozenset[Dashboard]
    to_state: str
    from_states: frozenset[str]


@dataclass(frozen=True, slots=True)
class Workflow:
    """A company's whole configuration, one version of it."""

    states: dict[str, State]
    events: tuple[HubEvent, ...]
    initial: dict[Dashboard, str]  # where a document enters

    def state(self, code: str) -> State:
        """Raises: InputError: no such state in this version."""
        try:
            return self.states[code]
        except KeyError:
            raise InputError(
                say("Lo stato «{code}» non esiste nella configurazione dell'azienda.", code=code)
            ) from None

    def on(self, dashboard: Dashboard) -> tuple[State, ...]:
        """The states of a dashboard in its order, without those withdrawn from use."""
        states = (s for s in self.states.values() if dashboard in s.dashboards and not s.retired_to)
        return tuple(sorted(states, key=lambda s: (s.order, s.code)))

    def with_check(self, check: str, dashboard: Dashboard | None = None) -> frozenset[str]:
        """Codes of the states that have a check of *Impostazioni aziendali* ("issued", "in_esterometro" ...).

        "Documento emesso: i relativi documenti saranno filtrabili"; withdrawn states keep what they meant.
        """
        return frozenset(
            s.code
            for s in self.states.values()
            if getattr(s, check) and (dashboard is None or dashboard in s.dashboards)
        )


def workflow_from_json(data: dict[str, Any]) -> Workflow:
    """Read a configuration as `workflow_to_json` wrote it.

    Raises:
        InputError: a field is missing or has a value that does not exist.
    """
    try:
        states = {row["code"]: _state(row) for row in data["states"]}
        events = tuple(
            HubEvent(
                row["status"],
                frozenset(Dashboard(d) for d in row["dashboards"]),
                row["to_state"],
                frozenset(row["from_states"]),
            )
            for row in data["events"]
        )
        initial = {Dashboard(d): code for d, code in data["initial"].items()}
    except (KeyError, TypeError, ValueError) as exc:
        raise InputError(say("La configurazione degli stati non si legge: {why}.", why=str(exc))) from exc
    return Workflow(states, events, initial)


def _state(row: dict[str, Any]) -> State:
    known = {name: row[name] for name in State.__slots__ if name in row}
    return State(
        **known
        | {
            "type": StateType(row["type"]),
            "dashboards": frozenset(Dashboard(d) for d in row["dashboards"]),
            "active": _rule(row.get("active", {})),
            "passive": _rule(row.get("passive", {})),
            "assignable": tuple(row.get("assignable", ())),
            "reserved_groups": tuple(row.get("reserved_groups", ())),
            "reserved_users": tuple(row.get("reserved_users", ())),
            "notices": tuple(
                Notice(Dashboard(n["dashboard"]), n["group"], bool(n.get("mail")))
                for n in row.get("notices", ())
            ),
        }
    )


def _rule(row: dict[str, Any]) -> ActionRule:
    return ActionRule(**row | {"action": Action(row.get("action") or "NESSUNA")})


def workflow_to_json(workflow: Workflow) -> dict[str, Any]:
    """The configuration as plain JSON, stable from run to run (sets are sorted)."""
    return {
        "initial": {str(d): code for d, code in workflow.initial.items()},
        "states": [_state_json(state) for state in workflow.states.values()],
        "events": [
            {
                "status": e.status,
                "dashboards": sorted(e.dashboards),
                "to_state": e.to_state,
                "from_states": sorted(e.from_states),
            }
            for e in workflow.events
        ],
    }


def _state_json(state: State) -> dict[str, Any]:
    row: dict[str, Any] = {name: getattr(state, name) for name in State.__slots__}
    for name in ("active", "passive"):
        rule: ActionRule = row[name]
        row[name] = {slot: getattr(rule, slot) for slot in ActionRule.__slots__}
        row[name]["action"] = str(rule.action)
    for name in ("assignable", "reserved_groups", "reserved_users"):
        row[name] = list(row[name])
    return row | {
        "type": str(state.type),
        "dashboards": sorted(state.dashboards),
        "notices": [{"dashboard": str(n.dashboard), "group": n.group, "mail": n.mail} for n in state.notices],
    }
