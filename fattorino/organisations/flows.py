"""The verbs of companies and people; the only writer of their rows."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import transaction

from fattorino.core.errors import RefusedError
from fattorino.core.texts import say
from fattorino.core.values import FOREIGN_RECIPIENT, UNKNOWN_RECIPIENT
from fattorino.organisations.models import LANGUAGES, AuditEntry, Company, Membership, Role, User


def audit(
    what: str,
    *,
    now: datetime.datetime,
    actor_id: int | None = None,
    company_id: int | None = None,
    **detail: Any,
) -> None:
    """Write down a change for ever; never put a secret into `detail`."""
    AuditEntry.objects.create(at=now, actor_id=actor_id, company_id=company_id, what=what, detail=detail)


def lock_company(company_id: int) -> None:
    """Hold the company until the transaction ends: who changes its settings waits for who does it now.

    Its key stays free: every row that is written meanwhile for the company refers to it.
    """
    Company.objects.select_for_update(no_key=True).filter(pk=company_id).values_list("pk", flat=True).first()


@transaction.atomic
def save_company(
    party: dict[str, Any], *, now: datetime.datetime, actor_id: int | None = None, **options: Any
) -> Company:
    """Create or update the company identified by the party's IdFiscaleIVA.

    Args:
        party: core.fatturapa.draft.Party as JSON; the cedente of every invoice of this company.
        options: trasmittente_paese, trasmittente_codice, sign_private, default_iban, warnings_off, recipient_codes.

    Raises:
        RefusedError: no IdFiscaleIVA or no name; a warning that does not exist or may not be switched off.
    """
    _refuse_unknown_warnings(options.get("warnings_off", []))
    if "recipient_codes" in options:
        options["recipient_codes"] = _recipient_codes(options["recipient_codes"])
    name = (
        party.get("denominazione")
        or " ".join(filter(None, [party.get("nome"), party.get("cognome")])).strip()
    )
    if not name or not party.get("id_codice"):
        raise RefusedError(
            say("L'azienda deve avere una denominazione (o nome e cognome) e una partita IVA.")
        )
    defaults = {
        "name": name[:80],
        "codice_fiscale": party.get("codice_fiscale") or "",
        "party": party,
        "trasmittente_paese": party.get("id_paese") or "IT",
        "trasmittente_codice": party.get("codice_fiscale") or party["id_codice"],
        **options,
    }
    company, created = Company.objects.update_or_create(
        id_paese=party.get("id_paese") or "IT",
        id_codice=party["id_codice"],
        defaults=defaults,
        create_defaults=defaults | {"created_at": now},
    )
    audit(
        "azienda creata" if created else "azienda modificata",
        now=now,
        actor_id=actor_id,
        company_id=company.pk,
        name=name,
    )
    return company


def _refuse_unknown_warnings(codes: Any) -> None:
    from fattorino.core.fatturapa.rules import OPTIONAL  # all the rules: only for who changes a company

    if not isinstance(codes, list) or any(code not in OPTIONAL for code in codes):
        raise RefusedError(
            say("Tra gli avvisi spenti c'è un codice che non esiste o che non si può spegnere."),
            say("Si possono spegnere: {codes}.", codes=", ".join(sorted(OPTIONAL))),
        )


@transaction.atomic
def save_recipient_codes(
    company_id: int, codes: Iterable[str], *, now: datetime.datetime, actor_id: int | None
) -> None:
    """Where SdI delivers invoices for the company.

    Raises:
        RefusedError: a code at which nobody can receive.
    """
    found = _recipient_codes(codes)
    lock_company(company_id)
    Company.objects.filter(pk=company_id).update(recipient_codes=found)
    audit(
        say("codici di ricezione impostati"), now=now, actor_id=actor_id, company_id=company_id, codes=found
    )


_RECIPIENT_CODE = re.compile(r"[A-Z0-9]{6,7}")


def _recipient_codes(codes: Iterable[str]) -> list[str]:
    found = sorted({code.strip().upper() for code in codes if code.strip()})
    nobodys = {UNKNOWN_RECIPIENT, FOREIGN_RECIPIENT}
    wrong = [code for code in found if code in nobodys or not _RECIPIENT_CODE.fullmatch(code)]
    if wrong:
        raise RefusedError(
            say("«{code}» non è un codice presso cui l'azienda riceve.", code=wrong[0][:40]),
            say("Indicare codici ufficio di 6 caratteri (PA) o codici destinatario di 7, separati da spazi."),
        )
    return found


@transaction.atomic
def save_user(
    email: str,
    password: str | None,
    full_name: str,
    roles: dict[int, str],
    *,
    now: datetime.datetime,
    actor_id: int | None = None,
) -> User:
    """Create or update a person and the companies she belongs to.

    Args:
        password: None leaves the present one.
        roles: company id -> role (admin, operator, reader).

    Raises:
        RefusedError: an unknown role.
    """
    if wrong := set(roles.values()) - set(Role.values):
        raise RefusedError(say("Ruolo sconosciuto: {role}.", role=", ".join(sorted(wrong))))
    user = User.objects.filter(email=email.lower()).first()
    if user is None:
        user = User.objects.create_person(email, password or "", full_name)
        if not password:
            user.set_unusable_password()
            user.save(update_fields=["password"])
    elif password:
        user.set_password(password)
        user.save(update_fields=["password"])
    for company_id, role in roles.items():
        Membership.objects.update_or_create(user=user, company_id=company_id, defaults={"role": role})
        audit(
            "utente abilitato", now=now, actor_id=actor_id, company_id=company_id, email=user.email, role=role
        )
    return user


def set_sign_private(
    company_id: int, wanted: bool, *, now: datetime.datetime, actor_id: int | None = None
) -> None:
    """Whether the company signs invoices to private customers too; for the PA it is the law."""
    with transaction.atomic():
        lock_company(company_id)
        if Company.objects.filter(pk=company_id, sign_private=not wanted).update(sign_private=wanted):
            audit(
                say("firma delle fatture ai privati cambiata"),
                now=now,
                actor_id=actor_id,
                company_id=company_id,
                sign_private=wanted,
            )


@transaction.atomic
def set_installation_admin(
    email: str, wanted: bool, *, now: datetime.datetime, actor_id: int | None = None
) -> User:
    """Make a person administrator of the installation, who keeps what all companies share, or no longer.

    Raises:
        RefusedError: nobody has this e-mail.
    """
    user = User.objects.select_for_update().filter(email=email.strip().lower()).first()
    if user is None:
        raise RefusedError(say("Nessuno con questo indirizzo e-mail."))
    if user.is_staff != wanted:
        user.is_staff = wanted
        user.save(update_fields=["is_staff"])
        what = "amministratore dell'installazione" if wanted else "amministratore dell'installazione tolto"
        audit(what, now=now, actor_id=actor_id, email=user.email)
    return user


@transaction.atomic
def choose_language(user_id: int, language: str, *, now: datetime.datetime) -> None:
    """From now on a person reads pages and e-mails in this language, wherever she signs in.

    Raises:
        RefusedError: a language that there is not.
    """
    if language not in LANGUAGES:
        raise RefusedError(
            say("Lingua sconosciuta: {language}.", language=language),
            say("Le lingue sono: {languages}.", languages=", ".join(LANGUAGES)),
        )
    user = User.objects.select_for_update().get(pk=user_id)
    if user.language != language:
        user.language = language
        user.save(update_fields=["language"])
        audit("lingua scelta", now=now, actor_id=user_id, email=user.email, language=language)


@transaction.atomic
def revoke_user(company_id: int, email: str, *, now: datetime.datetime, actor_id: int | None = None) -> User:
    """Take a person out of a company: her membership goes, and she is signed out everywhere at once.

    What she did stays under her name, and her other companies stay hers.

    Raises:
        RefusedError: nobody with this e-mail belongs to the company.
    """
    membership = (
        Membership.objects.select_related("user")
        .filter(company_id=company_id, user__email=email.strip().lower())
        .first()
    )
    if membership is None:
        raise RefusedError(say("Nessuno con questo indirizzo e-mail fa parte dell'azienda."))
    user, role = membership.user, membership.role
    membership.delete()
    ended = _end_sessions(user, now)
    audit(
        "utente revocato",
        now=now,
        actor_id=actor_id,
        company_id=company_id,
        email=user.email,
        role=role,
        sessions=ended,
    )
    return user


def _end_sessions(user: User, now: datetime.datetime) -> int:
    """Sign out everywhere. Whose a session is stands only inside it, so all that are still valid are opened."""
    mine = [
        session.pk
        for session in Session.objects.filter(expire_date__gt=now).iterator()
        if session.get_decoded().get(SESSION_KEY) == str(user.pk)
    ]
    Session.objects.filter(pk__in=mine).delete()
    return len(mine)
