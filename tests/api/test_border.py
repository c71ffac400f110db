from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.test import Client

from fattorino import clock
from fattorino.documents import flows
from fattorino.organisations import tokens
from fattorino.organisations.models import ApiToken
from fattorino.organisations.scope import company_scope, system_scope
from fattorino.workflow.models import Document
from tests.api.conftest import Program, program
from tests.desk import Desk


def test_without_a_token_the_door_is_closed(db: None) -> None:
    answer = Client().get("/api/v1/documents")
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Bearer realm="Fattorino"')
    assert answer.json()["hint"]


def test_a_browser_s_session_opens_nothing(desk: Desk, client: Client) -> None:
    from fattorino.organisations.models import User

    desk.save()
    client.force_login(User.objects.get(pk=desk.actor.user_id))
    assert client.get("/api/v1/documents").status_code == 401
    assert client.post("/api/v1/documents", {}, content_type="application/json").status_code == 401


def test_a_session_of_one_company_beside_a_token_of_another_shows_the_token_s(
    desk: Desk, other_desk: Desk
) -> None:
    from fattorino.organisations.models import User

    desk.save()
    guest = program(other_desk)
    guest.http.force_login(User.objects.get(pk=desk.actor.user_id))
    assert guest.call("get", "documents")["documents"] == []


@pytest.mark.parametrize("change", ["", "x", "Basic", "fattorino_aaaaaaaaaaaa_" + "a" * 43])
def test_anything_but_the_token_is_refused(gestionale: Program, change: str) -> None:
    gestionale.token = change
    gestionale.call("get", "documents")
    assert gestionale.status == 401


def test_a_revoked_or_expired_token_is_refused(desk: Desk, gestionale: Program) -> None:
    gestionale.call("get", "states")
    assert gestionale.status == 200
    tokens.revoke_token(desk.company.pk, gestionale.token.split("_")[1], now=clock.now())
    gestionale.call("get", "states")
    assert gestionale.status == 401
    old = program(desk)
    with company_scope(desk.company.pk):
        ApiToken.objects.update(expires_at=clock.now() - datetime.timedelta(seconds=1))
    old.call("get", "states")
    assert old.status == 401


def test_a_reader_s_token_reads_and_cannot_write(desk: Desk, body: dict[str, Any]) -> None:
    document = desk.save()
    reader = program(desk, "reader")
    assert reader.call("get", f"documents/{document.pk}")["id"] == document.pk
    assert reader.call("post", "documents", body)["title"] == "Operazione non permessa"
    assert reader.status == 403
    reader.call("post", f"documents/{document.pk}/send")
    assert reader.status == 403
    view = reader.call("get", f"documents/{document.pk}")["possibilities"]
    assert (view["may_edit"], view["action_offered"], view["states"]) == (False, False, [])


def test_each_use_is_noted_also_of_a_refused_call(desk: Desk, gestionale: Program) -> None:
    gestionale.call("get", "documents/999")
    assert gestionale.status == 404
    with company_scope(desk.company.pk):
        assert ApiToken.objects.get().last_used_at is not None


def test_more_calls_than_allowed_in_a_minute_wait(
    gestionale: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = datetime.datetime(2026, 11, 21, 10, 0, 20, tzinfo=datetime.UTC)
    monkeypatch.setattr(clock, "now", lambda: at)
    monkeypatch.setattr(tokens, "CALLS_PER_MINUTE", 3)
    answers = []
    for _ in range(4):
        gestionale.call("get", "states")
        answers.append(gestionale.status)
    assert answers == [200, 200, 200, 429]
    assert gestionale.last["Retry-After"] == "40"
    monkeypatch.setattr(clock, "now", lambda: at + datetime.timedelta(seconds=40))
    gestionale.call("get", "states")
    assert gestionale.status == 200


def test_an_address_that_tries_too_many_tokens_waits_while_the_good_token_works(
    gestionale: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = datetime.datetime(2026, 11, 21, 10, 0, 20, tzinfo=datetime.UTC)
    monkeypatch.setattr(clock, "now", lambda: at)
    monkeypatch.setattr(tokens, "REFUSALS_PER_MINUTE", 2)
    stranger = Program("fattorino_aaaaaaaaaaaa_" + "a" * 43)
    answers = []
    for _ in range(3):
        stranger.call("get", "states")
        answers.append(stranger.status)
    assert answers == [401, 401, 429]
    gestionale.call("get", "states")
    assert gestionale.status == 200


def test_a_failure_leaves_nothing_behind_and_shows_no_traceback(
    gestionale: Program, body: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any, **options: Any) -> None:
        raise RuntimeError("segreto interno")

    monkeypatch.setattr(flows, "remember", broken)
    answer = gestionale.call("post", "documents", body)
    assert (gestionale.status, answer["title"]) == (500, "Errore interno")
    assert "segreto" not in str(answer)
    with system_scope():
        assert not Document.objects.exists()


def test_an_unknown_address_or_method_is_told_as_a_problem(gestionale: Program) -> None:
    for path in ("", "nulla", "documents/x"):
        assert gestionale.call("get", f"/api/v1/{path}")["status"] == 404
    assert gestionale.call("delete", "documents")["status"] == 405
    assert set(gestionale.last["Allow"].split(", ")) == {"GET", "POST"}


def test_answers_are_kept_out_of_caches(gestionale: Program) -> None:
    gestionale.call("get", "states")
    assert gestionale.last["Cache-Control"] == "no-store"
