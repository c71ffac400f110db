from __future__ import annotations

import io

import pytest

from fattorino.core import xml
from fattorino.core.fatturapa import write_fattura
from fattorino.core.fatturapa.places import Places, lines_in_stream
from tests.core.fatturapa.drafts import fee_invoice, invoice, line

DATA = write_fattura(invoice(line(), line("3", "10")))


def paths_of(root):
    """The path of every element, each index written."""

    def below(element, path):
        seen = {}
        for child in element:
            seen[child.tag] = seen.get(child.tag, 0) + 1
            here = f"{path}/{child.tag}[{seen[child.tag]}]"
            yield here, child.sourceline
            yield from below(child, here)

    return dict(below(root, ""))


@pytest.mark.parametrize("data", [DATA, write_fattura(fee_invoice()), DATA.replace(b"\n", b"\r\n")])
def test_tree_and_stream_know_the_line_of_every_element(data):
    root = xml.parse(data)
    lines = paths_of(root)
    assert len(lines) > 50
    places = Places(root)
    assert {path: places.line(path) for path in lines} == lines
    assert lines_in_stream(io.BytesIO(data), lines) == lines


@pytest.mark.parametrize(
    ("path", "above"),
    [
        ("/FatturaElettronicaBody[1]/DatiBeniServizi/DettaglioLinee[2]/Natura",
         "/FatturaElettronicaBody[1]/DatiBeniServizi/DettaglioLinee[2]"),
        ("/FatturaElettronicaBody[1]/DatiBeniServizi/DettaglioLinee[9]/Natura",
         "/FatturaElettronicaBody[1]/DatiBeniServizi"),
        ("/FatturaElettronicaBody/DatiGenerali", "/FatturaElettronicaBody[1]/DatiGenerali[1]"),
    ],
)  # fmt: skip
def test_what_is_not_there_has_the_line_of_what_is_nearest_above(path, above):
    places = Places(xml.parse(DATA))
    assert places.line(path) == places.line(above) is not None
    assert lines_in_stream(io.BytesIO(DATA), [path, above]) == {
        path: places.line(above),
        above: places.line(above),
    }


@pytest.mark.parametrize("path", ["", "/Nothing", "/FatturaElettronicaBody[2]/DatiGenerali"])
def test_the_whole_file_has_no_line(path):
    assert Places(xml.parse(DATA)).line(path) is None
    assert lines_in_stream(io.BytesIO(DATA), [path]) == {path: None}
