"""What a PA buyer answers through SdI to an invoice that it received."""

from __future__ import annotations

from django.db import models

from fattorino.core.texts import say
from fattorino.documents.models import Decision, StoredFile
from fattorino.hub.models.channels import Channel, Consignment
from fattorino.organisations.models import Company
from fattorino.workflow.models import Document


def mark_of(decision_id: int) -> str:
    """MessageIdCommittente of the outcome made of this decision: at most 14 characters (MessaggiTypes v1.1)."""
    return str(decision_id)[-14:]


class OutcomeSent(models.Model):
    """One NotificaEsitoCommittente (EC): one decision of a person, one file, however often the job runs."""

    class Status(models.TextChoices):
        QUEUED = "queued", say("In coda di invio")
        SENDING = "sending", say("In invio")
        UNCERTAIN = "uncertain", say("Esito dell'invio incerto")
        SENT = "sent", say("Inviato, in attesa di conferma")
        TAKEN = "taken", say("Registrato da SdI")
        REFUSED = "refused", say("Scartato da SdI")
        FAILED = "failed", say("Non inviato")

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="+")
    run = models.UUIDField(unique=True)
    decision = models.ForeignKey(Decision, null=True, on_delete=models.PROTECT, related_name="+")
    channel = models.ForeignKey(Channel, null=True, on_delete=models.PROTECT, related_name="+")
    consignment = models.ForeignKey(Consignment, null=True, on_delete=models.PROTECT, related_name="+")
    identificativo_sdi = models.CharField(max_length=36)
    esito = models.CharField(max_length=4)
    file_name = models.CharField(max_length=60)
    content = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED)
    failures = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    # Set when a send whose outcome was unknown was offered again under the same name.
    offered_again = models.BooleanField(default=False)
    last_error = models.TextField(blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    # When a person stated what became of it, SdI having said nothing; None again once SdI speaks.
    stated_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["company", "file_name"], name="outcome_name")]
        indexes = [
            models.Index(fields=["document", "id"], name="outcomes_of_document"),
            models.Index(
                fields=["id"],
                condition=models.Q(status__in=["queued", "sending", "uncertain", "sent"]),
                name="outcomes_open",
            ),
        ]

    @property
    def mark(self) -> str:
        """By which SdI names this outcome where it refuses it; empty of one that no decision here made."""
        return mark_of(self.decision_id) if self.decision_id else ""
