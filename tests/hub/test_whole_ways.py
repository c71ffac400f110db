"""A document on each way on which files travel inside something: from the button to SdI's receipt, by the real port and
the real protocol, and an invoice that comes back the same way."""

from __future__ import annotations

import contextlib
import json
import pathlib
from collections.abc import Iterator
from typing import Any

import pytest

from fattorino.documents.models import Reception
from fattorino.hub import tasks_collecting
from fattorino.hub.flows.channels import Kind
from fattorino.hub.models import Channel, ChannelUse, Consignment, Message
from fattorino.hub.signing import secrets
from fattorino.simulators.sdi import recipients
from tests.desk import Desk, run_jobs
from tests.hub.channels import ways
from tests.hub.channels.keys import keys
from tests.hub.letters import again, queued, state
from tests.simulators.sdi.support import invoice


@contextlib.contextmanager
def sdiftp(folder: pathlib.Path) -> Iterator[tuple[ways.Way, dict[str, Any], dict[str, str]]]:
    with ways.ftp(folder) as way:
        values = {
            "node": ways.NODE,
            "root": str(way.port.folders.root),
            "signing_certificate": ways.certificate_text(keys().node_signing),
            "reading_certificate": ways.certificate_text(keys().node_reading),
            "sdi_signing_certificates": ways.certificate_text(keys().sdi_signing),
            "sdi_reading_certificate": ways.certificate_text(keys().sdi_reading),
        }
        kept = {
            "signing_key": ways.key_text(keys().node_signing),
            "reading_key": ways.key_text(keys().node_reading),
        }
        yield way, values, kept


@contextlib.contextmanager
def pec(folder: pathlib.Path) -> Iterator[tuple[ways.Way, dict[str, Any], dict[str, str]]]:
    with ways.pec(folder) as way:
        box = way.port.mailbox
        values = {
            "address": box.address,
            "smtp_host": box.smtp_host,
            "smtp_port": box.smtp_port,
            "imap_host": box.imap_host,
            "imap_port": box.imap_port,
            "trusted_ca": box.trusted_ca,
        }
        yield way, values, {"password": ways.PASSWORD}


WAYS = {Kind.SDIFTP: sdiftp, Kind.PEC: pec}


@pytest.fixture(params=[Kind.SDIFTP, Kind.PEC])
def way(
    request: pytest.FixtureRequest, desk: Desk, tmp_path: pathlib.Path, settings: Any
) -> Iterator[tuple[ways.Way, Channel]]:
    with WAYS[request.param](tmp_path) as (found, values, kept):
        channel = Channel.objects.create(
            company=desk.company,
            kind=request.param,
            settings=values,
            secrets=secrets.encrypt(json.dumps(kept).encode(), settings.SECRETS_KEYS),
        )
        ChannelUse.objects.create(company=desk.company, dashboard="", channel=channel)
        (authority := tmp_path / "autorita.pem").write_bytes(found.simulator.signer.ca_pem)
        settings.SDI_TRUSTED_CA = str(authority)
        yield found, channel


def visit(channel: Channel) -> None:
    tasks_collecting.visit(channel.company_id, channel.pk)
    run_jobs()


def test_an_invoice_goes_out_and_its_receipt_comes_back(desk: Desk, way: tuple[ways.Way, Channel]) -> None:
    there, channel = way
    row = queued(desk)
    run_jobs()
    there.carry()
    [arrived] = ways.arrived(there, row.file_name)
    outgoing = again(row).outgoing
    assert outgoing is not None and arrived == bytes(outgoing.content)
    there.bring(3)
    visit(channel)
    visit(channel)
    assert Consignment.objects.get().status == Consignment.Status.TAKEN
    assert Message.objects.get().kind == "RC"
    assert state(row) == "CONSEGNATO"
    assert again(row).identificativo_sdi
    channel.refresh_from_db()
    assert bool(channel.settings.get("assigned")) is (channel.kind == Kind.PEC)
    assert ways.arrived(there, row.file_name) == [arrived]


def test_an_invoice_from_a_supplier_comes_in(desk: Desk, way: tuple[ways.Way, Channel]) -> None:
    there, channel = way
    books = there.simulator.books
    url = next((each.url for each in recipients.everyone(books) if each.url), "")
    recipients.save(books, recipients.Recipient("CANALE1", recipients.CHANNEL, url=url))
    name, content = "IT09876543210_00007.xml", invoice(codice="CANALE1")
    identifier = there.simulator.exchange.accept(name, content).identificativo_sdi
    there.bring(3)
    visit(channel)
    received = Reception.objects.get()
    assert (received.identificativo_sdi, received.name) == (identifier, name)
