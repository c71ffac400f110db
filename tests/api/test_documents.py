from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection

from fattorino import clock
from fattorino.config import demo
from fattorino.core.fatturapa.draft import draft_to_json
from fattorino.documents.models import Invoice
from fattorino.organisations.models import ApiToken
from fattorino.organisations.scope import company_scope
from fattorino.workflow.models import Document, StateChange
from tests.api.conftest import Program, program
from tests.desk import Desk, make_desk, run_jobs


def test_a_created_document_is_numbered_and_says_where_it_is(
    gestionale: Program, body: dict[str, Any], desk: Desk
) -> None:
    made = gestionale.call("post", "documents", body)
    assert gestionale.status == 201
    assert (made["number"], made["total"], made["state"]["code"]) == ("1", "427.00", "DA_PROCESSARE")
    assert (made["source"], made["version"], made["draft"]["numero"]) == ("api", 1, "1")
    assert gestionale.last["Location"] == f"/api/v1/documents/{made['id']}"
    assert gestionale.call("get", gestionale.last["Location"]) == made
    with company_scope(desk.company.pk):
        assert StateChange.objects.get().actor_kind == "gestionale"


def test_what_is_wrong_is_told_at_its_place_in_the_body_and_nothing_is_saved(
    gestionale: Program, body: dict[str, Any], desk: Desk
) -> None:
    body["draft"] |= {"codice_destinatario": "ABC12", "linee": []}
    answer = gestionale.call("post", "documents", body)
    assert gestionale.status == 422
    assert gestionale.last["Content-Type"] == "application/problem+json"
    assert answer["title"] == "Richiesta da correggere" and answer["detail"]
    assert {"draft.codice_destinatario", "draft.linee"} <= set(answer["fields"])
    with company_scope(desk.company.pk):
        assert not Document.objects.exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"unknown": 1}, "unknown"),
        ({"kind": "parcella"}, "kind"),
        ({"draft": []}, "draft"),
        ({"draft": {"linee": [{"quantitá": "1"}]}}, "draft.linee.0.quantitá"),
        ({"draft": {"data": "ieri"}}, "draft.data"),
        ({"sezionale": "ZZ"}, "sezionale"),
    ],
)
def test_an_unknown_or_unreadable_field_is_refused_by_name(
    gestionale: Program, body: dict[str, Any], change: dict[str, Any], field: str
) -> None:
    answer = gestionale.call("post", "documents", body | change)
    assert gestionale.status == 422
    assert field in answer["fields"]


@pytest.mark.parametrize("raw", [b"", b"{", b"null", b"[" * 100_000, b'{"kind": NaN}', b"\xff\xfe{}", b"5"])
def test_a_body_that_is_no_json_object_is_refused_in_words(gestionale: Program, raw: bytes) -> None:
    gestionale.last = gestionale.http.post(
        "/api/v1/documents",
        data=raw,
        content_type="application/json",
        headers={"Authorization": f"Bearer {gestionale.token}"},
    )
    assert gestionale.status == 422
    assert gestionale.last["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("text", ["a\x00b", "\ud800"])
def test_characters_that_cannot_be_kept_are_refused(
    gestionale: Program, body: dict[str, Any], text: str
) -> None:
    body["draft"]["causale"] = [text]
    assert "NUL" in gestionale.call("post", "documents", body)["detail"]
    assert gestionale.status == 422


def test_the_same_key_and_body_give_the_same_document(
    gestionale: Program, body: dict[str, Any], desk: Desk
) -> None:
    key = {"Idempotency-Key": "FT-2026-0001"}
    first = gestionale.call("post", "documents", body, **key)
    again = gestionale.call("post", "documents", body, **key)
    assert (gestionale.status, gestionale.last["Idempotency-Replayed"]) == (201, "true")
    assert again["id"] == first["id"]
    with company_scope(desk.company.pk):
        assert Document.objects.count() == 1


def test_the_same_key_with_another_body_is_a_conflict(gestionale: Program, body: dict[str, Any]) -> None:
    key = {"Idempotency-Key": "FT-2026-0001"}
    gestionale.call("post", "documents", body, **key)
    body["draft"]["causale"] = ["altra"]
    assert "Idempotency-Key" in gestionale.call("post", "documents", body, **key)["detail"]
    assert gestionale.status == 409


def test_the_key_of_a_refused_document_is_free_again(gestionale: Program, body: dict[str, Any]) -> None:
    key = {"Idempotency-Key": "FT-2026-0001"}
    wrong = {**body, "draft": {**body["draft"], "linee": []}}
    gestionale.call("post", "documents", wrong, **key)
    assert gestionale.status == 422
    gestionale.call("post", "documents", body, **key)
    assert gestionale.status == 201


def test_a_correction_needs_the_version_that_was_read(gestionale: Program, body: dict[str, Any]) -> None:
    made = gestionale.call("post", "documents", body)
    change = {"version": 1, "draft": {**body["draft"], "causale": ["corretta"]}}
    changed = gestionale.call("put", f"documents/{made['id']}", change)
    assert (gestionale.status, changed["version"], changed["draft"]["causale"]) == (200, 2, ["corretta"])
    gestionale.call("put", f"documents/{made['id']}", change)
    assert gestionale.status == 409


def test_the_button_sends_and_the_history_tells(
    gestionale: Program, body: dict[str, Any], desk: Desk
) -> None:
    made = gestionale.call("post", "documents", body)
    sent = gestionale.call("post", f"documents/{made['id']}/send", {"action": "GENERA_XML_INVIA_HUB"})
    assert (gestionale.status, sent["busy"]) == (202, "Genera XML e invia")
    gestionale.call("post", f"documents/{made['id']}/send")
    assert gestionale.status == 409
    with company_scope(desk.company.pk):
        run_jobs(skip=frozenset({"hub.turn"}))
    view = gestionale.call("get", f"documents/{made['id']}")
    assert [file["kind"] for file in view["files"]] == ["xml"]
    content = gestionale.call("get", view["files"][0]["url"])
    assert content.startswith(b"<?xml") and gestionale.last["Content-Type"] == "application/xml"
    assert [event["actor"] for event in view["history"]] and not view["possibilities"]["may_edit"]


def test_a_button_that_has_become_another_is_not_pressed(gestionale: Program, body: dict[str, Any]) -> None:
    made = gestionale.call("post", "documents", body)
    gestionale.call("post", f"documents/{made['id']}/send", {"action": "INVIA_HUB"})
    assert gestionale.status == 409
    assert gestionale.call("get", f"documents/{made['id']}")["busy"] == ""


def test_the_state_is_changed_to_one_of_those_offered(gestionale: Program, body: dict[str, Any]) -> None:
    made = gestionale.call("post", "documents", body)
    offered = [state["code"] for state in made["possibilities"]["states"]]
    path = f"documents/{made['id']}/state"
    moved = gestionale.call("post", path, {"state": offered[0], "reason": "prova"})
    assert (gestionale.status, moved["state"]["code"]) == (200, offered[0])
    assert moved["history"][-1]["message"] == "prova"
    gestionale.call("post", path, {"state": "INESISTENTE"})
    assert gestionale.status == 422


def test_the_pdf_is_a_pdf(gestionale: Program, body: dict[str, Any]) -> None:
    made = gestionale.call("post", "documents", body)
    content = gestionale.call("get", f"documents/{made['id']}/pdf")
    assert content.startswith(b"%PDF") and gestionale.last["Content-Type"] == "application/pdf"


def test_the_list_pages_by_cursor_and_filters(gestionale: Program, desk: Desk) -> None:
    made = [desk.save().pk for _ in range(3)]
    credit = desk.save(desk.draft(tipo_documento="TD04")).pk
    first = gestionale.call("get", "documents?limit=3")
    assert [row["id"] for row in first["documents"]] == [credit, *made[:0:-1]]
    second = gestionale.call("get", f"documents?limit=3&cursor={first['next']}")
    assert [row["id"] for row in second["documents"]] == made[:1] and second["next"] is None
    only = gestionale.call("get", "documents?kind=nota_credito&counterpart=rossi&text=corso")
    assert [row["total"] for row in only["documents"]] == ["-427.00"]


@pytest.mark.parametrize(
    "query", ["stato=X", "limit=0", "limit=x", "cursor=x", "date_from=ieri", "text=%00", "kind=altro"]
)
def test_an_unknown_or_unreadable_filter_is_refused(gestionale: Program, query: str) -> None:
    answer = gestionale.call("get", f"documents?{query}")
    assert gestionale.status == 422
    assert query.split("=")[0] in answer["fields"]


def test_the_feed_tells_each_change_once_in_order(
    gestionale: Program, body: dict[str, Any], desk: Desk
) -> None:
    first, second = desk.save(), desk.save()
    start = gestionale.call("get", "changes?since=0&limit=1")
    assert [d["id"] for d in start["documents"]] == [first.pk] and start["more"]
    rest = gestionale.call("get", f"changes?since={start['next']}")
    assert [d["id"] for d in rest["documents"]] == [second.pk] and not rest["more"]
    assert gestionale.call("get", f"changes?since={rest['next']}")["documents"] == []
    with company_scope(desk.company.pk):
        desk.press(first)
    later = gestionale.call("get", f"changes?since={rest['next']}")
    assert [d["busy"] for d in later["documents"]] == ["Genera XML e invia"]


def test_the_states_are_those_of_entrate(gestionale: Program) -> None:
    codes = [state["code"] for state in gestionale.call("get", "states")]
    assert "DA_PROCESSARE" in codes


def test_a_ricevuta_is_made_and_has_no_button(gestionale: Program, desk: Desk) -> None:
    draft = draft_to_json(desk.draft(data=clock.day(clock.now())))
    made = gestionale.call("post", "documents", {"kind": "ricevuta", "sezionale": "R", "draft": draft})
    assert (gestionale.status, made["number"], made["state"]) == (201, "1/R", None)
    assert "Le ricevute" in gestionale.call("post", f"documents/{made['id']}/send")["detail"]
    assert gestionale.status == 422


def test_a_document_that_is_not_there_is_404_in_words(gestionale: Program) -> None:
    for path in ("documents/999999", f"documents/{'9' * 40}", "imports/999999", "documents/1/files/1"):
        answer = gestionale.call("get", path)
        assert (gestionale.status, answer["status"]) == (404, 404)


def test_a_draft_made_by_the_api_is_the_form_s(gestionale: Program, body: dict[str, Any], desk: Desk) -> None:
    made = gestionale.call("post", "documents", body)
    with company_scope(desk.company.pk):
        kept = Invoice.objects.get(document_id=made["id"]).draft
    assert kept == {**body["draft"], "numero": "1"}


@pytest.mark.django_db(transaction=True)
def test_of_many_with_one_key_at_once_one_creates_and_all_get_the_same_document() -> None:
    desk = make_desk(demo.ORDINE, "laura@ordine.example")
    caller = program(desk)
    body = {"draft": draft_to_json(desk.draft(data=clock.day(clock.now())))}
    answers: list[tuple[int, int]] = []
    start = threading.Barrier(4)

    def create() -> None:
        each = Program(caller.token)
        try:
            start.wait(10)
            made = each.call("post", "documents", body, **{"Idempotency-Key": "una"})
            answers.append((each.status, made["id"]))
        finally:
            connection.close()

    threads = [threading.Thread(target=create) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(answers) == 4 and len(set(answers)) == 1 and answers[0][0] == 201
    with company_scope(desk.company.pk):
        assert Document.objects.count() == 1
        assert ApiToken.objects.get().window_calls in (1, 2, 3, 4)  # fewer where a minute began meanwhile
