from __future__ import annotations

import importlib
import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fattorino.core import xml
from fattorino.core.fatturapa.findings import Finding
from fattorino.core.fatturapa.format_check import DOCUMENTS, examine, format_check
from fattorino.core.fatturapa.ordinaria import FatturaElettronica
from fattorino.core.fatturapa.writing import write_fattura
from fattorino.core.tracciati import walk
from fattorino.core.tracciati.quick import read_quick
from tests.core.fatturapa import generated

SIMPLE = write_fattura(generated.document(FatturaElettronica, random.Random(7), 0.0, 1))
DS = 'xmlns:ds="http://www.w3.org/2000/09/xmldsig#"'
XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


def changed(pattern: str, instead: str) -> bytes:
    text, count = re.subn(pattern, instead, SIMPLE.decode(), count=1, flags=re.DOTALL)
    assert count == 1, pattern
    return text.encode()


def only(data: bytes) -> Finding:
    findings = format_check(data)
    assert len(findings) == 1, findings
    return findings[0]


def test_a_finding_tells_place_line_fault_and_remedy():
    data = changed("<CAP>[^<]*", "<CAP>165")
    finding = only(data)
    assert finding.code == "00200" and finding.severity == "error"
    assert finding.path == "/FatturaElettronicaHeader/CedentePrestatore/Sede/CAP"
    assert finding.line == data[: data.index(b"<CAP>")].count(b"\n") + 1
    assert finding.message == "<CAP> (codice di avviamento postale) vale «165», che non è ammesso."
    assert finding.hint == "Serve: cinque cifre (00000 per l'estero)."


@pytest.mark.parametrize(
    ("pattern", "instead", "message"),
    [
        ("<Numero>[^<]*</Numero>", "", "Manca l'elemento obbligatorio <Numero>"),
        ("<Numero>[^<]*</Numero>", "<Numero/>", "è vuoto"),
        ("<Divisa>[^<]*</Divisa>", "<Divisa>EUR<x/></Divisa>", "non può contenere altri elementi"),
        ("<DatiRiepilogo>", "<DatiRiepilogo>ciao", "testo fuori dagli elementi"),
        ("<DatiRiepilogo>", "<DatiRiepilogo tipo='x'>", "L'attributo tipo non è previsto"),
        ("<DatiRiepilogo>", "<Riepilogo/><DatiRiepilogo>", "<Riepilogo> non è previsto in <DatiBeniServizi>"),
        ("<CodiceDestinatario>[^<]*", "<CodiceDestinatario>abc1234", "«abc1234»"),
        ("<TipoDocumento>[^<]*", "<TipoDocumento>TD07", "non è un codice ammesso"),
        ("<AliquotaIVA>[^<]*", "<AliquotaIVA>100.01", "il massimo è 100.00"),
        ("<Descrizione>[^<]*", "<Descrizione>" + "x" * 1001, "1001 caratteri: al massimo 1000"),
        ("<Descrizione>[^<]*", "<Descrizione>10 €", "(U+20AC)"),
        (' versione="FP..."', ' versione="1.1"', "L'attributo versione"),
        ("(fatture/)v1.2", r"\1v1.3", "Il namespace di <FatturaElettronica>"),
    ],
)
def test_each_fault_is_one_finding_with_its_words(pattern, instead, message):
    assert message in only(changed(pattern, instead)).message


NAMES = "(<Anagrafica>).*?(</Anagrafica>)"


@pytest.mark.parametrize(
    ("inside", "message"),
    [
        ("", "Mancano <Denominazione> oppure <Nome> e <Cognome>"),
        ("<Nome>A</Nome>", "Manca l'elemento <Cognome>"),
        ("<Denominazione>A</Denominazione><Nome>B</Nome><Cognome>C</Cognome>", "non possono stare insieme"),
    ],
)
def test_a_party_has_a_company_name_or_name_and_surname(inside, message):
    assert message in only(changed(NAMES, rf"\1{inside}\2")).message


def test_a_misspelt_element_gets_a_suggestion():
    assert any(
        "<Denominazione>" in f.hint
        for f in format_check(changed(NAMES, r"\1<Denominazone>A</Denominazone>\2"))
    )


def test_a_signature_is_skipped_as_last_child_and_only_there():
    signature = f"<ds:Signature {DS}><x/></ds:Signature>"
    assert format_check(changed("(</p:FatturaElettronica>)", rf"{signature}\1")) == []
    assert format_check(changed("(<FatturaElettronicaBody>)", rf"{signature}\1"))
    assert format_check(changed("(</p:FatturaElettronica>)", rf"{signature}{signature}\1"))


def test_the_schema_location_must_hold_pairs():
    root = "(<p:FatturaElettronica) "
    assert format_check(changed(root, rf'\1 {XSI} xsi:schemaLocation="urn:a a.xsd" ')) == []
    assert "coppie" in only(changed(root, rf'\1 {XSI} xsi:schemaLocation="a.xsd" ')).message


def test_an_empty_nation_is_italy_as_the_schema_says():
    assert format_check(changed("<Nazione>[^<]*</Nazione>", "<Nazione/>")) == []


def test_comments_and_blanks_between_elements_do_not_matter():
    assert format_check(changed("<DatiRiepilogo>", "<!-- x -->\n\t<DatiRiepilogo><?y?>")) == []
    assert format_check(changed("<Divisa>[^<]*", "<Divisa>E<!-- x -->UR")) == []


def test_after_fifty_errors_the_rest_is_one_00201():
    line = SIMPLE[SIMPLE.index(b"<DettaglioLinee>") : SIMPLE.index(b"</DettaglioLinee>") + 17]
    for count, expected in ((50, ["00200"] * 50), (51, ["00200"] * 50 + ["00201"])):
        wrong = re.sub(rb"<PrezzoUnitario>[^<]*", b"<PrezzoUnitario>1", line)
        findings = format_check(SIMPLE.replace(line, wrong * count))
        assert [f.code for f in findings] == expected
        assert findings == sorted(findings)
    assert findings[49].path.startswith("/FatturaElettronicaBody[1]/DatiBeniServizi/DettaglioLinee[50]/")


def test_a_file_too_large_has_the_code_of_sdi():
    assert [f.code for f in format_check(SIMPLE, limit=100)] == ["00003"]


def test_a_flood_of_unknown_elements_ends_in_fifty_errors_and_a_00201():
    start = SIMPLE.split(b"<FatturaElettronicaHeader>")[0]
    hostile = start + b"<FatturaElettronicaHeadex/>" * 190_000 + b"</p:FatturaElettronica>"
    assert len(format_check(hostile)) == 51


@given(st.integers(0, len(SIMPLE)), st.integers(0, 40), st.binary(max_size=8))
@settings(max_examples=300, deadline=None)
def test_no_damage_makes_the_check_raise(at, cut, patch):
    for finding in format_check(SIMPLE[:at] + patch + SIMPLE[at + cut :]):
        assert finding.message and finding.severity == "error"


def test_a_namespace_that_is_no_uri_is_a_finding_and_not_a_crash() -> None:
    for text in (b'<a xmlns="x}y"/>', b'<FatturaElettronica xmlns="x}y" z="1"/>'):
        assert {f.code for f in format_check(text)} == {"00200"}
    inside = (
        b'<p:FatturaElettronica versione="FPR12"'
        b' xmlns:p="http://ivaservizi.agenziaentrate.gov.it/docs/xsd/fatture/v1.2"><a xmlns="x}y" p:q="1"/>'
        b"</p:FatturaElettronica>"
    )
    assert "00200" in {f.code for f in format_check(inside)}


def test_no_damage_is_read_the_quick_way_that_walk_or_official_schema_would_read_otherwise(official_schemas):
    rng = random.Random(20261121)
    pieces = [
        *'<>/&;" \n\t\r0159.-+AZaz\x85\xa0]€',
        "&amp;",
        "&lt;",
        "&#65;",
        "]]>",
        "<!---->",
        "Z",
        "00",
        "</Data>",
    ]
    accepted = 0
    for _ in range(40):
        for name, cls in DOCUMENTS.items():
            text = write_fattura(generated.document(cls, rng, rng.random(), 1)).decode()
            for _ in range(60):
                at = rng.randrange(len(text))
                patch = rng.choice(pieces) * rng.randint(0, 2)
                data = (text[:at] + patch + text[at + rng.randint(0, 3) :]).encode()
                read = read_quick(cls, data)
                if read is None:
                    continue
                accepted += 1
                root = xml.parse(data)
                outcome = walk(root, cls)
                assert read == outcome.value and not outcome.problems and not outcome.tolerated
                assert official_schemas[name].validate(root), official_schemas[name].error_log
    assert accepted > 500


def test_the_tree_is_parsed_only_when_it_is_asked_for(monkeypatch):
    calls = []
    read = xml.read
    monkeypatch.setattr(xml, "read", lambda data, **options: calls.append(data) or read(data, **options))
    examination = examine(SIMPLE)
    assert examination.fattura is not None and not examination.findings and not calls
    assert examination.root.tag.endswith("FatturaElettronica") and examination.root is examination.root
    assert len(calls) == 1


def test_both_ways_give_the_same_examination():
    commented = SIMPLE.replace(b"<FatturaElettronicaBody>", b"<FatturaElettronicaBody><!-- -->")
    quick, long = examine(SIMPLE), examine(commented)
    assert read_quick(FatturaElettronica, commented) is None
    assert (quick.findings, quick.fattura, quick.unreadable, quick.tolerated) == (
        long.findings,
        long.fattura,
        long.unreadable,
        long.tolerated,
    )


def test_the_quick_way_waits_until_it_pays_and_then_reads_the_same(monkeypatch):
    module = importlib.import_module("fattorino.core.fatturapa.format_check")
    asked = []
    real = module.read_quick
    monkeypatch.setattr(module, "read_quick", lambda cls, data: asked.append(len(data)) or real(cls, data))
    monkeypatch.setattr(module, "_QUICK", module._Expense())
    first = module.examine(SIMPLE)
    assert not asked
    looks = 65_536 // len(SIMPLE) + 2
    last = [module.examine(SIMPLE) for _ in range(looks)][-1]
    assert asked and len(asked) < looks
    assert (last.fattura, last.findings, last.tolerated) == (first.fattura, first.findings, first.tolerated)
    monkeypatch.setattr(module, "_QUICK", module._Expense())
    asked.clear()
    large = SIMPLE.replace(b"<DettaglioLinee>", b" " * 20_000 + b"<DettaglioLinee>", 1)
    assert module.examine(large).fattura == first.fattura
    assert asked == [len(large)]
