"""What pages and other rooms read about companies and people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from fattorino.organisations.models import Company, Membership, Role, User


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, for which company, with which rights. The workflow and the flows know people only as this.

    `kind` is "utente", "gestionale", "hub" or "sdi". A gestionale that comes through the API has the role of its
    token; the Hub, SdI and the command line have none and act for the installation.
    """

    kind: str
    label: str
    company_id: int
    user_id: int | None = None
    role: str | None = None

    @property
    def has_role(self) -> bool:
        """Whether a role limits what this actor may do and see."""
        return self.kind == "utente" or (self.kind == "gestionale" and self.role is not None)

    @property
    def may_write(self) -> bool:
        return not self.has_role or self.role in (Role.ADMIN, Role.OPERATOR)

    @property
    def may_configure(self) -> bool:
        """Whether the actor administers the company."""
        return not self.has_role or self.role == Role.ADMIN


def actor_for(user: User, company_id: int) -> Actor | None:
    """The user as actor of a company, or None where she does not belong."""
    membership = Membership.objects.filter(user=user, company_id=company_id).first()
    if membership is None or not user.is_active:
        return None
    return Actor("utente", str(user), company_id, user.pk, membership.role)


def actors_of(company_id: int, user_ids: Iterable[int]) -> dict[int, Actor]:
    """Several users as actors of a company, by number; who does not belong, or may not sign in, is not there."""
    rows = Membership.objects.filter(
        company_id=company_id, user_id__in=list(user_ids), user__is_active=True
    ).select_related("user")
    return {m.user_id: Actor("utente", str(m.user), company_id, m.user_id, m.role) for m in rows}


def administers(user_id: int, company_id: int) -> bool:
    """Whether the person administers that company too."""
    return Membership.objects.filter(
        user_id=user_id, user__is_active=True, company_id=company_id, role=Role.ADMIN
    ).exists()


def companies_of(user: User) -> list[Membership]:
    """The user's memberships with their company, by company name."""
    return list(Membership.objects.filter(user=user).select_related("company").order_by("company__name"))


def get_company(company_id: int) -> Company:
    return Company.objects.get(pk=company_id)


def all_companies() -> list[Company]:
    """Every company of the installation, by name; for who administers it."""
    return list(Company.objects.order_by("name", "pk"))


def find_company(id_codice: str) -> Company | None:
    """The company with this partita IVA."""
    return Company.objects.filter(id_codice=id_codice).first()


def companies_known_as(id_paese: str | None, id_codice: str | None, codice_fiscale: str | None) -> list[int]:
    """The companies that an invoice means by these codes; of several, those whose codice fiscale it says (the members
    of a *gruppo IVA* share one partita IVA)."""
    country, vat = (id_paese or "IT").strip().upper(), (id_codice or "").strip().upper()
    tax_code = (codice_fiscale or "").strip().upper()
    # A body writes its eleven digits in either place.
    digits = [code for code in (vat if country == "IT" else "", tax_code) if code]
    rows = Company.objects.filter(
        Q(id_paese=country, id_codice=vat)
        | Q(codice_fiscale__in=digits)
        | Q(id_paese="IT", id_codice__in=digits)
    )
    found = dict(rows.order_by("pk").values_list("pk", "codice_fiscale"))
    exact = [pk for pk, code in found.items() if tax_code and code == tax_code]
    return exact or list(found)


def companies_receiving_at(code: str) -> list[int]:
    """The companies to which SdI delivers at this office or CodiceDestinatario."""
    rows = Company.objects.filter(recipient_codes__contains=[code.strip().upper()]).order_by("pk")
    return list(rows.values_list("pk", flat=True))


def find_person(email: str) -> User | None:
    """Who signs in with this e-mail address."""
    return User.objects.filter(email=email.strip().lower()).first()


ROLES: dict[str, str] = dict(Role.choices)
