"""*Invio massivo*: runs and the documents in them."""

from __future__ import annotations

from django.db import models

from fattorino.core.texts import say
from fattorino.organisations.models import Company, User
from fattorino.workflow.models.documents import Document


class BulkRun(models.Model):
    """*Invio massivo*: the action of the state, or a change of state, for many documents, in the background."""

    class Status(models.TextChoices):
        RUNNING = "running", say("in corso")
        PAUSED = "paused", say("in pausa")
        CANCELLED = "cancelled", say("annullato")
        DONE = "done", say("concluso")

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    dashboard = models.CharField(max_length=2)
    state = models.CharField(max_length=40)
    # The action whose button was pressed; empty for *Cambia stato* to `target`.
    action = models.CharField(max_length=40, blank=True)
    target = models.CharField(max_length=40, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.RUNNING)
    # Why it was stopped, where no person did it.
    message = models.CharField(max_length=500, blank=True)
    # Documents in all, and by outcome; they change in the transaction that writes the outcomes.
    total = models.PositiveIntegerField()
    started = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    started_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    actor_label = models.CharField(max_length=150)

    class Meta:
        indexes = [
            models.Index(fields=["company", "-id"], name="bulk_runs"),
            models.Index(fields=["id"], condition=models.Q(finished_at=None), name="bulk_unfinished"),
        ]


class BulkItem(models.Model):
    """One document of a run. `outcome` is empty until its turn has come; in a cancelled run it never does."""

    class Outcome(models.TextChoices):
        WAITING = "", say("in attesa")
        STARTED = "started", say("in corso")
        DONE = "done", say("riuscito")
        FAILED = "failed", say("non riuscito")
        REFUSED = "refused", say("non ammesso")

    # Their constraints would be checked for each of hundreds of thousands of rows that one statement writes.
    company = models.ForeignKey(
        Company, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    run = models.ForeignKey(
        BulkRun, on_delete=models.PROTECT, related_name="items", db_index=False, db_constraint=False
    )
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="+", db_index=False)
    place = models.PositiveIntegerField()
    outcome = models.CharField(max_length=8, choices=Outcome.choices, blank=True)
    message = models.TextField(blank=True)
    at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "place"], name="bulk_place"),
            models.UniqueConstraint(fields=["run", "document"], name="once_in_a_run"),
        ]
        indexes = [
            models.Index(fields=["run", "outcome", "place"], name="bulk_outcomes"),
            # A document is under way in one run at most: its open action keeps others out.
            models.Index(fields=["document"], condition=models.Q(outcome="started"), name="bulk_under_way"),
        ]
