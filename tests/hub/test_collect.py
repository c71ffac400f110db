"""Fetching: stored before it is forgotten, once by its bytes, read by a job; what cannot be read is kept and said."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterator, Sequence

import pytest
from django.db import connection

from fattorino import clock
from fattorino.core.errors import ChannelError, InputError
from fattorino.documents.models import Reception
from fattorino.hub import tasks_collecting
from fattorino.hub.channels.base import (
    Alone,
    AnswerItem,
    InvoiceItem,
    Item,
    MessageItem,
    OtherItem,
    Raw,
    Step,
)
from fattorino.hub.flows import channel_settings, channels, collect, consignments, maintenance
from fattorino.hub.flows.consignments import Told
from fattorino.hub.models import Channel, Collected, Message
from fattorino.organisations.scope import company_scope
from tests.desk import NOW, Desk, jobs, run_jobs
from tests.hub.letters import again, letter, queued, state


class Mailbox(Alone):
    """Letters in their order; the cursor is the number of the last one that was fetched."""

    def __init__(self) -> None:
        self.letters: list[tuple[str, bytes]] = []
        self.items: dict[bytes, Sequence[Item]] = {}
        self.forgotten: list[str] = []
        self.error: Exception | None = None
        self.read_error: Exception | None = None

    def fetch(self, cursor: str) -> Iterator[Raw]:
        for place, (name, content) in enumerate(self.letters):
            if place >= int(cursor or 0):
                yield Raw(name, content, str(place + 1))
        if self.error:
            raise self.error

    def read(self, raw: Raw) -> Sequence[Item]:
        if self.read_error:
            raise self.read_error
        return self.items.get(raw.content, ())

    def done(self, raw: Raw) -> None:
        stored = Collected.objects.filter(sha256=hashlib.sha256(raw.content).hexdigest())
        assert stored.exists(), "forgotten before it was stored"
        self.forgotten.append(raw.name)


@pytest.fixture
def mailbox(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Mailbox:
    made = Mailbox()
    monkeypatch.setattr(channels, "port", lambda row: made)
    return made


@pytest.fixture
def channel(desk: Desk) -> Channel:
    return Channel.objects.create(company=desk.company, kind=Channel.Kind.PEC)


def visit(channel: Channel) -> None:
    tasks_collecting.visit(channel.company_id, channel.pk)


def test_what_came_is_stored_with_the_cursor_before_the_way_forgets_it(
    desk: Desk, mailbox: Mailbox, channel: Channel
) -> None:
    mailbox.letters = [("a.eml", b"one"), ("b.eml", b"two")]
    visit(channel)
    assert list(Collected.objects.order_by("pk").values_list("name", flat=True)) == ["a.eml", "b.eml"]
    assert mailbox.forgotten == ["a.eml", "b.eml"]
    channel.refresh_from_db()
    assert channel.cursor == "2" and channel.collected_at
    visit(channel)
    assert Collected.objects.count() == 2 and len(mailbox.forgotten) == 2


def test_what_is_passed_over_only_moves_the_cursor(desk: Desk, mailbox: Mailbox, channel: Channel) -> None:
    mailbox.letters = [("a.eml", b"one"), ("", b"")]
    visit(channel)
    assert Collected.objects.count() == 1
    channel.refresh_from_db()
    assert channel.cursor == "2"


def test_the_same_bytes_again_are_the_same_thing(desk: Desk, mailbox: Mailbox, channel: Channel) -> None:
    mailbox.letters = [("a.eml", b"one"), ("again.eml", b"one")]
    visit(channel)
    row = Collected.objects.get()
    assert (row.name, row.arrivals) == ("a.eml", 2)


def test_a_fault_on_the_way_keeps_what_was_fetched_and_is_said_on_the_channel(
    desk: Desk, mailbox: Mailbox, channel: Channel
) -> None:
    mailbox.letters = [("a.eml", b"one")]
    mailbox.error = ChannelError("La casella non risponde.", uncertain=False)
    visit(channel)
    channel.refresh_from_db()
    assert Collected.objects.count() == 1 and channel.cursor == "1"
    assert channel.last_error == "La casella non risponde." and channel.closed_until is None


def test_a_way_that_refuses_us_as_we_are_is_visited_ever_more_seldom_until_somebody_changes_it(
    desk: Desk, mailbox: Mailbox, channel: Channel
) -> None:
    """A provider locks a mailbox that is tried each minute with a password that is no longer right."""
    mailbox.error = ChannelError("Utente e password non accettati.", uncertain=False, permanent=True)
    at, tried = clock.now(), []
    for minute in range(24 * 60):
        now = at + datetime.timedelta(minutes=minute)
        if (channel.company_id, channel.pk) in collect.visited(now=now):
            collect.end(collect.begin(channel.company_id, channel.pk) or channel, mailbox.error, now=now)
            tried.append(minute)
        # A file that cannot be sent meanwhile says nothing of when it is read again.
        Channel.objects.filter(pk=channel.pk).update(last_failed_at=now)
    assert tried[:4] == [0, 10, 30, 70] and len(tried) <= 10
    assert collect.begin(channel.company_id, channel.pk), "a person may have it read at once"
    channel_settings.end_test(channel.company_id, channel.pk, [Step("Accesso", False, "no")], now=clock.now())
    assert collect.visited(now=at) == []
    channel_settings.end_test(channel.company_id, channel.pk, [Step("Accesso", True, "")], now=clock.now())
    assert collect.visited(now=at) == [(channel.company_id, channel.pk)]
    mailbox.error = ChannelError("La casella non risponde.", uncertain=False)
    visit(channel)
    assert collect.visited(now=clock.now()) == [(channel.company_id, channel.pk)]


def test_only_a_visit_that_leaves_nothing_behind_says_that_all_was_heard(
    desk: Desk, mailbox: Mailbox, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def heard() -> datetime.datetime | None:
        visit(channel)
        channel.refresh_from_db()
        return channel.read_up_to

    mailbox.letters = [("a.eml", b"one"), ("b.eml", b"two")]
    monkeypatch.setattr(tasks_collecting, "MOST", 1)
    mailbox.error = ChannelError("La casella non risponde.", uncertain=False)
    assert heard() is None
    monkeypatch.setattr(tasks_collecting, "MOST", 200)
    assert heard() is None
    mailbox.error, before = None, clock.now()
    told = heard()
    assert told is not None and before <= told <= clock.now()


def test_a_visit_takes_so_many_and_the_next_goes_on(
    desk: Desk, mailbox: Mailbox, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks_collecting, "MOST", 2)
    mailbox.letters = [(f"{n}.eml", b"%d" % n) for n in range(5)]
    visit(channel)
    assert Collected.objects.count() == 2 and len(jobs("hub.visit")) == 1
    run_jobs()
    assert Collected.objects.count() == 5


EARLIER = NOW - datetime.timedelta(days=3)


def test_receipts_and_invoices_that_are_inside_go_their_ways(
    desk: Desk, mailbox: Mailbox, channel: Channel
) -> None:
    row = queued(desk)
    name, content = letter(row, "RC")
    mailbox.letters = [("support", b"sealed")]
    invoice = InvoiceItem(
        "777", "IT00000000000_1.xml", b"<x/>", "IT00000000000_1_MT_001.xml", b"<m/>", EARLIER
    )
    mailbox.items = {b"sealed": [MessageItem(name, content), invoice, OtherItem("r", "Rapporto del giorno.")]}
    visit(channel)
    run_jobs(skip=frozenset({"hub.turn"}))
    assert state(row) == "CONSEGNATO" and again(row).status == "closed"
    collected = Collected.objects.get()
    assert collected.read_at and collected.note == "Rapporto del giorno."
    message = Message.objects.get()
    assert (message.channel_id, message.collected_id) == (channel.pk, collected.pk)
    reception = Reception.objects.get()
    assert (reception.source, reception.identificativo_sdi, bytes(reception.content)) == (
        "pec",
        "777",
        b"<x/>",
    )
    assert reception.delivered_at == EARLIER
    tasks_collecting.read_collected(channel.company_id, collected.pk)
    assert Message.objects.get().arrivals == 1


def test_an_address_that_sdi_assigns_is_used_from_now_on(
    desk: Desk, mailbox: Mailbox, channel: Channel
) -> None:
    mailbox.letters = [("a.eml", b"one")]
    mailbox.items = {b"one": [AnswerItem("", True, "ok", assigned="sdi07@pec.fatturapa.it")]}
    visit(channel)
    run_jobs()
    channel.refresh_from_db()
    assert channel.settings["assigned"] == "sdi07@pec.fatturapa.it"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (InputError("La busta non si apre."), "La busta non si apre."),
        (ZeroDivisionError("bug"), "errore interno"),
    ],
)
def test_what_cannot_be_read_is_kept_with_the_reason_and_no_job_comes_back(
    desk: Desk, mailbox: Mailbox, channel: Channel, error: Exception, said: str
) -> None:
    mailbox.letters = [("a.eml", b"one")]
    mailbox.read_error = error
    visit(channel)
    run_jobs()
    row = Collected.objects.get()
    assert row.read_at and said in row.note and bytes(row.content) == b"one"
    assert jobs("hub.read_collected") == []


def test_every_active_channel_that_is_visited_is_visited_once_at_a_time(
    desk: Desk, other_desk: Desk, mailbox: Mailbox, channel: Channel
) -> None:
    Channel.objects.create(company=desk.company, kind=Channel.Kind.SDIFTP, active=False)
    Channel.objects.create(company=desk.company, kind=Channel.Kind.SDICOOP)
    with company_scope(other_desk.company.pk):
        other = Channel.objects.create(company=other_desk.company, kind=Channel.Kind.INTERMEDIARY)
    tasks_collecting.collect_all(0)
    tasks_collecting.collect_all(0)
    assert sorted(job["args"]["channel_id"] for job in jobs("hub.visit")) == sorted([channel.pk, other.pk])


def test_a_channel_of_another_company_is_not_visited(
    desk: Desk, other_desk: Desk, mailbox: Mailbox, channel: Channel
) -> None:
    assert collect.begin(other_desk.company.pk, channel.pk) is None


def test_nobody_answers_for_a_parcel_that_is_not_ours_and_it_is_said(
    desk: Desk, mailbox: Mailbox, channel: Channel
) -> None:
    mailbox.letters = [("a.eml", b"one")]
    mailbox.items = {b"one": [AnswerItem("<x@y>", True, "ok")]}
    visit(channel)
    run_jobs()
    assert Collected.objects.get().note == "Nessun invio di questo canale si chiama «<x@y>»."


def test_an_answer_is_read_until_it_is_told_to_all_that_was_in_its_parcel(
    desk: Desk, mailbox: Mailbox, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A letter holds one file; a support of SdIFtp may hold thousands.
    Channel.objects.filter(pk=channel.pk).update(kind=Channel.Kind.SDIFTP)
    told = iter([Told.SOME, Told.SOME, Told.ALL])
    monkeypatch.setattr(consignments, "answered", lambda *given, **more: next(told))
    mailbox.letters = [("a.eml", b"one")]
    mailbox.items = {b"one": [AnswerItem("<x@y>", True, "ok")]}
    visit(channel)
    run_jobs()
    assert Collected.objects.get().read_at and not list(told)


@pytest.mark.parametrize("ahead", [-2, 2])
def test_when_it_was_laid_is_kept_for_the_terms_and_never_after_our_own_hour(
    desk: Desk, mailbox: Mailbox, channel: Channel, ahead: int
) -> None:
    laid = NOW + datetime.timedelta(hours=ahead)
    number = collect.keep(channel, Raw("support", b"sealed", "", laid), now=NOW)
    found = collect.to_read(channel.company_id, number)
    assert found is not None and found[1].laid_at == min(laid, NOW)


# ------------------------------------------------------------------------------------- letters, many at a time


def five(mailbox: Mailbox) -> list[bytes]:
    mailbox.letters = [(f"{n}.eml", b"%d" % n) for n in range(5)]
    mailbox.items = {
        content: [OtherItem("r", f"Avviso {content.decode()}.")] for _, content in mailbox.letters
    }
    return [content for _, content in mailbox.letters]


def notes() -> list[str]:
    return list(Collected.objects.order_by("pk").values_list("note", flat=True))


def test_letters_that_were_fetched_together_are_read_by_one_job(
    desk: Desk, mailbox: Mailbox, channel: Channel
) -> None:
    five(mailbox)
    visit(channel)
    [job] = jobs("hub.read_letters")
    assert job["args"]["collected_ids"] == list(Collected.objects.order_by("pk").values_list("pk", flat=True))
    run_jobs()
    assert notes() == [f"Avviso {n}." for n in range(5)]
    assert not Collected.objects.filter(read_at=None).exists()


def test_a_letter_that_cannot_be_read_keeps_no_other_from_being_read(
    desk: Desk, mailbox: Mailbox, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, bad, *_ = five(mailbox)
    read = mailbox.read

    def reading(raw: Raw) -> Sequence[Item]:
        if raw.content == bad:
            raise InputError("La busta non si apre.")
        return read(raw)

    monkeypatch.setattr(mailbox, "read", reading)
    visit(channel)
    run_jobs()
    assert notes() == ["Avviso 0.", "La busta non si apre.", "Avviso 2.", "Avviso 3.", "Avviso 4."]
    assert Collected.objects.get(set_aside=True).note == "La busta non si apre."


def test_letters_that_cannot_be_told_together_are_told_one_by_one(
    desk: Desk, mailbox: Mailbox, channel: Channel
) -> None:
    _, bad, *_ = five(mailbox)
    row = queued(desk)
    name, content = letter(row, "RC")
    # The database takes no NUL in a text.
    mailbox.items = {bad: [OtherItem("r", "\x00")], b"2": [MessageItem(name, content)]}
    visit(channel)
    run_jobs(skip=frozenset({"hub.turn"}))
    assert [each.set_aside for each in Collected.objects.order_by("pk")] == [False, True, False, False, False]
    assert not Collected.objects.filter(read_at=None).exists()
    assert (Message.objects.get().arrivals, state(row)) == (1, "CONSEGNATO")


def test_letters_that_were_read_are_not_read_again_by_a_job_that_comes_again(
    desk: Desk, mailbox: Mailbox, channel: Channel
) -> None:
    row = queued(desk)
    name, content = letter(row, "RC")
    mailbox.letters, mailbox.items = [("a.eml", b"one")], {b"one": [MessageItem(name, content)]}
    visit(channel)
    [job] = jobs("hub.read_letters")
    run_jobs(skip=frozenset({"hub.turn"}))
    tasks_collecting.read_letters(**job["args"])
    assert Message.objects.get().arrivals == 1


def test_of_the_same_message_in_two_letters_one_is_kept_and_both_are_counted(
    desk: Desk, mailbox: Mailbox, channel: Channel
) -> None:
    row = queued(desk)
    name, content = letter(row, "RC")
    five(mailbox)
    mailbox.items = {letter: [MessageItem(name, content)] for letter in (b"1", b"3")}
    visit(channel)
    run_jobs(skip=frozenset({"hub.turn"}))
    assert (Message.objects.get().arrivals, state(row)) == (2, "CONSEGNATO")


def test_letters_of_another_company_are_not_read(
    desk: Desk, other_desk: Desk, mailbox: Mailbox, channel: Channel
) -> None:
    five(mailbox)
    visit(channel)
    [job] = jobs("hub.read_letters")
    tasks_collecting.read_letters(other_desk.company.pk, job["args"]["collected_ids"])
    assert Collected.objects.filter(read_at=None).count() == 5


def test_the_sweep_knows_the_job_of_letters_that_wait_together(
    desk: Desk, mailbox: Mailbox, channel: Channel
) -> None:
    five(mailbox)
    visit(channel)
    later = clock.now() + datetime.timedelta(hours=1)
    assert maintenance.without_job(now=later).collected == []
    with connection.cursor() as cursor:
        cursor.execute("delete from procrastinate_jobs where task_name = 'hub.read_letters'")
    mine = [pk for company, pk in maintenance.without_job(now=later).collected if company == desk.company.pk]
    assert sorted(mine) == list(Collected.objects.order_by("pk").values_list("pk", flat=True))
