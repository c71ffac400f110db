"""`lazy.dataclass` is `dataclasses.dataclass` as far as anybody can tell."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fattorino.core.fatturapa.format_check import DOCUMENTS
from fattorino.core.tracciati import lazy, record_of


@lazy.dataclass(frozen=True, slots=True, kw_only=True)
class Blocco:
    """Un blocco."""

    numero: int
    testo: str | None = None
    tanti: tuple[Any, ...] = ()


@lazy.dataclass(frozen=True, slots=True, kw_only=True)
class Altro:
    numero: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Usuale:
    numero: int
    testo: str | None = None
    tanti: tuple[Any, ...] = ()


wanted = st.fixed_dictionaries(
    {"numero": st.integers()},
    optional={"testo": st.text() | st.none(), "tanti": st.tuples(st.integers())},
)


@given(wanted, wanted)
def test_objects_compare_hash_show_and_copy_as_those_of_a_dataclass(one, other):
    mine, theirs = (Blocco(**one), Blocco(**other)), (Usuale(**one), Usuale(**other))
    assert (mine[0] == mine[1]) == (theirs[0] == theirs[1])
    assert hash(mine[0]) == hash(theirs[0])
    assert repr(mine[0]) == repr(theirs[0]).replace("Usuale", "Blocco")
    assert dataclasses.asdict(mine[0]) == dataclasses.asdict(theirs[0])
    for twin in (pickle.loads(pickle.dumps(mine[0])), copy.copy(mine[0]), copy.deepcopy(mine[0])):
        assert twin == mine[0] and type(twin) is Blocco
    assert dataclasses.replace(mine[0], **other) == Blocco(**{**one, **other})


@pytest.mark.parametrize("values", [{}, {"numero": 1, "altro": 2}, {"testo": "x"}])
def test_wrong_arguments_are_refused_in_the_same_words(values):
    said = []
    for cls in (Usuale, Blocco):
        with pytest.raises(TypeError) as refused:
            cls(**values)
        said.append(str(refused.value).replace("Usuale", "Blocco"))
    assert said[0] == said[1]


def test_positional_arguments_are_refused():
    with pytest.raises(TypeError):
        Blocco(1)
    Blocco(numero=1)
    with pytest.raises(TypeError):
        Blocco(1)


def test_nothing_can_be_changed():
    block = Blocco(numero=1)
    for act in (lambda: setattr(block, "numero", 2), lambda: delattr(block, "numero")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            act()
    with pytest.raises(AttributeError):
        block.nuovo = 1  # type: ignore[attr-defined]
    assert block.numero == 1 and not hasattr(block, "__dict__")


def test_another_class_with_the_same_values_is_not_equal():
    assert Altro(numero=1) != Blocco(numero=1) and Altro(numero=1) != 1


def test_fields_and_signature_are_known_before_the_first_object():
    @lazy.dataclass(frozen=True, slots=True, kw_only=True)
    class Nuovo:
        numero: int
        testo: str | None = None

    assert dataclasses.is_dataclass(Nuovo)
    assert [field.name for field in dataclasses.fields(Nuovo)] == ["numero", "testo"]
    assert str(inspect.signature(Nuovo)) == "(*, numero, testo=None)"
    assert Nuovo.__doc__ == "Nuovo" and Blocco.__doc__ == "Un blocco."


def test_what_a_declaration_has_no_use_for_is_refused():
    with pytest.raises(TypeError, match="frozen"):
        lazy.dataclass(frozen=False, slots=True, kw_only=True)
    with pytest.raises(TypeError, match="bases"):

        @lazy.dataclass(frozen=True, slots=True, kw_only=True)
        class Figlio(Blocco):
            altro: int


def blocks(cls: type) -> set[type]:
    return {cls}.union(*(blocks(line.record) for line in record_of(cls).fields if line.record))


@pytest.mark.parametrize("cls", DOCUMENTS.values(), ids=DOCUMENTS)
def test_every_block_of_the_invoices_makes_its_init_at_the_first_object(cls):
    for block in blocks(cls):
        required = {f.name: None for f in dataclasses.fields(block) if f.default is dataclasses.MISSING}
        made = block(**required)
        assert block.__init__ is not lazy._init
        assert all(
            getattr(made, f.name) == f.default for f in dataclasses.fields(block) if f.name not in required
        )
