"""SdI's controls on one file: the product's own core, asked as the receiver asks.

What only SdI can know (names already used, invoices already received, recipients that do not exist) comes from
the books; everything else from `fattorino.core`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from lxml import etree

from fattorino.core import xml
from fattorino.core.errors import EnvelopeError, XmlError
from fattorino.core.fatturapa import envelope
from fattorino.core.fatturapa.checking import Known, SentInvoice, check
from fattorino.core.fatturapa.rules.explain import explain
from fattorino.core.sdi import names
from fattorino.simulators.sdi import recipients
from fattorino.simulators.sdi.books import Books, File, Invoice

MAX_BYTES = 5_242_880  # 5 MB; whether SdI means 5,000,000 is not known, and the receiver is the lenient side
MAX_ERRORS = 200  # MessaggiTypes: Errore 1..200
_ROME = ZoneInfo("Europe/Rome")

_NAME_USED = (
    "Il sistema non accetta file con nomi duplicati. Probabilmente e' gia' stato inviato un file con lo stesso nome. "
    "Per risolvere il problema cambiare nome al file"
)


@dataclass(frozen=True, slots=True)
class Error:
    """One Errore of a rejection: SdI's code, what is wrong, what to do."""

    code: str
    description: str
    hint: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What SdI needs to know of a file to route it; empty where the file does not tell."""

    flow: str = "PR"
    formato: str = ""
    recipient: str = ""
    buyer: str = ""
    pec: str = ""
    invoices: tuple[Invoice, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    facts: Facts
    errors: tuple[Error, ...]


def judge(books: Books, file: File, at: datetime) -> Verdict:
    """All controls on a file that is no archive, in SdI's order; format and content only if it can be opened."""
    errors = _on_the_file(books, file)
    try:
        opened = envelope.unwrap(file.content)
    except EnvelopeError as error:
        return Verdict(Facts(), (*errors, _error(error.code, error.message, error.hint)))
    facts = facts_of(opened.content)
    if len(file.content) > MAX_BYTES:
        return Verdict(facts, tuple(errors))
    findings = envelope.verify(opened, at=at)
    if facts.flow == "PA" and not opened.layers and not _has_signature(opened.content):
        errors.append(
            _error(
                "00102", "manca la firma, obbligatoria verso la PA", "Firmare il file e inviarlo di nuovo."
            )
        )
    known = Known(invoices=_sent_before(books, facts))
    findings += check(opened.content, on=at.astimezone(_ROME).date(), known=known, side="receiver")
    errors += [_error(f.code, f.message, f.hint) for f in findings if f.is_error and f.code.isdigit()]
    errors += _on_the_recipient(books, facts)
    return Verdict(facts, tuple(dict.fromkeys(errors))[:MAX_ERRORS])


def facts_of(content: bytes) -> Facts:
    """Read what routing needs, from any of the three formats, as far as it goes."""
    try:
        root = xml.parse(content)
    except XmlError:
        return Facts()
    formato = _text(root, "FatturaElettronicaHeader/DatiTrasmissione/FormatoTrasmissione")
    header = "FatturaElettronicaHeader"
    seller = _identity(root, f"{header}/CedentePrestatore/DatiAnagrafici") or _identity(
        root, f"{header}/CedentePrestatore"
    )
    buyer = _identity(root, f"{header}/CessionarioCommittente/DatiAnagrafici") or _identity(
        root, f"{header}/CessionarioCommittente/IdentificativiFiscali"
    )
    invoices = []
    for position, body in enumerate(root.iterchildren("FatturaElettronicaBody"), 1):
        general = "DatiGenerali/DatiGeneraliDocumento"
        tipo, numero, data = (
            _text(body, f"{general}/{name}") for name in ("TipoDocumento", "Numero", "Data")
        )
        invoices.append(Invoice(position, seller, tipo, numero, data[:10]))
    return Facts(
        flow="PA" if formato == "FPA12" else "PR",
        formato=formato,
        recipient=_text(root, f"{header}/DatiTrasmissione/CodiceDestinatario"),
        buyer=buyer,
        pec=_text(root, f"{header}/DatiTrasmissione/PECDestinatario"),
        invoices=tuple(invoices),
    )


def _on_the_file(books: Books, file: File) -> list[Error]:
    errors = []
    if not names.is_invoice_name(file.nome_file):
        errors.append(_error("00001", file.nome_file, "Il nome deve essere come IT01234567890_00001.xml"))
    if books.is_name_used(file.nome_file, file.id):
        errors.append(_error("00002", file.nome_file, _NAME_USED))
    if len(file.content) > MAX_BYTES:
        errors.append(_error("00003", f"{len(file.content)} byte", "La dimensione massima di un file è 5 MB"))
    return errors


def _sent_before(books: Books, facts: Facts) -> tuple[SentInvoice, ...]:
    """For 00404: invoices in the books with one of the numbers in question; the core's rule does the rest."""
    found = [i for numero in {i.numero for i in facts.invoices} for i in books.with_number(numero)]
    return tuple(SentInvoice(i.seller, i.numero, date.fromisoformat(i.data), i.tipo) for i in found)


def _on_the_recipient(books: Books, facts: Facts) -> list[Error]:
    there = recipients.recipient_of(books, facts.recipient, facts.buyer, facts.pec)
    if there.behaviour not in (recipients.UNKNOWN, recipients.INACTIVE):
        return []
    unknown = there.behaviour == recipients.UNKNOWN
    text = f"Codice Destinatario {facts.recipient} {'non trovato' if unknown else 'non attivo'}"
    return [
        _error(
            "00311" if unknown else "00312", text, "Verificare il codice con il destinatario della fattura."
        )
    ]


def _error(code: str, detail: str, hint: str) -> Error:
    official = explain(code).official_text
    return Error(code, f"{official} : {detail}" if official and detail else official or detail, hint or "-")


def _has_signature(content: bytes) -> bool:
    try:
        return any(True for _ in xml.parse(content).iter("{http://www.w3.org/2000/09/xmldsig#}Signature"))
    except XmlError:
        return False


def _text(node: etree._Element, path: str) -> str:
    return (node.findtext(path) or "").strip()


def _identity(node: etree._Element, path: str) -> str:
    country, code = (_text(node, f"{path}/IdFiscaleIVA/{name}") for name in ("IdPaese", "IdCodice"))
    return f"{country}{code}".upper() if code else _text(node, f"{path}/CodiceFiscale").upper()
