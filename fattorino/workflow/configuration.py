"""What the settings pages read of a company's configuration of states."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace
from typing import Any

import yaml
from django.conf import settings

from fattorino.core.errors import InputError
from fattorino.core.texts import say
from fattorino.core.workflow.definition import Dashboard, State, Workflow, workflow_from_json
from fattorino.core.workflow.flaws import Flaw, Surroundings
from fattorino.core.workflow.lint import lint
from fattorino.core.workflow.plain import from_plain, to_plain
from fattorino.core.workflow.statuses import statuses_of
from fattorino.organisations import groups
from fattorino.organisations.queries import Actor
from fattorino.workflow import counts, queries
from fattorino.workflow.models import StateLook, WorkflowDraft, WorkflowVersion

# A configuration of the size of the standard one is 25 kB; nobody writes megabytes of states.
LARGEST_FILE = 1_000_000


@dataclass(frozen=True, slots=True)
class Proposal:
    """The configuration as the administrators are shaping it, or the published one where nobody is.

    Attributes:
        version: counts the saves of the draft; 0 where there is none. The form sends it back.
        base: number of the published version it started from.
        outdated: another version was published since.
    """

    workflow: Workflow
    version: int
    base: int
    outdated: bool
    changed_at: datetime.datetime | None
    changed_by: str

    @property
    def is_draft(self) -> bool:
        return self.version > 0


def proposal(company_id: int) -> Proposal:
    """What the settings pages show and change."""
    number, published = queries.workflow_of(company_id)
    row = WorkflowDraft.objects.select_related("changed_by").filter(company_id=company_id).first()
    if row is None:
        return Proposal(with_looks(published), 0, number, False, None, "")
    return Proposal(
        with_looks(workflow_from_json(row.definition)),
        row.version,
        row.base_number,
        row.base_number != number,
        row.changed_at,
        str(row.changed_by or ""),
    )


def with_looks(workflow: Workflow) -> Workflow:
    """The configuration with the installation's *Impostazioni comuni*, which are no company's own."""
    looks = queries.looks()
    return replace(
        workflow,
        states={code: dressed(s, looks[code]) if code in looks else s for code, s in workflow.states.items()},
    )


def dressed(state: State, look: StateLook) -> State:
    return replace(
        state,
        label=look.label,
        tab=look.tab,
        order=look.order,
        gadget_label=look.gadget_label,
        icon=look.icon,
        colour=look.colour,
        tooltip=look.tooltip,
    )


def surroundings(company_id: int) -> Surroundings:
    """What the lint must know of the company beside its configuration."""
    found = groups.groups_of(company_id)
    return Surroundings(
        groups={g.label: len(g.people) for g in found},
        names={g.label: g.name for g in found},
        users=frozenset(p.label for p in groups.people_of(company_id)),
        statuses={dashboard: statuses_of(dashboard) for dashboard in Dashboard},
        mail=settings.MAIL,
    )


def names(company_id: int) -> dict[str, str]:
    """What the groups and people that a configuration names by code are called."""
    found = {g.label: g.name for g in groups.groups_of(company_id)}
    return found | {p.label: p.name for p in groups.people_of(company_id)}


def flaws(company_id: int, workflow: Workflow) -> list[Flaw]:
    return lint(workflow, surroundings(company_id))


def in_use(actor: Actor) -> dict[str, int]:
    """Documents in each state, those in reserved states too: a configuration must not lose what nobody shows."""
    found: dict[str, int] = {}
    for group, sums in counts.groups(actor).items():
        if group.state:
            found[group.state] = found.get(group.state, 0) + sums.n
    return found


@dataclass(frozen=True, slots=True)
class Version:
    number: int
    published_at: datetime.datetime
    published_by: str
    note: str


def versions(company_id: int) -> list[Version]:
    """All published versions, the newest first."""
    rows = WorkflowVersion.objects.filter(company_id=company_id).select_related("published_by")
    return [
        Version(
            r.number, r.published_at, str(r.published_by) if r.published_by else say("Installazione"), r.note
        )
        for r in rows.defer("definition").order_by("-number")
    ]


def version(company_id: int, number: int) -> Workflow | None:
    """One published version as it was. Its states look as they do now: the common settings have no versions."""
    row = WorkflowVersion.objects.filter(company_id=company_id, number=number).first()
    return with_looks(workflow_from_json(row.definition)) if row else None


def groups_in_use(company_id: int, label: str) -> tuple[str, ...]:
    """Labels of the states, published or in the draft, that name this group."""
    _, published = queries.workflow_of(company_id)
    named = [
        s.label
        for flow in (published, proposal(company_id).workflow)
        for s in flow.states.values()
        if label in s.reserved_groups or any(n.group == label for n in s.notices)
    ]
    return tuple(dict.fromkeys(named))


# ------------------------------------------------------------------------------------------- the file


def export_file(company_id: int, workflow: Workflow) -> str:
    """The configuration as YAML. People stand in it by e-mail: a number says nothing to who reads it."""
    emails = {p.label: p.email for p in groups.people_of(company_id)}
    data = to_plain(workflow)
    for row in data["stati"].values():
        if "utenti" in row:
            row["utenti"] = [emails.get(label, label) for label in row["utenti"]]
    return yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=110)


def read_file(company_id: int, content: bytes) -> Workflow:
    """Read what `export_file` wrote, here or for another company.

    Raises:
        InputError: not such a file; the message says where.
    """
    if len(content) > LARGEST_FILE:
        raise InputError(say("Il file è troppo grande per una configurazione degli stati (al massimo 1 MB)."))
    try:
        data: Any = yaml.load(content.decode("utf-8"), Loader=_PlainLoader)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as exc:
        where = getattr(exc, "problem_mark", None)
        why = (
            say("Il file non è in formato YAML (riga {line}).", line=where.line + 1)
            if where
            else say("Il file non è in formato YAML.")
        )
        raise InputError(why, say("Esportare di nuovo la configurazione.")) from exc
    workflow = from_plain(data)
    labels = {p.email.casefold(): p.label for p in groups.people_of(company_id)}
    return replace(
        workflow,
        states={
            code: replace(
                s, reserved_users=tuple(labels.get(user.casefold(), user) for user in s.reserved_users)
            )
            for code, s in workflow.states.items()
        },
    )


class _PlainLoader(yaml.SafeLoader):
    """Without aliases, by which a file of one kilobyte can mean a gigabyte."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.events.AliasEvent):
            raise yaml.YAMLError("alias")
        return super().compose_node(parent, index)
