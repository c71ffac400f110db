"""A form that is sent again (timeout, reload, the way back) makes no second document."""

from __future__ import annotations

import re
import threading

import pytest
from django.db import connection
from django.test import Client

from fattorino import clock
from fattorino.config import demo
from fattorino.documents.models import Invoice
from fattorino.organisations.models import IdempotencyKey, User
from fattorino.organisations.scope import company_scope
from fattorino.workflow.models import Document
from tests.desk import NOW, Desk, make_desk
from tests.documents.posted import posted


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


def signed_in(desk: Desk) -> Client:
    browser = Client()
    browser.force_login(User.objects.get(pk=desk.actor.user_id))
    return browser


@pytest.fixture
def client(desk: Desk) -> Client:
    return signed_in(desk)


def token_in(page: str) -> str:
    found = re.search(r'name="modulo" value="([A-Za-z0-9_-]{20,60})"', page)
    assert found
    return found[1]


def filled(client: Client, **fields: str) -> dict[str, str]:
    """What a person sends who opened the page for a new document."""
    return posted(**fields) | {"modulo": token_in(client.get("/entrate/nuovo/").content.decode())}


def test_the_same_form_sent_again_leads_to_the_document_it_made(client: Client) -> None:
    form = filled(client)
    first, second = client.post("/entrate/nuovo/", form), client.post("/entrate/nuovo/", form)
    assert first.status_code == second.status_code == 302
    assert first["Location"] == second["Location"]
    assert Document.objects.count() == 1


def test_the_same_form_with_other_content_is_told_and_saves_nothing_by_itself(client: Client) -> None:
    form = filled(client)
    client.post("/entrate/nuovo/", form)
    changed = form | {"linee-0-prezzo_unitario": "200"}
    answer = client.post("/entrate/nuovo/", changed)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "ha già creato il documento 1" in page and 'value="200"' in page
    assert Document.objects.count() == 1
    # Who does want a second document saves what is shown now.
    client.post("/entrate/nuovo/", changed | {"modulo": token_in(page)})
    assert sorted(Document.objects.values_list("number", flat=True)) == ["1", "2"]


def test_a_refused_form_is_free_to_be_corrected_and_sent_again(client: Client) -> None:
    form = filled(client, sezionale="NONCE")
    assert client.post("/entrate/nuovo/", form).status_code == 422
    assert not IdempotencyKey.objects.exists()
    answer = client.post("/entrate/nuovo/", form | {"sezionale": ""})
    assert answer.status_code == 302 and Document.objects.count() == 1


def test_two_forms_with_the_same_content_are_two_documents(client: Client) -> None:
    for _ in range(2):
        client.post("/entrate/nuovo/", filled(client))
    assert Document.objects.count() == 2


def test_the_form_shown_again_is_still_the_same_form(client: Client) -> None:
    form = filled(client, cessionario__cap="1")
    page = client.post("/entrate/nuovo/", form).content.decode()
    assert token_in(page) == form["modulo"]


def test_no_key_of_the_api_can_be_that_of_a_form(client: Client) -> None:
    client.post("/entrate/nuovo/", filled(client))
    assert not re.fullmatch("[!-~]*", IdempotencyKey.objects.get().key)


@pytest.mark.django_db(transaction=True)
def test_two_at_the_same_moment_are_one_document() -> None:
    desk = make_desk(demo.ORDINE, "laura@ordine.example")
    form = filled(signed_in(desk))
    clients, answers = [signed_in(desk), signed_in(desk)], []
    start = threading.Barrier(2)

    def send(browser: Client) -> None:
        try:
            start.wait()
            answers.append(browser.post("/entrate/nuovo/", form))
        finally:
            connection.close()

    threads = [threading.Thread(target=send, args=(browser,)) for browser in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [302, 302]
    assert len({answer["Location"] for answer in answers}) == 1
    with company_scope(desk.company.pk):
        assert Invoice.objects.count() == 1
