"""`fattorino render FILE [-o OUT]`: the readable copy of an invoice, as PDF/A or as a page."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from fattorino import clock
from fattorino.cli.i18n import _, register
from fattorino.core.errors import InputError
from fattorino.core.texts import say

register(
    {
        "Scrive la copia leggibile di una fattura elettronica (.xml o .p7m), in PDF/A o in HTML.": (
            "Write the readable copy of an e-invoice (.xml or .p7m), as PDF/A or as HTML."
        ),
        "il file della fattura (- per leggerla dallo standard input)": (
            "the invoice's file (- to read it from standard input)"
        ),
        "dove scrivere: .pdf o .html; senza, un PDF accanto alla fattura": (
            "where to write: .pdf or .html; by default a PDF beside the invoice"
        ),
        "allega al PDF il file XML (PDF/A-3b)": "attach the XML file to the PDF (PDF/A-3b)",
        "FILE": "FILE",
        "USCITA": "OUT",
        "Manca il nome del file da scrivere.": "The name of the file to write is missing.",
        "Indicarlo con -o, per esempio -o copia.pdf.": "Give it with -o, for example -o copy.pdf.",
        "Non so scrivere «{name}».": "“{name}” cannot be written.",
        "Il nome deve finire con .pdf o con .html.": "The name must end in .pdf or in .html.",
        "Il file «{name}» non si può leggere: {reason}.": "The file “{name}” cannot be read: {reason}.",
        "Il file «{name}» non si può scrivere: {reason}.": "The file “{name}” cannot be written: {reason}.",
    }
)


def add_parser(subparsers: Any) -> None:
    text = _("Scrive la copia leggibile di una fattura elettronica (.xml o .p7m), in PDF/A o in HTML.")
    parser: argparse.ArgumentParser = subparsers.add_parser("render", help=text, description=text)
    parser.add_argument(
        "file", metavar=_("FILE"), help=_("il file della fattura (- per leggerla dallo standard input)")
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar=_("USCITA"),
        help=_("dove scrivere: .pdf o .html; senza, un PDF accanto alla fattura"),
    )
    parser.add_argument("--xml", action="store_true", help=_("allega al PDF il file XML (PDF/A-3b)"))


def run(args: argparse.Namespace) -> int:
    """Returns 0; a file that is no invoice raises InputError, which the command line turns into exit code 1."""
    # The renderer loads typst and Django's templates: only for who renders.
    from fattorino.core.fatturapa import read_fattura
    from fattorino.core.fatturapa.envelope import unwrap
    from fattorino.documents.readable import render_html, render_pdf

    output = _output(args)
    content = unwrap(_read(args.file)).content
    fattura = read_fattura(content).fattura
    if output.suffix.lower() in (".html", ".htm"):
        result = render_html(fattura, standalone=True).encode()
    else:
        result = render_pdf(fattura, xml=content if args.xml else None, created=clock.now())
    _write(output, result)
    print(output)
    return 0


def _output(args: argparse.Namespace) -> Path:
    output: Path | None = args.output
    if output is None:
        if args.file == "-":
            raise InputError(
                say("Manca il nome del file da scrivere."),
                say("Indicarlo con -o, per esempio -o copia.pdf."),
            )
        return Path(args.file).with_name(f"{Path(args.file).name}.pdf")
    if output.suffix.lower() not in (".pdf", ".html", ".htm"):
        raise InputError(
            say("Non so scrivere «{name}».", name=output.name),
            say("Il nome deve finire con .pdf o con .html."),
        )
    return output


def _read(name: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        problem = say("Il file «{name}» non si può leggere: {reason}.", name=name, reason=error.strerror)
        raise InputError(problem) from error


def _write(output: Path, data: bytes) -> None:
    try:
        output.write_bytes(data)
    except OSError as error:
        problem = say("Il file «{name}» non si può scrivere: {reason}.", name=output, reason=error.strerror)
        raise InputError(problem) from error
