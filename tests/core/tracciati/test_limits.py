"""Limited repetitions and signatures: schema (as libxml2 applies it), walk and quick way agree.

No invoice has them; the messages of SdI, LIPE and the FTP channel do.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Annotated, Any, ClassVar

import pytest
from lxml import etree

from fattorino.core.tracciati import emit, walk
from fattorino.core.tracciati.declaration import E, Root
from fattorino.core.tracciati.lazy import dataclass
from fattorino.core.tracciati.quick import read_quick
from fattorino.core.tracciati.schema import DS, schema_text
from fattorino.core.tracciati.values import Text

Word = Annotated[str, Text("WordType", 10)]
ROOT = Root(element="Lista", namespace="urn:prova:lista", prefix="l", versions=("1",), signature="none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Errore:
    codice: Annotated[Word, E(1, "Codice", "codice")]
    righe: Annotated[tuple[Word, ...], E(2, "Righe", "riga", most=2)] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Elenco:
    errore: Annotated[tuple[Errore, ...], E(1, "Errore", "errore", most=3)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lista:
    ROOT: ClassVar[Root] = ROOT

    elenco: Annotated[Elenco, E(1, "Elenco", "elenco")]
    nota: Annotated[tuple[Word, ...], E(2, "Nota", "nota", most=2)] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListaFirmabile:
    ROOT: ClassVar[Root] = replace(ROOT, signature="optional")

    nota: Annotated[Word, E(1, "Nota", "nota")]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListaFirmata:
    ROOT: ClassVar[Root] = replace(ROOT, signature="required")

    nota: Annotated[Word, E(1, "Nota", "nota")]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListaSenzaFirma:
    ROOT: ClassVar[Root] = ROOT

    nota: Annotated[Word, E(1, "Nota", "nota")]


@pytest.fixture
def accepts(tmp_path):
    """What libxml2 says with our schema; any content of a signature will do."""
    xs = 'xmlns:xs="http://www.w3.org/2001/XMLSchema"'
    (tmp_path / "ds.xsd").write_text(
        f'<xs:schema {xs} targetNamespace="{DS}"><xs:element name="Signature"/></xs:schema>'
    )

    def verdict(cls: type, data: bytes) -> bool:
        (tmp_path / "s.xsd").write_text(schema_text(cls, xmldsig="ds.xsd"), encoding="utf-8")
        return etree.XMLSchema(etree.parse(str(tmp_path / "s.xsd"))).validate(etree.fromstring(data))

    return verdict


def document(children: str) -> bytes:
    return f'<?xml version="1.0"?><l:Lista xmlns:l="urn:prova:lista">{children}</l:Lista>'.encode()


def test_the_schema_the_walk_and_the_quick_way_count_alike(accepts):
    read = 0
    for errors, lines, notes in itertools.product(range(5), range(4), range(4)):
        error = f"<Errore><Codice>1</Codice>{'<Righe>r</Righe>' * lines}</Errore>"
        data = document(f"<Elenco>{error * errors}</Elenco>{'<Nota>n</Nota>' * notes}")
        outcome = walk(etree.fromstring(data), Lista)
        expected = accepts(Lista, data)
        assert expected == (1 <= errors <= 3 and (lines <= 2 or not errors) and notes <= 2)
        assert (not outcome.problems) == expected, (errors, lines, notes, outcome.problems)
        quick = read_quick(Lista, data)
        assert quick == (outcome.value if expected else None)
        read += quick is not None
    assert read == 3 * 3 * 3


def test_too_many_are_refused_with_the_limit_in_the_message():
    outcome = walk(etree.fromstring(document("<Elenco/>" + "<Nota>n</Nota>" * 3)), Lista)
    assert any(
        "<Nota> (nota) è ripetuto: è ammesso al massimo 2 volte." in p.message for p in outcome.problems
    )


def test_too_many_are_not_written():
    def listed(notes: int) -> Any:
        elenco = Elenco(errore=(Errore(codice="1"),))
        return Lista(elenco=elenco, nota=("n",) * notes)

    assert emit(listed(2))[0] and not emit(listed(3))[0]


SIGNATURE = f'<Signature xmlns="{DS}"/>'
NOTE = "<Nota>n</Nota>"


@pytest.mark.parametrize("children", [NOTE, NOTE + SIGNATURE, SIGNATURE + NOTE, NOTE + SIGNATURE * 2])
@pytest.mark.parametrize("cls", [ListaSenzaFirma, ListaFirmabile, ListaFirmata])
def test_a_signature_stands_where_the_schema_wants_it(accepts, cls, children):
    data = document(children)
    outcome = walk(etree.fromstring(data), cls)
    assert (not outcome.problems) == accepts(cls, data), outcome.problems
    quick = read_quick(cls, data)
    assert quick is None or (quick == outcome.value and not outcome.problems)


def test_a_document_is_written_before_it_is_signed():
    data, problems = emit(ListaFirmata(nota="n"))
    assert data and not problems
    assert "firma" in walk(etree.fromstring(data), ListaFirmata).problems[0].message
