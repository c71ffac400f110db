"""Early, late, repeated, out of order, unknown: whatever order SdI's messages come in, nothing is lost, each counts
once, and the document ends where the messages say.

The model below knows nothing of the product: which messages end where, by what SdI's rules say (sdi.md 4).
"""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fattorino.core.errors import ChannelError
from fattorino.documents.models import DocumentFile
from fattorino.hub.channels.base import Accepted
from fattorino.hub.flows import receive
from fattorino.hub.models import Message, Submission
from fattorino.organisations.scope import system_scope
from fattorino.workflow.models import StateChange
from tests.desk import NOW, Desk
from tests.hub.letters import SDI_ID, again, answered, begin, letter, queued, state

# What SdI may say about one file, as kinds; the last word of each decides.
PRIVATE = {("NS",): "SCARTATO_SDI", ("RC",): "CONSEGNATO", ("MC",): "MANCATA_CONSEGNA"}
PA = {
    ("NS",): "SCARTATO_SDI",
    ("RC",): "CONSEGNATO_PA",
    ("MC",): "MANCATA_CONSEGNA_PA",
    ("MC", "RC"): "CONSEGNATO_PA",
    ("RC", "NE EC01"): "ACCETTATO",
    ("RC", "NE EC02"): "RIFIUTATO",
    ("MC", "RC", "NE EC01"): "ACCETTATO",
    ("MC", "NE EC02"): "RIFIUTATO",
    ("RC", "DT"): "DECORSI_TERMINI",
    ("MC", "RC", "DT"): "DECORSI_TERMINI",
    ("MC", "DT"): "DECORSI_TERMINI",
    ("MC", "AT"): "NON_RECAPITABILE",
}
ENDS = {True: PA, False: PRIVATE}


@dataclasses.dataclass(frozen=True)
class Line:
    """One thing that happens: SdI answers the send, brings a message, or a worker reads one."""

    what: str
    which: int = 0
    as_new: bool = False  # signed anew: other bytes, the same message


@st.composite
def stories(draw: st.DrawFn, *, pa: bool) -> tuple[tuple[str, ...], list[Line]]:
    kinds = draw(st.sampled_from(sorted(ENDS[pa])))
    answer = draw(st.sampled_from(("taken", "unknown", "never")))
    lines = [Line("bring", which) for which in range(len(kinds))]
    lines += [
        Line("bring", draw(st.integers(0, len(kinds) - 1)), draw(st.booleans()))
        for _ in range(draw(st.integers(0, 3)))
    ]
    lines += [Line("stranger", number) for number in range(draw(st.integers(0, 2)))]
    lines += [Line("read", number) for number in range(draw(st.integers(0, 4)))]
    if answer != "never":
        lines.append(Line(answer))
    return kinds, draw(st.permutations(lines))


def message(row: Submission, kind: str, which: int, *, as_new: bool) -> tuple[str, bytes]:
    tipo, _, esito = kind.partition(" ")
    name, content = letter(row, tipo, number=which + 1, **({"esito": esito} if esito else {}))
    return name, content.replace(b"</MessageId>", b"</MessageId >") if as_new else content


def read_one(number: int) -> None:
    """A worker takes one of the waiting messages, whichever."""
    with system_scope():
        waiting = list(Message.objects.filter(applied_at=None).order_by("pk").values_list("pk", flat=True))
    if waiting:
        receive.apply_message(waiting[number % len(waiting)], now=NOW)


@pytest.mark.parametrize("pa", [True, False], ids=["pa", "private"])
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_the_order_nothing_is_lost_and_the_end_is_the_same(
    under_way: Submission, pa: bool, data: st.DataObject
) -> None:
    kinds, lines = data.draw(stories(pa=pa))
    with transaction.atomic():
        tell(under_way, kinds, lines)
        check(under_way, kinds, lines, ENDS[pa][kinds])
        transaction.set_rollback(True)


@pytest.fixture
def under_way(desk: Desk, pa: bool) -> Submission:
    """The file has left, nobody knows more."""
    row = queued(desk, pa=pa)
    begin(row)
    return row


def tell(row: Submission, kinds: tuple[str, ...], lines: list[Line]) -> None:
    for line in lines:
        if line.what == "bring":
            name, content = message(row, kinds[line.which], line.which, as_new=line.as_new)
            receive.take_message(name, content, SDI_ID, now=NOW)
        elif line.what == "stranger":
            receive.take_message("x.xml", b"<x%d/>" % line.which, "", now=NOW)
        elif line.what == "read":
            read_one(line.which)
        elif line.what == "taken":
            answered(row, Accepted(SDI_ID, NOW))
        else:
            answered(row, ChannelError("Non si sa.", uncertain=True, permanent=False))
    for _ in lines:
        read_one(0)


def check(row: Submission, kinds: tuple[str, ...], lines: list[Line], end: str) -> None:
    assert state(row) == end
    brought = [line for line in lines if line.what in ("bring", "stranger")]
    with system_scope():
        kept: list[Any] = list(Message.objects.all())
    assert sum(each.arrivals for each in kept) == len(brought)
    assert all(each.applied_at is not None for each in kept)
    mine = {(line.which, line.as_new) for line in lines if line.what == "bring"}
    assert {each.state for each in kept if each.submission_id == row.pk} == {"applied"}
    assert sum(each.submission_id == row.pk for each in kept) == len(mine)
    assert {each.state for each in kept if each.submission_id is None} <= {"to_match"}
    files = DocumentFile.objects.filter(document_id=row.document_id, kind=DocumentFile.Kind.RECEIPT)
    assert files.count() == len(mine)
    changes = StateChange.objects.filter(document_id=row.document_id, outcome="moved")
    moves = changes.exclude(event__in=["Entered", "ActionSucceeded"]).values_list("event", flat=True)
    assert len(moves) == len(set(moves))
    ended = kinds[-1] in ("NS", "DT", "AT") or kinds[-1].startswith("NE") or row.formato != "FPA12"
    assert again(row).status == (Submission.Status.CLOSED if ended else Submission.Status.ACCEPTED)
