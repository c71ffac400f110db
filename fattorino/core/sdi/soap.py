"""SdI's four web services as SOAP 1.1 envelopes, document/literal, exactly by their WSDLs.

SdIRiceviFile_v1.0, TrasmissioneFatture_v1.1, RicezioneFatture_v1.0, SdIRiceviNotifica_v1.0 (SDICoop 3.1).
Each operation is declared once in OPERATIONS. Incoming envelopes are recognised by the element in their body;
the SOAPAction header is not relied upon, since intermediaries drop or change it.
Files come inline in base64 or by MTOM/XOP; they are written inline unless MTOM is asked for.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from xml.sax.saxutils import escape

from lxml import etree

from fattorino.core import xml
from fattorino.core.errors import FattorinoError, InputError, XmlError
from fattorino.core.sdi import mtom
from fattorino.core.sdi.deadlines import instant
from fattorino.core.sdi.message_io import read_datetime
from fattorino.core.texts import say
from fattorino.core.xml import name_of

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP12 = "http://www.w3.org/2003/05/soap-envelope"
TRASMISSIONE = "http://www.fatturapa.gov.it/sdi/ws/trasmissione/v1.0"
RICEZIONE = "http://www.fatturapa.gov.it/sdi/ws/ricezione/v1.0"
CONTENT_TYPE = "text/xml; charset=utf-8"

# The longest envelope that is read. An invoice of 5 MB needs 7 MB in base64; a single text of an XML document
# cannot be longer than 10 MB in the parser, so there is no use in taking more.
LIMIT = 10_000_000
# Of a multipart body: the envelope is then small, but two files of 5 MB and the metadata may ride along.
MULTIPART_LIMIT = 12_000_000

_NOME_FILE = re.compile(r"[a-zA-Z0-9_.]{9,50}")
_IDENTIFICATIVO = re.compile(r"[+-]?[0-9]{1,12}")

Service = Literal["SdIRiceviFile", "TrasmissioneFatture", "RicezioneFatture", "SdIRiceviNotifica"]


class SoapFault(FattorinoError):
    """A soap:Fault, received or to be sent. `code` is "Client" (do not repeat unchanged), "Server", ..."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class FileSdIBase:
    """NomeFile and File: what SdIRiceviFile takes, and the ScartoEsito of a refused EC."""

    nome_file: str
    file: bytes


@dataclass(frozen=True, slots=True)
class FileSdI:
    """A receipt or notification under SdI's identifier."""

    identificativo_sdi: str
    nome_file: str
    file: bytes


@dataclass(frozen=True, slots=True)
class FileSdIConMetadati:
    identificativo_sdi: str
    nome_file: str
    file: bytes
    nome_file_metadati: str
    metadati: bytes


@dataclass(frozen=True, slots=True)
class RispostaSdIRiceviFile:
    """`errore`: EI01 empty file, EI02 service not available, EI03 sender not enabled; None: accepted."""

    identificativo_sdi: str
    data_ora_ricezione: datetime
    errore: str | None = None


@dataclass(frozen=True, slots=True)
class RispostaRiceviFatture:
    esito: str = "ER01"


@dataclass(frozen=True, slots=True)
class RispostaSdINotificaEsito:
    """`esito`: ES00 refused (then `scarto_esito` holds the SE), ES01 accepted, ES02 service not available."""

    esito: str
    scarto_esito: FileSdIBase | None = None


Payload = (
    FileSdIBase
    | FileSdI
    | FileSdIConMetadati
    | RispostaSdIRiceviFile
    | RispostaRiceviFatture
    | RispostaSdINotificaEsito
)

_FILE_BASE = (("NomeFile", "nome_file", "name"), ("File", "file", "bytes"))
_FILE = (("IdentificativoSdI", "identificativo_sdi", "id"), *_FILE_BASE)
# Per payload class: (element, attribute, kind) in the order of the schema; "?" marks what may be missing.
SHAPES: dict[type[Any], tuple[tuple[str, str, str], ...]] = {
    FileSdIBase: _FILE_BASE,
    FileSdI: _FILE,
    FileSdIConMetadati: (
        *_FILE,
        ("NomeFileMetadati", "nome_file_metadati", "name"),
        ("Metadati", "metadati", "bytes"),
    ),
    RispostaSdIRiceviFile: (
        ("IdentificativoSdI", "identificativo_sdi", "id"),
        ("DataOraRicezione", "data_ora_ricezione", "time"),
        ("Errore", "errore", "EI01 EI02 EI03?"),
    ),
    RispostaRiceviFatture: (("Esito", "esito", "ER01"),),
    RispostaSdINotificaEsito: (
        ("Esito", "esito", "ES00 ES01 ES02"),
        ("ScartoEsito", "scarto_esito", "file?"),
    ),
}


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of one service. `response_element` is "" where it is one-way."""

    service: Service
    name: str
    namespace: str
    soap_action: str
    request_element: str
    request_type: type[Any]
    response_element: str = ""
    response_type: type[Any] | None = None

    @property
    def one_way(self) -> bool:
        return self.response_type is None


def _trasmissione(name: str) -> Operation:
    action = f"http://www.fatturapa.it/TrasmissioneFatture/{name}"
    element = name[0].lower() + name[1:]
    return Operation("TrasmissioneFatture", name, TRASMISSIONE, action, element, FileSdI)


RICEVI_FILE = Operation(
    "SdIRiceviFile", "RiceviFile", TRASMISSIONE, "http://www.fatturapa.it/SdIRiceviFile/RiceviFile",
    "fileSdIAccoglienza", FileSdIBase, "rispostaSdIRiceviFile", RispostaSdIRiceviFile,
)  # fmt: skip
RICEVI_FATTURE = Operation(
    # The action's name differs from the operation's in the official WSDL.
    "RicezioneFatture", "RiceviFatture", RICEZIONE, "http://www.fatturapa.it/RicezioneFatture/RiceviFattureSdI",
    "fileSdIConMetadati", FileSdIConMetadati, "rispostaRiceviFatture", RispostaRiceviFatture,
)  # fmt: skip
RICEZIONE_DECORRENZA_TERMINI = Operation(
    "RicezioneFatture", "NotificaDecorrenzaTermini", RICEZIONE,
    "http://www.fatturapa.it/RicezioneFatture/NotificaDecorrenzaTermini", "fileSdI", FileSdI,
)  # fmt: skip
NOTIFICA_ESITO = Operation(
    "SdIRiceviNotifica", "NotificaEsito", RICEZIONE, "http://www.fatturapa.it/SdIRicezioneNotifiche/NotificaEsito",
    "fileSdI", FileSdI, "rispostaSdINotificaEsito", RispostaSdINotificaEsito,
)  # fmt: skip
# SdI calls the transmitter by message kind, both flows alike; what came is told by the file's root element.
TRASMISSIONE_FATTURE: dict[str, Operation] = {
    "RC": _trasmissione("RicevutaConsegna"),
    "MC": _trasmissione("NotificaMancataConsegna"),
    "NS": _trasmissione("NotificaScarto"),
    "NE": _trasmissione("NotificaEsito"),
    "DT": _trasmissione("NotificaDecorrenzaTermini"),
    "AT": _trasmissione("AttestazioneTrasmissioneFattura"),
}
OPERATIONS: tuple[Operation, ...] = (
    RICEVI_FILE, *TRASMISSIONE_FATTURE.values(), RICEVI_FATTURE, RICEZIONE_DECORRENZA_TERMINI, NOTIFICA_ESITO,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Envelope:
    """What goes over HTTP: the body and its headers (Content-Type, and SOAPAction on requests)."""

    body: bytes
    headers: dict[str, str]


def build_request(operation: Operation, payload: Payload, *, as_mtom: bool = False) -> Envelope:
    """The request of an operation. Raises InputError if the payload is not what the WSDL wants."""
    if type(payload) is not operation.request_type:
        raise InputError(
            say("{operation} vuole {kind}.", operation=operation.name, kind=operation.request_type.__name__)
        )
    action = {"SOAPAction": f'"{operation.soap_action}"'}
    return _build(operation.request_element, operation.namespace, payload, as_mtom, action)


def build_response(operation: Operation, payload: Payload) -> Envelope:
    """The response of an operation that has one. Raises InputError as build_request."""
    if operation.response_type is None or type(payload) is not operation.response_type:
        raise InputError(
            say("{operation} non risponde con {kind}.", operation=operation.name, kind=type(payload).__name__)
        )
    return _build(operation.response_element, operation.namespace, payload, False, {})


def build_fault(code: str, text: str) -> Envelope:
    """A SOAP 1.1 fault; HTTP wants status 500 with it. `code`: Client, Server, VersionMismatch, MustUnderstand."""
    inner = f"<faultcode>soap:{escape(code)}</faultcode><faultstring>{escape(text)}</faultstring>"
    return Envelope(_envelope(f"<soap:Fault>{inner}</soap:Fault>"), {"Content-Type": CONTENT_TYPE})


def parse_request(body: bytes, content_type: str, *, service: Service) -> tuple[Operation, Payload]:
    """Which operation of `service` is called, and with what.

    Raises SoapFault (to be answered with build_fault): what is not SOAP 1.1, no operation of this service, or
    not as the WSDL wants it; also DOCTYPE, an oversized body and an attachment that is missing or unused twice.
    """
    try:
        node, attachments = _body_of(body, content_type)
        for operation in OPERATIONS:
            if operation.service == service and _is_request(node, operation):
                return operation, _read(node, operation.request_type, attachments)
    except InputError as error:
        raise SoapFault("Client", error.message) from error
    raise SoapFault(
        "Client", say("{name} non è un'operazione di {service}.", name=name_of(node)[1], service=service)
    )


def parse_response(operation: Operation, body: bytes, content_type: str) -> Payload | None:
    """The answer to `operation`; None for a one-way operation's empty answer.

    Raises SoapFault if the answer is a fault, InputError if it is nothing that the WSDL allows.
    """
    if not body.strip():
        if operation.one_way:
            return None
        raise InputError(say("La risposta a {operation} è vuota.", operation=operation.name))
    node, attachments = _body_of(body, content_type)
    if operation.response_type is None:
        return None
    if node.tag != f"{{{operation.namespace}/types}}{operation.response_element}":
        raise InputError(
            say(
                "La risposta a {operation} contiene {element}.",
                operation=operation.name,
                element=name_of(node)[1],
            )
        )
    return _read(node, operation.response_type, attachments)


# Writing -----------------------------------------------------------------------------------------------------


def _build(
    element: str, namespace: str, payload: Payload, as_mtom: bool, headers: dict[str, str]
) -> Envelope:
    attachments: dict[str, bytes] = {}
    inner = _fields(payload, attachments if as_mtom else None)
    body = _envelope(f'<types:{element} xmlns:types="{namespace}/types">{inner}</types:{element}>')
    content_type = CONTENT_TYPE
    if as_mtom:
        digest = hashlib.sha256(body)
        for content in attachments.values():
            digest.update(content)
        body, content_type = mtom.join(body, attachments, f"fattorino-{digest.hexdigest()}")
    return Envelope(body, {"Content-Type": content_type, **headers})


def _envelope(inner: str) -> bytes:
    text = f'<soap:Envelope xmlns:soap="{SOAP}"><soap:Body>{inner}</soap:Body></soap:Envelope>'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode()


def _fields(payload: Any, attachments: dict[str, bytes] | None) -> str:
    parts = []
    for element, attribute, kind in SHAPES[type(payload)]:
        value = getattr(payload, attribute)
        if value is None and kind.endswith("?"):
            continue
        parts.append(f"<{element}>{_content(value, kind, element, attachments)}</{element}>")
    return "".join(parts)


def _content(value: Any, kind: str, element: str, attachments: dict[str, bytes] | None) -> str:
    if kind == "file?":
        return _fields(value, attachments)
    if kind == "bytes":
        if attachments is None:
            return base64.b64encode(value).decode("ascii")
        identity = f"{element}.{len(attachments)}@fattorino"
        attachments[identity] = value
        return f'<xop:Include xmlns:xop="{mtom.XOP}" href="cid:{identity}"/>'
    if kind == "time":
        if value.tzinfo is None:
            raise InputError(say("{element} deve avere il fuso orario.", element=element))
        return str(value.isoformat(timespec="milliseconds"))
    _insist(value, kind, element)
    return escape(value)


# Reading -----------------------------------------------------------------------------------------------------


def _body_of(data: bytes, content_type: str) -> tuple[etree._Element, dict[str, bytes]]:
    attachments: dict[str, bytes] = {}
    if mtom.is_multipart(content_type):
        if len(data) > MULTIPART_LIMIT:
            raise InputError(say("La richiesta SOAP è troppo grande."))
        data, attachments = mtom.split(data, content_type)
    root = xml.parse(data, limit=LIMIT)
    if name_of(root)[0] == SOAP12:
        raise SoapFault("VersionMismatch", say("Il servizio parla SOAP 1.1."))
    if root.tag != f"{{{SOAP}}}Envelope":
        raise InputError(say("Il messaggio non è una busta SOAP."))
    body = root.find(f"{{{SOAP}}}Body")
    children = [] if body is None else list(body.iterchildren(tag=etree.Element))
    if len(children) != 1:
        raise InputError(say("La busta SOAP deve contenere esattamente un elemento."))
    if children[0].tag == f"{{{SOAP}}}Fault":
        raise _fault_of(children[0])
    return children[0], attachments


def _fault_of(node: etree._Element) -> SoapFault:
    code = (node.findtext("faultcode") or "Server").strip().rpartition(":")[2]
    return SoapFault(code, (node.findtext("faultstring") or "").strip() or say("errore non descritto"))


def _is_request(node: etree._Element, operation: Operation) -> bool:
    namespace, local = name_of(node)
    if namespace != f"{operation.namespace}/types":
        return False
    # RicezioneTypes also declares an element named like the operation, and some stacks send that one.
    alias = operation is RICEZIONE_DECORRENZA_TERMINI and local == "notificaDecorrenzaTermini"
    return local == operation.request_element or alias


def _read(node: etree._Element, model: type[Any], attachments: dict[str, bytes]) -> Any:
    children: dict[str, etree._Element] = {}
    for child in node.iterchildren(tag=etree.Element):
        # The schema's children are unqualified; stacks that qualify them are understood all the same.
        local = name_of(child)[1]
        if local in children:
            raise InputError(say("{element} compare due volte.", element=local))
        children[local] = child
    values: dict[str, Any] = {}
    for element, attribute, kind in SHAPES[model]:
        found = children.pop(element, None)
        if found is None:
            if not kind.endswith("?"):
                raise InputError(say("Manca {element}.", element=element))
        else:
            values[attribute] = _value(found, element, kind, attachments)
    if children:
        raise InputError(say("{element} non è previsto.", element=next(iter(children))))
    return model(**values)


def _value(node: etree._Element, element: str, kind: str, attachments: dict[str, bytes]) -> Any:
    if kind == "file?":
        return _read(node, FileSdIBase, attachments)
    include = node.find(f"{{{mtom.XOP}}}Include")
    if kind == "bytes" and include is not None:
        identity = mtom.identity_of(include.get("href") or "")
        if identity not in attachments:
            raise InputError(say("L'allegato di {element} non è nel messaggio.", element=element))
        return attachments[identity]
    if len(node):
        raise InputError(say("{element} contiene altri elementi.", element=element))
    text = node.text or ""
    if kind == "bytes":
        return mtom.decode_base64(text)
    text = text.strip()
    if kind == "time":
        return _time(text, element)
    _insist(text, kind, element)
    # An integer may be written +0012; as a name it has one form only.
    return str(int(text)) if kind == "id" else text


def _time(text: str, element: str) -> datetime:
    value = read_datetime(text)
    if value is None:
        raise XmlError(say("{element} non è una data con ora: «{value}».", element=element, value=text[:40]))
    return instant(value)


def _insist(value: str, kind: str, element: str) -> None:
    if kind == "name":
        good = _NOME_FILE.fullmatch(value) is not None
    elif kind == "id":
        good = _IDENTIFICATIVO.fullmatch(value) is not None
    else:
        good = value in kind.rstrip("?").split()
    if not good:
        raise InputError(
            say("{element} ha un valore non ammesso: «{value}».", element=element, value=value[:60])
        )
