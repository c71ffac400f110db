"""`python -m bench.many` with few documents: every question is asked, and the table says what is beyond its limit."""

from __future__ import annotations

import pytest
from django.core.management import call_command

from bench.many import bulk, clock, database
from bench.many.table import Figure, written
from fattorino.config import demo, many
from fattorino.hub.models import Submission
from fattorino.organisations.flows import save_company, save_user
from fattorino.organisations.queries import Actor
from fattorino.organisations.scope import company_scope
from fattorino.workflow.models import Document, Notice
from tests.desk import NOW

CODE = "00000000001"


@pytest.fixture
def person(db: None, monkeypatch: pytest.MonkeyPatch) -> Actor:
    monkeypatch.setattr(many, "COUNTERPARTS", 20)
    call_command("many", company=CODE, documents=60)
    party = demo.ORDINE | {"denominazione": many.COMPANY_NAME, "id_codice": CODE, "codice_fiscale": CODE}
    company = save_company(party, now=NOW)
    user = save_user("p@prova.example", demo.PASSWORD, "Persona", {company.pk: "operator"}, now=NOW)
    return Actor("utente", "Persona", company.pk, user.pk, "operator")


def test_every_question_is_asked_and_moves_are_made_with_and_without_notices(
    person: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "MOVES", 2)
    monkeypatch.setattr(database, "MOVES", 2)
    crowd = Actor("hub", "misure", person.company_id)
    figures = list(database.measure(crowd, person, now=NOW))
    assert len(figures) > 25 and all(figure.limit for figure in figures)
    with company_scope(person.company_id):
        moved = Document.objects.filter(state=database.ENTERED, created_by_id=person.user_id).count()
        assert moved == 2 * Notice.objects.count() == 6


def test_a_bulk_run_is_carried_to_the_queue_of_sending(person: Actor) -> None:
    _, acquired, whole = bulk.measure(person, 3, now=NOW, second=False)
    assert acquired.seen > whole.seen > 0
    assert acquired.limit == 300 and acquired.least
    with company_scope(person.company_id):
        sent = Document.objects.filter(created_by_id=person.user_id, change_seq__gt=0)
        assert {document.state for document in sent} == {"IN_ELABORAZIONE"}
        assert Submission.objects.filter(status=Submission.Status.QUEUED).count() == 3


@pytest.mark.parametrize(
    ("seen", "least", "missed"),
    [
        (100.0, False, False),
        (114.0, False, False),
        (116.0, False, True),
        (90.0, True, False),
        (80.0, True, True),
    ],
)
def test_a_limit_is_missed_beyond_what_two_runs_differ_by(seen: float, least: bool, missed: bool) -> None:
    figure = Figure("misura", "ms", seen, 100, least)
    assert figure.missed is missed
    assert ("!" in written([figure])) is missed


def test_what_has_no_limit_is_told_and_never_missed() -> None:
    figure = Figure("misura", "ms", 1e9)
    assert not figure.missed and figure.ratio is None
    assert "1000000000.0 ms" in written([figure])
