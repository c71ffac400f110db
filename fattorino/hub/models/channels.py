"""The ways to SdI that a company has, what went out on them together, and what was fetched from them."""

from __future__ import annotations

from django.db import models

from fattorino.core.texts import say
from fattorino.core.workflow.settings import DASHBOARD_LABELS
from fattorino.organisations.models import Company


class Channel(models.Model):
    """One way of a company to SdI (written by hub.flows.channels), and how it is doing (by hub.flows.health)."""

    class Kind(models.TextChoices):
        SDICOOP = "sdicoop", say("SDICoop (servizi web)")
        SDIFTP = "sdiftp", say("SdIFtp (scambio di supporti)")
        PEC = "pec", say("PEC")
        INTERMEDIARY = "intermediary", say("Intermediario (altro Digital Hub)")
        BY_HAND = "by_hand", say("A mano, dal portale dell'Agenzia")

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20, choices=Kind.choices, default=Kind.SDICOOP)
    label = models.CharField(max_length=80, blank=True)
    # Addresses, users, folders: what may be shown. An SDICoop without address uses the installation's.
    settings = models.JSONField(default=dict)
    # Passwords and private keys: JSON, encrypted with the installation's key; never shown, logged or exported.
    secrets = models.BinaryField(null=True)
    active = models.BooleanField(default=True)
    # At most so many files a minute (0: as many as go), and so many at the same time.
    pace = models.PositiveIntegerField(default=0)
    concurrency = models.PositiveSmallIntegerField(default=4)
    # Where there is a pace: the files that have gone are paid for up to then (hub.flows.health).
    paced_until = models.DateTimeField(null=True)
    # The breaker: after several failures in a row nothing is tried until then.
    failures = models.PositiveIntegerField(default=0)
    closed_until = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)
    last_failed_at = models.DateTimeField(null=True)
    last_worked_at = models.DateTimeField(null=True)
    # Up to where it was read, in the channel's own words, and when it was last looked at.
    cursor = models.CharField(max_length=200, blank=True)
    collected_at = models.DateTimeField(null=True)
    # Everything that had come by then was fetched: the beginning of the last visit that left nothing behind.
    read_up_to = models.DateTimeField(null=True)
    # The clock visits it again from then on: as it is set it was refused, and whoever knocks too often is locked out.
    visits_from = models.DateTimeField(null=True)
    # What the test button found: [{"step", "ok", "text"}].
    tested_at = models.DateTimeField(null=True)
    test_result = models.JSONField(default=list)
    # Set while the test runs: its steps come all at the end.
    test_started_at = models.DateTimeField(null=True)
    # The earliest end of the certificates that it works with, as last seen.
    certificates_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["company", "id"], name="channels_of_company")]

    @property
    def gathers(self) -> bool:
        """Whether a parcel holds whatever has gathered until the other side comes by."""
        return self.kind == self.Kind.SDIFTP


class ChannelUse(models.Model):
    """Which way the documents of a dashboard go (an empty dashboard: all that have no row of their own).

    The second way is taken only for a file that certainly was not sent on the first.
    """

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    dashboard = models.CharField(
        max_length=2, blank=True, choices=[(str(d), label) for d, label in DASHBOARD_LABELS.items()]
    )
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="+")
    fallback = models.ForeignKey(Channel, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["company", "dashboard"], name="one_way_per_dashboard")]


class Consignment(models.Model):
    """Files that travel together or inside something: a support of SdIFtp, a PEC message.

    Named and sealed before the network is touched: what is handed over again after a fault is the same thing.
    """

    class Status(models.TextChoices):
        SEALED = "sealed", say("Preparato")
        SENDING = "sending", say("In consegna")
        HANDED_OVER = "handed_over", say("Consegnato al canale")
        TAKEN = "taken", say("Preso in carico")
        REFUSED = "refused", say("Rifiutato")
        UNCERTAIN = "uncertain", say("Esito incerto")

    # Certainly not given away, or being given away now.
    NOT_AWAY = (Status.SEALED, Status.SENDING)

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)
    content = models.BinaryField()
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.SEALED)
    created_at = models.DateTimeField()
    handed_over_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    answer = models.TextField(blank=True)
    failures = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "name"], name="consignment_name")]
        indexes = [
            models.Index(
                fields=["channel", "id"],
                condition=models.Q(status__in=["sealed", "sending", "handed_over", "uncertain"]),
                name="consignments_open",
            )
        ]


class Collected(models.Model):
    """Something whole that was fetched from a channel (a PEC letter, a support, a file of a folder), as it came.

    The same bytes again are the same thing. What is inside becomes messages and passive invoices.
    """

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField()
    received_at = models.DateTimeField()
    arrivals = models.PositiveIntegerField(default=1)
    read_at = models.DateTimeField(null=True)
    note = models.TextField(blank=True)
    # When it was put where we found it, as far as the way tells: SdI's days run from there, not from our visit.
    laid_at = models.DateTimeField(null=True)
    # It could not be read: a person must look at it.
    set_aside = models.BooleanField(default=False)
    # Invoice files that were found inside (messages point here by themselves).
    invoices = models.PositiveIntegerField(default=0)
    # The bytes are gone (hub.flows.tidying): what was inside is kept where it belongs. The row stays, so that the same
    # thing fetched again is still known.
    emptied_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "sha256"], name="collected_once")]
        indexes = [
            models.Index(fields=["channel", "-id"], name="collected_list"),
            models.Index(fields=["channel", "name"], name="collected_by_name"),
            models.Index(
                fields=["received_at"],
                condition=models.Q(emptied_at=None, read_at__isnull=False),
                name="collected_to_empty",
            ),
            models.Index(fields=["id"], condition=models.Q(read_at=None), name="collected_unread"),
        ]
