"""What documents are found by, and what is said of them for their preservation."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models

from fattorino.organisations.models import Company
from fattorino.workflow.models import Document


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
    # The document's, out of the words.
    dashboard = models.GeneratedField(
        expression=models.Func(models.F("words"), function="search_dashboard"),
        output_field=models.TextField(db_collation="C"),
        db_persist=True,
    )

    class Meta:
        indexes = [
            models.Index(fields=["company", "dashboard", "number_key"], name="search_number"),
            models.Index(fields=["company", "dashboard", "date", "number_key"], name="search_number_by_day"),
            models.Index(fields=["company", "month", "total_cents"], name="search_amount"),
            GinIndex(fields=["words"], name="search_words", fastupdate=False),
        ]


class SearchWord(models.Model):
    """A word of a company's documents: what the beginning that somebody typed may go on to. Kept by a trigger on
    SearchEntry; a word stays when its documents go, and may stand here more than once (decision 0008)."""

    company = models.ForeignKey(
        Company, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    word = models.TextField(db_collation="C")

    class Meta:
        indexes = [models.Index(fields=["company", "word"], name="search_word")]
