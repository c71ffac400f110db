from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import pytest

from fattorino.core.tracciati.declaration import A, Choice, E, python_name, record_of
from fattorino.core.tracciati.values import Text

Word = Annotated[str, Text("WordType", 10)]


@pytest.mark.parametrize(
    ("official", "ours"),
    [
        ("DatiTrasmissione", "dati_trasmissione"),
        ("IdFiscaleIVA", "id_fiscale_iva"),
        ("CodiceCUP", "codice_cup"),
        ("CFQuietanzante", "cf_quietanzante"),
        ("IBAN", "iban"),
        ("Art73", "art73"),
        ("TerzoIntermediarioOSoggettoEmittente", "terzo_intermediario_o_soggetto_emittente"),
        ("PECDestinatario", "pec_destinatario"),
        ("DatiSAL", "dati_sal"),
    ],
)
def test_names_become_python_mechanically(official, ours):
    assert python_name(official) == ours


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocco:
    una: Annotated[Word, E(1, "Una", "una")]
    nessuna: Annotated[Word | None, E(2, "Nessuna", "forse una")] = None
    tante: Annotated[tuple[Word, ...], E(3, "Tante", "da zero in su")] = ()
    almeno: Annotated[tuple[Word, ...], E(4, "Almeno", "da una in su")]


def test_the_type_of_a_field_is_its_cardinality():
    assert [line.cardinality for line in record_of(Blocco).fields] == ["<1.1>", "<0.1>", "<0.N>", "<1.N>"]
    assert [line.position for line in record_of(Blocco).fields] == [0, 1, 2, 3]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contati:
    pochi: Annotated[tuple[Word, ...], E(1, "Pochi", "al massimo tre", most=3)] = ()
    almeno: Annotated[tuple[Word, ...], E(2, "Almeno", "da una a due", most=2)]


def test_a_repetition_may_have_a_limit():
    assert [line.cardinality for line in record_of(Contati).fields] == ["<0.3>", "<1.2>"]
    assert all(line.repeatable for line in record_of(Contati).fields)


@dataclass(frozen=True)
class LimiteSolo:
    una: Annotated[Word, E(1, "Una", "una", most=2)]


@dataclass(frozen=True)
class AttributoDentro:
    codice: Annotated[Word, A("codice", "attributo di un blocco che non è la radice")]


@dataclass(frozen=True, kw_only=True)
class Sparsi:
    CHOICE: ClassVar[Choice] = Choice((("Una",), ("Altra",)))

    una: Annotated[Word | None, E(1, "Una", "parola")] = None
    mezzo: Annotated[Word, E(2, "Mezzo", "parola")]
    altra: Annotated[Word | None, E(3, "Altra", "parola")] = None


@dataclass(frozen=True, kw_only=True)
class Obbligati:
    CHOICE: ClassVar[Choice] = Choice((("Una",), ("Altra",)))

    una: Annotated[Word, E(1, "Una", "parola")]
    altra: Annotated[Word | None, E(2, "Altra", "parola")] = None


@dataclass(frozen=True)
class Storto:
    altro_nome: Annotated[Word, E(1, "Nome", "nome")]


@dataclass(frozen=True)
class Muto:
    nome: str


@pytest.mark.parametrize("cls", [Storto, Muto, LimiteSolo, AttributoDentro, Sparsi, Obbligati])
def test_a_declaration_that_is_none_does_not_load(cls):
    with pytest.raises(TypeError):
        record_of(cls)
