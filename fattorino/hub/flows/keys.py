"""What a company signs with. A secret is encrypted before it reaches the database and decrypted only to sign."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from procrastinate.exceptions import AlreadyEnqueued

from fattorino.core.errors import PinLockedError, PinRefusedError, RefusedError, SigningError
from fattorino.core.fatturapa.cades import prepare_cades
from fattorino.core.texts import say
from fattorino.core.xades_signing import prepare_xades
from fattorino.hub.flows import key_places, reaching, signing_again
from fattorino.hub.flows.key_places import KeyPlace, secret_of
from fattorino.hub.models import SigningKey
from fattorino.hub.signing import kept, secrets
from fattorino.hub.signing.base import Signer
from fattorino.hub.signing.csc import CscAccount, CscSigner
from fattorino.hub.signing.pkcs11 import TokenKey, TokenSigner
from fattorino.hub.signing.pkcs12 import load_pkcs12
from fattorino.organisations.flows import audit, lock_company
from fattorino.organisations.scope import company_scope
from fattorino.workflow import queue

Kind, Form = SigningKey.Kind, SigningKey.Form
# First key of the lock of the connection under which a company's token or remote credential is used.
_OPENING = 0x1F33F
_TRIAL = b"Fattorino: prova della firma"


def save_key(
    company_id: int,
    pkcs12: bytes,
    password: str,
    *,
    now: datetime.datetime,
    actor_id: int | None = None,
    form: str = Form.CADES,
) -> SigningKey:
    """Take a PKCS#12 as the company's signing key; the one before is kept but no longer used.

    Raises:
        SigningError: wrong password, no key, expired, too weak.
    """
    key = load_pkcs12(pkcs12, password, at=now)
    row = SigningKey(
        company_id=company_id,
        kind=Kind.PKCS12,
        form=form,
        pkcs12=secrets.encrypt(pkcs12, settings.SECRETS_KEYS),
        password=secrets.encrypt(password.encode(), settings.SECRETS_KEYS),
        subject=key.subject[:250],
        issuer=key.issuer[:250],
        serial=str(key.serial),
        not_after=key.not_after,
        created_at=now,
    )
    return _keep(row, now, actor_id)


def propose(
    company_id: int,
    place: KeyPlace,
    *,
    now: datetime.datetime,
    actor_id: int | None = None,
    form: str = Form.CADES,
    again: bool = False,
) -> SigningKey:
    """Take a key on a token or at a remote service. A job opens it, which may take a while, before it is used.

    `again`: the PIN was refused there and has become the right one, a person says.

    Raises:
        RefusedError: something is missing, or the PIN was refused there (`fields`).
    """
    from fattorino.hub.tasks_keys import prove_key  # the task calls these flows: imported where it is needed

    key_places.check(company_id, place)
    with transaction.atomic():
        lock_company(company_id)
        key_places.refuse_same_pin(company_id, place, again=again, now=now, actor_id=actor_id)
        row = SigningKey.objects.create(
            company_id=company_id,
            kind=place.kind,
            form=form,
            settings=dict(place.values),
            secrets=secrets.encrypt(json.dumps(dict(place.secret)).encode(), settings.SECRETS_KEYS),
            active=False,
            created_at=now,
        )
        queue.defer(prove_key, lock=f"key:{row.pk}", company_id=company_id, key_id=row.pk, actor_id=actor_id)
    return row


def prove(key_id: int, company_id: int, *, now: datetime.datetime, actor_id: int | None = None) -> None:
    """Open a proposed key and sign a few bytes that are thrown away; where that works it becomes the company's
    key, else the page says why not. Opening alone would not tell: a remote service asks for the PIN when it signs.

    Call it outside any transaction. Doing it again changes nothing.
    """
    with company_scope(company_id):
        row = SigningKey.objects.filter(pk=key_id, company_id=company_id).first()
        if row is None or row.active or row.tested_at is not None:
            return
        first = SigningKey.objects.filter(pk=key_id, company_id=company_id, opening_since=None)
        fresh = first.update(opening_since=now)
    told: str = say(
        "La prova della chiave si è interrotta: per sicurezza il PIN non si prova di nuovo da sé."
    )
    if fresh:
        try:
            with opened(row, now=now) as key:
                key.sign_many([_TRIAL])
                for name, value in _of_certificate(key).items():
                    setattr(row, name, value)
                told = say("La chiave di {name} è in uso.", name=key.name)
                row.active = True
        except SigningError as error:
            told = error.text
    row.opening_since, row.tested_at, row.test_note = now, now, told
    with company_scope(company_id):
        if row.active:
            _keep(row, now, actor_id)
        else:
            row.save(update_fields=["tested_at", "test_note"])


def _keep(row: SigningKey, now: datetime.datetime, actor_id: int | None) -> SigningKey:
    with transaction.atomic():
        SigningKey.objects.filter(company_id=row.company_id, active=True).update(active=False)
        row.save()
        signing_again.wake(row.company_id, now=now)
        audit(
            say("chiave di firma caricata"),
            now=now,
            actor_id=actor_id,
            company_id=row.company_id,
            subject=row.subject,
            serial=row.serial,
        )
    return row


def retire(company_id: int, *, now: datetime.datetime, actor_id: int | None = None) -> None:
    """From now on the company has no key: what must be signed waits, or is signed outside."""
    with transaction.atomic():
        if SigningKey.objects.filter(company_id=company_id, active=True).update(active=False):
            audit(say("chiave di firma tolta"), now=now, actor_id=actor_id, company_id=company_id)


def set_form(company_id: int, form: str, *, now: datetime.datetime, actor_id: int | None = None) -> None:
    """CAdES or XAdES, from the next signature on. Raises RefusedError for anything else."""
    if form not in Form.values:
        raise RefusedError(say("Scegliere il formato della firma tra quelli proposti."))
    with transaction.atomic():
        key_of(company_id)
        SigningKey.objects.filter(company_id=company_id, active=True).update(form=form)
        audit(
            say("formato della firma cambiato"), now=now, actor_id=actor_id, company_id=company_id, form=form
        )


def ask_test(company_id: int) -> None:
    """Have the company's key tried out by a job, once however often the button is pressed."""
    from fattorino.hub.tasks_keys import try_key  # the task calls these flows: imported where it is needed

    with suppress(AlreadyEnqueued), transaction.atomic():
        queue.defer(
            try_key, lock=f"key:{company_id}", queueing_lock=f"try_key:{company_id}", company_id=company_id
        )


def key_of(company_id: int) -> SigningKey:
    """The company's key in use, still encrypted.

    Raises:
        SigningError: there is none.
    """
    row = SigningKey.objects.filter(company_id=company_id, active=True).first()
    if row is None:
        raise SigningError(
            say("L'azienda non ha una chiave di firma, che per le fatture alla PA è obbligatoria."),
            say("Un amministratore la carica nella pagina della firma; oppure si firma fuori da Fattorino."),
        )
    return row


@contextmanager
def opened(row: SigningKey, *, now: datetime.datetime) -> Iterator[Signer]:
    """The key itself; call it outside any transaction. Opening takes much longer than signing: whoever signs many opens
    it once.

    One at a time opens a key that a PIN guards, and a refusal is written down before the next may: of many jobs that
    come together after a PIN was changed, one finds out.

    Raises:
        SigningError: the key cannot sign today. PinRefusedError: `block` was told about it.
    """
    with _alone(row):
        _insist_not_blocked(row)
        key = None
        try:
            key = _OPEN[Kind(row.kind)](row)
            _note_certificate(row, key)
            key.check_validity(now)
            yield key
        except PinRefusedError as error:
            block(row, error, now=now)
            raise
        finally:
            if key is not None:
                key.close()


def _note_certificate(row: SigningKey, key: Signer) -> None:
    """A service renews a certificate in its place: the page, and who warns of its end, tell of the one that signs."""
    seen = _of_certificate(key)
    if row.active and any(getattr(row, name) != value for name, value in seen.items()):
        with company_scope(row.company_id):
            SigningKey.objects.filter(pk=row.pk, company_id=row.company_id).update(**seen)


def _of_certificate(key: Signer) -> dict[str, Any]:
    return {
        "subject": key.subject[:250],
        "issuer": key.issuer[:250],
        "serial": str(key.serial),
        "not_after": key.not_after,
    }


def look_at_certificate(company_id: int, *, now: datetime.datetime) -> None:
    """See when the certificate ends at a remote service, which tells it without the PIN; elsewhere nothing is asked.
    Where the service does not answer, what was seen last stays. Call it outside any transaction."""
    with company_scope(company_id):
        row = SigningKey.objects.filter(company_id=company_id, active=True, kind=Kind.CSC).first()
    if row is not None:
        with suppress(SigningError), opened(row, now=now):
            pass


def lock_of(company_id: int) -> str:
    """The lock of the jobs that sign for the company: of those that need its PIN only one can go on at a time
    (`opened`), and the others must not wait in places that other work could have. "": each may go on at once."""
    guarded = SigningKey.objects.filter(company_id=company_id, active=True).exclude(kind=Kind.PKCS12)
    return f"sign:{company_id}" if guarded.exists() else ""


@contextmanager
def _alone(row: SigningKey) -> Iterator[None]:
    """No other process uses the company's token or remote credential meanwhile. The lock is the connection's, not a
    transaction's: it goes with whoever dies."""
    if row.kind == Kind.PKCS12:
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(%s, %s)", [_OPENING, row.company_id])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_unlock(%s, %s)", [_OPENING, row.company_id])


def _insist_not_blocked(row: SigningKey) -> None:
    with company_scope(row.company_id):
        known = SigningKey.objects.filter(pk=row.pk, company_id=row.company_id, blocked_at__isnull=False)
        why = known.values_list("blocked_why", flat=True).first()
    if why is not None:
        raise SigningError(
            say("La firma è sospesa: {reason}", reason=why),
            say("Un amministratore salva di nuovo la chiave, con il PIN giusto, nella pagina della firma."),
        )


def block(row: SigningKey, error: PinRefusedError, *, now: datetime.datetime) -> None:
    """Remember that the PIN was refused: nobody tries it again before a person has saved the key anew."""
    with company_scope(row.company_id):
        changed = SigningKey.objects.filter(pk=row.pk, company_id=row.company_id, blocked_at=None)
        wrong = not isinstance(error, PinLockedError)
        if changed.update(blocked_at=now, blocked_why=error.message, pin_wrong=wrong) and row.active:
            audit(say("firma sospesa"), now=now, company_id=row.company_id, reason=error.message)


def sign_files(key: Signer, form: str, contents: Sequence[bytes], *, now: datetime.datetime) -> list[bytes]:
    """Each content with its signature, in order.

    Raises:
        SigningError, XmlError: a content that cannot be signed, or the key gave up; none is signed then.
    """
    if form == Form.XADES:
        waiting = [prepare_xades(each, key.certificate, now, key.is_ec) for each in contents]
    else:
        waiting = [prepare_cades(each, key.certificate, now, key.is_ec, key.chain) for each in contents]
    signatures = key.sign_many([each.data for each in waiting])
    return [each.seal(value) for each, value in zip(waiting, signatures, strict=True)]


def sign(row: SigningKey, content: bytes, *, now: datetime.datetime) -> bytes:
    """One content with its signature; raises as `opened` and `sign_files` do."""
    with opened(row, now=now) as key:
        return sign_files(key, row.form, [content], now=now)[0]


def try_out(company_id: int, *, now: datetime.datetime) -> None:
    """Open the company's key and sign a few bytes that are thrown away; the row keeps what came of it, in words.

    Call it outside any transaction: it may talk to a remote service.
    """
    with company_scope(company_id):
        row = key_of(company_id)
    told: str
    try:
        with opened(row, now=now) as key:
            key.sign_many([_TRIAL])
            told = say("La chiave di {name} firma.", name=key.name)
    except SigningError as error:
        told = error.text
    with company_scope(company_id):
        found = SigningKey.objects.filter(pk=row.pk, company_id=company_id)
        found.update(tested_at=now, test_note=told)


def _pkcs12(row: SigningKey) -> Signer:
    assert row.pkcs12 is not None and row.password is not None
    file, password = bytes(row.pkcs12), bytes(row.password)

    def open_it() -> Signer:
        return load_pkcs12(
            secrets.decrypt(file, settings.SECRETS_KEYS),
            secrets.decrypt(password, settings.SECRETS_KEYS).decode(),
        )

    return kept.opened((file, password), open_it)


def _pkcs11(row: SigningKey) -> Signer:
    name = str(row.settings.get("library", ""))
    library = settings.PKCS11_LIBRARIES.get(name)
    if library is None:
        raise SigningError(
            say("La libreria PKCS#11 «{name}» non è tra quelle ammesse dall'installazione.", name=name),
            say("Chi gestisce l'installazione la aggiunge con FATTORINO_PKCS11."),
        )
    if not key_places.is_its_own(row.company_id, row.settings):
        raise SigningError(
            say(
                "Il dispositivo di firma «{token}» non è assegnato a questa azienda.",
                token=row.settings["token"],
            ),
            key_places.ASSIGNED_BY,
        )
    place = TokenKey(library, row.settings["token"], row.settings.get("key", ""), secret_of(row)["pin"])
    return TokenSigner(place)


def _csc(row: SigningKey) -> Signer:
    secret = secret_of(row)
    return CscSigner(
        CscAccount(
            url=row.settings["url"],
            oauth=row.settings["oauth"],
            client_id=row.settings["client_id"],
            client_secret=secret["client_secret"],
            pin=secret["pin"],
            credential=row.settings.get("credential", ""),
            reach=reaching.of_companies(),
        )
    )


_OPEN = {Kind.PKCS12: _pkcs12, Kind.PKCS11: _pkcs11, Kind.CSC: _csc}
