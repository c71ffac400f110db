from __future__ import annotations

import pytest

from fattorino.cli import i18n


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
