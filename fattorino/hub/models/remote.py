"""What the Hub does for the program of somebody else: files handed in, what it is told, its webhooks."""

from __future__ import annotations

from django.db import models

from fattorino.core.texts import say
from fattorino.documents.models import Reception, StoredFile
from fattorino.hub.models.messages import Message
from fattorino.hub.models.outcomes import OutcomeSent
from fattorino.organisations.models import Company, User
from fattorino.workflow.models import Document


class ServedCompany(models.Model):
    """A company whose events are told at /api/hub/v1: from the first call of one of its programs on."""

    company = models.OneToOneField(Company, primary_key=True, on_delete=models.PROTECT, related_name="+")
    since = models.DateTimeField()


class RemoteFile(models.Model):
    """One file that another program handed in under its own name, kept before it was read. The name is for ever."""

    class Kind(models.TextChoices):
        INVOICE = "FA", say("Fattura")
        OUTCOME = "EC", say("Esito committente")

    class State(models.TextChoices):
        RECEIVED = "received", say("Consegnato, da acquisire")
        ACQUIRED = "acquired", say("Acquisito")
        SENDING = "sending", say("In invio")
        WITH_SDI = "with_sdi", say("Preso in carico da SdI")
        CLOSED = "closed", say("Concluso")
        # It certainly did not go, and will not: whoever handed it in may do with it what she likes.
        RETURNED = "returned", say("Restituito: non inviato")

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=2, choices=Kind.choices, default=Kind.INVOICE)
    name = models.CharField(max_length=60)
    # The name without extension: of an invoice SdI takes it once, whatever follows the dot.
    base_name = models.CharField(max_length=50)
    stored = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    # Of the received invoice that an outcome is about.
    reception_sdi = models.CharField(max_length=36, blank=True)
    token_label = models.CharField(max_length=80)
    state = models.CharField(max_length=10, choices=State.choices, default=State.RECEIVED)
    text = models.TextField(blank=True)
    identificativo_sdi = models.CharField(max_length=36, blank=True)
    document = models.ForeignKey(Document, null=True, on_delete=models.PROTECT, related_name="+")
    outcome = models.ForeignKey(OutcomeSent, null=True, on_delete=models.PROTECT, related_name="+")
    # How often it came: the same again is the same file.
    arrivals = models.PositiveIntegerField(default=1)
    received_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["base_name"], name="remote_name_once")]
        indexes = [
            models.Index(fields=["company", "-id"], name="remote_files_list"),
            models.Index(fields=["document", "-id"], name="remote_file_of_document"),
            models.Index(
                fields=["company"],
                condition=models.Q(state__in=["received", "acquired"]),
                name="remote_files_early",
            ),
        ]


class RemoteChange(models.Model):
    """Something changed that a served company may have to be told. Written by triggers of the database, in the
    transaction that changes it; taken away by whoever tells it (hub.flows.remote_feed)."""

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    # "submission", "message", "reception", "outcome"
    what = models.CharField(max_length=10)
    row_id = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["company", "id"], name="remote_changes")]


class RemoteEvent(models.Model):
    """What a served company is told, in the order in which it can be read: a cursor misses nothing. Append-only."""

    class Kind(models.TextChoices):
        FILE = "file", say("Stato di un file consegnato")
        MESSAGE = "message", say("Messaggio di SdI")
        INVOICE = "invoice", say("Fattura ricevuta")

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    at = models.DateTimeField()
    file = models.ForeignKey(RemoteFile, null=True, on_delete=models.PROTECT, related_name="events")
    state = models.CharField(max_length=10, blank=True)
    text = models.TextField(blank=True)
    message = models.ForeignKey(Message, null=True, on_delete=models.PROTECT, related_name="+")
    reception = models.ForeignKey(Reception, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["company", "message"], name="message_told_once"),
            models.UniqueConstraint(fields=["company", "reception"], name="reception_told_once"),
        ]
        indexes = [models.Index(fields=["company", "id"], name="remote_feed")]


class Webhook(models.Model):
    """An address that is called when there is something new to read. The secrets are encrypted."""

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    url = models.CharField(max_length=500)
    secret = models.BinaryField()
    # The former secret signs too until then, so that the receiver may change in its own time.
    old_secret = models.BinaryField(null=True)
    old_until = models.DateTimeField(null=True)
    active = models.BooleanField(default=True)
    failures = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True)
    disabled_at = models.DateTimeField(null=True)
    disabled_why = models.TextField(blank=True)
    last_ok_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["company", "url"], name="one_webhook_per_address")]


class WebhookDelivery(models.Model):
    """One call of a webhook, tried until it is answered or given up. What is new is read when it is made."""

    class State(models.TextChoices):
        WAITING = "waiting", say("In attesa")
        DELIVERED = "delivered", say("Consegnata")
        GIVEN_UP = "given_up", say("Non consegnata")

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    webhook = models.ForeignKey(Webhook, on_delete=models.PROTECT, related_name="deliveries")
    test = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    # The last event that the call told of.
    told = models.BigIntegerField(default=0)
    attempts = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    next_attempt_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    status_code = models.PositiveSmallIntegerField(null=True)
    error = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["webhook"],
                condition=models.Q(state="waiting", test=False),
                name="one_waiting_delivery",
            ),
        ]
        indexes = [
            models.Index(fields=["webhook", "-id"], name="deliveries_of_webhook"),
            models.Index(
                fields=["next_attempt_at"], condition=models.Q(state="waiting"), name="deliveries_waiting"
            ),
        ]
