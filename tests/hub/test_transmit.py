from __future__ import annotations

import datetime

import pytest
from django.db import connection

from fattorino.core.errors import ChannelError, ConflictError, RefusedError
from fattorino.hub.channels.base import Accepted
from fattorino.hub.flows import waves
from fattorino.hub.models import Submission, Transmission
from fattorino.hub.tasks import sweep
from fattorino.hub.tasks_sending import wake_later
from fattorino.workflow import flows as workflow
from fattorino.workflow.models import Document
from tests.desk import NOW, Desk, jobs
from tests.hub.letters import (
    SDI_ID,
    again,
    answered,
    arrive,
    begin,
    history,
    queued,
    state,
    transmissions_due,
)

Status = Submission.Status
ACCEPTED = Accepted(SDI_ID, NOW)
CERTAIN = ChannelError("SdI è fuori servizio.", uncertain=False)
PERMANENT = ChannelError("Canale non abilitato.", uncertain=False, permanent=True)
UNCERTAIN = ChannelError("La connessione si è interrotta.", uncertain=True)
WAIT, PAUSES = 3600.0, [5.0, 30.0]


@pytest.fixture(autouse=True)
def _pauses(settings: object) -> None:
    settings.HUB_UNCERTAIN_WAIT, settings.HUB_RETRY_PAUSES = WAIT, PAUSES  # type: ignore[attr-defined]


def later(seconds: float) -> datetime.datetime:
    return NOW + datetime.timedelta(seconds=seconds)


def failed(row: Submission, error: ChannelError, now: datetime.datetime = NOW) -> None:
    answered(row, error, now)


def accepted(row: Submission, now: datetime.datetime = NOW) -> None:
    answered(row, ACCEPTED, now)


def outcomes(row: Submission) -> list[str]:
    return list(Transmission.objects.filter(submission=row).order_by("id").values_list("outcome", flat=True))


def test_an_attempt_is_written_down_before_the_network_is_touched(desk: Desk) -> None:
    row = queued(desk)
    channel, file = begin(row)
    assert (file.file_name, file.content) == (row.file_name, bytes(row.outgoing.content))
    assert channel.company_id == row.company_id
    assert (again(row).status, outcomes(row)) == (Status.SENDING, ["open"])


def test_accepted_brings_sdis_identifier_and_the_document_waits_for_the_receipt(desk: Desk) -> None:
    row = queued(desk)
    begin(row)
    accepted(row)
    row = again(row)
    assert (row.status, row.identificativo_sdi, row.accepted_at) == (Status.ACCEPTED, SDI_ID, NOW)
    assert (state(row), outcomes(row), transmissions_due(row)) == ("IN_ATTESA_ESITO", ["accepted"], 0)


def test_accepted_twice_changes_nothing_but_the_history(desk: Desk) -> None:
    row = queued(desk)
    begin(row)
    accepted(row)
    accepted(row, later(10))
    row = again(row)
    assert (row.status, row.accepted_at, state(row)) == (Status.ACCEPTED, NOW, "IN_ATTESA_ESITO")
    moved = [event for event, outcome in history(row) if outcome == "moved"]
    assert moved == ["SDI_PRESO_IN_CARICO"]
    assert Document.objects.get(pk=row.document_id).held_statuses == []


def test_what_was_accepted_is_not_sent_again(desk: Desk) -> None:
    row = queued(desk)
    begin(row)
    accepted(row)
    assert begin(row, later(10 * WAIT)) is None
    assert outcomes(row) == ["accepted"]


def test_a_certain_failure_is_tried_again_after_each_pause_then_the_state_is_an_error(desk: Desk) -> None:
    row, now = queued(desk), NOW
    for pause in PAUSES:
        assert begin(row, now) is not None
        failed(row, CERTAIN, now)
        assert (again(row).status, state(row)) == (Status.QUEUED, "IN_ELABORAZIONE")
        due = (again(row).next_attempt_at - now).total_seconds()
        assert 0.75 * pause <= due <= 1.25 * pause
        assert transmissions_due(row) == 1
        now += datetime.timedelta(seconds=2 * pause)
    begin(row, now)
    failed(row, CERTAIN, now)
    assert (again(row).status, state(row), transmissions_due(row)) == (Status.FAILED, "ERRORE_INVIO", 0)
    assert outcomes(row) == ["not_taken"] * 3
    assert again(row).offered_again is False


def test_a_permanent_failure_is_not_tried_again(desk: Desk) -> None:
    row = queued(desk)
    begin(row)
    failed(row, PERMANENT)
    assert (again(row).status, state(row), transmissions_due(row)) == (Status.FAILED, "ERRORE_INVIO", 0)
    assert again(row).last_error == "Canale non abilitato."


def test_after_an_error_the_button_sends_the_same_file_under_the_same_name(desk: Desk) -> None:
    row = queued(desk)
    first = begin(row)
    failed(row, PERMANENT)
    workflow.request_action(row.document_id, desk.actor, now=NOW)
    from tests.desk import run_jobs

    run_jobs(skip=frozenset({"hub.turn"}))
    assert (again(row).status, state(row)) == (Status.QUEUED, "IN_ELABORAZIONE")
    assert begin(row) == first
    assert again(row).offered_again is False
    assert Submission.objects.filter(document_id=row.document_id).count() == 1


def test_an_uncertain_send_waits_for_a_receipt_before_anything_else(desk: Desk) -> None:
    row = queued(desk)
    begin(row)
    failed(row, UNCERTAIN)
    assert (again(row).status, state(row), outcomes(row)) == (
        Status.UNCERTAIN,
        "IN_ELABORAZIONE",
        ["unknown"],
    )
    assert transmissions_due(row) == 1
    assert begin(row, later(WAIT - 1)) is None
    assert outcomes(row) == ["unknown"]


def test_when_no_receipt_comes_the_same_file_is_offered_again_under_the_same_name(desk: Desk) -> None:
    row = queued(desk)
    first = begin(row)
    failed(row, UNCERTAIN)
    assert begin(row, later(WAIT)) == first
    assert again(row).offered_again
    assert ("HubOfferedAgain", "recorded") in history(row)
    accepted(row, later(WAIT))
    assert (again(row).status, state(row)) == (Status.ACCEPTED, "IN_ATTESA_ESITO")


def test_a_receipt_settles_the_doubt_and_nothing_is_offered_again(desk: Desk) -> None:
    row = queued(desk)
    begin(row)
    failed(row, UNCERTAIN)
    arrive(row, "RC")
    assert (again(row).status, state(row)) == (Status.CLOSED, "CONSEGNATO")
    assert again(row).identificativo_sdi == SDI_ID
    assert begin(row, later(WAIT + 1)) is None


@pytest.mark.parametrize("codes", [("00002",), ("00002", "00404")])
def test_a_duplicate_name_after_our_own_second_offer_is_no_scarto(desk: Desk, codes: tuple[str, ...]) -> None:
    row = queued(desk)
    begin(row)
    failed(row, UNCERTAIN)
    begin(row, later(WAIT))
    accepted(row, later(WAIT))
    arrive(row, "NS", codes=codes, identificativo_sdi="1000002")
    assert (again(row).status, state(row)) == (Status.ACCEPTED, "IN_ATTESA_ESITO")
    arrive(row, "RC", number=2)
    assert (again(row).status, state(row)) == (Status.CLOSED, "CONSEGNATO")


def test_a_late_duplicate_refusal_does_not_reopen_what_is_delivered(desk: Desk) -> None:
    row = queued(desk)
    begin(row)
    failed(row, UNCERTAIN)
    begin(row, later(WAIT))
    arrive(row, "RC")
    arrive(row, "NS", codes=("00002",), identificativo_sdi="1000002", number=2)
    assert (again(row).status, state(row)) == (Status.CLOSED, "CONSEGNATO")


def test_a_duplicate_name_after_one_offer_is_a_scarto(desk: Desk) -> None:
    row = queued(desk)
    begin(row)
    accepted(row)
    arrive(row, "NS", codes=("00002",))
    assert (again(row).status, state(row)) == (Status.CLOSED, "SCARTATO_SDI")


def test_a_certain_failure_after_an_uncertain_one_does_not_end_the_doubt(desk: Desk) -> None:
    row, now = queued(desk), NOW
    begin(row)
    failed(row, UNCERTAIN)
    now = later(WAIT)
    for _ in PAUSES:
        begin(row, now)
        failed(row, CERTAIN, now)
        assert again(row).status == Status.UNCERTAIN
        now += datetime.timedelta(seconds=60)
    begin(row, now)
    failed(row, CERTAIN, now)
    # Not ERRORE_INVIO: a person could make a second file of an invoice that SdI may have.
    assert (again(row).status, state(row), transmissions_due(row)) == (Status.UNCERTAIN, "IN_ELABORAZIONE", 1)


def test_a_permanent_failure_after_an_uncertain_one_does_not_end_the_doubt(desk: Desk) -> None:
    row = queued(desk)
    begin(row)
    failed(row, UNCERTAIN)
    begin(row, later(WAIT))
    failed(row, PERMANENT, later(WAIT))
    assert (again(row).status, state(row)) == (Status.UNCERTAIN, "IN_ELABORAZIONE")


def test_a_process_killed_while_sending_leaves_an_uncertain_send(desk: Desk) -> None:
    row = queued(desk)
    begin(row)
    assert begin(row, later(9)) is None  # the rescued job
    assert (again(row).status, outcomes(row), transmissions_due(row)) == (Status.UNCERTAIN, ["unknown"], 1)
    assert begin(row, later(9 + WAIT)) is not None


def test_a_receipt_before_the_rescue_closes_the_attempt_that_the_killed_process_left_open(desk: Desk) -> None:
    row = queued(desk)
    begin(row)
    arrive(row, "RC")
    assert outcomes(row) == ["open"]
    assert begin(row, later(9)) is None
    assert (outcomes(row), again(row).status) == (["accepted"], Status.CLOSED)


def test_an_answer_that_a_process_thought_dead_still_brings_settles_the_doubt(desk: Desk) -> None:
    row = queued(desk)
    begin(row)
    begin(row, later(9))  # somebody thinks it dead
    accepted(row, later(10))
    assert (again(row).status, state(row)) == (Status.ACCEPTED, "IN_ATTESA_ESITO")
    assert begin(row, later(9 + WAIT)) is None


@pytest.mark.parametrize(("pa", "delivered"), [(False, "CONSEGNATO"), (True, "CONSEGNATO_PA")])
def test_a_receipt_quicker_than_the_answer_is_not_undone_by_it(desk: Desk, pa: bool, delivered: str) -> None:
    row = queued(desk, pa=pa)
    begin(row)
    arrive(row, "RC")
    accepted(row)
    assert state(row) == delivered
    assert again(row).status == (Status.ACCEPTED if pa else Status.CLOSED)
    assert outcomes(row) == ["accepted"]
    assert ("SDI_PRESO_IN_CARICO", "recorded") in history(row)
    assert Document.objects.get(pk=row.document_id).held_statuses == []


def test_nothing_of_another_company_is_begun(desk: Desk, other_desk: Desk) -> None:
    row = queued(desk)
    assert waves.begin(other_desk.company.pk, row.channel_id, 1, now=NOW) is None
    assert again(row).status == Status.QUEUED


def test_while_it_is_being_sent_the_button_is_refused(desk: Desk) -> None:
    row = queued(desk)
    begin(row)
    with pytest.raises((RefusedError, ConflictError)):
        workflow.request_action(row.document_id, desk.actor, now=NOW)


def test_the_sweep_finds_a_submission_whose_job_was_lost(desk: Desk) -> None:
    row = queued(desk)
    with connection.cursor() as cursor:
        cursor.execute("delete from procrastinate_jobs")
    past = NOW - datetime.timedelta(days=3650)
    Submission.objects.filter(pk=row.pk).update(created_at=past)
    sweep(0)
    sweep(0)
    assert [job["args"]["channel_id"] for job in jobs("hub.wake")] == [row.channel_id]
    wake_later(**jobs("hub.wake")[0]["args"])
    assert {job["args"]["channel_id"] for job in jobs("hub.turn")} == {row.channel_id}
