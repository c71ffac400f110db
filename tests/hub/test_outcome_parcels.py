"""Outcomes on a way where files gather: those that wait for room go together, and each is settled with its support."""

from __future__ import annotations

from typing import Any

import pytest

from fattorino import clock
from fattorino.documents.passive import answering
from fattorino.hub import tasks_outcomes, tasks_sending
from fattorino.hub.flows import channels, consignments
from fattorino.hub.models import Channel, ChannelUse, Consignment, OutcomeSent
from tests.desk import NOW, Desk, jobs, run_jobs
from tests.documents.passive.arrived import arrive
from tests.hub.test_consignments import NO_ROOM, Post

Status = OutcomeSent.Status


@pytest.fixture
def post(desk: Desk, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Post:
    settings.HUB_RETRY_PAUSES = [5.0]
    made = Post()
    made.most = 10
    monkeypatch.setattr(channels, "port", lambda row: made)
    channel = Channel.objects.create(company=desk.company, kind=Channel.Kind.SDIFTP, created_at=NOW)
    ChannelUse.objects.create(company=desk.company, dashboard="", channel=channel)
    return made


def accept(desk: Desk, numero: str) -> OutcomeSent:
    document = arrive(desk, numero)
    answering.decide(desk.actor, document.pk, "EC01", now=NOW)
    run_jobs()
    return OutcomeSent.objects.get(document=document)


def lay(desk: Desk) -> None:
    """SdI has come by: what is sealed may be laid."""
    Consignment.objects.update(next_attempt_at=None)
    for pk in Consignment.objects.filter(status="sealed").values_list("pk", flat=True):
        tasks_sending.hand_over(desk.company.pk, pk)


def travelling(desk: Desk, numbers: list[str], post: Post) -> list[OutcomeSent]:
    """The first lies in a support without room, the others wait."""
    post.error = NO_ROOM
    rows = [accept(desk, numero) for numero in numbers]
    post.error = None
    return rows


def inside(post: Post) -> list[list[str]]:
    """The names of what was given away, support by support."""
    return [parcel.content.decode().split() for parcel in post.given]


def look(rows: list[OutcomeSent]) -> list[OutcomeSent]:
    return [OutcomeSent.objects.get(pk=row.pk) for row in rows]


def test_outcomes_that_wait_for_room_go_together_in_the_next_support(desk: Desk, post: Post) -> None:
    rows = travelling(desk, ["1", "2", "3", "4"], post)
    assert [row.status for row in look(rows)] == [Status.SENDING, *[Status.QUEUED] * 3]
    assert Consignment.objects.count() == 1
    lay(desk)
    tasks_outcomes.send_outcome(desk.company.pk, rows[2].pk)
    lay(desk)
    assert inside(post) == [
        [rows[0].file_name],
        [rows[2].file_name, rows[1].file_name, rows[3].file_name],
    ]
    for parcel in post.given:
        channel = Channel.objects.get(kind=Channel.Kind.SDIFTP)
        consignments.answered(channel, parcel.name, True, "Preso.", now=clock.now())
    assert {row.status for row in look(rows)} == {Status.SENT}


def test_what_cannot_travel_fails_alone_and_keeps_no_other_back(desk: Desk, post: Post) -> None:
    rows = travelling(desk, ["1", "2", "3"], post)
    lay(desk)
    post.bad = rows[1].file_name
    for row in rows[1:]:
        tasks_outcomes.send_outcome(desk.company.pk, row.pk)
    lay(desk)
    assert [row.status for row in look(rows)] == [Status.SENDING, Status.FAILED, Status.SENDING]
    assert inside(post) == [[rows[0].file_name], [rows[2].file_name]]


def test_whoever_waits_for_room_is_called_again_and_by_one_job_only(desk: Desk, post: Post) -> None:
    rows = travelling(desk, ["1", "2"], post)
    for _ in range(3):
        tasks_outcomes.send_outcome(desk.company.pk, rows[1].pk)
    assert [job["args"]["outcome_id"] for job in jobs("hub.send_outcome")] == [rows[1].pk]


def test_an_outcome_that_goes_along_is_never_taken_for_one_whose_sender_died(desk: Desk, post: Post) -> None:
    """Its own job comes while it lies in the support of another: there is nothing to do."""
    rows = travelling(desk, ["1", "2", "3"], post)
    lay(desk)
    tasks_outcomes.send_outcome(desk.company.pk, rows[1].pk)
    tasks_outcomes.send_outcome(desk.company.pk, rows[2].pk)
    assert [row.status for row in look(rows)] == [Status.SENDING] * 3
    assert Consignment.objects.count() == 2
