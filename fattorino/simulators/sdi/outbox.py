"""Carry what is due to the other side's web services: TrasmissioneFatture and RicezioneFatture, over HTTP."""

from __future__ import annotations

import httpx

from fattorino.core.errors import FattorinoError, InputError
from fattorino.core.sdi import soap
from fattorino.simulators.sdi.books import Outgoing
from fattorino.simulators.sdi.exchange import INVOICE, Exchange

TIMEOUT = 15.0
_TAKEN = (200, 202)


class Outbox:
    """Sends one message after the other, oldest first.

    Args:
        deliver_to: base address; `/trasmissione` and `/ricezione` are appended. "" keeps everything waiting.
    """

    def __init__(self, exchange: Exchange, deliver_to: str) -> None:
        self._exchange = exchange
        self._base = deliver_to.rstrip("/")
        # No proxy and no other settings from the environment: the other side is on this machine.
        self._client = httpx.Client(timeout=TIMEOUT, trust_env=False, follow_redirects=False)

    def close(self) -> None:
        self._client.close()

    def next_due(self) -> float | None:
        """The simulated second at which there is something to do; None for never."""
        return self._exchange.books.next_message_due()

    def send_due(self) -> bool:
        """Send the most overdue message. False if none is due, or nobody is there to be sent to."""
        message = self._exchange.books.next_message(self._exchange.clock.elapsed())
        if message is None or not (message.url or self._base):
            return False
        try:
            answer = self._post(message)
        except (httpx.HTTPError, httpx.InvalidURL, FattorinoError) as error:
            self._exchange.not_sent(message, f"{type(error).__name__}: {error}"[:300])
        else:
            self._exchange.sent(message, answer)
        return True

    def _post(self, message: Outgoing) -> str:
        operation, payload = self._request(message)
        envelope = soap.build_request(operation, payload)
        url = message.url or f"{self._base}/{message.side}"
        response = self._client.post(url, content=envelope.body, headers=envelope.headers)
        content_type = response.headers.get("content-type", "")
        if response.status_code not in _TAKEN:
            raise InputError(f"HTTP {response.status_code}")
        if not operation.one_way:
            # An invoice counts as delivered only when the recipient says ER01.
            soap.parse_response(operation, response.content, content_type)
        return f"HTTP {response.status_code}"

    def _request(self, message: Outgoing) -> tuple[soap.Operation, soap.Payload]:
        identifier = str(message.file_id)
        if message.tipo == INVOICE:
            file = self._exchange.books.file(message.file_id)
            if file is None:
                raise LookupError(identifier)
            name, metadata = self._exchange.letters.metadata(file, message.tries + 1)
            return soap.RICEVI_FATTURE, soap.FileSdIConMetadati(
                identifier, message.nome_file, message.content, name, metadata
            )
        payload = soap.FileSdI(identifier, message.nome_file, message.content)
        if message.side == "ricezione":
            return soap.RICEZIONE_DECORRENZA_TERMINI, payload
        return soap.TRASMISSIONE_FATTURE[message.tipo], payload
