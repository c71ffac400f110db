"""Webhooks: an address is told, signed, that there is something new to read at /api/hub/v1/feed.

A call carries no content, only the number up to which the events go: whoever was told twice, or late, reads the same.
So one waiting call is enough, whatever happens meanwhile; the next is made when it has ended and there is more.
"""

from __future__ import annotations

import datetime
import json
import random
import secrets as chance
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction

from fattorino.core.errors import RefusedError
from fattorino.core.texts import say
from fattorino.hub import calling
from fattorino.hub.flows import reaching
from fattorino.hub.models import RemoteEvent, Webhook, WebhookDelivery
from fattorino.hub.signing import secrets
from fattorino.organisations.flows import audit
from fattorino.organisations.queries import Actor
from fattorino.workflow import queue

State = WebhookDelivery.State
MOST = 5  # per company
# Seconds before each further attempt, each up to a fifth longer by chance; the last is repeated.
PAUSES = (10, 60, 300, 1800, 7200, 21600, 43200)
# So long in vain, and nobody is called any more until a person says so.
PATIENCE = datetime.timedelta(days=3)
# So long the former secret signs too.
OVERLAP = datetime.timedelta(days=2)
KEPT = datetime.timedelta(days=90)
CANNOT = say("Solo un amministratore dell'azienda può cambiare i webhook.")


def _encrypt(secret: str) -> bytes:
    return secrets.encrypt(secret.encode(), settings.SECRETS_KEYS)


def _decrypt(stored: bytes | memoryview[int] | None) -> str:
    return secrets.decrypt(bytes(stored), settings.SECRETS_KEYS).decode() if stored else ""


def add(actor: Actor, url: str, *, now: datetime.datetime) -> tuple[int, str]:
    """A new webhook; its number and its secret, which nobody can show again.

    Raises:
        RefusedError: not an administrator, not an address that may be called, or one that is there already.
    """
    _may(actor)
    reach = reaching.of_webhooks()
    host = calling.check_url(url.strip(), reach).hostname or ""
    if told := reaching.refused(host, reach):
        raise RefusedError(told, fields={"url": say("Indicare un indirizzo raggiungibile da Internet.")})
    rows = Webhook.objects.filter(company_id=actor.company_id)
    if rows.filter(url=url.strip()).exists():
        raise RefusedError(
            say("Questo indirizzo viene già chiamato."),
            fields={"url": say("Indicarne un altro, o usare quello nell'elenco.")},
        )
    if rows.count() >= MOST:
        raise RefusedError(
            say("Si possono avere al massimo {most} webhook.", most=MOST),
            fields={"url": say("Eliminarne uno prima di aggiungerne un altro.")},
        )
    secret = chance.token_urlsafe(32)
    with transaction.atomic():
        row = Webhook.objects.create(
            company_id=actor.company_id,
            url=url.strip(),
            secret=_encrypt(secret),
            created_at=now,
            created_by_id=actor.user_id,
        )
        _audit(say("webhook aggiunto"), actor, row, now)
    return row.pk, secret


def rotate(actor: Actor, webhook_id: int, *, now: datetime.datetime) -> str:
    """A new secret; for a while calls bear both signatures, so that none is refused meanwhile."""
    with transaction.atomic():
        row = _held(actor, webhook_id)
        secret = chance.token_urlsafe(32)
        row.old_secret, row.old_until = row.secret, now + OVERLAP
        row.secret = _encrypt(secret)
        row.save(update_fields=["secret", "old_secret", "old_until"])
        _audit(say("segreto di un webhook cambiato"), actor, row, now)
    return secret


def switch(actor: Actor, webhook_id: int, active: bool, *, now: datetime.datetime) -> None:
    """Call it, or call it no more; switched on it is told at once what it missed."""
    with transaction.atomic():
        row = _held(actor, webhook_id)
        row.active, row.failures, row.failing_since = active, 0, None
        row.disabled_at, row.disabled_why = (None, "") if active else (now, say("Sospeso da una persona."))
        row.save()
        _audit(say("webhook riattivato") if active else say("webhook sospeso"), actor, row, now)
        if active:
            _queue(row, now)


def remove(actor: Actor, webhook_id: int, *, now: datetime.datetime) -> None:
    """Forget it and its calls."""
    with transaction.atomic():
        row = _held(actor, webhook_id)
        _audit(say("webhook eliminato"), actor, row, now)
        row.deliveries.all().delete()
        row.delete()


def test(actor: Actor, webhook_id: int, *, now: datetime.datetime) -> int:
    """Call it once, whatever its state; what came of it stands in the list of deliveries."""
    with transaction.atomic():
        row = _held(actor, webhook_id)
        delivery = WebhookDelivery.objects.create(
            company_id=row.company_id, webhook=row, test=True, created_at=now, next_attempt_at=now
        )
        _defer(delivery)
        return delivery.pk


def _may(actor: Actor) -> None:
    if not actor.may_configure:
        raise RefusedError(CANNOT)


def _held(actor: Actor, webhook_id: int) -> Webhook:
    _may(actor)
    row = Webhook.objects.select_for_update().filter(pk=webhook_id, company_id=actor.company_id).first()
    if row is None:
        raise RefusedError(say("Questo webhook non c'è."))
    return row


def _audit(what: str, actor: Actor, row: Webhook, now: datetime.datetime) -> None:
    audit(what, now=now, actor_id=actor.user_id, company_id=row.company_id, url=row.url)


def wake(company_id: int, *, now: datetime.datetime) -> None:
    """There is something new: every webhook of the company that has no call waiting gets one."""
    for row in Webhook.objects.select_for_update().filter(company_id=company_id, active=True).order_by("pk"):
        _queue(row, now)


def _queue(row: Webhook, now: datetime.datetime) -> None:
    waiting = WebhookDelivery.objects.filter(webhook=row, state=State.WAITING, test=False)
    if not waiting.exists():
        _defer(
            WebhookDelivery.objects.create(
                company_id=row.company_id, webhook=row, created_at=now, next_attempt_at=now
            )
        )


def _defer(delivery: WebhookDelivery, seconds: float = 0) -> None:
    from fattorino.hub.tasks_remote import deliver_webhook  # the task calls these flows

    queue.defer(
        deliver_webhook,
        lock=f"webhook:{delivery.pk}",
        seconds=seconds,
        company_id=delivery.company_id,
        delivery_id=delivery.pk,
    )


def _come_later(delivery: WebhookDelivery, seconds: float) -> None:
    """Our clock was put back, and that of the database calls."""
    from fattorino.hub.tasks_remote import deliver_webhook  # as above

    queue.defer_once(
        deliver_webhook,
        lock=f"webhook:{delivery.pk}",
        seconds=seconds,
        company_id=delivery.company_id,
        delivery_id=delivery.pk,
    )


@dataclass(frozen=True, slots=True)
class Call:
    """What is to be posted where; `told` is the number of the last event it speaks of."""

    url: str
    body: bytes
    headers: dict[str, str]
    told: int


def begin(company_id: int, delivery_id: int, *, now: datetime.datetime) -> Call | None:
    """The call of a delivery, signed for this moment; None where there is none to make."""
    row = (
        WebhookDelivery.objects.select_related("webhook")
        .filter(pk=delivery_id, company_id=company_id, state=State.WAITING)
        .first()
    )
    if row is None:
        return None
    if row.next_attempt_at and row.next_attempt_at > now:
        _come_later(row, (row.next_attempt_at - now).total_seconds())
        return None
    hook = row.webhook
    if not hook.active and not row.test:
        _end(row, State.GIVEN_UP, now, None, say("Il webhook è sospeso."))
        return None
    told = RemoteEvent.objects.filter(company_id=company_id).order_by("-pk").values_list("pk", flat=True)
    last = told.first() or 0
    body = json.dumps(
        {"delivery": row.pk, "test": row.test, "last": last, "feed": f"{settings.SITE_URL}/api/hub/v1/feed"}
    ).encode()
    timestamp = int(now.timestamp())
    known = [_decrypt(hook.secret)]
    if hook.old_until and now < hook.old_until:
        known.append(_decrypt(hook.old_secret))
    signature = ",".join(f"v1={calling.sign(secret, timestamp, body)}" for secret in known)
    headers = {calling.TIME_HEADER: str(timestamp), calling.SIGNATURE_HEADER: signature}
    return Call(hook.url, body, headers, last)


def settle(
    company_id: int, delivery_id: int, call: Call, status: int | None, error: str, *, now: datetime.datetime
) -> None:
    """What became of a call: done, to be tried again, or given up with the webhook."""
    with transaction.atomic():
        row = WebhookDelivery.objects.filter(pk=delivery_id, company_id=company_id).first()
        if row is None:
            return
        hook = Webhook.objects.select_for_update().get(pk=row.webhook_id)
        row = WebhookDelivery.objects.select_for_update().get(pk=delivery_id)
        if row.state != State.WAITING:
            return
        row.attempts += 1
        row.told = call.told
        if status is not None and 200 <= status < 300:
            _answered(hook, row, status, now)
            return
        why = error or say("Ha risposto con il codice {status}.", status=status or 0)
        if row.test:
            _end(row, State.GIVEN_UP, now, status, why)
            return
        _in_vain(hook, row, status, why, now)


def _answered(hook: Webhook, row: WebhookDelivery, status: int, now: datetime.datetime) -> None:
    hook.failures, hook.failing_since, hook.last_ok_at = 0, None, now
    hook.save(update_fields=["failures", "failing_since", "last_ok_at"])
    _end(row, State.DELIVERED, now, status, "")
    news = RemoteEvent.objects.filter(company_id=hook.company_id, pk__gt=row.told)
    if not row.test and hook.active and news.exists():
        _queue(hook, now)


def _in_vain(
    hook: Webhook, row: WebhookDelivery, status: int | None, why: str, now: datetime.datetime
) -> None:
    hook.failures += 1
    hook.failing_since = hook.failing_since or now
    if not hook.active:
        _end(row, State.GIVEN_UP, now, status, why)
    elif now - hook.failing_since >= PATIENCE:
        hook.active, hook.disabled_at = False, now
        hook.disabled_why = say("Sospeso: non risponde da più di {days} giorni.", days=PATIENCE.days)
        audit(
            say("webhook sospeso perché non risponde"),
            now=now,
            company_id=hook.company_id,
            url=hook.url,
            nota=why,
        )
        _end(row, State.GIVEN_UP, now, status, why)
    else:
        pause = PAUSES[min(row.attempts, len(PAUSES)) - 1] * random.uniform(1, 1.2)
        row.next_attempt_at = now + datetime.timedelta(seconds=pause)
        row.status_code, row.error = status, why
        row.save()
        _defer(row, pause + 1)
    hook.save()


def _end(row: WebhookDelivery, state: str, now: datetime.datetime, status: int | None, error: str) -> None:
    row.state, row.ended_at, row.status_code, row.error, row.next_attempt_at = state, now, status, error, None
    row.save()


def without_job(*, now: datetime.datetime) -> list[tuple[int, int]]:
    """Deliveries (company, id) whose moment has long passed. In the system's scope only."""
    late = WebhookDelivery.objects.filter(
        state=State.WAITING, next_attempt_at__lt=now - datetime.timedelta(minutes=5)
    )
    return list(late.values_list("company_id", "pk")[:100])


def queue_again(company_id: int, delivery_id: int) -> None:
    """A job for a delivery that has lost its own."""
    row = WebhookDelivery.objects.filter(pk=delivery_id, company_id=company_id, state=State.WAITING).first()
    if row is not None:
        _defer(row)


def forget_old(*, now: datetime.datetime) -> int:
    """Deliveries that ended long ago are forgotten. In the system's scope only."""
    return WebhookDelivery.objects.filter(ended_at__lt=now - KEPT).delete()[0]
