"""Tokens of programs: made, shown once, recognised, counted, revoked.

A token reads `fattorino_<prefix>_<secret>`: the prefix finds the row, the secret (256 random bits, so a plain SHA-256
is enough) is compared in constant time. The prefix alone opens nothing and may stand in lists and logs.
"""

from __future__ import annotations

import datetime
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

from django.core.cache import cache
from django.db.models import Case, F, Value, When

from fattorino.core.errors import RefusedError
from fattorino.core.texts import say
from fattorino.organisations.flows import audit
from fattorino.organisations.models import ApiToken, Role
from fattorino.organisations.queries import Actor
from fattorino.organisations.scope import company_scope, system_scope

CALLS_PER_MINUTE = 600
# Unknown tokens from one address: a wrong setting is told soon, guessing is pointless anyway.
REFUSALS_PER_MINUTE = 60
MAX_DAYS = 1825
_SHAPE = re.compile(r"fattorino_([a-z0-9]{12})_([A-Za-z0-9_-]{43})", re.ASCII)
_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
_NOBODY = "0" * 64


@dataclass(frozen=True, slots=True)
class Bearer:
    """A program that showed a valid token. `calls`: made already in the present minute."""

    token_id: int
    actor: Actor
    calls: int


@dataclass(frozen=True, slots=True)
class TokenView:
    """A token as lists show it: all but the secret."""

    id: int
    name: str
    role: str
    prefix: str
    created_at: datetime.datetime
    expires_at: datetime.datetime
    revoked_at: datetime.datetime | None
    last_used_at: datetime.datetime | None

    def is_valid(self, now: datetime.datetime) -> bool:
        return self.revoked_at is None and now < self.expires_at


def create_token(
    company_id: int,
    name: str,
    role: str,
    *,
    days: int = 365,
    now: datetime.datetime,
    actor_id: int | None = None,
) -> tuple[TokenView, str]:
    """Make a token. The second value is the token itself: nobody can show it again.

    Raises:
        RefusedError: no name, an unknown role, or a validity outside 1..MAX_DAYS days.
    """
    name = name.strip()
    if not name or len(name) > 80 or not name.isprintable():
        raise RefusedError(
            say("Il token deve avere un nome di al massimo 80 caratteri: il programma che lo usa.")
        )
    if role not in Role.values:
        raise RefusedError(say("Ruolo sconosciuto: {role}.", role=role))
    if not 1 <= days <= MAX_DAYS:
        raise RefusedError(say("La validità va da 1 a {most} giorni.", most=MAX_DAYS))
    prefix = "".join(secrets.choice(_ALPHABET) for _ in range(12))
    secret = secrets.token_urlsafe(32)
    with company_scope(company_id):
        row = ApiToken.objects.create(
            company_id=company_id,
            name=name,
            role=role,
            prefix=prefix,
            digest=_digest(secret),
            created_at=now,
            created_by_id=actor_id,
            expires_at=now + datetime.timedelta(days=days),
        )
        audit(
            "token creato",
            now=now,
            actor_id=actor_id,
            company_id=company_id,
            name=name,
            role=role,
            prefix=prefix,
        )
    return _view(row), f"fattorino_{prefix}_{secret}"


def revoke_token(
    company_id: int, prefix: str, *, now: datetime.datetime, actor_id: int | None = None
) -> TokenView:
    """From now on the token opens nothing; revoking it again changes nothing.

    Raises:
        RefusedError: the company has no such token.
    """
    with company_scope(company_id):
        row = ApiToken.objects.select_for_update().filter(company_id=company_id, prefix=prefix).first()
        if row is None:
            raise RefusedError(say("Nessun token con questo prefisso."))
        if row.revoked_at is None:
            row.revoked_at = now
            row.save(update_fields=["revoked_at"])
            audit(
                "token revocato",
                now=now,
                actor_id=actor_id,
                company_id=company_id,
                name=row.name,
                prefix=prefix,
            )
        return _view(row)


def tokens_of(company_id: int) -> list[TokenView]:
    """All tokens of a company, the newest first, revoked and expired ones too."""
    with company_scope(company_id):
        return [_view(row) for row in ApiToken.objects.filter(company_id=company_id).order_by("-id")]


def authenticate(token: str, *, now: datetime.datetime) -> Bearer | None:
    """Whose token this is; None for anything that is not a valid one. Must be called inside a transaction."""
    shape = _SHAPE.fullmatch(token)
    if shape is None:
        return None
    # Whose company it is must be found out before only that company can be shown.
    with system_scope():
        row = ApiToken.objects.filter(prefix=shape[1]).first()
    same = hmac.compare_digest(_digest(shape[2]), row.digest if row else _NOBODY)
    if row is None or not same or not _view(row).is_valid(now):
        return None
    calls = row.window_calls if row.window_start == _minute(now) else 0
    return Bearer(row.pk, Actor("gestionale", row.name, row.company_id, None, row.role), calls)


def count_call(bearer: Bearer, *, now: datetime.datetime) -> None:
    """Write down that the token was used.

    One statement, to be made last in the request: calls of one token wait for each other only from here to its end.
    """
    minute = _minute(now)
    with company_scope(bearer.actor.company_id):
        ApiToken.objects.filter(pk=bearer.token_id).update(
            last_used_at=now,
            window_calls=Case(When(window_start=minute, then=F("window_calls") + 1), default=Value(1)),
            window_start=minute,
        )


def count_refusal(address: str, *, now: datetime.datetime) -> None:
    """A token that opens nothing came from this address."""
    key = _refusals_key(address, now)
    cache.set(key, cache.get(key, 0) + 1, 120)


def refused_too_often(address: str, *, now: datetime.datetime) -> bool:
    return bool(cache.get(_refusals_key(address, now), 0) >= REFUSALS_PER_MINUTE)


def seconds_left(now: datetime.datetime) -> int:
    """Until the next minute, when the counts begin again."""
    return 60 - now.second


def _refusals_key(address: str, now: datetime.datetime) -> str:
    return f"api-refusals:{hashlib.sha256(address.encode()).hexdigest()[:32]}:{now:%Y%m%d%H%M}"


def _minute(now: datetime.datetime) -> datetime.datetime:
    return now.replace(second=0, microsecond=0)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _view(row: ApiToken) -> TokenView:
    return TokenView(
        row.pk,
        row.name,
        row.role,
        row.prefix,
        row.created_at,
        row.expires_at,
        row.revoked_at,
        row.last_used_at,
    )
