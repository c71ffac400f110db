"""Invoices to render: one with every optional block filled, made from the declaration of the format itself."""

from __future__ import annotations

import dataclasses
import datetime
import html.parser
import itertools
from decimal import Decimal

import pytest

from fattorino.core.fatturapa.ordinaria import FatturaElettronica
from fattorino.core.fatturapa.semplificata import FatturaElettronicaSemplificata
from fattorino.core.tracciati.declaration import record_of
from fattorino.core.tracciati.values import Coded

_CREATED = datetime.datetime(2026, 11, 21, 9, 30, tzinfo=datetime.UTC)


class _Filler:
    """Fills every field of a record with a value that occurs nowhere else; repeatable ones `times` times."""

    def __init__(self, times: int) -> None:
        self.times = times
        self.count = itertools.count(1)
        self.leaves: list[object] = []

    def fill(self, cls: type) -> object:
        record = record_of(cls)
        values = {}
        for field in (*record.fields, *record.attributes):
            made = [self._one(field) for _ in range(self.times if field.repeatable else 1)]
            values[field.attribute] = tuple(made) if field.repeatable else made[0]
        return cls(**values)

    def _one(self, field) -> object:
        value = self.fill(field.record) if field.record is not None else self._leaf(field)
        if field.record is None:
            self.leaves.append(value)
        return value

    def _leaf(self, field) -> object:
        n = next(self.count)
        if isinstance(field.value, Coded):
            return field.value.codes.values[0]
        return {
            "Number": Decimal(n) + Decimal("0.25"),
            "Counter": 10_000 + n,
            "Day": datetime.date(2020, 1, 1) + datetime.timedelta(days=n),
            "Moment": datetime.datetime(2031, 1, 1, 8, 15, 30) + datetime.timedelta(days=n),
            "Base64": b"x" * (2000 + n * 100),
        }.get(type(field.value).__name__, f"testo{n}x")


def _filled(cls: type, times: int = 2) -> tuple[object, list[object]]:
    filler = _Filler(times)
    return filler.fill(cls), filler.leaves


@pytest.fixture
def whole() -> FatturaElettronica:
    return _filled(FatturaElettronica)[0]


@pytest.fixture
def invoice() -> FatturaElettronica:
    """One body, as most invoices have."""
    fattura = _filled(FatturaElettronica, times=1)[0]
    assert len(fattura.fattura_elettronica_body) == 1
    return fattura


@pytest.fixture
def simple() -> FatturaElettronicaSemplificata:
    return _filled(FatturaElettronicaSemplificata)[0]


class _Text(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def _text_of(page: str) -> str:
    """The text that a reader sees, runs of white space as one space."""
    parser = _Text()
    parser.feed(page)
    return " ".join(" ".join(parser.parts).split())


def _tags_of(page: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = _Text()
    parser.feed(page)
    return parser.tags


def _lines_of(fattura: FatturaElettronica, lines: tuple) -> FatturaElettronica:
    """The invoice with other DettaglioLinee in its first body."""
    body = fattura.fattura_elettronica_body[0]
    goods = dataclasses.replace(body.dati_beni_servizi, dettaglio_linee=lines)
    return dataclasses.replace(
        fattura, fattura_elettronica_body=(dataclasses.replace(body, dati_beni_servizi=goods),)
    )


# Test modules cannot import a conftest, so the helpers come as fixtures.
@pytest.fixture
def created() -> datetime.datetime:
    return _CREATED


@pytest.fixture
def filled():
    return _filled


@pytest.fixture
def text_of():
    return _text_of


@pytest.fixture
def tags_of():
    return _tags_of


@pytest.fixture
def lines_of():
    return _lines_of
