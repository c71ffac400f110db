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
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from fattorino import clock
from fattorino.cli.i18n import _, named, printable, register, said, shown
from fattorino.core.errors import ArchiveError, InputError
from fattorino.core.texts import say

if TYPE_CHECKING:
    from fattorino.cli.inputs import Input
    from fattorino.core.fatturapa.file_check import Question, Result
    from fattorino.core.fatturapa.findings import Finding

# The law itself is imported where it is used: who asks for help or mistypes an option does not wait for it.

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
        "il file è pronto per questo flusso: pa (FPA12, firmata) o privati (FPR12, FSM10)": (
            "the file is ready for this flow: pa (FPA12, signed) or privati (FPR12, FSM10)"
        ),
        "autorità di certificazione ammesse: PEM, DER o elenco XML di AgID; si può ripetere. "
        "Senza, chi ha emesso il certificato di firma non si giudica": (
            "authorities to trust: PEM, DER or AgID's list in XML; may be repeated. "
            "Without it the issuer of a signing certificate is not judged"
        ),
        "avvisi da non mostrare, per codice; gli errori si mostrano sempre": (
            "warnings not to show, by code; errors are always shown"
        ),
        "la data si scrive AAAA-MM-GG": "a date is written YYYY-MM-DD",
        "non è il codice di un avviso": "is not the code of a warning",
        "si possono togliere": "these may be left out",
        "accettabile": "acceptable",
        "sarebbe scartata": "would be refused",
        "errore": "error",
        "errori": "errors",
        "avviso": "warning",
        "avvisi": "warnings",
        "riga": "line",
        "righe": "lines",
        "e altre": "and more:",
        "volte": "times",
        "fattura controllata": "invoice checked",
        "fatture controllate": "invoices checked",
        "da scartare": "to be refused",
        "{name}: non si può leggere (il file non esiste)": "{name}: cannot be read (the file does not exist)",
        "{name}: non si può leggere ({reason})": "{name}: cannot be read ({reason})",
        "{name}: {problem}": "{name}: {problem}",
        "Il file non si può leggere: {problem}.": "The file cannot be read: {problem}.",
        "Controllare che il file ci sia e che si possa aprire.": (
            "Check that the file is there and that it can be opened."
        ),
        "nessuna fattura trovata": "no invoice found",
    }
)

_LINES_SHOWN = 5


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
        help=_("il file è pronto per questo flusso: pa (FPA12, firmata) o privati (FPR12, FSM10)"),
    )
    parser.add_argument(
        "--trusted",
        metavar="FILE",
        action="append",
        default=[],
        help=_(
            "autorità di certificazione ammesse: PEM, DER o elenco XML di AgID; si può ripetere. "
            "Senza, chi ha emesso il certificato di firma non si giudica"
        ),
    )
    parser.add_argument(
        "--without",
        metavar="CODE[,CODE]",
        type=_codes,
        action="extend",
        default=[],
        help=_("avvisi da non mostrare, per codice; gli errori si mostrano sempre"),
    )


def _day(text: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(_("la data si scrive AAAA-MM-GG")) from error


def _codes(text: str) -> list[str]:
    from fattorino.core.fatturapa.file_check import warning_codes

    codes = [code.strip() for code in text.split(",") if code.strip()]
    known = warning_codes()
    for code in codes:
        if code not in known:
            listed = ", ".join(sorted(known))
            message = (
                f"{printable(code)} {_('non è il codice di un avviso')}; {_('si possono togliere')}: {listed}"
            )
            raise argparse.ArgumentTypeError(message)
    return codes


def run(args: argparse.Namespace) -> int:
    """0: SdI would take everything, by the flow asked for; 1: something is refused, unreadable or of the other flow;
    2: wrong use (a path that is not there, a trust list that cannot be used)."""
    from fattorino.cli.inputs import inputs

    try:
        question = _question(args)
    except InputError as error:
        print(f"fattorino: {said(error.text)}", file=sys.stderr)
        return 2
    show = _as_json if args.json else _as_text
    checked = refused = 0
    fits = True
    missing = [path for path in args.paths if path != "-" and not os.path.lexists(path)]
    for path in missing:
        problem = say("{name}: non si può leggere (il file non esiste)", name=shown(path))
        print(f"fattorino: {said(problem)}", file=sys.stderr)
    for one in (one for path in args.paths if path not in missing for one in inputs(path)):
        for result in _results(one, question):
            _say(show(result))
            checked += 1
            refused += not result.accepted
            fits = fits and result.fits
    if not checked and not missing:
        print(f"fattorino: {_('nessuna fattura trovata')}", file=sys.stderr)
        return 2
    if not args.json:
        counted = _count(checked, _("fattura controllata"), _("fatture controllate"))
        print(f"{counted}, {refused} {_('da scartare')}", file=sys.stderr)
    return 2 if missing else 0 if fits else 1


def _question(args: argparse.Namespace) -> Question:
    from fattorino.core.fatturapa.file_check import Question

    at = clock.now()
    on = args.on or clock.day(at)
    if args.on is not None:
        at = datetime.datetime.combine(args.on, datetime.time(23, 59, 59, tzinfo=clock.ROME))
    trusted = tuple(der for name in args.trusted for der in _trusted(name, at))
    return Question(on, at, args.flow or "", trusted, frozenset(args.without))


def _trusted(name: str, at: datetime.datetime) -> tuple[bytes, ...]:
    from fattorino.cli.inputs import reason
    from fattorino.core.fatturapa.trust import MAX_SIZE, read_trusted

    try:
        with Path(name).open("rb") as file:
            data = file.read(MAX_SIZE + 1)
        return read_trusted(data, at=at)
    except OSError as error:
        problem = say("{name}: non si può leggere ({reason})", name=shown(name), reason=reason(error))
        raise InputError(problem) from error
    except InputError as error:
        raise InputError(say("{name}: {problem}", name=shown(name), problem=error.text)) from error


def _results(one: Input, question: Question) -> Iterator[Result]:
    from fattorino.cli.inputs import reason
    from fattorino.core.fatturapa.file_check import unreadable

    problem = one.problem
    if not problem:
        try:
            yield from _checked(one.name, question)
            return
        except OSError as error:
            problem = reason(error)
    hint = say("Controllare che il file ci sia e che si possa aprire.")
    message = say("Il file non si può leggere: {problem}.", problem=problem)
    yield unreadable(one.name, ArchiveError(message, hint))


def _checked(name: str, question: Question) -> Iterator[Result]:
    """Raises OSError."""
    from fattorino.cli.inputs import read
    from fattorino.core.fatturapa.file_check import LARGE, check_file, check_large

    if name != "-" and os.path.getsize(name) > LARGE:
        with open(name, "rb") as source:
            result = check_large(name, source, question)
        if result is not None:
            yield result
            return
    yield from check_file(name, read(name), question)


def _say(text: str) -> None:
    encoding = sys.stdout.encoding or "ascii"
    print(text.encode(encoding, "replace").decode(encoding))


def _as_json(result: Result) -> str:
    # Escaped where the output could not hold the letters: JSON must stay JSON.
    plain = (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"
    line = json.dumps(
        {
            "file": named(result.file),
            "inner": result.inner,
            "format": result.format,
            "accepted": result.accepted,
            "findings": [
                {
                    "code": finding.code,
                    "severity": finding.severity,
                    "path": finding.path,
                    "line": finding.line,
                    "message": said(finding.message),
                    "hint": said(finding.hint),
                }
                for finding in result.findings
            ],
        },
        ensure_ascii=plain,
    )
    # Names and contents come from strangers: what would steer a terminal, or end a line, stands there as an escape.
    return "".join(letter if letter.isprintable() else json.dumps(letter)[1:-1] for letter in line)


def _as_text(result: Result) -> str:
    """The verdict, then what must be mended, then what may be; the same remark on many places is made once."""
    name = shown(result.file) + (f" > {result.inner}" if result.inner else "")
    errors = [finding for finding in result.findings if finding.is_error]
    warnings = [finding for finding in result.findings if not finding.is_error]
    facts = [
        result.format or "",
        _("accettabile") if result.accepted else _("sarebbe scartata"),
        _count(len(errors), _("errore"), _("errori")) if errors else "",
        _count(len(warnings), _("avviso"), _("avvisi")) if warnings else "",
    ]
    lines = [f"{name}: {', '.join(fact for fact in facts if fact)}"]
    groups = [*_by_message(errors), *_by_message(warnings)]
    for group, following in zip_longest(groups, groups[1:]):
        first = group[0]
        lines.append(f"  {_label(first)}{_places(group)}: {said(first.message)}")
        lines += [f"    {first.path}"] if first.path else []
        # One remedy for several remarks is said behind the last of them.
        if first.hint and (following is None or following[0].hint != first.hint):
            lines.append(f"    → {said(first.hint)}")
    return "\n".join(printable(line) for line in lines)


def _by_message(findings: list[Finding]) -> list[list[Finding]]:
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.code, finding.message), []).append(finding)
    return list(groups.values())


def _label(finding: Finding) -> str:
    # Our own codes begin with "avviso-" already.
    if not finding.is_error and not finding.code[:1].isdigit():
        return finding.code
    return f"{_('errore') if finding.is_error else _('avviso')} {finding.code}"


def _places(group: list[Finding]) -> str:
    """ ", riga 5", or ", righe 5, 8, 9 e altre 4" """
    lines = [str(finding.line) for finding in group if finding.line]
    if not lines:
        return f" ({len(group)} {_('volte')})" if len(group) > 1 else ""
    shown_lines = ", ".join(lines[:_LINES_SHOWN])
    more = len(lines) - _LINES_SHOWN
    tail = f" {_('e altre')} {more}" if more > 0 else ""
    return f", {_('riga') if len(lines) == 1 else _('righe')} {shown_lines}{tail}"


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
