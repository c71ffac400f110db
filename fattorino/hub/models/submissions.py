"""What the Hub took over, and each attempt to hand it to SdI."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from fattorino.documents.models import StoredFile
from fattorino.hub.models.channels import Channel, Consignment
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
        # The company's channel is a person: she takes the file to SdI's portal and says so.
        BY_HAND = "by_hand", _("Da trasmettere a mano")

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
    # The way it goes; chosen when it is queued, changed only while nothing was sent.
    channel = models.ForeignKey(Channel, null=True, on_delete=models.PROTECT, related_name="+")
    # What it travels in, on the ways where files travel together or inside something.
    consignment = models.ForeignKey(
        Consignment, null=True, on_delete=models.PROTECT, related_name="submissions"
    )
    # Of a single document 0; those of a bulk run stand behind it.
    priority = models.SmallIntegerField(default=0)
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
            models.Index(
                fields=["channel", "-priority", "id"],
                condition=models.Q(status="queued"),
                name="submission_queue",
            ),
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
    channel = models.ForeignKey(Channel, null=True, on_delete=models.PROTECT, related_name="+")
    # Which turn of the channel made it: whoever has that turn next finds what a dead one left open. 0: in a parcel.
    slot = models.PositiveSmallIntegerField(default=0)
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
        indexes = [
            models.Index(
                fields=["channel", "slot"], condition=models.Q(outcome="open"), name="transmissions_open"
            ),
        ]
