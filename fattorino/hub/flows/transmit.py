"""Sending: state before network, the network without a transaction, then what became of it.

What SdI certainly did not take is tried again after a pause. What it may have taken is not: the receipt is waited for,
and only when it does not come is the same file offered again under the same name, which SdI takes at most once
(00002; Allegato A 1.6.1, point 1.2.2). See docs/decisions/0004.
"""

from __future__ import annotations

import datetime

from django.conf import settings
from django.db import transaction

from fattorino.core.errors import ChannelError
from fattorino.core.texts import say, together
from fattorino.hub.channels.base import Accepted, Outgoing
from fattorino.hub.flows import channels
from fattorino.hub.flows.seal import defer_transmission
from fattorino.hub.models import Channel, Submission, Transmission
from fattorino.workflow import flows as workflow

Status = Submission.Status
Outcome = Transmission.Outcome
TAKEN = "SDI_PRESO_IN_CARICO"
INTERRUPTED = say("Il processo si è interrotto durante l'invio.")


def begin(submission_id: int, company_id: int, *, now: datetime.datetime) -> tuple[Channel, Outgoing] | None:
    """Write down that an attempt starts; the file to send and its way, or None where there is nothing to do."""
    with transaction.atomic():
        row = _locked(submission_id, company_id)
        if row is None:
            return None
        if row.status == Status.SENDING:
            # The process that was sending died: nobody knows how far it came.
            _close_open(row, Outcome.UNKNOWN, now, INTERRUPTED)
            _uncertain(row, INTERRUPTED, now)
            return None
        if row.status in (Status.ACCEPTED, Status.CLOSED):
            # It died too, but a receipt came meanwhile: the attempt that it left open had arrived.
            _close_open(row, Outcome.ACCEPTED, now, INTERRUPTED)
            return None
        if row.status == Status.UNCERTAIN:
            if row.next_attempt_at and now < row.next_attempt_at:
                return None
            workflow.record(
                row.document_id,
                "HubOfferedAgain",
                workflow.system_actor(company_id),
                now=now,
                message=say(
                    "Nessuna ricevuta: il file viene offerto di nuovo con lo stesso nome, che SdI accetta "
                    "una volta sola."
                ),
            )
        elif row.status != Status.QUEUED:
            return None
        assert row.outgoing is not None
        # From now on a refusal for a duplicate name may be due to ourselves.
        row.offered_again = row.offered_again or _in_doubt(row)
        row.status = Status.SENDING
        channel = row.channel or channels.channel_for(company_id, row.document.dashboard)
        row.channel = channel
        row.save(update_fields=["status", "offered_again", "channel"])
        Transmission.objects.create(company_id=company_id, submission=row, channel=channel, started_at=now)
        return channel, Outgoing(row.file_name, bytes(row.outgoing.content))


def accepted(submission_id: int, company_id: int, answer: Accepted, *, now: datetime.datetime) -> None:
    """SdI took the file."""
    with transaction.atomic():
        row = _locked(submission_id, company_id)
        if row is None:
            return
        _close_open(row, Outcome.ACCEPTED, now, "", answer.identificativo_sdi)
        # A receipt may be quicker than the answer; the identifier it brought is the same unless we offered twice.
        receipt_came = row.accepted_at is not None
        if row.status != Status.CLOSED:
            # Also where a slow process was thought dead and its attempt uncertain: now it is known.
            row.status = Status.ACCEPTED
        row.identificativo_sdi = row.identificativo_sdi or answer.identificativo_sdi
        row.accepted_at = row.accepted_at or now
        row.last_error = ""
        row.save(update_fields=["status", "identificativo_sdi", "accepted_at", "last_error"])
        actor = workflow.system_actor(company_id, "sdi")
        message = say(
            "Preso in carico da SdI con identificativo {identifier}.", identifier=answer.identificativo_sdi
        )
        sha256 = row.outgoing.sha256 if row.outgoing else ""
        if row.current and not receipt_came:
            workflow.report_status(row.document_id, TAKEN, actor, now=now, message=message, sha256=sha256)
        else:
            # The state is further already: kept in the history only, not held for later.
            workflow.record(row.document_id, TAKEN, actor, now=now, message=message, sha256=sha256)


def failed(submission_id: int, company_id: int, error: ChannelError, *, now: datetime.datetime) -> None:
    """The attempt did not end well: try later, wait for a receipt, or give up and say so."""
    with transaction.atomic():
        row = _locked(submission_id, company_id)
        if row is None:
            return
        outcome = Outcome.UNKNOWN if error.uncertain else Outcome.NOT_TAKEN
        _close_open(row, outcome, now, str(error))
        if row.status != Status.SENDING:
            return
        # Certain now, but an earlier attempt under this name may still have arrived.
        doubt = _in_doubt(row)
        tries_left = row.failures < len(settings.HUB_RETRY_PAUSES)
        if not error.uncertain and not error.permanent and tries_left:
            _later(row, error, now, Status.UNCERTAIN if doubt else Status.QUEUED)
        elif error.uncertain or doubt:
            # Never "not sent" while that is not sure: a new file of this invoice could be its second.
            _uncertain(row, str(error), now)
        else:
            _give_up(row, error, now)


def _later(row: Submission, error: ChannelError, now: datetime.datetime, status: str) -> None:
    pause = settings.HUB_RETRY_PAUSES[row.failures]
    row.status = status
    row.failures += 1
    row.last_error = str(error)
    row.next_attempt_at = now + datetime.timedelta(seconds=pause)
    row.save(update_fields=["status", "failures", "last_error", "next_attempt_at"])
    defer_transmission(row.company_id, row.pk, pause + 1)
    workflow.record(
        row.document_id,
        "HubRetry",
        workflow.system_actor(row.company_id),
        now=now,
        message=together(error.message, say("Nuovo tentativo tra {pause}.", pause=_pause_text(pause))),
    )


def _give_up(row: Submission, error: ChannelError, now: datetime.datetime) -> None:
    row.status = Status.FAILED
    row.last_error = str(error)
    row.save(update_fields=["status", "last_error"])
    if row.current:
        workflow.report_status(
            row.document_id,
            "HUB_ERRORE",
            workflow.system_actor(row.company_id),
            now=now,
            message=str(error),
        )


def _uncertain(row: Submission, text: str, now: datetime.datetime) -> None:
    wait = settings.HUB_UNCERTAIN_WAIT
    row.status = Status.UNCERTAIN
    row.last_error = text
    row.next_attempt_at = now + datetime.timedelta(seconds=wait)
    row.save(update_fields=["status", "last_error", "next_attempt_at"])
    # A little later than the moment itself, so that the job does not come a blink too early and go home.
    defer_transmission(row.company_id, row.pk, wait + 1)
    workflow.record(
        row.document_id,
        "HubUncertain",
        workflow.system_actor(row.company_id),
        now=now,
        message=together(
            text,
            say(
                "Si attende la ricevuta di SdI per {pause} prima di offrire di nuovo il file.",
                pause=_pause_text(wait),
            ),
        ),
    )


def _in_doubt(row: Submission) -> bool:
    """Whether an earlier attempt may have arrived."""
    return row.transmissions.exclude(outcome=Outcome.NOT_TAKEN).exclude(outcome=Outcome.OPEN).exists()


def _close_open(row: Submission, outcome: str, now: datetime.datetime, error: str, sdi: str = "") -> None:
    row.transmissions.filter(outcome=Outcome.OPEN).update(
        outcome=outcome, finished_at=now, error=error, identificativo_sdi=sdi
    )


def _locked(submission_id: int, company_id: int) -> Submission | None:
    # The document first, as every flow does: two flows that lock in different orders would wait for each other.
    found = Submission.objects.filter(pk=submission_id, company_id=company_id).values("document_id").first()
    if found is None:
        return None
    workflow.lock(found["document_id"])
    return (
        Submission.objects.select_for_update(of=("self",))
        .select_related("outgoing", "channel", "document")
        .get(pk=submission_id)
    )


def _pause_text(seconds: float) -> str:
    if seconds < 90:
        return say("{number} secondi", number=f"{seconds:.0f}")
    if seconds < 5400:
        return say("{number} minuti", number=f"{seconds / 60:.0f}")
    return say("{number} ore", number=f"{seconds / 3600:.0f}")
