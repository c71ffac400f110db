"""What people do with messages that match nothing: say what they are about, try again, file away. None is deleted."""

from __future__ import annotations

import datetime

from django.db import transaction

from fattorino.core.errors import ConflictError, InputError, RefusedError
from fattorino.core.sdi.message_io import ReadMessage, read_message
from fattorino.core.texts import say
from fattorino.documents.lotti import head_of
from fattorino.documents.received import received_as
from fattorino.hub.flows import brought_receipts, matching, origins, receive
from fattorino.hub.flows.matching import Target
from fattorino.hub.models import Message, Submission
from fattorino.organisations.flows import audit
from fattorino.organisations.queries import Actor, get_company
from fattorino.organisations.scope import system_scope
from fattorino.workflow import queries as workflow
from fattorino.workflow import queue

State = Message.State
Status = Submission.Status
# Before these nothing has left the house, and SdI can have nothing to say.
NOT_SENT = [Status.ACQUIRED, Status.VALIDATED, Status.SIGNED]
# For so long a message that matches nothing is tried again by itself.
RECENT = datetime.timedelta(days=3)
AT_ONCE = 500
RELOAD = say("Ricaricare la pagina per vedere dove si trova.")


def match(message_id: int, document_id: int, actor: Actor, *, now: datetime.datetime) -> None:
    """Apply a message to the document that a person says it is about, whatever stood against it.

    Raises:
        RefusedError: she may not, it cannot be read, or it is no message about such a document; ConflictError: somebody
            was quicker.
    """
    with transaction.atomic():
        message = _mine(message_id, actor)
        read = _readable(message)
        target = _target(read, document_id, actor, now)
        trusted = origins.anchors()
        origins.examine(message, read, trusted)
        receive.note_down(message, read)
        audit(
            say("messaggio di SdI abbinato a mano"), now=now, actor_id=actor.user_id, company_id=actor.company_id,
            message=message.pk, file=message.name, document=document_id, signature=message.signature,
        )  # fmt: skip
        receive.settle(message.pk, target, read, message, now=now, by=actor.label)


def _readable(message: Message) -> ReadMessage:
    try:
        return read_message(bytes(message.content))
    except InputError as error:
        raise RefusedError(
            say("Il messaggio non si legge, quindi non si può applicare: {error}", error=error.text),
            say("Si può scaricare, oppure archiviare con un motivo."),
        ) from error


def _target(read: ReadMessage, document_id: int, actor: Actor, now: datetime.datetime) -> Target:
    """The document as the thing such a message speaks of."""
    if not workflow.visible_documents(actor).filter(pk=document_id).exists():
        raise RefusedError(say("Documento non trovato."))
    kind = read.message.tipo
    head = head_of(document_id, actor.company_id)
    row = (
        Submission.objects.select_related("document")
        .filter(document_id=head, company_id=actor.company_id)
        .exclude(status__in=NOT_SENT)
    )
    # Of several presentations the one whose file is named, else the last.
    base = (getattr(read.message, "nome_file", "") or "").split(".", 1)[0]
    submission = row.filter(base_name=base).first() or row.order_by("-pk").first()
    if (
        kind in matching.TO_TRANSMITTER
        and submission is None
        and brought_receipts.awaits_receipt(actor, head)
    ):
        submission = brought_receipts.adopt(actor, head, read, now=now)
    if kind in matching.TO_TRANSMITTER and submission is not None:
        return Target(submission)
    received = received_as(document_id, actor.company_id)
    if kind in matching.TO_RECIPIENT and received is not None:
        return Target(None, [received])
    raise RefusedError(
        say("Un messaggio di tipo {kind} non può riguardare questo documento.", kind=kind),
        say("RC, NS, MC, NE e AT riguardano fatture inviate; SE fatture ricevute; DT le une e le altre."),
    )


def again(message_id: int, actor: Actor, *, now: datetime.datetime) -> None:
    """Have the message read and matched once more: an authority was set, a document came."""
    with transaction.atomic():
        _again(_mine(message_id, actor), actor.user_id, now)


def file_away(message_id: int, why: str, actor: Actor, *, now: datetime.datetime) -> None:
    """Nothing is to be done with it; who said so, and why, stays."""
    with transaction.atomic():
        _file_away(_mine(message_id, actor), why, actor.label, actor.user_id, now)


def nobodys_again(message_id: int, user_id: int, *, now: datetime.datetime) -> None:
    """As `again`, of a message that belongs to no company; the installation's administrator."""
    with system_scope():
        _again(_nobodys(message_id), user_id, now)


def nobodys_file_away(message_id: int, why: str, name: str, user_id: int, *, now: datetime.datetime) -> None:
    """As `file_away`, of a message that belongs to no company."""
    with system_scope():
        _file_away(_nobodys(message_id), why, name, user_id, now)


def give_to(message_id: int, company_id: int, user_id: int, *, now: datetime.datetime) -> None:
    """The installation's administrator says whose it is; that company's administrators see it from then on."""
    with system_scope():
        message = _nobodys(message_id)
        company = get_company(company_id)
        message.company_id = company.pk
        message.save(update_fields=["company_id"])
        audit(
            say("messaggio di SdI assegnato all'azienda"), now=now, actor_id=user_id, company_id=company.pk,
            message=message.pk, file=message.name,
        )  # fmt: skip


def try_recent(*, now: datetime.datetime) -> int:
    """Try again what came lately and matched nothing; how many."""
    from fattorino.hub.tasks import apply_message

    with system_scope():
        rows = Message.objects.select_for_update(skip_locked=True).filter(
            state=State.TO_MATCH, submission=None, document=None, received_at__gt=now - RECENT
        )
        ids = list(rows.exclude(kind="").order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
        Message.objects.filter(pk__in=ids).update(applied_at=None, state=State.WAITING)
        for pk in ids:
            queue.defer(apply_message, lock=f"message:{pk}", message_id=pk)
        return len(ids)


def _again(message: Message, user_id: int | None, now: datetime.datetime) -> None:
    from fattorino.hub.tasks import apply_message

    message.applied_at, message.state = None, State.WAITING
    message.save(update_fields=["applied_at", "state"])
    queue.defer(apply_message, lock=f"message:{message.pk}", message_id=message.pk)
    audit(
        say("messaggio di SdI riproposto"), now=now, actor_id=user_id, company_id=message.company_id,
        message=message.pk, file=message.name,
    )  # fmt: skip


def _file_away(message: Message, why: str, name: str, user_id: int | None, now: datetime.datetime) -> None:
    why = " ".join(why.replace("\x00", "").split())[:300]
    if not why:
        raise RefusedError(
            say("Scrivere perché il messaggio si archivia."),
            say("Il motivo resta accanto al messaggio, per chi lo cercherà."),
        )
    message.state, message.settled_at = State.SETTLED, now
    message.settled_by, message.settled_why = name[:150], why
    message.save(update_fields=["state", "settled_at", "settled_by", "settled_why"])
    audit(
        say("messaggio di SdI archiviato"), now=now, actor_id=user_id, company_id=message.company_id,
        message=message.pk, file=message.name, reason=why,
    )  # fmt: skip


def _mine(message_id: int, actor: Actor) -> Message:
    if not actor.may_configure:
        raise RefusedError(
            say("I messaggi da abbinare li sistema un amministratore dell'azienda."),
            say("Chiedere a un amministratore dell'azienda."),
        )
    rows = Message.objects.filter(pk=message_id, company_id=actor.company_id)
    return _to_match(rows.select_for_update(of=("self",)).first())


def _nobodys(message_id: int) -> Message:
    return _to_match(
        Message.objects.filter(pk=message_id, company=None).select_for_update(of=("self",)).first()
    )


def _to_match(message: Message | None) -> Message:
    if message is None:
        raise RefusedError(say("Messaggio non trovato."))
    if message.state != State.TO_MATCH:
        raise ConflictError(say("Il messaggio non è più da abbinare: non è stato fatto nulla."), RELOAD)
    return message
