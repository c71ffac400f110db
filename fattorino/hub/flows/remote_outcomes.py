"""Outcomes (EC) that another program hands in for an invoice received here: sent on byte for byte, under their name."""

from __future__ import annotations

import datetime
import uuid

from fattorino.core.errors import InputError, RefusedError
from fattorino.core.sdi.message_io import read_message
from fattorino.core.sdi.messages import NotificaEsitoCommittente
from fattorino.core.texts import say
from fattorino.documents import flows as documents
from fattorino.hub.flows import channels, outcome_steps, outcomes
from fattorino.hub.flows.matching import received_by, sdi_id
from fattorino.hub.models import OutcomeSent, RemoteFile
from fattorino.workflow import flows as workflow

State = RemoteFile.State
# As if a person had decided it here: these still say, or may say, that SdI has an outcome of that invoice.
ANSWERED = ("queued", "sending", "uncertain", "sent", "taken")


def acquire(file: RemoteFile, *, now: datetime.datetime) -> None:
    """Queue the outcome for SdI, or give it back with the reason; the caller saves the file."""
    try:
        file.outcome = _taken_over(file, now)
        file.state, file.text, file.document_id = State.SENDING, "", file.outcome.document_id
    except (InputError, RefusedError) as exc:
        file.state, file.text = State.RETURNED, exc.text


def _taken_over(file: RemoteFile, now: datetime.datetime) -> OutcomeSent:
    read = read_message(bytes(file.stored.content))
    message = read.message
    if not isinstance(message, NotificaEsitoCommittente) or message.esito not in ("EC01", "EC02"):
        raise RefusedError(say("Il file non è un esito committente (EC01 o EC02)."))
    if sdi_id(read) != file.reception_sdi:
        raise RefusedError(say("L'esito nomina un'altra fattura: l'IdentificativoSdI non è quello indicato."))
    about = received_by(read, file.company_id)
    if not about:
        raise RefusedError(
            say(
                "Nessuna fattura ricevuta qui dall'azienda ha l'IdentificativoSdI {number}.",
                number=sdi_id(read),
            )
        )
    document_id = about[0].document_id
    workflow.lock(document_id)
    before = OutcomeSent.objects.filter(company_id=file.company_id, document_id=document_id)
    if row := before.filter(file_name=file.name, content_id=file.stored_id).first():
        # Given back and handed in again: the same outcome, under the same name.
        if row.status == OutcomeSent.Status.FAILED:
            row.status, row.failures, row.next_attempt_at = OutcomeSent.Status.QUEUED, 0, None
            row.save(update_fields=["status", "failures", "next_attempt_at"])
            outcome_steps.defer_sending(file.company_id, row.pk)
        return row
    if before.filter(status__in=ANSWERED).exists():
        raise RefusedError(
            say("Per questa fattura un esito è già in viaggio o registrato: SdI ne tiene uno solo.")
        )
    if OutcomeSent.objects.filter(company_id=file.company_id, file_name=file.name).exists():
        raise RefusedError(say("Con questo nome il Digital Hub ha già inviato un altro esito."))
    row = OutcomeSent.objects.create(
        company_id=file.company_id,
        document_id=document_id,
        run=uuid.uuid4(),
        channel=channels.channel_for(file.company_id, outcomes.DASHBOARD),
        identificativo_sdi=file.reception_sdi,
        esito=message.esito,
        file_name=file.name,
        content=file.stored,
        created_at=now,
    )
    documents.attach(document_id, file.company_id, documents.ANSWER, file.name, file.stored, now=now)
    outcome_steps.defer_sending(file.company_id, row.pk)
    return row
