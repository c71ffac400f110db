"""A button does what it said when it was drawn, or nothing: two people, an old page, a state that moved on."""

from __future__ import annotations

import html
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from fattorino.core.errors import ConflictError, RefusedError
from fattorino.documents.models import Decision, PassiveInvoice, Posting
from fattorino.documents.passive import answering, flows
from fattorino.documents.passive.page import get_passive
from fattorino.organisations.models import User
from fattorino.workflow import flows as workflow
from fattorino.workflow.models import Document, PendingAction
from tests.desk import NOW, TODAY, Desk, run_jobs
from tests.documents.passive.arrived import arrive
from tests.documents.received import OFFICE, bring, invoice
from tests.sentences.office import publish


@pytest.fixture
def client(desk: Desk) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=desk.actor.user_id))
    return client


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fattorino.clock.now", lambda: NOW)


def send(client: Client, desk: Desk, address: str, **values: Any) -> Any:
    return client.post(address, {"azienda": desk.company.pk, **values})


def test_the_page_of_the_accounts_never_accepts_an_invoice(desk: Desk, client: Client) -> None:
    publish(desk, RICEVUTO_DA_ESITARE={"passive": {"action": "ACCETTA"}})
    document = arrive(desk)
    given = {"data": TODAY.isoformat(), "protocollo": "1", "stato": "RICEVUTO_DA_ESITARE"}
    for stato in ("RICEVUTO_DA_ESITARE", ""):
        page = send(client, desk, f"/passive/{document.pk}/contabilizza/", **given | {"stato": stato})
        assert page.status_code == 409, page
    assert not PendingAction.objects.exists() and not Posting.objects.exists()
    assert not Decision.objects.exists()


def test_an_old_button_of_the_same_name_does_nothing_in_the_next_state(desk: Desk, client: Client) -> None:
    publish(desk, DA_CONTABILIZZARE={"passive": {"action": "INVIA_A_GESTIONALE"}})
    document = arrive(desk, pa=False)
    drawn = {"azione": "INVIA_A_GESTIONALE", "visto": "RICEVUTO"}
    for address in (f"/entrate/{document.pk}/azione/", f"/entrate/{document.pk}/riga/azione/"):
        Document.objects.filter(pk=document.pk).update(state="DA_CONTABILIZZARE")
        assert send(client, desk, address, **drawn).status_code == 409
    assert not PendingAction.objects.exists()


def test_who_chose_a_state_upon_an_old_page_is_told(desk: Desk, client: Client) -> None:
    document = arrive(desk, pa=False)
    Document.objects.filter(pk=document.pk).update(state="CONTABILIZZATO")
    drawn = {"stato": "DA_CONTABILIZZARE", "visto": "RICEVUTO"}
    for address in (f"/entrate/{document.pk}/stato/", f"/entrate/{document.pk}/riga/stato/"):
        assert send(client, desk, address, **drawn).status_code == 409
    assert desk.state(document) == "CONTABILIZZATO"


@pytest.mark.parametrize("pa", [True, False])
def test_the_forms_of_the_desk_carry_the_state_they_were_drawn_for(
    desk: Desk, client: Client, pa: bool
) -> None:
    received, own = arrive(desk, pa=pa), desk.save()
    htmx = {"HX-Request": "true"}
    pages = {
        f"/passive/{received.pk}/": "" if pa else "RICEVUTO",
        f"/entrate/{own.pk}/": "DA_PROCESSARE",
        "/entrate/": "DA_PROCESSARE",
        f"/entrate/{own.pk}/riga/stato/": "DA_PROCESSARE",
    }
    for address, state in pages.items():
        page = client.get(address, headers=htmx if "riga" in address else {}).content.decode()
        assert not state or f'name="visto" value="{state}"' in page, address


def test_a_posted_invoice_is_not_accepted_from_an_old_page(desk: Desk, client: Client) -> None:
    document = arrive(desk)
    Document.objects.filter(pk=document.pk).update(state="CONTABILIZZATO")
    for stato in ("RICEVUTO_DA_ESITARE", "CONTABILIZZATO", ""):
        given = {"esito": "EC01", "confermato": "1", "stato": stato}
        page = send(client, desk, f"/passive/{document.pk}/risposta/", **given)
        assert page.status_code in (409, 422)
    assert not Decision.objects.exists() and not PendingAction.objects.exists()


def test_of_two_who_post_at_once_one_registration_is_kept(desk: Desk, client: Client) -> None:
    document = arrive(desk, pa=False)
    Document.objects.filter(pk=document.pk).update(state="DA_CONTABILIZZARE")
    seen: dict[str, Any] = {"seen": "DA_CONTABILIZZARE", "now": NOW, "today": TODAY}
    flows.post(desk.actor, document.pk, TODAY, "A/1", **seen)
    with pytest.raises(ConflictError):
        flows.post(desk.actor, document.pk, TODAY, "A/2", **seen)
    run_jobs()
    with pytest.raises(ConflictError):
        flows.post(desk.actor, document.pk, TODAY, "A/3", **seen)
    assert [p.protocol for p in Posting.objects.all()] == ["A/1"]
    assert desk.state(document) == "CONTABILIZZATO"


def test_the_gestionale_that_says_twice_what_it_posted_writes_it_once(desk: Desk) -> None:
    document = arrive(desk, pa=False)
    for _ in range(2):
        flows.post(desk.actor, document.pk, TODAY, "A/1", by_gestionale=True, now=NOW, today=TODAY)
    assert Posting.objects.count() == 1 and desk.state(document) == "CONTABILIZZATO"
    workflow.choose_state(document.pk, "DA_CONTABILIZZARE", desk.actor, now=NOW)
    flows.post(desk.actor, document.pk, TODAY, "A/1", by_gestionale=True, now=NOW, today=TODAY)
    assert desk.state(document) == "CONTABILIZZATO"


def test_who_imported_an_invoice_reads_what_is_missing_before_it_can_be_answered(
    desk: Desk, client: Client
) -> None:
    content, name = invoice(desk, code=OFFICE), "IT01234567897_00077.xml"
    bring(content, sdi="", name=name, source="import", company_id=desk.company.pk)
    run_jobs()
    document = Document.objects.get(dashboard="PS")
    address = f"/passive/{document.pk}/risposta/"
    assert "manca l'identificativo" in html.unescape(client.get(address).content.decode())
    PassiveInvoice.objects.filter(pk=document.pk).update(identificativo_sdi="4711")
    page = client.get(address).content.decode()
    assert "Non si sa quando SdI abbia consegnato" in page and f"/passive/{document.pk}/consegna/" in page
    with pytest.raises(RefusedError, match="Non si sa quando"):
        answering.decide(desk.actor, document.pk, "EC01", now=NOW)
    PassiveInvoice.objects.filter(pk=document.pk).update(delivered_at=NOW)
    assert "Non si sa quando" not in client.get(address).content.decode()


def test_state_and_button_of_a_page_are_of_one_moment(desk: Desk) -> None:
    """A page that showed the next state with the button of the one before never asked again: it held the number of the
    newer change."""
    document = arrive(desk, pa=False)
    moved: list[str] = []

    def move_after_the_first_look(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        if not moved and 'FROM "workflow_document"' in sql:
            moved.append(sql)
            Document.objects.filter(pk=document.pk).update(state="DA_CONTABILIZZARE")
        return result

    with connection.execute_wrapper(move_after_the_first_look):
        view = get_passive(desk.actor, document.pk)
    assert moved and view.row.state is not None
    assert (view.row.state.code, str(view.possibilities.action)) == ("RICEVUTO", "INVIA_A_GESTIONALE")
    assert get_passive(desk.actor, document.pk).possibilities.action != view.possibilities.action
