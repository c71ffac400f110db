"""Certificates and keys that end: administrators are told at each distance, once."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from fattorino import clock
from fattorino.hub.flows import expiry
from fattorino.hub.models import Channel, SigningKey
from fattorino.hub.tasks_channels import channel_certificates
from fattorino.organisations.queries import Actor
from fattorino.organisations.scope import company_scope
from fattorino.workflow import notices
from tests.desk import NOW, Desk
from tests.workflow.postbox import person

DAY = datetime.timedelta(days=1)
ENDS = NOW + 100 * DAY


@pytest.fixture
def ada(desk: Desk) -> Actor:
    return person(desk, "ada@ordine.example", role="admin")


def certificate(until: datetime.datetime) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "nodo")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(until - 1000 * DAY)
        .not_valid_after(until)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()


def node(desk: Desk, until: datetime.datetime = ENDS, **more: Any) -> Channel:
    return Channel.objects.create(
        company=desk.company,
        kind="sdiftp",
        label="Nodo",
        settings={"signing_certificate": certificate(until)},
        **more,
    )


def told(actor: Actor) -> list[str]:
    return [row.text for row in reversed(notices.page(actor).rows)]


def test_at_each_distance_the_end_of_a_certificate_is_told_once(desk: Desk, ada: Actor) -> None:
    row = node(desk)
    days = {}
    for day in range(140):
        if new := expiry.warn(desk.company.pk, now=NOW + day * DAY):
            days[100 - day] = new
        assert expiry.warn(desk.company.pk, now=NOW + day * DAY) == 0
    assert days == {60: 1, 30: 1, 7: 1, 1: 1, 0: 1}
    texts = told(ada)
    assert len(texts) == 5 and all("«Nodo»" in text and "supporti" in text for text in texts)
    assert [" è scaduto " in text for text in texts] == [False] * 4 + [True]
    assert notices.page(ada).rows[0].page == f"/impostazioni/canali/{row.pk}/"
    assert told(desk.actor) == []


def test_what_is_renewed_is_told_again_when_its_own_end_is_near(desk: Desk, ada: Actor) -> None:
    row = node(desk, NOW + 20 * DAY)
    assert expiry.warn(desk.company.pk, now=NOW) == 1
    row.settings = {"signing_certificate": certificate(NOW + 900 * DAY)}
    row.save()
    assert expiry.warn(desk.company.pk, now=NOW + 25 * DAY) == 0
    assert expiry.warn(desk.company.pk, now=NOW + 850 * DAY) == 1


def test_found_late_only_the_nearest_distance_is_told(desk: Desk, ada: Actor) -> None:
    node(desk, NOW + 3 * DAY)
    assert expiry.warn(desk.company.pk, now=NOW) == 1 and len(told(ada)) == 1


def test_what_ended_long_ago_and_channels_that_are_off_say_nothing(desk: Desk, ada: Actor) -> None:
    node(desk, NOW - 31 * DAY)
    node(desk, NOW + 3 * DAY, active=False)
    assert expiry.warn(desk.company.pk, now=NOW) == 0 and told(ada) == []


def test_the_end_of_the_key_that_signs_is_told_too(desk: Desk, ada: Actor) -> None:
    SigningKey.objects.filter(company=desk.company).update(active=False)
    key = SigningKey.objects.create(
        company=desk.company, kind="pkcs11", subject="Laura Conti", not_after=NOW + 30 * DAY, created_at=NOW
    )
    assert expiry.warn(desk.company.pk, now=NOW) == 1
    assert "con cui si firmano le fatture" in told(ada)[0]
    SigningKey.objects.filter(pk=key.pk).update(active=False)
    assert expiry.warn(desk.company.pk, now=NOW + 29 * DAY) == 0


def test_the_clock_tells_each_company_of_its_own(
    desk: Desk, other_desk: Desk, ada: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    with company_scope(other_desk.company.pk):
        node(other_desk, NOW + 6 * DAY)
    channel_certificates.func(timestamp=0)
    channel_certificates.func(timestamp=0)
    assert told(ada) == []
    with company_scope(other_desk.company.pk):
        eva = person(other_desk, "eva@studio.example", role="admin")
        assert told(eva) == []  # she came later; the dashboard shows it to her
        from fattorino.workflow.models import Bulletin

        assert Bulletin.objects.get(company=other_desk.company).event.endswith(":7")
