"""A document in a state reserved to others is, for everybody else, a document that does not exist: at every address
that names one, in every export, and for programs."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver

from fattorino.organisations.flows import save_user
from fattorino.organisations.models import User
from fattorino.workflow.models import Document
from tests.addresses import arguments, fill, walk
from tests.api.conftest import Program, program
from tests.desk import Desk
from tests.documents.passive.arrived import arrive
from tests.sentences.office import publish

NOBODY = 987_654_321
NAME = "Segretissima S.p.A."


@pytest.fixture
def client(desk: Desk) -> Client:
    browser = Client()
    browser.force_login(User.objects.get(pk=desk.actor.user_id or 0))
    return browser


@pytest.fixture
def secret(desk: Desk) -> Document:
    """Only administrators may see it; the desk's own person is an operator."""
    publish(desk, SCARTATO_SDI={"reserved": True, "reserved_groups": ["group:admin"]})
    document = desk.save()
    Document.objects.filter(pk=document.pk).update(state="SCARTATO_SDI", counterpart_name=NAME, number="4711")
    return document


def addresses() -> list[str]:
    """Every address whose only argument is a document."""
    found = [route for route, each in walk(get_resolver().url_patterns) if arguments(each) == {"document_id"}]
    assert len(found) > 20
    return [f"/{route}" for route in found]


def seen(answer: Any, document_id: int) -> tuple[int, str]:
    """An answer without what differs from one to the next: the number that was asked for, tokens of forms."""
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    text = re.sub(rf"(?<=/){document_id}\b", "N", content.decode(errors="replace"))
    return answer.status_code, re.sub(r'(csrfmiddlewaretoken" value="|X-CSRFToken": ")[^"]*', r"\1", text)


def test_whoever_may_see_it_finds_it_at_the_same_addresses(secret: Document, desk: Desk) -> None:
    """Else the tests below would show nothing."""
    chief = save_user("capo@ordine.example", "x" * 20, "Anna Capo", {desk.company.pk: "admin"}, now=desk.now)
    browser = Client()
    browser.force_login(chief)
    assert browser.get(f"/entrate/{secret.pk}/").status_code == 200
    exported = b"".join(browser.get("/entrate/esporta.csv?testo=rossi").streaming_content).decode()
    assert NAME in exported and "4711" in exported


@pytest.mark.parametrize("method", ["get", "post"])
def test_at_every_address_it_answers_as_a_document_that_does_not_exist(
    secret: Document, client: Client, method: str
) -> None:
    for route in addresses():
        answers = [
            seen(getattr(client, method)(fill(route, {"document_id": number})), number)
            for number in (secret.pk, NOBODY)
        ]
        assert answers[0] == answers[1], f"{method} {route}"
        assert "Scartato da SDI" not in answers[0][1] and NAME not in answers[0][1], f"{method} {route}"


@pytest.mark.parametrize("asked", ["", "?testo=rossi", "?numero=4711", "?stato=SCARTATO_SDI"])
def test_no_export_holds_it(secret: Document, desk: Desk, client: Client, asked: str) -> None:
    answer = client.get(f"/entrate/esporta.csv{asked}")
    assert answer.status_code == 200
    told = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert NAME not in told and "4711" not in told
    book = zipfile.ZipFile(
        io.BytesIO(b"".join(client.get(f"/entrate/esporta.xlsx{asked}").streaming_content))
    )
    cells = "".join(book.read(name).decode() for name in book.namelist() if name.endswith(".xml"))
    assert "Cliente" in cells and NAME not in cells and "4711" not in cells


def received_secret(desk: Desk) -> Document:
    """A received invoice in a state that only administrators may see."""
    document = arrive(desk, "4711")
    publish(desk, RICEVUTO_DA_ESITARE={"reserved": True, "reserved_groups": ["group:admin"]})
    Document.objects.filter(pk=document.pk).update(counterpart_name=NAME)
    assert Document.objects.get(pk=document.pk).state == "RICEVUTO_DA_ESITARE"
    return document


@pytest.mark.parametrize(
    "asked", ["", "?testo=bianchi", "?numero=4711", "?stato=RICEVUTO_DA_ESITARE", "?segno=da_rispondere"]
)
def test_no_export_of_received_invoices_holds_it(desk: Desk, client: Client, asked: str) -> None:
    """Rows, workbook and the files themselves; who may see it finds all three."""
    received_secret(desk)
    chief = Client()
    chief.force_login(
        save_user("capo@ordine.example", "x" * 20, "Anna Capo", {desk.company.pk: "admin"}, now=desk.now)
    )
    for browser, there in ((client, False), (chief, True)):
        told = fetched(browser, f"/passive/esporta.csv{asked}").decode("utf-8-sig")
        assert ((NAME in told), ("4711" in told)) == (there, there)
        with zipfile.ZipFile(io.BytesIO(fetched(browser, f"/passive/esporta.xlsx{asked}"))) as book:
            cells = "".join(book.read(name).decode() for name in book.namelist() if name.endswith(".xml"))
        assert "Fornitore" in cells and ((NAME in cells), ("4711" in cells)) == (there, there)
        with zipfile.ZipFile(io.BytesIO(fetched(browser, f"/passive/esporta.zip{asked}"))) as archive:
            assert len(archive.namelist()) == (2 if there else 1)
            assert (NAME in archive.read("elenco.csv").decode("utf-8-sig")) is there


def fetched(browser: Client, address: str) -> bytes:
    answer = browser.get(address)
    assert answer.status_code == 200, address
    return b"".join(answer.streaming_content)


def test_a_program_is_told_nothing_of_it_and_an_administrators_program_everything(
    secret: Document, desk: Desk
) -> None:
    theirs, chiefs = program(desk), program(desk, "admin")
    for path in ("documents", "documents?text=rossi", "changes", "states"):
        for caller, there in ((theirs, False), (chiefs, True)):
            told = str(caller.call("get", path))
            assert caller.status == 200, path
            assert ("SCARTATO_SDI" in told) is there, f"{path} {caller is chiefs}"
    assert shown(theirs, secret.pk) == shown(theirs, NOBODY)
    assert shown(theirs, secret.pk)[0] == 404
    assert shown(chiefs, secret.pk)[0] == 200


def shown(caller: Program, number: int) -> tuple[int, str]:
    told = str(caller.call("get", f"documents/{number}"))
    return caller.status, re.sub(rf"(?<=/){number}\b", "N", told)
