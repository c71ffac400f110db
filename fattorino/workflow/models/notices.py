"""Who is told that documents entered a state, and the e-mails that tell of it."""

from __future__ import annotations

from django.db import models

from fattorino.core.texts import say
from fattorino.organisations.models import Company, User
from fattorino.workflow.models.documents import Document, StateChange


class Bulletin(models.Model):
    """Something that concerns no document and that the company's administrators are told of, once: a certificate that
    ends, a support that SdI names and nobody has seen here."""

    # The constraint below begins with the company.
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+", db_index=False)
    # What makes it the same thing when it is looked for again.
    event = models.CharField(max_length=200)
    title = models.CharField(max_length=200)
    text = models.TextField()
    # The page that shows it, below the address of the installation.
    page = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["company", "event"], name="bulletin_once")]


class Notice(models.Model):
    """One person is told of one thing that happened: in the pages, and by e-mail where the state says so.

    It tells of a change of a document, or of a bulletin.

    Written in the transaction of the change itself, so that none is lost; `mail` says what is still to be sent.
    """

    class Mail(models.TextChoices):
        NONE = "", say("nessuna")
        NOW = "now", say("subito")
        DIGEST = "digest", say("nel riepilogo")
        QUEUED = "queued", say("in partenza")
        SENT = "sent", say("inviata")

    # Indexes below begin with the company and with the change.
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+", db_index=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    change = models.ForeignKey(
        StateChange, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    document = models.ForeignKey(
        Document, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    state = models.CharField(max_length=40, blank=True)
    bulletin = models.ForeignKey(
        Bulletin, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    mail = models.CharField(max_length=6, choices=Mail.choices, blank=True)
    # The e-mail that tells of it, once there is one.
    in_mail = models.ForeignKey(
        "NoticeMail", null=True, on_delete=models.PROTECT, related_name="notices", db_index=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["change", "user"], name="told_once"),
            models.UniqueConstraint(
                fields=["bulletin", "user"], condition=~models.Q(bulletin=None), name="bulletin_told_once"
            ),
            models.CheckConstraint(
                condition=models.Q(bulletin=None, change__isnull=False, document__isnull=False)
                | models.Q(bulletin__isnull=False, change=None, document=None),
                name="notice_of_one_thing",
            ),
        ]
        indexes = [
            models.Index(fields=["in_mail"], condition=~models.Q(in_mail=None), name="notices_in_mail"),
            models.Index(fields=["company", "user", "-id"], name="notices_of"),
            models.Index(fields=["company", "user"], condition=models.Q(read_at=None), name="notices_unread"),
            models.Index(
                fields=["id"], condition=models.Q(mail__in=["now", "digest"]), name="notices_to_mail"
            ),
        ]


class NoticePreference(models.Model):
    """How one person wants the e-mails of a company: each at once, or one a day."""

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    digest = models.BooleanField(default=False)
    # The address that the mail server refused for good: nothing more is sent to it.
    refused_address = models.CharField(max_length=254, blank=True)
    refused_why = models.CharField(max_length=500, blank=True)
    refused_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["company", "user"], name="one_wish_for_notices")]


class NoticeMail(models.Model):
    """One e-mail to one person. The notices in it are fixed before it is sent, so that a repeat is the same message.

    `next_attempt_at` is moved on before each attempt: who dies in the middle leaves it for the next one.
    """

    class Outcome(models.TextChoices):
        WAITING = "", say("in attesa")
        SENT = "sent", say("inviata")
        REFUSED = "refused", say("indirizzo rifiutato")
        DROPPED = "dropped", say("non più dovuta")

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+", db_index=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    # What the Message-ID is made of.
    key = models.UUIDField(unique=True)
    # Of the daily summary only.
    digest_day = models.DateField(null=True)
    created_at = models.DateTimeField()
    next_attempt_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    outcome = models.CharField(max_length=7, choices=Outcome.choices, blank=True)
    closed_at = models.DateTimeField(null=True)
    address = models.CharField(max_length=254, blank=True)
    last_error = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["company", "user", "digest_day"],
                condition=~models.Q(digest_day=None),
                name="one_digest_a_day",
            )
        ]
        indexes = [
            models.Index(fields=["company", "user", "-created_at"], name="mails_of"),
            models.Index(fields=["next_attempt_at"], condition=models.Q(outcome=""), name="mails_waiting"),
        ]
