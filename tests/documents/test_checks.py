"""The list, its exports, *invio massivo* and the API narrowed to the documents whose state has a check."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.test import Client

from fattorino.core.workflow.standard import standard_json
from fattorino.documents import queries, selection
from fattorino.documents.queries import DocumentFilters
from fattorino.organisations.models import User
from fattorino.workflow import flows
from fattorino.workflow.models import Document
from tests.api.conftest import program
from tests.desk import Desk


def put(desk: Desk, state: str, draft: Any = None) -> Document:
    document = desk.save(draft)
    Document.objects.filter(pk=document.pk).update(state=state)
    return document


def publish(desk: Desk, **changes: dict[str, Any]) -> None:
    definition = standard_json()
    for state in definition["states"]:
        state.update(changes.get(state["code"], {}))
    flows.publish_workflow(desk.company, definition, now=desk.now)


@pytest.fixture
def four(desk: Desk) -> list[Document]:
    """Two are issued, one of them to the PA and not yet to be preserved; one waits, one was never sent."""
    return [
        put(desk, "CONSEGNATO"),
        put(desk, "CONSEGNATO_PA", desk.pa_draft()),
        put(desk, "IN_ATTESA_ESITO"),
        put(desk, "ANNULLATO"),
    ]


@pytest.fixture
def client(desk: Desk) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=desk.actor.user_id or 0))
    return client


def found(desk: Desk, **filters: Any) -> set[int]:
    wanted = DocumentFilters(**filters)
    page = queries.list_documents(desk.actor, wanted)
    assert queries.totals(desk.actor, wanted).count == len(page.rows)
    return {row.id for row in page.rows}


def test_only_documents_in_states_with_the_check_are_found(desk: Desk, four: list[Document]) -> None:
    private, public, *_ = (d.pk for d in four)
    assert found(desk, check="issued") == {private, public}
    assert found(desk, check="preserved") == {private}
    assert found(desk, check="in_esterometro") == set()
    publish(desk, IN_ATTESA_ESITO={"in_esterometro": True})
    assert found(desk, check="in_esterometro") == {four[2].pk}


def test_the_check_goes_together_with_the_other_filters(desk: Desk, four: list[Document]) -> None:
    private, public, *_ = four
    assert found(desk, check="issued", dashboard="PA") == {public.pk}
    assert found(desk, check="issued", state="ANNULLATO") == set()
    assert found(desk, check="issued", number=private.number) == {private.pk}
    assert found(desk, check="issued", text="corso") == {private.pk, public.pk}


def test_a_ricevuta_is_in_no_state_and_so_never_among_them(desk: Desk, four: list[Document]) -> None:
    receipt = desk.save(kind="ricevuta", sezionale="R")
    assert receipt.pk in found(desk) and receipt.pk not in found(desk, check="issued")


def test_documents_in_a_reserved_state_are_not_found_by_its_check(desk: Desk, four: list[Document]) -> None:
    publish(desk, CONSEGNATO={"reserved": True, "reserved_groups": ["group:admin"]})
    assert found(desk, check="issued") == {four[1].pk}
    assert program(desk).call("get", "documents?check=issued")["documents"][0]["id"] == four[1].pk


def test_the_list_and_its_exports_show_the_same_documents(
    desk: Desk, four: list[Document], client: Client
) -> None:
    page = client.get("/entrate/?solo=emessi").content.decode()
    assert f'id="row-{four[0].pk}"' in page and f'id="row-{four[2].pk}"' not in page
    assert '<option value="emessi" selected>Documenti emessi</option>' in page
    assert "esporta.csv?solo=emessi" in page
    content = b"".join(client.get("/entrate/esporta.csv?solo=emessi").streaming_content)  # type: ignore[attr-defined]
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))
    assert {row[1] for row in rows[1:]} == {four[0].number, four[1].number}


def test_a_check_that_no_state_has_says_what_can_be_done(
    desk: Desk, four: list[Document], client: Client
) -> None:
    page = client.get("/entrate/?solo=esterometro").content.decode()
    assert "Nessuno stato ha questo check" in page
    assert (
        "Nessuno stato ha questo check"
        not in client.get("/entrate/?solo=emessi&al=2001-01-01").content.decode()
    )


def test_the_check_of_a_reserved_state_is_nobodys_who_may_not_see_the_state(
    desk: Desk, four: list[Document], client: Client
) -> None:
    reserved = {"in_esterometro": True, "reserved": True, "reserved_groups": ["group:admin"]}
    publish(desk, IN_ATTESA_ESITO=reserved)
    page = client.get("/entrate/?solo=esterometro").content.decode()
    assert "Nessuno stato ha questo check" in page


def test_an_address_with_an_unknown_check_shows_everything(
    desk: Desk, four: list[Document], client: Client
) -> None:
    page = client.get("/entrate/?solo=altro").content.decode()
    assert all(f'id="row-{document.pk}"' in page for document in four)


def test_all_that_were_found_are_chosen_for_an_invio_massivo(
    desk: Desk, four: list[Document], client: Client
) -> None:
    waiting = desk.save()
    publish(desk, DA_PROCESSARE={"issued": True})
    chosen = selection.Chosen(DocumentFilters(check="issued"))
    assert {g.state: g.count for g in selection.groups(desk.actor, chosen)} == {
        "CONSEGNATO": 1, "CONSEGNATO_PA": 1, "DA_PROCESSARE": 1,
    }  # fmt: skip
    assert list(selection.documents(desk.actor, chosen, "PR", "DA_PROCESSARE")) == [[waiting.pk]]
    assert list(selection.documents(desk.actor, chosen, "PR", "ANNULLATO")) == []
    page = client.get("/entrate/invio-massivo/?solo=emessi&cosa=tutti").content.decode()
    assert '<input type="hidden" name="solo" value="emessi">' in page


def test_the_gestionale_asks_the_api_for_what_it_has_to_post(desk: Desk, four: list[Document]) -> None:
    gestionale = program(desk)
    answer = gestionale.call("get", "documents?check=issued")
    assert {row["id"] for row in answer["documents"]} == {four[0].pk, four[1].pk}
    assert all(row["state"]["issued"] for row in answer["documents"])
    assert gestionale.call("get", "documents?check=posted") and gestionale.status == 422
    changes = gestionale.call("get", "changes")["documents"]
    assert {row["id"] for row in changes if row["state"]["preserved"]} == {four[0].pk}
