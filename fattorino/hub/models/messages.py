"""What SdI said, kept as it came."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from fattorino.hub.models.channels import Channel, Collected
from fattorino.hub.models.submissions import Submission
from fattorino.organisations.models import Company
from fattorino.workflow.models import Document


class Message(models.Model):
    """A message of SdI, kept as it came before anything was read. Repeated arrivals are one message.

    `company` is empty while nobody knows whose it is: then only maintenance sees it.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("In attesa di lettura")
        APPLIED = "applied", _("Applicato")
        TO_MATCH = "to_match", _("Da abbinare")
        SETTLED = "settled", _("Archiviato da una persona")

    class Signature(models.TextChoices):
        UNKNOWN = "", _("Non verificata")
        VALID = "valid", _("Valida, di SdI")
        FOREIGN = "foreign", _("Integra, ma di un firmatario non riconosciuto")
        BROKEN = "broken", _("Non valida")
        MISSING = "missing", _("Assente")

    company = models.ForeignKey(Company, null=True, on_delete=models.PROTECT, related_name="+")
    channel = models.ForeignKey(Channel, null=True, on_delete=models.PROTECT, related_name="+")
    collected = models.ForeignKey(Collected, null=True, on_delete=models.PROTECT, related_name="+")
    submission = models.ForeignKey(Submission, null=True, on_delete=models.PROTECT, related_name="messages")
    sha256 = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=255)
    content = models.BinaryField()
    kind = models.CharField(max_length=4, blank=True)
    identificativo_sdi = models.CharField(max_length=36, blank=True)
    message_id = models.CharField(max_length=36, blank=True)
    event = models.CharField(max_length=40, blank=True)
    # When what it tells of happened, as far as it says so itself; else when it came. The terms run from there.
    happened_at = models.DateTimeField(null=True)
    note = models.TextField(blank=True)
    received_at = models.DateTimeField()
    arrivals = models.PositiveIntegerField(default=1)
    applied_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    signature = models.CharField(max_length=10, choices=Signature.choices, blank=True, default="")
    signature_note = models.CharField(max_length=300, blank=True)
    # The passive document it is about (DT, SE), where it is not about a submission of ours.
    document = models.ForeignKey(Document, null=True, on_delete=models.PROTECT, related_name="+")
    settled_at = models.DateTimeField(null=True)
    settled_by = models.CharField(max_length=150, blank=True)
    settled_why = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["identificativo_sdi", "kind"], name="message_match"),
            models.Index(fields=["company", "-id"], name="messages_list"),
            models.Index(fields=["-id"], condition=models.Q(state="to_match"), name="messages_to_match"),
            models.Index(fields=["id"], condition=models.Q(applied_at=None), name="messages_unapplied"),
        ]
