"""Parcels: sealed before the network, handed over once, settled by their answer or by receipts of what is inside."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from fattorino import clock
from fattorino.core.errors import ChannelError, SetupError
from fattorino.core.sdi.deadlines import rejection_deadline
from fattorino.hub import tasks_sending
from fattorino.hub.channels.base import Accepted, Fate, Item, Outgoing, Parcel, Raw, Step
from fattorino.hub.flows import channels, collect, consignments, inside, silent_letters, terms, waves
from fattorino.hub.flows.consignments import Told
from fattorino.hub.models import Channel, ChannelUse, Consignment, Submission, Term, Transmission
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
    return Channel.objects.get(kind__in=(Channel.Kind.SDIFTP, Channel.Kind.PEC))


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


def answer(name: str, taken: bool, *, doubtful: bool = False) -> Told:
    text = "Scartato: firma non valida."
    return consignments.answered(channel(), name, taken, text, now=clock.now(), doubtful=doubtful)


def turns_come() -> int:
    """Jobs that will have the channel's turn; they are gone then."""
    found = len(jobs("hub.turn"))
    with connection.cursor() as cursor:
        cursor.execute("delete from procrastinate_jobs where task_name = 'hub.turn'")
    return found


def outcomes(row: Submission) -> list[str]:
    return list(Transmission.objects.filter(submission=row).order_by("id").values_list("outcome", flat=True))


def test_files_are_put_together_up_to_the_number_and_the_size_that_the_way_bears(
    desk: Desk, post: Post
) -> None:
    rows = [queued(desk) for _ in range(4)]
    for _ in range(2):
        turn()
        carry()
    assert [len(parcel.files) for parcel in post.given] == [3, 1]
    size = again(rows[0]).outgoing.size
    Submission.objects.update(status=Status.QUEUED, consignment=None)
    Transmission.objects.update(outcome="not_taken")
    post.room = int(size * 2.5)
    for _ in range(2):
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
    assert answer(post.given[0].name, True) is Told.ALL
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
    assert answer(post.given[0].name, False) is Told.ALL
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
    assert answer(name, False, doubtful=True) is Told.ALL
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


def test_a_letter_of_which_nothing_is_heard_for_a_day_is_in_doubt_and_its_file_offered_again_under_its_name(
    desk: Desk, post: Post
) -> None:
    Channel.objects.update(kind=Channel.Kind.PEC)
    row = queued(desk)
    turn()
    carry()
    day = datetime.timedelta(seconds=settings.HUB_LETTER_SILENCE)
    given = Consignment.objects.get().handed_over_at
    assert given is not None
    later = given + day + datetime.timedelta(seconds=1)
    Channel.objects.update(read_up_to=later)
    assert silent_letters.doubt(now=given + day) == 0
    assert [silent_letters.doubt(now=later) for _ in range(2)] == [1, 0]
    assert (again(row).status, outcomes(row), state(row)) == (
        Status.UNCERTAIN,
        ["unknown"],
        "IN_ELABORAZIONE",
    )
    turn()
    carry()
    assert len(post.given) == 1, "offered again before its receipt could come"
    at_once()
    turn()
    carry()
    assert [parcel.files for parcel in post.given] == [(row.file_name,), (row.file_name,)]
    assert again(row).offered_again


def test_silence_is_only_what_was_listened_to(desk: Desk, post: Post) -> None:
    """A mailbox that could not be read to its end since, or letters that wait to be read, say nothing of a letter."""
    Channel.objects.update(kind=Channel.Kind.PEC)
    queued(desk)
    turn()
    carry()
    given = Consignment.objects.get().handed_over_at
    assert given is not None
    heard = given + datetime.timedelta(seconds=settings.HUB_LETTER_SILENCE + 1)
    later = heard + datetime.timedelta(days=2)
    assert silent_letters.doubt(now=later) == 0
    Channel.objects.update(read_up_to=given + datetime.timedelta(hours=1))
    assert silent_letters.doubt(now=later) == 0
    Channel.objects.update(read_up_to=heard)
    channel = Channel.objects.get()
    before = given + datetime.timedelta(hours=1)
    number = collect.keep(channel, Raw("lettera", b"Subject: CONSEGNA", ""), now=before)
    assert silent_letters.doubt(now=later) == 0
    collect.have_read(number, (), now=later)
    assert silent_letters.doubt(now=later) == 1


def test_of_a_parcel_that_was_given_away_the_first_answer_is_awaited(desk: Desk, post: Post) -> None:
    row = queued(desk)
    turn()
    terms.look(now=clock.now())
    assert not Term.objects.exists()
    carry()
    terms.look(now=clock.now())
    given = Consignment.objects.get().handed_over_at
    assert given is not None
    assert Term.objects.get(submission=row, met_at=None).due_at == rejection_deadline(given)


def test_a_letter_that_was_delivered_and_a_support_that_nobody_fetched_are_not_in_doubt(
    desk: Desk, post: Post
) -> None:
    row = queued(desk)
    turn()
    carry()
    later = clock.now() + datetime.timedelta(days=3)
    Channel.objects.update(read_up_to=later)
    assert silent_letters.doubt(now=later) == 0
    Channel.objects.update(kind=Channel.Kind.PEC)
    answer(post.given[0].name, True)
    assert silent_letters.doubt(now=later) == 0
    assert again(row).status == Status.ACCEPTED


def test_an_answer_that_comes_twice_changes_nothing(desk: Desk, post: Post) -> None:
    row = queued(desk)
    turn()
    carry()
    for taken in (True, True, False):
        assert answer(post.given[0].name, taken) is Told.ALL
    assert again(row).status == Status.ACCEPTED
    assert answer("P9999.001", True) is Told.NOBODY


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


@pytest.mark.parametrize(("room", "together"), [(1_000_000, [3]), (0.5, [1, 1, 1]), (2.5, [2, 1])])
def test_what_is_offered_again_travels_together_as_far_as_it_has_room(
    desk: Desk, post: Post, room: float, together: list[int]
) -> None:
    rows = [queued(desk) for _ in range(3)]
    turn()
    carry()
    assert answer(post.given[0].name, False, doubtful=True) is Told.ALL
    post.room = int(again(rows[0]).outgoing.size * room)
    at_once()
    for _ in together:
        turn()
        carry()
    assert [len(parcel.files) for parcel in post.given[1:]] == together
    assert all(again(row).offered_again for row in rows)


def test_letters_with_one_file_each_are_made_together_and_a_bad_file_keeps_no_other(
    desk: Desk, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [queued(desk) for _ in range(4)]
    post.most, post.bad = 1, rows[1].file_name
    Channel.objects.update(kind=Channel.Kind.PEC)
    monkeypatch.setattr(consignments, "LETTERS", 3)
    waves.begin(desk.company.pk, again(rows[0]).channel_id or 0, 1, now=NOW)
    made = Consignment.objects.order_by("pk")
    # The fourth waits for the next wave.
    assert [bytes(each.content).decode() for each in made] == [rows[0].file_name, rows[2].file_name]
    assert [again(row).consignment_id for row in rows] == [made[0].pk, None, made[1].pk, None]
    assert [again(row).status for row in rows] == [
        Status.SENDING,
        Status.FAILED,
        Status.SENDING,
        Status.QUEUED,
    ]
    assert sorted(job["args"]["consignment_id"] for job in jobs("hub.hand_over")) == [
        each.pk for each in made
    ]


def test_a_letter_that_is_made_again_takes_the_place_of_the_first(
    desk: Desk, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = queued(desk)
    post.most = 1
    monkeypatch.setattr(post, "prepare", lambda files, **_: Parcel("<sdi.x@y>", b"x", (files[0].file_name,)))
    turn()
    first = Consignment.objects.get()
    Consignment.objects.update(status=Parcels.REFUSED, answer="No.", answered_at=NOW)
    Submission.objects.filter(pk=row.pk).update(status=Status.QUEUED, consignment=None)
    turn()
    made = Consignment.objects.get()
    assert (made.pk, made.status, made.answer, made.answered_at) == (first.pk, Parcels.SEALED, "", None)
    assert again(row).consignment_id == first.pk
    assert {job["args"]["consignment_id"] for job in jobs("hub.hand_over")} == {first.pk}


# ------------------------------------------------------------------------------- a job that comes before its hour


def back(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Our clock stands so much behind."""
    real = clock.now()
    monkeypatch.setattr(tasks_sending.clock, "now", lambda: real - datetime.timedelta(seconds=seconds))


def test_who_comes_too_early_by_our_clock_comes_again_and_nobody_comes_twice(
    desk: Desk, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued(desk)
    turn()
    post.error = NO_ROOM
    carry()
    post.error = None
    [waiting] = jobs("hub.hand_over")
    back(monkeypatch, 60)
    carry()
    assert [job["args"] for job in jobs("hub.hand_over")] == [waiting["args"]]
    # The sweep may have called as well: of two that come too early one is left.
    consignments.defer_hand_over(Consignment.objects.get())
    for _ in range(3):
        carry()
        assert len(jobs("hub.hand_over")) == 1
    monkeypatch.undo()
    monkeypatch.setattr(channels, "port", lambda row: post)
    at_once()
    carry()
    assert len(post.given) == 1


# ------------------------------------------------------------------------------------------- files gather


def one_goes_ahead(desk: Desk, post: Post, *, behind: int) -> list[Submission]:
    """A parcel with one file is made, and so many files wait behind it."""
    rows = [queued(desk) for _ in range(1 + behind)]
    post.most = 1
    turn()
    post.most = 3
    return rows


def test_while_a_parcel_waits_for_room_files_gather_for_the_next_one(desk: Desk, post: Post) -> None:
    one_goes_ahead(desk, post, behind=3)
    post.error = NO_ROOM
    for _ in range(3):
        carry()
        at_once()
        turn()
    assert Consignment.objects.count() == 1
    turns_come()
    post.error = None
    carry()
    assert turns_come() == 1, "the channel is not woken when the parcel has gone"
    turn()
    carry()
    assert [len(parcel.files) for parcel in post.given] == [1, 3]


@pytest.mark.parametrize(
    "road", ["laid", "refused", "doubtful", "killed before", "killed after", "answered", "resting"]
)
def test_whatever_becomes_of_the_parcel_that_waits_the_files_behind_it_go(
    desk: Desk, post: Post, road: str
) -> None:
    first, behind = one_goes_ahead(desk, post, behind=1)
    parcel = Consignment.objects.get()
    turns_come()
    if road == "refused":
        post.error = ChannelError("Nodo sconosciuto.", uncertain=False, permanent=True)
    elif road == "doubtful":
        post.error = LOST
    elif road == "killed before":
        pass  # before it began: the job comes again
    elif road == "killed after":
        consignments.begin(parcel.pk, desk.company.pk, now=clock.now())
    elif road == "answered":
        consignments.begin(parcel.pk, desk.company.pk, now=clock.now())
        assert answer(parcel.name, True) is Told.ALL
    elif road == "resting":
        Channel.objects.update(closed_until=clock.now() + datetime.timedelta(minutes=5), failures=5)
        carry()
        assert Consignment.objects.get().status == Parcels.SEALED and turns_come() == 0
        Channel.objects.update(closed_until=clock.now())
        Consignment.objects.update(next_attempt_at=None)
    if road != "answered":
        carry()
    assert turns_come() == 1
    post.error = None
    Channel.objects.update(closed_until=None, failures=0)
    turn()
    carry()
    assert behind.file_name in [name for given in post.given for name in given.files]
    assert again(first).status in (Status.SENDING, Status.UNCERTAIN, Status.ACCEPTED, Status.FAILED)


def test_where_the_way_cannot_be_set_up_the_parcel_waits_until_it_can(
    desk: Desk, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = queued(desk)
    turn()

    def broken(channel: Channel) -> Post:
        raise SetupError("La chiave non si legge.")

    with monkeypatch.context() as patch:
        patch.setattr(channels, "port", broken)
        carry()
    assert (Consignment.objects.get().status, again(row).failures) == (Parcels.SEALED, 0)
    assert channel().closed_until and channel().last_error == "La chiave non si legge."
    at_once()
    carry()
    assert len(post.given) == 1


def test_a_channel_that_gathers_is_not_looked_at_all_the_time(desk: Desk, post: Post) -> None:
    one_goes_ahead(desk, post, behind=1)
    with connection.cursor() as cursor:
        cursor.execute("delete from procrastinate_jobs where task_name in ('hub.turn', 'hub.wake')")
    assert waves.begin(desk.company.pk, channel().pk, 1, now=clock.now()) is None
    assert jobs("hub.turn") == jobs("hub.wake") == []


def test_what_travels_alone_does_not_gather(desk: Desk, post: Post) -> None:
    Channel.objects.update(kind=Channel.Kind.PEC)
    post.most = 1
    queued(desk), queued(desk)
    tasks_sending.turn(desk.company.pk, Channel.objects.get(kind=Channel.Kind.PEC).pk, 1)
    assert Consignment.objects.count() == 2


def test_a_parcel_is_made_once_where_nothing_is_wrong_with_its_files(
    desk: Desk, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    whole = post.prepare
    monkeypatch.setattr(
        post, "prepare", lambda files, **more: made.append(len(files)) or whole(files, **more)
    )
    for _ in range(3):
        queued(desk)
    turn()
    assert made == [3]


# --------------------------------------------------------------------------------------- settled in portions


class Killed(BaseException):
    """The worker dies here."""


@pytest.fixture
def two_portions(desk: Desk, post: Post, monkeypatch: pytest.MonkeyPatch) -> list[Submission]:
    """Three files in a parcel that is settled two at a time."""
    monkeypatch.setattr(inside, "AT_ONCE", 2)
    rows = [queued(desk) for _ in range(3)]
    turn()
    return rows


def told_of(rows: list[Submission]) -> list[int]:
    return [history(row).count(("HubHandedOver", "recorded")) for row in rows]


def die_after(monkeypatch: pytest.MonkeyPatch, function: str, portions: int) -> None:
    """Whoever begins the next portion after so many dies."""
    real, left = getattr(consignments, function), [portions]

    def dying(*given: Any, **more: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise Killed
        return real(*given, **more)

    monkeypatch.setattr(consignments, function, dying)


def test_every_file_of_a_parcel_of_several_portions_is_told_once_and_answered(
    desk: Desk, post: Post, two_portions: list[Submission]
) -> None:
    carry()
    assert told_of(two_portions) == [1, 1, 1]
    name = post.given[0].name
    assert answer(name, True) is Told.SOME
    # Half of it is settled: the parcel still waits, so whoever reads the answer again goes on.
    assert Consignment.objects.get().status == Parcels.HANDED_OVER
    assert [again(row).status for row in two_portions].count(Status.ACCEPTED) == 2
    assert answer(name, True) is Told.ALL
    assert Consignment.objects.get().status == Parcels.TAKEN
    assert {again(row).status for row in two_portions} == {Status.ACCEPTED}
    assert [outcomes(row) for row in two_portions] == [["accepted"]] * 3


def test_a_death_while_it_is_told_that_a_parcel_was_given_away_leaves_nothing_in_doubt(
    desk: Desk, post: Post, two_portions: list[Submission], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        die_after(patch, "handed_over", 1)
        with pytest.raises(Killed):
            carry()
    assert Consignment.objects.get().status == Parcels.HANDED_OVER
    assert told_of(two_portions) == [1, 1, 0]
    consignments.defer_hand_over(Consignment.objects.get())  # as the rescue does
    carry()
    assert told_of(two_portions) == [1, 1, 1] and len(post.given) == 1
    assert [outcomes(row) for row in two_portions] == [["open"]] * 3


def test_a_refused_parcel_gives_its_files_back_in_portions(
    desk: Desk, post: Post, two_portions: list[Submission]
) -> None:
    carry()
    name = post.given[0].name
    assert answer(name, False) is Told.SOME
    assert sorted(again(row).status for row in two_portions) == [Status.QUEUED] * 2 + [Status.SENDING]
    # The first two go again at once, before the third is free.
    at_once()
    turn()
    assert answer(name, False) is Told.ALL
    assert [outcomes(row)[0] for row in two_portions] == ["not_taken"] * 3
    at_once()
    for _ in range(2):
        carry()
        turn()
    carry()
    assert sorted(name for parcel in post.given[1:] for name in parcel.files) == sorted(
        row.file_name for row in two_portions
    )


def test_a_suspended_parcel_is_put_in_doubt_in_portions_each_file_once(
    desk: Desk, post: Post, two_portions: list[Submission]
) -> None:
    carry()
    name = post.given[0].name
    assert [answer(name, False, doubtful=True) for _ in range(3)] == [Told.SOME, Told.ALL, Told.ALL]
    assert {again(row).status for row in two_portions} == {Status.UNCERTAIN}
    assert [history(row).count(("HubUncertain", "recorded")) for row in two_portions] == [1, 1, 1]


@pytest.mark.parametrize("fate", ["sent", "not_sent"])
def test_a_parcel_in_doubt_is_doubted_asked_and_settled_in_portions(
    desk: Desk, post: Post, two_portions: list[Submission], fate: Fate
) -> None:
    consignments.begin(Consignment.objects.get().pk, desk.company.pk, now=clock.now())
    post.fate = fate
    carry()
    assert Consignment.objects.get().status == Parcels.SENDING, "in doubt before all in it is"
    carry()
    assert Consignment.objects.get().status == Parcels.UNCERTAIN
    assert [history(row).count(("HubUncertain", "recorded")) for row in two_portions] == [1, 1, 1]
    Consignment.objects.update(next_attempt_at=None)
    carry()
    assert post.given == []
    wanted = (Parcels.HANDED_OVER, Status.SENDING) if fate == "sent" else (Parcels.REFUSED, Status.QUEUED)
    assert Consignment.objects.get().status == wanted[0]
    assert {again(row).status for row in two_portions} == {wanted[1]}


def test_a_death_while_a_parcel_that_cannot_go_is_given_up_loses_no_file(
    desk: Desk, post: Post, two_portions: list[Submission], monkeypatch: pytest.MonkeyPatch
) -> None:
    post.error = ChannelError("Nodo sconosciuto.", uncertain=False, permanent=True)
    with monkeypatch.context() as patch:
        die_after(patch, "not_handed_over", 1)
        with pytest.raises(Killed):
            carry()
    assert sorted(again(row).status for row in two_portions) == [Status.FAILED] * 2 + [Status.SENDING]
    consignments.defer_hand_over(Consignment.objects.get())  # as the rescue does
    post.error, post.fate = None, "not_sent"
    for _ in range(3):
        Consignment.objects.update(next_attempt_at=None)
        carry()
    assert Consignment.objects.get().status == Parcels.REFUSED
    assert [again(row).status for row in two_portions].count(Status.QUEUED) == 1


def test_files_of_which_an_earlier_attempt_may_have_arrived_leave_a_parcel_that_was_refused(
    desk: Desk, post: Post, two_portions: list[Submission], settings: Any
) -> None:
    settings.HUB_RETRY_PAUSES = []
    for row in two_portions:
        Transmission.objects.filter(submission=row).update(outcome="unknown")
        Transmission.objects.create(company=desk.company, submission=row, channel=channel(), started_at=NOW)
    Consignment.objects.update(status=Parcels.HANDED_OVER)
    name = Consignment.objects.get().name
    assert [answer(name, False) for _ in range(2)] == [Told.SOME, Told.ALL]
    assert {(again(row).status, again(row).consignment_id) for row in two_portions} == {
        (Status.UNCERTAIN, None)
    }
