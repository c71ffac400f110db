"""Another Hub in a process of its own, with an SdI behind it: files come by /api/hub/v1, SdI's words go into its feed.

It knocks at our door when there is something to read, as its webhooks do; "hook_lost" and "hook_twice" are its faults.
"""

from __future__ import annotations

import argparse
import datetime
import hmac
import json
import pathlib
import threading
import time
from typing import Any

import httpx

from fattorino.core.sdi import soap
from fattorino.hub.calling import SIGNATURE_HEADER, TIME_HEADER
from fattorino.simulators.hub import service as hub
from fattorino.simulators.hub.server import Server
from fattorino.simulators.sdi.books import Outgoing
from fattorino.simulators.sdi.exchange import INVOICE, Exchange
from fattorino.simulators.sdi.server import Simulator, add_options, run

TOKEN, HOOK_SECRET = "una parola lunga e segreta", "un altro segreto, per le chiamate"
HOOKS = {"hook_lost": "una chiamata si perde", "hook_twice": "una chiamata arriva due volte"}


class FarHub:
    """The carrier of a simulated SdI; see simulators.sdi.server.Carrier.

    Args:
        hook: our address to knock at; "" knocks nowhere.
    """

    def __init__(self, exchange: Exchange, folder: pathlib.Path, port: int, hook: str) -> None:
        self._exchange = exchange
        self._hook = hook
        self._client = httpx.Client(timeout=5, trust_env=False)
        self.service = Service(exchange, folder / "hub.sqlite")
        self.server = Server(self.service, port=port)
        self._thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.1})
        self._thread.start()

    def next_due(self) -> float | None:
        return self._exchange.books.next_message_due()

    def send_due(self) -> bool:
        """Carry what waits to SdI, and bring what is due into the feed."""
        moved = False
        for kind, name, content, about in self.service.waiting():
            if kind == "EC":
                self._take_outcome(name, content, about)
            else:
                self.service.sent(name, self._exchange.accept(name, content).identificativo_sdi)
            moved = True
        for message in self._exchange.books.due_messages(self._exchange.clock.elapsed(), 50):
            self._tell(message)
            self._exchange.sent(message, "feed")
            moved = True
        if moved:
            self._knock()
        return moved

    def _take_outcome(self, name: str, content: bytes, about: str) -> None:
        """To SdI; what it refuses comes into the feed."""
        refusal = self._exchange.take_outcome(soap.FileSdI(about, name, content)).scarto_esito
        self.service.sent(name, about)
        if refusal is not None:
            self.service.say(refusal.nome_file, refusal.file, about)

    def _tell(self, message: Outgoing) -> None:
        file = self._exchange.books.file(message.file_id)
        if file is not None and message.tipo == INVOICE:
            metadata = self._exchange.letters.metadata(file, message.tries + 1)
            self.service.deliver(str(file.id), file.nome_file, file.content, *metadata)
            return
        about = file.nome_file if file else ""
        self.service.say(message.nome_file, message.content, str(message.file_id), about)

    def _knock(self) -> None:
        if not self._hook or self.service.strike("hook_lost") is not None:
            return
        body = json.dumps({"event": "feed"}).encode()
        for _ in range(2 if self.service.strike("hook_twice") is not None else 1):
            at = int(time.time())
            signed = hmac.new(HOOK_SECRET.encode(), f"{at}.".encode() + body, "sha256").hexdigest()
            headers = {TIME_HEADER: str(at), SIGNATURE_HEADER: f"v1={signed}"}
            try:
                self._client.post(self._hook, content=body, headers=headers)
            except httpx.HTTPError:
                return

    def close(self) -> None:
        self.server.shutdown()
        self._thread.join()
        self.server.server_close()
        self.service.close()
        self._client.close()


class Service(hub.Service):
    """Tells the carrier that something waits."""

    def __init__(self, exchange: Exchange, path: pathlib.Path) -> None:
        super().__init__(path, TOKEN, lambda: datetime.datetime.now(datetime.UTC), relays=True)
        self._exchange = exchange

    def push(self, kind: str, name: str, content: bytes, about: str) -> tuple[int, dict[str, Any]]:
        told = super().push(kind, name, content, about)
        self._exchange.wake()
        return told


def main(argv: list[str]) -> int:
    hub.KINDS.update(HOOKS)
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.far_hub")
    add_options(parser, port=8015, data="var/hub")
    parser.add_argument("--hub-port", type=int, required=True)
    parser.add_argument("--hook", default="")
    options = parser.parse_args(argv)
    return run(
        parser,
        options,
        lambda: Simulator(
            options.data,
            host=options.host,
            port=options.port,
            speed=options.speed,
            carrier=lambda exchange: FarHub(exchange, options.data, options.hub_port, options.hook),
        ),
    )
