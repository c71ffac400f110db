"""What an active document consists of, its numbers, its counterparts."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models

from fattorino.core.texts import say
from fattorino.documents.models.files import StoredFile
from fattorino.organisations.models import Company
from fattorino.workflow.models import Document


class Counterpart(models.Model):
    """Somebody a company has invoiced; proposed again by name."""

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    # "IT:01234567897", "CF:RSSMRA..." or the name: what tells two counterparts apart.
    identity = models.CharField(max_length=120)
    name = models.CharField(max_length=200)
    party = models.JSONField()
    codice_destinatario = models.CharField(max_length=7, blank=True)
    pec_destinatario = models.CharField(max_length=256, blank=True)
    used_at = models.DateTimeField()
    # The words it is found by; the table's wall takes part in the search as that of SearchEntry does.
    words = models.GeneratedField(
        expression=models.Func(
            models.F("company_id"), models.F("name"), models.F("identity"), function="counterpart_lexemes"
        ),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["company", "identity"], name="counterpart_identity")]
        indexes = [GinIndex(fields=["words"], name="counterpart_words", fastupdate=False)]


class Sezionale(models.Model):
    """A numbering of its own; its code becomes part of the number (12/A)."""

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    code = models.CharField(max_length=8, blank=True)
    description = models.CharField(max_length=80)
    for_receipts = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["company", "code"], name="sezionale_code")]


class NumberSeries(models.Model):
    """The last number given, by company, sezionale and year; its row is the lock that keeps out gaps."""

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    sezionale = models.ForeignKey(Sezionale, on_delete=models.PROTECT, related_name="+")
    year = models.PositiveIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sezionale", "year"], name="one_series")]


class Invoice(models.Model):
    """What makes a Document an active invoice, credit note or *ricevuta*.

    Written in the form (`draft`: core.fatturapa.draft as JSON) or imported (`imported`: those bytes are what is sent).
    """

    class Source(models.TextChoices):
        FORM = "form", say("Inserito a mano")
        IMPORT = "import", say("Importato da file")
        API = "api", say("Ricevuto via API")

    document = models.OneToOneField(
        Document, primary_key=True, on_delete=models.PROTECT, related_name="invoice"
    )
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    source = models.CharField(max_length=10, choices=Source.choices)
    tipo_documento = models.CharField(max_length=4)
    # IdFiscaleIVA of the cedente, "IT02100450127": ours, unless we write the document for a supplier (TD16-TD29).
    # SdI tells invoices apart by seller, year and number (00404).
    seller = models.CharField(max_length=30)
    formato = models.CharField(max_length=5, blank=True)
    sezionale = models.ForeignKey(Sezionale, null=True, on_delete=models.PROTECT, related_name="+")
    year = models.PositiveIntegerField()
    progressive = models.PositiveIntegerField(null=True)
    draft = models.JSONField(null=True)
    imported = models.ForeignKey(StoredFile, null=True, on_delete=models.PROTECT, related_name="+")
    # Which document of its imported file it is, from 1: a lotto holds several (Document.lotto).
    position = models.PositiveIntegerField(default=1)
    counterpart = models.ForeignKey(Counterpart, null=True, on_delete=models.PROTECT, related_name="+")
    codice_destinatario = models.CharField(max_length=7, blank=True)
    pec_destinatario = models.CharField(max_length=256, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sezionale", "year", "progressive"], name="number_given_once"),
        ]
