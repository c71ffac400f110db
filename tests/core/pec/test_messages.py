from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fattorino.core.errors import InputError
from fattorino.core.pec.messages import read_pec, signature_of
from tests.core.pec.letters import NOON, original, provider

XML = b"<?xml version='1.0'?><p:Fattura xmlns:p='urn:x'>\r\n \xe2\x82\xac</p:Fattura>"


def test_an_envelope_is_from_whom_the_provider_certifies():
    letter = original(files={"IT01234567890_00001.xml": XML})
    found = read_pec(provider().envelope(letter, "opec1@gestore.example", NOON))
    assert (found.sort, found.sender, found.subject) == ("busta", "ordine@pec.it", "Avviso")
    assert found.riferimento == letter.message_id
    assert [(file.name, file.content) for file in found.files] == [("IT01234567890_00001.xml", XML)]
    assert found.text.strip() == "Buongiorno, è una prova."


@pytest.mark.parametrize(
    "kind", ["accettazione", "avvenuta-consegna", "errore-consegna", "preavviso-errore-consegna"]
)
def test_a_receipt_is_about_our_message_and_holds_nobodys_files(kind):
    letter = original(files={"a.xml": XML})
    found = read_pec(
        provider().receipt(letter, kind, "opec1@gestore.example", NOON, recipient="iscritto@pec.it")
    )
    assert (found.sort, found.tipo, found.riferimento) == ("ricevuta", kind, letter.message_id)
    assert found.daticert is not None and found.daticert.consegna == "iscritto@pec.it"
    assert found.files == ()
    assert found.subject == "Avviso"


def test_a_forged_receipt_inside_an_envelope_is_no_receipt():
    forged = provider().receipt(original(), "avvenuta-consegna", "x@gestore.example", NOON)
    letter = original(sender="truffa@pec.it", files={"ricevuta.eml": forged})
    found = read_pec(provider().envelope(letter, "opec2@gestore.example", NOON))
    assert (found.sort, found.tipo, found.sender) == ("busta", "", "truffa@pec.it")
    assert found.daticert is not None and found.daticert.tipo == "posta-certificata"


def test_headers_of_a_receipt_in_an_ordinary_message_from_outside_come_as_an_anomaly():
    inside = original(sender="truffa@example.com").data.replace(
        b"Subject:", b"X-Ricevuta: avvenuta-consegna\r\nSubject:", 1
    )
    anomaly = (
        b"X-Trasporto: errore\r\nFrom: posta-certificata@gestore.example\r\nSubject: ANOMALIA MESSAGGIO: x\r\n"
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n'
        b'Content-Type: message/rfc822; name="postacert.eml"\r\n\r\n' + inside + b"\r\n--b--\r\n"
    )
    found = read_pec(anomaly)
    assert (found.sort, found.tipo, found.sender) == ("anomalia", "", "truffa@example.com")


def test_a_signature_holds_until_an_octet_changes():
    data = provider().envelope(original(files={"a.xml": XML}), "opec1@gestore.example", NOON)
    signer = signature_of(data)
    assert signer is not None and signer.valid and signer.name == "Posta Certificata di prova"
    changed = signature_of(data.replace(b"daticert.xml", b"daticerT.xml", 1))
    assert changed is not None and not changed.valid


def test_a_signature_holds_although_the_mailbox_changed_the_line_ends():
    data = provider().envelope(original(), "opec1@gestore.example", NOON)
    signer = signature_of(data.replace(b"\r\n", b"\n"))
    assert signer is not None and signer.valid


@pytest.mark.parametrize(
    ("file", "sort", "tipo"),
    [
        ("gopec_busta_trasporto_2021.eml", "busta", ""),
        ("gopec_consegna_2021.eml", "ricevuta", "avvenuta-consegna"),
        ("jpp_accettazione_2024.eml", "ricevuta", "accettazione"),
        ("jpp_mancata_consegna_2024.eml", "ricevuta", "errore-consegna"),
        ("jpp_dsn_failure_gmail.eml", "ordinaria", ""),
    ],
)
def test_published_samples_are_told_apart(file, sort, tipo, shared_data):
    found = read_pec((shared_data / "pec" / file).read_bytes())
    assert (found.sort, found.tipo) == (sort, tipo)
    assert (found.daticert is None) == (sort == "ordinaria")


def test_an_attached_message_in_base64_is_opened_all_the_same():
    data = provider().envelope(original(files={"a.xml": XML}), "opec1@gestore.example", NOON)
    before, _, rest = data.partition(b"Content-Transfer-Encoding: 8bit\r\n")
    middle, gap, after = rest.partition(b"\r\n\r\n")
    body, border, end = after.partition(b"\r\n------parti")
    coded = base64.encodebytes(body).replace(b"\n", b"\r\n")
    found = read_pec(before + b"Content-Transfer-Encoding: base64\r\n" + middle + gap + coded + border + end)
    assert [file.content for file in found.files] == [XML]


def test_what_is_too_large_or_in_too_many_parts_is_refused(monkeypatch):
    many = b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n' + b"--b\r\n\r\nx\r\n" * 600 + b"--b--"
    with pytest.raises(InputError):
        read_pec(many)
    monkeypatch.setattr("fattorino.core.pec.messages.LIMIT", 10)
    with pytest.raises(InputError):
        read_pec(b"x" * 11)


@pytest.mark.parametrize("charset", [b"undefined", b"x\0y", b"hex", b"idna"])
def test_a_text_in_no_charset_is_read_all_the_same(charset):
    letter = b'From: a@b.it\r\nContent-Type: text/plain; charset="' + charset + b'"\r\n\r\nCiao \xff'
    assert read_pec(letter).text == "Ciao \xff"


@settings(max_examples=300)
@given(st.binary(max_size=200), st.integers(0, 4000))
def test_any_bytes_are_read_or_refused(data, place):
    whole = provider().envelope(original(), "opec1@gestore.example", NOON)
    for hostile in (data, whole[:place] + data + whole[place + len(data) :]):
        try:
            read_pec(hostile)
            signature_of(hostile)
        except InputError:
            continue
