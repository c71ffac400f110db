"""Helpers of the Hub's tests: a document that waits to be sent, and SdI's messages about it."""

from __future__ import annotations

import datetime
import hashlib
from typing import Any

from django.db import connection

from fattorino.core.sdi import message_io
from fattorino.core.sdi import messages as m
from fattorino.hub.channels.base import Outgoing, Result
from fattorino.hub.flows import receive, waves
from fattorino.hub.models import Channel, Message, Submission
from fattorino.organisations.scope import system_scope
from fattorino.workflow.models import Document, StateChange
from tests.desk import NOW, Desk, jobs, run_jobs

SDI_ID = "1000001"
AT = datetime.datetime(2026, 11, 21, 11, 0, tzinfo=datetime.UTC)


def queued(desk: Desk, *, pa: bool = False) -> Submission:
    """Written, pressed, made, checked, signed: only the sending is left to do."""
    document = desk.save(desk.pa_draft() if pa else None)
    desk.press(document)
    run_jobs(skip=frozenset({"hub.turn"}))
    assert desk.state(document) == "IN_ELABORAZIONE"
    return Submission.objects.get(document=document)


def again(row: Submission) -> Submission:
    return Submission.objects.get(pk=row.pk)


def state(row: Submission) -> str:
    return Document.objects.get(pk=row.document_id).state


def history(row: Submission) -> list[tuple[str, str]]:
    """(event, outcome) of all that happened, without the steps before the sending."""
    changes = StateChange.objects.filter(document_id=row.document_id).order_by("id")
    steps = ("Entered", "ActionRequested", "ActionSucceeded")
    return [(c.event, c.outcome) for c in changes if c.event not in steps]


def transmissions_due(row: Submission) -> int:
    """Jobs that will come for the channel of this submission."""
    return sum(job["args"]["channel_id"] == row.channel_id for job in [*jobs("hub.turn"), *jobs("hub.wake")])


def in_the_queue() -> int:
    """Submissions that wait on a channel for which a job comes."""
    woken = [job["args"]["channel_id"] for job in jobs("hub.turn")]
    return Submission.objects.filter(status=Submission.Status.QUEUED, channel__in=woken).count()


def begin(row: Submission, now: datetime.datetime = NOW) -> tuple[Channel, Outgoing] | None:
    """A turn of the row's channel begins: its way and the file, where this one is sent now."""
    # The jobs that brought us here are done.
    with connection.cursor() as cursor:
        cursor.execute("delete from procrastinate_jobs where task_name in ('hub.turn', 'hub.wake')")
    wave = waves.begin(row.company_id, again(row).channel_id or 0, 1, now=now)
    if wave is None:
        return None
    assert [claimed.submission_id for claimed in wave.files] == [row.pk]
    return again(row).channel, wave.files[0].file


def answered(row: Submission, result: Result, now: datetime.datetime = NOW) -> None:
    """The channel's answer to it, or what went wrong; nothing more is begun."""
    waves.end(row.company_id, again(row).channel_id or 0, 1, {row.pk: result}, now=now)


def letter(row: Submission, tipo: str, *, number: int = 1, **changes: Any) -> tuple[str, bytes]:
    """(name, bytes) of a message about the submission: RC, MC, NS, DT, NE, AT of the flow that its format has."""
    pa = row.formato == "FPA12"
    common: dict[str, Any] = {
        "identificativo_sdi": SDI_ID,
        "nome_file": row.file_name,
        "message_id": str(number),
    } | {k: v for k, v in changes.items() if k in ("identificativo_sdi", "nome_file", "message_id")}
    sha = changes.get("hash") or (row.outgoing.sha256 if row.outgoing else hashlib.sha256(b"x").hexdigest())
    message: m.Messaggio
    if tipo == "NE":
        ec = m.NotificaEsitoCommittente(identificativo_sdi=SDI_ID, esito=changes.get("esito", "EC01"))
        message = m.NotificaEsito(**common, esito_committente=ec)
    elif tipo == "DT":
        message = m.NotificaDecorrenzaTermini(**common, descrizione="15 giorni")
    elif tipo == "NS" and pa:
        errors = tuple(m.Errore(codice=c, descrizione="Errore") for c in changes.get("codes", ("00311",)))
        message = m.NotificaScarto(**common, data_ora_ricezione=AT, lista_errori=errors)
    elif tipo == "NS":
        listed = tuple(
            m.ErrorePrivati(codice=c, descrizione="Errore", suggerimento="-")
            for c in changes.get("codes", ("00311",))
        )
        archive = changes.get("archive")
        message = m.RicevutaScarto(
            **common,
            hash=sha,
            data_ora_ricezione=AT,
            lista_errori=listed,
            riferimento_archivio=m.RiferimentoArchivioPrivati(identificativo_sdi="99", nome_file=archive)
            if archive
            else None,
        )
    elif tipo == "AT":
        to = m.Destinatario(codice="ABC123", descrizione="Comune")
        hashed = changes.get("hash_file_originale") or sha
        if not changes.get("hash_file_originale") and row.outgoing is not None:
            hashed = row.outgoing.sha256
        message = m.AttestazioneTrasmissioneFattura(
            **common, data_ora_ricezione=AT, destinatario=to, hash_file_originale=hashed
        )
    elif tipo == "RC" and pa:
        to = m.Destinatario(codice="ABC123", descrizione="Comune")
        message = m.RicevutaConsegna(**common, data_ora_ricezione=AT, data_ora_consegna=AT, destinatario=to)
    elif tipo == "RC":
        message = m.RicevutaConsegnaPrivati(
            **common,
            hash=sha,
            data_ora_ricezione=AT,
            data_ora_consegna=AT,
            destinatario=m.DestinatarioPrivati(codice="M5UXCR1"),
        )
    elif tipo == "MC" and pa:
        message = m.NotificaMancataConsegna(**common, data_ora_ricezione=AT, descrizione="Non raggiungibile")
    elif tipo == "MC":
        message = m.RicevutaImpossibilitaRecapito(
            **common, hash=sha, data_ora_ricezione=AT, data_messa_a_disposizione=AT.date()
        )
    else:
        raise AssertionError(tipo)
    name = f"{common['nome_file'].split('.')[0]}_{tipo}_{number:03}.xml"
    return name, message_io.write_message(message)


def arrive(row: Submission, tipo: str, **changes: Any) -> Message:
    """SdI brings a message, and the job applies it."""
    name, content = letter(row, tipo, **changes)
    return bring(name, content, changes.get("identificativo_sdi", SDI_ID))


def bring(name: str, content: bytes, identificativo_sdi: str = SDI_ID) -> Message:
    pk = receive.take_message(name, content, identificativo_sdi, now=NOW)
    run_jobs(skip=frozenset({"hub.turn"}))
    return kept(pk)


def kept(pk: int) -> Message:
    """As maintenance sees it: nobody's messages too."""
    with system_scope():
        return Message.objects.get(pk=pk)
