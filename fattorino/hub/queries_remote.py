"""What the pages about other programs read: files handed in, webhooks and their calls."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass

from fattorino.core.errors import RefusedError
from fattorino.core.texts import say
from fattorino.hub.models import RemoteFile, Webhook, WebhookDelivery

PAGE = 50


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file that a program has handed in."""

    id: int
    name: str
    kind_label: str
    program: str
    state: str
    state_label: str
    text: str
    identificativo_sdi: str
    document_id: int | None
    passive: bool
    received_at: datetime.datetime
    changed_at: datetime.datetime


@dataclass(frozen=True, slots=True)
class HookRow:
    """A webhook; never its secret."""

    id: int
    url: str
    active: bool
    disabled_why: str
    failing_since: datetime.datetime | None
    last_ok_at: datetime.datetime | None
    created_at: datetime.datetime
    old_until: datetime.datetime | None

    @property
    def state_label(self) -> str:
        if not self.active:
            return say("Sospeso")
        if self.failing_since:
            return say("Non risponde")
        return say("Attivo")


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One call of a webhook."""

    id: int
    test: bool
    state: str
    state_label: str
    created_at: datetime.datetime
    ended_at: datetime.datetime | None
    next_attempt_at: datetime.datetime | None
    attempts: int
    status_code: int | None
    error: str


def files(company_id: int, before: int | None = None, limit: int = PAGE) -> list[FileRow]:
    """The files handed in, newest first, from before the one called `before`."""
    rows = RemoteFile.objects.filter(company_id=company_id)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return [_file(row) for row in rows.order_by("-pk")[:limit]]


def every_file(company_id: int) -> Iterator[FileRow]:
    """The same without pages, for the export."""
    before: int | None = None
    while rows := files(company_id, before, limit=500):
        yield from rows
        before = rows[-1].id


def _file(row: RemoteFile) -> FileRow:
    return FileRow(
        row.pk,
        row.name,
        row.get_kind_display(),
        row.token_label,
        row.state,
        row.get_state_display(),
        row.text,
        row.identificativo_sdi,
        row.document_id,
        row.kind == RemoteFile.Kind.OUTCOME,
        row.received_at,
        row.changed_at,
    )


def hooks(company_id: int) -> list[HookRow]:
    return [_hook(row) for row in Webhook.objects.filter(company_id=company_id).order_by("pk")]


def hook(company_id: int, webhook_id: int) -> HookRow:
    """Raises RefusedError: the company has no such webhook."""
    row = Webhook.objects.filter(company_id=company_id, pk=webhook_id).first()
    if row is None:
        raise RefusedError(say("Questo webhook non c'è."))
    return _hook(row)


def _hook(row: Webhook) -> HookRow:
    return HookRow(
        row.pk,
        row.url,
        row.active,
        row.disabled_why,
        row.failing_since,
        row.last_ok_at,
        row.created_at,
        row.old_until,
    )


def deliveries(
    company_id: int, webhook_id: int, before: int | None = None, limit: int = PAGE
) -> list[DeliveryRow]:
    """The calls of a webhook, newest first."""
    rows = WebhookDelivery.objects.filter(company_id=company_id, webhook_id=webhook_id)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return [
        DeliveryRow(
            row.pk,
            row.test,
            row.state,
            row.get_state_display(),
            row.created_at,
            row.ended_at,
            row.next_attempt_at,
            row.attempts,
            row.status_code,
            row.error,
        )
        for row in rows.order_by("-pk")[:limit]
    ]
