"""PEC: each file in a message of its own to SdI's address; receipts and invoices come into the mailbox.

One file for each message, though 30 MB would hold several: the message is then named by its file, so that every receipt
of the provider speaks of exactly one file, a file that is refused takes no other with it, and SdI answers one by one
anyway. The mailbox itself is hub/mailbox.py.
"""

from __future__ import annotations

import datetime
import email.message
import email.policy
import email.utils
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, TypedDict

from fattorino.core.errors import ChannelError, FattorinoError
from fattorino.core.pec.messages import Pec, read_pec, signature_of
from fattorino.core.sdi.message_io import read_message
from fattorino.core.sdi.names import is_invoice_name, parse_message_name
from fattorino.core.sdi.pec import (
    FIRST_ADDRESS,
    LARGEST,
    SdiMail,
    concerns_sdi,
    from_sdi,
    is_sdi,
    message_id,
)
from fattorino.core.sdi.received import pair_metadata
from fattorino.core.texts import say
from fattorino.hub.channels.base import (
    Accepted,
    AnswerItem,
    Fate,
    InvoiceItem,
    Item,
    MessageItem,
    OtherItem,
    Outgoing,
    Parcel,
    Raw,
    Refused,
    Step,
)
from fattorino.hub.mailbox import Cursor, PecMailbox


class Settings(TypedDict, total=False):
    """What may be shown of a channel of this kind."""

    address: str  # of the mailbox, the sender of all we send
    user: str  # what the provider wants at login; empty: the address
    smtp_host: str
    smtp_port: int  # 465 where empty: TLS from the first octet
    imap_host: str
    imap_port: int  # 993 where empty
    folder: str  # INBOX where empty
    trusted_ca: str  # path of a PEM; empty: the system's authorities
    assigned: str  # the address of SdI to write to, written by the Hub when SdI assigns one; empty: sdi01
    test: bool  # believe SdI's messages of its test environment ("SIMULAZIONE")


class Secrets(TypedDict, total=False):
    """What is kept encrypted."""

    password: str


@dataclass(frozen=True, slots=True)
class SdiPec:
    """A mailbox that writes to SdI; see ChannelPort.

    Attributes:
        assigned: SdI's address for us; empty until it has given one.
        test: SdI's test environment is meant, whose messages mean nothing otherwise.
    """

    most: ClassVar[int] = 1
    # Base64 and line ends make four octets and a bit of three; the rest of the message is small.
    room: ClassVar[int] = LARGEST * 72 // 100

    mailbox: PecMailbox
    assigned: str = ""
    test: bool = False

    def send(self, file: Outgoing) -> Accepted | Refused:
        raise ValueError("files travel in messages on this way")

    def prepare(self, files: Sequence[Outgoing], *, number: int, now: datetime.datetime) -> Parcel:
        """See ChannelPort.prepare: the message, octet by octet as it will be submitted."""
        [file] = files
        content = self._message(file, now)
        if len(content) > LARGEST:
            raise ChannelError(
                say(
                    "Il messaggio con il file {name} supera i 30 MB ammessi per la PEC.", name=file.file_name
                ),
                uncertain=False,
                permanent=True,
                of_file=True,
            )
        return Parcel(message_id(file.file_name, self.mailbox.address), content, (file.file_name,))

    def _message(self, file: Outgoing, now: datetime.datetime) -> bytes:
        message = email.message.EmailMessage(policy=email.policy.SMTP)
        message["From"], message["To"] = self.mailbox.address, self.assigned or FIRST_ADDRESS
        message["Subject"] = file.file_name
        message["Date"] = email.utils.format_datetime(now)
        message["Message-ID"] = message_id(file.file_name, self.mailbox.address)
        # The whole invoice back with every receipt would only fill the mailbox: the file is kept here.
        message["X-TipoRicevuta"] = "breve"
        message.set_content(f"{file.file_name}\n")
        subtype = "pkcs7-mime" if file.file_name.lower().endswith(".p7m") else "octet-stream"
        message.add_attachment(
            file.content, maintype="application", subtype=subtype, filename=file.file_name, cte="base64"
        )
        # Not drawn by lot: what is made again must be the same message.
        message.set_boundary(f"fattorino-{hashlib.sha256(file.content).hexdigest()[:32]}")
        # The library would fold a long name away from its header, which not every provider puts together again.
        return message.as_bytes().replace(b"Message-ID:\r\n <", b"Message-ID: <", 1)

    def hand_over(self, parcel: Parcel) -> None:
        """See ChannelPort.hand_over: submitted to the provider, to the address it was written to."""
        heading = email.message_from_bytes(parcel.content.partition(b"\r\n\r\n")[0])
        self.mailbox.send(parcel.content, to=email.utils.parseaddr(str(heading["To"]))[1])

    def resolve(self, parcel: Parcel) -> Fate:
        """See ChannelPort.resolve: what the provider's receipts in the mailbox say."""
        fate: Fate = "unknown"
        # The search finds parts of values: only the whole one is ours.
        for content in self.mailbox.receipts_of(parcel.name):
            found = _read(content)
            if found is None or found.sort != "ricevuta" or found.riferimento != parcel.name:
                continue
            if _is_final_refusal(found):
                return "not_sent" if _is_proof(found, content) else "unknown"
            if found.tipo in ("accettazione", "avvenuta-consegna"):
                fate = "sent"
        return fate

    def fetch(self, cursor: str) -> Iterator[Raw]:
        """See ChannelPort.fetch. The mailbox is only read, and of what has nothing to do with SdI no more than the
        headers; the cursor says up to where."""
        for letter in self.mailbox.letters(_cursor(cursor), concerns_sdi):
            name = f"{letter.cursor.validity}.{letter.cursor.uid}.eml" if letter.content else ""
            yield Raw(name, letter.content, f"{letter.cursor.validity}:{letter.cursor.uid}")

    def read(self, raw: Raw) -> Sequence[Item]:
        """See ChannelPort.read. What only looks like a receipt, because somebody wrote it to us, is no receipt."""
        letter = read_pec(raw.content)
        if letter.sort == "ricevuta":
            return [_receipt(letter, raw)]
        mail = from_sdi(letter)
        if mail is None:
            return [OtherItem(raw.name, _stranger(letter))]
        if mail.simulated and not self.test:
            return [
                OtherItem(raw.name, say("Messaggio dell'ambiente di prova dello SdI: non ha valore qui."))
            ]
        return self._from_sdi(letter, mail, raw)

    def _from_sdi(self, letter: Pec, mail: SdiMail, raw: Raw) -> Sequence[Item]:
        invoices, others = pair_metadata([(file.name, file.content) for file in mail.files])
        items: list[Item] = [
            InvoiceItem(
                each.identificativo_sdi or _number(letter.subject),
                each.name,
                each.content,
                each.metadata_name,
                each.metadata,
                letter.daticert.quando if letter.daticert else None,
            )
            for each in invoices
        ]
        for name, content in others:
            about = _file_of(name, content)
            items.append(
                MessageItem(name, content)
                if about is not None
                else OtherItem(name, say("Il file «{name}» non è un messaggio dello SdI.", name=name[:80]))
            )
            if about:
                # SdI speaks of it, so it has it, whatever became of the provider's receipts.
                text = say("Lo SdI ha risposto sul file {name}.", name=about)
                items.append(AnswerItem(message_id(about, self.mailbox.address), True, text, mail.assigned))
        if not items:
            items.append(OtherItem(raw.name, say("Messaggio dello SdI senza file.")))
        if not any(isinstance(item, AnswerItem) for item in items) and mail.assigned != mail.address:
            items.append(AnswerItem("", True, say("Lo SdI assegna un indirizzo."), mail.assigned))
        return items

    def done(self, raw: Raw) -> None:
        """See ChannelPort.done. Nothing is removed from a mailbox, which is also an archive of its owner."""

    def examine(self, *, now: datetime.datetime) -> Sequence[Step]:
        """See ChannelPort.examine: log in where messages are submitted and where they are read."""
        steps: list[Step] = []
        address = say("Indirizzo")
        if "@" not in self.mailbox.address or is_sdi(self.mailbox.address):
            return [Step(address, False, say("Manca l'indirizzo della casella PEC."))]
        to = self.assigned or FIRST_ADDRESS
        steps.append(Step(address, True, say("Da {mailbox} a {sdi}.", mailbox=self.mailbox.address, sdi=to)))
        for name, act, good in (
            (
                say("Invio (SMTP)"),
                self.mailbox.try_submission,
                say("Il gestore accetta utente e password; nessun messaggio è stato inviato."),
            ),
            (
                say("Lettura (IMAP)"),
                self.mailbox.try_mailbox,
                say("La cartella {folder} si può leggere.", folder=self.mailbox.folder),
            ),
        ):
            try:
                act()
            except ChannelError as error:
                return [*steps, Step(name, False, error.text)]
            steps.append(Step(name, True, good))
        return steps


def _read(content: bytes) -> Pec | None:
    try:
        return read_pec(content)
    except FattorinoError:
        return None


def _receipt(letter: Pec, raw: Raw) -> Item:
    """The provider's word on a message of ours. Only what ends a doubt is an answer."""
    parcel = letter.riferimento
    detail = letter.daticert.errore_esteso[:200] if letter.daticert else ""
    if letter.tipo == "avvenuta-consegna":
        return AnswerItem(parcel, True, say("Il gestore PEC ha consegnato il messaggio allo SdI."))
    if letter.tipo == "accettazione":
        return OtherItem(raw.name, say("Il gestore PEC ha accettato il messaggio {parcel}.", parcel=parcel))
    if not _is_final_refusal(letter):
        return OtherItem(
            raw.name,
            say(
                "Avviso del gestore PEC sul messaggio {parcel}: {kind}.", parcel=parcel, kind=letter.tipo[:60]
            ),
        )
    if not _is_proof(letter, raw.content):
        return OtherItem(
            raw.name,
            say(
                "Una ricevuta dice che il messaggio {parcel} non è arrivato, ma la sua firma non lo prova.",
                parcel=parcel,
            ),
        )
    if letter.tipo == "non-accettazione":
        return AnswerItem(
            parcel, False, say("Il gestore PEC non ha accettato il messaggio: {why}", why=detail)
        )
    return AnswerItem(
        parcel,
        False,
        say("Il gestore PEC non è riuscito a consegnare il messaggio allo SdI: {why}", why=detail),
    )


def _is_final_refusal(letter: Pec) -> bool:
    """An advance notice of missing delivery is none: the 12th and the 24th hour's look the same (RFC 6109, 3.3.2)."""
    return letter.tipo in ("non-accettazione", "errore-consegna")


def _is_proof(letter: Pec, content: bytes) -> bool:
    """Whether a file may be sent again on the word of this receipt: whole, signed, and about that message."""
    signer = signature_of(content)
    certified = letter.daticert
    if signer is None or certified is None:
        return False
    # No signing time (00103) or a certificate made for mail, not for signing documents (00107), take nothing away.
    whole = {found.code for found in signer.findings if found.is_error} <= {"00103", "00107"}
    return whole and certified.tipo == letter.tipo and certified.msgid in ("", letter.riferimento)


def _stranger(letter: Pec) -> str:
    if letter.sort == "anomalia":
        return say("Messaggio non certificato da {sender}.", sender=letter.sender[:200] or "?")
    return say("Messaggio di {sender}, che non è lo SdI.", sender=letter.sender[:200] or "?")


def _file_of(name: str, content: bytes) -> str | None:
    """The file that a message of SdI is about; "" for a message about none of ours, None for what is no message."""
    try:
        parse_message_name(name)
    except FattorinoError:
        return None
    try:
        message = read_message(content).message
    except FattorinoError:
        return ""
    about = getattr(message, "nome_file", None) or ""
    return about if message.tipo in _ABOUT_OURS and is_invoice_name(about) else ""


# An MT, an SE or a DT speaks of an invoice that came to us (a DT of either); these speak of one that we sent.
_ABOUT_OURS = ("RC", "NS", "MC", "NE", "AT")


def _number(subject: str) -> str:
    """The IdentificativoSdI at the end of SdI's subjects, where its MT does not tell it."""
    found = re.search(r"(?<![0-9])[0-9]{3,12}(?![0-9])", subject)
    return found[0] if found else ""


def _cursor(text: str) -> Cursor:
    found = re.fullmatch(r"([0-9]{1,19}):([0-9]{1,19})", text)
    return Cursor(int(found[1]), int(found[2])) if found else Cursor()
