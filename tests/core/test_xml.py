from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fattorino.core import xml
from fattorino.core.errors import XmlError


@pytest.mark.parametrize(
    ("data", "line", "word"),
    [
        (b"", None, "vuoto"),
        (b"\xef\xbb\xbf \n", None, "vuoto"),
        (b"ciao", 1, "non inizia con un elemento"),
        (b"%PDF-1.4", 1, "non inizia con un elemento"),
        (b"<a>\n<b>1</b>\n<c>", 3, "troncato"),
        (b"<a>\n</b>", 2, "nome diverso"),
        (b"<a/>\n<b/>", 2, "altro contenuto"),
        (b"<a>Rossi & C.</a>", 1, "«&»"),
        (b"<a>&euro;</a>", 1, "entità"),
        (b"<a>\x01</a>", 1, "carattere di controllo"),
        (b"<a>citt\xe0</a>", 1, "codifica dichiarata"),
        (b'<?xml version="1.0" encoding="pippo"?><a/>', 1, "codifica di caratteri sconosciuta"),
        (b' <?xml version="1.0"?><a/>', 1, "Prima della dichiarazione"),
        (b"<p:a/>", 1, "prefisso"),
        (b"<a>" * 3000, 1, "limiti"),
    ],
)
def test_what_is_not_xml_is_refused_in_italian_with_its_line(data, line, word):
    with pytest.raises(XmlError) as caught:
        xml.parse(data)
    assert word in caught.value.message
    assert caught.value.line == line
    assert caught.value.hint


def test_the_message_is_about_this_file_and_not_about_the_one_before():
    for data in (b"<a>Rossi & C.</a>", b"<a>"):
        with pytest.raises(XmlError) as caught:
            xml.parse(data)
    assert "troncato" in caught.value.message


@pytest.mark.parametrize(
    "data",
    [
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        b'<!DOCTYPE a SYSTEM "http://esempio.invalid/a.dtd"><a/>',
        b'<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;&b;&b;">]><a>&c;</a>',
        b'<!DOCTYPE a [<!ATTLIST a x CDATA "1">]><a/>',
        "<?xml version='1.0' encoding='UTF-16'?><!DOCTYPE a><a/>".encode("utf-16"),
    ],
)
def test_a_doctype_is_refused_whatever_it_holds(data):
    with pytest.raises(XmlError, match="DOCTYPE"):
        xml.parse(data)


def test_the_size_limit_is_the_callers_and_has_the_code_of_sdi():
    data = b"<a>" + b"x" * 1000 + b"</a>"
    assert xml.parse(data).tag == "a"
    with pytest.raises(XmlError) as caught:
        xml.parse(data, limit=1000)
    assert caught.value.code == "00003"
    assert "1.007 byte" in caught.value.message


def test_a_comment_inside_a_value_does_not_cut_it():
    data = b"<a>1<!-- x -->2<?pi y?>3</a>"
    assert xml.parse(data).text == "123"
    assert xml.parse(data, keep_comments=True).text == "1"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "windows-1252", "iso-8859-15"])
def test_declared_encodings_and_byte_order_marks_are_understood(encoding):
    declared = encoding.removesuffix("-sig")
    data = f'<?xml version="1.0" encoding="{declared}"?><a>città</a>'.encode(encoding)
    assert xml.parse(data).text == "città"


def test_an_xmlns_that_is_no_uri_is_tolerated_and_said():
    parsed = xml.read(b"<a xmlns:ds='http://www.w3.org/2000/09/xmldsig#\"'><b>1</b></a>")
    assert parsed.root.findtext("b") == "1"
    assert len(parsed.tolerated) == 1


def test_an_xmlns_that_is_no_uri_does_not_let_other_faults_through():
    with pytest.raises(XmlError):
        xml.parse(b"<a xmlns:ds='x\"'><b></a>")


def test_canonical_form_is_the_same_for_equal_content():
    one = xml.parse(b"<a  y='2'\n x=\"1\"><b></b></a>")
    other = xml.parse(b'<?xml version="1.0"?>\n<a x="1" y="2"><b/></a>')
    assert xml.canonical(one) == xml.canonical(other) == b'<a x="1" y="2"><b></b></a>'


@given(st.binary(max_size=300) | st.binary(max_size=60).map(lambda b: b"<a>" + b + b"</a>"))
@settings(max_examples=300, deadline=None)
def test_no_bytes_raise_anything_but_an_xml_error(data):
    try:
        xml.parse(data)
    except XmlError as error:
        assert error.message


@pytest.mark.parametrize(
    ("data", "notes"),
    [
        (b'<?xml version="1.0" encoding="utf-8"?>\n<!-- <?xml-stylesheet?> --><a/>', []),
        (b"\xef\xbb\xbf<a/>", ["BOM"]),
        (b"<?xml version='1.0' encoding = 'windows-1252' ?><a/>", ["windows-1252"]),
        ('<?xml version="1.0" encoding="UTF-16"?><a/>'.encode("utf-16"), ["BOM", "UTF-16"]),
        (b'<?xml version="1.0"?> <?xml-stylesheet href="x"?>\n<a/>', ["foglio di stile"]),
        (b"<a><?b c?></a>", ["istruzioni"]),
        (b"<a><![CDATA[<?b c?>]]></a>", []),
    ],
)
def test_what_is_unusual_but_fine_is_said(data, notes):
    tolerated = xml.read(data).tolerated
    assert len(tolerated) == len(notes)
    assert all(note in sentence for note, sentence in zip(notes, tolerated, strict=True))


@pytest.mark.parametrize(
    "data",
    [
        b"<a>" + b"<?b?>" * 500_000 + b"</a>",
        b"<?b?>" * 500_000 + b"<a/>",
        b"<a><![CDATA[<?]]>" + b"<!---->x" * 300_000 + b"</a>",
    ],
)
def test_a_million_instructions_take_no_time_worth_telling(data):
    begun = time.process_time()
    xml.read(data)
    # What looks back over all that came before takes minutes; a busy machine needs some seconds for the rest.
    assert time.process_time() - begun < 20
