from __future__ import annotations

import datetime
import io
import json
import os
import pathlib
import ssl
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography import x509

from fattorino.cli import i18n
from fattorino.cli.main import main
from fattorino.core import asn1
from fattorino.core.fatturapa.cades import sign_cades
from fattorino.hub.signing.pkcs12 import SigningKey, load_pkcs12
from fattorino.hub.signing.test_ca import DemoCa, Holder, issue, make_ca

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
def ca() -> DemoCa:
    return make_ca(at=NOW)


@pytest.fixture(scope="module")
def key(ca: DemoCa) -> SigningKey:
    return load_pkcs12(issue(ca, Holder("Mario", "Rossi", "RSSMRA80A01H501U"), "x", at=NOW), "x")


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
    assert "1 fattura controllata, 1 da scartare" in shown.err


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
    ("flow", "content", "accepted", "exit_code"),
    [
        ("privati", GOOD, True, 0),
        ("pa", GOOD, True, 1),  # SdI would take it, but as an invoice between privates
        ("privati", TO_PA, False, 1),
        ("pa", TO_PA, False, 1),
    ],
)
def test_a_file_for_the_other_flow_ends_with_1(
    flow: str,
    content: bytes,
    accepted: bool,
    exit_code: int,
    tmp_path: pathlib.Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "IT01234567897_00001.xml"
    path.write_bytes(content)
    code, (result,) = results(capsys, "--flow", flow, str(path))
    assert (result["accepted"], code) == (accepted, exit_code)


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


def test_wrong_use_ends_with_2(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(tmp_path / "missing.xml")]) == 2
    assert "non si può leggere" in capsys.readouterr().err
    assert main(["check", str(tmp_path)]) == 2
    assert "nessuna fattura" in capsys.readouterr().err
    for arguments in (
        ["check"],
        ["check", "--on", "ieri", "x"],
        ["check", "--flow", "b2b", "x"],
        ["check", "--without", "00423", "x"],
    ):
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


@pytest.mark.parametrize(
    "name", ["a\x1b[31m.xml", "a\x9b31m.xml", "a\u202eb.xml", "però «1».xml", 'a"b\\c.xml', "😀\x7f.xml"]
)
def test_json_gives_the_name_as_it_is_and_nothing_that_steers_a_terminal(
    name: str, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_bytes(b"<a/>")
    main(["check", "--json", str(tmp_path)])
    line = capsys.readouterr().out.rstrip("\n")
    assert line.isprintable()
    assert json.loads(line)["file"] == str(tmp_path / name)


def test_json_stays_readable_for_everybody_where_a_name_is_no_text(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "b\udcff.xml").write_bytes(b"<a/>")
    main(["check", "--json", str(tmp_path)])
    line = capsys.readouterr().out
    assert "\\ud" not in line and json.loads(line)["file"] == str(tmp_path / "b\ufffd.xml")


def replaced(node: asn1.Node, old: bytes, new: bytes) -> bytes:
    """The same structure with one element in the place of another, all lengths counted anew."""
    if node.raw == old:
        return new
    if node.tag & 0x20:
        return asn1.tlv(node.tag, b"".join(replaced(child, old, new) for child in node.children()))
    return node.raw


@pytest.mark.parametrize("hostile", ["negative serial", "long name", "long country", "empty name"])
def test_what_the_library_remarks_on_hostile_certificates_is_not_said(
    hostile: str, key: SigningKey, tmp_path: pathlib.Path
) -> None:
    signed = sign_cades(GOOD, key.certificate, key.sign, NOW)
    number = x509.load_der_x509_certificate(key.certificate).serial_number
    serial = number.to_bytes((number.bit_length() + 8) // 8, "big")
    old, new = {
        "negative serial": (asn1.tlv(0x02, serial), asn1.tlv(0x02, b"\x91" + serial[1:])),
        "long name": (asn1.tlv(0x0C, b"Rossi Mario"), asn1.tlv(0x0C, b"x" * 90)),
        "long country": (asn1.tlv(0x13, b"IT"), asn1.tlv(0x13, b"ITALIA")),
        "empty name": (asn1.tlv(0x0C, b"Mario"), asn1.tlv(0x0C, b"")),
    }[hostile]
    changed = replaced(asn1.read(signed), old, new)
    assert changed != signed
    path = tmp_path / "IT01234567897_00001.xml.p7m"
    path.write_bytes(changed)
    command = [sys.executable, "-W", "default", "-m", "fattorino.cli", "check", "--json", str(path)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.stderr == "" and ran.returncode == 1
    assert json.loads(ran.stdout)["file"] == str(path)


# What cannot be read is a finding ------------------------------------------------------------------------------


def test_an_unknown_format_is_null(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "IT01234567897_00001.xml"
    path.write_bytes(b"<a/>")
    _code, (result,) = results(capsys, str(path))
    assert result["format"] is None and result["inner"] == ""


def test_links_to_nowhere_and_pipes_are_findings(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "IT01234567897_00001.xml").symlink_to(tmp_path / "nothing.xml")
    os.mkfifo(tmp_path / "IT01234567897_00002.xml")
    (tmp_path / "IT01234567897_00003.xml").symlink_to(tmp_path / "IT01234567897_00003.xml")
    (tmp_path / "IT01234567897_00004.xml").write_bytes(GOOD)
    (tmp_path / "again").symlink_to(tmp_path)  # a circle of folders
    code, found = results(capsys, str(tmp_path))
    assert code == 1 and [errors(one) for one in found] == [["00106"], ["00106"], ["00106"], []]


@pytest.fixture
def ordinary_user(capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Root reads everything: for as long as the test lasts, be somebody who does not."""
    if os.geteuid() != 0:
        yield
        return
    main(["check", "--json", os.devnull])  # loads what that somebody may not be allowed to read
    capsys.readouterr()
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_folders_and_files_without_rights_are_findings(
    ordinary_user: None, capsys: pytest.CaptureFixture[str]
) -> None:
    # Not in tmp_path, whose parents are closed to everybody else.
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        closed, second, third = (
            folder / one for one in ("closed", "IT1_00002.xml", "IT01234567897_00003.xml")
        )
        closed.mkdir()
        (closed / "IT01234567897_00001.xml").write_bytes(GOOD)
        second.write_bytes(GOOD)
        third.write_bytes(GOOD)
        closed.chmod(0)
        second.chmod(0)
        code, found = results(capsys, name)
        closed.chmod(0o700)
    assert code == 1
    assert {pathlib.Path(one["file"]).name: errors(one) for one in found} == {
        "closed": ["00106"],
        "IT1_00002.xml": ["00106"],
        "IT01234567897_00003.xml": [],
    }


def test_a_huge_file_is_refused_without_reading_it(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "IT01234567897_00001.xml"
    with path.open("wb") as file:
        file.truncate(1 << 40)  # a hole: no disk holds it, nor any memory
    code, (result,) = results(capsys, str(path))
    assert code == 1 and errors(result) == ["00003"]


def test_a_damaged_member_does_not_hide_the_others(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    packed = zipped(IT01234567897_00002__xml=GOOD, IT01234567897_00003__xml=GOOD)
    path = tmp_path / "IT01234567897_00001.zip"
    path.write_bytes(packed.replace(b"Via Roma", b"Via Rema", 1))
    code, found = results(capsys, str(path))
    assert code == 1
    assert [(one["inner"], errors(one)) for one in found] == [
        ("IT01234567897_00002.xml", ["00106"]),
        ("IT01234567897_00003.xml", []),
    ]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_json_stays_json_whatever_the_output_can_hold(tmp_path: pathlib.Path, encoding: str) -> None:
    path = tmp_path / "è€.xml"
    path.write_bytes(BAD.replace(b"Corso", b"<b/>"))
    environment = os.environ | {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0", "LC_ALL": "C.UTF-8"}
    for options in (["--json"], []):
        ran = subprocess.run(
            [sys.executable, "-m", "fattorino.cli", "check", *options, str(path)],
            capture_output=True,
            env=environment,
            check=False,
        )
        assert ran.returncode == 1 and b"Traceback" not in ran.stderr
        if options:
            assert json.loads(ran.stdout.decode(encoding))["file"] == str(path)


# Options ------------------------------------------------------------------------------------------------------


def test_warnings_can_be_left_out_but_errors_cannot(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "fattura.xml"
    path.write_bytes(TO_PA)
    _code, (result,) = results(capsys, "--without", "00001,avviso-firma", str(path))
    assert not {"00001", "avviso-firma"} & {finding["code"] for finding in result["findings"]}
    with pytest.raises(SystemExit):
        main(["check", "--without", "avviso-nulla", str(path)])
    message = capsys.readouterr().err
    assert "avviso-nulla non è il codice di un avviso" in message and "avviso-firma" in message


def test_the_issuer_is_judged_by_the_trust_list_given(
    key: SigningKey, ca: DemoCa, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "IT01234567897_00001.xml.p7m"
    path.write_bytes(sign_cades(GOOD, key.certificate, key.sign, NOW))
    good, other = tmp_path / "ca.der", tmp_path / "other.pem"
    good.write_bytes(ca.certificate)
    other.write_text(ssl.DER_cert_to_PEM_cert(make_ca(at=NOW, name="Altra CA").certificate))
    assert errors(results(capsys, str(path))[1][0]) == []
    assert errors(results(capsys, "--trusted", str(good), str(path))[1][0]) == []
    assert errors(results(capsys, "--trusted", str(other), str(path))[1][0]) == ["00104"]
    both = results(capsys, "--trusted", str(other), "--trusted", str(good), str(path))
    assert errors(both[1][0]) == []


def test_a_trust_list_that_cannot_be_used_is_wrong_use(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "IT01234567897_00001.xml"
    path.write_bytes(GOOD)
    (tmp_path / "empty.pem").write_bytes(b"")
    for name in ("missing.pem", "empty.pem", "IT01234567897_00001.xml"):
        assert main(["check", "--trusted", str(tmp_path / name), str(path)]) == 2
        assert name in capsys.readouterr().err


def test_the_text_names_errors_first(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "fattura.xml"
    path.write_bytes(BAD)
    assert main(["check", "--on", DAY, str(path)]) == 1
    first, second, *rest = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{path}: FPR12, sarebbe scartata, 1 errore")
    assert second.startswith("  errore 00421, riga ")
    assert any(line.startswith("  avviso 00001: ") for line in rest)
    assert any(line.startswith("    → ") for line in rest)


def test_the_same_remark_on_many_lines_is_made_once(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "IT01234567897_00001.xml"
    line = GOOD[GOOD.index(b"<DettaglioLinee>") : GOOD.index(b"<DatiRiepilogo>")]
    path.write_bytes(GOOD.replace(line, line.replace(b">100.00</PrezzoU", b">1,0</PrezzoU") * 7))
    assert main(["check", "--on", DAY, str(path)]) == 1
    first, second, *_rest = capsys.readouterr().out.splitlines()
    assert "7 errori" in first
    assert second.startswith("  errore 00200, righe ") and " e altre 2: " in second
    _code, (result,) = results(capsys, str(path))
    assert len(result["findings"]) == 7  # a program gets them all


def test_help_and_mistakes_do_not_wait_for_the_law() -> None:
    program = (
        "import sys\nfrom fattorino.cli.main import main\n"
        "try:\n    main(['check', '--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'lxml', 'cryptography', 'django', 'fattorino.core.fatturapa'} & set(sys.modules)\n"
        "sys.exit(repr(heavy) if heavy else 0)"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_a_plain_invoice_is_checked_without_loading_the_cryptography(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "IT01234567897_00001.xml"
    path.write_bytes(GOOD)
    program = (
        "import sys\nfrom fattorino.cli.main import main\n"
        f"code = main(['check', {str(path)!r}])\n"
        "heavy = {'cryptography', 'signxml', 'django'} & set(sys.modules)\n"
        "sys.exit(repr(heavy) if heavy or code else 0)"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_each_result_is_one_line_for_every_reader_of_lines(tmp_path, capsys):
    odd = tmp_path / "a\u2028b\x85c.xml"
    odd.write_bytes(b"<a/>")
    main(["check", "--json", str(odd)])
    said = capsys.readouterr().out
    (line,) = said.splitlines()
    assert json.loads(line)["format"] is None


@pytest.fixture
def in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")


@pytest.mark.usefixtures("in_english")
def test_in_english_findings_are_said_in_english(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "fattura.xml"
    path.write_bytes(BAD)
    assert main(["check", "--on", DAY, str(path)]) == 1
    first, second, *rest = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{path}: FPR12, would be refused, 1 error")
    assert second.startswith("  error 00421, line ")
    assert second.endswith(": The tax is 23,00, but 22,00 % of 100,00 is 22,00.")
    assert any(line.startswith("    → Compute the tax again") for line in rest)
    assert any(line == "  warning 00001: File name not valid for SdI: “fattura.xml”." for line in rest)


@pytest.mark.usefixtures("in_english")
def test_in_english_json_is_english_too(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "IT01234567897_00001.xml"
    path.write_bytes(BAD.replace(b">EUR<", b">euro<"))
    _code, (result,) = results(capsys, str(path))
    (finding,) = result["findings"]
    assert finding["message"] == "<Divisa> (currency) has the value “euro”, which is not admitted."
    assert finding["hint"] == "Needed: three capital letters, such as EUR."


@pytest.mark.usefixtures("in_english")
def test_in_english_wrong_use_and_unreadable_files_are_told_in_english(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nothing, broken, pipe = tmp_path / "no.xml", tmp_path / "IT01234567897_00001.zip", tmp_path / "a.xml"
    broken.write_bytes(b"PK\x03\x04")
    os.mkfifo(pipe)
    assert main(["check", str(nothing)]) == 2
    assert f"{nothing}: cannot be read (the file does not exist)" in capsys.readouterr().err
    assert main(["check", "--trusted", str(nothing), str(broken)]) == 2
    assert f"fattorino: {nothing}: cannot be read (the file is no longer there" in capsys.readouterr().err
    assert main(["check", "--trusted", str(broken), str(broken)]) == 2
    assert f"fattorino: {broken}: The file holds no usable certificates" in capsys.readouterr().err
    assert main(["check", str(tmp_path)]) == 1
    told = capsys.readouterr().out
    assert "The file cannot be read: it is no file but a pipe or a device." in told
    assert "The ZIP archive is damaged or cannot be read." in told


@pytest.mark.usefixtures("in_english")
def test_without_compiled_catalogues_findings_stay_italian(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "IT01234567897_00001.xml"
    path.write_bytes(BAD)
    monkeypatch.setattr(i18n, "_PACKAGE", str(tmp_path))
    i18n._catalogue.cache_clear()
    try:
        assert main(["check", "--on", DAY, str(path)]) == 1
    finally:
        i18n._catalogue.cache_clear()
    told = capsys.readouterr().out
    assert "would be refused" in told and "L'imposta è 23,00" in told


@pytest.mark.usefixtures("in_english")
def test_findings_are_said_in_english_without_django(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "IT01234567897_00001.xml"
    path.write_bytes(BAD)
    program = (
        "import sys\nfrom fattorino.cli.main import main\n"
        f"main(['check', {str(path)!r}])\n"
        "sys.exit('django' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "The tax is 23,00" in ran.stdout
