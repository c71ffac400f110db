"""The service over HTTP, and `fattorino simulator hub`."""

from __future__ import annotations

import argparse
import base64
import contextlib
import datetime
import hmac
import json
import pathlib
import secrets
import signal
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from fattorino.simulators.hub.service import Refused, Service

ROOT = "/api/hub/v1/"
_LARGEST = 10_000_000
# How many events come again where that is ordered.
AGAIN = 50
_FIRST = {"down": 503, "throttled": 429, "broken": 500, "unauthorised": 401}


class Lost(Exception):
    """The connection falls instead of an answer, or after the beginning of one."""

    def __init__(self, begun: bytes = b"") -> None:
        super().__init__()
        self.begun = begun


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, service: Service, host: str = "127.0.0.1", port: int = 0) -> None:
        self.service = service
        super().__init__((host, port), Handler)

    @property
    def url(self) -> str:
        """What the channel is configured with."""
        return f"http://127.0.0.1:{self.server_address[1]}{ROOT.rstrip('/')}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        self._answer(b"")

    def do_PUT(self) -> None:
        self.do_POST()

    def do_POST(self) -> None:
        with contextlib.suppress(ConnectionError):
            try:
                self._answer(self._body())
            except Lost:
                self.connection.shutdown(socket.SHUT_RDWR)

    def _body(self) -> bytes:
        length = min(int(self.headers.get("Content-Length") or 0), _LARGEST + 1)
        name = unquote(urlsplit(self.path).path).rpartition("/")[2]
        if self.command == "PUT" and self.server.service.strike("request_cut", name) is not None:
            self.rfile.read(length // 2)
            self.close_connection = True
            raise Lost
        return self.rfile.read(length)

    def _answer(self, body: bytes) -> None:
        parts = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        try:
            if parts.path.startswith("/_simulator/"):
                self._reply(200, self._control(parts.path.removeprefix("/_simulator/"), body))
            elif parts.path.startswith(ROOT):
                path = unquote(parts.path.removeprefix(ROOT))
                self._reply(*self._serve(path, query, body))
            else:
                raise Refused(404, "Qui non c'è nulla.")
        except Refused as why:
            problem = {"title": "", "status": why.status, "detail": why.detail, "hint": why.hint}
            self._reply(why.status, problem, "application/problem+json")
        except Lost as lost:
            self.close_connection = True
            self.wfile.write(lost.begun)
            self.connection.shutdown(socket.SHUT_RDWR)

    def _serve(self, path: str, query: dict[str, str], body: bytes) -> tuple[int, Any]:
        service = self.server.service
        name = path.rpartition("/")[2]
        seconds = service.strike("slow", name)
        if seconds is not None:
            time.sleep(seconds)
        for kind, status in _FIRST.items():
            if service.strike(kind, name) is not None:
                raise Refused(status, "Guasto di prova.")
        given = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), service.token.encode()):
            raise Refused(401, "Il token manca, non è valido, è scaduto o è stato revocato.")
        if self.command == "PUT" and path.split("/")[0] in ("files", "outcomes"):
            return self._push(path, query, body)
        if self.command != "GET":
            raise Refused(405, "Metodo non ammesso.")
        if path == "service":
            return 200, service.service()
        if path == "feed":
            since = int(query.get("since", "0"))
            if service.strike("feed_again") is not None:
                since = max(0, since - AGAIN)
            return 200, service.feed(since, min(int(query.get("limit", "100")), 200))
        if path.split("/")[0] in ("files", "outcomes"):
            return 200, service.file(name)
        raise Refused(404, "A questo indirizzo dell'API non c'è nulla.")

    def _push(self, path: str, query: dict[str, str], body: bytes) -> tuple[int, Any]:
        service, name = self.server.service, path.rpartition("/")[2]
        if len(body) > _LARGEST:
            raise Refused(413, "La richiesta supera il massimo ammesso.")
        if service.strike("lost_before", name) is not None:
            raise Lost
        about = query.get("identificativo_sdi", "")
        status, told = service.push("EC" if path.startswith("outcomes/") else "FA", name, body, about)
        if service.strike("lost_after", name) is not None:
            raise Lost
        if service.strike("answer_cut", name) is not None:
            raise Lost(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 400\r\n\r\n{")
        if service.strike("broken_after", name) is not None:
            raise Refused(500, "Guasto di prova.")
        if (seconds := service.strike("slow_after", name)) is not None:
            time.sleep(seconds)
        if service.strike("garbage", name) is not None:
            return 200, b"<html>manutenzione</html>"
        return status, told

    def _control(self, path: str, body: bytes) -> Any:
        """The simulator's own interface, in JSON: faults, files, a received invoice."""
        service = self.server.service
        if self.command == "GET" and path in ("faults", "files"):
            return service.faults() if path == "faults" else service.files()
        try:
            asked = json.loads(body or b"{}")
            if path == "faults":
                for each in asked.get("faults", [asked]):
                    service.order(**each)
                return service.faults()
            if path == "calm":
                service.calm()
                return []
            if path == "invoices":
                content, metadata = (base64.b64decode(asked.pop(k, "")) for k in ("content", "metadata"))
                return {"number": service.deliver(**asked, content=content, metadata=metadata)}
        except (ValueError, TypeError) as exc:
            raise Refused(422, f"Non si capisce: {exc}") from exc
        raise Refused(404, "Qui non c'è nulla.")

    def _reply(self, status: int, answer: Any, kind: str = "application/json") -> None:
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
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
        prog="fattorino simulator hub",
        description="Il Digital Hub di un intermediario, simulato su questa macchina.",
    )
    parser.add_argument("--port", type=int, default=8015, help="porta (8015)")
    parser.add_argument(
        "--data", type=pathlib.Path, default=pathlib.Path("var/hub"), help="cartella dei file e degli eventi"
    )
    options = parser.parse_args(argv)
    try:
        options.data.mkdir(parents=True, exist_ok=True)
        service = Service(options.data / "hub.sqlite", _token(options.data / "token"), _now)
        server = Server(service, port=options.port)
    except OSError as error:
        sys.stderr.write(f"Il simulatore del Digital Hub non può partire: {error}\n")
        return 1
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1})
    thread.start()
    sys.stdout.write(f"Digital Hub di prova su {server.url} (token: {service.token})\n")
    sys.stdout.flush()
    ended.wait()
    server.shutdown()
    thread.join()
    server.server_close()
    service.close()
    return 0


def _token(path: pathlib.Path) -> str:
    """The same at every start, so that a channel need not be configured anew."""
    if not path.exists():
        path.write_text(secrets.token_urlsafe(32), encoding="ascii")
    return path.read_text(encoding="ascii")


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)  # noqa: TID251 - an entry point, and simulators know only the core


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
