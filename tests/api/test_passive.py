"""The feed of received invoices, as a gestionale follows it."""

from __future__ import annotations

from typing import Any

import pytest

from fattorino.documents.models import Decision
from fattorino.organisations.scope import company_scope
from fattorino.workflow.models import Document
from tests.api.conftest import Program
from tests.desk import NOW, Desk, run_jobs
from tests.documents.passive.arrived import arrive, passive


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fattorino.clock.now", lambda: NOW)


def come(desk: Desk, numero: str = "77", **options: Any) -> Document:
    with company_scope(desk.company.pk):
        return arrive(desk, numero, **options)


def test_the_feed_gives_what_was_put_at_its_disposal_and_is_acknowledged(
    gestionale: Program, desk: Desk
) -> None:
    document = come(desk, pa=False)
    assert gestionale.call("get", "passive")["invoices"] == []
    everything = gestionale.call("get", "passive?available=false")
    assert [i["number"] for i in everything["invoices"]] == ["77"]
    with company_scope(desk.company.pk):
        desk.press(document)
        run_jobs()
    given = gestionale.call("get", "passive?acknowledged=false")
    (invoice,) = given["invoices"]
    assert (invoice["tax"], invoice["seller"], invoice["tipo_documento"]) == (
        "77.00",
        "IT01234567897",
        "TD01",
    )
    done = gestionale.call("post", f"passive/{document.pk}/acknowledge", {"reference": "FT-9"})
    assert done["acknowledged_at"] is not None
    assert gestionale.call("get", "passive?acknowledged=false")["invoices"] == []
    again = gestionale.call("get", f"passive?since={given['next']}")
    assert [i["id"] for i in again["invoices"]] == [document.pk]
    assert gestionale.call("get", f"passive?since={again['next']}")["invoices"] == []


def test_acknowledging_does_the_action_of_the_state_once(gestionale: Program, desk: Desk) -> None:
    document = come(desk, pa=False)
    for _ in range(2):
        gestionale.call("post", f"passive/{document.pk}/acknowledge", {})
        assert gestionale.status == 200
    with company_scope(desk.company.pk):
        run_jobs()
        assert desk.state(document) == "DA_CONTABILIZZARE"


def test_the_gestionale_says_when_it_posted(gestionale: Program, desk: Desk) -> None:
    document = come(desk, pa=False)
    made = gestionale.call(
        "post", f"passive/{document.pk}/posting", {"date": "2026-11-20", "protocol": "7/A"}
    )
    assert made["posting"] == {"date": "2026-11-20", "protocol": "7/A"}
    assert made["state"]["code"] == "CONTABILIZZATO"
    gestionale.call("post", f"passive/{document.pk}/posting", {"date": "2099-01-01"})
    assert gestionale.status == 422


def test_a_program_answers_for_the_pa(gestionale: Program, desk: Desk) -> None:
    document = come(desk)
    gestionale.call("post", f"passive/{document.pk}/answer", {"esito": "EC02"})
    assert gestionale.status == 422
    body = {"esito": "EC02", "causa": "cig_cup", "dettaglio": "CIG mancante"}
    gestionale.call("post", f"passive/{document.pk}/answer", body)
    assert gestionale.status == 202
    with company_scope(desk.company.pk):
        assert Decision.objects.get().descrizione.endswith("CIG mancante")


def test_the_file_is_given_byte_for_byte(gestionale: Program, desk: Desk) -> None:
    document = come(desk)
    one = gestionale.call("get", f"passive/{document.pk}")
    gestionale.call("get", one["file_url"])
    with company_scope(desk.company.pk):
        assert gestionale.last.content == bytes(passive(document).stored.content)


def test_another_company_s_invoice_is_not_there(gestionale: Program, desk: Desk, other_desk: Desk) -> None:
    with company_scope(other_desk.company.pk):
        document = arrive(other_desk, pa=False)
    for path in ("", "/file"):
        gestionale.call("get", f"passive/{document.pk}{path}")
        assert gestionale.status == 404
