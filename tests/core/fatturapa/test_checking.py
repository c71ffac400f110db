from __future__ import annotations

import dataclasses
import datetime
import io
import random
import tracemalloc
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fattorino.core.fatturapa import (
    FatturaElettronica,
    FatturaElettronicaSemplificata,
    Known,
    check,
    write_fattura,
)
from fattorino.core.fatturapa.checking import check_stream, identities
from fattorino.core.fatturapa.rules import MOST_PLACES, OPTIONAL
from fattorino.core.tracciati.quick import read_quick
from tests.core.fatturapa import generated
from tests.core.fatturapa.drafts import TODAY, found, invoice, line, simple_invoice, spoil


def test_a_good_file_has_no_findings():
    assert check(write_fattura(invoice()), on=TODAY) == []
    assert check(write_fattura(simple_invoice()), on=TODAY) == []


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<",
        b"\xff\xfe",
        b"<a/>",
        b"<!DOCTYPE a><a/>",
        b"PK\x03\x04",
        b"0\x80\x06\t",
        "<è/>".encode("utf-16"),
    ],
)
def test_bytes_that_are_no_invoice_are_a_finding_and_never_an_exception(data):
    findings = check(data, on=TODAY)
    assert findings and all(f.is_error and f.message for f in findings)


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_no_bytes_make_check_raise(data):
    check(data, on=TODAY)


GOOD = write_fattura(invoice(line(), line("3", "0", natura="N4")))


@settings(max_examples=300, deadline=None)
@given(
    st.integers(0, len(GOOD) - 1),
    st.integers(1, 40),
    st.binary(max_size=12),
    st.sampled_from(["emitter", "receiver"]),
)
def test_no_damage_to_a_good_file_makes_check_raise(place, length, insert, side):
    check(GOOD[:place] + insert + GOOD[place + length :], on=TODAY, side=side)


def test_a_file_that_breaks_the_format_is_not_looked_at_further():
    data = write_fattura(spoil(invoice(), riepilogo__imposta=invoice().fattura_elettronica_body[0]
                               .dati_beni_servizi.dati_riepilogo[0].imposta * 2))  # fmt: skip
    assert {f.code for f in check(data, on=TODAY)} >= {"00421"}
    broken = data.replace(b"<CAP>00100</CAP>", b"<CAP>100</CAP>", 1)
    assert {f.code for f in check(broken, on=TODAY)} == {"00200"}


def test_findings_come_by_line_with_the_line_of_the_element():
    f = spoil(invoice(line(), line()), goods__dettaglio_linee__1__natura="N4", document__numero="x")
    findings = found(f)
    assert [x.code for x in findings if x.is_error] == ["00425", "00401", "00444"]
    assert [x.line or 0 for x in findings] == sorted(x.line or 0 for x in findings)
    data = write_fattura(f).split(b"\n")
    wrong = next(x for x in findings if x.code == "00425")
    assert b"<Numero>" in data[(wrong.line or 0) - 1]


def test_an_element_that_is_not_there_has_the_line_of_its_parent():
    finding = next(
        x for x in found(spoil(invoice(line("1", "0", natura="N4")), line__natura=None)) if x.code == "00400"
    )
    assert finding.path.endswith("/DettaglioLinee[1]/Natura") and finding.line


def test_the_day_decides_which_rules_are_in_force():
    f = spoil(invoice(), document__data=datetime.date(2020, 1, 1), buyer__id_fiscale_iva=None)
    assert {x.code for x in found(f, on=datetime.date(2020, 1, 1))} == {"00417"}


def test_known_is_optional_and_nothing_is_found_without_it():
    assert check(write_fattura(invoice()), on=TODAY, known=Known()) == []
    assert check(write_fattura(invoice()), on=TODAY, known=None) == []


def test_official_samples_never_raise_and_are_judged_as_documented(shared_data):
    """AdE's own FPR03 has 27.00 for 25.00; every sample can be checked on either side."""
    folder = shared_data / "sdi" / "invoices"
    files = sorted(folder.iterdir())
    assert files
    for file in files:
        for side in ("emitter", "receiver"):
            check(file.read_bytes(), on=TODAY, side=side)
    wrong = [f for f in files if f.name.startswith("devcode-it__IT01234567890_FPR03")]
    for file in wrong:
        assert "00422" in {x.code for x in check(file.read_bytes(), on=TODAY, side="receiver")}


def test_a_large_file_wrong_at_every_line_is_checked_in_one_pass_and_stays_readable():
    """Thousands of rates and of findings: an earlier way of finding lines took minutes for this."""
    row = line("1", "0", natura="N4")
    f = invoice(row)
    one = f.fattura_elettronica_body[0].dati_beni_servizi.dettaglio_linee[0]
    many = tuple(
        dataclasses.replace(one, numero_linea=i + 1, aliquota_iva=Decimal(i % 9000 + 100) / 100, natura="N4")
        for i in range(9000)
    )
    findings = found(spoil(f, goods__dettaglio_linee=many))
    natura = [x for x in findings if x.code == "00401"]
    assert len(natura) == MOST_PLACES + 1
    assert [x.message for x in natura if not x.path] == [
        f"Nel file altri {9000 - MOST_PLACES} punti hanno lo stesso difetto dei {MOST_PLACES} elencati."
    ]
    assert all(x.line for x in findings if x.path)
    assert len(findings) < 1000


def streamed(data, **how):
    return check_stream(io.BytesIO(data), **{"on": TODAY, **how})


def test_a_stream_has_the_findings_of_the_whole_file(shared_data):
    """Every sample, plain or not: same codes, places, lines, words."""
    plain = 0
    for file in sorted((shared_data / "sdi" / "invoices").iterdir()):
        data = file.read_bytes()
        for side in ("emitter", "receiver"):
            assert streamed(data, side=side) == check(data, on=TODAY, side=side), file.name
        kind = FatturaElettronica if b"Semplificata" not in data[:2000] else FatturaElettronicaSemplificata
        plain += read_quick(kind, data) is not None
    assert plain > 30, "else nothing was streamed"


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(["FPA12", "FPR12", "FSM10"]), st.integers(1, 4))
def test_a_stream_has_the_findings_of_the_whole_file_for_random_invoices(seed, kind, bodies):
    """Random values break nearly every rule; some are not plain and go the long way."""
    rng = random.Random(seed)
    cls = FatturaElettronicaSemplificata if kind == "FSM10" else FatturaElettronica
    f = generated.document(cls, rng, most=4)
    f = dataclasses.replace(
        f, versione=kind, fattura_elettronica_body=tuple(rng.choices(f.fattura_elettronica_body, k=bodies))
    )
    data = write_fattura(f)
    for known in (None, Known(invoices=identities(f))):
        whole = check(data, on=TODAY, known=known)
        assert any(x.code.startswith("004") for x in whole)
        assert streamed(data, known=known) == whole


def test_a_stream_of_a_large_file_wrong_everywhere_is_the_same_too():
    row = line("1", "0", natura="N4")
    one = invoice(row).fattura_elettronica_body[0].dati_beni_servizi.dettaglio_linee[0]
    many = tuple(dataclasses.replace(one, natura=None, numero_linea=i + 1) for i in range(1500))
    data = write_fattura(spoil(invoice(row), goods__dettaglio_linee=many))
    assert streamed(data) == check(data, on=TODAY)


@pytest.mark.parametrize(
    "data", [b"", b"<", b"\xff\xfe", b"<a/>", GOOD[:-20], GOOD.replace(b"<CAP>", b"<CAP>x")]
)
def test_a_stream_that_is_no_invoice_has_the_same_findings(data):
    assert streamed(data) == check(data, on=TODAY) != []


def test_what_is_too_long_is_not_read():
    assert streamed(GOOD, limit=100) == check(GOOD, on=TODAY, limit=100)
    assert [f.code for f in streamed(GOOD, limit=100)] == ["00003"]


def test_a_day_that_does_not_exist_is_left_to_the_long_way():
    data = GOOD.replace(b"<Data>2026-11-20</Data>", b"<Data>2026-02-30</Data>", 1)
    assert data != GOOD
    assert [f.code for f in streamed(data)] == ["00200"]


def test_warnings_can_be_switched_off_and_errors_cannot():
    f = spoil(invoice(line("100", "0", natura="N4")), riepilogo__imposta=Decimal("5.00"))
    codes = {x.code for x in found(f)}
    assert {"avviso-bollo", "avviso-norma", "00421"} <= codes
    assert {x.code for x in found(f, without=frozenset(OPTIONAL) | {"00421"})} == {"00421"}
    assert {x.code for x in found(f, without=frozenset({"avviso-bollo"}))} == codes - {"avviso-bollo"}


def test_a_stream_holds_little_of_a_large_file():
    """Nothing but the places kept and one chunk: far below the file."""
    start, end = GOOD.index(b"<DettaglioLinee>"), GOOD.index(b"</DettaglioLinee>") + len(b"</DettaglioLinee>")
    data = GOOD[:start] + GOOD[start:end] * 8000 + GOOD[start:]
    check_stream(io.BytesIO(GOOD), on=TODAY)
    tracemalloc.start()
    streamed(data, without=frozenset(OPTIONAL))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(data) > 2_000_000
    assert peak < 1_000_000
