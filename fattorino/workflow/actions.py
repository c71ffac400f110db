"""The port between the workflow and what the actions do in the rooms above it (bound in config/actions.py)."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from fattorino.core.workflow.definition import Action


@dataclass(frozen=True, slots=True)
class ActionRun:
    """What an action is given. It may be given twice: a run that was done must change nothing more."""

    company_id: int
    document_id: int
    run: uuid.UUID
    action: Action
    now: datetime.datetime


@dataclass(frozen=True, slots=True)
class ActionResult:
    """How an action ended.

    Attributes:
        message: one Italian sentence for the history.
        detail: findings as {"code", "path", "message", "hint", "severity"}.
        sha256: hex digest of the file that the action made or handed on.
        then: called inside the transaction that writes the new state, to defer what must follow it.
    """

    ok: bool
    message: str
    detail: list[dict[str, Any]] = field(default_factory=list)
    sha256: str = ""
    then: Callable[[], None] | None = None


@dataclass(frozen=True, slots=True)
class ManyResults:
    """How an action ended for many documents, in the order in which they were given.

    Attributes:
        then: called inside the transaction that writes the new states, with those that ended well.
    """

    results: list[ActionResult]
    then: Callable[[Sequence[ActionRun]], None] | None = None


ActionFunction = Callable[[ActionRun], ActionResult]
# Given documents of one company, at least one.
ManyFunction = Callable[[Sequence[ActionRun]], ManyResults]


def for_one(many: ManyFunction) -> ActionFunction:
    """The same action for a single document."""

    def act(run: ActionRun) -> ActionResult:
        done = many([run])
        result, then = done.results[0], done.then
        return replace(result, then=lambda: then([run])) if result.ok and then else result

    return act


@cache
def table() -> Mapping[Action, ActionFunction]:
    actions: Mapping[Action, ActionFunction] = import_string(settings.WORKFLOW_ACTIONS)
    return actions


@cache
def table_for_many() -> Mapping[Action, ManyFunction]:
    """The actions that know how to do many documents at once; the others are done one by one."""
    actions: Mapping[Action, ManyFunction] = import_string(settings.WORKFLOW_ACTIONS_FOR_MANY)
    return actions


@cache
def asking() -> Mapping[Action, str]:
    """The actions that ask something before they begin: the name of their page's address, which takes a document_id."""
    pages: Mapping[Action, str] = import_string(settings.WORKFLOW_ACTION_PAGES)
    return pages


@cache
def locks() -> Mapping[Action, Callable[[int], str]]:
    """The actions that may need something of which a company has one: told the company, the lock under which their
    jobs go one after the other, or "" where they need not."""
    found: Mapping[Action, Callable[[int], str]] = import_string(settings.WORKFLOW_ACTION_LOCKS)
    return found


def ask_hub(company_id: int, *, now: datetime.datetime) -> int:
    """Have the Hub look for what the company waits for; how many things it asked for again."""
    look: Callable[..., int] = import_string(settings.WORKFLOW_HUB)
    return look(company_id, now=now)


def runnable() -> frozenset[Action]:
    """The actions this installation can carry out."""
    return frozenset(table())
