"""Where a company's key may be: what is missing, what is not its own, which PIN was refused there before."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings

from fattorino.core.errors import RefusedError, SigningError
from fattorino.core.texts import say
from fattorino.hub.flows import reaching
from fattorino.hub.models import SigningKey
from fattorino.hub.signing import secrets
from fattorino.hub.signing.csc import check_address
from fattorino.organisations.flows import audit
from fattorino.organisations.queries import get_company
from fattorino.organisations.scope import company_scope

Kind = SigningKey.Kind
ASSIGNED_BY = say("Chi gestisce l'installazione lo assegna con FATTORINO_PKCS11_TOKENS.")
_NOT_ITS_OWN = say(
    "Il dispositivo non è assegnato a questa azienda: lo fa chi gestisce l'installazione, con FATTORINO_PKCS11_TOKENS."
)
_ONLY_IF = say(
    "Solo se nel frattempo è stato sbloccato o reimpostato: se è ancora sbagliato, è un altro passo verso il blocco."
)


@dataclass(frozen=True, slots=True)
class KeyPlace:
    """Where a key is and what opens it.

    Attributes:
        values: what may be shown: library (its name among the installation's), token, key; or url, oauth, client_id,
            credential. secret: pkcs12 needs none here; pin; or pin and client_secret.
    """

    kind: str
    values: Mapping[str, str]
    secret: Mapping[str, str]


def refuse_same_pin(
    company_id: int, place: KeyPlace, *, again: bool, now: datetime.datetime, actor_id: int | None
) -> None:
    """A PIN that was refused there is not tried again, however often it is typed: three times, and it is locked.

    `again`: a person says that it has become the right one. Her word serves for one trial; call it in the transaction
    that asks for that, with the company locked.
    """
    before = SigningKey.objects.filter(company_id=company_id, kind=place.kind, pin_wrong=True)
    refused = [row.pk for row in before if _is_same(row, place)]
    if refused and not again:
        told = say("Questo PIN è già stato rifiutato: non viene provato una seconda volta.")
        raise RefusedError(told, fields={"pin": told, "again": _ONLY_IF})
    if again and not refused:
        told = say("La conferma non serve per questo PIN: non è stato rifiutato, oppure è già in prova.")
        raise RefusedError(told, say("Se è in prova, attendere l'esito; altrimenti scriverlo e salvare."))
    if refused:
        SigningKey.objects.filter(company_id=company_id, pk__in=refused).update(pin_wrong=False)
        where = {name: place.values[name] for name in ("url", "token") if place.values.get(name)}
        audit(
            say("PIN rifiutato riproposto come giusto"),
            now=now,
            actor_id=actor_id,
            company_id=company_id,
            **where,
        )


def _is_same(row: SigningKey, place: KeyPlace) -> bool:
    return secret_of(row).get("pin") == place.secret.get("pin") and all(
        row.settings.get(name, "") == place.values.get(name, "")
        for name in ("library", "token", "url", "client_id", "credential")
    )


def check(company_id: int, place: KeyPlace) -> None:
    """Raises RefusedError with `fields`."""
    problems: dict[str, str] = {}
    needed = {
        Kind.PKCS11: ("library", "token", "pin"),
        Kind.CSC: ("url", "oauth", "client_id", "client_secret", "pin"),
    }[Kind(place.kind)]
    for name in needed:
        if not (place.values.get(name) or place.secret.get(name)):
            problems[name] = say("Campo obbligatorio.")
    if place.kind == Kind.PKCS11 and place.values.get("library") not in (
        "",
        None,
        *settings.PKCS11_LIBRARIES,
    ):
        problems["library"] = say("Scegliere una delle librerie ammesse dall'installazione.")
    if place.kind == Kind.PKCS11 and place.values.get("token") and not is_its_own(company_id, place.values):
        problems["token"] = _NOT_ITS_OWN
    for name in ("url", "oauth") if place.kind == Kind.CSC else ():
        try:
            host = check_address(place.values.get(name, ""))
        except SigningError as error:
            problems.setdefault(name, error.message)
        else:
            if told := reaching.refused(host, reaching.of_companies()):
                problems.setdefault(name, told)
    if problems:
        raise RefusedError(
            say("La chiave non è stata salvata: ci sono campi da correggere."), fields=problems
        )


def is_its_own(company_id: int, place: Mapping[str, str]) -> bool:
    """Whether the installation has assigned that token to the company."""
    with company_scope(company_id):
        company = get_company(company_id)
    owner = settings.PKCS11_TOKENS.get(place.get("token", ""), "")
    own = company.id_paese + company.id_codice
    return owner == own or f"IT{owner}" == own


def secret_of(row: SigningKey) -> dict[str, str]:
    """What opens it, decrypted; never to be shown."""
    assert row.secrets is not None
    plain: dict[str, str] = json.loads(secrets.decrypt(bytes(row.secrets), settings.SECRETS_KEYS))
    return plain
