"""Turns: who has much to send does not keep who has little; pace, breaker, second way, what a dead turn leaves."""

from __future__ import annotations

import datetime
import threading
import uuid
from collections.abc import Sequence
from copy import copy
from typing import Any

import pytest
from django.db import connection

from fattorino import clock
from fattorino.core.errors import ChannelError
from fattorino.hub import tasks_sending
from fattorino.hub.channels.base import Accepted, Alone, Outgoing, Result, Step, Untried
from fattorino.hub.flows import channels, health, transmit, turns, waves
from fattorino.hub.models import Channel, ChannelUse, Submission, Transmission
from fattorino.organisations.scope import company_scope
from fattorino.workflow.models import Document, StateChange
from tests.desk import NOW, Desk, jobs, run_jobs
from tests.hub.letters import again, answered, begin, history, queued, state

Status = Submission.Status
DOWN = ChannelError("SdI è fuori servizio.", uncertain=False)
LOST = ChannelError("La connessione si è interrotta.", uncertain=True)


class Line(Alone):
    """A way that answers what it is told; remembers what went out, and how many at the same time."""

    def __init__(self, answer: Any = None) -> None:
        self.answer = answer
        self.sent: list[str] = []
        self.together = self.most_together = 0
        self._lock = threading.Lock()

    def send(self, file: Outgoing) -> Accepted:
        with self._lock:
            self.together += 1
            self.most_together = max(self.most_together, self.together)
            self.sent.append(file.file_name)
        try:
            answer = self.answer(file) if callable(self.answer) else self.answer
            if isinstance(answer, Exception):
                raise answer
            return Accepted(str(1000 + len(self.sent)), NOW)
        finally:
            with self._lock:
                self.together -= 1

    def examine(self, *, now: datetime.datetime) -> Sequence[Step]:
        return ()


@pytest.fixture(autouse=True)
def _settings(settings: Any) -> None:
    settings.HUB_UNCERTAIN_WAIT, settings.HUB_RETRY_PAUSES = 3600.0, [5.0, 30.0, 120.0]


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Line:
    made = Line()
    monkeypatch.setattr(channels, "port", lambda row: made)
    return made


def many(desk: Desk, number: int) -> list[Submission]:
    """So many that wait to be sent: one as the desk makes it, the others like it."""
    first = queued(desk)
    rows = [first]
    for _ in range(number - 1):
        rows.append(queued(desk))
    return rows


def turn(channel: Channel, slot: int = 1) -> None:
    with connection.cursor() as cursor:
        cursor.execute("delete from procrastinate_jobs where task_name in ('hub.turn', 'hub.wake')")
    tasks_sending.turn(channel.company_id, channel.pk, slot)


def later(seconds: float) -> datetime.datetime:
    return NOW + datetime.timedelta(seconds=seconds)


def channel_of(row: Submission) -> Channel:
    return Channel.objects.get(pk=again(row).channel_id)


def wait(desk: Desk, row: Submission, copies: int) -> None:
    """So many more that wait like this one, without the way that leads there: for figures."""
    documents, submissions = [], []
    for number in range(copies):
        document = Document.objects.get(pk=row.document_id) if not number else copy(documents[0])
        document.pk, document.change_seq = None, 10**9 + number
        documents.append(document)
    Document.objects.bulk_create(documents, batch_size=1000)
    for document in documents:
        submission = copy(row)
        submission.pk, submission.document, submission.run = None, document, uuid.uuid4()
        submission.base_name = submission.file_name = f"IT00000000000_{document.pk}"
        submissions.append(submission)
    Submission.objects.bulk_create(submissions, batch_size=1000)


def test_what_a_turn_takes_is_sent_at_the_same_time_and_no_more_than_the_channel_allows(
    desk: Desk, line: Line
) -> None:
    rows = many(desk, 3)
    barrier = threading.Barrier(2, timeout=20)
    line.answer = lambda file: barrier.wait() and None if file.file_name != rows[2].file_name else None
    Channel.objects.update(concurrency=4)  # two slots with two files each
    turn(channel_of(rows[0]))
    assert line.most_together == 2
    assert line.sent[:2] != line.sent[1:] and len(line.sent) == 3
    assert {again(row).status for row in rows} == {Status.ACCEPTED}
    assert {state(row) for row in rows} == {"IN_ATTESA_ESITO"}


def test_all_slots_together_send_as_many_files_as_the_channel_allows() -> None:
    for concurrency in (1, 2, 3, 4, 7, 16, 33, 100):
        channel = Channel(concurrency=concurrency)
        slots = range(1, turns.slots(channel) + 1)
        assert sum(turns.width(channel, slot) for slot in slots) == concurrency
        assert all(1 <= turns.width(channel, slot) <= turns.WIDE for slot in slots)


def test_who_has_thousands_waiting_does_not_keep_who_has_one(
    desk: Desk, other_desk: Desk, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one with one file is behind at most one turn of each slot of the one with 10,000."""
    monkeypatch.setattr(tasks_sending, "SECONDS", 0.0)  # a turn is one wave
    crowd = queued(desk)
    wait(desk, crowd, 10_000)
    turns.wake(channel_of(crowd), files=10_000)
    with company_scope(other_desk.company.pk):
        single = queued(other_desk)
        alone = single.channel_id
    ran = []
    while not any(job["args"]["channel_id"] == alone for job in ran):
        [job, *_] = jobs("hub.turn")
        with connection.cursor() as cursor:
            cursor.execute("delete from procrastinate_jobs where id = %s", [job["id"]])
        tasks_sending.turn(**job["args"])
        ran.append(job)
    assert len(ran) <= turns.slots(channel_of(crowd)) + 1
    with company_scope(other_desk.company.pk):
        assert again(single).status == Status.ACCEPTED
    assert len(line.sent) <= 5
    # And the others' next turns stand behind.
    assert {job["args"]["channel_id"] for job in jobs("hub.turn")} == {crowd.channel_id}


def test_a_single_file_goes_before_those_of_a_bulk_run(desk: Desk) -> None:
    row = queued(desk)
    Submission.objects.filter(pk=row.pk).update(priority=turns.BEHIND_OTHERS)
    wait(desk, row, 5)
    wave = waves.begin(row.company_id, row.channel_id or 0, 1, now=NOW)
    assert wave and row.pk not in {claimed.submission_id for claimed in wave.files}


def test_a_job_that_waits_is_enough_for_what_is_queued_meanwhile(desk: Desk) -> None:
    rows = many(desk, 4)
    channel = channel_of(rows[0])
    assert len(jobs("hub.turn")) <= turns.slots(channel)
    turns.wake(channel)
    assert len(jobs("hub.turn")) <= turns.slots(channel)


def test_behind_a_job_that_runs_another_comes(desk: Desk) -> None:
    row = queued(desk)
    channel = channel_of(row)
    with connection.cursor() as cursor:
        cursor.execute("delete from procrastinate_jobs where task_name = 'hub.turn'")
    for slot in range(1, turns.slots(channel) + 1):
        turns.wake(channel, slot=slot)
    with connection.cursor() as cursor:
        cursor.execute("update procrastinate_jobs set status = 'doing' where task_name = 'hub.turn'")
    turns.wake(channel)
    assert len(jobs("hub.turn")) == 1


def test_a_dead_turns_files_are_in_doubt_and_those_of_another_slot_are_left_alone(desk: Desk) -> None:
    first, second = many(desk, 2)
    Channel.objects.update(concurrency=2)
    channel = channel_of(first)
    assert waves.begin(channel.company_id, channel.pk, 1, now=NOW)
    assert waves.begin(channel.company_id, channel.pk, 2, now=NOW)
    assert waves.begin(channel.company_id, channel.pk, 1, now=later(9)) is None
    assert (again(first).status, again(second).status) == (Status.UNCERTAIN, Status.SENDING)


def test_a_job_of_the_time_before_there_were_turns_still_sends(desk: Desk, line: Line) -> None:
    row = queued(desk)
    Submission.objects.filter(pk=row.pk).update(channel=None)
    with connection.cursor() as cursor:
        cursor.execute("delete from procrastinate_jobs")
    tasks_sending.transmit(row.company_id, row.pk)
    run_jobs()
    assert again(row).status == Status.ACCEPTED and line.sent == [row.file_name]


def test_an_attempt_of_that_time_that_was_left_open_is_in_doubt(desk: Desk, line: Line) -> None:
    row = queued(desk)
    Submission.objects.filter(pk=row.pk).update(channel=None, status=Status.SENDING)
    Transmission.objects.create(company_id=row.company_id, submission=row, started_at=NOW)
    tasks_sending.transmit(row.company_id, row.pk)
    run_jobs()
    assert again(row).status == Status.UNCERTAIN and line.sent == []


# ------------------------------------------------------------------------------------------------------- pace


def test_in_no_minute_more_files_go_than_the_pace_allows(desk: Desk) -> None:
    row = queued(desk)
    channel = channel_of(row)
    channel.pace = 30
    gone: list[float] = []
    for second in range(0, 300):
        free = health.room(channel, 100, now=later(second))
        health.spend(channel, free, now=later(second))
        gone += [second] * free
    assert all(sum(at <= each < at + 60 for each in gone) <= 30 for at in range(240))
    assert len(gone) >= 5 * 30 * 0.9


def test_what_the_pace_keeps_back_has_a_job_that_comes_for_it(desk: Desk, line: Line) -> None:
    rows = many(desk, 2)
    Channel.objects.update(pace=1)
    turn(channel_of(rows[0]))
    assert len(line.sent) == 1 and again(rows[1]).status == Status.QUEUED
    [job] = jobs("hub.wake")
    assert job["args"]["channel_id"] == rows[0].channel_id


# ---------------------------------------------------------------------------------------------------- breaker


def test_after_several_failures_in_a_row_nothing_is_tried_and_no_file_loses_an_attempt(
    desk: Desk, line: Line
) -> None:
    row = queued(desk)
    wait(desk, row, 30)
    Channel.objects.update(concurrency=8)
    line.answer = DOWN
    turn(channel_of(row))
    turn(channel_of(row), 2)
    channel = channel_of(row)
    assert channel.failures >= health.BREAKS_AT and channel.closed_until and channel.last_error == DOWN.text
    tried = len(line.sent)
    turn(channel)
    assert len(line.sent) == tried <= 12
    assert Submission.objects.filter(failures__gt=0).count() == tried
    assert len(jobs("hub.wake")) == 1


def test_when_the_rest_is_over_one_file_goes_ahead_and_a_success_lets_the_others_follow(
    desk: Desk, line: Line
) -> None:
    row = queued(desk)
    wait(desk, row, 9)
    past = clock.now() - datetime.timedelta(seconds=1)
    Channel.objects.update(failures=9, closed_until=past, last_failed_at=past, concurrency=8)
    line.answer = DOWN
    turn(channel_of(row), 2)
    assert line.sent == []
    turn(channel_of(row))
    assert len(line.sent) == 1
    channel = channel_of(row)
    assert channel.closed_until and channel.closed_until > clock.now()
    Channel.objects.update(closed_until=past)
    line.answer = None
    turn(channel)
    channel = channel_of(row)
    assert (channel.failures, channel.closed_until) == (0, None)
    assert Submission.objects.filter(status=Status.ACCEPTED).count() == 9


def test_a_channel_known_to_be_wrong_takes_no_further_file_down_with_it(desk: Desk, line: Line) -> None:
    """An expired certificate: whoever goes ahead after a rest to see waits again as the others do; a file that is
    refused so again and again is told at last, and keeps the others from nothing."""
    row = queued(desk)
    wait(desk, row, 9)
    line.answer = ChannelError("Certificato scaduto.", uncertain=False, permanent=True)
    ended = Submission.objects.filter(status=Status.FAILED)
    for _ in range(3):
        past = clock.now() - datetime.timedelta(seconds=1)
        Channel.objects.update(failures=9, closed_until=past, last_failed_at=past)
        Submission.objects.exclude(next_attempt_at=None).update(next_attempt_at=past)
        turn(channel_of(row))
    assert len(line.sent) == 3 and not ended.exists()
    Submission.objects.filter(failures__gt=0).update(failures=99, next_attempt_at=None, priority=1)
    Channel.objects.update(failures=9, closed_until=past, last_failed_at=past)
    turn(channel_of(row))
    assert ended.count() == 1


def test_the_rests_grow_up_to_a_limit(desk: Desk) -> None:
    row = queued(desk)
    at, rests = NOW, []
    for _ in range(40):
        health.note(channel_of(row), [DOWN] * health.BREAKS_AT, now=at)
        until = channel_of(row).closed_until
        assert until
        rests.append((until - at).total_seconds())
        at = until
    assert rests[0] <= 30 * 1.25 and max(rests) <= 120 and sum(rests[-10:]) > sum(rests[:1])


def test_a_file_at_fault_does_not_count_against_the_channel(desk: Desk, line: Line) -> None:
    rows = many(desk, 2)
    line.answer = ChannelError("Il file è vuoto.", uncertain=False, permanent=True, of_file=True)
    for row in rows:
        answered(row, line.answer) if begin_all(rows) else None
    assert channel_of(rows[0]).failures == 0
    assert {state(row) for row in rows} == {"ERRORE_INVIO"}


def begin_all(rows: list[Submission]) -> bool:
    """A turn that takes them all begins, once."""
    if again(rows[0]).status == Status.QUEUED:
        waves.begin(rows[0].company_id, again(rows[0]).channel_id or 0, 1, now=NOW)
    return True


def test_where_there_is_no_room_now_nobody_has_failed(desk: Desk) -> None:
    row = queued(desk)
    begin(row)
    answered(row, ChannelError("Nessun posto.", uncertain=False, no_room=True))
    assert (again(row).status, again(row).failures, channel_of(row).failures) == (Status.QUEUED, 0, 0)


def test_a_channel_that_cannot_be_set_up_rests_and_no_file_has_failed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = queued(desk)

    def broken(_: Channel) -> None:
        raise KeyError("no such kind")

    monkeypatch.setattr(channels, "port", broken)
    turn(channel_of(row))
    assert channel_of(row).closed_until and channel_of(row).last_error
    assert (again(row).status, again(row).failures) == (Status.QUEUED, 0)
    assert not Transmission.objects.exists()


def test_what_was_not_even_begun_waits_again_and_has_lost_nothing(desk: Desk) -> None:
    """The way failed with one file of a portion; of the rest only what was in doubt before is in doubt."""
    lost, fresh = many(desk, 2)
    Channel.objects.update(concurrency=4)
    channel = channel_of(lost)
    waves.begin(channel.company_id, channel.pk, 1, now=NOW)
    waves.end(channel.company_id, channel.pk, 1, {lost.pk: LOST, fresh.pk: Untried()}, now=NOW)
    assert (again(fresh).status, again(fresh).failures) == (Status.QUEUED, 0)
    assert not Transmission.objects.filter(submission=fresh).exists()
    wave = waves.begin(channel.company_id, channel.pk, 1, now=later(3601))
    assert wave and {each.submission_id for each in wave.files} == {lost.pk, fresh.pk}
    waves.end(channel.company_id, channel.pk, 1, {lost.pk: Untried(), fresh.pk: Untried()}, now=later(3601))
    assert (again(lost).status, again(lost).next_attempt_at) == (Status.UNCERTAIN, later(3601))
    assert again(fresh).status == Status.QUEUED
    assert not Transmission.objects.filter(outcome=Transmission.Outcome.OPEN).exists()


class Wide(Line):
    """A way that sends many files by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.portions: list[int] = []
        self.failing = False

    def send_many(self, files: Sequence[Outgoing], *, width: int) -> Sequence[Result | Exception]:
        self.portions.append(len(files))
        if self.failing:
            return [DOWN, *[Untried()] * (len(files) - 1)]
        return [self.send(file) for file in files]


def test_portions_grow_while_files_go_fast_and_only_as_far_as_memory_and_the_limit_allow(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide = Wide()
    monkeypatch.setattr(channels, "port", lambda row: wide)
    monkeypatch.setattr(tasks_sending, "TOGETHER_SECONDS", 1e6)  # however slow the machine
    monkeypatch.setattr(tasks_sending, "SECONDS", 1e6)
    row = queued(desk)
    wait(desk, row, 400)
    Channel.objects.update(concurrency=8)
    turn(channel_of(row))
    assert wide.portions[0] == 4 and max(wide.portions) == tasks_sending.TOGETHER_MOST
    assert sum(wide.portions) == 401 == len(set(wide.sent))
    monkeypatch.setattr(turns, "ROOM", 2 * len(again(row).outgoing.content))  # type: ignore[union-attr]
    Submission.objects.update(status=Status.QUEUED)
    wide.portions.clear()
    turn(channel_of(row))
    assert set(wide.portions) <= {1, 2} and sum(wide.portions) == 401


def test_a_portion_of_a_way_that_fails_costs_one_file_an_attempt(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide = Wide()
    wide.failing = True
    monkeypatch.setattr(channels, "port", lambda row: wide)
    row = queued(desk)
    wait(desk, row, 30)
    Channel.objects.update(concurrency=16)
    turn(channel_of(row))
    assert Submission.objects.filter(failures__gt=0).count() == health.BREAKS_AT == len(wide.portions)
    assert set(wide.portions) == {8} and channel_of(row).closed_until


# ----------------------------------------------------------------------------------------------------- poison


def test_a_file_that_breaks_the_program_stops_no_other_and_does_not_come_back_for_ever(
    desk: Desk, line: Line
) -> None:
    bad, good = many(desk, 2)

    def answer(file: Outgoing) -> Exception | None:
        return ZeroDivisionError("bug") if file.file_name == bad.file_name else None

    line.answer = answer
    turn(channel_of(bad))
    assert again(good).status == Status.ACCEPTED
    # The network may have been touched: never told as not sent.
    assert (again(bad).status, state(bad)) == (Status.UNCERTAIN, "IN_ELABORAZIONE")
    for _ in range(5):
        Submission.objects.filter(pk=bad.pk, next_attempt_at__isnull=False).update(next_attempt_at=NOW)
        turn(channel_of(bad))
    assert line.sent.count(bad.file_name) == transmit.BROKEN_AT
    assert again(bad).next_attempt_at is None and ("HubSetAside", "recorded") in history(bad)


def test_an_answer_that_cannot_be_told_to_its_document_is_kept_and_the_others_are_told(
    desk: Desk, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = many(desk, 2)
    whole = transmit._take

    def take(company_id: int, taken: Any, now: datetime.datetime) -> None:
        if any(row.pk == bad.pk for row, _ in taken):
            raise ZeroDivisionError("bug")
        whole(company_id, taken, now)

    monkeypatch.setattr(transmit, "_take", take)
    turn(channel_of(bad))
    assert (again(good).status, again(bad).status) == (Status.ACCEPTED, Status.ACCEPTED)
    assert again(bad).identificativo_sdi and state(good) == "IN_ATTESA_ESITO"
    turn(channel_of(bad))
    assert sorted(line.sent) == sorted([bad.file_name, good.file_name])


# -------------------------------------------------------------------------------------------------- second way


@pytest.fixture
def second(desk: Desk) -> Channel:
    return Channel.objects.create(
        company=desk.company, label="Riserva", settings={"url": "https://b.example"}
    )


def give_second_way(row: Submission, second: Channel) -> None:
    ChannelUse.objects.create(
        company_id=row.company_id, dashboard="", channel=channel_of(row), fallback=second
    )


def test_what_was_given_up_goes_the_second_way_with_its_reason_in_the_history(
    desk: Desk, second: Channel
) -> None:
    row = queued(desk)
    give_second_way(row, second)
    begin(row)
    answered(row, ChannelError("Canale non abilitato.", uncertain=False, permanent=True))
    assert (again(row).status, again(row).channel_id) == (Status.QUEUED, second.pk)
    told = StateChange.objects.get(document_id=row.document_id, event="HubOtherWay").message
    assert "«Riserva»" in told and "Canale non abilitato." in told
    # Given up there too: not back to the first.
    begin(row)
    answered(row, ChannelError("Nemmeno qui.", uncertain=False, permanent=True))
    assert (again(row).status, state(row)) == (Status.FAILED, "ERRORE_INVIO")


def test_what_may_have_arrived_does_not_go_the_second_way(desk: Desk, second: Channel) -> None:
    row = queued(desk)
    give_second_way(row, second)
    begin(row)
    answered(row, LOST)
    begin(row, later(3601))
    answered(row, ChannelError("Canale non abilitato.", uncertain=False, permanent=True), later(3601))
    assert (again(row).status, again(row).channel_id) == (Status.UNCERTAIN, row.channel_id)


def test_while_the_first_way_rests_what_was_not_sent_goes_the_second(
    desk: Desk, second: Channel, line: Line
) -> None:
    doubtful, fresh = many(desk, 2)
    give_second_way(doubtful, second)
    Channel.objects.filter(pk=doubtful.channel_id).update(concurrency=1)
    begin(doubtful)
    answered(doubtful, LOST)
    until = clock.now() + datetime.timedelta(hours=1)
    Channel.objects.filter(pk=doubtful.channel_id).update(closed_until=until, failures=9, last_error="giù")
    turn(channel_of(doubtful))
    assert again(fresh).channel_id == second.pk and again(doubtful).channel_id != second.pk
    assert [job["args"]["channel_id"] for job in jobs("hub.turn")] == [second.pk]


def test_a_person_is_not_asked_to_carry_what_will_go_by_itself_after_a_rest(
    desk: Desk, second: Channel, line: Line
) -> None:
    row = queued(desk)
    give_second_way(row, second)
    Channel.objects.filter(pk=second.pk).update(kind=Channel.Kind.BY_HAND)
    until = clock.now() + datetime.timedelta(hours=1)
    Channel.objects.filter(pk=row.channel_id).update(closed_until=until)
    turn(channel_of(row))
    assert (again(row).status, again(row).channel_id) == (Status.QUEUED, row.channel_id)


def test_what_waits_on_a_channel_that_is_switched_off_goes_the_way_that_is_chosen_now(
    desk: Desk, second: Channel, line: Line
) -> None:
    row = queued(desk)
    ChannelUse.objects.create(company_id=row.company_id, dashboard="", channel=second)
    Channel.objects.filter(pk=row.channel_id).update(active=False)
    turn(channel_of(row))
    assert (again(row).status, again(row).channel_id, line.sent) == (Status.QUEUED, second.pk, [])
    assert [job["args"]["channel_id"] for job in jobs("hub.turn")] == [second.pk]


def test_what_goes_by_hand_waits_for_a_person(desk: Desk) -> None:
    other = Channel.objects.create(company=desk.company, kind=Channel.Kind.BY_HAND)
    ChannelUse.objects.create(company=desk.company, dashboard="", channel=other)
    row = queued(desk)
    assert (row.status, row.channel_id, jobs("hub.turn")) == (Status.BY_HAND, other.pk, [])
    assert ("HubByHand", "recorded") in history(row)
