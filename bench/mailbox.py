"""``python -m bench.mailbox``: a PEC mailbox in which many received invoices lie when the channel is first visited.

FATTORINO_MAILBOX says how many (10,000). The provider speaks IMAP over TLS, each letter is signed as a provider signs
it and holds an invoice with its metadata; a real worker collects and reads them. Ends with 1 where one is missing, or
came twice.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections import Counter
from pathlib import Path
from typing import Any

from bench import burst, hub

ADDRESS, PASSWORD, SDI = "ordine@pec.example.it", "una parola lunga", "sdi42@pec.fatturapa.it"
LOOKS, PATIENCE = 1.0, 3600.0


def main() -> int:
    wanted = int(os.environ.get("FATTORINO_MAILBOX") or 10_000)
    # The provider is on this machine.
    os.environ["FATTORINO_ALLOWED_NETWORKS"] = "127.0.0.1"
    with burst.house():
        from fattorino.cli import simulator_pec

        home = Path(os.environ["FATTORINO_HOME"])
        options = argparse.Namespace(
            data=home / "pec", host="127.0.0.1", port=0, speed=0.0, smtp_port=0, imap_port=0
        )
        with simulator_pec.simulator(options, [(ADDRESS, PASSWORD)]) as simulator:
            assert isinstance(simulator.carrier, simulator_pec.PecHouse)
            provider = simulator.carrier.provider
            _fill(provider, wanted)
            return _taken(provider, home, wanted)


def _fill(provider: Any, wanted: int) -> None:
    """Letters of SdI, as it writes them to who receives by PEC."""
    begun = time.perf_counter()
    for number, (name, content, metadata_name, metadata) in enumerate(burst.files(0, wanted), 1):
        files = [(name, content), (metadata_name, metadata)]
        if not provider.post.post(SDI, ADDRESS, f"Invio File {number}", "In allegato il file.\n", files):
            raise SystemExit("La casella non c'è.")
    print(f"casella con {wanted} lettere, preparata in {time.perf_counter() - begun:.0f} s", flush=True)


def _taken(provider: Any, home: Path, wanted: int) -> int:
    from fattorino import clock
    from fattorino.hub.flows.channel_settings import look_now
    from fattorino.organisations.scope import company_scope

    actor, channel_id = _company(provider)
    worker = hub.worker(home, 0)
    try:
        begun = time.perf_counter()
        with company_scope(actor.company_id):
            look_now(actor, channel_id, now=clock.now())
        kept, here = 0.0, Counter[str]()
        while time.perf_counter() - begun < PATIENCE:
            time.sleep(LOOKS)
            collected, here = _counts()
            kept = kept or (collected >= wanted) * (time.perf_counter() - begun)
            if sum(here.values()) >= wanted and not here["waiting"]:
                break
        seconds = time.perf_counter() - begun
        peak = _peak(worker.pid)
    finally:
        worker.terminate()
        worker.wait(30)
    print(
        f"{wanted} lettere in una casella: conservate in {kept:.0f} s, tutte lette in {seconds:.0f} s"
        f" ({wanted / seconds:.0f} al secondo, un worker); fatture {dict(here)}; memoria del worker {peak} MB",
        flush=True,
    )
    return 0 if here == {"done": wanted} else 1


def _company(provider: Any) -> tuple[Any, int]:
    from django.conf import settings

    from fattorino import clock
    from fattorino.config import demo
    from fattorino.hub.models import Channel
    from fattorino.hub.signing import secrets
    from fattorino.organisations.flows import save_company, save_user
    from fattorino.organisations.queries import Actor
    from fattorino.organisations.scope import company_scope
    from fattorino.workflow.flows import load_standard

    now = clock.now()
    company = save_company(demo.ORDINE, now=now)
    user = save_user("laura@ordine.example", demo.PASSWORD, "Laura Conti", {company.pk: "admin"}, now=now)
    with company_scope(company.pk):
        load_standard(company, now=now)
        channel = Channel.objects.create(
            company=company,
            kind="pec",
            settings={
                **{"address": ADDRESS, "smtp_host": "127.0.0.1", "smtp_port": provider.smtp_port},
                **{"imap_host": "127.0.0.1", "imap_port": provider.imap_port},
                "trusted_ca": str(provider.certificate),
            },
            secrets=secrets.encrypt(json.dumps({"password": PASSWORD}).encode(), settings.SECRETS_KEYS),
            created_at=now,
        )
    return Actor("utente", "Laura Conti", company.pk, user.pk, "admin"), channel.pk


def _counts() -> tuple[int, Counter[str]]:
    """Letters that are kept here, and what became of the invoices in them."""
    from fattorino.documents.models import Reception
    from fattorino.hub.models import Collected
    from fattorino.organisations.scope import system_scope

    with system_scope():
        return Collected.objects.count(), Counter(Reception.objects.values_list("state", flat=True))


def _peak(pid: int) -> int:
    """Megabytes of a process at its largest."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) // 1024


if __name__ == "__main__":
    raise SystemExit(main())
