"""The four ways to SdI of a chaos run: a company each, with its channel, and the other side as a process."""

from __future__ import annotations

import contextlib
import datetime
import json
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives import serialization

from fattorino.config import demo
from fattorino.core.sdi import soap
from fattorino.core.sdi.ftp.security import Identity
from fattorino.core.sdi.names import progressive
from fattorino.hub.flows import collect
from fattorino.hub.folders import SdiFtpFolders
from fattorino.hub.models import Channel, ChannelUse
from fattorino.hub.signing import secrets
from fattorino.organisations.scope import company_scope
from fattorino.simulators.sdi.visits import open_kit
from tests.chaos import far_hub, suppliers
from tests.chaos.house import House, free_ports, wait_for
from tests.chaos.office import Office
from tests.chaos.plan import CHANNELS, OUTCOME_REFUSED, Course, ordered

SFTP_USER, WORD = "sdi", "una parola lunga"
# Apart from each other, as one SdI gives no number twice.
FIRST_IDENTIFIER = {name: 1_000_001 + number * 100_000_000 for number, name in enumerate(CHANNELS)}


class Line:
    """One way. `office` is the company that uses it."""

    def __init__(self, name: str, house: House) -> None:
        self.name, self._house = name, house
        self.folder = house.home / "simulators" / name
        self.folder.mkdir(parents=True)
        self.port, self.second, self.third = free_ports(3)
        self.sdi = _client(self.port)
        self.office = Office(
            house.url, _company(CHANNELS.index(name)), f"laura{CHANNELS.index(name)}@ordine.example"
        )
        # Files that SdI has of suppliers; whoever is served by PEC has an address there.
        self.supplied, self.served_at = 0, ""
        getattr(self, f"_{name}")()

    # The channel and the other side -------------------------------------------------------------------------

    def _sdicoop(self) -> None:
        self._channel({"url": f"http://127.0.0.1:{self.port}/ricevi_file"}, {})
        self._play("sdi", "--deliver-to", f"{self._house.url}/sdi")

    def _intermediary(self) -> None:
        channel = self._channel(
            {"url": f"http://127.0.0.1:{self.second}/api/hub/v1"},
            {"token": far_hub.TOKEN, "webhook_secret": far_hub.HOOK_SECRET},
        )
        hook = f"{self._house.url}/sdi/intermediario/{channel.pk}"
        self._play("far_hub", "--hub-port", str(self.second), "--hook", hook)

    def _pec(self) -> None:
        address = "ordine@pec.example.it"
        self.served_at = f"mailto:{address}"
        self._channel(
            {
                **{"address": address, "smtp_host": "127.0.0.1", "smtp_port": self.second},
                **{"imap_host": "127.0.0.1", "imap_port": self.third},
                "trusted_ca": str(self.folder / "gestore.crt.pem"),
            },
            {"password": WORD},
        )
        ports = ("--smtp-port", str(self.second), "--imap-port", str(self.third))
        self._play("pec", *ports, "--mailbox", f"{address}:{WORD}")

    def _sdiftp(self) -> None:
        node = _company(CHANNELS.index(self.name))["id_codice"]
        root = self._house.home / "scambio"
        SdiFtpFolders(root).prepare()
        kit = open_kit(self.folder, datetime.datetime.now(datetime.UTC))
        mine = {name: _identity(self.folder, f"nodo-{name}") for name in ("firma", "cifra")}
        self._channel(
            {
                **{"node": node, "root": str(root), "sftp_user": SFTP_USER},
                "signing_certificate": mine["firma"][0],
                "reading_certificate": mine["cifra"][0],
                "sdi_signing_certificates": _pem(kit.signing),
                "sdi_reading_certificate": _pem(kit.reading),
            },
            {"signing_key": mine["firma"][1], "reading_key": mine["cifra"][1], "sftp_password": WORD},
        )
        self._house.sftp_port = self.second
        # A second between two visits.
        every = ("--minutes", f"{self._house.speed / 60:g}")
        login = ("--sftp-port", str(self.second), "--user", SFTP_USER, "--password", WORD)
        self._play("sdiftp", "--node", node, *login, *every)

    def _channel(self, values: dict[str, Any], kept: dict[str, str]) -> Channel:
        from django.conf import settings

        with company_scope(self.office.company_id):
            channel = Channel.objects.create(
                company_id=self.office.company_id,
                kind=self.name,
                settings=values,
                secrets=secrets.encrypt(json.dumps(kept).encode(), settings.SECRETS_KEYS) if kept else None,
                concurrency=8,
                created_at=datetime.datetime.now(datetime.UTC),
            )
            ChannelUse.objects.create(company_id=self.office.company_id, dashboard="", channel=channel)
        self.channel_id = channel.pk
        return channel

    def _play(self, which: str, *words: str) -> None:
        general = ("--port", str(self.port), "--data", str(self.folder), "--speed", f"{self._house.speed:g}")
        self._house.spawn(f"simulator {which}", str(FIRST_IDENTIFIER[self.name]), *general, *words)

    def wait_until_there(self) -> None:
        wait_for(self._answers, 240, f"the simulator of {self.name} does not answer")

    def _answers(self) -> bool:
        with contextlib.suppress(httpx.HTTPError):
            return self.sdi.get("count").status_code == 200
        return False

    # Orders -------------------------------------------------------------------------------------------------

    def arrived(self) -> int:
        """How many files this SdI has taken from the company."""
        return int(self.sdi.get("count").json()["files"]) - self.supplied

    def told(self) -> int:
        """How many messages this SdI has sent off about what the company sent, each counted once."""
        return int(self.sdi.get("count").json()["messages"])

    def refusals(self) -> int:
        """How many refusals of outcomes (SE) are messages: the web service answers with them."""
        return 0 if self.name == "sdicoop" else int(self.sdi.get("count").json()["refusals"])

    def open_office(self) -> None:
        """From now on this SdI knows where invoices for the company's office are delivered."""
        wanted = {"key": suppliers.OFFICE, "behaviour": "channel", "url": self.served_at}
        self.sdi.post("recipients", json=wanted).raise_for_status()

    def supply(self) -> None:
        """The supplier sends the company an invoice."""
        name, content = suppliers.signed_invoice(self.supplied + 1, self.office.code)
        request = soap.build_request(soap.RICEVI_FILE, soap.FileSdIBase(name, content))
        url = f"http://127.0.0.1:{self.port}/ricevi_file"
        httpx.post(
            url, content=request.body, headers=request.headers, timeout=120, trust_env=False
        ).raise_for_status()
        self.supplied += 1

    def order_faults(self, course: Course) -> None:
        """Each strikes the file of that number, once."""
        told = [(kind, ordered(kind, f"_{progressive(file)}")) for file, kind in course.faults]
        told += self._on_outcomes(course)
        self._tell_faults(self.sdi, [fault for kind, fault in told if not self._of_hub(kind)])
        self._tell_faults(self._hub(), [fault for kind, fault in told if self._of_hub(kind)])

    def _on_outcomes(self, course: Course) -> list[tuple[str, dict[str, Any]]]:
        names = ((f"{suppliers.base_name(invoice)}_EC_001", kind) for invoice, kind in course.on_outcomes)
        return [(kind, ordered(kind, name)) for name, kind in names]

    def order_fault(self, kind: str) -> None:
        """It strikes whatever comes next."""
        self._tell_faults(self._hub() if self._of_hub(kind) else self.sdi, [ordered(kind)])

    def _of_hub(self, kind: str) -> bool:
        """The Hub's own, not those of the SdI behind it."""
        return self.name == "intermediary" and not kind.startswith(("receipt_", OUTCOME_REFUSED))

    def _hub(self) -> httpx.Client:
        return _client(self.second) if self.name == "intermediary" else self.sdi

    def _tell_faults(self, client: httpx.Client, faults: list[dict[str, Any]]) -> None:
        if not faults:
            return
        if self.name == "intermediary" and client is not self.sdi:
            faults = [{k: v for k, v in each.items() if k != "hours"} for each in faults]
        client.post("faults", json={"faults": faults}).raise_for_status()

    def calm(self, course: Course) -> None:
        """No more faults; what SdI refuses by its bytes it still refuses, for people answer to the end."""
        self.sdi.post("faults", json={"clear": True}).raise_for_status()
        refused = [fault for kind, fault in self._on_outcomes(course) if kind == OUTCOME_REFUSED]
        self._tell_faults(self.sdi, refused)
        if self.name == "intermediary":
            self._hub().post("calm", json={}).raise_for_status()

    def advance(self, hours: float) -> None:
        self.sdi.post("clock", json={"advance_hours": hours}).raise_for_status()

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = self.sdi.get("state").json()
        return found

    def books(self) -> dict[str, Any]:
        found: dict[str, Any] = self.sdi.get("books", timeout=600).json()
        return found

    def collect(self) -> None:
        """What the button *Raccogli adesso* does, where the way is one that is visited."""
        if self.name != "sdicoop":
            with company_scope(self.office.company_id):
                collect.now(self.office.company_id, self.channel_id)


def _client(port: int) -> httpx.Client:
    return httpx.Client(base_url=f"http://127.0.0.1:{port}/_simulator/", timeout=120, trust_env=False)


def _company(number: int) -> dict[str, Any]:
    """A company of its own for each: names of files go by its code."""
    from stdnum import luhn

    stem = f"021004501{number}"
    code = stem + luhn.calc_check_digit(stem)
    name = f"{demo.ORDINE['denominazione']} {number + 1}"
    return {**demo.ORDINE, "id_codice": code, "codice_fiscale": code, "denominazione": name}


def _identity(folder: Path, name: str) -> tuple[str, str]:
    from fattorino.simulators.sdi.identities import key_pem, open_identity

    found = open_identity(folder, name, datetime.datetime.now(datetime.UTC))
    return _pem(found), key_pem(found).decode()


def _pem(identity: Identity) -> str:
    return identity.certificate.public_bytes(serialization.Encoding.PEM).decode()
