"""The invoice desk: what an active document consists of, its files, its numbers, its counterparts."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
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
    # One entry per file inside: {"name", "ok", "message", "hint", "code", "document_id", "tolerated"}
    outcomes = models.JSONField(default=list)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["company", "-id"], name="imports_list")]


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
    counterpart = models.ForeignKey(Counterpart, null=True, on_delete=models.PROTECT, related_name="+")
    codice_destinatario = models.CharField(max_length=7, blank=True)
    pec_destinatario = models.CharField(max_length=256, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sezionale", "year", "progressive"], name="number_given_once"),
        ]


class DocumentFile(models.Model):
    """A file of a document, under the name a person sees. Append-only."""

    class Kind(models.TextChoices):
        XML = "xml", say("Fattura elettronica")
        SIGNED = "firmato", say("Fattura firmata")
        IMPORTED = "importato", say("File importato")
        RECEIPT = "ricevuta", say("Ricevuta di SdI")

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


class PreservationData(models.Model):
    """What somebody said of a document for its preservation, named as in Allegato 5: written by documents.preserving.

    What it was before stands in the document's history.
    """

    document = models.OneToOneField(Document, primary_key=True, on_delete=models.PROTECT, related_name="+")
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    riservato = models.BooleanField()
    tempo_di_conservazione = models.PositiveSmallIntegerField()
    indice_di_classificazione = models.CharField(max_length=60, blank=True)
    descrizione_classificazione = models.CharField(max_length=200, blank=True)
    id_aggregazione = models.CharField(max_length=100, blank=True)
    parole_chiave = models.JSONField(default=list)
    note = models.CharField(max_length=500, blank=True)
    # Counts saves: the form sends it back, so that nobody overwrites what she has not seen.
    version = models.PositiveIntegerField()
    saved_at = models.DateTimeField()
    saved_by = models.CharField(max_length=150)


class SearchEntry(models.Model):
    """What a document is found by: words, number, amount. Kept by triggers on Document, read by `finding`.

    Apart from Document because a move writes every index of the moved row anew, and these serve only searches. Its
    wall takes part in the search, see decision 0008.
    """

    document = models.OneToOneField(
        Document, primary_key=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    company = models.ForeignKey(
        Company, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    date = models.DateField()
    # The first of its month.
    month = models.DateField()
    # In capitals, compared byte by byte whatever the database's language.
    number_key = models.CharField(max_length=40, db_collation="C")
    total_cents = models.BigIntegerField()
    words = SearchVectorField()

    class Meta:
        indexes = [
            models.Index(fields=["company", "month", "number_key"], name="search_number"),
            models.Index(fields=["company", "month", "total_cents"], name="search_amount"),
            GinIndex(fields=["words"], name="search_words", fastupdate=False),
        ]
