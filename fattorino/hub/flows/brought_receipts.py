"""The receipts that a person brings, of what she carried to SdI's portal herself.

A document may also have been sent outside the procedure altogether: then its receipt names a file that we never made,
and that name becomes the document's from then on.
"""

from __future__ import annotations

import datetime
import hashlib
import uuid

from django.db import IntegrityError, transaction

from fattorino.core.errors import InputError, RefusedError, SetupError
from fattorino.core.sdi.message_io import ReadMessage, messages_in, read_message
from fattorino.core.sdi.names import InvoiceName, parse_invoice_name, progressive
from fattorino.core.sdi.origin import origin_of
from fattorino.core.texts import say, together
from fattorino.core.workflow.definition import Action
from fattorino.documents import flows as documents
from fattorino.documents import queries
from fattorino.documents.lotti import head_of
from fattorino.hub.flows import origins, submissions
from fattorino.hub.flows.by_hand import may_write
from fattorino.hub.flows.matching import TO_TRANSMITTER, sdi_id
from fattorino.hub.flows.receive import take_message
from fattorino.hub.models import FileNameSeries, Message, Submission
from fattorino.organisations.queries import Actor, get_company
from fattorino.organisations.scope import company_scope
from fattorino.workflow import flows as workflow
from fattorino.workflow.actions import ActionResult, ActionRun

Status = Submission.Status
# With one of these the file that goes by another name cannot be this document's: SdI has ours, or may have it.
WITH_SDI = frozenset({Status.QUEUED, Status.SENDING, Status.UNCERTAIN, Status.ACCEPTED, Status.CLOSED})
# Of a receipt, an archive of receipts included.
LIMIT = 8_000_000
# Numbers of our own series that another program may have used meanwhile.
NEAR = 10_000


def load_receipts(
    actor: Actor, files: list[tuple[str, bytes]], *, now: datetime.datetime
) -> tuple[int, list[tuple[str, str]]]:
    """Take receipts that a person brings, also many in a zip; each finds its document by the file name in it.

    Returns:
        how many count, and the names of those that cannot be taken or that move nothing by themselves, each with the
        reason.
    """
    may_write(actor)
    told = []
    brought = [each for file in files for each in _apart(*file)]
    for name, content in brought:
        try:
            read = _readable(content)
        except InputError as error:
            told.append((name, error.text))
            continue
        take_message(name, content, "", now=now, company_id=actor.company_id)
        if doubt := _doubt(read, now):
            told.append((name, doubt))
    return len(brought) - len(told), told


def _apart(name: str, content: bytes) -> list[tuple[str, bytes]]:
    """The receipts of an archive of several; anything else as it is."""
    found = messages_in(content) if len(content) <= LIMIT else ()
    if len(found) < 2:
        return [(name, content)]
    return [(each.name.rsplit("/", 1)[-1], each.content) for each in found]


def load_receipt(actor: Actor, document_id: int, name: str, content: bytes, *, now: datetime.datetime) -> str:
    """Take the receipt of this very document, also where the file was never ours; then the state's action runs.

    Returns:
        why it will move nothing by itself, "" where it will.

    Raises:
        InputError: not a message of SdI. RefusedError: it is about another file.
    """
    may_write(actor)
    read = _readable(content)
    # Of a lotto the receipt is that of its file.
    document_id = head_of(document_id, actor.company_id)
    doubt = _doubt(read, now)
    with transaction.atomic():
        workflow.lock(document_id)
        company_id = actor.company_id
        # Only where the document's state has this action may the button be pressed on the way.
        asked = awaits_receipt(actor, document_id)
        ours = _is_ours(company_id, document_id, _file_of(read), asked)
        if doubt:
            # What proves nothing gives the document neither a name nor a state: a person judges it first.
            take_message(name, content, "", now=now, company_id=company_id)
            return doubt
        if not ours:
            _take_name(company_id, document_id, read, now)
        if not asked:
            take_message(name, content, "", now=now, company_id=company_id)
            return ""
        stored = documents.store(company_id, content, now=now)
        documents.attach(document_id, company_id, documents.RECEIPT, name[:255], stored, now=now)
        # The action reads what is attached here, so that the new state is written before the receipt moves it on.
        workflow.request_action(document_id, actor, now=now)
    return ""


def awaits_receipt(actor: Actor, document_id: int) -> bool:
    """Whether the document was sent outside the procedure, as its state says, so that its receipt brings the name."""
    return queries.get_standing(actor, document_id).possibilities.action is Action.LOAD_RECEIPT


def adopt(actor: Actor, document_id: int, read: ReadMessage, *, now: datetime.datetime) -> Submission:
    """Give a document that was sent outside the procedure the file that a receipt names: a person said that it is its.

    Raises:
        RefusedError: the file is another document's. InputError: the receipt names none.
    """
    with transaction.atomic():
        workflow.lock(document_id)
        if not _is_ours(actor.company_id, document_id, _file_of(read), awaits_receipt(actor, document_id)):
            _take_name(actor.company_id, document_id, read, now)
        return Submission.objects.get(company_id=actor.company_id, base_name=_file_of(read).stem)


def loaded(run: ActionRun) -> ActionResult:
    """The action *Carica ricevuta*: what was brought for this document is taken as if SdI itself had sent it."""
    actor = workflow.system_actor(run.company_id)
    with company_scope(run.company_id):
        receipts = [
            f for f in queries.get_document(actor, run.document_id).files if f.kind == documents.RECEIPT
        ]
        files = [queries.file_bytes(actor, run.document_id, each.id) for each in receipts]
        digests = [hashlib.sha256(content).hexdigest() for _, content in files]
        known = set(Message.objects.filter(sha256__in=digests).values_list("sha256", flat=True))
    fresh = [file for file, sha in zip(files, digests, strict=True) if sha not in known]
    if not fresh:
        return ActionResult(
            False,
            say("Nessuna ricevuta nuova è stata caricata: il pulsante «Carica ricevuta» ne chiede il file."),
        )

    def apply() -> None:
        for name, content in fresh:
            take_message(name, content, "", now=run.now, company_id=run.company_id)

    names = ", ".join(name for name, _ in fresh)
    return ActionResult(True, say("Ricevuta caricata: {name}.", name=names), then=apply)


def _readable(content: bytes) -> ReadMessage:
    if len(content) > LIMIT:
        raise InputError(say("Il file è troppo grande per essere una ricevuta di SdI."))
    hint = say("Caricare RC, NS, MC, NE, DT o AT, come li dà il portale.")
    try:
        read = read_message(content)
    except InputError as error:
        # What was wrong with it is told for whoever looks for an invoice: here something else is to be chosen.
        told = together(say("Il file non è una ricevuta di SdI."), error.message)
        raise InputError(told, hint) from error
    if read.message.tipo not in TO_TRANSMITTER:
        raise InputError(
            say(
                "Il file è di tipo {kind}: non è una ricevuta di una fattura inviata.", kind=read.message.tipo
            ),
            hint,
        )
    return read


def _doubt(read: ReadMessage, now: datetime.datetime) -> str:
    """Why a person will have to look at it before it counts, "" where it counts at once (decision 0012)."""
    try:
        trusted = origins.anchors()
    except SetupError as error:
        return error.text
    origin = origin_of(read.xml, at=now, trusted=trusted)
    if origins.may_act(origin.verdict, anchored=bool(trusted)):
        return ""
    return say(
        "La ricevuta è conservata, ma non è provato che venga da SdI: attende in «Messaggi SdI», «Da abbinare»."
        " {reason}",
        reason=origin.note,
    )


def _is_ours(company_id: int, document_id: int, file_name: InvoiceName, asked: bool) -> bool:
    """Whether the file which a receipt names is this document's already; else it was sent outside the procedure.

    Raises:
        RefusedError: neither can be so.
    """
    found = Submission.objects.filter(company_id=company_id, base_name=file_name.stem).first()
    if found is not None:
        if found.document_id != document_id:
            raise RefusedError(
                say("La ricevuta è del file {file}, inviato con un altro documento.", file=str(file_name)),
                say("Caricarla dalla pagina di quel documento."),
            )
        return True
    current = Submission.objects.filter(company_id=company_id, document_id=document_id, current=True).first()
    if not asked and (current is None or current.status not in WITH_SDI):
        raise RefusedError(
            say("Questo documento non risulta trasmesso: una ricevuta non può essere sua."),
            say(
                "Se è stato trasmesso fuori procedura, assegnargli prima lo stato che lo dice (Cambia stato)."
            ),
        )
    if current is not None and current.status in WITH_SDI:
        raise RefusedError(
            say(
                "La ricevuta è del file {file}, ma questo documento è stato inviato come {ours}.",
                file=str(file_name),
                ours=current.file_name or current.base_name,
            ),
            say("Controllare di avere scelto la ricevuta giusta."),
        )
    return False


def _take_name(company_id: int, document_id: int, read: ReadMessage, now: datetime.datetime) -> None:
    """From now on the file which the receipt names is the document's."""
    file_name = _file_of(read)
    Submission.objects.filter(company_id=company_id, document_id=document_id, current=True).update(
        current=False
    )
    _keep_clear_of(company_id, file_name)
    try:
        with transaction.atomic():
            Submission.objects.create(
                company_id=company_id,
                document_id=document_id,
                run=uuid.uuid4(),
                status=Status.ACCEPTED,
                base_name=file_name.stem,
                file_name=str(file_name),
                identificativo_sdi=sdi_id(read)[:36],
                created_at=now,
            )
    except IntegrityError as error:
        # Of another company of this installation: nothing of it may be told.
        raise RefusedError(
            say("Il file {file} non può essere di questo documento.", file=str(file_name)),
            say("Controllare di avere scelto la ricevuta giusta."),
        ) from error


def _keep_clear_of(company_id: int, name: InvoiceName) -> None:
    """A name of our own series that another program has used will not be given again.

    One that lies far ahead is left alone: the series, which never ends otherwise, would be at its end.
    """
    company = get_company(company_id)
    if (name.paese, name.identificativo) != (company.trasmittente_paese, company.trasmittente_codice):
        return
    number = int(name.progressivo, 36)
    if number > 0 and name.progressivo == progressive(number):
        given = FileNameSeries.objects.filter(id_paese=name.paese, id_codice=name.identificativo)
        last = given.values_list("last", flat=True).first() or 0
        if last < number <= last + NEAR:
            submissions.start_names_after(company, name.progressivo)


def _file_of(read: ReadMessage) -> InvoiceName:
    name = getattr(read.message, "nome_file", "") or ""
    archive = getattr(read.message, "riferimento_archivio", None)
    for each in (name, (archive.nome_file or "") if archive else ""):
        try:
            return parse_invoice_name(each)
        except InputError:
            continue
    raise InputError(
        say("La ricevuta non dice di quale file è."),
        say("Caricare il file come lo dà il portale, non rinominato."),
    )
