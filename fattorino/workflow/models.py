"""Documents as the workflow knows them: where they stand, how they got there, what is under way."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from fattorino.core.texts import say
from fattorino.core.workflow.definition import KIND_LABELS
from fattorino.organisations.models import Company, User


class StateLook(models.Model):
    """*Impostazioni comuni* of a state: common to the installation; dashboards and lists are drawn from it."""

    code = models.CharField(max_length=40, unique=True)
    label = models.CharField(max_length=80)
    tab = models.CharField(max_length=40)
    order = models.IntegerField(default=0)
    gadget_label = models.CharField(max_length=80, blank=True)
    icon = models.CharField(max_length=40, blank=True)
    colour = models.CharField(max_length=7, default="#5b7083")
    tooltip = models.CharField(max_length=200, blank=True)
    # Of an uploaded picture, which then stands in the place of `icon`.
    image_sha256 = models.CharField(max_length=64, blank=True)


class WorkflowVersion(models.Model):
    """*Impostazioni aziendali* of all states of a company: one published version, earlier ones kept for ever.

    `definition` is core.workflow.definition as JSON. Documents keep their history when it changes.
    """

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    definition = models.JSONField()
    published_at = models.DateTimeField()
    published_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["company", "number"], name="workflow_version_number"),
        ]


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

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["document"], condition=models.Q(finished_at=None), name="one_open_action"
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


class WorkflowDraft(models.Model):
    """The configuration that a company's administrators are shaping; documents do not know it until it is published.

    What each save changed stands in the audit for ever.
    """

    company = models.OneToOneField(Company, on_delete=models.PROTECT, related_name="+")
    definition = models.JSONField()
    # Number of the published version it started from.
    base_number = models.PositiveIntegerField()
    # Counts saves: the form sends it back, so that nobody overwrites what she has not seen.
    version = models.PositiveIntegerField()
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")


class StateImage(models.Model):
    """A picture uploaded for a gadget, as we drew it anew: never the bytes that came."""

    sha256 = models.CharField(max_length=64, unique=True)
    content = models.BinaryField()
    created_at = models.DateTimeField()


class GadgetPreference(models.Model):
    """How one person wants one gadget of a dashboard: where, hidden, pinned to the top."""

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    dashboard = models.CharField(max_length=2)
    state = models.CharField(max_length=40)
    place = models.IntegerField(null=True)
    hidden = models.BooleanField(default=False)
    pinned = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["company", "user", "dashboard", "state"], name="one_wish_a_gadget"
            )
        ]


class Notice(models.Model):
    """One person is told of one thing that happened: in the pages, and by e-mail where the state says so.

    Written in the transaction of the change itself, so that none is lost; `mail` says what is still to be sent.
    """

    class Mail(models.TextChoices):
        NONE = "", say("nessuna")
        NOW = "now", say("subito")
        DIGEST = "digest", say("nel riepilogo")
        QUEUED = "queued", say("in partenza")
        SENT = "sent", say("inviata")

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    change = models.ForeignKey(StateChange, on_delete=models.PROTECT, related_name="+")
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="+", db_index=False)
    state = models.CharField(max_length=40)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    mail = models.CharField(max_length=6, choices=Mail.choices, blank=True)
    # The e-mail that tells of it, once there is one.
    in_mail = models.ForeignKey(
        "NoticeMail", null=True, on_delete=models.PROTECT, related_name="notices", db_index=False
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["change", "user"], name="told_once")]
        indexes = [
            models.Index(fields=["in_mail"], condition=~models.Q(in_mail=None), name="notices_in_mail"),
            models.Index(fields=["company", "user", "-id"], name="notices_of"),
            models.Index(fields=["company", "user"], condition=models.Q(read_at=None), name="notices_unread"),
            models.Index(
                fields=["id"], condition=models.Q(mail__in=["now", "digest"]), name="notices_to_mail"
            ),
        ]


class NoticePreference(models.Model):
    """How one person wants the e-mails of a company: each at once, or one a day."""

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    digest = models.BooleanField(default=False)
    # The address that the mail server refused for good: nothing more is sent to it.
    refused_address = models.CharField(max_length=254, blank=True)
    refused_why = models.CharField(max_length=500, blank=True)
    refused_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["company", "user"], name="one_wish_for_notices")]


class NoticeMail(models.Model):
    """One e-mail to one person. The notices in it are fixed before it is sent, so that a repeat is the same message.

    `next_attempt_at` is moved on before each attempt: who dies in the middle leaves it for the next one.
    """

    class Outcome(models.TextChoices):
        WAITING = "", say("in attesa")
        SENT = "sent", say("inviata")
        REFUSED = "refused", say("indirizzo rifiutato")
        DROPPED = "dropped", say("non più dovuta")

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+", db_index=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    # What the Message-ID is made of.
    key = models.UUIDField(unique=True)
    # Of the daily summary only.
    digest_day = models.DateField(null=True)
    created_at = models.DateTimeField()
    next_attempt_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    outcome = models.CharField(max_length=7, choices=Outcome.choices, blank=True)
    closed_at = models.DateTimeField(null=True)
    address = models.CharField(max_length=254, blank=True)
    last_error = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["company", "user", "digest_day"],
                condition=~models.Q(digest_day=None),
                name="one_digest_a_day",
            )
        ]
        indexes = [
            models.Index(fields=["company", "user", "-created_at"], name="mails_of"),
            models.Index(fields=["next_attempt_at"], condition=models.Q(outcome=""), name="mails_waiting"),
        ]


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
