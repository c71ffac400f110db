from __future__ import annotations

import datetime
import pathlib
from collections.abc import Callable

import pytest

from fattorino.cli.main import main
from fattorino.core.fatturapa.cades import sign_cades
from fattorino.core.xades_signing import sign_xades
from fattorino.hub.signing.pkcs12 import SigningKey, load_pkcs12
from fattorino.hub.signing.test_ca import Holder, issue, make_ca

NOW = datetime.datetime(2026, 11, 21, 10, 0, 30, tzinfo=datetime.UTC)
XML = b"<?xml version='1.0'?>\r\n<a>\xc3\xa8</a>"


@pytest.fixture(scope="module")
def key() -> SigningKey:
    return load_pkcs12(issue(make_ca(at=NOW), Holder("Mario", "Rossi", "RSSMRA80A01H501U"), "x", at=NOW), "x")


@pytest.fixture(autouse=True)
def italian(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LANGUAGE", raising=False)
    monkeypatch.setenv("LC_ALL", "it_IT.UTF-8")


@pytest.fixture
def p7m(key: SigningKey, tmp_path: pathlib.Path) -> pathlib.Path:
    path = tmp_path / "IT01234567890_00001.xml.p7m"
    path.write_bytes(sign_cades(XML, key.certificate, key.sign, NOW))
    return path


def test_the_content_is_written_beside_the_file_byte_for_byte(p7m: pathlib.Path) -> None:
    assert main(["unwrap", str(p7m)]) == 0
    assert p7m.with_suffix("").read_bytes() == XML


def test_nothing_is_overwritten_unless_asked(p7m: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = p7m.with_suffix("")
    out.write_bytes(b"mine")
    assert main(["unwrap", str(p7m)]) == 2
    assert "esiste già" in capsys.readouterr().err and out.read_bytes() == b"mine"
    assert main(["unwrap", str(p7m), "--force"]) == 0
    assert out.read_bytes() == XML


def test_output_elsewhere_and_to_standard_output(
    p7m: pathlib.Path, tmp_path: pathlib.Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main(["unwrap", str(p7m), "-o", str(tmp_path / "x.xml")]) == 0
    assert (tmp_path / "x.xml").read_bytes() == XML
    capfdbinary.readouterr()
    assert main(["unwrap", str(p7m), "-o", "-"]) == 0
    assert capfdbinary.readouterr().out == XML
    assert main(["unwrap", str(p7m), "-o", str(tmp_path / "missing" / "x.xml")]) == 2


@pytest.mark.parametrize(
    ("wrap", "kind"),
    [
        (lambda key: sign_cades(XML, key.certificate, key.sign, NOW), "CAdES (der): firma integra"),
        (lambda key: sign_xades(XML, key.certificate, key.sign, NOW), "XAdES: firma integra"),
    ],
)
def test_info_tells_who_signed_and_writes_nothing(
    wrap: Callable[[SigningKey], bytes],
    kind: str,
    key: SigningKey,
    tmp_path: pathlib.Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "f.p7m").write_bytes(wrap(key))
    assert main(["unwrap", "--info", str(tmp_path / "f.p7m")]) == 0
    text = capsys.readouterr().out
    assert kind in text and "TINIT-RSSMRA80A01H501U" in text and "21/11/2026 10:00:30 UTC" in text
    assert [path.name for path in tmp_path.iterdir()] == ["f.p7m"]


def test_unsigned_file_says_so(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.xml").write_bytes(XML)
    assert main(["unwrap", "--info", str(tmp_path / "a.xml")]) == 0
    assert "non è firmato" in capsys.readouterr().out


def test_a_signature_that_does_not_hold_ends_with_1_but_shows_the_content(
    p7m: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    p7m.write_bytes(p7m.read_bytes().replace(b"<a>", b"<b>"))
    assert main(["unwrap", str(p7m)]) == 1
    assert "00102" in capsys.readouterr().err
    assert b"<b>" in p7m.with_suffix("").read_bytes()


def test_what_cannot_be_opened_is_one_italian_line(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.p7m").write_bytes(b"hello")
    assert main(["unwrap", str(tmp_path / "a.p7m")]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert main(["unwrap", str(tmp_path / "missing.p7m")]) == 2


def test_a_huge_file_is_refused_without_reading_it(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (tmp_path / "huge.xml.p7m").open("wb") as file:
        file.truncate(1 << 40)  # a hole: no memory holds it
    assert main(["unwrap", str(tmp_path / "huge.xml.p7m")]) == 1
    assert "dimensione massima" in capsys.readouterr().err
