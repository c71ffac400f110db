"""The provider of PEC with SdI behind it: addresses, receipts, faults, and the process itself."""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import SMTP

import httpx
import pytest

from fattorino.cli.simulator_pec import mailbox, main
from fattorino.core.errors import ChannelError
from fattorino.core.pec.messages import read_pec
from fattorino.core.sdi import messages
from fattorino.core.sdi.message_io import read_message
from fattorino.core.sdi.pec import FIRST_ADDRESS
from fattorino.hub.channels.base import AnswerItem, InvoiceItem, OtherItem, Outgoing
from fattorino.hub.channels.pec import SdiPec
from fattorino.simulators.sdi import faults
from tests.hub.channels.ways import ADDRESS, PecWay, everything, free_port, give, items, pec
from tests.simulators.sdi.support import invoice

FILE = "IT01234567890_00001.xml"


@pytest.fixture
def way(tmp_path: pathlib.Path) -> Iterator[PecWay]:
    with pec(tmp_path) as found:
        yield found


def kinds(way: PecWay) -> list[str]:
    return [read_pec(raw.content).tipo or "busta" for raw in everything(way.port)[0]]


def test_the_first_answer_assigns_an_address_and_the_next_file_may_go_there(way):
    give(way.port, Outgoing(FILE, invoice()))
    way.bring(3)
    found = items(way.port, everything(way.port)[0])
    [assigned] = {item.assigned for item in found if isinstance(item, AnswerItem) and item.assigned}
    assert assigned.startswith("sdi") and assigned != FIRST_ADDRESS
    give(SdiPec(way.port.mailbox, assigned=assigned), Outgoing("IT01234567890_00002.xml", invoice("2")))
    assert len(way.simulator.books.rows("select 1 from file")) == 2


def test_every_file_of_a_message_is_judged_by_itself(way):
    way.house.provider.post.submit(
        ADDRESS, [FIRST_ADDRESS], message(FILE, "IT01234567890_00002.xml", "IT01234567890_00003.xml")
    )
    assert len(way.simulator.books.rows("select 1 from file")) == 3


def message(*names: str, to: str = FIRST_ADDRESS) -> bytes:
    made = EmailMessage(policy=SMTP)
    made["From"], made["To"], made["Subject"], made["Message-ID"] = (
        ADDRESS,
        to,
        "Fatture",
        "<1@pec.example.it>",
    )
    made.set_content("Fatture\n")
    for number, name in enumerate(names):
        made.add_attachment(invoice(str(number)), maintype="application", subtype="xml", filename=name)
    return made.as_bytes()


def test_a_message_delivered_twice_is_taken_once(way):
    for _ in range(2):
        assert way.house.line.take(FIRST_ADDRESS, ADDRESS, "<1@pec.example.it>", [(FILE, invoice())])
    assert len(way.simulator.books.rows("select 1 from file")) == 1


def test_an_address_that_is_not_sdis_is_unknown_at_the_provider(way):
    way.house.provider.post.submit(
        ADDRESS, ["sdi999@pec.fatturapa.it"], message(FILE, to="sdi999@pec.fatturapa.it")
    )
    # Nothing of it concerns SdI, so the channel passes over it: looked at in the mailbox itself.
    letters = way.house.provider.post.mailboxes.letters(ADDRESS)
    assert [read_pec(letter.content).tipo for letter in letters] == ["accettazione", "errore-consegna"]
    assert way.simulator.books.rows("select 1 from file") == []


def test_an_invoice_for_a_mailbox_comes_by_pec_with_its_metadata(way):
    sent = way.simulator.exchange.accept(
        "IT09876543210_00001.xml", invoice("9", codice="0000000", pec=ADDRESS)
    )
    way.bring(3)
    [raw], _ = everything(way.port)
    assert read_pec(raw.content).subject == f"Invio File {sent.identificativo_sdi}"
    [item] = way.port.read(raw)
    assert isinstance(item, InvoiceItem)
    about = read_message(item.metadata).message
    assert isinstance(about, messages.FileMetadati) and about.identificativo_sdi == sent.identificativo_sdi


def test_what_came_by_another_line_is_not_sent_to_a_mailbox(way):
    way.simulator.exchange.accept(FILE, invoice())
    way.bring(3)
    assert everything(way.port)[0] == []
    [row] = way.simulator.books.rows("select state from message")
    assert row["state"] == "ABBANDONATO"


@pytest.mark.parametrize(
    ("kind", "letters", "fate"),
    [
        ("pec_not_accepted", ["non-accettazione"], "not_sent"),
        ("pec_not_delivered", ["accettazione", "errore-consegna"], "not_sent"),
        ("pec_receipt_lost", ["avvenuta-consegna"], "sent"),
        ("pec_receipt_twice", ["accettazione", "accettazione", "avvenuta-consegna"], "sent"),
    ],
)
def test_what_the_provider_says_when_something_goes_wrong(way, kind, letters, fate):
    faults.add(way.simulator.books, kind, count=1)
    [parcel] = give(way.port, Outgoing(FILE, invoice()))
    assert kinds(way) == letters
    assert way.port.resolve(parcel) == fate
    assert len(way.simulator.books.rows("select 1 from file")) == (fate == "sent")


def test_a_mailbox_that_is_down_is_read_later(way):
    give(way.port, Outgoing(FILE, invoice()))
    faults.add(way.simulator.books, "pec_mailbox_down", count=1)
    with pytest.raises(ChannelError) as down:
        list(way.port.fetch(""))
    assert not down.value.permanent
    assert len(list(way.port.fetch(""))) == 2


def test_a_receipt_of_sdi_lost_on_the_way_leaves_the_providers_word(way):
    faults.add(way.simulator.books, faults.LOST, count=1)
    give(way.port, Outgoing(FILE, invoice()))
    way.bring(50)
    found = items(way.port, everything(way.port)[0])
    assert [type(item) for item in found] == [OtherItem, AnswerItem]


def test_a_mailbox_is_written_with_its_password():
    assert mailbox("a@b.it:x:y") == ("a@b.it", "x:y")
    for wrong in ("a@b.it", "a:b", ":x"):
        with pytest.raises(SystemExit):
            main(["--mailbox", wrong])


@pytest.mark.parametrize("which", ["pec", "sdiftp"])
def test_the_process_starts_is_commanded_and_ends(tmp_path, which):
    port = free_port()
    words = {
        "pec": ["--smtp-port", "0", "--imap-port", "0", "--mailbox", "a@pec.example.it:b"],
        "sdiftp": ["--node", "01234567890", "--sftp-port", "1"],
    }[which]
    command = [sys.executable, "-m", "fattorino.cli", "simulator", which, "--port", str(port), *words]
    environment = {**os.environ, "FATTORINO_HOME": str(tmp_path), "LANG": "it_IT.UTF-8"}
    started = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        assert started.stdout is not None
        assert f"http://127.0.0.1:{port}" in started.stdout.readline()
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as control:
            kind = {"pec": "pec_busy", "sdiftp": "ftp_cut"}[which]
            assert control.post("/_simulator/faults", json={"kind": kind}).status_code == 200
            assert control.get("/").status_code == 200
        assert (tmp_path / "simulators" / which / "sdi.sqlite3").exists()
        started.send_signal(signal.SIGTERM)
        assert started.wait(30) == 0
    finally:
        started.kill()
