"""Lines to a PEC provider that stay open: one sign-in for many letters, and nothing less certain for it."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from fattorino.core.errors import ChannelError
from fattorino.hub import mail_lines, mail_submission, mailbox
from fattorino.hub.channels.pec import SdiPec
from fattorino.hub.mailbox import Cursor
from fattorino.simulators.pec import submission
from tests.hub.channels.pec_house import ADDRESS, CONTENT, House, resolve, sealed, send, wanted

# What takes so long never comes; a slow machine is no reason.
NEVER = 120


def name(number: int) -> str:
    return f"IT01234567890_{number:05}.xml"


@pytest.fixture
def signed_in(house: House, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Who was let in, or not, one after the other."""
    calls: list[str] = []
    real = house.post.mailboxes.admits
    monkeypatch.setattr(
        house.post.mailboxes, "admits", lambda user, word: calls.append(user) or real(user, word)
    )
    return calls


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[asyncio.Transport]:
    """The provider's ends of the lines on which messages are submitted, as they are opened."""
    found: list[asyncio.Transport] = []
    real = submission._Server.connection_made

    def made(server: Any, transport: Any) -> None:
        found.append(transport)
        real(server, transport)

    monkeypatch.setattr(submission._Server, "connection_made", made)
    return found


def unused() -> int:
    return len(mail_submission.KEPT._unused)


def until(reached: Callable[[], bool]) -> None:
    end = time.monotonic() + NEVER
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_many_letters_use_one_sign_in(house, signed_in):
    for number in range(12):
        send(house, name(number))
    assert len(house.reached) == 12 and len(signed_in) == 1


def test_a_line_carries_so_many_letters_and_then_another_one_does(house, signed_in, monkeypatch):
    monkeypatch.setattr(mail_submission, "MOST_LETTERS", 3)
    for number in range(7):
        send(house, name(number))
    assert len(house.reached) == 7 and len(signed_in) == 3


@pytest.mark.parametrize(
    "closing",
    [
        lambda transport: transport.abort(),
        lambda transport: transport.close(),
        lambda transport: (transport.write(b"421 4.4.2 idle for too long\r\n"), transport.close()),
    ],
    ids=["cut", "closed", "closed with a word"],
)
def test_a_line_that_the_provider_closed_while_idle_is_noticed_before_the_letter(
    house, loop, signed_in, lines, closing
):
    send(house, name(1))
    [line] = lines
    loop.call_soon_threadsafe(closing, line)
    until(line.is_closing)
    send(house, name(2))
    assert len(house.reached) == 2 and len(signed_in) == len(lines) == 2


def test_a_line_that_has_gone_silent_is_given_up_before_the_letter(house, signed_in, monkeypatch):
    async def silent(*_: Any) -> str:
        await asyncio.sleep(NEVER)
        return "250 OK"

    monkeypatch.setattr(submission._Handler, "handle_RSET", silent, raising=False)
    monkeypatch.setattr(mail_submission, "PROBE", 0.2)
    house.mailbox = replace(house.mailbox, timeout=NEVER)
    for number in range(2):
        send(house, name(number))
    assert len(house.reached) == len(signed_in) == 2


def test_each_letter_on_a_line_has_an_end_of_its_own(house):
    """However long each wait may be: the provider is still busy when the line is cut."""
    house.mailbox = replace(house.mailbox, timeout=2 * NEVER, patience=5)
    send(house, name(1))
    answer, ended = threading.Event(), []
    house.post._delivered = lambda *letter: ended.append(answer.wait(NEVER)) or True
    try:
        with pytest.raises(ChannelError) as told:
            send(house, name(2))
        assert told.value.uncertain and not ended and unused() == 0
    finally:
        answer.set()


def test_a_provider_that_wants_no_more_letters_on_a_line_gets_them_on_a_new_one(
    house, signed_in, monkeypatch
):
    real = submission._Handler.handle_MAIL

    async def counted(handler: Any, server: Any, session: Any, *more: Any) -> str:
        session.letters = getattr(session, "letters", 0) + 1
        return (
            await real(handler, server, session, *more)
            if session.letters < 3
            else "452 4.5.3 too many messages"
        )

    monkeypatch.setattr(submission._Handler, "handle_MAIL", counted)
    for number in range(5):
        send(house, name(number))
    assert len(house.reached) == 5 and len(signed_in) == 3


def test_a_refusal_for_good_is_not_asked_for_twice(house, signed_in):
    send(house, name(1))
    house.faults.order("refused")
    with pytest.raises(ChannelError) as refused:
        send(house, name(2))
    assert refused.value.permanent and not refused.value.uncertain
    assert len(signed_in) == 1 and unused() == 0
    send(house, name(2))
    assert len(house.reached) == len(signed_in) == 2


def test_too_many_letters_in_a_minute_wait_whatever_the_code_and_nobody_signs_in_anew(
    house, signed_in, monkeypatch
):
    real, blocked = submission._Handler.handle_MAIL, [False, True, False]

    async def six_a_minute(handler: Any, *more: Any) -> str:
        if blocked.pop(0):
            return '550 MAIL from: "a@b" blocked "Class Of Service" - Too much traffic from this sender'
        return await real(handler, *more)

    monkeypatch.setattr(submission._Handler, "handle_MAIL", six_a_minute)
    send(house, name(1))
    with pytest.raises(ChannelError) as told:
        send(house, name(2))
    assert (told.value.uncertain, told.value.permanent) == (False, False) and told.value.hint
    assert len(signed_in) == 1
    send(house, name(2))
    assert len(house.reached) == 2


@pytest.mark.parametrize(("fault", "fate"), [("cut_after_data", "sent"), ("cut_in_data", "unknown")])
def test_after_a_cut_in_data_the_letter_is_in_doubt_and_the_line_is_not_used_again(
    house, signed_in, fault, fate
):
    send(house, name(1))
    house.faults.order(fault)
    with pytest.raises(ChannelError) as told:
        send(house, name(2), CONTENT * 200)
    assert told.value.uncertain and unused() == 0 and len(signed_in) == 1
    assert resolve(house, name(2)) == fate
    before = len(signed_in)
    send(house, name(3))
    assert len(signed_in) == before + 1


def test_a_line_cut_before_the_body_costs_the_letter_nothing(house, signed_in):
    send(house, name(1))
    house.faults.order("cut_before_data")
    send(house, name(2))
    assert len(house.reached) == len(signed_in) == 2


def test_a_letter_that_is_refused_after_its_body_was_not_sent_and_its_line_is_closed(house, signed_in):
    send(house, name(1))
    house.faults.order("busy")
    with pytest.raises(ChannelError) as told:
        send(house, name(2))
    assert (told.value.uncertain, told.value.permanent) == (False, False) and unused() == 0
    send(house, name(2))
    assert len(house.reached) == len(signed_in) == 2


@pytest.mark.parametrize("answer", ["ecco fatto", "354 go on", "251 elsewhere", "150 wait"])
def test_an_answer_to_the_body_that_is_no_refusal_leaves_a_doubt(house, monkeypatch, answer):
    async def odd(*_: Any) -> str:
        return answer

    monkeypatch.setattr(submission._Handler, "handle_DATA", odd)
    with pytest.raises(ChannelError) as told:
        send(house)
    assert told.value.uncertain and unused() == 0


def test_two_threads_use_two_lines(house, signed_in, lines):
    """Each letter is taken only when both have come."""
    both = threading.Barrier(2)
    delivered = house.post._delivered

    def together(*letter: Any) -> bool:
        both.wait(NEVER)
        return delivered(*letter)

    house.post._delivered = together
    for start in (0, 2):
        with ThreadPoolExecutor(2) as threads:
            list(threads.map(lambda number: send(replace(house), name(number)), range(start, start + 2)))
    assert len(house.reached) == 4 and len(signed_in) == len(lines) == 2 and unused() == 2


def test_nobody_sends_over_a_line_that_somebody_else_has_opened(house, signed_in):
    send(house, name(1))
    wrong = SdiPec(replace(house.mailbox, password="sbagliata"))
    with pytest.raises(ChannelError) as told:
        wrong.hand_over(sealed(wrong, name(2)))
    assert told.value.permanent and not told.value.uncertain
    assert len(house.reached) == 1 and len(signed_in) == 2


def test_the_test_button_signs_in_by_itself_while_a_line_is_open(house, signed_in):
    send(house, name(1))
    house.mailbox.try_submission()
    assert len(signed_in) == 2


def test_a_line_that_nobody_uses_is_left(house, signed_in, lines, monkeypatch):
    monkeypatch.setattr(mail_submission, "IDLE", 0.2)
    send(house, name(1))
    until(lambda: lines[0].is_closing() and not unused())
    send(house, name(2))
    assert len(house.reached) == len(signed_in) == 2


def test_an_old_line_is_not_used_however_busy_it_was(house, signed_in, monkeypatch):
    monkeypatch.setattr(mail_submission, "LASTS", 0.0)
    for number in range(2):
        send(house, name(number))
    assert len(signed_in) == 2 and unused() == 0


def test_a_line_on_which_a_letter_took_long_is_left_since_its_watch_may_be_cutting_it(house, lines):
    send(house, name(1))
    line = mail_submission.KEPT.take(house.mailbox._account())
    line.since -= house.mailbox.patience
    mail_submission.KEPT.give_back(line)
    assert unused() == 0
    until(lines[0].is_closing)


def test_only_so_many_lines_are_kept(house, lines, monkeypatch):
    monkeypatch.setattr(mail_submission, "MOST_KEPT", 2)
    boxes = [replace(house.mailbox, patience=NEVER + number) for number in range(3)]
    for number, box in enumerate(boxes):
        send(replace(house, mailbox=box), name(number))
    assert unused() == 2
    until(lines[0].is_closing)
    assert not lines[1].is_closing() and not lines[2].is_closing()


# Reading -----------------------------------------------------------------------------------------------------


@pytest.fixture
def questions(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """The letters of each question for whole ones."""
    asked: list[list[int]] = []
    real = mailbox._Visit.contents
    monkeypatch.setattr(
        mailbox._Visit, "contents", lambda visit, uids: asked.append(list(uids)) or real(visit, uids)
    )
    return asked


def fill(house: House, *sizes: int) -> list[bytes]:
    """Letters of about so many octets."""
    for number, size in enumerate(sizes):
        house.post.post(
            "sdi07@pec.fatturapa.it", ADDRESS, f"Invio {number}", "Testo", [("a.xml", b"x" * size)]
        )
    return [letter.content for letter in house.post.mailboxes.letters(ADDRESS)]


def test_letters_are_fetched_in_portions_byte_by_byte_with_one_sign_in(house, signed_in, questions):
    whole = fill(house, *range(120))
    found = list(house.mailbox.letters(Cursor(), wanted))
    assert [letter.content for letter in found] == whole
    assert [letter.cursor.uid for letter in found] == list(range(1, 121))
    assert [len(asked) for asked in questions] == [50, 50, 20] and len(signed_in) == 1


def test_a_large_letter_comes_alone(house, questions, monkeypatch):
    whole = fill(house, 10, 10, 60_000, 10)
    monkeypatch.setattr(mailbox, "PORTION_OCTETS", 50_000)
    assert [letter.content for letter in house.mailbox.letters(Cursor(), wanted)] == whole
    assert questions == [[1, 2], [3], [4]]


def test_only_letters_that_are_wanted_are_in_a_portion_and_the_cursor_passes_the_others(house, questions):
    fill(house, *range(6))
    turns = itertools.cycle([True, False])
    found = list(house.mailbox.letters(Cursor(), lambda headers: next(turns)))
    assert questions == [[1, 3, 5]]
    assert [(letter.cursor.uid, bool(letter.content)) for letter in found] == [
        (1, True), (3, True), (5, True), (6, False),
    ]  # fmt: skip


def test_no_answer_may_be_larger_than_the_largest_letter(house, monkeypatch):
    whole = fill(house, 30_000, 30_000)
    monkeypatch.setattr(mail_lines, "LARGEST_LETTER", len(whole[0]) + len(whole[1]) - 1)
    with pytest.raises(ChannelError) as told:
        list(house.mailbox.letters(Cursor(), wanted))
    assert not told.value.uncertain
    monkeypatch.setattr(mailbox, "PORTION", 1)
    assert [letter.content for letter in house.mailbox.letters(Cursor(), wanted)] == whole


def test_authorities_are_read_once_for_many_lines_and_again_after_a_while(house, monkeypatch):
    mail_lines._read.clear()
    read = []
    real = mail_lines._authorities
    monkeypatch.setattr(mail_lines, "_authorities", lambda path: read.append(path) or real(path))
    for _ in range(2):
        house.mailbox.try_mailbox()
        house.mailbox.try_submission()
    assert read == [house.mailbox.trusted_ca]
    monkeypatch.setattr(mail_lines, "READ_FOR", 0.0)
    house.mailbox.try_mailbox()
    assert len(read) == 2
