"""A configuration as plain values with Italian keys, to be written to a file that a person reads, and read back.

What stands at its default is left out, so that a file says only what was decided. Reading is strict: a key or a value
that does not exist is refused with its place, because a misspelt check would silently change what a state does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from fattorino.core.errors import InputError
from fattorino.core.texts import say, together
from fattorino.core.workflow.definition import (
    Action,
    ActionRule,
    Dashboard,
    HubEvent,
    Notice,
    State,
    StateType,
    Workflow,
)
from fattorino.core.workflow.settings import SETTINGS, Setting

FORMAT = 1
_Word = TypeVar("_Word", StateType, Action)
_RULES = {"azioni": "active", "azioni_passive": "passive"}
_PLAIN = tuple(s for s in SETTINGS if "." not in s.name)
_OF_RULE = tuple(s for s in SETTINGS if s.name.startswith("active."))


def to_plain(workflow: Workflow) -> dict[str, Any]:
    """The configuration for a file: states in their order, then the map of the Hub's statuses."""
    return {
        "formato": FORMAT,
        "ingresso": {str(d): workflow.initial[d] for d in Dashboard if d in workflow.initial},
        "stati": {
            s.code: _state(s) for s in sorted(workflow.states.values(), key=lambda s: (s.order, s.code))
        },
        "esiti": [
            {
                "esito": e.status,
                "dashboard": [str(d) for d in Dashboard if d in e.dashboards],
                "stato": e.to_state,
                "da_stati": sorted(e.from_states),
            }
            for e in workflow.events
        ],
    }


def _state(state: State) -> dict[str, Any]:
    default = State(state.code, "", StateType.INITIAL)
    row: dict[str, Any] = {}
    for setting in _PLAIN:
        value = getattr(state, setting.name)
        if setting.name in ("label", "type") or value != getattr(default, setting.name):
            row[setting.key] = _value(setting, value)
    for key, name in _RULES.items():
        rule = _rule(getattr(state, name))
        if rule:
            row[key] = rule
    return row


def _value(setting: Setting, value: Any) -> Any:
    match setting.name:
        case "type":
            return str(value)
        case "dashboards":
            return [str(d) for d in Dashboard if d in value]
        case "notices":
            return [{"dashboard": str(n.dashboard), "gruppo": n.group, "email": n.mail} for n in value]
        case "reserved_groups" | "reserved_users" | "assignable":
            return list(value)
    return value


def _rule(rule: ActionRule) -> dict[str, Any]:
    default = ActionRule()
    row: dict[str, Any] = {}
    for setting in _OF_RULE:
        name = setting.name.partition(".")[2]
        value = getattr(rule, name)
        if value != getattr(default, name):
            row[setting.key] = str(value) if name == "action" else value
    return row


def from_plain(data: Any) -> Workflow:
    """Read what `to_plain` made.

    Raises:
        InputError: something is missing, unknown or of the wrong kind; the message says where.
    """
    top = _mapping(data, say("il file"))
    _only(top, {"formato", "ingresso", "stati", "esiti"}, say("il file"))
    if top.get("formato") != FORMAT:
        raise InputError(
            say("Il file non è una configurazione degli stati in formato {format}.", format=FORMAT),
            say("Esportare di nuovo la configurazione con questa versione."),
        )
    states = {
        str(code): _read_state(str(code), row) for code, row in _mapping(top.get("stati"), "stati").items()
    }
    initial = {
        _dashboard(d, "ingresso"): str(code) for d, code in _mapping(top.get("ingresso"), "ingresso").items()
    }
    events = tuple(_read_event(row, n) for n, row in enumerate(_list(top.get("esiti", []), "esiti"), 1))
    return Workflow(states, events, initial)


def _read_state(code: str, data: Any) -> State:
    where = say("lo stato {code}", code=code)
    row = _mapping(data, where)
    _only(row, {s.key for s in _PLAIN} | set(_RULES), where)
    values: dict[str, Any] = {}
    for setting in _PLAIN:
        if setting.key in row:
            values[setting.name] = _read(setting, row[setting.key], where)
    if "label" not in values or "type" not in values:
        raise InputError(say("Manca la descrizione o il tipo in {where}.", where=where))
    for key, name in _RULES.items():
        values[name] = _read_rule(row.get(key, {}), together(where, key, by=", "))
    return State(code=code, **values)


def _read(setting: Setting, value: Any, where: str) -> Any:
    place = together(where, setting.key, by=", ")
    match setting.name:
        case "type":
            return _one_of(StateType, value, place)
        case "dashboards":
            return frozenset(_dashboard(d, place) for d in _list(value, place))
        case "notices":
            return tuple(_read_notice(n, place) for n in _list(value, place))
        case "reserved_groups" | "reserved_users" | "assignable":
            return tuple(_text(item, place) for item in _list(value, place))
        case "order":
            if isinstance(value, bool) or not isinstance(value, int):
                raise InputError(say("In {place} serve un numero intero.", place=place))
            return value
    default = getattr(State("", "", StateType.INITIAL), setting.name)
    return _flag(value, place) if isinstance(default, bool) else _text(value, place)


def _read_rule(data: Any, where: str) -> ActionRule:
    row = _mapping(data, where)
    # The passive rule's failed state has the source's other word, "fallita"; both are read.
    row = {("abortita" if key == "fallita" else key): value for key, value in row.items()}
    _only(row, {s.key for s in _OF_RULE}, where)
    values: dict[str, Any] = {}
    for setting in _OF_RULE:
        if setting.key not in row:
            continue
        name, value, place = (
            setting.name.partition(".")[2],
            row[setting.key],
            together(where, setting.key, by=", "),
        )
        if name == "action":
            values[name] = _one_of(Action, value, place)
        elif name in ("confirmed", "failed"):
            values[name] = _text(value, place)
        else:
            values[name] = _flag(value, place)
    return ActionRule(**values)


def _read_notice(data: Any, where: str) -> Notice:
    row = _mapping(data, where)
    _only(row, {"dashboard", "gruppo", "email"}, where)
    return Notice(
        _dashboard(row.get("dashboard"), where),
        _text(row.get("gruppo"), where),
        _flag(row.get("email", False), where),
    )


def _read_event(data: Any, number: int) -> HubEvent:
    where = say("l'esito {number}", number=number)
    row = _mapping(data, where)
    _only(row, {"esito", "dashboard", "stato", "da_stati"}, where)
    return HubEvent(
        _text(row.get("esito"), where),
        frozenset(_dashboard(d, where) for d in _list(row.get("dashboard"), where)),
        _text(row.get("stato"), where),
        frozenset(_text(code, where) for code in _list(row.get("da_stati", []), where)),
    )


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise InputError(say("In {where} servono delle voci con il loro nome.", where=where))
    return value


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise InputError(say("In {where} serve un elenco.", where=where))
    return value


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise InputError(say("In {where} serve un testo.", where=where))
    return value


def _flag(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise InputError(say("In {where} serve sì o no (true o false).", where=where))
    return value


def _one_of(kind: type[_Word], value: Any, where: str) -> _Word:
    try:
        return kind(value)
    except ValueError:
        admitted = ", ".join(str(item) for item in kind)
        raise InputError(
            say(
                "In {where} c'è «{value}»: i valori sono {admitted}.",
                where=where,
                value=value,
                admitted=admitted,
            )
        ) from None


def _dashboard(value: Any, where: str) -> Dashboard:
    try:
        return Dashboard(value)
    except ValueError:
        raise InputError(
            say(
                "In {where} c'è la dashboard «{value}»: i valori sono {admitted}.",
                where=where,
                value=value,
                admitted=", ".join(Dashboard),
            )
        ) from None


def _only(row: Mapping[str, Any], known: set[str], where: str) -> None:
    unknown = sorted(str(key) for key in row if key not in known)
    if unknown:
        raise InputError(
            say("In {where} c'è una voce che non esiste: {entries}.", where=where, entries=", ".join(unknown))
        )
