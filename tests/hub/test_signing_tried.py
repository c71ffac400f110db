"""A key that somebody uploads is tried out before it is opened in the server."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from fattorino.hub.flows import keys
from fattorino.hub.models import SigningKey
from fattorino.organisations.flows import save_user
from tests.desk import NOW, Desk, _key


def test_an_uploaded_key_that_takes_too_long_to_open_is_refused_and_not_opened(
    desk: Desk, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[tuple[bytes, str]] = []

    def too_long(data: bytes, password: str) -> bool:
        tried.append((data, password))
        return True

    opened: list[bytes] = []
    monkeypatch.setattr("fattorino.hub.signing.pkcs12.takes_too_long", too_long)
    monkeypatch.setattr(keys, "load_pkcs12", lambda data, *_, **__: opened.append(data))
    before = SigningKey.objects.count()
    person = save_user(
        "capo@ordine.example", "una-parola-lunga-9", "Ada Neri", {desk.company.pk: "admin"}, now=NOW
    )
    client.force_login(person)
    file = SimpleUploadedFile("firma.p12", _key())
    answer = client.post(
        "/impostazioni/firma/",
        {"azienda": desk.company.pk, "tipo": "pkcs12", "file": file, "password": "prova"},
    )
    assert answer.status_code == 422 and "troppo lavoro" in answer.content.decode()
    assert tried == [(_key(), "prova")] and not opened
    assert SigningKey.objects.count() == before
