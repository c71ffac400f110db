"""What a company signs with."""

from __future__ import annotations

from django.db import models

from fattorino.organisations.models import Company


class SigningKey(models.Model):
    """A company's PKCS#12, encrypted with the installation's key; never shown, logged or exported."""

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    pkcs12 = models.BinaryField()
    password = models.BinaryField()
    subject = models.CharField(max_length=250)
    serial = models.CharField(max_length=60)
    not_after = models.DateTimeField()
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["company"], condition=models.Q(active=True), name="one_active_key"
            ),
        ]
