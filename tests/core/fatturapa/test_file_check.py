from __future__ import annotations

import datetime
import io
import json
import pathlib
import tracemalloc
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fattorino.core.fatturapa.cades import sign_cades
from fattorino.core.fatturapa.file_check import (
    WARNINGS,
    Question,
    Result,
    check_file,
    check_large,
    format_of,
    warning_codes,
)
from fattorino.core.xades_signing import sign_xades
from fattorino.hub.signing.pkcs12 import SigningKey, load_pkcs12
from fattorino.hub.signing.test_ca import Holder, issue, make_ca
from tests.cli.test_check import GOOD, TO_PA

NOW = datetime.datetime(2026, 11, 20, 10, 0, 30, tzinfo=datetime.UTC)
NAME = "IT01234567897_00001.xml"
ANY = Question(NOW.date(), NOW)
PA = Question(NOW.date(), NOW, "pa")
PRIVATI = Question(NOW.date(), NOW, "privati")


@pytest.fixture(scope="module")
def key() -> SigningKey:
    return load_pkcs12(issue(make_ca(at=NOW), Holder("Mario", "Rossi", "RSSMRA80A01H501U"), "x", at=NOW), "x")


def cades(key: SigningKey, content: bytes) -> bytes:
    return sign_cades(content, key.certificate, key.sign, NOW)


def zipped(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return buffer.getvalue()


def errors(result: Result) -> list[str]:
    return [finding.code for finding in result.findings if finding.is_error]


def checked(data: bytes, question: Question = ANY, name: str = NAME) -> Result:
    (result,) = check_file(name, data, question)
    return result


# The flow ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sign", ["none", "cades", "xades"])
@pytest.mark.parametrize("question", [ANY, PA, PRIVATI], ids=["any", "pa", "privati"])
def test_only_an_invoice_to_the_pa_must_be_signed(key: SigningKey, sign: str, question: Question) -> None:
    for content in (GOOD, TO_PA):
        data = content
        if sign == "cades":
            data = cades(key, content)
        elif sign == "xades":
            data = sign_xades(content, key.certificate, key.sign, NOW, key.is_ec)
        result = checked(data, question)
        missing = content is TO_PA and sign == "none"
        assert errors(result) == (["00102"] if missing and question.flow else [])
        assert ("avviso-firma" in {f.code for f in result.findings}) is (missing and not question.flow)


def test_the_other_flows_format_is_no_refusal_but_does_not_fit(key: SigningKey) -> None:
    result = checked(GOOD, PA)
    assert result.accepted and not result.fits
    assert not checked(cades(key, TO_PA), PRIVATI).fits
    assert checked(cades(key, TO_PA), PA).fits and checked(GOOD, PRIVATI).fits and checked(GOOD).fits


# Archives and envelopes in each other -----------------------------------------------------------------------


def test_signed_files_in_an_archive_are_judged_one_by_one(key: SigningKey) -> None:
    p7m = cades(key, GOOD)
    packed = zipped(a__p7m=p7m, b__xml=GOOD, c__p7m=p7m.replace(b"Via Roma", b"Via Rema"))
    assert [(one.inner, one.format, errors(one)) for one in check_file("x.zip", packed, ANY)] == [
        ("a.p7m", "FPR12", []),
        ("b.xml", "FPR12", []),
        ("c.p7m", "FPR12", ["00102"]),
    ]


def test_an_archive_may_be_neither_signed_nor_packed(key: SigningKey) -> None:
    packed = zipped(a__xml=GOOD)
    assert errors(checked(cades(key, packed))) == ["00106"]
    assert [errors(one) for one in check_file("x.zip", zipped(b__zip=packed, c__xml=GOOD), ANY)] == [
        ["00106"],
        [],
    ]
    assert errors(checked(zipped(d__p7m=cades(key, packed)))) == ["00106"]


@pytest.mark.parametrize("data", [b"", b"\0\0\0", b"PK\x05\x06" + bytes(18), zipped()], ids=repr)
def test_what_is_empty_is_00106(data: bytes) -> None:
    assert errors(checked(data)) == ["00106"]
    assert errors(checked(zipped(a__xml=b""))) == ["00106"]


def test_the_limit_is_on_the_signed_file_too(key: SigningKey) -> None:
    filler = b"<!--" + b"x" * (5_242_880 - len(GOOD) - 7) + b"-->"
    content = GOOD.replace(b"</p:FatturaElettronica>", filler + b"</p:FatturaElettronica>")
    assert len(content) == 5_242_880
    assert "00003" not in errors(checked(content))
    assert "00003" in errors(checked(cades(key, content)))


# Large files ------------------------------------------------------------------------------------------------

LINE = GOOD[GOOD.index(b"<DettaglioLinee>") : GOOD.index(b"<DatiRiepilogo>")]


def large(*, wrong: bool = False, lines: int = 9999) -> bytes:
    """An invoice of many lines, of more than a megabyte; its sums do not tally."""
    many = [
        LINE.replace(b"<NumeroLinea>1<", b"<NumeroLinea>%d<" % number).replace(
            b"Corso", b"Corso di prova" * 5
        )
        for number in range(1, lines + 1)
    ]
    if wrong:
        many[5000] = many[5000].replace(b">100.00</PrezzoTotale>", b">101.00</PrezzoTotale>")
    return GOOD.replace(LINE, b"".join(many))


@pytest.mark.parametrize("wrong", [False, True])
@pytest.mark.parametrize("question", [ANY, PA, Question(NOW.date(), NOW, "", (), warning_codes())])
def test_a_large_file_is_judged_as_it_is_when_held_whole(wrong: bool, question: Question) -> None:
    data = large(wrong=wrong)
    assert check_large("fattura.xml", io.BytesIO(data), question) == checked(data, question, "fattura.xml")


def test_a_large_file_is_not_held(tmp_path: pathlib.Path) -> None:
    path = tmp_path / NAME
    path.write_bytes(large())
    check_file(NAME, GOOD, ANY)  # what is made once is not the file's
    with path.open("rb") as source:
        check_large(NAME, source, ANY)
        source.seek(0)
        tracemalloc.start()
        result = check_large(NAME, source, ANY)
        _now, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert path.stat().st_size > 2_600_000 and result is not None and result.format == "FPR12"
    assert peak < 2_500_000


def test_what_is_small_signed_or_no_xml_is_not_streamed(key: SigningKey) -> None:
    data = large()
    for other in (
        GOOD,
        cades(key, data),
        data.replace(b"Corso", b"<ds:Signature/>", 1),
        data.decode().encode("utf-16"),
        b"PK" + data,
        data + b" " * 3_000_000,
    ):
        assert check_large(NAME, io.BytesIO(other), ANY) is None


def test_the_word_signature_is_found_across_pieces() -> None:
    data = large(lines=4000)
    for place in range(64 * 1024 - 12, 64 * 1024 + 3):
        cut = data[:place] + b"Signature" + data[place:]
        assert check_large(NAME, io.BytesIO(cut), ANY) is None


# Names ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", [NAME, "a/b/" + NAME, "IT01234567897_00001.XML", "IT01234567897_00001.XML.P7M", "-"]
)
def test_good_names_are_not_remarked_upon(name: str) -> None:
    assert "00001" not in {finding.code for finding in checked(GOOD, name=name).findings}


@pytest.mark.parametrize("name", ["fattura.xml", "IT01234567897.xml", "\udcff\x1b[31m.xml", "x" * 5000])
def test_bad_names_are_a_warning_that_can_be_shown(name: str) -> None:
    result = checked(GOOD, name=name)
    (remark,) = (finding for finding in result.findings if finding.code == "00001")
    assert result.accepted and remark.message.isprintable() and len(remark.message) < 200


# Warnings that are not wanted -------------------------------------------------------------------------------


def test_every_warning_can_be_left_out_and_no_error() -> None:
    everything = Question(NOW.date(), NOW, "", (), warning_codes())
    assert checked(TO_PA, everything, "x.xml").findings == ()
    errors_too = Question(NOW.date(), NOW, "pa", (), frozenset({"00102", "00106"}))
    assert errors(checked(TO_PA, errors_too)) == ["00102"]
    assert errors(checked(b"", errors_too)) == ["00106"]


def test_codes_of_warnings_hold_no_code_of_a_refusal() -> None:
    codes = warning_codes()
    assert set(WARNINGS) <= codes and not {"00102", "00200", "00421", "00423"} & codes


# The format -------------------------------------------------------------------------------------------------

ROOT = 'xmlns:p="http://ivaservizi.agenziaentrate.gov.it/docs/xsd/fatture/v1.2"'


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (f'<p:FatturaElettronica {ROOT} versione="FPA12">', "FPA12"),
        (f"<p:FatturaElettronica versione='FPR12' {ROOT}/>", "FPR12"),
        ('\ufeff<?xml version="1.0"?>\n<FatturaElettronicaSemplificata versione = "FSM10"', "FSM10"),
        (f'<!-- a --><?b?><p:FatturaElettronica {ROOT} versione="FPA12">', "FPA12"),
        ('<FatturaElettronica versione="FSM10"/>', None),
        ('<FatturaElettronica versione="1.1"/>', None),
        ('<FatturaElettronica a=" versione=&quot;x" versione="FPR12"/>', "FPR12"),
        ("<FatturaElettronica a=' versione=\"FPA12\"' versione='FPR12'/>", "FPR12"),
        ("<FatturaElettronica a:versione='FPR12' xmlns:a='b'/>", None),
        ("<a versione='FPR12'/>", None),
        ("<a", None),
        ("", None),
        ("FatturaElettronica", None),
    ],
)
def test_the_format_is_what_the_root_claims(content: str, expected: str | None) -> None:
    if not content.endswith('FSM10"'):
        assert format_of(content.encode()) == expected
    if not content.startswith("<?xml") and "\ufeff" not in content:
        assert format_of(content.encode("utf-16")) == expected


def test_the_format_of_every_sample_is_that_of_its_root(shared_data: pathlib.Path) -> None:
    from fattorino.core import xml

    for path in (shared_data / "sdi" / "invoices").iterdir():
        data = path.read_bytes()
        version = xml.parse(data).get("versione")
        assert format_of(data) == (version if version in ("FPA12", "FPR12", "FSM10") else None), path.name


# Anything at all --------------------------------------------------------------------------------------------


@settings(max_examples=150)
@given(st.data())
def test_damaged_files_never_leak_an_exception(data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from([GOOD, zipped(a__xml=GOOD), GOOD.decode().encode("utf-16")]))
    mangled = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 5))):
        place = data.draw(st.integers(0, len(mangled) - 1))
        mangled[place : place + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=5))
    for result in check_file("x.xml", bytes(mangled), PA):
        json.dumps([finding.message for finding in result.findings])
