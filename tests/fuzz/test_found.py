"""What fuzzing found, each input once: it stays as it was found, cut down to what matters."""

from __future__ import annotations

import io
import re
import zipfile

import pytest

from fattorino.core import asn1
from fattorino.core.errors import ArchiveError
from fattorino.core.fatturapa.archive import read_zip
from fattorino.core.fatturapa.envelope import unwrap, verify
from fattorino.core.fatturapa.format_check import DOCUMENTS, examine
from fattorino.core.sdi import soap
from fattorino.core.tracciati.quick import read_quick, stream_quick
from tests.fuzz import corpus, keys

ORDINARY = DOCUMENTS["FatturaElettronica"]


def with_text(element: bytes, text: bytes) -> bytes:
    """An invoice with another text in the first element of that name."""
    changed = re.sub(
        rb"<%b>[^<]*<" % element, lambda _: b"<%b>%b<" % (element, text), corpus.invoices()[0], count=1
    )
    assert changed != corpus.invoices()[0]
    return changed


def test_a_certificate_of_an_impossible_version_is_one_that_cannot_be_read() -> None:
    version = b"\xa0\x03\x02\x01\x02"  # [0] INTEGER 2: version 3
    envelope = corpus.cades()[0]
    assert version in envelope
    opened = unwrap(envelope.replace(version, b"\xa0\x03\x02\x01\x42"))
    assert {finding.code for finding in verify(opened, at=keys.LATER)} == {"00107"}


def test_a_fault_of_blanks_is_told_in_words() -> None:
    body = soap.build_fault("Client", "\u2028").body
    with pytest.raises(soap.SoapFault) as caught:
        soap.parse_request(body, "text/xml", service="SdIRiceviFile")
    assert caught.value.message


@pytest.mark.parametrize(
    ("element", "text"), [(b"Data", b"2026-02-30"), (b"Data", b"0000-01-01"), (b"Descrizione", b"\xff")]
)
def test_what_has_the_right_shape_and_does_not_exist_is_left_to_the_long_way_by_the_stream_too(
    element: bytes, text: bytes
) -> None:
    data = with_text(element, text)
    assert read_quick(ORDINARY, data) is None
    assert stream_quick(ORDINARY, io.BytesIO(data), {}) is None


def test_an_attachment_that_is_no_base64_is_left_to_the_long_way_by_the_stream_too() -> None:
    attachment = b"<Allegati><NomeAttachment>a</NomeAttachment><Attachment>QQ=</Attachment></Allegati>"
    data = corpus.invoices()[0].replace(
        b"</FatturaElettronicaBody>", attachment + b"</FatturaElettronicaBody>"
    )
    assert read_quick(ORDINARY, data) is None
    assert stream_quick(ORDINARY, io.BytesIO(data), {}) is None
    assert examine(data).findings


def test_an_archive_of_many_members_that_shrink_a_thousandfold_is_not_opened() -> None:
    """Each of them is small, all together they would be 250 times the archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(200):
            archive.writestr(f"{number}.xml", b"<" * 1_000_000)
    with pytest.raises(ArchiveError):
        read_zip(buffer.getvalue())


def test_a_signature_is_not_moved_to_another_content() -> None:
    """Not found but looked for: what the fuzzer's judge of forgeries would see."""
    envelope = corpus.cades()[0]
    content = unwrap(envelope).content
    forged = envelope.replace(content, content.replace(b"100.00", b"900.00"))
    assert forged != envelope and len(forged) == len(envelope)
    assert asn1.read(forged).stop == len(forged)
    assert "00102" in {finding.code for finding in verify(unwrap(forged), at=keys.LATER)}
