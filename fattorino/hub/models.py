"""The Digital Hub: what it took over, what it sent, what came back."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from fattorino.documents.models import StoredFile
from fattorino.organisations.models import Company
from fattorino.workflow.models import Document


class FileNameSeries(models.Model):
    """Progressive of the file names of one transmitter; SdI refuses a name that anybody used before (00002).

    Not per company: companies that share a transmitter share its names.
    """

    id_paese = models.CharField(max_length=2)
    id_codice = models.CharField(max_length=28)
    last = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["id_paese", "id_codice"], name="one_name_series")]


class SigningKey(models.Model):
    """A company's PKCS#12, encrypted with the installation's key; never shown, logged or exported."""

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    pkcs12 = models.BinaryField()
    password = models.BinaryField()
    subject = models.CharField(max_length=250)
    serial = models.CharField(max_length=60)
    not_after = models.DateTimeField()
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["company"], condition=models.Q(active=True), name="one_active_key"
            ),
        ]


class Channel(models.Model):
    """How a company reaches SdI. Without a row the installation's SDICoop address is used."""

    company = models.OneToOneField(Company, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20, default="sdicoop")
    url = models.CharField(max_length=300)
    # PEM files of the client certificate and of SdI's own CA, as paths the administrator keeps readable.
    client_certificate = models.CharField(max_length=300, blank=True)
    trusted_ca = models.CharField(max_length=300, blank=True)


class Submission(models.Model):
    """One presentation of a document to SdI: one run of the button, one file name, for ever."""

    class Status(models.TextChoices):
        ACQUIRED = "acquired", _("Acquisita")
        VALIDATED = "validated", _("Validata")
        SIGNED = "signed", _("Firmata")
        QUEUED = "queued", _("In coda di invio")
        SENDING = "sending", _("In invio")
        UNCERTAIN = "uncertain", _("Esito dell'invio incerto")
        ACCEPTED = "accepted", _("Presa in carico da SdI")
        FAILED = "failed", _("Non inviata")
        CLOSED = "closed", _("Conclusa")

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="submissions")
    # The workflow run that asked for it: pressing once makes one submission however often the job runs.
    run = models.UUIDField(unique=True)
    status = models.CharField(max_length=12, choices=Status.choices)
    formato = models.CharField(max_length=5, blank=True)
    base_name = models.CharField(max_length=50, unique=True)
    content = models.ForeignKey(StoredFile, null=True, on_delete=models.PROTECT, related_name="+")
    outgoing = models.ForeignKey(StoredFile, null=True, on_delete=models.PROTECT, related_name="+")
    file_name = models.CharField(max_length=50, blank=True)
    identificativo_sdi = models.CharField(max_length=36, blank=True)
    # False once a later submission of the same document exists: its receipts are kept but move nothing.
    current = models.BooleanField(default=True)
    failures = models.PositiveIntegerField(default=0)
    # Set when a send whose outcome was unknown was offered again under the same name.
    offered_again = models.BooleanField(default=False)
    next_attempt_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)
    created_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["document"], condition=models.Q(current=True), name="one_current_submission"
            ),
        ]
        indexes = [
            models.Index(fields=["company", "status"], name="submission_status"),
            models.Index(fields=["identificativo_sdi"], name="submission_sdi_id"),
        ]


class Transmission(models.Model):
    """One attempt to hand a submission to the channel, written before the network is touched."""

    class Outcome(models.TextChoices):
        OPEN = "open", _("In corso")
        ACCEPTED = "accepted", _("Presa in carico")
        NOT_TAKEN = "not_taken", _("Certamente non presa in carico")
        UNKNOWN = "unknown", _("Esito sconosciuto")

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="transmissions")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.OPEN)
    identificativo_sdi = models.CharField(max_length=36, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["submission"], condition=models.Q(outcome="open"), name="one_open_transmission"
            ),
        ]


class Message(models.Model):
    """A message of SdI, kept as it came before anything was read. Repeated arrivals are one message.

    `company` is empty while nobody knows whose it is: then only maintenance sees it.
    """

    company = models.ForeignKey(Company, null=True, on_delete=models.PROTECT, related_name="+")
    submission = models.ForeignKey(Submission, null=True, on_delete=models.PROTECT, related_name="messages")
    sha256 = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=255)
    content = models.BinaryField()
    kind = models.CharField(max_length=4, blank=True)
    identificativo_sdi = models.CharField(max_length=36, blank=True)
    message_id = models.CharField(max_length=36, blank=True)
    event = models.CharField(max_length=40, blank=True)
    note = models.TextField(blank=True)
    received_at = models.DateTimeField()
    arrivals = models.PositiveIntegerField(default=1)
    applied_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["identificativo_sdi", "kind"], name="message_match"),
            models.Index(fields=["company", "-id"], name="messages_list"),
        ]
