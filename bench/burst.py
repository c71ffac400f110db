"""``python -m bench.burst``: invoices that SdI delivers all at once, to the real server with a database that syncs.

FATTORINO_BURST says how many. Prints how long the acknowledgement took (ER01, sent after the commit) and ends with 1
where the limit is missed, an invoice was not acknowledged, or one that was acknowledged is not in the database.
"""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles

from bench.environments import ROOT

LIMIT = 150.0  # ms, p95 (issue 5, point 5)
CONNECTIONS = (8, 16)


def main() -> int:
    wanted = int(os.environ.get("FATTORINO_BURST") or 1000)
    missed = False
    with _house() as port:
        base = 0
        for connections in CONNECTIONS:
            requests = _requests(base, wanted)
            begun = time.perf_counter()
            seen, wrong = burst(port, requests, connections)
            seconds = time.perf_counter() - begun
            stored = _stored(base, wanted)
            p50, p95 = quantiles(seen, n=100)[49], quantiles(seen, n=100)[94]
            print(
                f"{wanted} fatture, {connections} connessioni: {wanted / seconds:.0f} al secondo, presa in carico"
                f" p50 {p50:.0f} ms, p95 {p95:.0f} ms (limite {LIMIT:.0f}), massimo {max(seen):.0f} ms;"
                f" registrate {stored}, errori {wrong}",
                flush=True,
            )
            missed = missed or p95 > LIMIT or wrong > 0 or stored != wanted
            base += wanted
    return 1 if missed else 0


def burst(
    port: int, requests: list[tuple[bytes, dict[str, str]]], connections: int
) -> tuple[list[float], int]:
    """Milliseconds of each acknowledgement, and how many requests got another answer."""
    seen: list[float] = []
    wrong = [0]
    todo = iter(requests)
    lock = threading.Lock()

    def work() -> None:
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while True:
            with lock:
                request = next(todo, None)
            if request is None:
                return
            body, headers = request
            begun = time.perf_counter()
            line.request("POST", "/sdi/ricezione", body, headers)
            answer = line.getresponse()
            good = b"ER01" in answer.read() and answer.status == 200
            took = (time.perf_counter() - begun) * 1000
            with lock:
                seen.append(took)
                wrong[0] += not good

    workers = [threading.Thread(target=work) for _ in range(connections)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return seen, wrong[0]


def _requests(base: int, wanted: int) -> list[tuple[bytes, dict[str, str]]]:
    """Made before the clock starts: another machine would make them."""
    from fattorino.core.sdi import soap
    from fattorino.core.sdi.message_io import write_message
    from fattorino.core.sdi.messages import FileMetadati

    made = []
    invoice = _invoice()
    for number in range(base + 1, base + wanted + 1):
        name = f"IT01234567897_{number:05d}.xml"
        metadata = FileMetadati(
            identificativo_sdi=str(number), nome_file=name, hash="0" * 64, codice_destinatario="ABCDE12",
            formato="FPR12", tentativi_invio=1, message_id=str(number),
        )  # fmt: skip
        content = invoice.replace(b"<Numero>1<", b"<Numero>%d<" % number)
        payload = soap.FileSdIConMetadati(
            str(number), name, content, name.replace(".xml", "_MT_001.xml"), write_message(metadata)
        )
        envelope = soap.build_request(soap.RICEVI_FATTURE, payload)
        made.append((envelope.body, envelope.headers))
    return made


def _invoice() -> bytes:
    import datetime
    from decimal import Decimal

    from fattorino.config import demo
    from fattorino.core.fatturapa import write_fattura
    from fattorino.core.fatturapa.build import build
    from fattorino.core.fatturapa.draft import Draft, Line, draft_from_json

    lines = tuple(
        Line(f"Fornitura {n}", Decimal(1), None, Decimal("10.00"), aliquota_iva=Decimal(22))
        for n in range(20)
    )
    draft = Draft(
        numero="1",
        data=datetime.date(2026, 11, 20),
        cessionario=draft_from_json({"cessionario": demo.ORDINE}).cessionario,
        codice_destinatario="ABCDE12",
        linee=lines,
    )
    seller = draft_from_json({"cessionario": demo.STUDIO}).cessionario
    return write_fattura(
        build(draft, cedente=seller, trasmittente=("IT", "01234567897"), progressivo_invio="1")
    )


def _stored(base: int, wanted: int) -> int:
    from fattorino.documents.models import Reception
    from fattorino.organisations.scope import system_scope

    names = [str(number) for number in range(base + 1, base + wanted + 1)]
    with system_scope():
        return Reception.objects.filter(identificativo_sdi__in=names).count()


@contextmanager
def _house() -> Iterator[int]:
    """PostgreSQL with fsync and the web server, as the product runs them; the server's port."""
    from fattorino.config import postgres

    home = Path(tempfile.mkdtemp(prefix="fattorino-burst-"))
    home.chmod(0o755)  # root's PostgreSQL runs as another user, which must walk through
    server = postgres.start(home, dies_with_parent=True)
    try:
        port = _free_port()
        os.environ |= {
            "FATTORINO_HOME": str(home),
            "FATTORINO_PGSOCKET": str(server.socket),
            "FATTORINO_PORT": str(port),
            "FATTORINO_SDI_ALLOW_LOOPBACK": "1",
            "FATTORINO_STATIC_ROOT": str(home / "no-static"),
            "FATTORINO_STATIC_STORAGE": "django.contrib.staticfiles.storage.StaticFilesStorage",
            "DJANGO_SETTINGS_MODULE": "fattorino.config.settings",
        }
        os.environ.pop("DATABASE_URL", None)
        import django

        django.setup()
        from fattorino.config.prepare import prepare

        prepare(demo=False)
        with open(home / "web.log", "wb") as log:
            web = subprocess.Popen(
                [sys.executable, "-m", "fattorino.cli", "serve"],
                cwd=ROOT,
                stdout=log,
                stderr=log,
                preexec_fn=postgres.die_with_parent(signal.SIGKILL),
            )
        try:
            _wait(port)
            yield port
        finally:
            web.terminate()
            web.wait(20)
    finally:
        if server.alive():
            server.stop()
        shutil.rmtree(home, ignore_errors=True)


def _free_port() -> int:
    import socket

    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port: int = held.getsockname()[1]
        return port


def _wait(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            line = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            line.request("GET", "/accesso/login/")
            if line.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError("the web server does not answer")


if __name__ == "__main__":
    raise SystemExit(main())
