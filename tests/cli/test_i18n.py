from __future__ import annotations

import ast
import importlib
import pathlib

import pytest

from fattorino.cli import i18n
from fattorino.core.texts import say, together
from tests import language_scan

FOLDER = pathlib.Path(i18n.__file__).parent
MODULES = sorted(file for file in FOLDER.glob("*.py") if not file.stem.startswith("__"))
# What argparse says, put into Italian; and the name under which a document's history keeps who did it.
ITALIAN = {*(italian for _, italian in i18n._ARGPARSE_ITALIAN), "riga di comando"}


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, "it"),
        ({"LANG": "C.UTF-8"}, "it"),
        ({"LANG": "en_GB.UTF-8"}, "en"),
        ({"LANG": "en_GB.UTF-8", "LC_ALL": "it_IT.UTF-8"}, "it"),
        ({"LANG": "it_IT.UTF-8", "LC_ALL": "en_US"}, "en"),
        ({"LANGUAGE": "en", "LANG": "it_IT"}, "en"),
    ],
)
def test_locale_decides_and_italian_is_the_default(environ: dict[str, str], expected: str) -> None:
    assert i18n.language(environ) == expected


def test_help_and_errors_are_italian(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LC_ALL", "it_IT.UTF-8")
    monkeypatch.delenv("LANGUAGE", raising=False)
    parser = i18n.Parser(prog="fattorino")
    commands = parser.add_subparsers()
    commands.add_parser("check").add_argument("file")
    with pytest.raises(SystemExit) as wrong:
        parser.parse_args(["check"])
    assert wrong.value.code == 2
    assert "mancano argomenti obbligatori: file" in capsys.readouterr().err
    text = parser.format_help()
    assert text.startswith("uso: fattorino")
    assert "mostra questo aiuto" in text and "show this" not in text


def test_english_by_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    monkeypatch.delenv("LANGUAGE", raising=False)
    assert i18n.Parser(prog="fattorino").format_help().startswith("usage: fattorino")
    i18n.register({"prova": "trial"})
    assert i18n._("prova") == "trial"
    assert i18n._("senza traduzione") == "senza traduzione"


def test_what_core_says_comes_in_english_beside_the_commands_own_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LANGUAGE", "en")
    i18n.register({"un saluto a {name}": "a greeting to {name}"})
    text = together(say("un saluto a {name}", name="Ada"), say("Aggiungere l'IBAN."), "Testo senza origine.")
    assert i18n.said(text) == "a greeting to Ada Add the IBAN. Testo senza origine."
    monkeypatch.setenv("LANGUAGE", "it")
    assert i18n.said(text) == "un saluto a Ada Aggiungere l'IBAN. Testo senza origine."


@pytest.mark.parametrize("file", MODULES, ids=lambda file: file.stem)
def test_every_text_of_a_command_has_its_english(file: pathlib.Path) -> None:
    importlib.import_module(f"fattorino.cli.{file.stem}")
    calls = [node for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.Call)]
    texts = [call.args[0] for call in calls if getattr(call.func, "id", "") in ("_", "say")]
    words = [text.value for text in texts if isinstance(text, ast.Constant)]
    assert not [text for text in words if text not in i18n._english]
    literals = {text for _line, text in language_scan.python(file)}
    assert not literals - i18n._english.keys() - ITALIAN
