"""SdI as a visitor of an SdIFtp node, with what goes wrong on that line."""

from __future__ import annotations

import pathlib
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from fattorino.core.errors import InputError
from fattorino.core.sdi.ftp.names import parse_support_name
from fattorino.core.sdi.ftp.security import open_sealed
from fattorino.hub.channels.base import AnswerItem, MessageItem, OtherItem, Outgoing, Raw, ReportItem
from fattorino.simulators.sdi import faults
from fattorino.simulators.sdi.clock import DAY
from fattorino.simulators.sdi.exchange import Exchange
from fattorino.simulators.sdi.server import Simulator
from fattorino.simulators.sdi.visits import EVERY, Visits, main, open_kit
from tests.hub.channels.ways import NOW, FtpWay, everything, ftp, give, items
from tests.simulators.sdi.support import invoice

FILE = "IT01234567890_00001.xml"


@pytest.fixture
def way(tmp_path: pathlib.Path) -> Iterator[FtpWay]:
    with ftp(tmp_path) as found:
        yield found


def answers(way: FtpWay) -> list[tuple[bool, str]]:
    found = items(way.port, everything(way.port)[0])
    return [(item.taken, item.text) for item in found if isinstance(item, AnswerItem)]


def taken(way: FtpWay) -> int:
    return len(way.simulator.books.rows("select 1 from file"))


def order(way: FtpWay, kind: str) -> None:
    faults.add(way.simulator.books, kind, count=1)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (faults.FTP_ER_CIPHER, "decifrare"),
        (faults.FTP_ER_SIGNATURE, "firma"),
        (faults.FTP_SUSPENDED, "ET02"),
    ],
)
def test_a_support_that_sdi_does_not_take_is_told_with_its_reason(way, kind, said):
    order(way, kind)
    give(way.port, Outgoing(FILE, invoice()))
    way.visit()
    [(was_taken, text)] = answers(way)
    assert not was_taken and said in text
    assert taken(way) == 0


def test_an_answer_that_gets_lost_leaves_what_was_taken_to_its_receipts(way):
    order(way, faults.FTP_ANSWER_LOST)
    [parcel] = give(way.port, Outgoing(FILE, invoice()))
    way.visit()
    assert (answers(way), taken(way)) == ([], 1)
    assert way.port.resolve(parcel) == "sent"
    way.bring(3)
    assert [type(item) for item in items(way.port, everything(way.port)[0])] == [MessageItem]


def test_a_visit_that_breaks_off_in_an_answer_brings_it_with_the_next(way):
    order(way, faults.FTP_CUT)
    give(way.port, Outgoing(FILE, invoice()))
    with pytest.raises(ConnectionError):
        way.visit()
    assert answers(way) == []
    way.visit()
    assert [was_taken for was_taken, _ in answers(way)] == [True]
    assert taken(way) == 1


@pytest.mark.parametrize(("kind", "before"), [(faults.FTP_CUT_READING, 0), (faults.FTP_CUT_READ, 1)])
def test_a_visit_that_breaks_off_at_a_support_takes_it_once_however_often_it_is_read(way, kind, before):
    order(way, kind)
    give(way.port, Outgoing(FILE, invoice()))
    with pytest.raises(ConnectionError):
        way.visit()
    assert (taken(way), answers(way)) == (before, [])
    way.visit()
    assert [was_taken for was_taken, _ in answers(way)] == [True]
    assert taken(way) == 1 and way.visit() == 0


def test_a_late_answer_comes_with_the_next_visit(way):
    order(way, faults.FTP_ANSWER_LATE)
    give(way.port, Outgoing(FILE, invoice()))
    way.visit()
    assert (answers(way), taken(way)) == ([], 1)
    way.visit()
    assert [was_taken for was_taken, _ in answers(way)] == [True]


@pytest.fixture
def answered(way) -> FtpWay:
    """A file was taken, its receipt is due."""
    give(way.port, Outgoing(FILE, invoice()))
    way.visit()
    assert len(answers(way)) == 1
    return way


def receipts(way: FtpWay, raws: list[Raw]) -> list[str]:
    return [item.name for item in items(way.port, raws) if isinstance(item, MessageItem)]


RECEIPT = "IT01234567890_00001_RC_001.xml"


def test_a_truncated_support_opens_nothing_and_comes_whole_with_the_next_visit(answered):
    order(answered, faults.FTP_TRUNCATED)
    answered.bring(3)
    [raw], _ = everything(answered.port)
    with pytest.raises(InputError):
        answered.port.read(raw)
    answered.visit()
    assert receipts(answered, everything(answered.port)[0]) == [RECEIPT]


def test_a_support_that_comes_twice_brings_the_same_receipt_twice(answered):
    order(answered, faults.FTP_TWICE)
    answered.bring(3)
    raws, _ = everything(answered.port)
    assert len(raws) == 2 and receipts(answered, raws) == [RECEIPT, RECEIPT]


def test_a_wrong_quadrature_keeps_nobody_from_the_receipts_and_is_told(answered):
    order(answered, faults.FTP_QUADRATURE)
    answered.bring(3)
    raws, _ = everything(answered.port)
    assert receipts(answered, raws) == [RECEIPT]
    told = [item.text for item in items(answered.port, raws) if isinstance(item, OtherItem)]
    assert len(told) == 1 and "quadratura ne dichiara 1" in told[0]


def test_a_lost_receipt_never_comes(answered):
    order(answered, faults.LOST)
    answered.bring(100)
    raws = everything(answered.port)[0]
    assert all(raw.name.startswith("ST.") for raw in raws) and receipts(answered, raws) == []


def test_sdi_comes_by_as_often_as_it_says(way):
    visits = Visits(way.simulator.exchange, way.node)
    clock = way.simulator.clock
    give(way.port, Outgoing(FILE, invoice()))
    assert visits.send_due() and taken(way) == 1
    assert not visits.send_due()
    clock.advance(EVERY - 1)
    assert not visits.send_due()
    clock.advance(2)
    assert visits.send_due()


def test_a_node_that_is_away_is_news_once_and_is_visited_again(way, tmp_path):
    told: list[str] = []
    exchange = way.simulator.exchange
    watched = Exchange(exchange.books, exchange.clock, exchange.letters, trouble=told.append)
    visits = Visits(watched, replace(way.node, port=1))
    for _ in range(3):
        assert visits.send_due()
        way.simulator.clock.advance(EVERY + 1)
    assert len(told) == 1
    assert visits.next_due() is not None


def test_the_kit_of_an_accreditation_is_made_once_and_fits_together(tmp_path):
    kit, again = open_kit(tmp_path, NOW), open_kit(tmp_path, NOW)
    assert kit.signing.certificate == again.signing.certificate and kit.reader == again.reader
    assert {path.name for path in tmp_path.glob("*.key.pem")} == {
        f"{name}.key.pem" for name in ("sdi-firma", "sdi-cifra", "nodo-firma", "nodo-cifra")
    }
    assert all(path.stat().st_mode & 0o077 == 0 for path in tmp_path.glob("*.key.pem"))
    # A node that brings its own certificates gets no keys.
    other = tmp_path / "altro"
    certificate = str(tmp_path / "nodo-firma.crt.pem")
    assert open_kit(other, NOW, certificate, certificate).signer == kit.signer
    assert not list(other.glob("nodo-*"))


def test_the_process_refuses_a_certificate_that_is_not_there(tmp_path, capsys):
    words = ["--node", "01234567890", "--port", "0", "--data", str(tmp_path)]
    assert main([*words, "--node-signing-certificate", str(tmp_path / "manca.pem")]) == 1
    assert "non può partire" in capsys.readouterr().err


def test_the_simulator_with_this_line_visits_by_itself(way, tmp_path):
    give(way.port, Outgoing(FILE, invoice()))
    with Simulator(tmp_path / "altro", speed=3600, carrier=lambda exchange: Visits(exchange, way.node)):
        end = time.monotonic() + 20
        found: list[Raw] = []
        while len(found) < 2 and time.monotonic() < end:
            found += everything(way.port)[0]
            time.sleep(0.05)
    assert [type(item) for item in items(way.port, found)] == [AnswerItem, MessageItem]


def test_what_sdi_seals_is_for_this_node_alone(answered):
    answered.bring(3)
    [raw], _ = everything(answered.port)
    with pytest.raises(InputError, match="un altro certificato"):
        open_sealed(raw.content, [answered.node.reading], [answered.node.signing.certificate])


# The reports of the day ------------------------------------------------------------------------------------


def reports(way: FtpWay) -> dict[str, list[tuple[str, str]]]:
    """By the kind of report: what it claims, and the support."""
    found = items(way.port, everything(way.port)[0])
    return {
        item.kind: [(kind, support) for kind, support, _ in item.claims]
        for item in found
        if isinstance(item, ReportItem)
    }


def next_day(way: FtpWay) -> dict[str, list[tuple[str, str]]]:
    way.simulator.clock.advance(DAY)
    way.visit()
    return reports(way)


def test_once_a_day_two_reports_name_what_was_fetched_answered_and_left(answered):
    answered.bring(3)
    [left] = [parse_support_name(raw.name)[0].stem for raw in everything(answered.port)[0]]
    found = next_day(answered)
    assert found["FO"] == [("left", left)]
    [(fetched, support), (told, answer)] = found["EO"]
    assert (fetched, told) == ("fetched", "answered") and answer == support.replace("FI.", "EO.")
    answered.visit()
    assert reports(answered) == {}
    assert next_day(answered) == {"FO": [], "EO": []}


def test_an_answer_that_the_node_lost_stands_in_the_report(way):
    order(way, faults.FTP_ANSWER_LOST)
    [parcel] = give(way.port, Outgoing(FILE, invoice()))
    way.visit()
    assert [kind for kind, _ in next_day(way)["EO"]] == ["fetched", "answered"]
    assert way.port.resolve(parcel) == "sent"


def test_a_support_whose_answer_comes_a_day_later_stands_in_both_reports(way):
    give(way.port, Outgoing(FILE, invoice()))
    order(way, faults.FTP_ANSWER_LATE)
    way.visit()
    order(way, faults.FTP_ANSWER_LATE)
    assert next_day(way) == {}
    way.visit()
    assert [kind for kind, _ in reports(way)["EO"]] == ["fetched"]
    assert [kind for kind, _ in next_day(way)["EO"]] == ["fetched", "answered"]
    assert next_day(way)["EO"] == []


def test_a_report_in_which_a_visit_breaks_off_comes_whole_with_the_next(answered):
    answered.simulator.clock.advance(DAY)
    faults.add(answered.simulator.books, faults.FTP_CUT, count=1, match="ST.")
    with pytest.raises(ConnectionError):
        answered.visit()
    assert reports(answered) == {}
    answered.visit()
    assert len(reports(answered)["EO"]) == 2
