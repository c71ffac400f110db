"""What SdI still owes about what was sent, and until when."""

from __future__ import annotations

from django.db import models

from fattorino.core.texts import say
from fattorino.hub.models.submissions import Submission
from fattorino.organisations.models import Company
from fattorino.workflow.models import Document


class Term(models.Model):
    """One thing that SdI owes about a submission. Warned of once, told once when it passes, closed when it comes."""

    class Awaited(models.TextChoices):
        RECEIPT = "receipt", say("La ricevuta di SdI")
        OUTCOME = "outcome", say("La risposta dell'amministrazione o la decorrenza dei termini")
        ATTESTATION = "attestation", say("La consegna, o l'attestazione che non è stata possibile")

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="+")
    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="terms")
    awaited = models.CharField(max_length=12, choices=Awaited.choices)
    since = models.DateTimeField()
    due_at = models.DateTimeField()
    warned_at = models.DateTimeField(null=True)
    passed_at = models.DateTimeField(null=True)
    met_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["submission", "awaited"], name="one_term_of_a_kind")]
        indexes = [
            models.Index(
                fields=["company", "due_at", "id"], condition=models.Q(met_at=None), name="terms_of_company"
            ),
            models.Index(
                fields=["due_at"], condition=models.Q(met_at=None, passed_at=None), name="terms_running"
            ),
        ]
