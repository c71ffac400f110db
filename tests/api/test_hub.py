"""/api/hub/v1: files pushed under their name, acquired as documents, followed in a feed that loses nothing."""

from __future__ import annotations

import base64
import datetime
from typing import Any

import pytest

from fattorino.core.errors import ChannelError
from fattorino.documents.models import DocumentFile, Reception
from fattorino.documents.receiving import take_invoice
from fattorino.hub.channels.base import Accepted
from fattorino.hub.flows import remote_files
from fattorino.hub.models import FileNameSeries, RemoteEvent, RemoteFile, Submission
from fattorino.organisations import scope
from fattorino.organisations.scope import company_scope
from fattorino.workflow.models import Document
from tests.api.conftest import Program, program
from tests.desk import NOW, Desk, run_jobs
from tests.documents.received import OFFICE
from tests.documents.received import invoice as received
from tests.hub.letters import SDI_ID, answered, arrive, begin

HUB = "/api/hub/v1"
NAME = "IT01111111117_0000A.xml"
UNSENT = frozenset({"hub.turn"})


def invoice(desk: Desk, number: str = "77") -> bytes:
    """An invoice of the company, as its own program would have written it."""
    document = desk.save()
    desk.press(document)
    run_jobs(skip=UNSENT)
    content = bytes(DocumentFile.objects.get(document=document, kind="xml").stored.content)
    # It is here only to be copied: the queue belongs to what is pushed.
    Submission.objects.filter(document=document).update(status="closed")
    return content.replace(b"<Numero>1</Numero>", f"<Numero>{number}</Numero>".encode())


@pytest.fixture
def content(desk: Desk) -> bytes:
    return invoice(desk)


def push(gestionale: Program, content: bytes, name: str = NAME, **headers: str) -> Any:
    return gestionale.call("put", f"{HUB}/files/{name}", content, **headers)


def work(desk: Desk) -> None:
    with company_scope(desk.company.pk):
        run_jobs(skip=UNSENT)
    show(desk)


def show(desk: Desk) -> None:
    """A request ends with the wall closed: the test looks at this company's rows again."""
    scope.show_only(desk.company.pk)


def feed(gestionale: Program, since: int = 0) -> Any:
    return gestionale.call("get", f"{HUB}/feed?since={since}")


def states(gestionale: Program) -> list[str]:
    return [event["state"] for event in feed(gestionale)["events"] if event["type"] == "file"]


def submission(name: str = NAME) -> Submission:
    return Submission.objects.get(base_name=name.split(".")[0])


def test_a_pushed_file_is_kept_and_goes_to_sdi_byte_for_byte_under_its_own_name(
    gestionale: Program, desk: Desk, content: bytes
) -> None:
    told = push(gestionale, content)
    assert (gestionale.status, told["state"]) == (201, "received")
    work(desk)
    row = submission()
    assert row.outgoing is not None
    assert (row.file_name, bytes(row.outgoing.content)) == (NAME, content)
    assert desk.state(row.document) == "IN_ELABORAZIONE"
    assert gestionale.call("get", f"{HUB}/files/{NAME}")["document"] == row.document_id


def test_the_same_file_again_is_the_same_answer_and_another_content_is_a_conflict(
    gestionale: Program, desk: Desk, content: bytes
) -> None:
    first = push(gestionale, content)
    again = push(gestionale, content)
    assert (gestionale.status, again["sha256"]) == (200, first["sha256"])
    assert gestionale.last["Idempotency-Replayed"] == "true"
    push(gestionale, content + b"\n")
    assert gestionale.status == 409
    push(gestionale, content, NAME + ".p7m")
    assert gestionale.status == 409
    work(desk)
    assert RemoteFile.objects.get().arrivals == 2
    assert Document.objects.filter(number="77").count() == 1


def test_an_idempotency_key_means_one_file(gestionale: Program, content: bytes) -> None:
    push(gestionale, content, **{"Idempotency-Key": "uno"})
    push(gestionale, content, **{"Idempotency-Key": "uno"})
    assert gestionale.status == 200
    push(gestionale, content, "IT01111111117_0000B.xml", **{"Idempotency-Key": "uno"})
    assert gestionale.status == 409


def test_the_feed_tells_states_and_receipts_in_order_and_the_cursor_repeats_nothing(
    gestionale: Program, desk: Desk, content: bytes
) -> None:
    feed(gestionale)
    push(gestionale, content)
    work(desk)
    assert states(gestionale) == ["sending"]
    show(desk)
    row = submission()
    begin(row)
    answered(row, Accepted(SDI_ID, NOW))
    message = arrive(row, "RC")
    told = feed(gestionale)
    assert [e.get("state") or e["type"] for e in told["events"]] == [
        "sending",
        "with_sdi",
        "closed",
        "message",
    ]
    letter = told["events"][-1]
    assert base64.b64decode(letter["content"]) == bytes(message.content)
    assert (letter["file"], letter["identificativo_sdi"]) == (NAME, SDI_ID)
    assert feed(gestionale, told["next"]) == {"events": [], "next": told["next"], "more": False}
    some = gestionale.call("get", f"{HUB}/feed?since=0&limit=1")
    assert (len(some["events"]), some["more"]) == (1, True)


def test_the_feed_tells_when_sdi_delivered_an_invoice_not_when_it_was_read(
    gestionale: Program, desk: Desk
) -> None:
    feed(gestionale)
    content = received(desk, code=OFFICE)
    take_invoice(
        "pec", "71", "IT01234567897_00071.xml", content, "", b"",
        company_id=desk.company.pk, now=NOW, delivered_at=NOW - datetime.timedelta(days=3),
    )  # fmt: skip
    take_invoice(
        "sdicoop", "72", "IT01234567897_00072.xml", content, "", b"", company_id=desk.company.pk, now=NOW
    )
    # As a Fattorino kept it that did not know yet.
    Reception.objects.create(
        company=desk.company, source="pec", identificativo_sdi="73", name="IT01234567897_00073.xml", sha256="0" * 64,
        content=content, received_at=NOW,
    )  # fmt: skip
    told = {event["identificativo_sdi"]: event["delivered_at"] for event in feed(gestionale)["events"]}
    assert told == {"71": "2026-11-18T09:30:00Z", "72": "2026-11-21T09:30:00Z", "73": None}


def test_the_description_names_the_delivery_and_asks_nobody_to_tell_it(gestionale: Program) -> None:
    event = gestionale.call("get", f"{HUB}/openapi.json")["components"]["schemas"]["InvoiceEvent"]
    assert "delivered_at" in event["properties"] and "delivered_at" not in event["required"]


def test_what_the_company_cannot_import_is_given_back_with_the_reason_and_may_come_again(
    gestionale: Program, other_desk: Desk, desk: Desk, content: bytes
) -> None:
    stranger = program(other_desk)
    push(stranger, content)
    work(other_desk)
    told = feed(stranger)["events"]
    assert [event["state"] for event in told] == ["returned"]
    assert "cedente" in told[0]["text"]
    push(stranger, content)
    assert stranger.call("get", f"{HUB}/files/{NAME}")["state"] == "received"
    assert stranger.call("post", f"{HUB}/files/{NAME}/acquire")["state"] == "received"


def test_a_file_that_sdi_would_refuse_is_given_back_and_can_never_go_from_here(
    gestionale: Program, desk: Desk, content: bytes
) -> None:
    wrong = content.replace(b"<PrezzoTotale>350.00<", b"<PrezzoTotale>351.00<")
    assert wrong != content
    push(gestionale, wrong)
    work(desk)
    told = feed(gestionale)["events"]
    assert [event["state"] for event in told] == ["returned"]
    assert "00423" in told[0]["text"]
    show(desk)
    document = Document.objects.get(number="77")
    desk.press(document)
    work(desk)
    assert document.changes.order_by("-id")[0].message.startswith(
        "Il documento è arrivato da un altro programma"
    )
    push(gestionale, content, "IT01111111117_0000B.xml")
    work(desk)
    assert submission("IT01111111117_0000B.xml").document_id == document.pk
    assert states(gestionale)[-1] == "sending"


def test_what_could_not_be_sent_is_given_back_closed_and_goes_when_it_comes_again(
    gestionale: Program, desk: Desk, content: bytes
) -> None:
    push(gestionale, content)
    work(desk)
    row = submission()
    begin(row)
    answered(row, ChannelError("Canale rifiutato.", uncertain=False, permanent=True, of_file=True))
    assert submission().status == "failed"
    assert states(gestionale)[-1] == "returned"
    show(desk)
    assert submission().status == "closed"
    document = Document.objects.get(pk=row.document_id)
    desk.press(document)
    work(desk)
    assert submission().status == "closed"
    push(gestionale, content)
    assert gestionale.status == 200
    with company_scope(desk.company.pk):
        remote_files.acquire(desk.company.pk, RemoteFile.objects.get().pk, now=NOW)
    # Read at this moment, before the pressed button has done its work: it is on its way, not given back.
    assert states(gestionale)[-1] == "acquired"
    work(desk)
    assert submission().status == "queued"
    assert states(gestionale)[-1] == "sending"


def test_names_given_here_step_aside_for_those_that_come(
    gestionale: Program, desk: Desk, content: bytes
) -> None:
    company = desk.company
    own = f"{company.trasmittente_paese}{company.trasmittente_codice}"
    push(gestionale, content, f"{own}_0000Z.xml")
    assert gestionale.status == 201
    assert FileNameSeries.objects.get(id_codice=company.trasmittente_codice).last == 35
    show(desk)
    push(gestionale, content, f"{submission_name(desk)}.xml")
    assert gestionale.status == 409


def submission_name(desk: Desk) -> str:
    return Submission.objects.get(document__number="1").base_name


def test_names_of_another_company_s_transmitter_are_refused(
    gestionale: Program, desk: Desk, content: bytes
) -> None:
    FileNameSeries.objects.create(id_paese="IT", id_codice="01111111117", last=3)
    refused = push(gestionale, content)
    assert (gestionale.status, "altra azienda" in refused["detail"]) == (422, True)


def test_one_company_sees_nothing_of_another(
    gestionale: Program, desk: Desk, other_desk: Desk, content: bytes
) -> None:
    push(gestionale, content)
    work(desk)
    stranger = program(other_desk)
    assert feed(stranger)["events"] == []
    stranger.call("get", f"{HUB}/files/{NAME}")
    assert stranger.status == 404
    push(stranger, content)
    assert stranger.status == 409


@pytest.mark.parametrize(
    ("name", "content", "status"),
    [
        ("fattura.xml", b"<a/>", 422),
        ("IT01111111117_00001.zip", b"PK", 422),
        (NAME, b"", 422),
        (NAME, b" " * 10_000_001, 413),
    ],
)
def test_what_sdi_would_never_take_is_refused_at_once(
    gestionale: Program, desk: Desk, name: str, content: bytes, status: int
) -> None:
    told = push(gestionale, content, name)
    assert (gestionale.status, told["status"]) == (status, status)
    show(desk)
    assert not RemoteFile.objects.exists()


def test_a_token_that_only_reads_hands_nothing_in(desk: Desk) -> None:
    reader = program(desk, "reader")
    push(reader, b"<a/>")
    assert reader.status == 403
    assert reader.call("get", f"{HUB}/service")["may_write"] is False


def test_the_service_says_for_whom_it_is(gestionale: Program, desk: Desk) -> None:
    told = gestionale.call("get", f"{HUB}/service")
    assert (told["company"], told["version"], told["last"]) == (desk.company.name, 1, 0)


def test_events_are_append_only(gestionale: Program, desk: Desk, content: bytes) -> None:
    push(gestionale, content)
    work(desk)
    feed(gestionale)
    with pytest.raises(Exception, match="solo accrescere"), company_scope(desk.company.pk):
        RemoteEvent.objects.all().delete()
