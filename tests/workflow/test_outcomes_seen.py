"""*Esiti non attesi*: somebody has looked at one, and the list and the dashboard know it."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from fattorino.core.errors import ConflictError, RefusedError
from fattorino.organisations import history
from fattorino.organisations.flows import save_user
from fattorino.organisations.models import User
from fattorino.organisations.queries import Actor
from fattorino.organisations.scope import company_scope
from fattorino.workflow import flows, outcomes
from fattorino.workflow.flows.outcomes import mark_seen
from fattorino.workflow.models import Document, OutcomeSeen
from tests.desk import NOW, Desk
from tests.workflow.settings_pages import browser_of, text_of
from tests.workflow.test_dashboards import hub, publish

LIST = "/dashboard/esiti-non-attesi/"


@pytest.fixture
def outcome(desk: Desk) -> int:
    """An outcome for a document that had come to its end."""
    document = desk.save()
    Document.objects.filter(pk=document.pk).update(state="CONSEGNATO")
    hub(desk, document, "NS")
    [row] = outcomes.unexpected(desk.actor)
    return row.id


@pytest.fixture
def browser(desk: Desk) -> Client:
    return browser_of(desk.actor)


def test_marked_as_seen_it_leaves_the_list_and_the_dashboard_s_count(
    desk: Desk, outcome: int, browser: Client
) -> None:
    assert "Esiti non attesi 1 da vedere" in text_of(browser.get("/dashboard/privati/"))
    sent = {"azienda": desk.company.pk, "esito": outcome, "nota": "  Sentito   il cliente "}
    assert browser.post(f"{LIST}visto/", sent).headers["Location"] == LIST
    assert "Nessun esito non atteso da vedere" in text_of(browser.get(LIST))
    assert "da vedere" not in text_of(browser.get("/dashboard/privati/"))
    for address in (f"{LIST}?quali=visti", f"{LIST}?quali=tutti"):
        shown = text_of(browser.get(address))
        assert "Visto da Laura Conti il" in shown and ": Sentito il cliente" in shown
    listed = browser.get(f"{LIST}elenco.csv?quali=visti").content.decode()
    assert "Laura Conti" in listed and "Sentito il cliente" in listed
    synchronised = browser.post("/dashboard/sincronizza/", {"azienda": desk.company.pk}, follow=True)
    assert "0 in attesa, 0 non attesi" in text_of(synchronised)
    [entry] = history.entries(desk.company.pk, history.Wanted(whats=("esito non atteso visto",)))
    assert entry.who == "Laura Conti" and entry.detail == {"esito": outcome, "nota": "Sentito il cliente"}


def test_who_only_reads_marks_nothing(desk: Desk, outcome: int) -> None:
    ada = save_user("ada@ordine.example", None, "Ada Rossi", {desk.company.pk: "reader"}, now=NOW)
    actor = Actor("utente", "Ada Rossi", desk.company.pk, ada.pk, "reader")
    with pytest.raises(RefusedError, match="consultazione"):
        mark_seen(actor, outcome, "", now=NOW)
    reading = Client()
    reading.force_login(User.objects.get(pk=ada.pk))
    shown = text_of(reading.get(LIST))
    assert "Segna come visto" not in shown and "Conservato, senza effetto sullo stato" in shown


def test_the_second_who_marks_it_hears_of_the_first(desk: Desk, outcome: int) -> None:
    mark_seen(desk.actor, outcome, "Prima", now=NOW)
    with pytest.raises(ConflictError, match="Laura Conti"):
        mark_seen(desk.actor, outcome, "Seconda", now=NOW)
    assert OutcomeSeen.objects.get().note == "Prima"


def test_a_note_too_long_is_told_beside_its_field_and_stays_written(
    desk: Desk, outcome: int, browser: Client
) -> None:
    answer = browser.post(f"{LIST}visto/", {"azienda": desk.company.pk, "esito": outcome, "nota": "x" * 501})
    assert answer.status_code == 422 and "al massimo 500: accorciarla" in text_of(answer)
    assert "x" * 501 in answer.content.decode() and not OutcomeSeen.objects.exists()


def test_neither_a_reserved_outcome_nor_another_company_s_can_be_marked(
    desk: Desk, other_desk: Desk, outcome: int
) -> None:
    with company_scope(other_desk.company.pk), pytest.raises(RefusedError):
        mark_seen(other_desk.actor, outcome, "", now=NOW)
    publish(desk, CONSEGNATO={"reserved": True, "reserved_groups": ["group:admin"]})
    with pytest.raises(RefusedError, match="non è tra quelli"):
        mark_seen(desk.actor, outcome, "", now=NOW)
    assert not OutcomeSeen.objects.exists()


def test_what_was_applied_in_the_end_needs_nobody(desk: Desk) -> None:
    publish(desk, CONSEGNATO={"from_hub": False})
    document = desk.save()
    Document.objects.filter(pk=document.pk).update(state="IN_ATTESA_ESITO")
    hub(desk, document, "RC")
    assert outcomes.count_unexpected(desk.actor, "", which=outcomes.OPEN) == 1
    publish(desk)
    flows.bring_held(desk.company.pk, now=NOW)
    assert outcomes.count_unexpected(desk.actor, "", which=outcomes.OPEN) == 0
    assert outcomes.count_unexpected(desk.actor, "") == 1


def test_what_was_marked_stays_so_for_ever(desk: Desk, outcome: int) -> None:
    mark_seen(desk.actor, outcome, "Prima", now=NOW)
    for change in (OutcomeSeen.objects.all().delete, lambda: OutcomeSeen.objects.update(note="Altra")):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
