"""A file whose documents stand in different states: who may see any of them is told, of that one and once."""

from __future__ import annotations

import pytest

from fattorino.hub import inbox, queries_terms
from fattorino.hub.flows import terms
from fattorino.hub.inbox import Filters
from fattorino.hub.models import Submission
from fattorino.organisations.flows import save_user
from fattorino.organisations.models import User
from fattorino.organisations.queries import Actor, actor_for
from fattorino.workflow.models import Document, Notice, StateChange
from tests.desk import NOW, Desk
from tests.hub import letters
from tests.hub.arrived import invoice_arrived
from tests.hub.letters import SDI_ID, arrive
from tests.hub.test_lotti import Lotto, outcome, sent
from tests.hub.test_receive_passive import expired, refused
from tests.hub.test_terms import DAY
from tests.sentences.office import publish


@pytest.fixture
def anna(desk: Desk) -> Actor:
    """Who may see what is reserved; the desk's own operator may not."""
    save_user("anna@ordine.example", "parola-lunga-77", "Anna Neri", {desk.company.pk: "operator"}, now=NOW)
    actor = actor_for(User.objects.get(email="anna@ordine.example"), desk.company.pk)
    assert actor is not None
    return actor


def reserve(desk: Desk, anna: Actor, *states: str) -> None:
    told = {"reserved": True, "reserved_users": [f"user:{anna.user_id}"]}
    publish(desk, **dict.fromkeys(states, told))


@pytest.fixture
def lotto(desk: Desk) -> tuple[Lotto, Submission]:
    """Delivered to the PA, which has refused the first of its three documents."""
    found, row = sent(desk, "L1", "L2", "L3", pa=True)
    arrive(row, "RC")
    outcome(row, "NE", "L1", 2, esito="EC02")
    return found, row


def titles(actor: Actor) -> dict[str, str]:
    return {row.kind: row.document_title for row in inbox.page(actor, Filters()).rows}


def waits(actor: Actor) -> list[str]:
    rows = queries_terms.page(actor, awaited="", late=False, now=NOW, after=None).rows
    return [row.title for row in rows]


def test_a_message_about_the_file_is_shown_with_a_document_that_one_may_see(
    desk: Desk, anna: Actor, lotto: tuple[Lotto, Submission]
) -> None:
    documents, _ = lotto
    reserve(desk, anna, "RIFIUTATO")
    assert titles(desk.actor) == {"RC": "Fattura L2"}
    assert titles(anna) == {"NE": "Fattura L1", "RC": "Fattura L1"}
    (row,) = inbox.page(desk.actor, Filters()).rows
    assert row.document_id == documents[1].pk
    assert inbox.find(desk.actor, row.id) == row and inbox.content(desk.actor, row.id)
    assert [each.kind for each in inbox.of_document(desk.actor, documents[1].pk)] == ["RC"]


def test_a_message_about_a_file_of_which_one_sees_nothing_is_hidden(
    desk: Desk, anna: Actor, lotto: tuple[Lotto, Submission]
) -> None:
    reserve(desk, anna, "RIFIUTATO", "CONSEGNATO_PA")
    assert titles(desk.actor) == {}


def test_a_message_about_received_documents_is_shown_to_whoever_sees_one_of_them(
    desk: Desk, anna: Actor
) -> None:
    first, second = invoice_arrived(desk, SDI_ID, ("7", "8"))
    letters.bring("IT02100450127_1_SE_001.xml", refused())
    letters.bring("IT02100450127_1_DT_001.xml", expired("7"))
    Document.objects.filter(pk=first.pk).update(state="CONTABILIZZATO")
    Document.objects.filter(pk=second.pk).update(state="RICEVUTO")
    reserve(desk, anna, "CONTABILIZZATO")
    assert titles(desk.actor) == {"SE": "Fattura 8"}
    assert titles(anna) == {"SE": "Fattura 7", "DT": "Fattura 7"}


def test_a_term_is_listed_with_the_first_document_that_waits_and_that_one_may_see(
    desk: Desk, anna: Actor, lotto: tuple[Lotto, Submission]
) -> None:
    documents, _ = lotto
    terms.look(now=NOW)
    assert waits(desk.actor) == ["Fattura L2"]
    reserve(desk, anna, "RIFIUTATO")
    assert waits(desk.actor) == ["Fattura L2"]
    Document.objects.filter(pk=documents[1].pk).update(state="RIFIUTATO")
    assert (waits(desk.actor), waits(anna)) == (["Fattura L3"], ["Fattura L2"])
    # The one that she sees has its answer; what waits is reserved.
    reserve(desk, anna, "CONSEGNATO_PA")
    Document.objects.filter(pk=documents[1].pk).update(state="CONSEGNATO_PA")
    assert waits(desk.actor) == []


def test_a_term_is_told_of_each_document_that_waits_and_to_each_person_once(
    desk: Desk, anna: Actor, lotto: tuple[Lotto, Submission]
) -> None:
    documents, row = lotto
    terms.look(now=NOW)
    Document.objects.filter(pk=documents[2].pk).update(state="IN_ATTESA_ESITO")
    reserve(desk, anna, "CONSEGNATO_PA")
    (term,) = row.terms.filter(met_at=None)
    Notice.objects.all().delete()
    for _ in range(2):
        terms.look(now=term.due_at - DAY)
    told = StateChange.objects.filter(event="HubTermNear").order_by("document_id")
    assert list(told.values_list("document_id", flat=True)) == [documents[1].pk, documents[2].pk]
    notices = dict(Notice.objects.values_list("user_id", "document_id"))
    assert notices == {anna.user_id: documents[1].pk, desk.actor.user_id: documents[2].pk}
    assert Notice.objects.count() == 2
