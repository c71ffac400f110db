"""Silence was taken for registered, and then SdI speaks after all: SE or DT."""

from __future__ import annotations

import datetime
from collections.abc import Callable

import pytest

from fattorino.documents.models import PassiveInvoice
from fattorino.documents.passive import answering
from fattorino.hub.channels.base import Accepted
from fattorino.hub.flows import outcome_told, outcomes
from fattorino.hub.models import Channel, OutcomeSent
from fattorino.workflow.models import Document, StateChange
from tests.desk import NOW, Desk, run_jobs
from tests.documents.passive.arrived import arrive
from tests.hub.test_outcomes import Line, line

__all__ = ["line"]  # a fixture
DAY = datetime.timedelta(days=1)
Status = OutcomeSent.Status


def believed(desk: Desk, line: Line, esito: str = "EC01") -> tuple[Document, OutcomeSent]:
    """An answer on a way where SdI speaks only to refuse, two days later."""
    document = arrive(desk)
    PassiveInvoice.objects.filter(pk=document.pk).update(delivered_at=NOW, answer_by=NOW + 15 * DAY)
    way = Channel.objects.create(company_id=desk.company.pk, kind=Channel.Kind.INTERMEDIARY)
    cause = {"cause": "cig_cup", "detail": "Il CIG Z123 non è nostro"} if esito == "EC02" else {}
    answering.decide(desk.actor, document.pk, esito, now=NOW, **cause)
    run_jobs(skip=frozenset({"hub.send_outcome"}))
    OutcomeSent.objects.update(channel=way)
    line.answers = [Accepted()]
    run_jobs()
    row = OutcomeSent.objects.get(document=document)
    outcomes.begin(row.pk, desk.company.pk, now=row.next_attempt_at or NOW)
    row.refresh_from_db()
    assert row.status == Status.TAKEN and answering.term_of(document.pk, desk.company.pk) is None
    return document, row


def tell(desk: Desk, document: Document, event: str, now: datetime.datetime) -> None:
    codes = ("EN00",) if event == "SE" else ()
    outcome_told.told(desk.company.pk, document.pk, event, codes, "Da SdI.", "", now=now)


@pytest.mark.parametrize("named", [lambda newest: newest.mark, lambda newest: "", lambda newest: "no-one"])
@pytest.mark.parametrize(("esito", "state"), [("EC01", "ACCETTATO_PASS"), ("EC02", "RIFIUTATO_PASS")])
def test_a_late_se_lets_answer_anew_while_there_is_time_and_speaks_of_the_answer_that_it_names(
    desk: Desk, line: Line, esito: str, state: str, named: Callable[[OutcomeSent], str]
) -> None:
    document, row = believed(desk, line, esito)
    assert desk.state(document) == state
    tell(desk, document, "SE", NOW + 5 * DAY)
    row.refresh_from_db()
    assert (row.status, desk.state(document)) == (Status.REFUSED, "ESITO_SCARTATO")
    assert answering.term_of(document.pk, desk.company.pk) == NOW + 15 * DAY
    told = StateChange.objects.filter(document=document, message__contains="perché SdI taceva")
    assert told.count() == 1
    line.answers = [Accepted("1")]
    answering.decide(desk.actor, document.pk, "EC01", now=NOW + 6 * DAY)
    run_jobs()
    assert OutcomeSent.objects.filter(document=document).count() == 2
    # The same SE again, or one that comes late, is about the first answer.
    newest = OutcomeSent.objects.exclude(pk=row.pk).get(document=document)
    before = (newest.status, desk.state(document))
    outcome_told.told(
        desk.company.pk, document.pk, "SE", ("EN00",), "Da SdI.", "", now=NOW + 6 * DAY, named=row.mark
    )
    newest.refresh_from_db()
    assert (newest.status, desk.state(document)) == before == (Status.TAKEN, "ACCETTATO_PASS")
    last = StateChange.objects.filter(document=document).order_by("-pk")[0]
    assert last.event == "SE" and "prima dell'ultimo" in last.message
    # One that names the second answer, or nothing of ours, refuses that.
    outcome_told.told(
        desk.company.pk, document.pk, "SE", ("EN00",), "Da SdI.", "", now=NOW + 7 * DAY, named=named(newest)
    )
    newest.refresh_from_db()
    assert (newest.status, desk.state(document)) == (Status.REFUSED, "ESITO_SCARTATO")


def test_when_the_term_is_over_the_state_stays_and_it_is_told(desk: Desk, line: Line) -> None:
    document, row = believed(desk, line)
    tell(desk, document, "SE", NOW + 16 * DAY)
    row.refresh_from_db()
    assert (row.status, desk.state(document)) == (Status.REFUSED, "ACCETTATO_PASS")
    assert "decorrenza dei termini" in row.last_error
    assert answering.term_of(document.pk, desk.company.pk) is None
    last = StateChange.objects.filter(document=document).order_by("-pk")[0]
    assert last.event == "SE" and "non si può rispondere di nuovo" in last.message


@pytest.mark.parametrize("esito", ["EC01", "EC02"])
def test_a_dt_proves_that_sdi_never_had_it(desk: Desk, line: Line, esito: str) -> None:
    document, row = believed(desk, line, esito)
    tell(desk, document, "DT", NOW + 16 * DAY)
    row.refresh_from_db()
    assert (row.status, desk.state(document)) == (Status.FAILED, "DECORSI_TERMINI_PASS")


def test_a_dt_takes_nothing_back_that_sdi_itself_registered(desk: Desk, line: Line) -> None:
    """A DT that names no document of a lotto comes to each of them, also to the answered ones."""
    document, row = believed(desk, line)
    OutcomeSent.objects.update(channel=Channel.objects.get(kind=Channel.Kind.SDICOOP))
    tell(desk, document, "DT", NOW + 16 * DAY)
    row.refresh_from_db()
    assert (row.status, desk.state(document)) == (Status.TAKEN, "ACCETTATO_PASS")
    assert StateChange.objects.filter(document=document, event="DT").count() == 1


def test_se_of_the_second_copy_of_a_registered_one_still_changes_nothing(desk: Desk, line: Line) -> None:
    document, row = believed(desk, line)
    OutcomeSent.objects.filter(pk=row.pk).update(offered_again=True)
    outcome_told.told(desk.company.pk, document.pk, "SE", ("EN01",), "Scartato.", "", now=NOW + 5 * DAY)
    row.refresh_from_db()
    assert (row.status, desk.state(document)) == (Status.TAKEN, "ACCETTATO_PASS")
