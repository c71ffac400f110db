"""The node as a way to SdI: names and numbers, what comes back, keys that are renewed, the test button."""

from __future__ import annotations

import datetime
import os
import pathlib
from dataclasses import replace

import pytest

from fattorino.core.errors import ChannelError, InputError
from fattorino.core.sdi.ftp.names import support_name
from fattorino.core.sdi.ftp.records import FileEsito, write_record
from fattorino.core.sdi.ftp.security import open_sealed, seal
from fattorino.core.sdi.ftp.supports import LARGEST, MOST_FILES, Piece, pack, unpack
from fattorino.hub.channels.base import (
    AnswerItem,
    InvoiceItem,
    MessageItem,
    OtherItem,
    Outgoing,
    Raw,
    ReportItem,
)
from fattorino.hub.channels.sdiftp import SdiFtp
from fattorino.hub.folders import SdiFtpFolders
from tests.core.sdi.test_received import mt
from tests.hub.channels.keys import identity, keys
from tests.hub.channels.ways import NODE, certificate_text, key_text, node_keys

NOW = datetime.datetime(2026, 11, 22, 10, 30, tzinfo=datetime.UTC)
FILE = Outgoing("IT01234567890_00001.xml", b"<x/>")


@pytest.fixture
def port(tmp_path: pathlib.Path) -> SdiFtp:
    folders = SdiFtpFolders(tmp_path / "scambio")
    folders.prepare()
    return SdiFtp(NODE, folders, node_keys())


def name_of(port: SdiFtp, number: int, now: datetime.datetime = NOW) -> str:
    return port.prepare([FILE], number=number, now=now).name


def test_a_support_is_named_by_italian_time_and_its_number(port):
    assert name_of(port, 7) == f"FI.{NODE}.2026326.1130.007.zip"


def test_the_numbers_of_tests_begin_at_900_in_folders_of_their_own(port, tmp_path):
    tests = replace(port, folders=SdiFtpFolders(tmp_path / "scambio", test=True))
    assert name_of(tests, 1).endswith(".900.zip") and name_of(tests, 100).endswith(".999.zip")
    with pytest.raises(ChannelError) as full:
        name_of(tests, 101)
    assert full.value.no_room


def test_a_minute_has_899_numbers_and_then_the_next_must_be_waited_for(port):
    assert name_of(port, 899).endswith(".899.zip")
    with pytest.raises(ChannelError) as full:
        name_of(port, 900)
    assert (full.value.no_room, full.value.uncertain, full.value.permanent) == (True, False, False)


def test_the_hour_that_comes_twice_makes_no_name_twice(port):
    first = datetime.datetime(2026, 10, 25, 0, 30, tzinfo=datetime.UTC)
    second = first + datetime.timedelta(hours=1)
    names = [name_of(port, number, at) for at in (first, second) for number in (1, 449)]
    assert len(set(names)) == 4 and all(".2026298.0230." in name for name in names)
    for at in (first, second):
        with pytest.raises(ChannelError):
            name_of(port, 450, at)


def test_what_sdi_opens_agrees_with_its_quadrature(port):
    outcome = Outgoing("IT01234567890_00009_EC_001.xml", b"<ec/>", "EC", "12")
    parcel = port.prepare([FILE, outcome], number=1, now=NOW)
    opened = open_sealed(parcel.content, [keys().sdi_reading], [keys().node_signing.certificate])
    support = unpack(
        support_name("FI", NODE, datetime.datetime(2026, 11, 22, 11, 30), 1), opened, received=NOW
    )
    assert support.faults == ()
    assert [(piece.name, piece.content, piece.kind) for piece in support.pieces] == [
        (FILE.file_name, FILE.content, "FA"),
        (outcome.file_name, outcome.content, "EC"),
    ]


def test_as_many_files_as_a_support_may_hold_stay_within_its_size():
    assert SdiFtp.most == MOST_FILES and SdiFtp.room + 400 * MOST_FILES < LARGEST


def test_too_many_files_together_are_refused_for_good(port):
    large = [replace(FILE, content=b"x" * 4_900_000)] * 30
    with pytest.raises(ChannelError) as told:
        port.prepare(large, number=1, now=NOW)
    assert told.value.permanent and not told.value.uncertain


def brought(*pieces: Piece, sender=None, reader=None, number: int = 1) -> Raw:
    name = support_name("FO", NODE, datetime.datetime(2026, 11, 22, 11, 30), number)
    sealed = seal(
        pack(name, pieces, made=NOW),
        sender or keys().sdi_signing,
        (reader or keys().node_reading).certificate,
    )
    return Raw(f"{name.file}.p7m.enc", sealed, "")


def test_a_support_of_sdi_is_taken_apart_into_receipts_and_invoices_with_their_metadata(port):
    about = mt("IT09876543210_00001.xml")
    found = port.read(
        brought(
            Piece("IT09876543210_00001.xml", b"<fattura/>", "FA"),
            Piece(*about, "MT"),
            Piece("IT01234567890_00001_RC_001.xml", b"<rc/>", "RC"),
        )
    )
    assert found == [
        InvoiceItem("77", "IT09876543210_00001.xml", b"<fattura/>", *about),
        MessageItem("IT01234567890_00001_RC_001.xml", b"<rc/>"),
    ]


def test_an_invoice_counts_as_delivered_when_sdi_ended_laying_its_support(port):
    """Not when somebody came by to read it: the fifteen days run meanwhile (AdE 1.6.1, 1.7: the end of the FO)."""
    raw = brought(Piece("IT09876543210_00001.xml", b"<fattura/>", "FA"))
    unfinished = port.folders.from_sdi / raw.name.removesuffix(".enc")
    unfinished.write_bytes(raw.content)
    # A client may say what it likes of the file's age.
    os.utime(unfinished, (0, 0))
    before = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=2)
    unfinished.rename(port.folders.from_sdi / raw.name)
    [arrived] = port.fetch("")
    assert arrived.laid_at is not None and arrived.laid_at >= before
    [item] = port.read(arrived)
    assert isinstance(item, InvoiceItem) and item.delivered_at == arrived.laid_at


def test_a_file_of_a_strange_name_is_told(port):
    found = port.read(brought(Piece("leggimi.txt", b"ciao", "")))
    assert found and all(isinstance(item, OtherItem) for item in found)
    assert any("leggimi.txt" in item.text for item in found)


def test_what_is_not_from_sdi_or_not_for_us_is_not_opened(port):
    receipt = Piece("IT01234567890_00001_RC_001.xml", b"<rc/>", "RC")
    for raw in (brought(receipt, sender=identity("estraneo")), brought(receipt, reader=identity("altro"))):
        with pytest.raises(InputError):
            port.read(raw)


def test_while_a_key_is_renewed_supports_for_both_are_opened(port):
    new = identity("nodo cifra 2")
    both = replace(
        port.keys,
        # In whatever order they were pasted: each key finds its certificate.
        reading_certificate=certificate_text(new) + certificate_text(keys().node_reading),
        reading_key=key_text(keys().node_reading) + key_text(new),
        sdi_signing_certificates=certificate_text(identity("SdI 2")) + certificate_text(keys().sdi_signing),
    )
    receipt = Piece("IT01234567890_00001_RC_001.xml", b"<rc/>", "RC")
    for reader in (keys().node_reading, new):
        assert len(replace(port, keys=both).read(brought(receipt, reader=reader))) == 1


def test_missing_keys_set_a_support_aside_instead_of_losing_it(port):
    blind = replace(port, keys=replace(port.keys, reading_key=""))
    with pytest.raises(InputError, match="nessuna chiave"):
        blind.read(brought(Piece("IT01234567890_00001_RC_001.xml", b"<rc/>", "RC")))


def esito(result: str) -> Raw:
    record = FileEsito(
        identificativo_nodo=NODE, data_ora_ricezione=NOW, data_ora_esito=NOW,
        nome_supporto=f"FI.{NODE}.2026326.1130.001.zip", esito=result,
    )  # fmt: skip
    return Raw(f"EO.{NODE}.2026326.1130.001.xml.run", write_record(record), "")


@pytest.mark.parametrize(("result", "taken"), [("ET01", True), ("ET02", False)])
def test_an_outcome_file_answers_its_support(port, result, taken):
    [answer] = port.read(esito(result))
    assert isinstance(answer, AnswerItem)
    assert (answer.parcel, answer.taken) == (f"FI.{NODE}.2026326.1130.001.zip", taken)
    # A suspended support may be recovered later.
    assert answer.doubtful is not taken


@pytest.mark.parametrize(("code", "word"), [("1", "decifrare"), ("2", "firma")])
def test_a_refusal_answers_its_support_with_the_phase(port, code, word):
    raw = Raw(f"ER.{NODE}.2026326.1130.001.run", f"FI.{NODE}.2026326.1130.001;{code}\n".encode(), "")
    [answer] = port.read(raw)
    assert (answer.parcel, answer.taken) == (f"FI.{NODE}.2026326.1130.001.zip", False)
    assert word in answer.text


@pytest.mark.parametrize("content", [b"", b"<html/>", b"\x00" * 100])
def test_an_answer_that_cannot_be_read_is_set_aside(port, content):
    for file in (f"EO.{NODE}.2026326.1130.001.xml.run", f"ER.{NODE}.2026326.1130.001.run"):
        with pytest.raises(InputError):
            port.read(Raw(file, content, ""))


def test_a_daily_report_says_which_supports_it_names(port):
    rows = f"supporto;esito\nFI.{NODE}.2026326.1130.001.zip;ET01\nFI.{NODE}.2026326.1130.002.zip;ET02\n"
    [item] = port.read(Raw(f"ST.{NODE}.EO.2026327.0100.csv", rows.encode(), ""))
    assert isinstance(item, ReportItem) and "2 (da FI." in item.text and item.kind == "EO"
    first = f"FI.{NODE}.2026326.1130.001"
    assert item.claims[0] == ("fetched", first, f"{first}.zip;ET01")
    [empty] = port.read(Raw(f"ST.{NODE}.EO.2026327.0100.csv", b"supporto;esito\n", ""))
    assert "nessun supporto" in empty.text


def steps_of(port: SdiFtp, now: datetime.datetime) -> dict[str, bool]:
    return {str(step.name): step.ok for step in port.examine(now=now)}


def test_the_test_button_tells_certificates_that_have_expired(port):
    late = steps_of(port, datetime.datetime(2040, 1, 1, tzinfo=datetime.UTC))
    assert list(late.values()) == [False] * 4
    assert "Cartelle di scambio" not in late


def test_the_test_button_tells_folders_that_are_missing_and_leaves_nothing_behind(port):
    now = datetime.datetime.now(datetime.UTC)
    assert all(steps_of(port, now).values())
    assert [each for folder in port.folders.root.iterdir() for each in folder.iterdir()] == []
    port.folders.from_sdi.rmdir()
    found = steps_of(port, now)
    assert found["Cartelle di scambio"] is False and "Prelievo da parte dello SdI" not in found


def test_the_test_button_tells_that_sdi_does_not_come_by(port):
    now = datetime.datetime.now(datetime.UTC)
    port.hand_over(port.prepare([FILE], number=1, now=now - datetime.timedelta(hours=3)))
    assert steps_of(port, now)["Prelievo da parte dello SdI"] is False
    assert steps_of(port, now - datetime.timedelta(hours=2))["Prelievo da parte dello SdI"] is True


def test_the_test_button_tells_a_support_that_sdi_has_fetched_and_never_answered(port):
    now = datetime.datetime.now(datetime.UTC)
    parcel = port.prepare([FILE], number=1, now=now - datetime.timedelta(hours=25))
    port.hand_over(parcel)
    (port.folders.to_sdi / parcel.name).unlink()
    assert steps_of(port, now)["Esiti dei supporti"] is False
    assert steps_of(port, now - datetime.timedelta(hours=2))["Esiti dei supporti"] is True
    answer = parcel.name.replace("FI.", "EO.", 1).replace(".zip", ".xml.run")
    (port.folders.from_sdi / answer).write_bytes(b"<esito/>")
    [raw] = port.fetch("")
    port.done(raw)
    assert steps_of(port, now)["Esiti dei supporti"] is True
