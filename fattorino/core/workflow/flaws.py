"""What a lint of a configuration answers, and what it must know beside the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from fattorino.core.workflow.definition import Dashboard


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


def error(rule: str, state: str, setting: str, message: str, remedy: str) -> Flaw:
    return Flaw("error", rule, state, setting, message, remedy)


def warning(rule: str, state: str, setting: str, message: str, remedy: str) -> Flaw:
    return Flaw("warning", rule, state, setting, message, remedy)
