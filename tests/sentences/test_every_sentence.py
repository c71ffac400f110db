"""Every sentence of the source has a test, and every test here names its sentence."""

from __future__ import annotations

import ast
import pathlib

import pytest

from tests.sentences.source import ORIGINAL, QUOTED, SENTENCES, sentence, split

HERE = pathlib.Path(__file__)


def bound() -> dict[str, list[int]]:
    """Tests of this folder by file and name, with the sentences that they are bound to."""
    found: dict[str, list[int]] = {}
    for path in sorted(HERE.parent.glob("test_*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body if path != HERE else ():
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                found[f"{path.name}:{node.name}"] = [
                    call.args[0].value  # type: ignore[misc]
                    for call in node.decorator_list
                    if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "sentence"
                ]
    return found


def test_every_sentence_has_a_test() -> None:
    shown = {number for numbers in bound().values() for number in numbers}
    assert {n: text for n, text in SENTENCES.items() if n not in shown} == {}


def test_every_test_here_names_one_sentence() -> None:
    assert [name for name, numbers in bound().items() if len(numbers) != 1] == []


def test_the_quotation_is_the_text_that_was_handed_in() -> None:
    if not ORIGINAL.is_file():
        pytest.skip("skipped: the source document is not at hand")
    assert split(ORIGINAL.read_text(encoding="utf-8")) == SENTENCES
    assert QUOTED.read_bytes() == ORIGINAL.read_bytes()


def test_a_test_that_quotes_another_sentence_is_refused() -> None:
    def test_codice_e_descrizione() -> None:
        """Codice e descrizione: informazioni libere per definire uno stato."""

    assert sentence(7)(test_codice_e_descrizione) is test_codice_e_descrizione
    with pytest.raises(AssertionError, match="does not hold sentence 9"):
        sentence(9)(test_codice_e_descrizione)
    test_codice_e_descrizione.__name__ = "test_codice_e_colore"
    with pytest.raises(AssertionError, match="does not quote sentence 7"):
        sentence(7)(test_codice_e_descrizione)
