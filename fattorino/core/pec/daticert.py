"""daticert.xml, the certification data inside every PEC receipt and envelope (RFC 6109, 4.4).

Read leniently: of ten real ones one does not hold the DTD, and none may be refused for that.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from typing import Literal, cast, get_args

from lxml import etree

from fattorino.core import xml as safe_xml
from fattorino.core.errors import InputError
from fattorino.core.texts import say

Kind = Literal[
    "accettazione",
    "non-accettazione",
    "presa-in-carico",
    "avvenuta-consegna",
    "posta-certificata",
    "errore-consegna",
    "preavviso-errore-consegna",
    "rilevazione-virus",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
LIMIT = 1_000_000  # bytes; 500 recipients take 50 kB


@dataclass(frozen=True, slots=True, kw_only=True)
class DatiCert:
    """What the provider certifies.

    Attributes:
        tipo, errore: as in the attributes of the root ("nessuno" where there is no error).
        certificati, esterni: recipients with a PEC, recipients without, in small letters.
        quando: aware where the zone can be read; None where the instant cannot.
        identificativo: of the transport envelope, equal in acceptance and delivery.
        msgid: Message-ID of the message as we sent it, angle brackets included; "" when missing.
        ricevuta: completa, breve or sintetica; "".
        consegna: the one recipient the receipt is about, in small letters; "".
        errore_esteso: the provider's own words; "" when it gives none.
    """

    tipo: str
    errore: str = "nessuno"
    mittente: str = ""
    certificati: tuple[str, ...] = ()
    esterni: tuple[str, ...] = ()
    oggetto: str = ""
    gestore: str = ""
    quando: datetime.datetime | None = None
    identificativo: str = ""
    msgid: str = ""
    ricevuta: str = ""
    consegna: str = ""
    errore_esteso: str = ""


def read_daticert(data: bytes) -> DatiCert:
    """Raises InputError for what is not XML with the root `postacert` and a kind of RFC 6109."""
    # RFC 6109 shows it with a DOCTYPE that names the DTD only; nothing is ever fetched or expanded.
    bare = _DOCTYPE.sub(b"", data, count=1)
    root = safe_xml.parse(bare, limit=LIMIT)
    kind = root.get("tipo", "")
    if root.tag != "postacert" or kind not in KINDS:
        raise InputError(say("I dati di certificazione della PEC (daticert.xml) non si possono leggere."))
    people = root.findall("intestazione/destinatari")
    receipt = root.find("dati/ricevuta")
    return DatiCert(
        tipo=kind,
        errore=root.get("errore") or "nessuno",
        mittente=_text(root, "intestazione/mittente"),
        certificati=tuple(_address(each) for each in people if each.get("tipo") != "esterno"),
        esterni=tuple(_address(each) for each in people if each.get("tipo") == "esterno"),
        oggetto=_text(root, "intestazione/oggetto"),
        gestore=_text(root, "dati/gestore-emittente"),
        quando=_moment(root.find("dati/data")),
        identificativo=_text(root, "dati/identificativo"),
        msgid=_text(root, "dati/msgid"),
        ricevuta="" if receipt is None else receipt.get("tipo", ""),
        consegna=_text(root, "dati/consegna").lower(),
        errore_esteso=_text(root, "dati/errore-esteso"),
    )


def write_daticert(data: DatiCert) -> bytes:
    """As a provider writes it; `quando` must be aware."""
    root = etree.Element("postacert", tipo=data.tipo, errore=data.errore)
    heading = etree.SubElement(root, "intestazione")
    etree.SubElement(heading, "mittente").text = data.mittente
    for kind, people in (("certificato", data.certificati), ("esterno", data.esterni)):
        for address in people:
            etree.SubElement(heading, "destinatari", tipo=kind).text = address
    etree.SubElement(heading, "risposte").text = data.mittente
    etree.SubElement(heading, "oggetto").text = data.oggetto
    body = etree.SubElement(root, "dati")
    etree.SubElement(body, "gestore-emittente").text = data.gestore
    assert data.quando is not None
    when = etree.SubElement(body, "data", zona=data.quando.strftime("%z"))
    etree.SubElement(when, "giorno").text = data.quando.strftime("%d/%m/%Y")
    etree.SubElement(when, "ora").text = data.quando.strftime("%H:%M:%S")
    etree.SubElement(body, "identificativo").text = data.identificativo
    if data.msgid:
        etree.SubElement(body, "msgid").text = data.msgid
    if data.ricevuta:
        etree.SubElement(body, "ricevuta", tipo=data.ricevuta)
    if data.consegna:
        etree.SubElement(body, "consegna").text = data.consegna
    if data.errore_esteso:
        etree.SubElement(body, "errore-esteso").text = data.errore_esteso
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + etree.tostring(
        root, encoding="UTF-8", pretty_print=True
    )


_DOCTYPE = re.compile(rb"<!DOCTYPE\s+postacert\s+SYSTEM\s+(?:\"[^\"<>\[]*\"|'[^'<>\[]*')\s*>")


def _text(root: etree._Element, path: str) -> str:
    found = root.find(path)
    return " ".join("".join(cast("list[str]", list(found.itertext()))).split()) if found is not None else ""


def _address(element: etree._Element) -> str:
    return (element.text or "").strip().lower()


def _moment(element: etree._Element | None) -> datetime.datetime | None:
    if element is None:
        return None
    day = " ".join(f"{_text(element, 'giorno')} {_text(element, 'ora')}".split())
    zone = element.get("zona", "").strip()
    for text, form in ((f"{day} {zone}", "%d/%m/%Y %H:%M:%S %z"), (day, "%d/%m/%Y %H:%M:%S")):
        try:
            return datetime.datetime.strptime(text, form)  # noqa: DTZ007 - naive where the provider gives no zone
        except ValueError:
            continue
    return None
