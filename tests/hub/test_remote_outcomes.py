"""Received invoices in the feed of whoever is served, and the outcome (EC) that it hands in for one of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fattorino.core.sdi.message_io import write_message
from fattorino.core.sdi.messages import NotificaEsitoCommittente
from fattorino.documents.receiving import take_invoice
from fattorino.hub.channels.base import Accepted
from fattorino.hub.flows import channels, remote_feed, remote_files
from fattorino.hub.models import OutcomeSent, RemoteFile
from fattorino.organisations.queries import Actor
from fattorino.organisations.scope import company_scope
from fattorino.workflow.models import Document
from tests.desk import NOW, Desk, run_jobs
from tests.documents.passive.arrived import arrive
from tests.documents.passive.arrived import passive as row_of
from tests.hub import letters
from tests.hub.arrived import invoice_arrived
from tests.hub.letters import SDI_ID
from tests.hub.test_outcomes import NEVER, Line
from tests.hub.test_receive_passive import expired, refused

NAME = "IT02100450127_00001_EC_001.xml"


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Line:
    """The way to SdI, which takes whatever it is given unless the test says otherwise."""
    made = Line()
    monkeypatch.setattr(channels, "port", lambda row: made)
    return made


def program(desk: Desk) -> Actor:
    return Actor("gestionale", "Altro Fattorino", desk.company.pk, None, "operator")


def outcome(sdi: str, esito: str = "EC01") -> bytes:
    return write_message(NotificaEsitoCommittente(identificativo_sdi=sdi, esito=esito))


@pytest.fixture
def received(desk: Desk) -> Document:
    remote_files.serve(desk.company.pk, now=NOW)
    return arrive(desk)


def number(document: Document) -> str:
    return row_of(document).identificativo_sdi


def push(desk: Desk, content: bytes, sdi: str, name: str = NAME) -> RemoteFile:
    remote_files.push(program(desk), name, content, kind="EC", identificativo_sdi=sdi, now=NOW)
    run_jobs()
    return RemoteFile.objects.get(name=name)


def told(desk: Desk) -> list[Any]:
    remote_feed.publish(desk.company.pk, now=NOW)
    return remote_feed.read(program(desk), 0, limit=100, most_bytes=10_000_000)[0]


def test_a_received_invoice_is_told_once_byte_for_byte_with_its_metadata(desk: Desk) -> None:
    remote_files.serve(desk.company.pk, now=NOW)
    content, about = b"<fattura/>", b"<mt/>"
    for _ in range(2):
        take_invoice(
            "sdicoop",
            "4711",
            "IT1_1.xml",
            content,
            "IT1_1_MT_001.xml",
            about,
            company_id=desk.company.pk,
            now=NOW,
        )
    (event,) = told(desk)
    assert (event.kind, event.identificativo_sdi, event.name) == ("invoice", "4711", "IT1_1.xml")
    assert (event.content, event.metadata_name, event.metadata) == (content, "IT1_1_MT_001.xml", about)


def test_what_a_person_imports_here_is_not_told(desk: Desk) -> None:
    remote_files.serve(desk.company.pk, now=NOW)
    take_invoice("import", "4711", "IT1_1.xml", b"<a/>", "", b"", company_id=desk.company.pk, now=NOW)
    assert told(desk) == []


def test_a_company_that_nobody_asked_for_leaves_no_notes(desk: Desk) -> None:
    take_invoice("sdicoop", "4711", "IT1_1.xml", b"<a/>", "", b"", company_id=desk.company.pk, now=NOW)
    assert told(desk) == []


def test_an_invoice_in_a_reserved_state_is_not_told_to_whoever_may_not_see_it(
    desk: Desk, received: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(told(desk)) == 1
    monkeypatch.setattr(remote_feed, "hidden_states", lambda *_: [desk.state(received)])
    events, more, following = remote_feed.read(program(desk), 0, limit=100, most_bytes=1)
    assert (events, more) == ([], False)
    assert following == remote_feed.last_number(desk.company.pk)


def test_an_outcome_goes_on_byte_for_byte_under_its_name_once(
    desk: Desk, received: Document, line: Line
) -> None:
    content = outcome(number(received))
    for _ in range(2):
        file = push(desk, content, number(received))
    (sent,) = line.sent
    assert (sent.file_name, sent.content, sent.kind) == (NAME, content, "EC")
    assert sent.identificativo_sdi == number(received)
    row = OutcomeSent.objects.get()
    assert (row.status, row.document_id, file.document_id) == (
        OutcomeSent.Status.TAKEN,
        received.pk,
        received.pk,
    )
    assert [event.state for event in told(desk) if event.kind == "file"] == ["with_sdi", "closed"]


def test_an_outcome_that_did_not_go_is_given_back_and_may_come_again(
    desk: Desk,
    received: Document,
    line: Line,
) -> None:
    line.answers = [NEVER]
    push(desk, outcome(number(received)), number(received))
    events = [event for event in told(desk) if event.kind == "file"]
    assert [event.state for event in events] == ["returned"]
    assert "Il file non si può inviare." in events[0].text
    line.answers = [Accepted("1")]
    push(desk, outcome(number(received)), number(received))
    assert [event.state for event in told(desk) if event.kind == "file"][-1] == "closed"
    assert len(line.sent) == 2


@pytest.mark.parametrize(
    ("content", "sdi", "why"),
    [
        (outcome("999"), "999", "Nessuna fattura ricevuta qui"),
        (outcome("999"), "", "nomina un'altra fattura"),
        (b"<a/>", "", ""),
    ],
)
def test_an_outcome_of_nothing_received_here_is_given_back_with_the_reason(
    desk: Desk,
    received: Document,
    line: Line,
    content: bytes,
    sdi: str,
    why: str,
) -> None:
    file = push(desk, content, sdi or number(received))
    assert (file.state, line.sent) == ("returned", [])
    assert file.text and why in file.text


def test_a_second_outcome_for_the_same_invoice_is_given_back(
    desk: Desk, received: Document, line: Line
) -> None:
    push(desk, outcome(number(received)), number(received))
    second = push(desk, outcome(number(received), "EC02"), number(received), NAME.replace("001", "002"))
    assert (second.state, len(line.sent)) == ("returned", 1)


def test_another_company_s_invoice_cannot_be_answered(
    desk: Desk,
    other_desk: Desk,
    received: Document,
    line: Line,
) -> None:
    stranger = replace(desk, company=other_desk.company)
    with company_scope(other_desk.company.pk):
        file = push(stranger, outcome(number_of(desk, received)), number_of(desk, received))
    assert (file.state, line.sent) == ("returned", [])


def number_of(desk: Desk, document: Document) -> str:
    with company_scope(desk.company.pk):
        return number(document)


@pytest.mark.parametrize("bodies", [1, 2])
def test_a_message_about_an_invoice_in_a_reserved_state_is_not_told_either(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, bodies: int
) -> None:
    """DT and SE name the supplier's file, its number and what was decided."""
    remote_files.serve(desk.company.pk, now=NOW)
    found = invoice_arrived(desk, SDI_ID, tuple(str(n) for n in range(7, 7 + bodies)))
    message = letters.bring("IT02100450127_1_DT_001.xml", expired(str(6 + bodies)))
    assert messages(desk) == 1
    hidden = desk.state(found[-1])
    monkeypatch.setattr(remote_feed, "hidden_states", lambda *_: [hidden])
    assert told(desk) == [] and message.document_id
    # One that names nobody is about all of them.
    letters.bring("IT02100450127_1_SE_001.xml", refused())
    assert told(desk) == []
    monkeypatch.setattr(remote_feed, "hidden_states", lambda *_: ["ALTRO"])
    assert messages(desk) == 2


def messages(desk: Desk) -> int:
    return [event.kind for event in told(desk)].count("message")
