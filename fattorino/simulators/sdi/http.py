"""SdI's two endpoints, the WSDLs, the control endpoints and the page, over plain HTTP/1.1 on loopback."""

from __future__ import annotations

import contextlib
import importlib.resources
import json
import re
import socket
import struct
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from fattorino.core.errors import FattorinoError
from fattorino.core.sdi import soap
from fattorino.core.sdi.wsdl import wsdl
from fattorino.simulators.sdi import control, faults

if TYPE_CHECKING:
    from fattorino.simulators.sdi.server import Simulator

MAX_BODY = soap.MULTIPART_LIMIT + 100_000
_SERVICES: dict[str, soap.Service] = {
    "/ricevi_file": "SdIRiceviFile",
    "/ricevi_notifica": "SdIRiceviNotifica",
}
_NAMED = re.compile(rb"NomeFile>([^<]{1,100})<")
_LOCAL = ("127.0.0.1", "localhost", "[::1]")


class Server(ThreadingHTTPServer):
    daemon_threads = True
    # Kept-alive connections of clients would otherwise hold up the end of the process.
    block_on_close = False
    request_queue_size = 128

    def __init__(
        self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler], simulator: Simulator
    ) -> None:
        self.simulator = simulator
        super().__init__(address, handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Called where a connection broke; the other side's leaving is no news."""


class Refused(Exception):
    """A request that is answered with an HTTP status and nothing else."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "SimulatoreSdI"
    sys_version = ""
    timeout = 60
    # Headers and body in one packet: two would wait 40 ms for each other (Nagle against delayed ACK).
    wbufsize = -1
    disable_nagle_algorithm = True
    server: Server
    # What was read of a body already, to see whom it is from.
    _half = b""

    def do_GET(self) -> None:
        self._answer(self._get)

    def do_POST(self) -> None:
        self._answer(self._post)

    def do_DELETE(self) -> None:
        self._answer(self._delete)

    def log_message(self, format: str, *args: Any) -> None:
        """No access log: the books tell more."""

    @property
    def simulator(self) -> Simulator:
        return self.server.simulator

    def _answer(self, act: Any) -> None:
        try:
            # A page elsewhere must not reach in through the browser of somebody on this machine.
            host = self.headers.get("Host", "").rsplit(":", 1)[0]
            origin = self.headers.get("Origin")
            if host not in _LOCAL or (origin and urlsplit(origin).netloc != self.headers.get("Host")):
                raise Refused(403)
            act(urlsplit(self.path))
        except Refused as refused:
            self.close_connection = True
            self._send(refused.status, b"", "text/plain")
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    # Reading ------------------------------------------------------------------------------------------------

    def _body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self._chunked_body()
        try:
            length = int(self.headers.get("Content-Length", ""))
        except ValueError:
            raise Refused(411) from None
        if not 0 <= length <= MAX_BODY:
            raise Refused(413)
        body = self._half + self.rfile.read(length - len(self._half))
        self._half = b""
        if len(body) != length:
            raise ConnectionError("body cut short")
        return body

    def _chunked_body(self) -> bytes:
        body = b""
        while True:
            try:
                size = int(self.rfile.readline(100).split(b";")[0], 16)
            except ValueError:
                raise Refused(400) from None
            if size < 0 or len(body) + size > MAX_BODY:
                raise Refused(413)
            body += self.rfile.read(size)
            self.rfile.readline(100)
            if size == 0:
                return body

    def _fields(self) -> tuple[dict[str, Any], bool]:
        """What a control request carries, and whether it is a form of the page."""
        body = self._body()
        kind = self.headers.get("Content-Type", "").split(";")[0].strip()
        if kind == "application/x-www-form-urlencoded":
            pairs = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
            return {k: v[-1] for k, v in pairs.items()}, True
        if kind != "application/json":
            raise Refused(415)
        try:
            found = json.loads(body)
        except ValueError:
            raise Refused(400) from None
        if not isinstance(found, dict):
            raise Refused(400)
        return found, False

    # Writing ------------------------------------------------------------------------------------------------

    def _send(self, status: int, body: bytes, content_type: str, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header(
            "Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action 'self'"
        )
        self.send_header("X-Content-Type-Options", "nosniff")
        for name, value in headers.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def _send_json(self, value: Any) -> None:
        self._send(200, json.dumps(value, indent=1).encode(), "application/json")

    def _send_envelope(self, status: int, envelope: soap.Envelope) -> None:
        self._send(status, envelope.body, envelope.headers["Content-Type"])

    def _drop(self) -> None:
        """End the connection at once, with a reset, as a broken network does."""
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

    # Routes -------------------------------------------------------------------------------------------------

    def _get(self, url: Any) -> None:
        s = self.simulator
        match url.path:
            case "/":
                page = control.page(s.books, s.clock, s.deliver_to)
                self._send(200, page.encode(), "text/html; charset=utf-8")
            case "/page.css":
                css = importlib.resources.files(__package__).joinpath("page.css").read_bytes()
                self._send(200, css, "text/css; charset=utf-8")
            case "/ca.pem":
                self._send(200, s.signer.ca_pem, "application/x-pem-file")
            case "/_simulator/state":
                self._send_json(control.state(s.books, s.clock, s.deliver_to))
            case "/_simulator/count":
                self._send_json(control.count(s.books))
            case "/_simulator/books":
                self._send_json(control.book_of_files(s.books))
            case "/_simulator/clock":
                self._send_json(control.clock_state(s.clock))
            case "/_simulator/faults":
                self._send_json(faults.pending(s.books))
            case "/_simulator/recipients":
                self._send_json(control.known_recipients(s.books))
            case path if path in _SERVICES and url.query.lower() == "wsdl":
                self._send(200, wsdl(_SERVICES[path], s.address + path), "text/xml; charset=utf-8")
            case path if path.startswith("/_simulator/files/"):
                self._send_file(path.rpartition("/")[2])
            case _:
                raise Refused(404)

    def _send_file(self, identifier: str) -> None:
        file = self.simulator.books.file(int(identifier)) if identifier.isdigit() else None
        if file is None:
            raise Refused(404)
        self._send(200, file.content, "application/octet-stream")

    def _post(self, url: Any) -> None:
        if url.path in _SERVICES:
            self._soap(_SERVICES[url.path])
            return
        s = self.simulator
        acts = {
            "/_simulator/clock": lambda wanted: control.set_clock(s.clock, wanted),
            "/_simulator/recipients": lambda wanted: control.set_recipient(s.books, wanted),
            "/_simulator/faults": self._order_fault,
        }
        if url.path not in acts:
            raise Refused(404)
        wanted, from_page = self._fields()
        try:
            answer = acts[url.path](wanted)
        except (ValueError, TypeError, OverflowError):
            raise Refused(400) from None
        s.wake()
        if from_page:
            self._send(303, b"", "text/plain", Location="/")
        else:
            self._send_json(answer)

    def _delete(self, url: Any) -> None:
        if url.path != "/_simulator/faults":
            raise Refused(404)
        faults.clear(self.simulator.books)
        self._send_json([])

    def _order_fault(self, wanted: dict[str, Any]) -> Any:
        if wanted.get("kind") == faults.REFUSED:
            self.simulator.close_port(min(float(wanted.get("seconds") or 5), 600))
            return faults.pending(self.simulator.books)
        return control.order_fault(self.simulator.books, wanted)

    # The web services ---------------------------------------------------------------------------------------

    def _soap(self, service: soap.Service) -> None:
        if self._cut_short():
            return
        body = self._body()
        try:
            operation, payload = soap.parse_request(
                body, self.headers.get("Content-Type", ""), service=service
            )
            assert isinstance(payload, soap.FileSdIBase | soap.FileSdI)
            if self._fails_before(payload.nome_file):
                return
            answer = self._act(operation, payload)
        except soap.SoapFault as fault:
            self._send_envelope(500, soap.build_fault(fault.code, fault.message))
            return
        except FattorinoError as error:
            self._send_envelope(500, soap.build_fault("Server", error.message))
            return
        if not self._fails_after(payload.nome_file, soap.build_response(operation, answer)):
            self._send_envelope(200, soap.build_response(operation, answer))

    def _cut_short(self) -> bool:
        """Whether the line is to break while the request is being read: its first half tells the file's name."""
        if not faults.is_ordered(self.simulator.books, faults.REQUEST_CUT):
            return False
        length = int(self.headers.get("Content-Length") or 0)
        half = self.rfile.read(length // 2)
        named = _NAMED.search(half)
        if self._strikes(faults.REQUEST_CUT, named[1].decode("utf-8", "replace") if named else ""):
            self._drop()
            return True
        self._half = half
        return False

    def _fails_after(self, name: str, answer: soap.Envelope) -> bool:
        """The file was taken; what becomes of the answer."""
        if self._strikes(faults.LOST_AFTER, name):
            self._drop()
            return True
        if self._strikes(faults.ANSWER_CUT, name):
            self.send_response(200)
            self.send_header("Content-Type", answer.headers["Content-Type"])
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body[: len(answer.body) // 2])
            self.wfile.flush()
            # Shut, not reset: a reset may overtake what was written.
            self.close_connection = True
            return True
        if self._strikes(faults.BROKEN_AFTER, name):
            raise Refused(500)
        if slow := self._strikes(faults.SLOW_AFTER, name):
            time.sleep(slow.seconds)
        return False

    def _fails_before(self, name: str) -> bool:
        slow = self._strikes(faults.SLOW, name)
        if slow:
            time.sleep(slow.seconds)
        if self._strikes(faults.DOWN, name):
            raise Refused(503)
        if self._strikes(faults.BROKEN, name):
            raise Refused(500)
        if self._strikes(faults.SOAP_FAULT, name):
            raise soap.SoapFault("Server", "guasto di prova")
        if self._strikes(faults.LOST_BEFORE, name):
            self._drop()
            return True
        return False

    def _act(self, operation: soap.Operation, payload: soap.FileSdIBase | soap.FileSdI) -> soap.Payload:
        exchange = self.simulator.exchange
        unavailable = self._strikes(faults.UNAVAILABLE, payload.nome_file) is not None
        if isinstance(payload, soap.FileSdI):
            return soap.RispostaSdINotificaEsito("ES02") if unavailable else exchange.take_outcome(payload)
        if unavailable:
            return soap.RispostaSdIRiceviFile("0", self.simulator.clock.now(), "EI02")
        if self._strikes(faults.NOT_ENABLED, payload.nome_file):
            return soap.RispostaSdIRiceviFile("0", self.simulator.clock.now(), "EI03")
        return exchange.accept(payload.nome_file, payload.file)

    def _strikes(self, kind: str, name: str) -> faults.Fault | None:
        return faults.strike(self.simulator.books, kind, name)
