"""A document is called by one name wherever a person meets it: list, page, *invio massivo*, notices, messages."""

from __future__ import annotations

import pytest
from django.test import Client

from fattorino.documents import kinds
from fattorino.organisations.models import User
from fattorino.workflow import bulk, notices, outcomes
from fattorino.workflow.flows import bulk as runs
from fattorino.workflow.flows import remind, report_status, system_actor
from fattorino.workflow.models import Document
from tests.desk import NOW, Desk, run_jobs
from tests.documents.passive.arrived import arrive


@pytest.fixture
def parcella(desk: Desk) -> Document:
    return desk.save(desk.draft(tipo_documento="TD06"))


def test_only_what_its_kind_does_not_say_is_named_otherwise(desk: Desk, parcella: Document) -> None:
    other, came = desk.save(), arrive(desk, "P1", tipo_documento="TD06")
    ids = [parcella.pk, other.pk, came.pk]
    assert kinds.names_of(desk.company.pk, ids) == {parcella.pk: "Parcella", came.pk: "Parcella"}
    assert kinds.names_of(desk.company.pk, []) == {} == kinds.names_of(desk.company.pk + 1, ids)


def test_the_outcome_of_a_bulk_run_names_it(desk: Desk, parcella: Document) -> None:
    other = desk.save()
    order = runs.Order("PR", "DA_PROCESSARE", action="GENERA_XML_INVIA_HUB")
    run, _ = runs.start_run(desk.actor, order, [[parcella.pk, other.pk]], now=NOW)
    run_jobs(skip=frozenset({"hub.turn"}))
    assert [item.kind_label for item in bulk.items(desk.actor, run)] == ["Parcella", "Fattura"]


def test_a_notice_names_it(desk: Desk, parcella: Document) -> None:
    remind(parcella.pk, "AnswerDue", system_actor(desk.company.pk), now=NOW, message="Manca un giorno.")
    (notice,) = notices.page(desk.actor).rows
    assert notice.title == f"Parcella {parcella.number}"


def test_an_unexpected_outcome_names_it(desk: Desk, parcella: Document) -> None:
    report_status(parcella.pk, "RC", system_actor(desk.company.pk, "sdi"), now=NOW)
    (outcome,) = outcomes.unexpected(desk.actor)
    assert outcome.document == f"Parcella {parcella.number}"


def test_list_and_page_name_it(desk: Desk, parcella: Document, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fattorino.clock.now", lambda: NOW)
    client = Client()
    client.force_login(User.objects.get(pk=desk.actor.user_id))
    assert f"Parcella {parcella.number}" in client.get("/entrate/").content.decode()
    page = client.get(f"/entrate/{parcella.pk}/").content.decode()
    assert f"Parcella {parcella.number}" in page and "TD06 parcella" in page
