"""What the fuzzers start from: invoices, signed files, archives and messages of our own making, and the official
and real samples where they are at hand."""

from __future__ import annotations

import base64
import functools
import random
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from lxml import etree

from fattorino.core import xml
from fattorino.core.errors import FormatError, XmlError
from fattorino.core.fatturapa.cades import sign_cades
from fattorino.core.fatturapa.format_check import DOCUMENTS
from fattorino.core.fatturapa.writing import write_fattura
from fattorino.core.sdi import messages, soap
from fattorino.core.sdi.message_io import write_message
from fattorino.core.xades_signing import sign_xades
from tests.core.fatturapa import drafts, generated
from tests.fuzz import keys
from tests.fuzz.mutate_zip import packed

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "sdi"
# Longer files only slow the search down; what is slow in them is for test_large.
LONGEST_SEED = 40_000
DS = "{http://www.w3.org/2000/09/xmldsig#}"


@functools.cache
def invoices() -> tuple[bytes, ...]:
    """Of our own making: whole and scanty, sensible and nonsense, ordinary and simplified."""
    rng = random.Random(2026)
    made = [
        drafts.invoice(),
        drafts.invoice(drafts.line(), drafts.line("33.33", "10"), drafts.line("-5.00")),
        drafts.invoice(cessionario=drafts.PERSON),
        drafts.invoice(cessionario=drafts.FOREIGNER),
        drafts.invoice(*[drafts.line(str(Decimal(n) / 7)[:8]) for n in range(1, 15)]),
        drafts.fee_invoice(),
        drafts.simple_invoice(),
    ]
    for cls in DOCUMENTS.values():
        made += [generated.document(cls, rng, fullness) for fullness in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)]
    return tuple(write_fattura(fattura) for fattura in made)


@functools.cache
def samples(folder: str) -> tuple[bytes, ...]:
    """Official and real files; none where they are not at hand."""
    files = sorted((SHARED / folder).iterdir()) if (SHARED / folder).is_dir() else []
    return tuple(file.read_bytes() for file in files if file.stat().st_size <= LONGEST_SEED)


@functools.cache
def plain() -> list[bytes]:
    """Invoices in XML."""
    return [*invoices(), *samples("invoices")]


@functools.cache
def rewritten() -> list[bytes]:
    """The samples as our own writer puts them: in the form that the quick reader knows."""
    from fattorino.core.fatturapa.reading import read_fattura

    found = []
    for sample in samples("invoices"):
        try:
            found.append(write_fattura(read_fattura(sample).fattura))
        except (XmlError, FormatError):
            continue
    return [*invoices(), *found]


@functools.cache
def to_sign() -> list[bytes]:
    return [*invoices()[:7], *samples("invoices")[:5]]


@functools.cache
def cades() -> tuple[bytes, ...]:
    """Envelopes that hold: one signer, two around each other, EC and RSA."""
    curve, rsa = keys.holders()
    found = []
    for number, content in enumerate(to_sign()):
        key = (curve, rsa)[number % 2]
        chain = (keys.authority().certificate,) if number % 3 else ()
        found.append(sign_cades(content, key.certificate, key.sign, keys.NOW, key.is_ec, chain))
    twice = sign_cades(found[0], rsa.certificate, rsa.sign, keys.NOW, rsa.is_ec)
    return (*found, twice)


@functools.cache
def xades() -> tuple[bytes, ...]:
    curve, rsa = keys.holders()
    return tuple(
        sign_xades(content, key.certificate, key.sign, keys.NOW, key.is_ec)
        for content, key in zip(invoices()[:6], (curve, rsa) * 3, strict=True)
    )


@functools.cache
def signed() -> list[bytes]:
    encoded = [base64.b64encode(cades()[0]), base64.encodebytes(cades()[1])]
    return [*cades(), *encoded, *xades(), *samples("signed"), *invoices()[:2]]


@functools.cache
def signed_contents() -> frozenset[bytes]:
    """All that the holders of believed certificates ever signed."""
    return frozenset((*to_sign(), *(heart(content) for content in xades())))


def heart(content: bytes) -> bytes:
    """What a signature inside the XML covers: the canonical document without that signature."""
    root = xml.parse(content)
    etree.strip_elements(root, DS + "Signature", with_tail=False)
    return xml.canonical(root)


@functools.cache
def archives() -> list[bytes]:
    one, other = invoices()[0], cades()[0]
    return [
        packed([("IT01234567897_00001.xml", one)], 0),
        packed([("IT01234567897_00001.xml", one), ("IT01234567897_00002.xml.p7m", other)]),
        packed([("cartella/", b""), ("cartella/è.xml", b"<a/>"), ("__MACOSX/._a", b"x")]),
        packed([(f"IT01234567897_{n:05}.xml", b"<a/>") for n in range(30)]),
        packed([("IT01234567897_00001_AT_001.xml", sdi_messages()[2]), ("IT01234567897_00001.xml", one)]),
    ]


MOMENT = datetime(2026, 11, 21, 10, 5, 7, 123000, tzinfo=UTC)
_FILE: dict[str, Any] = {"identificativo_sdi": "1234567", "nome_file": "IT01234567897_00001.xml.p7m"}


@functools.cache
def sdi_messages() -> tuple[bytes, ...]:
    m = messages
    reference = m.RiferimentoFattura(numero_fattura="1/2026", anno_fattura=2026, posizione_fattura=1)
    refusal = m.NotificaEsitoCommittente(
        identificativo_sdi="1234567", riferimento_fattura=reference, esito="EC02", descrizione="Non è nostra"
    )
    made = [
        m.RicevutaConsegna(
            **_FILE,
            data_ora_ricezione=MOMENT,
            data_ora_consegna=MOMENT,
            destinatario=m.Destinatario(codice="ABC123", descrizione="Comune"),
            message_id="1",
            intermediario_con_duplice_ruolo=True,
        ),
        m.NotificaScarto(
            **_FILE,
            data_ora_ricezione=MOMENT,
            lista_errori=tuple(m.Errore(codice=code, descrizione="x") for code in ("00404", "00200")),
            message_id="1",
        ),
        m.AttestazioneTrasmissioneFattura(
            **_FILE,
            data_ora_ricezione=MOMENT,
            destinatario=m.Destinatario(codice="ABC123", descrizione="Comune"),
            message_id="1",
            hash_file_originale="a" * 64,
        ),
        m.NotificaEsito(**_FILE, esito_committente=refusal, message_id="1"),
        refusal,
        m.RicevutaImpossibilitaRecapito(
            **_FILE,
            hash="a" * 64,
            data_ora_ricezione=MOMENT,
            data_messa_a_disposizione=date(2026, 11, 22),
            message_id="1",
        ),
        m.FileMetadati(
            **_FILE,
            hash="a" * 64,
            codice_destinatario="ABC1234",
            formato="FPR12",
            tentativi_invio=1,
            message_id="1",
        ),
    ]
    return tuple(write_message(message) for message in made)


@functools.cache
def letters() -> list[bytes]:
    """What SdI delivers: its messages, plain and in a zip."""
    return [*sdi_messages(), *samples("notifications"), *samples("metadata"), archives()[-1]]


@functools.cache
def soap_calls() -> list[bytes]:
    """Requests and answers of every service; the first line is the Content-Type."""
    file = soap.FileSdI("123456", "IT01234567897_00001_RC_001.xml", sdi_messages()[0])
    base = soap.FileSdIBase("IT01234567897_00001.xml", b"\r\n\0<a/>--x")
    mt = "IT01234567897_00001_MT_001.xml"
    both = soap.FileSdIConMetadati("123456", "IT01234567897_00001.xml", b"<a/>", mt, sdi_messages()[-1])
    payloads: dict[type, Any] = {
        soap.FileSdI: file,
        soap.FileSdIBase: base,
        soap.FileSdIConMetadati: both,
        soap.RispostaSdIRiceviFile: soap.RispostaSdIRiceviFile("123456", MOMENT, "EI01"),
        soap.RispostaRiceviFatture: soap.RispostaRiceviFatture(),
        soap.RispostaSdINotificaEsito: soap.RispostaSdINotificaEsito("ES00", base),
    }
    built = [
        soap.build_request(operation, payloads[operation.request_type], as_mtom=as_mtom)
        for operation in soap.OPERATIONS
        for as_mtom in (False, True)
    ]
    built += [
        soap.build_response(operation, payloads[operation.response_type])
        for operation in soap.OPERATIONS
        if operation.response_type is not None
    ]
    built.append(soap.build_fault("Client", "no"))
    return [one.headers["Content-Type"].encode() + b"\n" + one.body for one in built]


@functools.cache
def everything() -> list[bytes]:
    """What a person may put on the desk."""
    return [*plain()[:40], *signed(), *archives()]


SEEDS: dict[str, Callable[[], list[bytes]]] = {
    "reader": plain,
    "quick": rewritten,
    "copy": plain,
    "envelope": signed,
    "objects": lambda: [bytes([number]) for number in range(20)],
    "check": plain,
    "streamed": rewritten,
    "zip": archives,
    "message": letters,
    "soap": soap_calls,
    "desk": everything,
}
