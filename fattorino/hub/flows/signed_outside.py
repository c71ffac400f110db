"""A file that was signed outside: taken only when what is inside is byte for byte what was checked here."""

from __future__ import annotations

import datetime
import re

from django.db import transaction

from fattorino.core import xml
from fattorino.core.errors import FattorinoError, RefusedError
from fattorino.core.fatturapa.envelope import is_signed, is_xml, unwrap, verify
from fattorino.core.texts import say, together
from fattorino.core.workflow.definition import Action, Dashboard
from fattorino.documents import files
from fattorino.documents import flows as documents
from fattorino.documents.lotti import head_of
from fattorino.hub.flows import signing_again
from fattorino.hub.flows.bodies import listed_for_all
from fattorino.hub.models import Submission
from fattorino.organisations.queries import Actor
from fattorino.workflow import flows as workflow
from fattorino.workflow.queries import visible_documents, workflow_of

Status = Submission.Status
LIMIT = 20 * 1024 * 1024  # bytes; SdI takes 5 MB, and an envelope in base64 is a third larger
_DS = "{http://www.w3.org/2000/09/xmldsig#}"
_START = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?Signature[\s>]")
_END = re.compile(rb"</(?:[A-Za-z_][\w.-]*:)?Signature\s*>")


def waiting(document_id: int, actor: Actor) -> Submission | None:
    """What waits for its signature: made and checked, nothing that goes out yet, in a state whose action it is to sign;
    None also for who may not see it."""
    document = visible_documents(actor).filter(pk=document_id).first()
    if document is None or not document.dashboard:
        return None
    _, flow = workflow_of(actor.company_id)
    if flow.state(document.state).rule(Dashboard(document.dashboard)).action != Action.SIGN:
        return None
    return (
        Submission.objects.select_related("content")
        .filter(
            document_id=head_of(document_id, actor.company_id),
            company_id=actor.company_id,
            current=True,
            outgoing=None,
            content__isnull=False,
            status=Status.VALIDATED,
        )
        .first()
    )


def take(actor: Actor, document_id: int, content: bytes, *, now: datetime.datetime) -> None:
    """Take the signed file as what goes out, and go on with the document as after a signature of ours.

    Raises:
        RefusedError: not now, not this file, or a signature that SdI would not take; nothing is changed then.
    """
    if not actor.may_write:
        raise RefusedError(say("Il ruolo di consultazione non permette di consegnare file firmati."))
    with transaction.atomic():
        workflow.lock(head_of(document_id, actor.company_id))
        row = waiting(document_id, actor)
        if row is None or row.content is None:
            raise RefusedError(
                say("Questo documento non aspetta una firma."),
                say("Guardare il suo stato: forse è già stato firmato."),
            )
        _check(content, bytes(row.content.content), now)
        name = f"{row.base_name}.xml" + ("" if is_xml(content) else ".p7m")
        stored = documents.store(actor.company_id, content, now=now)
        listed = listed_for_all(actor.company_id, [(row.document_id, name, stored)])
        files.attach_many(actor.company_id, documents.SIGNED, listed, now=now)
        Submission.objects.filter(pk=row.pk, outgoing=None).update(
            outgoing=stored, file_name=name, status=Status.SIGNED
        )
        signing_again.settled(actor.company_id, [row.pk])
        told = say("Consegnata la fattura firmata fuori da Fattorino: {file}", file=name)
        workflow.record(document_id, "SignedOutside", actor, now=now, message=told, sha256=stored.sha256)
        workflow.request_action(document_id, actor, now=now)


def _check(content: bytes, original: bytes, now: datetime.datetime) -> None:
    if len(content) > LIMIT:
        raise RefusedError(say("Il file supera i {limit} MB.", limit=LIMIT // 1_048_576))
    try:
        opened = unwrap(content)
    except FattorinoError as error:
        raise RefusedError(error.message, error.hint) from error
    if not is_signed(opened):
        raise RefusedError(
            say("Il file non è firmato."),
            say(
                "Firmare il file XML scaricato da qui e consegnare quello che il programma di firma ha prodotto."
            ),
        )
    inside = opened.content if opened.layers else _without_signatures(content)
    if inside != original:
        raise RefusedError(
            say("Il contenuto del file firmato non è identico a quello controllato da Fattorino."),
            say(
                "Firmare il file XML scaricato da qui senza aprirlo né salvarlo con altri programmi; il formato "
                "CAdES (.p7m) non lo modifica mai."
            ),
        )
    errors = [finding for finding in verify(opened, at=now) if finding.is_error]
    if errors:
        raise RefusedError(together(say("SdI scarterebbe questa firma."), errors[0].message), errors[0].hint)


def _without_signatures(content: bytes) -> bytes:
    """An XAdES file as it was before; b"" where that cannot be told, which equals no file.

    Only the signatures themselves are left out, and blanks between two of them: whatever else stands there would go
    out to SdI without ever having been checked.
    """
    spans = _signatures(content)
    if not spans or len(spans) != _count_signatures(content):
        return b""
    kept, end = content[: spans[0][0]], spans[0][1]
    for start, after in spans[1:]:
        between = content[end:start]
        kept, end = kept + (between if between.strip() else b""), after
    return kept + content[end:]


def _signatures(content: bytes) -> list[tuple[int, int]]:
    """Where each outermost signature begins and ends; none where that is in doubt."""
    marks = sorted(
        [(each.start(), 1, each.end()) for each in _START.finditer(content)]
        + [(each.start(), -1, each.end()) for each in _END.finditer(content)]
    )
    spans, depth, begin = [], 0, 0
    for start, step, end in marks:
        begin = start if depth == 0 else begin
        depth += step
        if depth < 0:
            return []
        if depth == 0:
            spans.append((begin, end))
    # In a comment or a CDATA section a tag is no tag, so what these hold cannot be counted.
    if depth or any(b"<!" in content[start:end] or b"<?" in content[start:end] for start, end in spans):
        return []
    return spans


def _count_signatures(content: bytes) -> int:
    """How many signatures the document itself bears: beside its contents, of the right namespace."""
    try:
        root = xml.parse(content)
    except FattorinoError:
        return 0
    return len(root.findall(f"{_DS}Signature"))
