"""A program that does not know whether its request arrived sends it again: what was made is found, not made twice."""

from __future__ import annotations

import datetime

from fattorino.core.errors import ConflictError
from fattorino.core.texts import say
from fattorino.organisations.models import IdempotencyKey


def claim(company_id: int, key: str, request_sha256: str, *, now: datetime.datetime) -> int | None:
    """Take the key for this request, or find what it made: the id of the result, None for a new key.

    Must be called in the transaction that makes the result: if that is refused, the key is free again. A second
    request with the same key waits here until the first has ended.

    Raises:
        ConflictError: the key was used for something else.
    """
    IdempotencyKey.objects.bulk_create(
        [IdempotencyKey(company_id=company_id, key=key, request_sha256=request_sha256, created_at=now)],
        ignore_conflicts=True,
    )
    row = IdempotencyKey.objects.get(company_id=company_id, key=key)
    if row.request_sha256 != request_sha256:
        raise ConflictError(
            say("Questa Idempotency-Key è già stata usata per una richiesta diversa."),
            say(
                "Usare una chiave nuova per ogni documento; la stessa solo per ripetere la stessa richiesta."
            ),
        )
    return row.result_id


def made_by(company_id: int, key: str) -> int | None:
    """The id of what this key made; None for a key that made nothing."""
    row = IdempotencyKey.objects.filter(company_id=company_id, key=key).first()
    return row.result_id if row else None


def settle(company_id: int, key: str, result_id: int) -> None:
    """Write down what the claimed key made."""
    IdempotencyKey.objects.filter(company_id=company_id, key=key).update(result_id=result_id)
