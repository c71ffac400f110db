"""The actions of the passive states that need nobody outside of this program. Each may run twice."""

from __future__ import annotations

from fattorino import clock
from fattorino.core.texts import say
from fattorino.documents.models import PassiveInvoice
from fattorino.documents.passive import flows
from fattorino.documents.passive.page import CANCELLED
from fattorino.organisations.scope import company_scope
from fattorino.workflow import queries as workflow
from fattorino.workflow.actions import ActionResult, ActionRun


def to_gestionale(run: ActionRun) -> ActionResult:
    """*Invia a gestionale*: from here on the invoice is in the feed of the API and in the export."""
    with company_scope(run.company_id):
        flows.hand_over(run.document_id, run.company_id, now=run.now)
    return ActionResult(
        True, say("A disposizione del gestionale, che la preleva via API o con l'esportazione in ZIP.")
    )


def posted(run: ActionRun) -> ActionResult:
    """*Contabilizza*: what a person wrote on the page; for many at once today, without a protocol number."""
    with company_scope(run.company_id):
        actor = workflow.asked_by(run.run, run.company_id)
        row = flows.posting_for(run.document_id, actor, now=run.now, today=clock.day(run.now))
    return ActionResult(True, flows.posted_text(row))


def integrated(run: ActionRun) -> ActionResult:
    """*Prepara integrazione*: done when the document of the company's own exists."""
    with company_scope(run.company_id):
        rows = PassiveInvoice.objects.filter(document_id=run.document_id, company_id=run.company_id)
        valid = rows.exclude(integration=None).exclude(integration__state=CANCELLED)
        number = valid.values_list("integration__number", flat=True).first()
    if number is None:
        return ActionResult(
            False, say("L'integrazione non è ancora stata preparata: aprire la fattura e prepararla da lì.")
        )
    return ActionResult(True, say("Integrata con il documento {number}.", number=number))


def archived(run: ActionRun) -> ActionResult:
    """*Archivia*."""
    return ActionResult(True, say("Archiviata."))


def closed(run: ActionRun) -> ActionResult:
    """*Chiudi l'iter*."""
    return ActionResult(True, say("Iter chiuso."))
