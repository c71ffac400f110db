"""`fattorino check PATH...`: what SdI would say about files, before it says so.

Files, folders and archives; plain, signed in any encoding. Each invoice gives one result, whatever it is: an input
can be bad, but it cannot stop the check of the others.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from fattorino import clock
from fattorino.cli.i18n import _, printable, register
from fattorino.core import xml
from fattorino.core.errors import ArchiveError, EnvelopeError, XmlError
from fattorino.core.fatturapa.archive import MAX_SIZE, is_zip, read_zip
from fattorino.core.fatturapa.envelope import is_signed, unwrap, verify
from fattorino.core.fatturapa.findings import Finding
from fattorino.core.sdi.names import is_invoice_name

register(
    {
        "controlla fatture elettroniche come farebbe lo SdI": "check e-invoices as SdI would",
        "Controlla fatture elettroniche (.xml, .p7m, .zip, cartelle) come farebbe lo SdI.": (
            "Check e-invoices (.xml, .p7m, .zip, folders) as SdI would."
        ),
        "file o cartelle; «-» per l'ingresso standard": "files or folders; “-” for standard input",
        "una riga JSON per ogni fattura": "one line of JSON for each invoice",
        "giorno di invio, AAAA-MM-GG (oggi se manca): molti controlli hanno una data di validità": (
            "day of sending, YYYY-MM-DD (default today): many controls have dates of validity"
        ),
        "controlla anche che il file sia adatto al flusso: pa (FPA12 firmata) o privati (FPR12, FSM10)": (
            "also check that the file fits the flow: pa (FPA12, signed) or privati (FPR12, FSM10)"
        ),
        "la data si scrive AAAA-MM-GG": "a date is written YYYY-MM-DD",
        "accettabile": "acceptable",
        "sarebbe scartata": "would be refused",
        "errore": "error",
        "avviso": "warning",
        "riga": "line",
        "fatture controllate": "invoices checked",
        "da scartare": "to be refused",
        "non si può leggere": "cannot be read",
        "nessuna fattura trovata": "no invoice found",
    }
)

SUFFIXES = (".xml", ".p7m", ".zip")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "check",
        help=_("controlla fatture elettroniche come farebbe lo SdI"),
        description=_("Controlla fatture elettroniche (.xml, .p7m, .zip, cartelle) come farebbe lo SdI."),
    )
    parser.add_argument(
        "paths", metavar="PATH", nargs="+", help=_("file o cartelle; «-» per l'ingresso standard")
    )
    parser.add_argument("--json", action="store_true", help=_("una riga JSON per ogni fattura"))
    parser.add_argument(
        "--on",
        metavar="DATE",
        type=_day,
        help=_("giorno di invio, AAAA-MM-GG (oggi se manca): molti controlli hanno una data di validità"),
    )
    parser.add_argument(
        "--flow",
        choices=("pa", "privati"),
        help=_(
            "controlla anche che il file sia adatto al flusso: pa (FPA12 firmata) o privati (FPR12, FSM10)"
        ),
    )


def _day(text: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(_("la data si scrive AAAA-MM-GG")) from error


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of every file: on which day, received when, for which flow ("" for any)."""

    on: datetime.date
    at: datetime.datetime
    flow: str


@dataclass(frozen=True, slots=True)
class Result:
    """One invoice: `inner` is its name within an archive, or ""; `format` "" where it cannot be told."""

    file: str
    inner: str
    format: str
    findings: tuple[Finding, ...]

    @property
    def accepted(self) -> bool:
        return not any(finding.is_error for finding in self.findings)


def run(args: argparse.Namespace) -> int:
    """0: SdI would take everything; 1: it would refuse something; 2: a path cannot be read."""
    now = clock.now()
    question = Question(clock.day(now), now, args.flow or "")
    if args.on is not None:
        last = datetime.time(23, 59, 59, tzinfo=clock.ROME)
        question = Question(args.on, datetime.datetime.combine(args.on, last), args.flow or "")
    checked = refused = 0
    unreadable = False
    for name in (name for path in args.paths for name in _names(path)):
        try:
            data = _bytes(name)
        except OSError as error:
            unreadable = True
            print(f"fattorino: {_shown(name)}: {_('non si può leggere')} ({error.strerror})", file=sys.stderr)
            continue
        for result in check_file(name, data, question):
            print(_as_json(result) if args.json else _as_text(result))
            checked += 1
            refused += not result.accepted
    if not checked and not unreadable:
        print(f"fattorino: {_('nessuna fattura trovata')}", file=sys.stderr)
        return 2
    if not args.json:
        print(f"{checked} {_('fatture controllate')}, {refused} {_('da scartare')}", file=sys.stderr)
    return 2 if unreadable else 1 if refused else 0


def _names(path: str) -> list[str]:
    """The files a path means: itself, or everything in the folder that may be an invoice."""
    if path == "-" or not Path(path).is_dir():
        return [path]
    return sorted(
        str(file) for file in Path(path).rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file()
    )


def _bytes(name: str) -> bytes:
    # One byte more than anything we accept, so that too large a file is refused and not cut.
    if name == "-":
        return sys.stdin.buffer.read(MAX_SIZE + 1)
    with Path(name).open("rb") as file:
        return file.read(MAX_SIZE + 1)


def check_file(name: str, data: bytes, question: Question) -> Iterator[Result]:
    """One result for each invoice of a file. Raises nothing whatever the bytes are."""
    if not is_zip(data):
        yield _check_one(name, "", data, question)
        return
    try:
        members = read_zip(data)
    except ArchiveError as error:
        yield Result(name, "", "", (_file_finding(error.code, error.message, error.hint),))
        return
    for member in members:
        if is_zip(member.content):
            nested = _file_finding("00106", "Un archivio dentro un altro archivio non è ammesso.")
            yield Result(name, member.name, "", (nested,))
        else:
            yield _check_one(name, member.name, member.content, question)


def _check_one(name: str, inner: str, data: bytes, question: Question) -> Result:
    # Loaded here: the rules are only for who checks, not for who asks for help.
    from fattorino.core.fatturapa.check import check

    findings = _name_findings(inner or name)
    try:
        opened = unwrap(data)
    except EnvelopeError as error:
        return Result(name, inner, "", (_file_finding(error.code, error.message, error.hint), *findings))
    kind = _format(opened.content)
    findings += verify(opened, at=question.at)
    findings += _flow_findings(kind, is_signed(opened), question.flow)
    findings += check(opened.content, on=question.on)
    return Result(name, inner, kind, tuple(sorted(findings)))


def _file_finding(code: str, message: str, hint: str = "") -> Finding:
    return Finding(code, "error", "", None, message, hint)


def _name_findings(name: str) -> list[Finding]:
    """A warning only: whoever sends the file through Fattorino gets a new name for it."""
    if name == "-" or is_invoice_name(os.path.basename(name)):
        return []
    message = f"Nome file non valido per lo SdI: «{_shown(os.path.basename(name))}»"
    return [Finding("00001", "warning", "", None, message, "Esempio: IT01234567890_00001.xml.")]


def _format(content: bytes) -> str:
    try:
        version = xml.parse(content).get("versione", "")
    except XmlError:
        return ""
    return version if version in ("FPA12", "FPR12", "FSM10") else ""


def _flow_findings(kind: str, signed: bool, flow: str) -> list[Finding]:
    findings = []
    if flow and kind and (kind == "FPA12") != (flow == "pa"):
        wanted = "verso la PA (FPA12)" if flow == "pa" else "tra privati (FPR12 o FSM10)"
        message = f"Il file è in formato {kind}, non adatto al flusso {wanted}."
        findings.append(
            Finding("flusso", "error", "", None, message, "Scegliere il file o il flusso giusto.")
        )
    if kind == "FPA12" and not signed:
        message = "La fattura verso la PA deve essere firmata."
        hint = "Fattorino la firma al momento dell'invio; chi la invia altrove la deve firmare prima."
        if flow == "pa":
            findings.append(Finding("00102", "error", "", None, message, hint))
        else:
            findings.append(Finding("avviso-firma", "warning", "", None, message, hint))
    return findings


def _as_json(result: Result) -> str:
    return json.dumps(
        {
            "file": _shown(result.file),
            "inner": result.inner,
            "format": result.format,
            "accepted": result.accepted,
            "findings": [asdict(finding) for finding in result.findings],
        },
        ensure_ascii=False,
    )


def _as_text(result: Result) -> str:
    name = _shown(result.file) + (f" > {result.inner}" if result.inner else "")
    verdict = _("accettabile") if result.accepted else _("sarebbe scartata")
    lines = [f"{name}: {f'{result.format}, ' if result.format else ''}{verdict}"]
    for finding in result.findings:
        place = f", {_('riga')} {finding.line}" if finding.line else ""
        kind = _("errore") if finding.is_error else _("avviso")
        lines.append(f"  {kind} {finding.code}{place}: {finding.message}")
        lines += [f"    {text}" for text in (finding.path, finding.hint) if text]
    return "\n".join(printable(line) for line in lines)


def _shown(name: str) -> str:
    """A file name that can be printed, also where it is no valid text."""
    return printable(os.fsencode(name).decode("utf-8", "replace"))
