"""What a company signs with."""

from __future__ import annotations

from django.db import models

from fattorino.core.texts import say
from fattorino.organisations.models import Company


class SigningKey(models.Model):
    """What a company signs with: a PKCS#12, a token behind a PKCS#11 library, a remote service.

    What opens it is encrypted with the installation's key, and never shown, logged or exported.
    """

    class Kind(models.TextChoices):
        PKCS12 = "pkcs12", say("File PKCS#12 (.p12, .pfx)")
        PKCS11 = "pkcs11", say("Dispositivo o HSM (PKCS#11)")
        CSC = "csc", say("Firma remota (CSC)")

    class Form(models.TextChoices):
        CADES = "cades", say("CAdES-BES (.xml.p7m)")
        XADES = "xades", say("XAdES-BES (.xml)")

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.PKCS12)
    form = models.CharField(max_length=10, choices=Form.choices, default=Form.CADES)
    pkcs12 = models.BinaryField(null=True)
    password = models.BinaryField(null=True)
    # Where the key is, for the other two kinds; and their PIN and passwords, as encrypted JSON.
    settings = models.JSONField(default=dict)
    secrets = models.BinaryField(null=True)
    # Empty until a proposed key was opened for the first time.
    subject = models.CharField(max_length=250, blank=True)
    # Of keys that were opened before it was kept: empty until they are tried again.
    issuer = models.CharField(max_length=250, blank=True)
    serial = models.CharField(max_length=60, blank=True)
    not_after = models.DateTimeField(null=True)
    active = models.BooleanField(default=True)
    # A wrong PIN is never tried again: a few more, and the token or the service locks itself for good.
    blocked_at = models.DateTimeField(null=True)
    blocked_why = models.TextField(blank=True)
    # Which is known of a wrong PIN: the same is not taken again for the same place.
    pin_wrong = models.BooleanField(default=False)
    # A proposed key is opened once: a job that comes again after a fall must not try its PIN a second time.
    opening_since = models.DateTimeField(null=True)
    tested_at = models.DateTimeField(null=True)
    test_note = models.TextField(blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["company"], condition=models.Q(active=True), name="one_active_key"
            ),
        ]
