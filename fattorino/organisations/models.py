"""Companies, users and who may do what where."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser, UserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models

from fattorino.core.texts import say

# Each under its own name, in every language.
LANGUAGES = {"it": "Italiano", "en": "English"}


class EmailUserManager(UserManager["User"]):
    def create_person(self, email: str, password: str, full_name: str) -> User:
        first, _, last = full_name.partition(" ")
        return self.create_user(
            username=email.lower(), email=email.lower(), password=password, first_name=first, last_name=last
        )


class User(AbstractUser):
    """A person. Signs in with the e-mail; `username` repeats it because the framework wants one."""

    email = models.EmailField("indirizzo e-mail", unique=True)
    language = models.CharField(max_length=2, choices=LANGUAGES, default="it")
    objects = EmailUserManager()  # type: ignore[misc]  # narrows the framework's own manager

    def __str__(self) -> str:
        return self.get_full_name() or self.email


class Company(models.Model):
    """A tenant: an Ordine or a firm. `party` holds its data as cedente/prestatore (core Party as JSON)."""

    name = models.CharField(max_length=80)
    id_paese = models.CharField(max_length=2, default="IT")
    id_codice = models.CharField(max_length=28)
    codice_fiscale = models.CharField(max_length=16, blank=True)
    party = models.JSONField(default=dict)
    # The transmitter's identity in file names and IdTrasmittente; the company's own codice fiscale by default.
    trasmittente_paese = models.CharField(max_length=2, default="IT")
    trasmittente_codice = models.CharField(max_length=28)
    # Sign private invoices too (for PA it is the law).
    sign_private = models.BooleanField(default=False)
    default_iban = models.CharField(max_length=34, blank=True)
    # Codes of warnings that this company does not want to see (core.fatturapa.rules.OPTIONAL).
    warnings_off = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    # Where SdI delivers invoices for it: offices of a PA (6 characters) and CodiceDestinatario (7), which several
    # companies with one channel may share.
    recipient_codes = ArrayField(models.CharField(max_length=7), default=list, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["id_paese", "id_codice"], name="company_identity"),
        ]

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    ADMIN = "admin", say("Amministratore")
    OPERATOR = "operator", say("Operatore")
    READER = "reader", say("Consultazione")


class Membership(models.Model):
    """A user belongs to a company with a role."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "company"], name="one_role_per_company")]


class Group(models.Model):
    """People of a company under one name: told together (*gruppo organizzativo*), let in together (*di sicurezza*).

    `code` never changes: configurations of states name the group by it.
    """

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    code = models.CharField(max_length=40)
    name = models.CharField(max_length=80)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["company", "code"], name="group_code")]


class GroupMember(models.Model):
    """A user in a group of a company she belongs to."""

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["group", "user"], name="once_in_a_group")]


class AuditEntry(models.Model):
    """What was changed outside the documents' own history: users, roles, keys, settings. Append-only."""

    at = models.DateTimeField()
    actor = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    company = models.ForeignKey(Company, null=True, on_delete=models.PROTECT, related_name="+")
    what = models.CharField(max_length=60)
    detail = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["company", "-id"], name="audit_of_company")]


class ApiToken(models.Model):
    """What a program signs in with: for one company, with one role. Only a digest of the secret is kept."""

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=80)
    role = models.CharField(max_length=10, choices=Role.choices)
    # The part by which the row is found; the other part, the secret, is compared with the digest.
    prefix = models.CharField(max_length=12, unique=True)
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    # Calls in the minute that began at `window_start`: the limit holds over all web workers.
    window_start = models.DateTimeField(null=True)
    window_calls = models.PositiveIntegerField(default=0)


class IdempotencyKey(models.Model):
    """A key a program gave to a creation, and what came of it. Kept for ever: a repeat may come after a year."""

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=255)
    # Digest of what was asked: the same key for something else is a mistake of the program.
    request_sha256 = models.CharField(max_length=64)
    result_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["company", "key"], name="key_used_once")]
