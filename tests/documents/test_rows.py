"""A list row has the row actions of its state, *Cambia stato* and the history."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from fattorino.core.workflow.standard import standard_json
from fattorino.organisations.flows import save_user
from fattorino.organisations.models import User
from fattorino.workflow import flows
from fattorino.workflow.models import Document
from tests.desk import Desk, jobs

HTMX = {"HX-Request": "true"}


@pytest.fixture
def client(desk: Desk) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=desk.actor.user_id))
    return client


def text(client: Client, address: str, **options: Any) -> str:
    answer = client.get(address, **options)
    assert answer.status_code == 200, answer
    return answer.content.decode()


def test_a_gadget_s_list_holds_its_documents_only_and_offers_its_states(desk: Desk, client: Client) -> None:
    private, public, moved = desk.save(), desk.save(desk.pa_draft()), desk.save()
    flows.choose_state(moved.pk, "ANNULLATO", desk.actor, now=desk.now, reason="Prova")
    page = text(client, "/entrate/?dashboard=privati&stato=DA_PROCESSARE")
    assert "<h1>Da processare</h1>" in page and 'href="/dashboard/privati/"' in page
    assert f"row-{private.pk}" in page
    assert f"row-{public.pk}" not in page and f"row-{moved.pk}" not in page
    whole = text(client, "/entrate/?dashboard=privati")
    assert "<h1>Fatture attive verso privati</h1>" in whole and f"row-{moved.pk}" in whole
    assert "Accettato dalla PA" not in whole and 'value="CONSEGNATO"' in whole
    assert f"row-{public.pk}" in text(client, "/entrate/")


def test_the_exports_and_the_filters_keep_the_dashboard(desk: Desk, client: Client) -> None:
    desk.save()
    desk.save(desk.pa_draft())
    page = text(client, "/entrate/?dashboard=pa")
    assert "esporta.csv?dashboard=pa" in page and '<input type="hidden" name="dashboard" value="pa">' in page
    answer = client.get("/entrate/esporta.csv?dashboard=pa")
    assert b"".join(answer.streaming_content).count(b"\r\n") == 2
    assert "Nessun documento su questa dashboard" in text(client, "/entrate/?dashboard=lipe")


def test_a_row_offers_the_action_of_its_state_and_cambia_stato(desk: Desk, client: Client) -> None:
    desk.save()
    page = text(client, "/entrate/")
    assert "Genera XML e invia" in page and "Cambia stato" in page and "Storia" in page
    Document.objects.update(state="CONSEGNATO")
    page = text(client, "/entrate/")
    assert "Genera XML e invia" not in page and ">Cambia stato<" not in page and "Storia" in page


def test_the_button_of_a_row_starts_the_action_and_brings_the_row_anew(desk: Desk, client: Client) -> None:
    document = desk.save()
    answer = client.post(
        f"/entrate/{document.pk}/riga/azione/", {"azione": "GENERA_XML_INVIA_HUB"}, headers=HTMX
    )
    row = answer.content.decode()
    assert row.startswith(f'<tr id="row-{document.pk}"') and "Genera XML e invia…" in row
    assert "<button" not in row, "nothing is offered while something is under way"
    told = json.loads(answer.headers["HX-Trigger"])
    assert "avviato per Fattura" in told["notice"]["message"]
    assert len(jobs("workflow.run_action")) == 1


def test_a_row_that_shows_an_old_state_does_nothing(desk: Desk, client: Client) -> None:
    document = desk.save()
    answer = client.post(f"/entrate/{document.pk}/riga/azione/", {"azione": "FIRMA"}, headers=HTMX)
    assert answer.status_code == 409 and not jobs("workflow.run_action")


def test_without_script_the_button_leads_back_to_the_list(desk: Desk, client: Client) -> None:
    document = desk.save()
    back = "http://testserver/entrate/?dashboard=privati"
    answer = client.post(
        f"/entrate/{document.pk}/riga/azione/",
        {"azione": "GENERA_XML_INVIA_HUB"},
        headers={"Referer": back},
    )
    assert answer.status_code == 302 and answer.headers["Location"] == back
    assert client.get(f"/entrate/{document.pk}/riga/stato/").headers["Location"] == f"/entrate/{document.pk}/"
    assert (
        client.get(f"/entrate/{document.pk}/riga/storia/").headers["Location"] == f"/entrate/{document.pk}/"
    )


def test_cambia_stato_of_a_row_offers_the_targets_and_asks_for_a_reason_where_one_is_due(
    desk: Desk, client: Client
) -> None:
    definition = standard_json()
    for state in definition["states"]:
        if state["code"] == "DA_PROCESSARE":
            state["active"]["reason_required"] = True
    flows.publish_workflow(desk.company, definition, now=desk.now)
    document = desk.save()
    address = f"/entrate/{document.pk}/riga/stato/"
    dialog = text(client, address, headers=HTMX)
    assert 'value="ANNULLATO"' in dialog and 'value="CONSEGNATO"' not in dialog
    assert "obbligatorio" in dialog and "required>" in dialog
    refused = client.post(address, {"stato": "ANNULLATO", "motivo": " "}, headers=HTMX)
    assert refused.status_code == 409 and refused.headers["HX-Retarget"] == "#dialog-content"
    assert "serve il motivo" in refused.content.decode() and "selected" in refused.content.decode()
    assert client.post(address, {"motivo": "x"}, headers=HTMX).status_code == 409
    assert desk.state(document) == "DA_PROCESSARE"
    answer = client.post(address, {"stato": "ANNULLATO", "motivo": "Scritto per errore"}, headers=HTMX)
    assert "Annullato" in answer.content.decode() and desk.state(document) == "ANNULLATO"
    history = text(client, f"/entrate/{document.pk}/riga/storia/", headers=HTMX)
    assert "Scritto per errore" in history and "Laura Conti" in history


def test_the_document_s_page_asks_for_the_reason_too(desk: Desk, client: Client) -> None:
    definition = standard_json()
    for state in definition["states"]:
        state["active"] = {**state.get("active", {}), "reason_required": True}
    flows.publish_workflow(desk.company, definition, now=desk.now)
    page = text(client, f"/entrate/{desk.save().pk}/")
    assert "obbligatorio, resta nella storia" in page


def test_who_only_reads_is_offered_the_history_alone(desk: Desk) -> None:
    document = desk.save()
    other = save_user("ada@ordine.example", None, "Ada Rossi", {desk.company.pk: "reader"}, now=desk.now)
    browser = Client()
    browser.force_login(other)
    page = text(browser, "/entrate/")
    assert "Storia" in page and "Genera XML e invia" not in page and ">Cambia stato<" not in page
    answer = browser.post(
        f"/entrate/{document.pk}/riga/azione/", {"azione": "GENERA_XML_INVIA_HUB"}, headers=HTMX
    )
    assert answer.status_code == 409 and not jobs("workflow.run_action")


def test_a_ricevuta_offers_no_action(desk: Desk, client: Client) -> None:
    desk.save(kind="ricevuta", sezionale="R")
    page = text(client, "/entrate/")
    assert "Storia" in page and "Genera XML e invia" not in page and ">Cambia stato<" not in page


def test_the_news_of_the_list_carry_the_offers(desk: Desk, client: Client) -> None:
    document = desk.save()
    page = text(client, f"/entrate/novita/?dopo=0&righe={document.pk}")
    assert "Genera XML e invia" in page
