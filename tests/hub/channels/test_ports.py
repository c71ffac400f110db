"""Each way is made of the settings and secrets that the channel page keeps for it."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest
from django.conf import settings

from fattorino.hub.channels.pec import SdiPec
from fattorino.hub.channels.sdiftp import SdiFtp
from fattorino.hub.flows.channels import Kind, port
from fattorino.hub.models import Channel
from fattorino.hub.signing import secrets
from tests.hub.channels.keys import keys
from tests.hub.channels.ways import NODE, certificate_text, key_text


def row(kind: str, values: dict[str, Any], kept: dict[str, str]) -> Channel:
    data = secrets.encrypt(json.dumps(kept).encode(), settings.SECRETS_KEYS)
    return Channel(kind=kind, settings=values, secrets=data)


def test_a_node_has_its_folders_keys_and_flow():
    values = {
        "node": NODE,
        "root": "/srv/scambio",
        "test": True,
        "signing_certificate": certificate_text(keys().node_signing),
        "reading_certificate": certificate_text(keys().node_reading),
        "sdi_signing_certificates": certificate_text(keys().sdi_signing),
        "sdi_reading_certificate": certificate_text(keys().sdi_reading),
    }
    kept = {"signing_key": key_text(keys().node_signing), "reading_key": key_text(keys().node_reading)}
    made = port(row(Kind.SDIFTP, values, kept))
    assert isinstance(made, SdiFtp)
    assert (made.node, str(made.folders.to_sdi)) == (NODE, "/srv/scambio/DatiVersoSdITest")
    assert made.keys.signing().certificate == keys().node_signing.certificate
    assert [each.certificate for each in made.keys.reading()] == [keys().node_reading.certificate]
    assert made.keys.recipient() == keys().sdi_reading.certificate
    assert "PRIVATE" not in repr(made)


def test_a_mailbox_has_its_servers_and_what_is_usual_where_nothing_is_said():
    values = {"address": "o@pec.it", "smtp_host": "s", "imap_host": "i", "assigned": "sdi48@pec.fatturapa.it"}
    made = port(row(Kind.PEC, values, {"password": "segreta"}))
    assert isinstance(made, SdiPec)
    box = made.mailbox
    assert (box.user, box.password, box.smtp_port, box.imap_port, box.folder) == (
        "o@pec.it",
        "segreta",
        465,
        993,
        "INBOX",
    )
    assert (made.assigned, made.test) == ("sdi48@pec.fatturapa.it", False)
    assert "segreta" not in repr(made)


@pytest.mark.parametrize("kind", [Kind.SDIFTP, Kind.PEC])
def test_a_channel_that_was_only_begun_makes_a_port_that_says_what_is_missing(kind):
    made = port(row(kind, {}, {}))
    assert not all(step.ok for step in made.examine(now=datetime.datetime.now(datetime.UTC)))
