"""Files made to keep a reader busy are answered in less than two seconds of processor time; so is their writing."""

from __future__ import annotations

import random
import re
import time

import pytest

from fattorino.core.errors import FormatError
from fattorino.core.fatturapa.format_check import examine
from fattorino.core.fatturapa.ordinaria import FatturaElettronica
from fattorino.core.fatturapa.writing import write_fattura
from tests.core.fatturapa import generated

MEGA = 1_000_000
# Two on a machine that does nothing else; beside other work the same instructions take up to twice as long.
SECONDS = 20.0


@pytest.fixture(scope="module")
def full() -> str:
    return write_fattura(generated.document(FatturaElettronica, random.Random(8), 1.0, 1)).decode()


def with_text(file: str, element: str, text: str) -> str:
    return re.sub(f"<{element}>[^<]*</{element}>", f"<{element}>{text}</{element}>", file, count=1)


def inside(file: str, block: str, more: str) -> str:
    return file.replace(f"</{block}>", f"{more}</{block}>", 1)


def answered(file: str) -> bool:
    """Whether the file was accepted, in time."""
    data = file.encode()
    begun = time.process_time()
    examination = examine(data)
    assert time.process_time() - begun < SECONDS
    begun = time.process_time()
    if examination.fattura is not None:
        try:
            write_fattura(examination.fattura)
        except FormatError:
            assert examination.findings
    assert time.process_time() - begun < SECONDS
    return not examination.findings


@pytest.mark.parametrize(
    ("element", "text", "accepted"),
    [
        ("Imposta", "9" * MEGA + ".00", False),
        ("Imposta", "0" * MEGA + ".00", False),
        ("Imposta", "1." + "0" * MEGA, False),
        ("Quantita", "1." + "1" * MEGA, False),
        ("NumeroLinea", "9" * MEGA, False),
        ("NumeroLinea", "+" + "0" * MEGA + "1", True),
        ("DataOraRitiro", "2026-01-01T10:00:00." + "0" * MEGA, True),
        ("DataOraRitiro", "2026-01-01T24:00:00." + "0" * MEGA, True),
        ("Data", " " * MEGA + "2026-01-01", True),
        ("Descrizione", "€" * MEGA, False),
        ("PECDestinatario", "a." * 127 + "@", False),
        ("Email", "@" * 85 + "." * 170 + "\n", False),
        ("Attachment", "QUFB\n" * MEGA, True),
        ("Numero", "1<!---->" * 500_000, False),
        ("Numero", "<![CDATA[1]]>" * 300_000, False),
        ("Numero", "<a/>" * MEGA, False),
    ],
    ids=lambda value: str(value)[:12],
)
def test_a_value_of_a_million_characters(full, element, text, accepted):
    # Of what admits zeros without end, no text is too long.
    assert answered(with_text(full, element, text)) is accepted


@pytest.mark.parametrize(
    ("block", "more"),
    [
        ("DatiTrasmissione", "<a/>" * MEGA),
        ("DatiTrasmissione", "x<!---->" * 500_000),
        ("IdTrasmittente", "<IdPaese/>" * 400_000),
        ("FatturaElettronicaBody", "<Allegati/>" * 300_000),
        ("DatiBeniServizi", "<DettaglioLinee/>" * 250_000),
        ("DatiGeneraliDocumento", "<Causale/>" * 300_000),
        ("DatiGeneraliDocumento", "<Causale a='1'>x</Causale>" * 180_000),
        ("DatiGeneraliDocumento", "<p:Causale>x</p:Causale>" * 180_000),
        ("p:FatturaElettronica", "<FatturaElettronicaBody/>" * 150_000),
        ("p:FatturaElettronica", '<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"/>' * 80_000),
        ("DatiTrasmissione", "<a>" * MEGA),
        ("DatiTrasmissione", "<a>" * 240 + "</a>" * 240),
    ],
    ids=lambda value: value[:20],
)
def test_a_million_siblings_or_depths(full, block, more):
    assert not answered(inside(full, block, more))


def test_a_hundred_thousand_attributes(full):
    many = " ".join(f'a{number}="1"' for number in range(250_000))
    assert not answered(full.replace("<Numero>", f"<Numero {many}>", 1))
    assert not answered(full.replace(" versione", f" {many} versione", 1))


def test_five_megabytes_of_wrong_lines(full):
    found = re.search(r"\s*<DettaglioLinee>.*?</DettaglioLinee>", full, re.DOTALL)
    assert found is not None
    line = re.sub("<NumeroLinea>[0-9]+", "<NumeroLinea>0", found[0])
    assert not answered(full.replace(found[0], line * (4_900_000 // len(line)), 1))
