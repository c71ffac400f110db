"""The same demands on every way to SdI, each against its simulator over the real protocol (docs/decisions/0004)."""

from __future__ import annotations

import datetime
import os
import pathlib
import time
from collections.abc import Iterator

import pytest

from fattorino.core.errors import ChannelError
from fattorino.core.sdi import message_io, messages
from fattorino.hub.channels.base import (
    Accepted,
    AnswerItem,
    InvoiceItem,
    MessageItem,
    Outgoing,
    Parcel,
    Refused,
)
from fattorino.simulators.sdi import faults, recipients
from fattorino.simulators.sdi.books import Invoice
from tests.hub.channels.ways import (
    TIMEOUT,
    WAYS,
    Killed,
    Way,
    arrived,
    everything,
    give,
    items,
    seal,
)
from tests.simulators.sdi.support import invoice

NAME = "IT01234567890_00001.xml"
HOSTILE = bytes(range(256)) * 40 + b"\n.\n\r\n.\r\n--x\r\n" * 20
FETCHING = [name for name in WAYS if name != "sdicoop"]


@pytest.fixture(params=sorted(WAYS))
def way(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> Iterator[Way]:
    with WAYS[request.param](tmp_path) as found:
        yield found


def only(*names: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("way", names, indirect=True)


def error_of(act: object, *args: object) -> ChannelError:
    with pytest.raises(ChannelError) as told:
        act(*args)  # type: ignore[operator]
    assert told.value.message
    return told.value


# A file ------------------------------------------------------------------------------------------------------


def test_a_file_arrives_once_and_byte_by_byte(way: Way) -> None:
    give(way.port, Outgoing(NAME, HOSTILE))
    way.carry()
    assert arrived(way, NAME) == [HOSTILE]


@pytest.mark.parametrize(
    "name", ["IT01234567890_00001.xml.p7m", "IT01234567890_0000Z.XML", f"IT{'Z' * 16}_ABCDE.xml.p7m"]
)
def test_every_name_that_sdi_takes_arrives_as_it_is(way: Way, name: str) -> None:
    give(way.port, Outgoing(name, b"<x/>"))
    way.carry()
    assert arrived(way, name) == [b"<x/>"]


def test_many_files_arrive_each_once_under_its_own_name(way: Way) -> None:
    files = [Outgoing(f"IT01234567890_{n:05}.xml", f"<x n='{n}'/>".encode()) for n in range(1, 8)]
    give(way.port, *files)
    way.carry()
    assert [arrived(way, file.file_name) for file in files] == [[file.content] for file in files]


def test_what_is_handed_over_names_its_files(way: Way) -> None:
    if way.port.most == 0:
        with pytest.raises(ValueError, match="by themselves"):
            seal(way.port, Outgoing(NAME, b"<x/>"))
        return
    parcel = seal(way.port, Outgoing(NAME, b"<x/>"))
    assert parcel.files == (NAME,) and parcel.content
    with pytest.raises(ValueError, match="travel"):
        way.port.send(Outgoing(NAME, b"<x/>"))


def test_a_file_that_is_too_large_is_refused_before_anything_is_sent(way: Way) -> None:
    if not way.limit:
        return  # only SdI itself says so, with a receipt
    told = error_of(give, way.port, Outgoing(NAME, b"x" * (way.limit + 1_000_000)))
    assert (told.uncertain, told.permanent, told.of_file) == (False, True, True)
    way.carry()
    assert arrived(way, NAME) == []


# Faults ------------------------------------------------------------------------------------------------------


def test_a_fault_before_anything_was_taken_is_certain_and_the_next_try_arrives_once(way: Way) -> None:
    for number, (what, fault) in enumerate(way.certain_faults().items(), 1):
        file = Outgoing(f"IT01234567890_{number:05}.xml", what.encode())
        parcel = None if way.port.most == 0 else seal(way.port, file)
        with fault():
            told = error_of(way.port.send, file) if parcel is None else error_of(way.port.hand_over, parcel)
        assert (told.uncertain, told.permanent) == (False, False), what
        way.carry()
        assert arrived(way, file.file_name) == [], what
        if parcel is None:
            way.port.send(file)
        else:
            way.port.hand_over(parcel)
        way.carry()
        assert arrived(way, file.file_name) == [file.content], what


def test_a_fault_in_between_is_never_told_as_certain_and_asking_never_tells_a_lie(way: Way) -> None:
    for number, (what, fault) in enumerate(way.doubtful_faults().items(), 1):
        file = Outgoing(f"IT01234567890_{number:05}.xml", os.urandom(1_000_000))
        parcel = Parcel(file.file_name, b"", ()) if way.port.most == 0 else seal(way.port, file)
        try:
            with fault():
                give_parcel(way, file, parcel)
            raise AssertionError(f"{what}: nothing happened")
        except ChannelError as told:
            assert told.uncertain, what
        except Killed:
            pass  # nobody was told anything
        fate = way.port.resolve(parcel)
        way.carry()
        if what == "slow":
            wait_for(way, file.file_name)
        there = arrived(way, file.file_name)
        assert len(there) <= 1, what
        assert fate in ({"sent", "unknown"} if there else {"not_sent", "unknown"}), what
        if fate == "not_sent":
            give_parcel(way, file, parcel)
            way.carry()
            assert arrived(way, file.file_name) == [file.content], what


def give_parcel(way: Way, file: Outgoing, parcel: Parcel) -> None:
    if way.port.most == 0:
        way.port.send(file)
    else:
        way.port.hand_over(parcel)


def wait_for(way: Way, name: str) -> None:
    """A slow other side takes a file after we have stopped waiting."""
    end = time.monotonic() + TIMEOUT * 1.5
    while not arrived(way, name) and time.monotonic() < end:
        time.sleep(0.05)


def test_what_certainly_went_is_not_called_unsent(way: Way) -> None:
    [parcel] = give(way.port, Outgoing(NAME, b"<x/>"))
    assert way.port.resolve(parcel) != "not_sent"
    way.carry()
    assert way.port.resolve(parcel) != "not_sent"


def test_nobody_there_is_certain_and_passes(way: Way) -> None:
    parcel = None if way.port.most == 0 else seal(way.port, Outgoing(NAME, b"<x/>"))
    port = way.absent()
    told = (
        error_of(port.send, Outgoing(NAME, b"<x/>")) if parcel is None else error_of(port.hand_over, parcel)
    )
    assert (told.uncertain, told.permanent) == (False, False)


def test_what_only_a_person_can_mend_is_certain_and_for_good(way: Way) -> None:
    for what, port in way.misconfigured().items():
        told = error_of(give, port, Outgoing(NAME, b"<x/>"))
        assert (told.uncertain, told.permanent, told.of_file) == (False, True, False), what
        assert "sbagliata" not in repr(told) + repr(port), what
    way.carry()
    assert arrived(way, NAME) == []


def test_a_silent_other_side_is_left_when_the_time_is_over(way: Way) -> None:
    begun = time.monotonic()
    with way.slow():
        try:
            give(way.port, Outgoing(NAME, b"<x/>"))
        except ChannelError as told:
            assert not told.permanent
    assert time.monotonic() - begun < TIMEOUT * 2.9


# What comes back ---------------------------------------------------------------------------------------------


def test_sdis_word_on_a_file_comes_byte_by_byte(way: Way) -> None:
    give(way.port, Outgoing(NAME, invoice()))
    way.carry()
    way.bring(3)
    kept = way.simulator.books.rows("select content from message where tipo = 'RC'")
    assert [bytes(row["content"]) for row in kept] == said(way)


def said(way: Way) -> list[bytes]:
    """The receipts that reached us, by whatever way they come."""
    if not way.fetches:
        return list(way.pushed())
    found = items(way.port, everything(way.port)[0])
    return [item.content for item in found if isinstance(item, MessageItem)]


@only(*FETCHING)
def test_what_is_fetched_again_before_it_is_done_is_the_same_and_nothing_is_lost(way: Way) -> None:
    give(way.port, Outgoing(NAME, invoice()))
    way.carry()
    way.bring(3)
    first = list(way.port.fetch(""))
    # Killed here: nothing was stored, no cursor kept.
    assert list(way.port.fetch("")) == first
    found, cursor = everything(way.port)
    assert found[: len(first)] == first
    assert list(way.port.fetch(cursor)) == []


@only(*FETCHING)
def test_what_is_done_twice_is_as_good_as_once(way: Way) -> None:
    give(way.port, Outgoing(NAME, invoice()))
    way.carry()
    found, _ = everything(way.port)
    for raw in found:
        way.port.done(raw)
    assert found


@only(*FETCHING)
def test_a_parcel_is_answered_under_its_own_name(way: Way) -> None:
    [parcel] = give(way.port, Outgoing(NAME, invoice()))
    way.carry()
    answers = [item for item in items(way.port, everything(way.port)[0]) if isinstance(item, AnswerItem)]
    assert [(item.parcel, item.taken) for item in answers] == [(parcel.name, True)]


def test_a_receipt_that_comes_twice_is_twice_the_same(way: Way) -> None:
    faults.add(way.simulator.books, faults.TWICE, count=1)
    give(way.port, Outgoing(NAME, invoice()))
    way.carry()
    way.bring(3)
    way.bring(3)
    found = said(way)
    assert len(found) == 2 and len(set(found)) == 1


def test_receipts_out_of_order_all_come(way: Way) -> None:
    recipients.save(way.simulator.books, recipients.Recipient("UFABCD", recipients.ACCEPT))
    faults.add(way.simulator.books, faults.OUT_OF_ORDER, count=1, hours=48)
    delivered_to_a_pa(way)
    way.bring(60)
    way.bring(60)
    kinds = [message_io.read_message(content).message.tipo for content in said(way)]
    assert sorted(kinds) == ["NE", "RC"]


def delivered_to_a_pa(way: Way) -> str:
    """An invoice to a PA of which SdI knows where it is; its identifier. (Whose signature SdI wants is not asked.)"""
    give(way.port, Outgoing(NAME, invoice(formato="FPA12", codice="UFABCD")))
    way.carry()
    books = way.simulator.books
    [row] = books.rows("select id from file where nome_file = ?", NAME)
    identifier = int(row["id"])
    books.update_file(identifier, flow="PA", formato="FPA12", recipient="UFABCD", state="CONTROLLATO")
    books.add_invoices(identifier, [Invoice(1, "IT01234567897", "TD01", "1", "2026-11-20")])
    with books.transaction() as db:
        db.execute("update step set done = 1 where file_id = ?", (identifier,))
    books.add_step(identifier, "deliver", way.simulator.clock.elapsed())
    return str(identifier)


# Outcomes and invoices received ------------------------------------------------------------------------------


def outcome(identifier: str, number: int) -> Outgoing:
    content = message_io.write_message(
        messages.NotificaEsitoCommittente(identificativo_sdi=identifier, esito="EC01")
    )
    return Outgoing(f"IT01234567890_00001_EC_{number:03}.xml", content, "EC", identifier)


def test_an_outcome_reaches_sdi_and_a_second_one_is_refused_with_its_reason(way: Way) -> None:
    recipients.save(way.simulator.books, recipients.Recipient("UFABCD", recipients.SILENT))
    identifier = delivered_to_a_pa(way)
    way.bring(1)
    assert send_outcome(way, outcome(identifier, 1)) == []
    kept = way.simulator.books.file(int(identifier))
    assert kept is not None and kept.outcome == "EC01"
    [refusal] = send_outcome(way, outcome(identifier, 2))
    read = message_io.read_message(refusal).message
    assert isinstance(read, messages.ScartoEsitoCommittente) and read.scarto == "EN01"


def send_outcome(way: Way, file: Outgoing) -> list[bytes]:
    """The SE that came back, at once or later."""
    if way.port.most == 0 and not way.fetches:
        answer = way.port.send(file)
        assert isinstance(answer, Accepted | Refused)
        return [answer.content] if isinstance(answer, Refused) else []
    give(way.port, file)
    way.carry()
    way.bring(1)
    found = items(way.port, everything(way.port)[0])
    return [item.content for item in found if isinstance(item, MessageItem) and "_SE_" in item.name]


@only(*FETCHING)
def test_an_invoice_for_us_comes_whole_with_its_metadata(way: Way) -> None:
    # Sent by somebody else; the recipient is on the same way.
    content, name = invoice(codice="CANALE1"), "IT09876543210_00007.xml"
    kept = recipients.everyone(way.simulator.books)
    url = next((each.url for each in kept if each.behaviour == recipients.CHANNEL), "")
    recipients.save(way.simulator.books, recipients.Recipient("CANALE1", recipients.CHANNEL, url=url))
    identifier = way.simulator.exchange.accept(name, content).identificativo_sdi
    way.bring(3)
    found = items(way.port, everything(way.port)[0])
    [received] = [item for item in found if isinstance(item, InvoiceItem)]
    assert (received.identificativo_sdi, received.name, received.content) == (identifier, name, content)
    about = message_io.read_message(received.metadata).message
    assert isinstance(about, messages.FileMetadati) and about.nome_file == name


# The test button ---------------------------------------------------------------------------------------------


def test_the_test_button_finds_nothing_wrong_and_sends_nothing(way: Way) -> None:
    steps = way.port.examine(now=datetime.datetime.now(datetime.UTC))
    assert steps and all(step.ok and step.name and step.text for step in steps)
    way.carry()
    assert way.simulator.books.rows("select 1 from file") == []


def test_the_test_button_names_the_step_that_fails(way: Way) -> None:
    now = datetime.datetime.now(datetime.UTC)
    for what, port in {**way.misconfigured(), "absent": way.absent()}.items():
        steps = port.examine(now=now)
        assert not all(step.ok for step in steps), what
        assert next(step for step in steps if not step.ok).text, what
