"""Invoices that others send to the company: what SdI (or a person) brought, and what the buyer decided."""

from __future__ import annotations

from django.db import models

from fattorino.core.texts import say
from fattorino.documents.models.files import ImportedFile, StoredFile
from fattorino.organisations.models import Company, User
from fattorino.workflow.models import Document


class Supplier(models.Model):
    """Somebody who invoices the company, as the invoices tell it; proposed to the register."""

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    # "IT:01234567897", "CF:RSSMRA..." or the name: what tells two suppliers apart.
    identity = models.CharField(max_length=120)
    name = models.CharField(max_length=200)
    party = models.JSONField()
    first_seen_at = models.DateTimeField()
    used_at = models.DateTimeField()
    # A person looked and said that this is who it seems to be; until then it is a proposal.
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.CharField(max_length=150, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["company", "identity"], name="supplier_identity")]


class Reception(models.Model):
    """One invoice file that arrived, stored before it was acknowledged or read. A redelivery only counts."""

    class Source(models.TextChoices):
        SDICOOP = "sdicoop", say("Da SdI (servizi web)")
        SDIFTP = "sdiftp", say("Da SdI (SdIFtp)")
        PEC = "pec", say("Da SdI (PEC)")
        INTERMEDIARY = "intermediary", say("Dall'intermediario")
        IMPORT = "import", say("Importata da file")
        FOLDER = "folder", say("Da una cartella sorvegliata")

    class State(models.TextChoices):
        WAITING = "waiting", say("In attesa di lettura")
        DONE = "done", say("Letta")
        OWN = "own", say("Documento dell'azienda tornato da SdI")
        DUPLICATE = "duplicate", say("Già arrivata")
        UNREADABLE = "unreadable", say("Non leggibile")
        NOBODY = "nobody", say("Per nessuna azienda di questa installazione")

    # Empty while nobody knows whose it is: then only maintenance sees it.
    company = models.ForeignKey(Company, null=True, on_delete=models.PROTECT, related_name="+")
    # The company whose channel or person brought it; 0: the installation's own door, to which SdI alone comes.
    brought_for = models.BigIntegerField(default=0)
    source = models.CharField(max_length=12, choices=Source.choices)
    # Empty for what a person imported without its MT.
    identificativo_sdi = models.CharField(max_length=36, blank=True)
    name = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField()
    metadata_name = models.CharField(max_length=255, blank=True)
    metadata = models.BinaryField(null=True)
    received_at = models.DateTimeField()
    # When SdI delivered it, as far as somebody knows: from then the PA's term runs.
    delivered_at = models.DateTimeField(null=True)
    arrivals = models.PositiveIntegerField(default=1)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    note = models.TextField(blank=True)
    read_at = models.DateTimeField(null=True)
    # Of OWN our document that came back, of DUPLICATE the one that had arrived before.
    document = models.ForeignKey(Document, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            # What comes to one company must not pass for what SdI brings to another under the same identifier; nor
            # other bytes for those that are kept.
            models.UniqueConstraint(
                fields=["identificativo_sdi", "sha256", "brought_for"], name="received_once"
            ),
        ]
        indexes = [
            models.Index(fields=["company", "-id"], name="receptions_list"),
            models.Index(fields=["company", "sha256"], name="receptions_by_bytes"),
            models.Index(fields=["id"], condition=models.Q(state="waiting"), name="receptions_waiting"),
        ]


class BroughtFile(models.Model):
    """One file of those that a person handed in together, in their order, and what was made of it."""

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    imported = models.ForeignKey(ImportedFile, on_delete=models.PROTECT, related_name="brought")
    position = models.PositiveIntegerField()
    name = models.CharField(max_length=255)
    # Empty for what is no invoice file; then `note` says what it is.
    reception = models.ForeignKey(Reception, null=True, on_delete=models.PROTECT, related_name="+")
    note = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["imported", "position"], name="brought_in_order")]


class PassiveInvoice(models.Model):
    """What makes a Document an invoice that the company received: one for each body of the file."""

    document = models.OneToOneField(
        Document, primary_key=True, on_delete=models.PROTECT, related_name="passive"
    )
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    reception = models.ForeignKey(Reception, on_delete=models.PROTECT, related_name="documents")
    # From 1; a lotto has several.
    position = models.PositiveIntegerField()
    stored = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    supplier = models.ForeignKey(Supplier, null=True, on_delete=models.PROTECT, related_name="invoices")
    tipo_documento = models.CharField(max_length=4)
    # IdFiscaleIVA of the cedente, "IT02100450127".
    seller = models.CharField(max_length=30)
    formato = models.CharField(max_length=5)
    codice_destinatario = models.CharField(max_length=7, blank=True)
    identificativo_sdi = models.CharField(max_length=36, blank=True)
    # The day from which tax may be deducted and the term of the PA runs; None where no MT tells it.
    delivered_at = models.DateTimeField(null=True)
    # Until when a PA buyer may answer; None where nobody may (private recipient) or must (already answered).
    answer_by = models.DateTimeField(null=True)
    # Errors and warnings that `check` finds in it: [{"code", ...}] as in the history.
    findings = models.JSONField(default=list)
    # Nobody of the company has opened it yet.
    opened_at = models.DateTimeField(null=True)
    opened_by = models.CharField(max_length=150, blank=True)
    # When it was handed to the gestionale, and what it answered.
    exported_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_ref = models.CharField(max_length=100, blank=True)
    # The TD16-TD19 that the company prepared from it.
    integration = models.ForeignKey(Document, null=True, on_delete=models.PROTECT, related_name="+")
    # Days before the term for which somebody was warned last (5, then 1).
    warned_days = models.PositiveSmallIntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["reception", "position"], name="one_per_body")]
        indexes = [
            models.Index(fields=["company", "seller"], name="passive_by_seller"),
            models.Index(fields=["company", "identificativo_sdi"], name="passive_by_sdi"),
            models.Index(
                fields=["company", "-document"],
                condition=models.Q(opened_at=None),
                name="passive_unread",
            ),
            models.Index(
                fields=["answer_by"], condition=models.Q(answer_by__isnull=False), name="passive_terms"
            ),
        ]


class Decision(models.Model):
    """What a person of a PA decided about a received invoice, before it becomes a message to SdI. Append-only."""

    class Esito(models.TextChoices):
        ACCEPTED = "EC01", say("Accettazione")
        REFUSED = "EC02", say("Rifiuto")

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="decisions")
    esito = models.CharField(max_length=4, choices=Esito.choices)
    # One of the causes of DM 132/2020 (core.sdi.refusal); empty for an acceptance.
    cause = models.CharField(max_length=40, blank=True)
    descrizione = models.CharField(max_length=255, blank=True)
    at = models.DateTimeField()
    user = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    actor_label = models.CharField(max_length=150)

    class Meta:
        indexes = [models.Index(fields=["document", "-id"], name="decisions_of_document")]


class Posting(models.Model):
    """The invoice was entered into the accounts: when, under which protocol number, who said so. Append-only."""

    class Source(models.TextChoices):
        PERSON = "person", say("A mano")
        GESTIONALE = "gestionale", say("Dal gestionale")

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="postings")
    date = models.DateField()
    protocol = models.CharField(max_length=40, blank=True)
    source = models.CharField(max_length=12, choices=Source.choices)
    at = models.DateTimeField()
    actor_label = models.CharField(max_length=150)

    class Meta:
        indexes = [models.Index(fields=["document", "-id"], name="postings_of_document")]


class WatchedFolder(models.Model):
    """A folder of the machine whose invoice files are taken in as they appear."""

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    path = models.CharField(max_length=500)
    active = models.BooleanField(default=True)
    looked_at = models.DateTimeField(null=True)
    taken = models.PositiveIntegerField(default=0)
    # Whether what was taken is moved into the folder "presi"; else it is remembered by its name, size and time.
    moves = models.BooleanField(default=True)
    last_error = models.TextField(blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["company", "path"], name="one_watch_per_folder")]


class FolderFile(models.Model):
    """A file of a watched folder that was taken and left where it lies: not looked at again while it stays the same."""

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    folder = models.ForeignKey(WatchedFolder, on_delete=models.CASCADE, related_name="files")
    name = models.CharField(max_length=255)
    size = models.BigIntegerField()
    changed_ns = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["folder", "name"], name="folder_file_once")]
