"""*Avvisa il cliente*: SdI could not deliver the invoice, so its customer is told where to find it.

The letter is written before anything is sent. An e-mail of which nobody knows whether it went is never sent again by
itself: the person who presses the button again decides.
"""

from __future__ import annotations

import datetime
import smtplib
from dataclasses import dataclass
from email.utils import formataddr

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email
from django.db import transaction

from fattorino.core.errors import FattorinoError, RefusedError
from fattorino.core.texts import say
from fattorino.core.workflow.definition import Dashboard
from fattorino.documents import flows
from fattorino.documents import preview as looks
from fattorino.documents import queries as documents
from fattorino.hub.letter_texts import BODY, BODY_PA, SUBJECT
from fattorino.hub.models import CustomerLetter, Submission
from fattorino.organisations.queries import Actor, get_company
from fattorino.organisations.scope import company_scope
from fattorino.workflow import flows as workflow
from fattorino.workflow.actions import ActionResult, ActionRun

Status = CustomerLetter.Status
LONGEST_BODY = 5000
BYTES = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Draft:
    """What the page proposes."""

    address: str
    subject: str
    body: str


def propose(actor: Actor, document_id: int) -> Draft:
    """A letter about this document, to its customer's address where one is known."""
    view = documents.get_document(actor, document_id)
    company = get_company(actor.company_id)
    words = {
        "customer": view.row.counterpart,
        "number": view.row.number,
        "date": f"{view.row.date:%d/%m/%Y}",
        "total": _amount(view.row.total_cents, view.row.currency),
        "company": company.name,
    }
    body = BODY_PA if view.row.dashboard == Dashboard.ACTIVE_PA else BODY
    party = view.draft.cessionario if view.draft else None
    return Draft((party.email if party else "") or "", SUBJECT.format(**words)[:200], body.format(**words))


def _amount(cents: int, currency: str) -> str:
    whole = f"{abs(cents) // 100:,}".replace(",", ".")
    return f"{whole},{abs(cents) % 100:02} {'€' if currency == 'EUR' else currency}"


def write(
    actor: Actor, document_id: int, address: str, subject: str, body: str, *, now: datetime.datetime
) -> None:
    """Have the letter sent by e-mail: kept, then the action of the state runs.

    Raises:
        RefusedError: with `fields`; or why the action may not run now.
    """
    fields = _wrong(address, subject, body)
    if fields:
        raise RefusedError(say("La lettera non è stata inviata."), fields=fields)
    _keep(actor, document_id, Status.WRITTEN, address, subject, body, "", now)


def mark_told(actor: Actor, document_id: int, how: str, *, now: datetime.datetime) -> None:
    """The customer was told in another way.

    Raises:
        RefusedError: with `fields`; or why the action may not run now.
    """
    if not how or len(how) > 200:
        told = say("Scrivere come: per telefono, per posta, a voce. Al massimo 200 caratteri.")
        raise RefusedError(say("Non è stato registrato nulla."), fields={"come": told})
    _keep(actor, document_id, Status.TOLD, "", "", "", how, now)


def _wrong(address: str, subject: str, body: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    if not settings.MAIL:
        fields["indirizzo"] = say(
            "Questa installazione non invia e-mail: copiare il testo e usare la propria posta."
        )
    try:
        validate_email(address)
        address.encode("ascii")
    except (ValidationError, UnicodeEncodeError):
        fields.setdefault("indirizzo", say("Non è un indirizzo e-mail: per esempio mario@esempio.it."))
    if not subject or len(subject) > 200:
        fields["oggetto"] = say("Scrivere l'oggetto, al massimo 200 caratteri.")
    if not body or len(body) > LONGEST_BODY:
        fields["testo"] = say("Scrivere il testo, al massimo {most} caratteri.", most=f"{LONGEST_BODY}")
    return fields


def _keep(
    actor: Actor,
    document_id: int,
    status: str,
    address: str,
    subject: str,
    body: str,
    told_by: str,
    now: datetime.datetime,
) -> None:
    with transaction.atomic():
        workflow.lock(document_id)
        # What was written before and never taken up is not what she means now.
        CustomerLetter.objects.filter(company_id=actor.company_id, document_id=document_id, run=None).delete()
        CustomerLetter.objects.create(
            company_id=actor.company_id,
            document_id=document_id,
            status=status,
            address=address,
            subject=subject,
            body=body,
            told_by=told_by,
            created_at=now,
            created_by=actor.label[:150],
        )
        workflow.request_action(document_id, actor, now=now)


# ------------------------------------------------------------------------------------------------- the action


def tell_customer(run: ActionRun) -> ActionResult:
    """The action *Avvisa il cliente*: the letter that was written, else the usual one where an address is known."""
    with company_scope(run.company_id):
        taken = _take(run)
    if isinstance(taken, ActionResult):
        return taken
    error = _send(run, taken)
    with company_scope(run.company_id):
        return _close(taken, error, run.now)


def _take(run: ActionRun) -> CustomerLetter | ActionResult:
    """The letter that this run sends, `sending` from now on; or how the run ends without sending."""
    with transaction.atomic():
        workflow.lock(run.document_id)
        rows = CustomerLetter.objects.filter(company_id=run.company_id, document_id=run.document_id)
        written = rows.filter(run=run.run).first() or rows.filter(run=None).order_by("-pk").first()
        row = written or _usual(run)
        if isinstance(row, ActionResult):
            return row
        if row.status == Status.SENT:
            return ActionResult(True, _sent(row))
        if row.status == Status.SENDING:
            row.error = say(
                "Il processo si è interrotto durante l'invio dell'e-mail a {address}: non si sa se sia partita.",
                address=row.address,
            )
            row.status, row.closed_at = Status.FAILED, run.now
        elif row.status == Status.TOLD:
            row.closed_at = run.now
        elif row.status == Status.WRITTEN:
            row.status = Status.SENDING
        row.run = run.run
        row.save(update_fields=["run", "status", "error", "closed_at"])
        if row.status == Status.TOLD:
            return ActionResult(True, say("Cliente avvisato in altro modo: {how}", how=row.told_by))
        if row.status == Status.FAILED:
            return ActionResult(False, row.error)
        return row


def _usual(run: ActionRun) -> CustomerLetter | ActionResult:
    """Nobody wrote one (a program, an *invio massivo*): the usual text."""
    draft = propose(workflow.system_actor(run.company_id), run.document_id)
    if not draft.address or _wrong(draft.address, draft.subject, draft.body):
        return ActionResult(
            False,
            say(
                "Manca un indirizzo e-mail del cliente a cui si possa scrivere: aprire «Avvisa il cliente» nella "
                "pagina del documento."
            ),
        )
    return CustomerLetter.objects.create(
        company_id=run.company_id,
        document_id=run.document_id,
        address=draft.address,
        subject=draft.subject,
        body=draft.body,
        created_at=run.now,
        created_by="Digital Hub",
    )


def _send(run: ActionRun, row: CustomerLetter) -> str:
    """Why it did not go, or nothing; no transaction is open while the mail server is talked to."""
    try:
        with company_scope(run.company_id):
            attachments = _attachments(run)
        message = _message(run, row)
        for name, content, kind in attachments:
            message.attach(name, content, kind)
        message.send()
    except FattorinoError as error:
        return error.text
    except smtplib.SMTPRecipientsRefused:
        return say("Il server di posta rifiuta l'indirizzo {address}.", address=row.address)
    except OSError:  # of which all errors of smtplib and ssl are kinds
        return say("Il server di posta non ha accettato l'e-mail a {address}.", address=row.address)
    return ""


def _message(run: ActionRun, row: CustomerLetter) -> EmailMessage:
    with company_scope(run.company_id):
        company = get_company(run.company_id)
    reply = str(company.party.get("email") or "")
    sender = settings.DEFAULT_FROM_EMAIL
    domain = sender.rpartition("@")[2].strip("<> ") or "localhost"
    return EmailMessage(
        subject=" ".join(row.subject.split()),
        body=row.body,
        from_email=formataddr((company.name, sender)) if "<" not in sender else sender,
        to=[row.address],
        reply_to=[reply] if reply else None,
        headers={"Message-ID": f"<letter.{run.run}@{domain}>"},
    )


def _attachments(run: ActionRun) -> list[tuple[str, bytes, str]]:
    """The readable copy; for a PA also what was sent and SdI's attestation, which stand in for the delivery."""
    actor = workflow.system_actor(run.company_id)
    view = documents.get_document(actor, run.document_id)
    number = "".join(c if c.isalnum() else "-" for c in view.row.number)
    copy = looks.pdf(view, get_company(run.company_id), actor, now=run.now)
    found = [(f"fattura-{number}.pdf", copy, "application/pdf")]
    if view.row.dashboard == Dashboard.ACTIVE_PA:
        rows = Submission.objects.select_related("outgoing").filter(outgoing__isnull=False, current=True)
        sent = rows.filter(company_id=run.company_id, document_id=run.document_id).first()
        if sent is not None and sent.outgoing is not None:
            found.append((sent.file_name, bytes(sent.outgoing.content), BYTES))
        for file in view.files:
            if file.kind == flows.RECEIPT and "_AT_" in file.name:
                name, content = documents.file_bytes(actor, run.document_id, file.id)
                found.append((name, content, BYTES))
    return found


def _close(row: CustomerLetter, error: str, now: datetime.datetime) -> ActionResult:
    CustomerLetter.objects.filter(pk=row.pk, company_id=row.company_id).update(
        status=Status.FAILED if error else Status.SENT, error=error, closed_at=now
    )
    return ActionResult(False, error) if error else ActionResult(True, _sent(row))


def _sent(row: CustomerLetter) -> str:
    return say("Cliente avvisato per e-mail all'indirizzo {address}.", address=row.address)
