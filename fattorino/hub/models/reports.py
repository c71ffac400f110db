"""SdI's daily reports of the supports that were exchanged, and what of them does not agree with what was kept here."""

from __future__ import annotations

from django.db import models

from fattorino.core.texts import say
from fattorino.hub.models.channels import Channel, Collected
from fattorino.organisations.models import Company


class DailyReport(models.Model):
    """One report (ST), compared once when it came; its gaps are looked at again until each is closed."""

    class Kind(models.TextChoices):
        SENT = "EO", say("Supporti inviati (FI) e loro esiti")
        RECEIVED = "FO", say("Supporti ricevuti (FO)")

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="+")
    collected = models.OneToOneField(Collected, on_delete=models.PROTECT, related_name="report")
    name = models.CharField(max_length=255)
    kind = models.CharField(max_length=2, choices=Kind.choices)
    # Supports that it names.
    named = models.PositiveIntegerField()
    received_at = models.DateTimeField()
    # When administrators were told that something of it does not agree.
    told_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["channel", "-id"], name="reports_of_channel")]


class ReportGap(models.Model):
    """One support on which SdI's report and what was kept here do not agree."""

    class Kind(models.TextChoices):
        UNKNOWN = "fetched", say("SdI lo ha prelevato, ma qui non è mai stato preparato")
        UNANSWERED = "answered", say("SdI ne ha lasciato l'esito, che qui non è arrivato")
        MISSING = "left", say("SdI lo ha lasciato, ma qui non è arrivato")
        PASSED_OVER = (
            "passed_over",
            say("Posato qui e senza esito: SdI nomina altri dello stesso periodo, non questo"),
        )

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+", db_index=False)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="+", db_index=False)
    report = models.ForeignKey(DailyReport, on_delete=models.PROTECT, related_name="gaps")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    # Name without extension.
    support = models.CharField(max_length=60)
    # The line of the report, as it came; empty where there is none.
    row = models.CharField(max_length=300, blank=True)
    found_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    # Who said that it is settled, and why; empty where it closed by itself.
    closed_by = models.CharField(max_length=150, blank=True)
    closed_why = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["channel", "kind", "support"], name="one_gap_of_a_kind")
        ]
        indexes = [
            models.Index(fields=["company", "id"], condition=models.Q(closed_at=None), name="gaps_open"),
        ]
