"""The service over HTTP, and `fattorino simulator csc`."""

from __future__ import annotations

import argparse
import datetime
import json
import pathlib
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

from fattorino.simulators.csc.demo import open_demo
from fattorino.simulators.csc.service import Refused, Service

_METHODS = {
    "/csc/v1/credentials/list": Service.list,
    "/csc/v1/credentials/info": Service.info,
    "/csc/v1/credentials/authorize": Service.authorize,
    "/csc/v1/signatures/signHash": Service.sign_hash,
}
_INFO = {
    "specs": "1.0.4.0",
    "name": "Firma remota di prova di Fattorino, senza valore legale",
    "region": "IT",
    "lang": "it-IT",
    "authType": ["oauth2client"],
    "methods": ["credentials/list", "credentials/info", "credentials/authorize", "signatures/signHash"],
}
_LARGEST = 1_000_000


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, service: Service, host: str = "127.0.0.1", port: int = 0) -> None:
        self.service = service
        super().__init__((host, port), Handler)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(min(size, _LARGEST))
        try:
            self._reply(200, self._do(body))
        except Refused as why:
            self._reply(why.status, {"error": why.code, "error_description": why.description})

    def _do(self, body: bytes) -> dict[str, Any] | bytes:
        service = self.server.service
        if self.path == "/oauth2/token":
            return service.token(dict(parse_qsl(body.decode("utf-8", "replace"))))
        if self.path == "/csc/v1/info":
            return _INFO
        if self.path not in _METHODS:
            raise Refused(404, "not_found")
        if service.strike("busy"):
            raise Refused(429, "too_many_requests")
        if service.strike("broken"):
            raise Refused(503, "server_error")
        if service.strike("garbage"):
            return b"<html>manutenzione</html>"
        service.check(self.headers.get("Authorization", ""))
        try:
            asked = json.loads(body)
        except ValueError as error:
            raise Refused(400, "invalid_request", "The body is not JSON") from error
        if not isinstance(asked, dict):
            raise Refused(400, "invalid_request", "The body is not an object")
        return _METHODS[self.path](service, asked)

    def _reply(self, status: int, answer: dict[str, Any] | bytes) -> None:
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


def main(argv: list[str], speaking: type[argparse.ArgumentParser] = argparse.ArgumentParser) -> int:
    """Run until SIGTERM or Ctrl-C. Returns 0, 1 if it cannot start.

    Args:
        speaking: a parser that shows texts in the user's language.
    """
    parser = speaking(
        prog="fattorino simulator csc",
        description="Un servizio di firma remota simulato, su questa macchina.",
    )
    parser.add_argument("--port", type=int, default=8002, help="porta (8002)")
    parser.add_argument(
        "--data", type=pathlib.Path, default=pathlib.Path("var/csc"), help="cartella delle chiavi di prova"
    )
    options = parser.parse_args(argv)
    try:
        now = datetime.datetime.now(datetime.UTC)  # noqa: TID251 - an entry point, and simulators know only the core
        demo = open_demo(options.data, now)
        server = Server(Service({demo.client_id: demo.client_secret}, [demo.credential]), port=options.port)
    except OSError as error:
        sys.stderr.write(f"Il simulatore di firma remota non può partire: {error}\n")
        return 1
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1})
    thread.start()
    sys.stdout.write(
        f"Firma remota di prova su {server.address}/csc/v1 (token: {server.address}/oauth2/token, client "
        f"{demo.client_id}, segreto {demo.client_secret}, PIN {demo.credential.pin})\n"
    )
    sys.stdout.flush()
    ended.wait()
    server.shutdown()
    thread.join()
    server.server_close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
