"""How a company has configured its states, and how the installation draws them."""

from __future__ import annotations

from django.db import models

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
