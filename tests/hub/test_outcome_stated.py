"""A person settles an outcome of which SdI says nothing after the term, and SdI's late word still counts more."""

from __future__ import annotations

import datetime
from dataclasses import replace

import pytest
from django.test import Client
from django.urls import reverse

from fattorino.core.errors import RefusedError
from fattorino.documents.passive import answering
from fattorino.hub.flows import outcome_stated, outcome_told, outcome_travels, outcomes
from fattorino.hub.models import Channel, Consignment, OutcomeSent
from fattorino.organisations.models import AuditEntry, User
from fattorino.workflow.models import Document, StateChange
from tests.desk import NOW, Desk
from tests.documents.passive.arrived import arrive
from tests.documents.passive.arrived import passive as row_of
from tests.hub.test_outcomes import DOUBT, Line, accept, line, refuse

__all__ = ["line"]  # a fixture
DAY = datetime.timedelta(days=1)
Status = OutcomeSent.Status
WHY = "Il portale la mostra accettata"


def in_doubt(desk: Desk, line: Line, esito: str = "EC01") -> tuple[Document, OutcomeSent, datetime.datetime]:
    """An answer whose attempt broke off, and a moment after the term."""
    line.answers = [DOUBT]
    document = arrive(desk)
    outcome = accept(desk, document) if esito == "EC01" else refuse(desk, document)
    term = row_of(document).answer_by
    assert outcome.status == Status.UNCERTAIN and term is not None
    return document, outcome, term + DAY


def state(desk: Desk, outcome: OutcomeSent, what: str, now: datetime.datetime, reason: str = WHY) -> None:
    outcome_stated.state(outcome.pk, desk.actor, what, reason, now=now)
    outcome.refresh_from_db()


@pytest.mark.parametrize(
    ("esito", "what", "status", "stands"),
    [
        ("EC01", "registrato", Status.TAKEN, "ACCETTATO_PASS"),
        ("EC02", "registrato", Status.TAKEN, "RIFIUTATO_PASS"),
        ("EC01", "non-arrivato", Status.FAILED, "DECORSI_TERMINI_PASS"),
    ],
)
def test_after_the_term_a_person_states_what_became_of_it(
    desk: Desk, line: Line, esito: str, what: str, status: str, stands: str
) -> None:
    document, outcome, later = in_doubt(desk, line, esito)
    state(desk, outcome, what, later)
    assert (outcome.status, outcome.next_attempt_at, desk.state(document)) == (status, None, stands)
    assert answering.term_of(document.pk, desk.company.pk) is None
    last = StateChange.objects.filter(document=document).order_by("-pk")[0]
    assert WHY in last.message and last.actor_user_id == desk.actor.user_id
    entry = AuditEntry.objects.get(what="esito di una risposta indicato a mano")
    assert entry.detail["nota"] == WHY and entry.detail["esito"] == what
    assert outcomes.begin(outcome.pk, desk.company.pk, now=later) is None


def test_while_sdi_may_still_take_it_nobody_states_anything(desk: Desk, line: Line) -> None:
    document, outcome, later = in_doubt(desk, line)
    with pytest.raises(RefusedError, match="può ancora parlare SdI"):
        state(desk, outcome, "registrato", later - 2 * DAY)
    outcome_told.told(desk.company.pk, document.pk, "DT", (), "Termine passato.", "", now=later)
    with pytest.raises(RefusedError, match="ha già parlato"):
        state(desk, outcome, "registrato", later)
    assert desk.state(document) == "DECORSI_TERMINI_PASS"


@pytest.mark.parametrize(("what", "reason"), [("registrato", " "), ("forse", WHY), ("", WHY)])
def test_a_statement_says_what_and_why(desk: Desk, line: Line, what: str, reason: str) -> None:
    document, outcome, later = in_doubt(desk, line)
    with pytest.raises(RefusedError):
        state(desk, outcome, what, later, reason)
    outcome.refresh_from_db()
    assert (outcome.status, desk.state(document)) == (Status.UNCERTAIN, "ESITO_INVIATO")


def test_who_only_reads_states_nothing(desk: Desk, line: Line) -> None:
    _, outcome, later = in_doubt(desk, line)
    reader = replace(desk.actor, role="reader")
    with pytest.raises(RefusedError, match="consultazione"):
        outcome_stated.state(outcome.pk, reader, "registrato", WHY, now=later)


def test_a_late_dt_takes_a_statement_back_also_where_sdi_answers_at_once(desk: Desk, line: Line) -> None:
    document, outcome, later = in_doubt(desk, line)
    assert outcome.channel is not None and outcome.channel.kind == Channel.Kind.SDICOOP
    state(desk, outcome, "registrato", later)
    outcome_told.told(desk.company.pk, document.pk, "DT", (), "Termine passato.", "", now=later + DAY)
    outcome.refresh_from_db()
    assert (outcome.status, outcome.stated_at) == (Status.FAILED, None)
    assert desk.state(document) == "DECORSI_TERMINI_PASS"


def test_a_late_se_takes_a_statement_back_and_is_told(desk: Desk, line: Line) -> None:
    document, outcome, later = in_doubt(desk, line)
    state(desk, outcome, "registrato", later)
    outcome_told.told(desk.company.pk, document.pk, "SE", ("EN00",), "Scartato.", "", now=later + DAY)
    outcome.refresh_from_db()
    assert (outcome.status, outcome.stated_at) == (Status.REFUSED, None)
    last = StateChange.objects.filter(document=document).order_by("-pk")[0]
    assert last.event == "SE" and "decorrenza dei termini" in last.message


def test_a_refusal_as_second_copy_proves_nothing_against_a_statement(desk: Desk, line: Line) -> None:
    document, outcome, later = in_doubt(desk, line)
    OutcomeSent.objects.filter(pk=outcome.pk).update(offered_again=True)
    state(desk, outcome, "registrato", later)
    note = outcome_told.told(desk.company.pk, document.pk, "SE", ("EN01",), "Scartato.", "", now=later + DAY)
    outcome.refresh_from_db()
    assert "non prova" in note and outcome.status == Status.TAKEN


def test_the_dt_of_what_was_stated_as_lost_confirms_it(desk: Desk, line: Line) -> None:
    document, outcome, later = in_doubt(desk, line)
    state(desk, outcome, "non-arrivato", later)
    outcome_told.told(desk.company.pk, document.pk, "DT", (), "Termine passato.", "", now=later + DAY)
    outcome.refresh_from_db()
    assert (outcome.status, outcome.stated_at, desk.state(document)) == (
        Status.FAILED, None, "DECORSI_TERMINI_PASS",
    )  # fmt: skip


def test_who_stated_it_wrongly_states_the_contrary(desk: Desk, line: Line) -> None:
    document, outcome, later = in_doubt(desk, line)
    for what in ("non-arrivato", "non-arrivato", "registrato"):
        state(desk, outcome, what, later)
    assert (outcome.status, desk.state(document)) == (Status.TAKEN, "ACCETTATO_PASS")
    assert AuditEntry.objects.filter(what="esito di una risposta indicato a mano").count() == 2


@pytest.mark.parametrize(
    ("what", "taken", "stands"),
    [("registrato", False, "DECORSI_TERMINI_PASS"), ("non-arrivato", True, "DECORSI_TERMINI_PASS")],
)
def test_what_became_of_the_parcel_after_all_is_heard(
    desk: Desk, line: Line, what: str, taken: bool, stands: str
) -> None:
    document, outcome, later = in_doubt(desk, line)
    parcel = Consignment.objects.create(
        company_id=desk.company.pk, channel=outcome.channel, name="FO.1", content=b"", created_at=NOW
    )
    OutcomeSent.objects.filter(pk=outcome.pk).update(status=Status.SENDING, consignment=parcel)
    state(desk, outcome, what, later)
    outcome_travels.settled(parcel.pk, desk.company.pk, taken, "Supporto scartato.", now=later + DAY)
    outcome.refresh_from_db()
    assert (outcome.status, desk.state(document)) == (Status.FAILED, stands)
    last = StateChange.objects.filter(document=document).order_by("-pk")[0]
    assert "era stato indicato" in last.message


def test_the_page_offers_it_only_when_the_term_is_over(
    desk: Desk, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    document, outcome, later = in_doubt(desk, line)
    client = Client()
    client.force_login(User.objects.get(pk=desk.actor.user_id))
    address = f"/passive/{document.pk}/"
    monkeypatch.setattr("fattorino.clock.now", lambda: NOW)
    assert "Indica che cosa è successo" not in client.get(address).content.decode()
    monkeypatch.setattr("fattorino.clock.now", lambda: later)
    page = client.get(address).content.decode()
    assert "Indica che cosa è successo" in page and f"/{outcome.pk}/indica/" in page
    values = {"azienda": desk.company.pk, "fatto": "registrato", "motivo": WHY}

    told = client.post(reverse("outcomes:state", args=[outcome.pk]), values, follow=True).content.decode()
    assert "vale quello che dice SdI" in told and "Lo ha indicato una persona" in told
    outcome.refresh_from_db()
    assert outcome.status == Status.TAKEN
