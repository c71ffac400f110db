"""A PA's answer to an invoice goes to SdI once: made of one decision, kept first, never sent blindly twice."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from fattorino.core.errors import ChannelError, RefusedError, SetupError
from fattorino.core.fatturapa import read_fattura, write_fattura
from fattorino.core.sdi.message_io import read_message, write_message
from fattorino.core.sdi.messages import NotificaEsitoCommittente, ScartoEsitoCommittente
from fattorino.documents.models import Decision, PassiveInvoice
from fattorino.documents.passive import answering
from fattorino.hub.channels.base import Accepted, Alone, Outgoing, Refused
from fattorino.hub.flows import channels, outcome_steps, outcome_told, outcomes
from fattorino.hub.models import Channel, OutcomeSent
from fattorino.organisations.models import User
from fattorino.workflow import flows as workflow
from fattorino.workflow.models import Document, StateChange
from tests.desk import NOW, Desk, jobs, run_jobs
from tests.documents.passive.arrived import arrive
from tests.documents.passive.arrived import passive as row_of
from tests.documents.received import OFFICE, bring, invoice, mt
from tests.sentences.office import publish

Status = OutcomeSent.Status
DAY = datetime.timedelta(days=1)


class Line(Alone):
    """A way to SdI that answers what the test says."""

    def __init__(self) -> None:
        self.sent: list[Outgoing] = []
        self.answers: list[Accepted | Refused | ChannelError] = []

    def send(self, file: Outgoing) -> Accepted | Refused:
        self.sent.append(file)
        answer = self.answers.pop(0) if self.answers else Accepted("1")
        if isinstance(answer, ChannelError):
            raise answer
        return answer

    def examine(self) -> list[Any]:
        return []


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    made = Line()
    monkeypatch.setattr(channels, "port", lambda row: made)
    yield made


def se(code: str, identificativo: str = "1") -> Refused:
    message = ScartoEsitoCommittente(identificativo_sdi=identificativo, scarto=code, message_id="1")
    return Refused("IT01234567897_00001_SE_001.xml", write_message(message))


DOUBT = ChannelError("Interrotto.", uncertain=True)
NOT_NOW = ChannelError("Fuori servizio.", uncertain=False)
REFUSES_US = ChannelError("Certificato rifiutato.", uncertain=False, permanent=True)
NEVER = ChannelError("Il file non si può inviare.", uncertain=False, permanent=True, of_file=True)


def accept(desk: Desk, document: Document) -> OutcomeSent:
    answering.decide(desk.actor, document.pk, "EC01", now=NOW)
    run_jobs()
    return OutcomeSent.objects.get(document=document)


def refuse(desk: Desk, document: Document) -> OutcomeSent:
    answering.decide(
        desk.actor, document.pk, "EC02", cause="cig_cup", detail="Il CIG Z123 non è nostro", now=NOW
    )
    run_jobs()
    return OutcomeSent.objects.get(document=document)


def again(outcome: OutcomeSent, *, now: datetime.datetime) -> None:
    """The next attempt, when its moment has come."""
    OutcomeSent.objects.filter(pk=outcome.pk, next_attempt_at__gt=now).update(next_attempt_at=now)
    run_jobs()


def written(outcome: OutcomeSent) -> NotificaEsitoCommittente:
    message = read_message(bytes(outcome.content.content)).message
    assert isinstance(message, NotificaEsitoCommittente)
    return message


def test_an_acceptance_is_one_ec_and_is_registered_when_sdi_says_so(desk: Desk, line: Line) -> None:
    document = arrive(desk)
    assert desk.state(document) == "RICEVUTO_DA_ESITARE"
    outcome = accept(desk, document)
    assert (outcome.status, desk.state(document)) == (Status.TAKEN, "ACCETTATO_PASS")
    assert [(f.file_name, f.kind, f.identificativo_sdi) for f in line.sent] == [
        (outcome.file_name, "EC", row_of(document).identificativo_sdi)
    ]
    assert outcome.file_name.endswith("_EC_001.xml")
    message = written(outcome)
    assert (message.esito, message.descrizione, message.riferimento_fattura) == ("EC01", None, None)
    assert row_of(document).answer_by is None


def test_a_refusal_states_its_cause_in_the_laws_words(desk: Desk, line: Line) -> None:
    document = arrive(desk)
    message = written(refuse(desk, document))
    assert message.esito == "EC02" and message.descrizione is not None
    assert message.descrizione.startswith("Omessa o errata indicazione del CIG o del CUP (DM 132/2020")
    assert message.descrizione.endswith("Il CIG Z123 non è nostro")
    assert desk.state(document) == "RIFIUTATO_PASS"


def test_se_at_once_lets_answer_anew_with_another_name(desk: Desk, line: Line) -> None:
    document = arrive(desk)
    line.answers = [se("EN00")]
    outcome = refuse(desk, document)
    assert (outcome.status, desk.state(document)) == (Status.REFUSED, "ESITO_SCARTATO")
    assert row_of(document).answer_by is not None
    answering.decide(desk.actor, document.pk, "EC01", now=NOW)
    run_jobs()
    assert [f.file_name[-11:] for f in line.sent] == ["_EC_001.xml", "_EC_002.xml"]
    assert desk.state(document) == "ACCETTATO_PASS"


def test_what_sdi_certainly_did_not_take_is_sent_again_by_itself(desk: Desk, line: Line) -> None:
    line.answers = [NOT_NOW]
    document = arrive(desk)
    outcome = accept(desk, document)
    # run_jobs runs the job of the next attempt too early: it goes home.
    assert (outcome.status, len(line.sent)) == (Status.QUEUED, 1)
    outcome_steps.defer_sending(desk.company.pk, outcome.pk)
    again(outcome, now=NOW)
    outcome.refresh_from_db()
    assert (outcome.status, len(line.sent)) == (Status.TAKEN, 2)


def test_an_outcome_in_doubt_waits_and_is_offered_again_under_the_same_name(desk: Desk, line: Line) -> None:
    line.answers = [DOUBT]
    document = arrive(desk)
    outcome = accept(desk, document)
    assert (outcome.status, len(line.sent), desk.state(document)) == (Status.UNCERTAIN, 1, "ESITO_INVIATO")
    outcome_steps.defer_sending(desk.company.pk, outcome.pk)
    again(outcome, now=NOW)
    outcome.refresh_from_db()
    assert outcome.status == Status.TAKEN and line.sent[0] == line.sent[1]


def test_en01_after_an_offer_in_doubt_proves_that_the_first_arrived(desk: Desk, line: Line) -> None:
    line.answers = [DOUBT, se("EN01")]
    document = arrive(desk)
    outcome = refuse(desk, document)
    outcome_steps.defer_sending(desk.company.pk, outcome.pk)
    again(outcome, now=NOW)
    outcome.refresh_from_db()
    assert (outcome.status, desk.state(document)) == (Status.TAKEN, "RIFIUTATO_PASS")


def test_en01_of_the_first_offer_is_a_refusal(desk: Desk, line: Line) -> None:
    line.answers = [se("EN01")]
    document = arrive(desk)
    assert accept(desk, document).status == Status.REFUSED
    assert desk.state(document) == "ESITO_SCARTATO"


def test_in_doubt_when_the_term_is_over_nothing_is_offered_and_dt_settles_it(desk: Desk, line: Line) -> None:
    line.answers = [DOUBT]
    document = arrive(desk)
    outcome = accept(desk, document)
    later = row_of(document).answer_by
    assert later is not None
    assert outcomes.begin(outcome.pk, desk.company.pk, now=later + DAY) is None
    outcome.refresh_from_db()
    assert (outcome.status, outcome.next_attempt_at) == (Status.UNCERTAIN, None)
    outcome_told.told(desk.company.pk, document.pk, "DT", (), "Termine passato.", "", now=later + DAY)
    outcome.refresh_from_db()
    assert (outcome.status, desk.state(document)) == (Status.FAILED, "DECORSI_TERMINI_PASS")


def test_a_permanent_fault_is_told_and_a_person_sends_the_same_file_again(desk: Desk, line: Line) -> None:
    line.answers = [NEVER]
    document = arrive(desk)
    outcome = accept(desk, document)
    assert outcome.status == Status.FAILED and "non si può inviare" in outcome.last_error
    outcomes.retry(outcome.pk, desk.actor, now=NOW)
    run_jobs()
    outcome.refresh_from_db()
    assert outcome.status == Status.TAKEN and line.sent[0] == line.sent[1]


def test_what_a_way_that_refuses_us_did_not_take_goes_by_itself_when_it_is_right_again(
    desk: Desk, line: Line
) -> None:
    """An expired certificate, a token that was changed: of many answers none must be pressed anew one by one."""
    line.answers = [REFUSES_US] * 3
    document = arrive(desk)
    outcome = accept(desk, document)
    for _ in range(2):
        outcome_steps.defer_sending(desk.company.pk, outcome.pk)
        again(outcome, now=NOW)
    assert (outcome.status, "Certificato" in outcome.last_error) == (Status.QUEUED, True)
    assert outcome.next_attempt_at is not None and len(line.sent) == 3
    told = StateChange.objects.filter(document=document, event="OutcomeFailed")
    assert len(told) == 1 and "ritentato da solo" in told[0].message
    outcome_steps.defer_sending(desk.company.pk, outcome.pk)
    again(outcome, now=NOW)
    outcome.refresh_from_db()
    assert (outcome.status, len(line.sent)) == (Status.TAKEN, 4)


def test_a_way_that_cannot_be_set_up_is_told_and_leaves_no_doubt(
    desk: Desk, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(row: Channel) -> Line:
        raise SetupError("I segreti del canale non si possono aprire.")

    monkeypatch.setattr(channels, "port", broken)
    outcome = accept(desk, arrive(desk))
    assert (outcome.status, "segreti" in outcome.last_error) == (Status.QUEUED, True)


@pytest.mark.parametrize("act", [outcomes.retry, outcomes.sent_by_hand])
def test_a_person_need_not_wait_for_the_next_attempt(desk: Desk, line: Line, act: Any) -> None:
    line.answers = [REFUSES_US]
    document = arrive(desk)
    outcome = accept(desk, document)
    client = Client()
    client.force_login(User.objects.get(pk=desk.actor.user_id))
    page = client.get(f"/passive/{document.pk}/").content.decode()
    assert "si riprova il" in page and "Riprova l'invio" in page and "Segna come inviato" in page
    act(outcome.pk, desk.actor, now=NOW)
    run_jobs()
    outcome.refresh_from_db()
    sent = 2 if act is outcomes.retry else 1
    assert (outcome.status in (Status.TAKEN, Status.SENT), len(line.sent)) == (True, sent)
    with pytest.raises(RefusedError):
        act(outcome.pk, desk.actor, now=NOW)


def test_a_killed_process_leaves_a_doubt_and_not_a_second_send(desk: Desk, line: Line) -> None:
    document = arrive(desk)
    answering.decide(desk.actor, document.pk, "EC01", now=NOW)
    run_jobs(skip=frozenset({"hub.send_outcome"}))
    outcome = OutcomeSent.objects.get(document=document)
    assert outcomes.begin(outcome.pk, desk.company.pk, now=NOW) is not None
    assert outcomes.begin(outcome.pk, desk.company.pk, now=NOW) is None
    outcome.refresh_from_db()
    assert outcome.status == Status.UNCERTAIN


def test_where_nothing_is_answered_silence_registers_the_outcome(desk: Desk, line: Line) -> None:
    document = arrive(desk)
    way = Channel.objects.create(company_id=desk.company.pk, kind=Channel.Kind.INTERMEDIARY)
    answering.decide(desk.actor, document.pk, "EC01", now=NOW)
    run_jobs(skip=frozenset({"hub.send_outcome"}))
    OutcomeSent.objects.update(channel=way)
    line.answers = [Accepted()]
    run_jobs()
    outcome = OutcomeSent.objects.get(document=document)
    assert (outcome.status, desk.state(document)) == (Status.SENT, "ESITO_INVIATO")
    assert outcomes.begin(outcome.pk, desk.company.pk, now=NOW + DAY) is None
    assert desk.state(document) == "ESITO_INVIATO"
    assert outcome.next_attempt_at is not None
    assert outcomes.begin(outcome.pk, desk.company.pk, now=outcome.next_attempt_at) is None
    assert desk.state(document) == "ACCETTATO_PASS"


@pytest.mark.parametrize("status", [Status.SENT, Status.QUEUED, Status.UNCERTAIN])
def test_an_outcome_looked_at_before_its_moment_is_looked_at_again(
    desk: Desk, line: Line, status: Status
) -> None:
    """Our clock may have been put back, and jobs come by that of the database."""
    outcome = accept(desk, arrive(desk))
    OutcomeSent.objects.update(status=status, next_attempt_at=NOW + DAY)
    run_jobs()
    for _ in range(3):
        assert outcomes.begin(outcome.pk, desk.company.pk, now=NOW) is None
        assert len(jobs("hub.send_outcome")) == 1


def test_a_later_se_takes_back_what_was_only_sent(desk: Desk, line: Line) -> None:
    document = arrive(desk)
    line.answers = [DOUBT]
    outcome = refuse(desk, document)
    outcome_told.told(desk.company.pk, document.pk, "SE", ("EN00",), "Scartato.", "", now=NOW)
    outcome.refresh_from_db()
    assert (outcome.status, desk.state(document)) == (Status.REFUSED, "ESITO_SCARTATO")


def test_the_term_is_warned_of_twice_and_not_more(desk: Desk) -> None:
    document = arrive(desk)
    term = row_of(document).answer_by
    assert term is not None
    states = ["RICEVUTO_DA_ESITARE"]
    told = [
        answering.warn(document.pk, desk.company.pk, states, now=term - datetime.timedelta(days=d, hours=-1))
        for d in (9, 5, 5, 3, 1, 1)
    ]
    assert told == [False, True, False, False, True, False]


def test_where_the_state_only_lets_accept_the_press_is_the_decision(desk: Desk, line: Line) -> None:
    publish(desk, RICEVUTO_DA_ESITARE={"passive": {"action": "ACCETTA"}})
    document = arrive(desk)
    desk.press(document)
    run_jobs()
    made = Decision.objects.get(document=document)
    assert (made.esito, made.actor_label) == ("EC01", desk.actor.label)
    assert desk.state(document) == "ACCETTATO_PASS"


def test_without_a_decision_nothing_goes_out(desk: Desk, line: Line) -> None:
    document = arrive(desk)
    desk.press(document)
    run_jobs()
    assert not line.sent and desk.state(document) == "RICEVUTO_DA_ESITARE"


def test_a_refusal_that_never_went_out_is_not_sent_by_a_later_press(desk: Desk, line: Line) -> None:
    document = arrive(desk)
    answering.decide(desk.actor, document.pk, "EC02", cause="cig_cup", detail="CIG errato", now=NOW)
    PassiveInvoice.objects.filter(pk=document.pk).update(answer_by=None)
    run_jobs()
    assert desk.state(document) == "RICEVUTO_DA_ESITARE" and not OutcomeSent.objects.exists()
    PassiveInvoice.objects.filter(pk=document.pk).update(answer_by=NOW + 15 * DAY)
    publish(desk, RICEVUTO_DA_ESITARE={"passive": {"action": "ACCETTA"}})
    workflow.request_action(document.pk, desk.actor, now=NOW + DAY)
    run_jobs()
    assert [each.esito for each in OutcomeSent.objects.all()] == ["EC01"]
    assert desk.state(document) == "ACCETTATO_PASS"


def test_of_a_lotto_each_answer_names_its_own_invoice_and_has_its_own_name(desk: Desk, line: Line) -> None:
    first, second = (read_fattura(invoice(desk, n, code=OFFICE)).fattura for n in ("L/1", "L/2"))
    bodies = (*first.fattura_elettronica_body, *second.fattura_elettronica_body)
    content = write_fattura(replace(first, fattura_elettronica_body=bodies))  # type: ignore[arg-type]
    name = "IT01234567897_LOTTO.xml"
    bring(content, sdi="4711", name=name, metadata=mt(name, sdi="4711", code=OFFICE, pa=True))
    run_jobs()
    for document in Document.objects.filter(dashboard="PS").order_by("number"):
        answering.decide(desk.actor, document.pk, "EC01", now=NOW)
    run_jobs()
    sent = OutcomeSent.objects.order_by("document__number")
    references = [written(each).riferimento_fattura for each in sent]
    assert [(r.numero_fattura, r.posizione_fattura) for r in references if r] == [("L/1", 1), ("L/2", 2)]
    assert {each.file_name[-11:] for each in sent} == {"_EC_001.xml", "_EC_002.xml"}
