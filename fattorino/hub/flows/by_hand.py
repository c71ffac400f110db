"""What a person carries to SdI's portal herself: she says that it went, or takes it back."""

from __future__ import annotations

import datetime
import re

from django.db import transaction

from fattorino import clock
from fattorino.core.errors import ConflictError, RefusedError
from fattorino.core.texts import say, together
from fattorino.hub.flows import turns
from fattorino.hub.flows.channel_settings import name_of
from fattorino.hub.flows.transmit import TAKEN
from fattorino.hub.models import Channel, Submission, Transmission
from fattorino.organisations.queries import Actor
from fattorino.workflow import flows as workflow
from fattorino.workflow import queries as states

Status = Submission.Status
_SDI_ID = re.compile(r"[0-9A-Za-z]{1,36}")


def tell_sent(
    actor: Actor,
    submission_id: int,
    *,
    now: datetime.datetime,
    identificativo_sdi: str = "",
    sent_on: datetime.date | None = None,
) -> None:
    """The person has loaded the file on the portal: from now on its receipt is waited for.

    Raises:
        RefusedError: with `fields`; ConflictError: somebody settled it before.
    """
    may_write(actor)
    _check_sent(identificativo_sdi, sent_on, clock.day(now))
    with transaction.atomic():
        row = _waiting(actor, submission_id)
        Transmission.objects.create(
            company_id=actor.company_id,
            submission=row,
            channel=row.channel,
            started_at=now,
            finished_at=now,
            outcome=Transmission.Outcome.ACCEPTED,
            identificativo_sdi=identificativo_sdi,
        )
        row.status, row.accepted_at = Status.ACCEPTED, now
        row.identificativo_sdi = identificativo_sdi or row.identificativo_sdi
        row.save(update_fields=["status", "accepted_at", "identificativo_sdi"])
        workflow.report_status(
            row.document_id,
            TAKEN,
            actor,
            now=now,
            message=_told(identificativo_sdi, sent_on or clock.day(now)),
            sha256=row.outgoing.sha256 if row.outgoing else "",
        )


def _check_sent(identificativo_sdi: str, sent_on: datetime.date | None, today: datetime.date) -> None:
    fields: dict[str, str] = {}
    if identificativo_sdi and not _SDI_ID.fullmatch(identificativo_sdi):
        fields["identificativo"] = say("L'IdentificativoSdI ha solo cifre (o lettere), al massimo 36.")
    if sent_on and sent_on > today:
        fields["data"] = say("Il giorno della trasmissione non può essere nel futuro.")
    if fields:
        raise RefusedError(say("La trasmissione non è stata registrata."), fields=fields)


def _told(identificativo_sdi: str, day: datetime.date) -> str:
    text = say("Trasmessa a mano dal portale il {day}.", day=f"{day:%d/%m/%Y}")
    if not identificativo_sdi:
        return text
    return together(text, say("IdentificativoSdI {identifier}.", identifier=identificativo_sdi))


def take_back(actor: Actor, submission_id: int, channel_id: int, *, now: datetime.datetime) -> None:
    """It was not carried to the portal after all: it goes on another way.

    Raises:
        RefusedError: no such way; ConflictError: somebody settled it before.
    """
    may_write(actor)
    with transaction.atomic():
        row = _waiting(actor, submission_id)
        channel = (
            Channel.objects.filter(pk=channel_id, company_id=actor.company_id, active=True)
            .exclude(kind=Channel.Kind.BY_HAND)
            .first()
        )
        if channel is None:
            raise RefusedError(
                say("Scegliere il canale con cui inviare il documento."), say("Il canale deve essere attivo.")
            )
        Submission.objects.filter(pk=row.pk).update(
            status=Status.QUEUED, channel=channel, failures=0, next_attempt_at=None, last_error=""
        )
        workflow.record(
            row.document_id,
            "HubTakenBack",
            actor,
            now=now,
            message=say("Non trasmessa a mano: va in coda sul canale «{channel}».", channel=name_of(channel)),
        )
        turns.start(channel, [row.pk], now=now)


def _waiting(actor: Actor, submission_id: int) -> Submission:
    """The submission that waits to be carried; its document is locked before it, as every flow does."""
    hidden = states.hidden_states(actor.company_id, actor)
    found = (
        Submission.objects.filter(pk=submission_id, company_id=actor.company_id)
        .exclude(document__state__in=hidden)
        .values_list("document_id", flat=True)
        .first()
    )
    if found is None:
        raise RefusedError(say("Questo invio non c'è più: ricaricare la pagina."))
    workflow.lock(found)
    row = Submission.objects.select_for_update(of=("self",)).select_related("outgoing", "channel")
    row_now = row.get(pk=submission_id)
    if row_now.status != Status.BY_HAND:
        raise ConflictError(
            say("Nel frattempo qualcuno ha già deciso di questo invio: non è stato fatto nulla."),
            say("Ricaricare la pagina."),
        )
    return row_now


def may_write(actor: Actor) -> None:
    """Raises: RefusedError: the actor only reads."""
    if not actor.may_write:
        raise RefusedError(
            say("Il ruolo di consultazione non permette di lavorare i documenti."),
            say("Chiedere a un amministratore dell'azienda il ruolo di operatore."),
        )
