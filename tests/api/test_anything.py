"""Whatever is sent, the answer is one of those the contract declares: never an internal error."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fattorino.organisations import tokens
from tests.api.conftest import Program

SETTINGS = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
ANSWERS = {201, 200, 404, 409, 413, 422}

# Any character at all, also those that JSON can spell and nothing else can hold.
texts = st.text(st.characters(), max_size=300)
near = st.sampled_from(
    [
        "",
        " ",
        "0",
        "0.00",
        "1",
        "100",
        "-1",
        "1e3",
        "1e400",
        "99999999999999999999",
        "0.000000001",
        "12345678901.99",
    ]
    + ["2026-02-28", "2026-02-30", "9999-12-31", "0001-01-01", "2024-02-29"]
    + [
        "IT",
        "DE",
        "SM",
        "N1",
        "N2.1",
        "N6.9",
        "TD04",
        "TD01",
        "TD20",
        "MP05",
        "TP01",
        "RT01",
        "TC04",
        "SC",
        "MG",
    ]
    + ["XXXXXXX", "ABC123", "EUR", "USD", "S", "D", "a@pec.example", "80102300151", "00000000000"]
    + [
        "a" * 5000,
        "ab" * 200,
        "à" * 61,
        "è",
        "語",
        "\u200b",
        "\ufffe",
        "😀",
        "a\nb\tc",
        "<&>",
        "]]>",
        "\x01",
        "\x7f",
        "\x85",
    ]
) | st.sampled_from([None, True, False, 0, 1, -1, 2**63, [], {}, [None], [{}], 1.5])
scalars = near | st.integers() | st.floats(allow_nan=False) | texts
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value that may be replaced."""
    found = [path] if path else []
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        found += _places(item, (*path, key))
    return found


def _put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    changed = copy.deepcopy(value)
    target = changed
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = new
    return changed


FULL: dict[str, Any] = {
    "tipo_documento": "TD01",
    "divisa": "EUR",
    "data": "2026-11-20",
    "causale": ["prova"],
    "linee": [
        {
            "descrizione": "Corso",
            "quantita": "2",
            "unita_misura": "ore",
            "prezzo_unitario": "100.00",
            "sconti": [{"tipo": "SC", "percentuale": "10", "importo": None}],
            "aliquota_iva": "22",
            "natura": None,
            "riferimento_normativo": None,
            "ritenuta": True,
            "data_inizio_periodo": "2026-01-01",
            "codice_tipo": "EAN",
            "codice_valore": "123",
        }
    ],
    "sconti": [{"tipo": "MG", "importo": "1.00"}],
    "casse": [{"tipo_cassa": "TC04", "al_cassa": "4", "aliquota_iva": "22", "imponibile": None}],
    "ritenute": [{"tipo_ritenuta": "RT01", "aliquota_ritenuta": "20", "causale_pagamento": "A"}],
    "bollo": {"importo": "2.00", "addebitato": True},
    "esigibilita_iva": "I",
    "condizioni_pagamento": "TP02",
    "pagamenti": [{"modalita_pagamento": "MP05", "importo": "10.00", "iban": "IT60X0542811101000000123456"}],
    "riferimenti": [{"kind": "DatiContratto", "id_documento": "1", "riferimento_numero_linea": [1]}],
    "allegati": [],
    "cessionario": {
        "id_paese": "IT",
        "id_codice": "01122334459",
        "denominazione": "Rossi S.r.l.",
        "nome": None,
        "indirizzo": "Via Garibaldi",
        "cap": "21013",
        "comune": "Gallarate",
        "provincia": "VA",
        "nazione": "IT",
        "email": "a@example.org",
    },
    "codice_destinatario": "M5UXCR1",
    "pec_destinatario": None,
}
places = st.sampled_from(_places(FULL))


@st.composite
def drafts(draw: st.DrawFn) -> Any:
    """A right draft with up to three places made into something else, mostly into a text as strange."""
    draft: Any = FULL
    for _ in range(draw(st.integers(0, 3))):
        path = draw(places)
        try:
            draft = _put(draft, path, draw(near if draw(st.integers(0, 3)) else values))
        except (KeyError, IndexError, TypeError):
            continue  # the place went with an earlier change
    return draft


bodies = st.builds(
    lambda draft, kind, sezionale: {"kind": kind, "sezionale": sezionale, "draft": draft},
    drafts(),
    st.sampled_from(["fattura"] * 12 + ["ricevuta", "nota_credito", "", None, 5]),
    st.sampled_from([""] * 12 + ["R", "a" * 300, "\x00", None, 5]),
)


def _send(program: Program, method: str, path: str, body: Any) -> int:
    """The status. What was taken is also read back, drawn in the list, and sent as far as the queue."""
    raw = json.dumps(body).encode()
    program.last = getattr(program.http, method)(
        f"/api/v1/{path}",
        data=raw,
        content_type="application/json",
        headers={"Authorization": f"Bearer {program.token}"},
    )
    status = program.status
    if status in (200, 201):
        taken = program.last.json()
        assert program.call("get", f"documents/{taken['id']}") == taken
        assert program.call("get", "documents?limit=1")["documents"][0]["id"]
        program.call("post", f"documents/{taken['id']}/send")
        assert program.status in ANSWERS | {202}
    return status


@pytest.fixture
def quick(gestionale: Program, monkeypatch: pytest.MonkeyPatch) -> Program:
    monkeypatch.setattr(tokens, "CALLS_PER_MINUTE", 10**6)
    return gestionale


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def test_the_right_draft_is_taken(quick: Program) -> None:
    assert _send(quick, "post", "documents", {"draft": FULL}) == 201


@SETTINGS
@given(body=bodies)
def test_any_new_document_is_taken_or_refused_in_words(quick: Program, body: Any) -> None:
    with undone():
        assert _send(quick, "post", "documents", body) in ANSWERS


@SETTINGS
@given(body=values)
def test_any_json_at_all_is_refused_in_words(quick: Program, body: Any) -> None:
    with undone():
        assert _send(quick, "post", "documents", body) in ANSWERS


@SETTINGS
@given(draft=drafts(), version=st.sampled_from([1] * 12 + [0, 2, -1, None, "1", 2**40]))
def test_any_correction_is_taken_or_refused_in_words(quick: Program, draft: Any, version: Any) -> None:
    with undone():
        made = quick.call("post", "documents", {"draft": FULL})
        body = {"version": version, "draft": draft}
        assert _send(quick, "put", f"documents/{made['id']}", body) in ANSWERS


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("divisa",), "EURO"),
        (("tipo_documento",), "TD0199"),
        (("cessionario", "id_codice"), "1" * 200),
        (("cessionario", "denominazione"), "x" * 300),
        (("linee", 0, "prezzo_unitario"), "99999999999999999999"),
    ],
)
def test_a_value_larger_than_its_place_is_cut_or_refused_in_words(
    quick: Program, path: tuple[Any, ...], value: Any
) -> None:
    assert _send(quick, "post", "documents", {"draft": _put(FULL, path, value)}) in ANSWERS
