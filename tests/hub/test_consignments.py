"""Parcels: sealed before the network, handed over once, settled by their answer or by receipts of what is inside."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from django.db import connection

from fattorino import clock
from fattorino.core.errors import ChannelError
from fattorino.hub import tasks_sending
from fattorino.hub.channels.base import Accepted, Fate, Item, Outgoing, Parcel, Raw, Step
from fattorino.hub.flows import channels, consignments
from fattorino.hub.models import Channel, ChannelUse, Consignment, Submission, Transmission
from tests.desk import NOW, Desk, jobs
from tests.hub.letters import again, arrive, history, queued, state

Status, Parcels = Submission.Status, Consignment.Status
DOWN = ChannelError("Il canale è fuori servizio.", uncertain=False)
LOST = ChannelError("La connessione si è interrotta.", uncertain=True)
NO_ROOM = ChannelError("Un altro supporto attende.", uncertain=False, no_room=True)


class Post:
    """A way on which three files travel together; what goes wrong is ordered."""

    most, room = 3, 1_000_000

    def __init__(self) -> None:
        self.given: list[Parcel] = []
        self.error: Exception | None = None
        self.fate: Fate = "unknown"
        self.bad: str = ""
        self.bad_error: Exception = ChannelError(
            "Troppo grande.", uncertain=False, permanent=True, of_file=True
        )

    def prepare(self, files: Sequence[Outgoing], *, number: int, now: datetime.datetime) -> Parcel:
        if any(file.file_name == self.bad for file in files):
            raise self.bad_error
        names = tuple(file.file_name for file in files)
        return Parcel(f"P{now:%H%M}.{number:03}", " ".join(names).encode(), names)

    def hand_over(self, parcel: Parcel) -> None:
        if self.error:
            raise self.error
        self.given.append(parcel)

    def resolve(self, parcel: Parcel) -> Fate:
        return self.fate

    def send(self, file: Outgoing) -> Accepted:
        raise AssertionError("files travel in parcels")

    def fetch(self, cursor: str) -> Iterator[Raw]:
        return iter(())

    def read(self, raw: Raw) -> Sequence[Item]:
        return ()

    def done(self, raw: Raw) -> None:
        return None

    def examine(self, *, now: datetime.datetime) -> Sequence[Step]:
        return ()


@pytest.fixture
def post(desk: Desk, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Post:
    settings.HUB_UNCERTAIN_WAIT, settings.HUB_RETRY_PAUSES = 3600.0, [5.0, 30.0]
    made = Post()
    monkeypatch.setattr(channels, "port", lambda row: made)
    channel = Channel.objects.create(company=desk.company, kind=Channel.Kind.SDIFTP)
    ChannelUse.objects.create(company=desk.company, dashboard="", channel=channel)
    return made


def channel() -> Channel:
    return Channel.objects.get(kind=Channel.Kind.SDIFTP)


def turn() -> None:
    tasks_sending.turn(channel().company_id, channel().pk, 1)


def carry() -> None:
    """The jobs that hand over; those that come back later have been made meanwhile."""
    due = jobs("hub.hand_over")
    with connection.cursor() as cursor:
        cursor.execute("delete from procrastinate_jobs where task_name = 'hub.hand_over'")
    for job in due:
        tasks_sending.hand_over(**job["args"])


def at_once() -> None:
    """What waits for its hour is due now."""
    Consignment.objects.update(next_attempt_at=None)
    Submission.objects.filter(next_attempt_at__isnull=False).update(next_attempt_at=NOW)
    Channel.objects.update(closed_until=None, failures=0)


def answer(name: str, taken: bool) -> bool:
    return consignments.answered(channel(), name, taken, "Scartato: firma non valida.", now=clock.now())


def outcomes(row: Submission) -> list[str]:
    return list(Transmission.objects.filter(submission=row).order_by("id").values_list("outcome", flat=True))


def test_files_are_put_together_up_to_the_number_and_the_size_that_the_way_bears(
    desk: Desk, post: Post
) -> None:
    rows = [queued(desk) for _ in range(4)]
    turn()
    carry()
    assert [len(parcel.files) for parcel in post.given] == [3, 1]
    size = again(rows[0]).outgoing.size
    Submission.objects.update(status=Status.QUEUED, consignment=None)
    Transmission.objects.update(outcome="not_taken")
    post.room = int(size * 2.5)
    turn()
    carry()
    assert [len(parcel.files) for parcel in post.given[2:]] == [2, 2]
    assert len({parcel.name for parcel in post.given}) == 4


def test_a_parcel_and_its_attempts_are_written_down_before_it_is_given_away(desk: Desk, post: Post) -> None:
    row = queued(desk)
    turn()
    parcel = Consignment.objects.get()
    assert (parcel.status, bytes(parcel.content).decode()) == (Parcels.SEALED, row.file_name)
    assert (again(row).status, again(row).consignment_id, outcomes(row)) == (
        Status.SENDING,
        parcel.pk,
        ["open"],
    )
    assert post.given == []
    carry()
    assert Consignment.objects.get().status == Parcels.HANDED_OVER
    assert ("HubHandedOver", "recorded") in history(row)
    assert state(row) == "IN_ELABORAZIONE"


def test_a_parcel_that_was_taken_brings_its_files_no_identifier_and_the_receipt_does(
    desk: Desk, post: Post
) -> None:
    row = queued(desk)
    turn()
    carry()
    assert answer(post.given[0].name, True)
    assert (again(row).status, again(row).identificativo_sdi, state(row)) == (
        Status.ACCEPTED,
        "",
        "IN_ELABORAZIONE",
    )
    assert outcomes(row) == ["accepted"]
    arrive(row, "RC")
    assert (again(row).status, state(row)) == (Status.CLOSED, "CONSEGNATO")


def test_a_receipt_before_the_answer_settles_the_attempt(desk: Desk, post: Post) -> None:
    row = queued(desk)
    turn()
    carry()
    arrive(row, "RC")
    assert (again(row).status, outcomes(row)) == (Status.CLOSED, ["accepted"])
    answer(post.given[0].name, True)
    assert (again(row).status, state(row)) == (Status.CLOSED, "CONSEGNATO")


def test_what_was_in_a_refused_parcel_goes_again_in_another_one(desk: Desk, post: Post) -> None:
    row = queued(desk)
    turn()
    carry()
    assert answer(post.given[0].name, False)
    assert (again(row).status, again(row).consignment_id, outcomes(row)) == (
        Status.QUEUED,
        None,
        ["not_taken"],
    )
    assert Consignment.objects.get().status == Parcels.REFUSED
    at_once()
    turn()
    carry()
    assert len(post.given) == 2 and not again(row).offered_again
    for _ in range(3):
        answer(post.given[-1].name, False)
        at_once()
        turn()
        carry()
    assert (again(row).status, state(row)) == (Status.FAILED, "ERRORE_INVIO")


def test_what_was_in_a_suspended_parcel_waits_and_is_offered_again_under_its_name(
    desk: Desk, post: Post
) -> None:
    row = queued(desk)
    turn()
    carry()
    name = post.given[0].name
    assert consignments.answered(channel(), name, False, "Sospeso.", now=clock.now(), doubtful=True)
    assert (again(row).status, outcomes(row)) == (Status.UNCERTAIN, ["unknown"])
    assert Consignment.objects.get().status == Parcels.REFUSED
    turn()
    carry()
    assert len(post.given) == 1, "offered again before its receipt could come"
    at_once()
    turn()
    carry()
    assert [parcel.files for parcel in post.given] == [(row.file_name,), (row.file_name,)]
    assert again(row).offered_again


def test_an_answer_that_comes_twice_changes_nothing(desk: Desk, post: Post) -> None:
    row = queued(desk)
    turn()
    carry()
    for taken in (True, True, False):
        assert answer(post.given[0].name, taken)
    assert again(row).status == Status.ACCEPTED
    assert not answer("P9999.001", True)


def test_where_there_is_no_room_the_parcel_waits_and_nobody_has_failed(desk: Desk, post: Post) -> None:
    row = queued(desk)
    turn()
    post.error = NO_ROOM
    for _ in range(5):
        carry()
        at_once()
    assert Consignment.objects.get().status == Parcels.SEALED
    assert (again(row).failures, channel().failures, outcomes(row)) == (0, 0, ["open"])
    post.error = None
    carry()
    assert len(post.given) == 1


def test_after_the_last_pause_what_is_in_it_is_given_up(desk: Desk, post: Post) -> None:
    row = queued(desk)
    turn()
    post.error = ChannelError("Il canale è fuori servizio.", uncertain=False, permanent=True)
    carry()
    assert (again(row).status, state(row), outcomes(row)) == (Status.FAILED, "ERRORE_INVIO", ["not_taken"])


def test_a_fault_of_the_way_is_tried_again_with_the_same_parcel(desk: Desk, post: Post) -> None:
    queued(desk)
    turn()
    post.error = DOWN
    carry()
    assert (Consignment.objects.get().status, channel().failures) == (Parcels.SEALED, 1)
    at_once()
    post.error = None
    carry()
    assert Consignment.objects.count() == 1 == len(post.given)


@pytest.mark.parametrize("died", [False, True])
def test_of_a_parcel_in_doubt_the_way_is_asked_and_nothing_is_given_twice(
    desk: Desk, post: Post, died: bool
) -> None:
    row = queued(desk)
    turn()
    if died:
        consignments.begin(Consignment.objects.get().pk, desk.company.pk, now=clock.now())
    else:
        post.error = LOST
    carry()
    assert (Consignment.objects.get().status, again(row).status) == (Parcels.UNCERTAIN, Status.UNCERTAIN)
    assert outcomes(row) == ["unknown"]
    post.error, post.fate = None, "unknown"
    Consignment.objects.update(next_attempt_at=None)
    carry()
    assert post.given == [] and again(row).status == Status.UNCERTAIN
    post.fate = "sent"
    Consignment.objects.update(next_attempt_at=None)
    carry()
    assert post.given == []
    assert (Consignment.objects.get().status, again(row).status) == (Parcels.HANDED_OVER, Status.SENDING)
    assert outcomes(row) == ["open"]
    arrive(row, "RC")
    assert again(row).status == Status.CLOSED


def test_what_certainly_did_not_arrive_goes_again_in_another_parcel(desk: Desk, post: Post) -> None:
    row = queued(desk)
    turn()
    post.error = LOST
    carry()
    post.error, post.fate = None, "not_sent"
    Consignment.objects.update(next_attempt_at=None)
    carry()
    assert (again(row).status, outcomes(row), again(row).offered_again) == (
        Status.QUEUED,
        ["not_taken"],
        False,
    )
    at_once()
    turn()
    carry()
    assert len(post.given) == 1


def test_what_nobody_can_tell_is_offered_again_under_its_name_when_no_receipt_came(
    desk: Desk, post: Post
) -> None:
    row = queued(desk)
    turn()
    post.error = LOST
    carry()
    post.error = None
    at_once()
    turn()
    carry()
    assert again(row).offered_again and [parcel.files for parcel in post.given] == [(row.file_name,)]


@pytest.mark.parametrize("bug", [False, True])
def test_a_file_that_cannot_travel_is_given_up_alone(desk: Desk, post: Post, bug: bool) -> None:
    bad, good = queued(desk), queued(desk)
    post.bad = bad.file_name
    if bug:
        post.bad_error = ZeroDivisionError("bug")
    turn()
    carry()
    assert (again(bad).status, state(bad)) == (Status.FAILED, "ERRORE_INVIO")
    assert [parcel.files for parcel in post.given] == [(good.file_name,)]
    assert channel().failures == 0


def test_where_no_parcel_can_be_made_the_channel_rests_and_no_file_has_failed(desk: Desk, post: Post) -> None:
    row = queued(desk)
    post.bad, post.bad_error = (
        row.file_name,
        ChannelError("Chiave illeggibile.", uncertain=False, permanent=True),
    )
    turn()
    assert channel().closed_until and channel().last_error == "Chiave illeggibile."
    assert (again(row).status, again(row).failures, outcomes(row)) == (Status.QUEUED, 0, [])
