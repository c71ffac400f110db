"""What became of files that were sent: state before network, the network without a transaction, then this.

What SdI certainly did not take is tried again after a pause. What it may have taken is not: the receipt is waited for,
and only when it does not come is the same file offered again under the same name, which SdI takes at most once
(00002; Allegato A 1.6.1, point 1.2.2). See docs/decisions/0004.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence

from django.conf import settings
from django.db import transaction

from fattorino.core.errors import ChannelError
from fattorino.core.texts import say, together
from fattorino.core.workflow.decide import HubReported
from fattorino.hub.channels.base import Accepted, Result, Untried
from fattorino.hub.flows import attempts, fallback, health, turns
from fattorino.hub.models import Channel, Submission, Transmission
from fattorino.organisations.rows import among, update_rows
from fattorino.workflow import flows as workflow
from fattorino.workflow.flows.moves import Step

Status = Submission.Status
Outcome = Transmission.Outcome
TAKEN = "SDI_PRESO_IN_CARICO"
INTERRUPTED = say("Il processo si è interrotto durante l'invio.")
# How often a file may break the program; then it is no longer offered by itself.
BROKEN_AT = 3
by_hand = turns.by_hand

_NEEDED = (
    *("company_id", "document_id", "document__dashboard", "channel_id", "status", "identificativo_sdi"),
    *(
        "current",
        "accepted_at",
        "failures",
        "offered_again",
        "file_name",
        "consignment_id",
        "outgoing__sha256",
    ),
)


class BrokenError(ChannelError):
    """The program itself failed while it sent this file: nobody knows how far it came."""

    def __init__(self) -> None:
        super().__init__(
            say("Errore interno durante l'invio, annotato nel registro: non si sa se il file sia arrivato."),
            uncertain=True,
            of_file=True,
        )


def settle(
    channel: Channel,
    results: Mapping[int, Result],
    *,
    now: datetime.datetime,
    note: bool = True,
    slot: int | None = None,
) -> None:
    """Write down what became of these submissions, sent at the same time on this channel.

    In one transaction and few statements where all went well. Doing it again changes nothing but the history.

    Args:
        note: count it for the health of the channel too.
        slot: of the turn whose attempts these were; None where only one can be open.
    """
    if not results:
        return
    turn = None if slot is None else (channel.pk, slot)
    with transaction.atomic():
        workflow.hold_configuration(channel.company_id)
        rows = _locked(channel.company_id, results)
        untried = [row for row in rows if isinstance(results[row.pk], Untried)]
        taken, failed = _ended([row for row in rows if row not in untried], results, turn, now)
        if untried:
            mine = attempts.still_open([row.pk for row in untried], turn)
            _give_back([row for row in untried if row.pk in mine], now)
        if taken:
            _take(channel.company_id, taken, now)
        if failed:
            doubtful = attempts.in_doubt([row.pk for row, _ in failed])
            probing = health.probing(Channel.objects.get(pk=channel.pk))
            for row, error in failed:
                _fail(row, error, row.pk in doubtful, now, probing=probing)
        if note:
            health.note(channel, [r for r in results.values() if not isinstance(r, Untried)], now=now)
        if failed:
            turns.look_ahead(Channel.objects.get(pk=channel.pk), now=now)


_Taken = list[tuple[Submission, Accepted]]
_Failed = list[tuple[Submission, ChannelError]]


def _ended(
    rows: Sequence[Submission], results: Mapping[int, Result], turn: attempts.Turn, now: datetime.datetime
) -> tuple[_Taken, _Failed]:
    """End the attempts of this turn; what of the answers still stands.

    Another word may have been quicker than the answer: the Hub gave the file back, and it may be under way again, on
    another channel even. Then a mere "taken over" is out of date, and so is a failure; SdI's own number never is.
    """
    taken = [(row, answer) for row in rows if isinstance(answer := results[row.pk], Accepted)]
    failed = [(row, error) for row in rows if isinstance(error := results[row.pk], ChannelError)]
    ended = attempts.close(
        [(row.pk, Outcome.ACCEPTED, "", answer.identificativo_sdi) for row, answer in taken]
        + [(row.pk, attempts.outcome_of(error), error.text, "") for row, error in failed],
        now,
        turn=turn,
    )
    if turn is None:
        return taken, failed
    late = [row.pk for row, answer in taken if row.pk not in ended and not answer.identificativo_sdi]
    if late:
        settled = {row.pk for row, _ in taken if row.status in (Status.ACCEPTED, Status.CLOSED)}
        outdated = set(late) - settled - attempts.given_up_for_dead(late, turn)
        taken = [(row, answer) for row, answer in taken if row.pk not in outdated]
    return taken, [(row, error) for row, error in failed if row.pk in ended]


def died(company_id: int, submission_ids: Iterable[int], *, now: datetime.datetime) -> None:
    """The process that was sending these died: nobody knows how far it came."""
    ids = list(submission_ids)
    if not ids:
        return
    with transaction.atomic():
        for row in _locked(company_id, ids):
            if row.status in (Status.ACCEPTED, Status.CLOSED):
                # A receipt came meanwhile: the attempt that was left open had arrived.
                attempts.close([(row.pk, Outcome.ACCEPTED, INTERRUPTED, "")], now)
                continue
            attempts.close([(row.pk, Outcome.UNKNOWN, INTERRUPTED, "")], now)
            if row.status == Status.SENDING:
                _uncertain(row, INTERRUPTED, now)


def arrived(row: Submission, *, now: datetime.datetime) -> None:
    """A receipt proves that SdI has it: in a parcel nobody else would end the attempt."""
    tries = Transmission.objects.filter(submission=row, slot=0, outcome=Outcome.OPEN)
    tries.update(outcome=Outcome.ACCEPTED, finished_at=now, identificativo_sdi=row.identificativo_sdi)


def note_only(
    company_id: int, submission_id: int, result: Result, turn: attempts.Turn, *, now: datetime.datetime
) -> None:
    """The document could not be told, for a fault of the program: at least nothing is sent twice for that."""
    sdi_id = result.identificativo_sdi if isinstance(result, Accepted) else ""
    if isinstance(result, Untried):
        _give_back(_locked(company_id, [submission_id]), now)
        return
    outcome = attempts.outcome_of(result) if isinstance(result, ChannelError) else Outcome.ACCEPTED
    rows = Submission.objects.filter(pk=submission_id, company_id=company_id, status=Status.SENDING)
    if outcome == Outcome.ACCEPTED:
        rows.update(status=Status.ACCEPTED, identificativo_sdi=sdi_id)
    else:
        # Waits for a person, or for a receipt: what became of it is in its attempt.
        rows.update(status=Status.UNCERTAIN, next_attempt_at=None, last_error=INTERRUPTED)
    attempts.close([(submission_id, outcome, INTERRUPTED, sdi_id)], now)


# ------------------------------------------------------------------------------------------------ it went well


def _take(company_id: int, taken: Sequence[tuple[Submission, Accepted]], now: datetime.datetime) -> None:
    actor = workflow.system_actor(company_id, "sdi")
    steps: list[Step] = []
    lines: list[workflow.Line] = []
    for row, answer in taken:
        # A receipt may be quicker than the answer; the identifier it brought is the same unless we offered twice.
        receipt_came = row.accepted_at is not None
        if row.status != Status.CLOSED:
            # Also where a slow process was thought dead and its attempt uncertain: now it is known.
            row.status = Status.ACCEPTED
        sha256 = row.outgoing.sha256 if row.outgoing else ""
        sdi_id = answer.identificativo_sdi
        if not sdi_id:
            # Who carries the file has it; SdI has not spoken yet.
            text = say("Consegnato al canale: si attende la ricevuta di SdI.")
            lines.append(workflow.Line(row.document_id, "HubHandedOver", text, sha256=sha256))
            continue
        row.identificativo_sdi = row.identificativo_sdi or sdi_id
        row.accepted_at = row.accepted_at or now
        text = say("Preso in carico da SdI con identificativo {identifier}.", identifier=sdi_id)
        if row.current and not receipt_came:
            steps.append(Step(row.document_id, HubReported(TAKEN), actor, text, sha256=sha256))
        else:
            # The state is further already: kept in the history only, not held for later.
            lines.append(workflow.Line(row.document_id, TAKEN, text, sha256=sha256))
    changed = ("status", "identificativo_sdi", "accepted_at", "last_error")
    values = [(row.pk, row.status, row.identificativo_sdi, row.accepted_at, "") for row, _ in taken]
    update_rows(Submission, company_id, changed, values)
    if steps:
        workflow.advance_many(company_id, steps, now=now)
    workflow.record_many(lines, actor, now=now)


# ---------------------------------------------------------------------------------------- it did not, or who knows


def _fail(
    row: Submission, error: ChannelError, doubt: bool, now: datetime.datetime, *, probing: bool
) -> None:
    """Try later, wait for a receipt, or give up and say so."""
    if row.status != Status.SENDING:
        return
    if isinstance(error, BrokenError):
        _broken(row, error, now)
        return
    # Certain now, but an earlier attempt under this name may still have arrived: `doubt`.
    tries_left = row.failures < len(settings.HUB_RETRY_PAUSES) or error.no_room
    # The channel is known to be wrong, and people are told so: whoever went ahead to see waits as the others do.
    pointless = error.permanent and not (probing and not error.of_file)
    if not error.uncertain and not pointless and tries_left:
        _later(row, error, now, Status.UNCERTAIN if doubt else Status.QUEUED)
    elif error.uncertain or doubt:
        # Never "not sent" while that is not sure: a new file of this invoice could be its second.
        _uncertain(row, error.text, now)
    else:
        give_up(row, error.text, now)


def _later(row: Submission, error: ChannelError, now: datetime.datetime, status: str) -> None:
    pauses = settings.HUB_RETRY_PAUSES
    pause = health.jittered(pauses[min(row.failures, len(pauses) - 1)])
    row.status = status
    # Where there is only no room nobody has failed.
    row.failures += not error.no_room
    row.last_error = error.text
    row.next_attempt_at = now + datetime.timedelta(seconds=pause)
    row.consignment = None
    row.save(update_fields=["status", "failures", "last_error", "next_attempt_at", "consignment"])
    _record(
        row,
        "HubRetry",
        together(error.message, say("Nuovo tentativo tra {pause}.", pause=_pause_text(pause))),
        now,
    )


def _give_back(rows: Sequence[Submission], now: datetime.datetime) -> None:
    """Back to where they were taken from: nothing of them has left in the attempt that was written down for them."""
    Transmission.objects.filter(submission__in=rows, outcome=Outcome.OPEN).delete()
    # Of the others a receipt has come meanwhile.
    waiting = [row for row in rows if row.status == Status.SENDING]
    doubtful = attempts.in_doubt([row.pk for row in waiting])
    for row in waiting:
        row.status = Status.UNCERTAIN if row.pk in doubtful else Status.QUEUED
    for company_id in {row.company_id for row in waiting}:
        values = [(row.pk, row.status, now if row.pk in doubtful else None) for row in waiting]
        update_rows(Submission, company_id, ("status", "next_attempt_at"), values)


def give_up(row: Submission, text: str, now: datetime.datetime) -> None:
    """What certainly was not sent goes another way, or a person is told; the document must be locked."""
    if fallback.take(row, text, now=now):
        return
    row.status, row.last_error, row.consignment = Status.FAILED, text, None
    row.save(update_fields=["status", "last_error", "consignment"])
    if row.current:
        actor = workflow.system_actor(row.company_id)
        workflow.report_status(row.document_id, "HUB_ERRORE", actor, now=now, message=text)


def _uncertain(row: Submission, text: str, now: datetime.datetime) -> None:
    wait = settings.HUB_UNCERTAIN_WAIT
    row.status, row.last_error = Status.UNCERTAIN, text
    row.next_attempt_at = now + datetime.timedelta(seconds=wait)
    row.save(update_fields=["status", "last_error", "next_attempt_at"])
    waiting = say(
        "Si attende la ricevuta di SdI per {pause} prima di offrire di nuovo il file.",
        pause=_pause_text(wait),
    )
    _record(row, "HubUncertain", together(text, waiting), now)


def _broken(row: Submission, error: ChannelError, now: datetime.datetime) -> None:
    row.failures += 1
    row.save(update_fields=["failures"])
    _uncertain(row, error.text, now)
    if row.failures >= BROKEN_AT:
        # It would break for ever. That it was not sent nobody can say: only its receipt, or a person, settles it.
        row.next_attempt_at = None
        row.save(update_fields=["next_attempt_at"])
        text = say("Messo da parte: il file non viene più offerto da solo, finché non arriva una ricevuta.")
        _record(row, "HubSetAside", text, now)


def _record(row: Submission, event: str, text: str, now: datetime.datetime) -> None:
    workflow.record(row.document_id, event, workflow.system_actor(row.company_id), now=now, message=text)


def _locked(company_id: int, submission_ids: Iterable[int]) -> list[Submission]:
    # The documents first, as every flow does: two flows that lock in different orders would wait for each other.
    rows = Submission.objects.filter(among("pk", list(submission_ids)), company_id=company_id)
    workflow.lock_many(list(rows.values_list("document_id", flat=True)))
    locked = rows.select_for_update(of=("self",)).select_related("outgoing", "document").only(*_NEEDED)
    return list(locked.order_by("document_id", "pk"))


def _pause_text(seconds: float) -> str:
    if seconds < 90:
        return say("{number} secondi", number=f"{seconds:.0f}")
    if seconds < 5400:
        return say("{number} minuti", number=f"{seconds / 60:.0f}")
    return say("{number} ore", number=f"{seconds / 3600:.0f}")
