"""What SdI would say about a whole file: archive, name, envelope, signatures, flow, then the invoice in it.

Sources: Specifiche tecniche SdI 1.8.1, points 2.1 and 2.2; Allegato A 1.6.1, points 1.2 and 1.3.1; Elenco dei
controlli 1.7, point 2 (each file of an archive is judged by itself).
"""

from __future__ import annotations

import datetime
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Literal

from lxml import etree

from fattorino.core import xml
from fattorino.core.errors import ArchiveError, EnvelopeError
from fattorino.core.fatturapa.archive import UnreadableMember, is_zip, members_of
from fattorino.core.fatturapa.checking import check, check_stream
from fattorino.core.fatturapa.envelope import Unwrapped, is_xml, judge_signatures, unwrap
from fattorino.core.fatturapa.findings import Finding
from fattorino.core.fatturapa.rules import OPTIONAL
from fattorino.core.sdi.names import is_invoice_name
from fattorino.core.texts import say

Flow = Literal["", "pa", "privati"]
Format = Literal["FPA12", "FPR12", "FSM10"]

LARGE = 1024 * 1024  # bytes; reading whole is quicker, and what is smaller may well be held
_PIECE = 64 * 1024  # bytes

# Remarks of this module that are no refusal, so that they can be switched off by code.
WARNINGS = {
    "00001": say("il nome del file non è quello che lo SdI vuole"),
    "avviso-firma": say("una fattura verso la PA non è ancora firmata"),
    "avviso-flusso": say("il formato non è quello del flusso chiesto"),
    "avviso-certificato": say("la firma non indica il certificato del firmatario"),
}


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of every file.

    Attributes:
        on: the day on which SdI receives it; the rules in force on it are applied.
        at: the instant of reception, aware; signatures are judged at it.
        flow: where the file is to go as it is; "" while that is open (then a missing signature is only a warning).
        trusted: certificates (DER) of the authorities to believe; () leaves the issuers unjudged.
        without: codes of warnings that are not wanted; errors always come.
    """

    on: datetime.date
    at: datetime.datetime
    flow: Flow = ""
    trusted: tuple[bytes, ...] = ()
    without: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Result:
    """One invoice: `inner` is its name within an archive, or ""; `format` None where it cannot be told."""

    file: str
    inner: str
    format: Format | None
    findings: tuple[Finding, ...]

    @property
    def accepted(self) -> bool:
        return not any(finding.is_error for finding in self.findings)

    @property
    def fits(self) -> bool:
        """Accepted, and by the flow that was asked for."""
        return self.accepted and all(finding.code != "avviso-flusso" for finding in self.findings)


def warning_codes() -> frozenset[str]:
    """The codes that `Question.without` may hold: all whose findings are never a refusal."""
    return frozenset(WARNINGS) | OPTIONAL.keys()


def check_file(name: str, data: bytes, question: Question) -> Iterator[Result]:
    """One result for each invoice of a file, in its order. Raises nothing, whatever the bytes are.

    Args:
        name: the file's name, with or without folders; only its last part is judged. "-" is no name.
        data: the file as it came: XML, .p7m in any encoding, or a .zip of them.
    """
    if not is_zip(data):
        yield _check_one(name, "", data, question)
        return
    try:
        for member in members_of(data):
            if isinstance(member, UnreadableMember):
                yield unreadable(name, member.error, inner=member.name)
            else:
                yield _check_one(name, member.name, member.content, question)
    except ArchiveError as error:
        yield unreadable(name, error)


def check_large(name: str, source: BinaryIO, question: Question) -> Result | None:
    """The result of a large unsigned XML file, without holding all of it; None: it is something else, or it is too
    large for anything, and `check_file` has to look at it.

    Args:
        source: the file, seekable; it is left at an arbitrary place.
    Raises only what `source` raises.
    """
    size = source.seek(0, io.SEEK_END)
    source.seek(0)
    head = source.read(_BEGINNING)
    if not LARGE < size <= xml.LIMIT or not is_xml(head) or _says_signature(source):
        return None
    kind = format_of(head)
    findings = _name_findings(name)
    findings += _flow_findings(kind, False, question.flow)
    findings += check_stream(source, on=question.on, without=question.without)
    return Result(name, "", kind, tuple(sorted(_wanted(findings, question))))


def _says_signature(source: BinaryIO) -> bool:
    """Whether the word is anywhere in the file, or an encoding that would hide it."""
    source.seek(0)
    end = b""
    while piece := source.read(_PIECE):
        if b"Signature" in end + piece or b"\0" in piece:
            return True
        end = piece[-len(b"Signature") :]
    return False


def unreadable(name: str, error: ArchiveError | EnvelopeError, *, inner: str = "") -> Result:
    """The result of a file that could not be opened."""
    return Result(name, inner, None, (_on_file(error.code, "error", error.message, error.hint),))


def _check_one(name: str, inner: str, data: bytes, question: Question) -> Result:
    findings = _name_findings(inner or name)
    try:
        opened = _opened(data, inner)
    except EnvelopeError as error:
        broken = _on_file(error.code, "error", error.message, error.hint)
        return Result(name, inner, None, (broken, *_wanted(findings, question)))
    kind = format_of(opened.content)
    signatures = judge_signatures(opened, at=question.at, trusted=question.trusted)
    findings += signatures.findings
    findings += _size_findings(data, opened)
    findings += _flow_findings(kind, signatures.present, question.flow)
    findings += check(opened.content, on=question.on, without=question.without)
    return Result(name, inner, kind, tuple(sorted(_wanted(findings, question))))


def _wanted(findings: list[Finding], question: Question) -> list[Finding]:
    return [finding for finding in findings if finding.is_error or finding.code not in question.without]


def _opened(data: bytes, inner: str) -> Unwrapped:
    """`unwrap`, which knows nothing of archives: only single files may be signed, and only they be packed."""
    if is_zip(data):
        raise EnvelopeError(
            say("Un archivio dentro un altro archivio non è ammesso."),
            say("Mettere le fatture direttamente nell'archivio."),
            code="00106",
        )
    opened = unwrap(data)
    if is_zip(opened.content):
        raise EnvelopeError(
            say(
                "Il file firmato contiene un archivio ZIP: lo SdI vuole firmate le singole fatture, non l'archivio."
            ),
            say("Firmare ogni fattura e mettere le fatture firmate nell'archivio."),
            code="00106",
        )
    return opened


def _on_file(code: str, severity: Literal["error", "warning"], message: str, hint: str) -> Finding:
    return Finding(code, severity, "", None, message, hint)


def _name_findings(name: str) -> list[Finding]:
    """A warning only: a name can be changed without touching the invoice, and Fattorino gives its own."""
    base = name.rpartition("/")[2]
    if name == "-" or is_invoice_name(base):
        return []
    shown = "".join(letter if letter.isprintable() else "\ufffd" for letter in base[:80])
    message = say("Nome file non valido per lo SdI: «{shown}».", shown=shown)
    return [_on_file("00001", "warning", message, say("Esempio di nome valido: IT01234567890_00001.xml."))]


def _size_findings(data: bytes, opened: Unwrapped) -> list[Finding]:
    """The limit is on the file that is sent, signature included; the invoice inside has its own check."""
    if len(data) <= xml.LIMIT or len(opened.content) > xml.LIMIT:
        return []
    message = say(
        "Il file firmato è di {size} byte: il massimo è {limit}.",
        size=f"{len(data):,}".replace(",", "."),
        limit=f"{xml.LIMIT:,}".replace(",", "."),
    )
    return [_on_file("00003", "error", message, say("Ridurre o togliere gli allegati."))]


def _flow_findings(kind: Format | None, signed: bool, flow: Flow) -> list[Finding]:
    """SdI takes the flow from the format, so a file in the other one's is no refusal but goes elsewhere."""
    findings = []
    if flow and kind and (kind == "FPA12") != (flow == "pa"):
        if flow == "pa":
            message = say("Il file è in formato {kind}, non adatto al flusso verso la PA (FPA12).", kind=kind)
        else:
            message = say(
                "Il file è in formato {kind}, non adatto al flusso tra privati (FPR12 o FSM10).", kind=kind
            )
        findings.append(
            _on_file("avviso-flusso", "warning", message, say("Scegliere il file o il flusso giusto."))
        )
    if kind == "FPA12" and not signed:
        message = say("La fattura verso la PA deve essere firmata.")
        hint = say("Fattorino la firma al momento dell'invio; chi la invia altrove la deve firmare prima.")
        # Without a flow the file may be on its way to being signed; with one it is what SdI would get.
        code, severity = ("00102", "error") if flow else ("avviso-firma", "warning")
        # The choice between two pairs of literals is read as plain texts.
        findings.append(_on_file(code, severity, message, hint))  # type: ignore[arg-type]
    return findings


_ROOTS: dict[tuple[str, str], Format] = {
    ("FatturaElettronica", "FPA12"): "FPA12",
    ("FatturaElettronica", "FPR12"): "FPR12",
    ("FatturaElettronicaSemplificata", "FSM10"): "FSM10",
}
# The usual beginning, found without a parser; anything else about the root is left to one.
_ATTRIBUTE = rb"\s+[A-Za-z_][A-Za-z0-9_.:-]*\s*=\s*(?:\"[^\"<]*\"|'[^'<]*')"
_USUAL = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml [^<>]*\?>\s*)?<(?:[A-Za-z0-9_.-]+:)?(FatturaElettronica(?:Semplificata)?)"
    rb"(?:" + _ATTRIBUTE + rb")*?\s+versione\s*=\s*[\"'](F[A-Z]{2}1[02])[\"']"
)
_BEGINNING = 4096  # bytes; the root's own attributes are few


def format_of(content: bytes) -> Format | None:
    """The format that the root element claims, whatever comes after it; None where it claims none."""
    usual = _USUAL.match(content, 0, _BEGINNING)
    if usual is not None:
        return _ROOTS.get((usual[1].decode(), usual[2].decode()))
    if not is_xml(content):
        return None
    root = _root(content)
    if root is None:
        return None
    return _ROOTS.get((xml.name_of(root).localname, root.get("versione", "")))


def _root(content: bytes) -> etree._Element | None:
    """The first element with its attributes; only the beginning of the file is read."""
    events = etree.iterparse(
        io.BytesIO(content),
        events=("start",),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        attribute_defaults=False,
        huge_tree=False,
    )
    try:
        return next((element for _event, element in events), None)
    except etree.XMLSyntaxError:
        return None
