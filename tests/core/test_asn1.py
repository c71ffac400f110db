from __future__ import annotations

import pytest
from asn1crypto import core as other
from hypothesis import given
from hypothesis import strategies as st

from fattorino.core import asn1
from fattorino.core.asn1 import Asn1Error


@given(st.integers(-(2**200), 2**200))
def test_integers_are_written_and_read_as_others_do(number: int) -> None:
    written = asn1.integer(number)
    assert written == other.Integer(number).dump()
    assert asn1.read(written).integer() == number


@pytest.mark.parametrize(
    "name", ["1.2.840.113549.1.7.2", "2.16.840.1.101.3.4.2.1", "2.5.29.15", "0.4.0.1862.1.1"]
)
def test_object_identifiers_are_written_and_read_as_others_do(name: str) -> None:
    assert asn1.oid(name) == other.ObjectIdentifier(name).dump()
    assert asn1.read(asn1.oid(name)).oid() == name


@given(st.binary(max_size=70_000))
def test_octet_strings_of_any_length(content: bytes) -> None:
    written = asn1.tlv(asn1.OCTET_STRING, content)
    assert written == other.OctetString(content).dump()
    assert asn1.read(written).octets() == content


def test_sets_are_sorted() -> None:
    members = [asn1.integer(number) for number in (300, 2, 1)]
    assert asn1.set_of(members) == asn1.tlv(asn1.SET, members[2] + members[1] + members[0])


def test_pieces_and_indefinite_lengths_become_der() -> None:
    pieces = bytes.fromhex("24800401ff24800402aabb00000000")
    ber = b"\x30\x80" + pieces + asn1.integer(5) + b"\0\0"
    node = asn1.read(ber + b"rest")
    assert node.stop == len(ber) and node.raw == ber
    assert node.children()[0].octets() == bytes.fromhex("ffaabb")
    assert node.der() == asn1.sequence(asn1.tlv(asn1.OCTET_STRING, bytes.fromhex("ffaabb")), asn1.integer(5))


@pytest.mark.parametrize(
    "data",
    [
        "",
        "30",
        "3003020101ff"[:8],
        "300402",
        "3081",
        "30ff",
        "0480",
        "1f8101",
        "308902",
        "3080020101",
        "30800000"[:6],
    ],
)
def test_what_is_cut_or_malformed_is_refused(data: str) -> None:
    with pytest.raises(Asn1Error):
        asn1.read(bytes.fromhex(data)).children()


def test_depth_is_bounded() -> None:
    with pytest.raises(Asn1Error):
        asn1.read(b"\x30\x80" * 100 + b"\0\0" * 100)
    nested = b""
    for _ in range(100):
        nested = asn1.sequence(nested)
    with pytest.raises(Asn1Error):
        asn1.read(nested).der()


@given(st.binary(max_size=200))
def test_garbage_raises_only_its_own_error(data: bytes) -> None:
    try:
        node = asn1.read(data)
        node.der()
        node.children()
    except Asn1Error:
        pass
