"""Files of documents and files that somebody handed in: bytes as they came."""

from __future__ import annotations

from django.db import models

from fattorino.core.texts import say
from fattorino.organisations.models import Company, User
from fattorino.workflow.models import Document


class StoredFile(models.Model):
    """Bytes as they came or as they went out; never changed (append-only)."""

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    content = models.BinaryField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["company", "sha256"], name="stored_once")]


class ImportedFile(models.Model):
    """A file somebody handed in: the trace stays whatever became of it."""

    class Status(models.TextChoices):
        WAITING = "waiting", say("In attesa")
        DONE = "done", say("Importato")
        PARTLY = "partly", say("Importato in parte")
        REFUSED = "refused", say("Rifiutato")

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=255)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    stored = models.ForeignKey(StoredFile, null=True, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.WAITING)
    # One entry per file inside: {"name", "ok", "message", "hint", "code", "document_id", "documents", "tolerated"};
    # `documents`: of a lotto all of them, in the order of the file.
    outcomes = models.JSONField(default=list)
    # What it holds are invoices of others to the company: each has its BroughtFile, and `outcomes` stays empty.
    received = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["company", "-id"], name="imports_list")]


class DocumentFile(models.Model):
    """A file of a document, under the name a person sees. Append-only."""

    class Kind(models.TextChoices):
        XML = "xml", say("Fattura elettronica")
        SIGNED = "firmato", say("Fattura firmata")
        IMPORTED = "importato", say("File importato")
        RECEIPT = "ricevuta", say("Ricevuta di SdI")
        METADATA = "metadati", say("Metadati di SdI")
        ANSWER = "risposta", say("Risposta inviata a SdI")

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="files")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    name = models.CharField(max_length=255)
    stored = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["document", "kind", "name", "stored"], name="file_listed_once")
        ]
