"""Documents of one file (a lotto) move together while the file is worked upon, and each by itself otherwise.

Asked by `advance` alone, under its locks. The first document of a lotto is the file: its action is carried out, what
the Hub tells of it is told of all. Decision 0019.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from django.db.models import F

from fattorino.core.texts import say, together
from fattorino.core.workflow.decide import (
    ActionRequested,
    Decision,
    Event,
    HubReported,
    Refusal,
    StateChosen,
)
from fattorino.core.workflow.definition import OF_THE_FILE, Dashboard, Workflow
from fattorino.organisations.rows import among
from fattorino.workflow.models import Document, PendingAction

if TYPE_CHECKING:
    from fattorino.workflow.flows.moves import Step

Answers = dict[int, Decision | Refusal]
# What happens to one document and may concern its whole file.
_SPREADING = (ActionRequested, StateChosen, HubReported)


@dataclass(frozen=True, slots=True)
class Spread:
    """
    Attributes:
        steps: those that were given, and the same ones for the documents that move with theirs.
        bound: documents that move all or not at all.
        apart: documents whose file cannot be worked upon, because another one of it stands elsewhere.
    """

    steps: list[Step]
    bound: list[list[int]] = field(default_factory=list)
    apart: frozenset[int] = frozenset()


def beside(company_id: int, steps: Sequence[Step]) -> dict[int, list[int]]:
    """All documents of the lotti that these steps may concern, by lotto: read before anything is locked."""
    ids = [s.document_id for s in steps if isinstance(s.event, _SPREADING) and not s.alone]
    return _members(company_id, _lotti(company_id, ids)) if ids else {}


def spread(
    workflow: Workflow,
    steps: Sequence[Step],
    documents: Mapping[int, Document],
    lotti: Mapping[int, list[int]],
) -> Spread:
    """What happens to the file happens to each of its documents."""
    if not lotti:
        return Spread(list(steps))
    more: list[Step] = []
    bound: dict[int, list[int]] = {}
    apart = set[int]()
    told = {step.document_id for step in steps}
    for step in steps:
        document = documents.get(step.document_id)
        mine = [documents[i] for i in lotti.get(document.lotto_id or 0, ())] if document else []
        if document is None or not mine or step.alone or not _of_the_file(workflow, document, step.event):
            continue
        if not isinstance(step.event, HubReported):
            if len({each.state for each in mine}) > 1:
                apart.add(document.pk)
                continue
            bound[mine[0].pk] = [each.pk for each in mine]
        others = [each.pk for each in mine if each.pk not in told]
        more += [replace(step, document_id=other) for other in others]
        told.update(others)
    return Spread([*steps, *more], list(bound.values()), frozenset(apart))


def _of_the_file(workflow: Workflow, document: Document, event: Event) -> bool:
    if isinstance(event, HubReported):
        return document.lotto_id == document.pk
    action = workflow.state(document.state).rule(Dashboard(document.dashboard)).action
    return isinstance(event, ActionRequested | StateChosen) and action in OF_THE_FILE


def bind(answers: Answers, plan: Spread, documents: Mapping[int, Document], company_id: int) -> None:
    """Who moves together is refused together; and the work upon a file starts for all of its documents or for none."""
    for ids in plan.bound:
        refused = next((answers[i] for i in ids if isinstance(answers[i], Refusal)), None)
        if refused is not None:
            answers.update(dict.fromkeys(ids, refused))
    starting: dict[int, set[int]] = {}
    for pk, document in documents.items():
        answer = answers.get(pk)
        if document.lotto_id and isinstance(answer, Decision) and answer.start in OF_THE_FILE:
            starting.setdefault(document.lotto_id, set()).add(pk)
    for lotto, members in _members(company_id, list(starting)).items() if starting else ():
        if starting[lotto] != set(members):
            answers.update({pk: single(documents[pk], answers[pk]) for pk in starting[lotto]})


def single(document: Document, answer: Decision | Refusal) -> Decision | Refusal:
    """The answer for a document that moves without the others of its file: that file is not worked upon for it."""
    if not document.lotto_id or not isinstance(answer, Decision) or answer.start not in OF_THE_FILE:
        return answer
    note = say("Il file del lotto non riparte da solo per uno solo dei suoi documenti.")
    return replace(answer, start=None, note=together(answer.note, note))


def leaders_first(
    started: Sequence[PendingAction], documents: Mapping[int, Document]
) -> tuple[list[PendingAction], list[PendingAction]]:
    """Those to carry out, and those of the other documents of their files, which follow them."""
    follow = [p for p in started if _follows(p, documents[p.document_id])]
    leading = [p for p in started if not _follows(p, documents[p.document_id])]
    return leading, follow


def _follows(pending: PendingAction, document: Document) -> bool:
    return bool(document.lotto_id) and document.lotto_id != document.pk and pending.action in OF_THE_FILE


def together_with(company_id: int, document_ids: Sequence[int]) -> dict[int, list[int]]:
    """The other documents of the file, by the first of a lotto."""
    heads = Document.objects.filter(among("pk", document_ids), company_id=company_id, lotto=F("pk"))
    found = _members(company_id, list(heads.values_list("pk", flat=True)))
    return {head: [pk for pk in members if pk != head] for head, members in found.items()}


def others_of_files(company_id: int, ids: Sequence[int]) -> list[int]:
    """The documents that travel in the files of these and are not among them."""
    given = set(ids)
    members = _members(company_id, _lotti(company_id, ids))
    return [pk for each in members.values() for pk in each if pk not in given]


def _lotti(company_id: int, ids: Sequence[int]) -> list[int]:
    rows = Document.objects.filter(among("pk", ids), company_id=company_id, lotto__isnull=False)
    return [lotto for lotto in set(rows.values_list("lotto_id", flat=True)) if lotto]


def _members(company_id: int, lotti: Sequence[int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    rows = Document.objects.filter(lotto__in=lotti, company_id=company_id).order_by("pk") if lotti else None
    for lotto, pk in rows.values_list("lotto_id", "pk") if rows is not None else ():
        found.setdefault(lotto or 0, []).append(pk)
    return found
