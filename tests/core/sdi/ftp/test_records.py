from __future__ import annotations

import datetime
import random
import re

import pytest
from lxml import etree

from fattorino.core.errors import FattorinoError, FormatError
from fattorino.core.sdi.ftp.records import (
    FROM_SDI,
    TO_SDI,
    FileEsito,
    FileQuadratura,
    quadrature,
    read_esito,
    read_quadrature,
    write_record,
)
from fattorino.core.tracciati.schema import schema_text

NOON = datetime.datetime(2026, 11, 22, 12, 0, tzinfo=datetime.UTC)
QUADRATURE = quadrature("01234567890", NOON, "FI.01234567890.2026326.1300.001.zip", {"FA": 12, "EC": 3})
ESITO = FileEsito(
    identificativo_nodo="01234567890",
    data_ora_ricezione=NOON,
    data_ora_esito=NOON,
    nome_supporto="FI.01234567890.2026326.1300.001.zip",
    esito="ET01",
)
READ = {FileQuadratura: read_quadrature, FileEsito: read_esito}


@pytest.fixture(scope="module")
def official(shared_data):
    return etree.XMLSchema(etree.parse(shared_data / "sdi" / "xsd" / "FtpTypes_v2.0.xsd"))


@pytest.mark.parametrize("record", [QUADRATURE, ESITO])
def test_what_is_written_the_official_schema_takes_and_is_read_again(record, official):
    data = write_record(record)
    official.assertValid(etree.fromstring(data))
    assert READ[type(record)](data) == record


def test_the_kinds_of_files_are_those_of_the_instructions(shared_data):
    text = (shared_data / "sdi" / "docs" / "SdIFTP_v4.1.1.txt").read_text(encoding="utf-8")
    table = text[
        text.index("NumeroFile/File/Tipo sono") : text.index("Nel file di quadratura, lo stesso valore")
    ]
    # The page sets the last column beside the first line of a kind, or beside the second one.
    kinds = re.findall(
        r"^ {13}([A-Z]{2,3}) (?:(?!^ {13}[A-Z]).)*?(FI, FO|FO|FI)\b", table, re.MULTILINE | re.DOTALL
    )
    assert {kind for kind, way in kinds if "FI" in way} == set(TO_SDI)
    assert {kind for kind, way in kinds if "FO" in way} == set(FROM_SDI)


def test_files_are_counted_by_kind():
    assert QUADRATURE.counts() == {"EC": 3, "FA": 12}
    assert ESITO.taken


def test_a_node_that_is_none_is_not_written():
    with pytest.raises(FormatError):
        write_record(quadrature("abc", NOON, "FI.zip", {"FA": 1}))


@pytest.mark.parametrize("record", [QUADRATURE, ESITO])
def test_the_schema_made_from_the_declaration_judges_like_the_official_one(record, official):
    ours = etree.XMLSchema(etree.fromstring(schema_text(type(record)).encode()))
    data = write_record(record).decode()
    dice = random.Random(11)
    verdicts = set()
    for _ in range(400):
        mutant = _mutant(data, dice)
        try:
            tree = etree.fromstring(mutant.encode())
        except etree.XMLSyntaxError:
            continue
        verdict = official.validate(tree)
        verdicts.add(verdict)
        assert ours.validate(tree) == verdict, mutant
        assert _reads(type(record), mutant) == verdict, mutant
    assert verdicts == {True, False}


def _mutant(data: str, dice: random.Random) -> str:
    elements = re.findall(r"<([A-Z][A-Za-z]+)>([^<]+)</", data)
    name, value = dice.choice(elements)
    instead = dice.choice(
        ["", " ", "0", "-1", "12", "2.0", "ET02", "ET03", "FA", value + "x", value * 3, f" {value} "]
    )
    if name.startswith("DataOra"):
        instead = instead.strip()  # libxml2 refuses the blanks that whiteSpace="collapse" allows
    changed = data.replace(f"<{name}>{value}</{name}>", f"<{name}>{instead}</{name}>", 1)
    if dice.random() < 0.3:
        changed = re.sub(rf"<{name}>[^<]*</{name}>", "", changed, count=1)
    if dice.random() < 0.2:
        changed = changed.replace(
            'versione="2.0"', dice.choice(["", 'versione="1.0"', 'versione="2.0" altro="1"'])
        )
    return changed


def _reads(cls: type, mutant: str) -> bool:
    try:
        READ[cls](mutant.encode())
    except FattorinoError:
        return False
    return True
