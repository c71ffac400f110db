from __future__ import annotations

import datetime
import io
import json
import pathlib
import zipfile
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fattorino import clock
from fattorino.cli.check import Question, check_file
from fattorino.cli.main import main
from fattorino.core.fatturapa.envelope import sign_cades
from fattorino.hub.signing.pkcs12 import SigningKey, load_pkcs12
from fattorino.hub.signing.test_ca import Holder, issue, make_ca

NOW = datetime.datetime(2026, 11, 20, 10, 0, 30, tzinfo=datetime.UTC)
DAY = "2026-11-21"
GOOD = b"""<?xml version="1.0" encoding="UTF-8"?>
<p:FatturaElettronica xmlns:p="http://ivaservizi.agenziaentrate.gov.it/docs/xsd/fatture/v1.2" versione="FPR12">
<FatturaElettronicaHeader><DatiTrasmissione><IdTrasmittente><IdPaese>IT</IdPaese><IdCodice>01234567897</IdCodice>
</IdTrasmittente><ProgressivoInvio>1</ProgressivoInvio><FormatoTrasmissione>FPR12</FormatoTrasmissione>
<CodiceDestinatario>ABC1234</CodiceDestinatario></DatiTrasmissione>
<CedentePrestatore><DatiAnagrafici><IdFiscaleIVA><IdPaese>IT</IdPaese><IdCodice>01234567897</IdCodice>
</IdFiscaleIVA><Anagrafica><Denominazione>Ordine di prova</Denominazione></Anagrafica>
<RegimeFiscale>RF01</RegimeFiscale></DatiAnagrafici><Sede><Indirizzo>Via Roma 1</Indirizzo><CAP>00100</CAP>
<Comune>Roma</Comune><Provincia>RM</Provincia><Nazione>IT</Nazione></Sede></CedentePrestatore>
<CessionarioCommittente><DatiAnagrafici><IdFiscaleIVA><IdPaese>IT</IdPaese><IdCodice>12345678903</IdCodice>
</IdFiscaleIVA><Anagrafica><Denominazione>Cliente Srl</Denominazione></Anagrafica></DatiAnagrafici>
<Sede><Indirizzo>Via Milano 2</Indirizzo><CAP>20100</CAP><Comune>Milano</Comune><Provincia>MI</Provincia>
<Nazione>IT</Nazione></Sede></CessionarioCommittente></FatturaElettronicaHeader>
<FatturaElettronicaBody><DatiGenerali><DatiGeneraliDocumento><TipoDocumento>TD01</TipoDocumento>
<Divisa>EUR</Divisa><Data>2026-11-20</Data><Numero>1</Numero>
<ImportoTotaleDocumento>122.00</ImportoTotaleDocumento></DatiGeneraliDocumento></DatiGenerali>
<DatiBeniServizi><DettaglioLinee><NumeroLinea>1</NumeroLinea><Descrizione>Corso</Descrizione>
<PrezzoUnitario>100.00</PrezzoUnitario><PrezzoTotale>100.00</PrezzoTotale><AliquotaIVA>22.00</AliquotaIVA>
</DettaglioLinee><DatiRiepilogo><AliquotaIVA>22.00</AliquotaIVA><ImponibileImporto>100.00</ImponibileImporto>
<Imposta>22.00</Imposta><EsigibilitaIVA>I</EsigibilitaIVA></DatiRiepilogo></DatiBeniServizi>
</FatturaElettronicaBody></p:FatturaElettronica>
"""
BAD = GOOD.replace(b"<Imposta>22.00<", b"<Imposta>23.00<")
TO_PA = GOOD.replace(b"FPR12", b"FPA12").replace(b"ABC1234", b"ABC123")


@pytest.fixture(autouse=True)
def italian(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LANGUAGE", raising=False)
    monkeypatch.setenv("LC_ALL", "it_IT.UTF-8")


@pytest.fixture(scope="module")
def key() -> SigningKey:
    return load_pkcs12(issue(make_ca(at=NOW), Holder("Mario", "Rossi", "RSSMRA80A01H501U"), "x", at=NOW), "x")


def results(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[dict[str, Any]]]:
    code = main(["check", "--json", "--on", DAY, *arguments])
    return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def errors(result: dict[str, Any]) -> list[str]:
    return [finding["code"] for finding in result["findings"] if finding["severity"] == "error"]


def zipped(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return buffer.getvalue()


def test_a_good_invoice_ends_with_0(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "IT01234567897_00001.xml"
    path.write_bytes(GOOD)
    code, (result,) = results(capsys, str(path))
    assert code == 0 and result["accepted"] and errors(result) == []
    assert (result["file"], result["inner"], result["format"]) == (str(path), "", "FPR12")


def test_a_bad_one_ends_with_1_and_says_where_and_what_to_do(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "IT01234567897_00001.xml"
    path.write_bytes(BAD)
    code, (result,) = results(capsys, str(path))
    assert code == 1 and not result["accepted"] and errors(result) == ["00421"]
    (finding,) = (finding for finding in result["findings"] if finding["severity"] == "error")
    assert set(finding) == {"code", "severity", "path", "line", "message", "hint"}
    assert "DatiRiepilogo" in finding["path"] and finding["line"]
    assert main(["check", "--on", DAY, str(path)]) == 1
    shown = capsys.readouterr()
    assert "sarebbe scartata" in shown.out and "errore 00421, riga" in shown.out
    assert "1 fatture controllate, 1 da scartare" in shown.err


def test_signed_and_zipped_files_are_opened(
    key: SigningKey, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    p7m = sign_cades(GOOD, key.certificate, key.sign, NOW)
    path = tmp_path / "IT01234567897_00001.zip"
    path.write_bytes(
        zipped(IT01234567897_00002__xml=BAD, IT01234567897_00003__xml__p7m=p7m, x__zip=zipped(a=b""))
    )
    code, found = results(capsys, str(path))
    assert code == 1
    assert [(one["inner"], errors(one)) for one in found] == [
        ("IT01234567897_00002.xml", ["00421"]),
        ("IT01234567897_00003.xml.p7m", []),
        ("x.zip", ["00106"]),
    ]


def test_tampered_and_future_signatures_are_found(
    key: SigningKey, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    p7m = sign_cades(GOOD, key.certificate, key.sign, NOW)
    (tmp_path / "IT01234567897_00001.xml.p7m").write_bytes(p7m.replace(b"Via Roma", b"Via Rema"))
    late = sign_cades(GOOD, key.certificate, key.sign, NOW + datetime.timedelta(days=5))
    (tmp_path / "IT01234567897_00002.xml.p7m").write_bytes(late)
    code, found = results(capsys, str(tmp_path))
    assert code == 1 and [errors(one) for one in found] == [["00102"], ["00105"]]


def test_folders_are_walked_for_files_that_may_be_invoices(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "IT01234567897_00001.XML").write_bytes(GOOD)
    (tmp_path / "a" / "IT01234567897_00002.xml").write_bytes(GOOD)
    (tmp_path / "a" / "readme.txt").write_bytes(b"x")
    code, found = results(capsys, str(tmp_path))
    assert code == 0 and len(found) == 2


@pytest.mark.parametrize(
    ("flow", "content", "expected"),
    [
        ("privati", GOOD, []),
        ("pa", GOOD, ["flusso"]),
        ("privati", TO_PA, ["flusso"]),
        ("pa", TO_PA, ["00102"]),
    ],
)
def test_the_flow_decides_on_format_and_signature(
    flow: str, content: bytes, expected: list[str], tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "IT01234567897_00001.xml"
    path.write_bytes(content)
    code, (result,) = results(capsys, "--flow", flow, str(path))
    assert errors(result) == expected and code == bool(expected)


def test_a_signed_invoice_to_the_pa_is_fine(
    key: SigningKey, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "IT01234567897_00001.xml.p7m"
    path.write_bytes(sign_cades(TO_PA, key.certificate, key.sign, NOW))
    code, (result,) = results(capsys, "--flow", "pa", str(path))
    assert code == 0 and result["format"] == "FPA12"


def test_without_flow_an_unsigned_invoice_to_the_pa_is_a_warning(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "fattura.xml"
    path.write_bytes(TO_PA)
    code, (result,) = results(capsys, str(path))
    warnings = {finding["code"] for finding in result["findings"] if finding["severity"] == "warning"}
    assert code == 0 and {"00001", "avviso-firma"} <= warnings


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "00106"),
        (b"hello", "00106"),
        (b"%PDF-1.7", "00106"),
        (b"<a", "00200"),
        (b"<a/>", "00200"),
        (b"PK\x03\x04", "00106"),
        (b"\x30\x80" * 1000, "00102"),
        (b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', "00200"),
        (b"<a>" * 100_000, "00200"),
        (b"<a>" + b"x" * 5_300_000 + b"</a>", "00003"),
    ],
    ids=["empty", "text", "pdf", "cut", "other", "zip", "p7m", "xxe", "deep", "large"],
)
def test_no_input_stops_the_check_of_the_others(
    content: bytes, code: str, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "IT01234567897_00001.xml").write_bytes(content)
    (tmp_path / "IT01234567897_00002.xml").write_bytes(GOOD)
    exit_code, (first, second) = results(capsys, str(tmp_path))
    assert exit_code == 1 and code in errors(first) and second["accepted"]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damaged_invoices_never_leak_an_exception(data: st.DataObject) -> None:
    mangled = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 5))):
        place = data.draw(st.integers(0, len(mangled) - 1))
        mangled[place : place + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=5))
    question = Question(clock.day(NOW), NOW, "pa")
    (result,) = check_file("x.xml", bytes(mangled), question)
    json.dumps([finding.message for finding in result.findings])


def test_wrong_use_ends_with_2(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(tmp_path / "missing.xml")]) == 2
    assert "non si può leggere" in capsys.readouterr().err
    assert main(["check", str(tmp_path)]) == 2
    assert "nessuna fattura" in capsys.readouterr().err
    for arguments in (["check"], ["check", "--on", "ieri", "x"], ["check", "--flow", "b2b", "x"]):
        with pytest.raises(SystemExit) as wrong:
            main(arguments)
        assert wrong.value.code == 2


def test_a_missing_file_does_not_hide_the_others(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "IT01234567897_00001.xml").write_bytes(GOOD)
    code, found = results(capsys, str(tmp_path / "missing.xml"), str(tmp_path / "IT01234567897_00001.xml"))
    assert code == 2 and len(found) == 1


def test_names_that_steer_a_terminal_or_are_no_text_are_shown_harmless(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a\x1b[31m.xml").write_bytes(b"")
    (tmp_path / "b\udcff.xml").write_bytes(b"")
    assert main(["check", str(tmp_path)]) == 1
    text = capsys.readouterr().out
    assert "\x1b" not in text and "\ufffd" in text
    text.encode()
