"""What a company tells its customer about an invoice that SdI could not deliver."""

from __future__ import annotations

from django.db import models

from fattorino.core.texts import say
from fattorino.organisations.models import Company
from fattorino.workflow.models import Document


class CustomerLetter(models.Model):
    """One letter to a customer: written, then sent by the installation's mail or marked as told in another way.

    `sending` is committed before the mail server is talked to: a worker that dies there leaves an honest doubt, and no
    second e-mail.
    """

    class Status(models.TextChoices):
        WRITTEN = "written", say("Da inviare")
        SENDING = "sending", say("In invio")
        SENT = "sent", say("Inviata per e-mail")
        TOLD = "told", say("Comunicata in altro modo")
        FAILED = "failed", say("Non inviata")

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="+")
    # The run of the action that sends it; empty until one takes it up.
    run = models.UUIDField(null=True, unique=True)
    address = models.CharField(max_length=254, blank=True)
    subject = models.CharField(max_length=200)
    body = models.TextField()
    # How she was told, where not by e-mail.
    told_by = models.CharField(max_length=200, blank=True)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.WRITTEN)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=150)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["document", "-id"], name="letters_of_document")]
