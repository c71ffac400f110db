"""Helpers of the simulator's tests: invoices of our own, an endpoint that plays the transmitter, a driver."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

from fattorino.core.sdi import message_io, soap
from fattorino.simulators.sdi.server import Simulator

TODAY = datetime.now(UTC).date()


def invoice(
    numero: str = "1",
    *,
    formato: str = "FPR12",
    codice: str = "ABC1234",
    pec: str = "",
    tipo: str = "TD01",
    data: str = "",
    seller: str = "01234567897",
    buyer: str = "12345678903",
    price: str = "100.00",
    bodies: int = 1,
) -> bytes:
    """A small valid invoice, every body with the next number."""
    head = f"""<?xml version="1.0" encoding="UTF-8"?>
<p:FatturaElettronica versione="{formato}" xmlns:p="http://ivaservizi.agenziaentrate.gov.it/docs/xsd/fatture/v1.2">
<FatturaElettronicaHeader><DatiTrasmissione><IdTrasmittente><IdPaese>IT</IdPaese><IdCodice>{seller}</IdCodice>
</IdTrasmittente><ProgressivoInvio>00001</ProgressivoInvio><FormatoTrasmissione>{formato}</FormatoTrasmissione>
<CodiceDestinatario>{codice}</CodiceDestinatario>{f"<PECDestinatario>{pec}</PECDestinatario>" if pec else ""}
</DatiTrasmissione><CedentePrestatore><DatiAnagrafici><IdFiscaleIVA><IdPaese>IT</IdPaese><IdCodice>{seller}</IdCodice>
</IdFiscaleIVA><Anagrafica><Denominazione>Ordine di prova</Denominazione></Anagrafica>
<RegimeFiscale>RF01</RegimeFiscale></DatiAnagrafici><Sede><Indirizzo>Via Roma 1</Indirizzo><CAP>00100</CAP>
<Comune>Roma</Comune><Provincia>RM</Provincia><Nazione>IT</Nazione></Sede></CedentePrestatore>
<CessionarioCommittente><DatiAnagrafici><IdFiscaleIVA><IdPaese>IT</IdPaese><IdCodice>{buyer}</IdCodice></IdFiscaleIVA>
<Anagrafica><Denominazione>Cliente di prova</Denominazione></Anagrafica></DatiAnagrafici><Sede>
<Indirizzo>Via Milano 2</Indirizzo><CAP>20100</CAP><Comune>Milano</Comune><Provincia>MI</Provincia>
<Nazione>IT</Nazione></Sede></CessionarioCommittente></FatturaElettronicaHeader>
"""
    texts = []
    for n in range(bodies):
        number = numero if bodies == 1 else f"{numero}/{n + 1}"
        texts.append(f"""<FatturaElettronicaBody><DatiGenerali><DatiGeneraliDocumento><TipoDocumento>{tipo}</TipoDocumento>
<Divisa>EUR</Divisa><Data>{data or TODAY}</Data><Numero>{number}</Numero>
<ImportoTotaleDocumento>122.00</ImportoTotaleDocumento></DatiGeneraliDocumento></DatiGenerali><DatiBeniServizi>
<DettaglioLinee><NumeroLinea>1</NumeroLinea><Descrizione>Consulenza</Descrizione><PrezzoUnitario>{price}</PrezzoUnitario>
<PrezzoTotale>100.00</PrezzoTotale><AliquotaIVA>22.00</AliquotaIVA></DettaglioLinee><DatiRiepilogo>
<AliquotaIVA>22.00</AliquotaIVA><ImponibileImporto>100.00</ImponibileImporto><Imposta>22.00</Imposta>
<EsigibilitaIVA>I</EsigibilitaIVA></DatiRiepilogo></DatiBeniServizi></FatturaElettronicaBody>
""")
    return (head + "".join(texts) + "</p:FatturaElettronica>\n").encode()


class Endpoint:
    """The transmitter's (and a recipient's) web services: keeps what comes. `refuse` answers so often with 503."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, soap.Operation, Any]] = []
        self.refuse = 0
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, answer = endpoint.take(self.path, body, self.headers)
                self.send_response(status)
                self.send_header("Content-Type", soap.CONTENT_TYPE)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/sdi"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()

    def take(self, path: str, body: bytes, headers: Any) -> tuple[int, bytes]:
        if self.refuse:
            self.refuse -= 1
            return 503, b""
        service: soap.Service = (
            "TrasmissioneFatture" if path.endswith("/trasmissione") else "RicezioneFatture"
        )
        operation, payload = soap.parse_request(body, headers["Content-Type"], service=service)
        assert headers["SOAPAction"] == f'"{operation.soap_action}"'
        self.calls.append((path, operation, payload))
        if operation.one_way:
            return 202, b""
        return 200, soap.build_response(operation, soap.RispostaRiceviFatture()).body

    @property
    def messages(self) -> list[message_io.ReadMessage]:
        return [message_io.read_message(p.file) for _, o, p in self.calls if o is not soap.RICEVI_FATTURE]

    @property
    def kinds(self) -> list[str]:
        return [m.message.tipo for m in self.messages]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class Driver:
    """Sends files and lets hours pass."""

    def __init__(self, simulator: Simulator, endpoint: Endpoint) -> None:
        self.simulator = simulator
        self.endpoint = endpoint
        self.http = httpx.Client(base_url=simulator.address, timeout=10, trust_env=False)

    def send(self, name: str, content: bytes) -> soap.RispostaSdIRiceviFile:
        built = soap.build_request(soap.RICEVI_FILE, soap.FileSdIBase(name, content))
        response = self.http.post("/ricevi_file", content=built.body, headers=built.headers)
        answer = soap.parse_response(soap.RICEVI_FILE, response.content, response.headers["Content-Type"])
        assert isinstance(answer, soap.RispostaSdIRiceviFile)
        return answer

    def outcome(self, identificativo: str, name: str, content: bytes) -> soap.RispostaSdINotificaEsito:
        built = soap.build_request(soap.NOTIFICA_ESITO, soap.FileSdI(identificativo, name, content))
        response = self.http.post("/ricevi_notifica", content=built.body, headers=built.headers)
        answer = soap.parse_response(soap.NOTIFICA_ESITO, response.content, response.headers["Content-Type"])
        assert isinstance(answer, soap.RispostaSdINotificaEsito)
        return answer

    def control(self, what: str, **wanted: Any) -> Any:
        response = self.http.post(f"/_simulator/{what}", json=wanted)
        assert response.status_code == 200, response.text
        return response.json()

    def pass_hours(self, hours: float) -> None:
        """From one due thing to the next, so that each happens at its own hour."""
        clock, books = self.simulator.clock, self.simulator.books
        end = clock.elapsed() + hours * 3600
        while clock.elapsed() < end:
            due = min(books.next_step_due() or end, books.next_message_due() or end, end)
            clock.advance(max(0.0, due - clock.elapsed()) + 0.001)
            self.settle()

    def settle(self) -> None:
        """Wait until what was due is done."""
        books, now = self.simulator.books, self.simulator.clock.elapsed()
        deadline = time.monotonic() + 10
        while any(
            due is not None and due <= now for due in (books.next_step_due(), books.next_message_due())
        ):
            assert time.monotonic() < deadline, "the simulator is stuck"
            time.sleep(0.002)

    def state(self, identifier: str) -> str:
        file = self.simulator.books.file(int(identifier))
        assert file is not None
        return file.state
