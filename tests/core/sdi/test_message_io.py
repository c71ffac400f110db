from __future__ import annotations

import contextlib
import io
import pathlib
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree

from fattorino.core.errors import ArchiveError, FormatError, InputError, XmlError
from fattorino.core.sdi import message_io, messages
from fattorino.core.sdi.messages import MESSAGES, El, elements

TEXT = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_categories=["Cs", "Cc"]), max_size=200
)
MOMENTS = st.datetimes(
    min_value=datetime(2014, 1, 1),
    max_value=datetime(2100, 1, 1),
    timezones=st.just(timezone(timedelta(hours=1))),
)


def values(el: El) -> st.SearchStrategy[Any]:
    if el.kind == "attribute":
        return st.booleans()
    if el.kind == "block":
        return of(el.model)
    if el.kind == "list":
        return st.lists(of(el.model), min_size=1, max_size=4).map(tuple)
    if el.kind == "dateTime":
        return MOMENTS
    if el.kind == "date":
        return st.dates(date(2014, 1, 1), date(2100, 1, 1))
    if el.kind == "integer":
        return st.integers(1, 9999)
    if el.pattern:
        printable = st.characters(min_codepoint=0x21, max_codepoint=0x7E)
        return st.from_regex(f"({el.pattern})", fullmatch=True, alphabet=printable)
    low, high = el.length or (0, 100)
    return TEXT.map(str.strip).map(lambda t: t[:high].strip().ljust(max(low, 1), "x"))


def of(model: type[Any] | None) -> st.SearchStrategy[Any]:
    assert model is not None
    parts = {
        name: values(el)
        if el.required
        else st.one_of(st.none() if el.kind != "attribute" else st.just(False), values(el))
        for name, el in elements(model)
    }
    return st.builds(model, **parts)


def sample(model: type[Any]) -> Any:
    """A message with everything in it."""
    plain = {
        "dateTime": datetime(2026, 11, 21, 10, 5, 7, 123000, tzinfo=UTC),
        "date": date(2026, 11, 22),
        "integer": 1,
        "attribute": True,
    }
    texts = {
        "IdentificativoSdI": "1234567",
        "NomeFile": "IT01234567890_00001.xml.p7m",
        "Codice": "ABC123" if "Destinatario" in model.__name__ else "00404",
        "CodiceDestinatario": "ABC1234",
        "Esito": "EC02",
        "NumeroFattura": "FE/12",
        "Scarto": "EN01",
        "Formato": "FPA12",
        "MessageId": "123456",
        "MessageIdCommittente": "654321",
    }
    filled = {}
    for name, el in elements(model):
        if el.kind == "block":
            filled[name] = sample(el.model)
        elif el.kind == "list":
            filled[name] = (sample(el.model), sample(el.model))
        else:
            filled[name] = plain.get(el.kind) or texts.get(el.name, "Perché è così: <&> \"'")
    return model(**filled)


@pytest.fixture(scope="module")
def schemas(shared_data: pathlib.Path) -> dict[str, etree.XMLSchema]:
    class Local(etree.Resolver):
        def resolve(self, url: str, pubid: str, context: Any) -> Any:
            if "xmldsig" in url:
                return self.resolve_filename(str(shared_data / "sdi/xsd/xmldsig-core-schema.xsd"), context)
            return None

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    parser.resolvers.add(Local())
    files = {"PA": "MessaggiTypes_v1.1.xsd", "PR": "MessaggiFatturaTypes_v1.0.xsd"}
    return {k: etree.XMLSchema(etree.parse(shared_data / "sdi/xsd" / v, parser)) for k, v in files.items()}


@pytest.mark.parametrize("model", MESSAGES, ids=lambda m: m.__name__)
def test_every_message_of_both_flows_round_trips(model: type[messages.Messaggio]) -> None:
    message = sample(model)
    read = message_io.read_message(message_io.write_message(message))
    assert read.message == message
    assert read.tolerated == ()
    assert not read.signed


@pytest.mark.parametrize("model", MESSAGES, ids=lambda m: m.__name__)
def test_any_content_round_trips(model: type[messages.Messaggio]) -> None:
    @settings(max_examples=15, deadline=None)
    @given(of(model))
    def check(message: messages.Messaggio) -> None:
        assert message_io.read_message(message_io.write_message(message)).message == message

    check()


@pytest.mark.parametrize("model", MESSAGES, ids=lambda m: m.__name__)
def test_what_is_written_is_valid_but_for_the_signature(
    model: type[messages.Messaggio], schemas: dict[str, etree.XMLSchema]
) -> None:
    schema = schemas[model.flusso]
    schema.validate(etree.fromstring(message_io.write_message(sample(model))))
    said = [e.message for e in schema.error_log]
    unsigned = model.tipo in ("MT", "EC")
    assert said == [] if unsigned else len(said) == 1 and "Signature" in said[0], said


def test_a_message_without_an_obligatory_element_is_not_written() -> None:
    full = sample(messages.RicevutaScarto)
    with pytest.raises(InputError, match="Hash"):
        message_io.write_message(replace(full, hash=None))
    with pytest.raises(InputError, match="ListaErrori"):
        message_io.write_message(replace(full, lista_errori=()))
    with pytest.raises(InputError, match="MessageId"):
        message_io.write_message(replace(full, message_id="x" * 37))
    with pytest.raises(InputError, match="Note"):
        message_io.write_message(replace(full, note="campanello \x07"))
    with pytest.raises(InputError, match="Esito"):
        message_io.write_message(replace(sample(messages.NotificaEsitoCommittente), esito="EC03"))


def test_official_samples_are_read_whole(shared_data: pathlib.Path) -> None:
    found = {}
    for path in [*shared_data.glob("sdi/notifications/*.xml"), *shared_data.glob("sdi/metadata/*.xml")]:
        read = message_io.read_message(path.read_bytes())
        assert read.xml == path.read_bytes()
        found[path.name] = read
        if not read.tolerated:
            assert message_io.read_message(message_io.write_message(read.message)).message == read.message
    assert len(found) >= 20
    ne = found["pa_official__IT01234567890_11111_NE_001.xml"].message
    assert isinstance(ne, messages.NotificaEsito) and ne.esito_committente is not None
    assert ne.esito_committente.riferimento_fattura == messages.RiferimentoFattura(
        numero_fattura="1111", anno_fattura=2013, posizione_fattura=2
    )
    lacking = found["priv_official__ITHVQWPH73P42H501Y_00022_NS_001.xml"]
    assert "attributo versione mancante" in lacking.tolerated
    assert any("Suggerimento: mancante" in t for t in lacking.tolerated)
    assert lacking.signed


def _rc(
    inner: str, root: str = "RicevutaConsegna", namespace: str = messages.NS_PR, extra: str = 'versione="1.0"'
) -> bytes:
    xmlns = f'xmlns:q="{namespace}"' if namespace else ""
    prefix = "q:" if namespace else ""
    return f"<{prefix}{root} {xmlns} {extra}>{inner}</{prefix}{root}>".encode()


def test_what_sdi_really_sent_is_tolerated_and_reported() -> None:
    real = _rc(
        "<IdentificativoSdI>12</IdentificativoSdI><NomeFile>IT01234567890_1.xml</NomeFile>"
        "<DataOraRicezione>2018-11-20T10:00:00.000+01:00</DataOraRicezione>"
        "<DataOraConsegna>ieri</DataOraConsegna><Destinatario/><Inatteso/><MessageId>1</MessageId>",
        extra="",
    )
    read = message_io.read_message(b"\xef\xbb\xbf" + real)
    message = read.message
    assert isinstance(message, messages.RicevutaConsegnaPrivati)
    assert message.hash is None and message.data_ora_consegna is None
    assert message.data_ora_ricezione == datetime(2018, 11, 20, 9, tzinfo=UTC)
    text = "\n".join(read.tolerated)
    for part in (
        "BOM",
        "versione",
        "/Hash: mancante",
        "«ieri»",
        "/Destinatario/Codice: mancante",
        "/Inatteso",
    ):
        assert part in text


def test_the_flow_of_an_unqualified_receipt_shows_in_its_hash() -> None:
    base = "<IdentificativoSdI>12</IdentificativoSdI><NomeFile>a</NomeFile>"
    pa = message_io.read_message(_rc(base, namespace=""))
    private = message_io.read_message(_rc(base + "<Hash>00</Hash>", namespace="urn:altro"))
    assert (pa.message.flusso, private.message.flusso) == ("PA", "PR")
    assert any("namespace" in t for t in pa.tolerated)


def test_children_in_another_order_or_qualified_are_understood() -> None:
    read = message_io.read_message(
        _rc(
            "<q:NomeFile>a</q:NomeFile><q:IdentificativoSdI>3</q:IdentificativoSdI>",
            "NotificaScarto",
            messages.NS_PA,
        )
    )
    assert read.message.identificativo_sdi == "3"
    assert any("ordine" in t for t in read.tolerated) and any("namespace" in t for t in read.tolerated)


def test_an_attestation_is_found_in_its_zip() -> None:
    inner = message_io.write_message(sample(messages.AttestazioneTrasmissioneFattura))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("IT01234567890_00001.xml.p7m", b"la fattura")
        archive.writestr("IT01234567890_00001_AT_001.xml", inner)
    read = message_io.read_message(buffer.getvalue())
    assert read.message.tipo == "AT" and read.xml == inner
    assert [(m.name, m.content) for m in read.enclosed] == [("IT01234567890_00001.xml.p7m", b"la fattura")]
    empty = io.BytesIO()
    with zipfile.ZipFile(empty, "w") as archive:
        archive.writestr("IT01234567890_00001.xml", b"<a/>")
    for bad in (empty.getvalue(), buffer.getvalue()[:40], b"PK\x03\x04"):
        with pytest.raises(ArchiveError):
            message_io.read_message(bad)


def test_what_is_no_message_is_refused() -> None:
    for bad in (b"", b"no", b"<a>", b"<!DOCTYPE a><a/>"):
        with pytest.raises(XmlError):
            message_io.read_message(bad)
    for other in (b"<a/>", _rc("", "NotificaScarto"), _rc("<MessageId>1</MessageId>")):
        with pytest.raises(FormatError):
            message_io.read_message(other)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 255))
@example(73, 125)  # a brace inside the namespace
def test_a_damaged_message_never_leaks_another_exception(place: int, byte: int) -> None:
    data = bytearray(message_io.write_message(sample(messages.NotificaEsito)))
    data[place % len(data)] = byte
    with contextlib.suppress(InputError):
        message_io.read_message(bytes(data))


def archive(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name in names:
            made.writestr(name, name)
    return out.getvalue()


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (("IT1_00001_RC_001.xml", "cartella/IT1_00002_MC_001.xml", "leggimi.txt"), 2),
        (("IT1_00001_RC_001.xml", "IT1_00002_AT_001.zip"), 2),  # an AT within an archive is a zip itself
        (("IT1_00001_AT_001.xml", "IT1_00001.xml.p7m"), 0),  # the zip of one AT
        (("IT1_00001.xml", "IT1_00002.xml"), 0),
    ],
)
def test_an_archive_of_several_messages_is_told_from_the_zip_of_one(
    names: tuple[str, ...], found: int
) -> None:
    assert len(message_io.messages_in(archive(*names))) == found


@pytest.mark.parametrize("data", [b"", b"<a/>", b"PK\x03\x04broken"])
def test_what_is_no_archive_holds_no_messages(data: bytes) -> None:
    assert message_io.messages_in(data) == ()
