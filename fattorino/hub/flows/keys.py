"""Signing keys of a company. A secret is encrypted before it reaches the database."""

from __future__ import annotations

import datetime
from collections.abc import Callable

from django.conf import settings
from django.db import transaction

from fattorino.core.errors import SigningError
from fattorino.core.fatturapa.cades import sign_cades
from fattorino.core.texts import say
from fattorino.hub.models import SigningKey
from fattorino.hub.signing import secrets
from fattorino.hub.signing.pkcs12 import load_pkcs12
from fattorino.organisations.flows import audit


def save_key(
    company_id: int,
    pkcs12: bytes,
    password: str,
    *,
    now: datetime.datetime,
    actor_id: int | None = None,
) -> SigningKey:
    """Take a PKCS#12 as the company's signing key; the one before is kept but no longer used.

    Raises:
        SigningError: wrong password, no key, expired, too weak.
    """
    key = load_pkcs12(pkcs12, password, at=now)
    with transaction.atomic():
        SigningKey.objects.filter(company_id=company_id, active=True).update(active=False)
        saved = SigningKey.objects.create(
            company_id=company_id,
            pkcs12=secrets.encrypt(pkcs12, settings.SECRETS_KEYS),
            password=secrets.encrypt(password.encode(), settings.SECRETS_KEYS),
            subject=key.subject[:250],
            serial=str(key.serial),
            not_after=key.not_after,
            created_at=now,
        )
        audit(
            say("chiave di firma caricata"),
            now=now,
            actor_id=actor_id,
            company_id=company_id,
            subject=saved.subject,
            serial=saved.serial,
        )
        return saved


def key_of(company_id: int) -> SigningKey:
    """The company's key in use, still encrypted.

    Raises:
        SigningError: there is none.
    """
    row = SigningKey.objects.filter(company_id=company_id, active=True).first()
    if row is None:
        raise SigningError(
            say("L'azienda non ha una chiave di firma, che per le fatture alla PA è obbligatoria."),
            say("Un amministratore la carica con «fattorino manage company_key»."),
        )
    return row


def signer(row: SigningKey, *, now: datetime.datetime) -> Callable[[bytes], bytes]:
    """What puts a content into a CAdES-BES envelope made with this key; touches no database. Opening the key takes much
    longer than signing, so whoever signs many files opens it once.

    Raises:
        SigningError: the key cannot sign today.
    """
    key = load_pkcs12(
        secrets.decrypt(bytes(row.pkcs12), settings.SECRETS_KEYS),
        secrets.decrypt(bytes(row.password), settings.SECRETS_KEYS).decode(),
        at=now,
    )
    return lambda content: sign_cades(content, key.certificate, key.sign, now, key.is_ec, key.chain)


def sign(row: SigningKey, content: bytes, *, now: datetime.datetime) -> bytes:
    """The content in an envelope; raises as `signer` does."""
    return signer(row, now=now)(content)
