"""SdI behind its PEC addresses: takes what the provider delivers to them, and writes back by certified mail.

It knows no provider: who runs both hands over how a message is posted. SdI's first address is for the first message;
its answer assigns another one (Specifiche SdI 1.8.1, 3.1.1).
"""

from __future__ import annotations

import re
import threading
import zlib
from collections.abc import Callable, Sequence

from fattorino.core.errors import FattorinoError
from fattorino.core.sdi import message_io, soap
from fattorino.core.sdi.messages import NotificaEsitoCommittente
from fattorino.core.sdi.pec import FIRST_ADDRESS, is_sdi
from fattorino.simulators.sdi.books import Outgoing
from fattorino.simulators.sdi.exchange import INVOICE, Exchange

NamedFile = tuple[str, bytes]
# Sends a certified message: sender, recipient, subject, text, files. False where there is no such mailbox.
Post = Callable[[str, str, str, str, Sequence[NamedFile]], bool]

MAILTO = "mailto:"  # in the `url` of a recipient that is served by PEC
_SUBJECTS = {
    INVOICE: "Invio File",
    "RC": "Ricevuta di consegna",
    "MC": "Notifica di mancata consegna",
    "NS": "Notifica di scarto",
    "NE": "Notifica di esito",
    "DT": "Notifica di decorrenza termini",
    "AT": "Attestazione di avvenuta trasmissione",
    "SE": "Notifica di scarto esito",
}
_SENDER, _SEEN, _ADDRESS = "pec da ", "pec visto ", "pec indirizzo "
_OUTCOME = re.compile(r"_EC_[A-Za-z0-9]{1,3}\.xml(\.p7m)?$")


class PecLine:
    """A carrier; see `server.Carrier`.

    Args:
        post: see `Post`.
    """

    def __init__(self, exchange: Exchange, post: Post) -> None:
        self._exchange = exchange
        self._books = exchange.books
        self._post = post
        self._lock = threading.Lock()

    # From the provider --------------------------------------------------------------------------------------

    def take(self, recipient: str, sender: str, message_id: str, files: Sequence[NamedFile]) -> bool:
        """A certified message for one of SdI's addresses. False where there is no such address."""
        if not is_sdi(recipient):
            return False
        with self._lock, self._books.transaction():
            # Providers may deliver twice; SdI knows a message by its Message-ID.
            if message_id and self._books.get(_SEEN + message_id):
                return True
            self._books.put(_SEEN + message_id, True)
            self._assign(sender)
            for name, content in files:
                self._take_file(sender, name, content)
        return True

    def _take_file(self, sender: str, name: str, content: bytes) -> None:
        if _OUTCOME.search(name):
            self._take_outcome(sender, name, content)
            return
        accepted = self._exchange.accept(name, content)
        if accepted.errore is None:
            self._books.put(_SENDER + accepted.identificativo_sdi, sender)

    def _take_outcome(self, sender: str, name: str, content: bytes) -> None:
        try:
            message = message_io.read_message(content).message
        except FattorinoError:
            return
        identifier = message.identificativo_sdi if isinstance(message, NotificaEsitoCommittente) else None
        if identifier is None or not identifier.isdigit() or self._books.file(int(identifier)) is None:
            return
        answer = self._exchange.take_outcome(soap.FileSdI(identifier, name, content))
        if answer.scarto_esito is not None:
            refusal, due = answer.scarto_esito, self._exchange.clock.elapsed()
            self._books.add_message(
                int(identifier), "SE", refusal.nome_file, refusal.file, "ricezione", due, url=MAILTO + sender
            )

    def _assign(self, sender: str) -> str:
        """SdI's address for this sender, chosen with the first message."""
        kept: str | None = self._books.get(_ADDRESS + sender)
        if kept is None:
            kept = f"sdi{zlib.crc32(sender.encode()) % 90 + 10}@pec.fatturapa.it"
            self._books.put(_ADDRESS + sender, kept)
        return kept

    # To the mailboxes ---------------------------------------------------------------------------------------

    def next_due(self) -> float | None:
        return self._books.next_message_due()

    def send_due(self) -> bool:
        message = self._books.next_message(self._exchange.clock.elapsed())
        if message is None:
            return False
        to = self._recipient(message)
        if not to:
            # Not come by PEC, and nobody says where else to go: out of the way of the others.
            self._books.message_failed(message, "nessuna casella", None)
            return True
        number = message.file_id
        address = self._assign(to) if message.side == "trasmissione" else FIRST_ADDRESS
        subject = f"{_SUBJECTS.get(message.tipo, 'Messaggio')} {number}"
        if self._post(address, to, subject, self._text(message, address), self._files(message)):
            self._exchange.sent(message, to)
        else:
            self._exchange.not_sent(message, f"casella inesistente: {to}")
        return True

    def close(self) -> None:
        """Nothing stays open."""

    def _recipient(self, message: Outgoing) -> str:
        if message.url.startswith(MAILTO):
            return message.url.removeprefix(MAILTO)
        found: str = self._books.get(f"{_SENDER}{message.file_id}", "")
        return "" if message.url else found

    def _files(self, message: Outgoing) -> list[NamedFile]:
        if message.tipo != INVOICE:
            return [(message.nome_file, message.content)]
        file = self._books.file(message.file_id)
        if file is None:
            raise LookupError(message.file_id)
        return [
            (message.nome_file, message.content),
            self._exchange.letters.metadata(file, message.tries + 1),
        ]

    def _text(self, message: Outgoing, address: str) -> str:
        text = f"In allegato il file {message.nome_file}, identificativo {message.file_id}.\n"
        if message.side != "trasmissione":
            return text
        return (
            f"{text}Il nuovo indirizzo da utilizzare per inviare le prossime fatture al Sistema di Interscambio, "
            f"fino ad un eventuale nuovo avviso, e' {address}.\n"
        )
