"""How an outcome moves on: what each step leaves in its row, in the invoice's history, and in the queue.

The row is locked after its document (`locked`), in the caller's transaction.
"""

from __future__ import annotations

import datetime

from django.conf import settings
from django.db.models import Q

from fattorino.core.texts import say, together
from fattorino.documents import flows as documents
from fattorino.documents.passive import answering
from fattorino.hub.models import Channel, Consignment, OutcomeSent
from fattorino.workflow import flows as workflow
from fattorino.workflow import queue

Status = OutcomeSent.Status
OPEN = (Status.QUEUED, Status.SENDING, Status.UNCERTAIN, Status.SENT)
# SdI takes up to two days for what it has to say (sdi.md 4.3).
SILENCE = datetime.timedelta(days=2)
# Seconds until it is looked again whether the last support with outcomes was laid: SdI's visits are minutes apart.
ROOM_LATER = 30.0


def registered(row: OutcomeSent, now: datetime.datetime, text: str = "") -> None:
    row.status, row.next_attempt_at, row.last_error = Status.TAKEN, None, ""
    row.sent_at = row.sent_at or now
    row.save(update_fields=["status", "next_attempt_at", "last_error", "sent_at"])
    answering.answered(row.document_id, row.company_id)
    taken = (
        say("SdI ha registrato l'accettazione.")
        if row.esito == answering.ACCEPTED
        else say("SdI ha registrato il rifiuto e lo comunica al fornitore.")
    )
    actor = workflow.system_actor(row.company_id, "sdi")
    workflow.report_status(
        row.document_id, f"{row.esito}_OK", actor, now=now, message=together(text, taken),
        sha256=row.content.sha256,
    )  # fmt: skip


def on_its_way(row: OutcomeSent, now: datetime.datetime) -> None:
    row.status, row.sent_at, row.last_error = Status.SENT, row.sent_at or now, ""
    row.next_attempt_at = now + SILENCE
    row.save(update_fields=["status", "sent_at", "next_attempt_at", "last_error"])
    workflow.report_status(
        row.document_id,
        "EC_INVIATO",
        workflow.system_actor(row.company_id),
        now=now,
        message=say("Esito inviato: su questo canale SdI risponde solo se lo scarta."),
    )
    defer_sending(row.company_id, row.pk, SILENCE.total_seconds() + 1)


def by_silence(row: OutcomeSent, now: datetime.datetime) -> None:
    if row.next_attempt_at and now >= row.next_attempt_at:
        registered(row, now, say("Nessuno scarto da SdI in {days} giorni.", days=SILENCE.days))
    else:
        come_later(row, now)


def uncertain(row: OutcomeSent, text: str, now: datetime.datetime) -> None:
    row.last_error = text
    wait(row, Status.UNCERTAIN, now, settings.HUB_UNCERTAIN_WAIT)
    record(
        row,
        "OutcomeUncertain",
        together(text, say("Non si sa se l'esito sia arrivato: si attende prima di offrirlo di nuovo.")),
        now,
    )


def not_sent(row: OutcomeSent, text: str, now: datetime.datetime) -> None:
    row.status, row.last_error, row.next_attempt_at = Status.FAILED, text, None
    row.save(update_fields=["status", "last_error", "next_attempt_at"])
    tell(row, "OutcomeFailed", text, now)


def stands_still(row: OutcomeSent) -> bool:
    """Whether it was certainly not sent, so that a person may send it at once or by herself."""
    return row.status == Status.FAILED or (row.status == Status.QUEUED and bool(row.last_error))


def wait(row: OutcomeSent, status: OutcomeSent.Status, now: datetime.datetime, seconds: float) -> None:
    row.status = status
    row.failures += 1
    row.next_attempt_at = now + datetime.timedelta(seconds=seconds)
    row.save(update_fields=["status", "failures", "next_attempt_at", "last_error"])
    defer_sending(row.company_id, row.pk, seconds + 1)


def pause(row: OutcomeSent) -> float:
    pauses: list[float] = settings.HUB_RETRY_PAUSES
    return pauses[min(row.failures, len(pauses) - 1)]


def seconds_until(until: datetime.datetime | None, now: datetime.datetime) -> float:
    return (until - now).total_seconds() if until else 0.0


def tell(row: OutcomeSent, event: str, text: str, now: datetime.datetime) -> None:
    """As `record`, and whoever works on the invoice is told."""
    workflow.remind(row.document_id, event, workflow.system_actor(row.company_id), now=now, message=text)


def record(row: OutcomeSent, event: str, text: str, now: datetime.datetime) -> None:
    actor = workflow.system_actor(row.company_id)
    workflow.record(row.document_id, event, actor, now=now, message=text)


def attach(row: OutcomeSent, name: str, content: bytes, now: datetime.datetime) -> None:
    stored = documents.store(row.company_id, content, now=now)
    documents.attach(row.document_id, row.company_id, documents.RECEIPT, name[:255], stored, now=now)


def locked(outcome_id: int, company_id: int) -> OutcomeSent | None:
    # The document first, as every flow does.
    found = OutcomeSent.objects.filter(pk=outcome_id, company_id=company_id).values("document_id").first()
    if found is None:
        return None
    workflow.lock(found["document_id"])
    rows = OutcomeSent.objects.select_for_update(of=("self",)).select_related("content", "channel")
    return rows.get(pk=outcome_id)


def defer_sending(company_id: int, outcome_id: int, seconds: float = 0) -> None:
    """Queue an attempt, in the transaction of the row it serves."""
    from fattorino.hub.tasks_outcomes import send_outcome

    queue.defer(
        send_outcome,
        lock=f"outcome:{outcome_id}",
        seconds=seconds,
        company_id=company_id,
        outcome_id=outcome_id,
    )


def come_later(row: OutcomeSent, now: datetime.datetime) -> None:
    """Its moment has not come: our clock was put back, and that of the database calls."""
    if row.next_attempt_at is not None:
        come_again(row, (row.next_attempt_at - now).total_seconds())


def come_again(row: OutcomeSent, seconds: float) -> None:
    from fattorino.hub.tasks_outcomes import send_outcome

    queue.defer_once(
        send_outcome,
        lock=f"outcome:{row.pk}",
        seconds=seconds,
        company_id=row.company_id,
        outcome_id=row.pk,
    )


def has_room(channel: Channel) -> bool:
    """Whether outcomes may be sealed now: those that come while a support of others waits go together in the next one,
    since of small supports SdI takes one at a visit (decision 0023)."""
    if not channel.gathers:
        return True
    mine = OutcomeSent.objects.filter(company_id=channel.company_id, consignment__channel=channel)
    return not mine.filter(consignment__status__in=Consignment.NOT_AWAY).exists()


def waiting(channel: Channel, *, now: datetime.datetime, limit: int) -> dict[int, int]:
    """Outcomes that may go on this way now, with their documents, oldest first."""
    due = Q(status=Status.QUEUED) & (Q(next_attempt_at=None) | Q(next_attempt_at__lte=now))
    again = Q(status=Status.UNCERTAIN, next_attempt_at__lte=now)
    rows = OutcomeSent.objects.filter(due | again, company_id=channel.company_id, channel=channel)
    return dict(rows.order_by("pk").values_list("pk", "document_id")[:limit])


def is_due(row: OutcomeSent, now: datetime.datetime) -> bool:
    """The same of one."""
    if row.status == Status.QUEUED:
        return row.next_attempt_at is None or row.next_attempt_at <= now
    return row.status == Status.UNCERTAIN and row.next_attempt_at is not None and row.next_attempt_at <= now


def due(*, now: datetime.datetime, limit: int = 500) -> list[tuple[int, int]]:
    """(company, outcome) that wait although their moment has come: for the sweep, in the system's scope."""
    late = now - datetime.timedelta(minutes=3)
    begun = Q(status__in=[Status.QUEUED, Status.SENDING], consignment=None)
    moment = Q(next_attempt_at__lt=late)
    waiting = (
        begun & (Q(next_attempt_at=None) | moment) | Q(status__in=[Status.UNCERTAIN, Status.SENT]) & moment
    )
    rows = OutcomeSent.objects.filter(waiting, created_at__lt=late)
    return list(rows.order_by("pk").values_list("company_id", "pk")[:limit])
