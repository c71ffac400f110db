"""Documents as the workflow knows them: where they stand, how they got there, what is under way, how many there are."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from fattorino.core.workflow.definition import KIND_LABELS
from fattorino.organisations.models import Company, User


class Document(models.Model):
    """Whatever has a state, and what every list shows of it. What it consists of lies in the room of its kind.

    `state` is written by workflow.flows.advance and by nothing else. A *ricevuta* never becomes an e-invoice: it has
    neither dashboard nor state. Amounts are whole cents with the sign they have in totals (credit notes below zero).
    Every move of a document writes every index of this table anew: what serves only searches lies elsewhere
    (decision 0008).
    """

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=20, choices=[(str(k), label) for k, label in KIND_LABELS.items()])
    dashboard = models.CharField(max_length=2, blank=True)
    state = models.CharField(max_length=40, blank=True)
    state_since = models.DateTimeField(null=True)
    # Confirmed documents are definitive for the gestionale ("conferma documento").
    confirmed = models.BooleanField(default=False)
    number = models.CharField(max_length=20, blank=True)
    date = models.DateField()
    counterpart_id = models.BigIntegerField(null=True)
    counterpart_name = models.CharField(max_length=200)
    total_cents = models.BigIntegerField(default=0)
    taxable_cents = models.BigIntegerField(default=0)
    tax_cents = models.BigIntegerField(default=0)
    due_cents = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3, default="EUR")
    search_text = models.TextField(blank=True)
    # Hub statuses that came too early; tried again after each move.
    held_statuses = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    # Of documents that travel in one file (a lotto): the first of them, in itself too. Empty for all others.
    lotto = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="of_lotto", db_index=False
    )
    # Counts saves by people: the form sends it back, so that nobody overwrites what she has not seen.
    version = models.PositiveIntegerField(default=1)
    # Grows with every change that a list shows, over the whole installation: pages ask for what is newer.
    change_seq = models.BigIntegerField(default=0)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )

    class Meta:
        indexes = [
            models.Index(fields=["company", "-date", "-id"], name="document_list"),
            models.Index(
                fields=["company", "dashboard", "kind", "state", "-date", "-id"], name="document_by_group"
            ),
            models.Index(fields=["company", "number"], name="document_by_number"),
            models.Index(fields=["company", "change_seq"], name="document_changes"),
            # Hardly any document is in it: a move writes it only where a status waits.
            models.Index(
                fields=["company", "id"], condition=~models.Q(held_statuses=[]), name="document_holding"
            ),
            models.Index(
                fields=["lotto"], condition=models.Q(lotto__isnull=False), name="documents_of_lotto"
            ),
        ]


class StateChange(models.Model):
    """One thing that happened to a document. Append-only: a trigger refuses UPDATE and DELETE."""

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+", db_index=False)
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="changes", db_index=False)
    at = models.DateTimeField()
    event = models.CharField(max_length=60)
    from_state = models.CharField(max_length=40, blank=True)
    to_state = models.CharField(max_length=40, blank=True)
    action = models.CharField(max_length=40, blank=True)
    # "moved", "recorded" (state unchanged), "started", "failed", "unexpected" (a status of the Hub that moved nothing)
    outcome = models.CharField(max_length=12)
    actor_kind = models.CharField(max_length=12)
    actor_label = models.CharField(max_length=150)
    actor_user = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    message = models.TextField(blank=True)
    # Findings and other facts for the page: a list of {"code", "path", "message", "hint", ...}
    detail = models.JSONField(default=list)
    file_sha256 = models.CharField(max_length=64, blank=True)
    workflow_version = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [
            models.Index(fields=["document", "id"], name="history"),
            models.Index(
                fields=["company", "-id"],
                condition=models.Q(outcome="unexpected"),
                name="unexpected_outcomes",
            ),
        ]


class OutcomeSeen(models.Model):
    """Somebody has looked at an outcome that no state expected, and has dealt with it. Append-only."""

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    change = models.OneToOneField(StateChange, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    user = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    actor_label = models.CharField(max_length=150)
    note = models.CharField(max_length=500, blank=True)


class PendingAction(models.Model):
    """An action that was asked for and is not finished: at most one open per document, which is the lock."""

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+", db_index=False)
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="pending", db_index=False)
    action = models.CharField(max_length=40)
    # The press of a button and all that runs on from it by itself share one id: the Hub's idempotency key.
    run = models.UUIDField()
    requested_at = models.DateTimeField()
    actor_kind = models.CharField(max_length=12)
    actor_label = models.CharField(max_length=150)
    actor_user = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    attempts = models.PositiveIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)
    succeeded = models.BooleanField(null=True)
    message = models.TextField(blank=True)
    # Of a lotto the first document's action is carried out, once for the file; those of the others end with it.
    leader = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="followers", db_index=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["document"], condition=models.Q(finished_at=None), name="one_open_action"
            ),
        ]
        indexes = [
            models.Index(
                fields=["leader"], condition=models.Q(leader__isnull=False), name="actions_that_follow"
            ),
        ]


class DocumentCount(models.Model):
    """How many documents, and their sums in cents of euro: rolled up by day and by month, see decision 0008.

    True only together with the CountDelta rows that are still waiting: workflow.counts reads both in one statement.
    Written by workflow.flows.counts.roll_up and by nothing else.
    """

    class Span(models.TextChoices):
        DAY = "D"
        MONTH = "M"

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+", db_index=False)
    span = models.CharField(max_length=1, choices=Span.choices)
    # The day of the documents, or the first of their month.
    start = models.DateField()
    dashboard = models.CharField(max_length=2, blank=True)
    kind = models.CharField(max_length=20)
    state = models.CharField(max_length=40, blank=True)
    n = models.BigIntegerField()
    # Documents in another currency: counted in `n` too, in no sum.
    others = models.BigIntegerField()
    taxable_cents = models.BigIntegerField()
    tax_cents = models.BigIntegerField()
    total_cents = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["company", "span", "start", "dashboard", "kind", "state"], name="document_count_key"
            )
        ]


class CountDelta(models.Model):
    """What one statement changed in the counts. Appended by triggers on Document, taken away by the roll-up.

    A row that is only appended is waited for by nobody: thousands of documents may move at once.
    """

    # No constraint of the database: a document has one already, and each row would check it again.
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    dashboard = models.CharField(max_length=2, blank=True)
    kind = models.CharField(max_length=20)
    state = models.CharField(max_length=40, blank=True)
    date = models.DateField()
    n = models.BigIntegerField()
    others = models.BigIntegerField()
    taxable_cents = models.BigIntegerField()
    tax_cents = models.BigIntegerField()
    total_cents = models.BigIntegerField()
