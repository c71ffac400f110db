"""What SdI owes and until when: warned of once before, told once after, on Rome's clock."""

from __future__ import annotations

import datetime

import pytest

from fattorino.documents.queries import get_document
from fattorino.hub import queries_terms
from fattorino.hub.flows import terms
from fattorino.hub.models import Submission, Term
from fattorino.hub.views.terms import overdue, panel
from fattorino.organisations.scope import company_scope
from fattorino.workflow.models import Notice, StateChange
from tests.desk import NOW, Desk
from tests.hub.letters import AT, arrive
from tests.hub.test_receive import sent

DAY = datetime.timedelta(days=1)
MINUTE = datetime.timedelta(minutes=1)


def running(row: Submission) -> dict[str, datetime.datetime]:
    rows = Term.objects.filter(submission=row, met_at=None)
    return {term.awaited: term.due_at for term in rows}


def told(row: Submission) -> list[str]:
    changes = StateChange.objects.filter(document_id=row.document_id, event__startswith="HubTerm")
    return list(changes.order_by("id").values_list("event", flat=True))


def test_a_file_that_sdi_took_awaits_its_first_answer_for_five_days(desk: Desk) -> None:
    row = sent(desk)
    terms.look(now=NOW)
    assert running(row) == {"receipt": NOW + 5 * DAY}
    for moment in (NOW, NOW + 2 * DAY, NOW + 3 * DAY - MINUTE):
        assert terms.look(now=moment) == 0
    assert terms.look(now=NOW + 3 * DAY) == 1
    assert told(row) == ["HubTermNear"]
    assert terms.look(now=NOW + 5 * DAY) == 1
    assert told(row) == ["HubTermNear", "HubTermPassed"]
    assert "portale" in StateChange.objects.get(document_id=row.document_id, event="HubTermPassed").message


def test_each_is_told_once_however_often_the_clock_comes(desk: Desk) -> None:
    row = sent(desk)
    for day in range(12):
        for _ in range(2):
            terms.look(now=NOW + day * DAY)
    assert told(row) == ["HubTermNear", "HubTermPassed"]
    changes = StateChange.objects.filter(document_id=row.document_id, event__startswith="HubTerm")
    assert Notice.objects.filter(change__in=changes).count() == 2


def test_after_a_long_rest_only_what_passed_is_told(desk: Desk) -> None:
    row = sent(desk)
    terms.look(now=NOW + 30 * DAY)
    terms.look(now=NOW + 30 * DAY)
    assert told(row) == ["HubTermPassed"]


def test_a_receipt_ends_the_waiting(desk: Desk) -> None:
    row = sent(desk)
    terms.look(now=NOW)
    arrive(row, "RC")
    assert running(row) == {} and terms.look(now=NOW + 30 * DAY) == 0


@pytest.mark.parametrize(
    ("kinds", "owed"),
    [
        (("RC",), {"outcome": AT + 15 * DAY}),
        (("MC",), {"attestation": NOW + 10 * DAY, "outcome": NOW + 15 * DAY}),
        (("MC", "RC"), {"outcome": AT + 15 * DAY}),
        (("RC", "MC"), {"outcome": AT + 15 * DAY}),
        (("MC", "AT"), {}),
        (("RC", "DT"), {}),
        (("NE", "RC"), {}),
        (("NS",), {}),
    ],
)
def test_what_a_public_administration_owes_follows_from_what_came(
    desk: Desk, kinds: tuple[str, ...], owed: dict[str, datetime.datetime]
) -> None:
    row = sent(desk, pa=True)
    terms.look(now=NOW)
    for number, kind in enumerate(kinds, 1):
        arrive(row, kind, number=number)
    assert running(row) == owed


def test_the_delivery_after_an_mc_begins_the_days_anew(desk: Desk) -> None:
    row = sent(desk, pa=True)
    arrive(row, "MC")
    terms.look(now=NOW + 14 * DAY)
    assert told(row) == ["HubTermPassed", "HubTermNear"]
    arrive(row, "RC", number=2)
    assert Term.objects.get(submission=row, awaited="outcome").warned_at is None


def test_a_refused_invoice_that_is_sent_again_awaits_its_own_answer(desk: Desk) -> None:
    row = sent(desk)
    terms.look(now=NOW)
    Submission.objects.filter(pk=row.pk).update(current=False)
    assert terms.look(now=NOW + 30 * DAY) == 0 and running(row) == {}


def test_the_clock_keeps_the_hour_of_rome_over_a_change_of_summer_time(desk: Desk) -> None:
    row = sent(desk)
    before = datetime.datetime(2027, 3, 26, 9, 30, tzinfo=datetime.UTC)  # summer time begins on the 28th
    Submission.objects.filter(pk=row.pk).update(accepted_at=before)
    terms.look(now=before)
    due = running(row)["receipt"]
    assert due == before + 5 * DAY - datetime.timedelta(hours=1)
    terms.look(now=due - MINUTE)
    assert "HubTermPassed" not in told(row)
    terms.look(now=due)
    assert told(row)[-1] == "HubTermPassed"


def test_the_page_of_the_document_says_what_is_awaited_before_any_clock_came(desk: Desk) -> None:
    row = sent(desk)
    shown = panel(desk.actor, get_document(desk.actor, row.document_id))
    assert shown is not None
    (awaited,) = shown.context["awaited"]
    assert (awaited["label"], awaited["due_at"]) == ("La ricevuta di SdI", NOW + 5 * DAY)


def test_the_dashboards_say_what_is_overdue_and_where_it_is(desk: Desk) -> None:
    sent(desk)
    terms.look(now=NOW)
    assert overdue(desk.actor, NOW + 4 * DAY) == []
    (alert,) = overdue(desk.actor, NOW + 6 * DAY)
    assert alert.text == "Su 1 documento SdI non ha detto in tempo quello che doveva."
    assert alert.address == "/messaggi/attese/?mostra=scadute"


def test_what_one_company_awaits_another_does_not_see(desk: Desk, other_desk: Desk) -> None:
    sent(desk)
    terms.look(now=NOW)
    mine = queries_terms.page(desk.actor, awaited="", late=False, now=NOW, after=None)
    with company_scope(other_desk.company.pk):
        theirs = queries_terms.page(other_desk.actor, awaited="", late=False, now=NOW, after=None)
    assert (len(mine.rows), len(theirs.rows)) == (1, 0)
    late = queries_terms.page(desk.actor, awaited="receipt", late=True, now=NOW + 6 * DAY, after=None)
    assert [row.late for row in late.rows] == [True]
