"""What a message of SdI is about: a file that we sent, invoices that we received, both, or nothing of ours."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field

from fattorino.core.errors import InputError
from fattorino.core.sdi.message_io import ReadMessage
from fattorino.core.sdi.names import parse_message_name
from fattorino.core.texts import say
from fattorino.documents.received import Received, named, received_under
from fattorino.hub.flows.origins import same_hash
from fattorino.hub.models import Message, Submission

# What SdI tells the transmitter, and what it tells who received: DT goes to both (Specifiche SdI 1.8.1, 4.5 g).
TO_TRANSMITTER = frozenset({"RC", "NS", "MC", "NE", "AT", "DT"})
TO_RECIPIENT = frozenset({"DT", "SE"})


@dataclass(frozen=True, slots=True)
class Target:
    """
    Attributes:
        submission: the file of ours that is meant, with its document.
        received: the invoices that are meant, of one company or more of this installation.
    """

    submission: Submission | None = None
    received: list[Received] = field(default_factory=list)

    @property
    def company_id(self) -> int | None:
        """Whose message it is: the transmitter's where it is about something sent."""
        if self.submission is not None:
            return self.submission.company_id
        return self.received[0].company_id if self.received else None

    @property
    def companies(self) -> set[int]:
        mine = {self.submission.company_id} if self.submission is not None else set()
        return mine | {each.company_id for each in self.received}

    def of(self, company_id: int) -> Target:
        """What of it is this company's."""
        mine = self.submission if self.submission and self.submission.company_id == company_id else None
        return Target(mine, [each for each in self.received if each.company_id == company_id])

    def __bool__(self) -> bool:
        return self.submission is not None or bool(self.received)


def find(message: Message, read: ReadMessage) -> Target:
    """What the message names; in the system's scope, because nobody knows yet whose it is."""
    kind = read.message.tipo
    submission = _sent(message, read) if kind in TO_TRANSMITTER else None
    return Target(submission, received_by(read) if kind in TO_RECIPIENT else [])


def received_by(read: ReadMessage, company_id: int | None = None) -> list[Received]:
    """The received invoices that it names, body by body."""
    found = received_under(sdi_id(read), company_id)
    reference = getattr(read.message, "riferimento_fattura", None)
    if reference is None:
        return found
    return named(found, reference.numero_fattura, reference.anno_fattura, reference.posizione_fattura)


def _sent(message: Message, read: ReadMessage) -> Submission | None:
    """By file name, which is ours alone; then by the archive it was in; else by SdI's identifier."""
    archive = getattr(read.message, "riferimento_archivio", None)
    names = [getattr(read.message, "nome_file", "") or "", (archive.nome_file or "") if archive else ""]
    if not names[0]:
        with contextlib.suppress(InputError):
            names[0] = parse_message_name(message.name).fattura
    rows = Submission.objects.select_related("document", "outgoing").defer("outgoing__content")
    for base in (name.split(".", 1)[0] for name in names if name):
        if found := rows.filter(base_name=base).first():
            return found
    # Only ids that SdI gave in an answer to us; two rows cannot share one.
    known = rows.filter(identificativo_sdi=sdi_id(read))
    return known.first() if sdi_id(read) else None


def sdi_id(read: ReadMessage) -> str:
    # Every kind of message has it, each as its own field: the two flows spell it differently.
    return str(getattr(read.message, "identificativo_sdi", "") or "")


def other_file(target: Target, read: ReadMessage) -> str:
    """An AT, and every receipt of the private flow, says by its hash which file it is about: why that is not the file
    that was sent, else nothing."""
    hashed = getattr(read.message, "hash_file_originale", None) or getattr(read.message, "hash", None) or ""
    row = target.submission
    sent = row.outgoing.sha256 if row and row.outgoing else ""
    if not hashed or not sent or same_hash(hashed, sent):
        return ""
    return say(
        "Il messaggio porta l'impronta di un altro file: quello inviato con questo nome ha impronta {sha256}.",
        sha256=sent,
    )
