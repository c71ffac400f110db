"""Whatever is typed into the document form, it is saved or told beside the field; the page never breaks."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fattorino import clock
from fattorino.documents.forms.shape import GROUPS, PARTY, SINGLE
from fattorino.documents.forms.writer import write
from fattorino.organisations.models import User
from tests.desk import NOW, Desk
from tests.documents.posted import posted
from tests.documents.test_forms_document import FULL

NAMES = [
    *SINGLE,
    *(f"cessionario-{name}" for name in PARTY),
    *(f"{group}-{key}-{name}" for group, names in GROUPS.items() for name in names for key in (0, 7)),
]
KINDS = ("TD01", "TD04", "TD06", "ricevuta", "TD99")
WORDS = (
    *(
        "",
        " ",
        "0",
        "-1",
        "1,5",
        "1.000",
        "9" * 24,
        "-" + "9" * 23,
        "0," + "9" * 20,
        "NaN",
        "1e400",
        "22",
        "N4",
    ),
    *(
        "N2.1",
        "100|N1",
        "101",
        "0001-01-01",
        "9999-12-31",
        "2024-02-29",
        "30/02/2026",
        "IT",
        "DE",
        "SM",
        "xx",
    ),
    *(
        "pa",
        "privato",
        "estero",
        "ABC123",
        "XXXXXXX",
        "0000000",
        "2R4GTO8",
        "MP05",
        "TP01",
        "RT01",
        "TC22",
        "A",
    ),
    *("S", "SC", "MG", "10+5", "3€", "MG 2+" * 12, "100+100", "R", "NONCE", "a" * 129, "b" * 5000, "à" * 61),
    *(
        "ß" * 81,
        "İ" * 121,
        "\x00",
        "x\x00y",
        "\x01",
        "\x85",
        "\u2028",
        "\ufffe",
        "😀",
        "<&>",
        "]]>",
        "a\r\nb",
    ),
    *("٣", "²", "' or 1=1"),
)
texts = st.sampled_from(WORDS) | st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
STARTS = (posted(), {**posted(), **write(dataclasses.replace(FULL, allegati=()))})


@pytest.fixture
def client(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    browser = Client(raise_request_exception=False)
    browser.force_login(User.objects.get(pk=desk.actor.user_id))
    return browser


@settings(
    max_examples=100,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    start=st.sampled_from(STARTS),
    kind=st.sampled_from(KINDS),
    typed=st.dictionaries(st.sampled_from(NAMES), texts, max_size=6),
)
def test_no_form_breaks_the_page(
    client: Client, desk: Desk, start: dict[str, str], kind: str, typed: dict[str, str]
) -> None:
    body = start | {"tipo_documento": kind, "sezionale_ricevute": "R"} | typed
    assert client.post("/entrate/totali/", body).status_code == 200, body
    with transaction.atomic():
        answer = client.post("/entrate/nuovo/", body)
        assert answer.status_code in (302, 409, 422), body
        if answer.status_code == 302:
            assert client.get(answer["Location"]).status_code == 200, body
        transaction.set_rollback(True)


@pytest.mark.parametrize("kind", ["TD06", "ricevuta"])
@pytest.mark.parametrize("text", ["\x00", "x" * 5000])
def test_each_field_alone_takes_anything(client: Client, desk: Desk, kind: str, text: str) -> None:
    start: dict[str, Any] = STARTS[1] | {"tipo_documento": kind, "sezionale_ricevute": "R"}
    for name in NAMES:
        if name.split("-")[1:2] == ["7"]:
            continue
        with transaction.atomic():
            answer = client.post("/entrate/nuovo/", start | {name: text})
            assert answer.status_code in (302, 409, 422), (name, text)
            transaction.set_rollback(True)


def test_a_ricevuta_with_the_longest_party_is_saved_and_remembered(client: Client, desk: Desk) -> None:
    party = {"cessionario-denominazione": "ß" * 80, "cessionario-id_codice": "", "cessionario-cap": "21013"}
    body = posted(tipo_documento="ricevuta", sezionale_ricevute="R") | party
    assert client.post("/entrate/nuovo/", body).status_code == 302
