"""Outcomes on a way where files gather: those that wait for room go together, and each is settled with its support."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.db import connection

from fattorino import clock
from fattorino.documents.passive import answering
from fattorino.hub import tasks_outcomes, tasks_sending
from fattorino.hub.flows import channels, consignments, maintenance, outcome_told, silent_letters
from fattorino.hub.models import Channel, ChannelUse, Consignment, OutcomeSent
from tests.desk import NOW, Desk, jobs, run_jobs
from tests.documents.passive.arrived import arrive
from tests.hub.test_consignments import DOWN, LOST, NO_ROOM, Post, carry

Status, Parcels = OutcomeSent.Status, Consignment.Status


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


def test_outcomes_in_a_support_of_which_nothing_is_heard_are_in_doubt_after_a_day(
    desk: Desk, post: Post, settings: Any
) -> None:
    """SdI answers each support; where that answer is lost, and the daily report too, their term would pass."""
    row = accept(desk, "1")
    given = Consignment.objects.get().handed_over_at
    assert given is not None
    silence = datetime.timedelta(seconds=settings.HUB_LETTER_SILENCE)
    late = given + silence + datetime.timedelta(seconds=1)
    assert silent_letters.doubt(now=late) == 0, "nobody has looked since"
    Channel.objects.update(read_up_to=given + silence)
    assert silent_letters.doubt(now=given + silence) == 0
    Channel.objects.update(read_up_to=late)
    assert [silent_letters.doubt(now=late) for _ in range(2)] == [1, 0]
    found = OutcomeSent.objects.get(pk=row.pk)
    assert (found.status, found.consignment) == (Status.UNCERTAIN, None)
    assert "non ha risposto sul supporto" in found.last_error
    offer(desk, row)
    lay(desk)
    assert inside(post) == [[row.file_name]] * 2


def test_an_outcome_that_goes_along_is_never_taken_for_one_whose_sender_died(desk: Desk, post: Post) -> None:
    """Its own job comes while it lies in the support of another: there is nothing to do."""
    rows = travelling(desk, ["1", "2", "3"], post)
    lay(desk)
    tasks_outcomes.send_outcome(desk.company.pk, rows[1].pk)
    tasks_outcomes.send_outcome(desk.company.pk, rows[2].pk)
    assert [row.status for row in look(rows)] == [Status.SENDING] * 3
    assert Consignment.objects.count() == 2


@pytest.fixture(params=[Channel.Kind.PEC, Channel.Kind.SDIFTP])
def lossy(post: Post, request: pytest.FixtureRequest) -> Post:
    """A way that breaks while something is given away."""
    Channel.objects.update(kind=request.param)
    post.error = LOST
    return post


def offer(desk: Desk, row: OutcomeSent) -> None:
    """The moment has come for which an outcome in doubt waited."""
    OutcomeSent.objects.filter(pk=row.pk).update(next_attempt_at=NOW)
    tasks_outcomes.send_outcome(desk.company.pk, row.pk)


def jobs_gone() -> None:
    with connection.cursor() as cursor:
        cursor.execute("delete from procrastinate_jobs")


def now_of(row: OutcomeSent) -> tuple[str, bool]:
    """Its status, and whether it lies in a parcel."""
    found = OutcomeSent.objects.get(pk=row.pk)
    return found.status, found.consignment_id is not None


def test_an_outcome_whose_giving_away_was_cut_is_in_doubt_and_goes_again(desk: Desk, lossy: Post) -> None:
    row = accept(desk, "1")
    assert now_of(row) == (Status.UNCERTAIN, True)
    lossy.error = None
    carry()
    tasks_outcomes.send_outcome(desk.company.pk, row.pk)
    assert lossy.given == [], "offered again before anybody could have spoken"
    offer(desk, row)
    lay(desk)
    assert inside(lossy) == [[row.file_name]]
    assert now_of(row) == (Status.SENDING, True)
    assert OutcomeSent.objects.get(pk=row.pk).offered_again
    outcome_told.refused(OutcomeSent.objects.get(pk=row.pk), "EN01", clock.now())
    assert now_of(row)[0] == Status.TAKEN, "the refusal of the second copy proves that the first had arrived"


def test_an_outcome_whose_worker_died_while_giving_it_away_is_in_doubt(desk: Desk, lossy: Post) -> None:
    lossy.error = DOWN
    row = accept(desk, "1")
    parcel = Consignment.objects.get()
    Consignment.objects.update(status=Parcels.SENDING, next_attempt_at=None)
    tasks_sending.hand_over(desk.company.pk, parcel.pk)
    assert now_of(row) == (Status.UNCERTAIN, True)


def test_what_the_channel_knows_of_the_parcel_settles_the_doubt(desk: Desk, lossy: Post) -> None:
    given, lost = accept(desk, "1"), accept(desk, "2")
    first, second = Consignment.objects.order_by("pk")
    for parcel, fate in ((first, "sent"), (second, "not_sent")):
        consignments.found_out(parcel.pk, desk.company.pk, fate, now=clock.now())  # type: ignore[arg-type]
    assert (now_of(given), now_of(lost)) == ((Status.SENDING, True), (Status.QUEUED, False))
    assert not OutcomeSent.objects.get(pk=given.pk).last_error
    tasks_outcomes.send_outcome(desk.company.pk, given.pk)
    assert now_of(given) == (Status.SENDING, True), "it is under way and nobody offers it"
    consignments.answered(first.channel, first.name, True, "Preso.", now=clock.now())
    assert now_of(given)[0] == Status.SENT


def test_an_answer_that_comes_while_it_is_in_doubt_settles_it(desk: Desk, lossy: Post) -> None:
    rows = [accept(desk, "1"), accept(desk, "2"), accept(desk, "3")]
    parcels = list(Consignment.objects.order_by("pk"))
    waits = OutcomeSent.objects.get(pk=rows[2].pk).next_attempt_at
    for parcel, taken, doubtful in zip(parcels, (True, False, False), (False, False, True), strict=True):
        for _ in range(2):
            consignments.answered(
                parcel.channel, parcel.name, taken, "Risposta.", now=clock.now(), doubtful=doubtful
            )
    assert [now_of(row)[0] for row in rows] == [Status.SENT, Status.QUEUED, Status.UNCERTAIN]
    assert OutcomeSent.objects.get(pk=rows[2].pk).next_attempt_at == waits, "it goes on waiting"


def test_an_answer_to_the_first_parcel_says_nothing_of_the_second(desk: Desk, lossy: Post) -> None:
    row = accept(desk, "1")
    lossy.error = DOWN
    offer(desk, row)
    first, second = Consignment.objects.order_by("pk")
    consignments.answered(first.channel, first.name, False, "Non accettato.", now=clock.now())
    assert OutcomeSent.objects.get(pk=row.pk).consignment_id == second.pk
    consignments.answered(second.channel, second.name, False, "Non accettato.", now=clock.now())
    assert now_of(row) == (Status.UNCERTAIN, False), "the first may have arrived all the same"


def test_the_channel_is_asked_only_while_something_waits_for_its_word(desk: Desk, lossy: Post) -> None:
    row = accept(desk, "1")
    parcel = Consignment.objects.get()

    def ask() -> tuple[str, bool]:
        Consignment.objects.filter(pk=parcel.pk).update(next_attempt_at=NOW)
        tasks_sending.hand_over(desk.company.pk, parcel.pk)
        found = Consignment.objects.get(pk=parcel.pk)
        return found.status, found.next_attempt_at is not None

    assert ask() == (Parcels.UNCERTAIN, True)
    lossy.error = DOWN
    offer(desk, row)
    assert ask() == (Parcels.UNCERTAIN, False)
    jobs_gone()
    Consignment.objects.update(created_at=NOW)
    looked = maintenance.without_job(now=clock.now())
    assert parcel.pk not in [pk for _, pk in looked.parcels]
