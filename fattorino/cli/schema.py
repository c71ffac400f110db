"""`fattorino schema FORMAT [--table] [-o FILE]`: the XML Schema or the reference page of a record format."""

from __future__ import annotations

import argparse
import importlib.resources
import sys
from pathlib import Path

from fattorino.cli.i18n import _, register

# Names only: `fattorino --help` loads this module too, and the declarations take their time.
FORMATS = ("FPA12", "FPR12", "FSM10")
XMLDSIG_NAME = "xmldsig-core-schema.xsd"

register(
    {
        "scrive lo schema XML o la tabella di un tracciato": (
            "write the XML schema or the reference page of a record format"
        ),
        "Scrive lo schema XML (XSD 1.0) di un tracciato, oppure con --table la sua pagina di riferimento. Con "
        "--output lo schema della firma (xmldsig) viene messo accanto al file, perché lo schema si possa usare "
        "senza rete.": "Write the XML Schema (XSD 1.0) of a record format, or with --table its reference page. With "
        "--output the schema of the signature (xmldsig) is put beside the file, so that the schema works without "
        "network.",
        "tracciato: FPA12 e FPR12 hanno lo stesso schema": "record format: FPA12 and FPR12 share one schema",
        "la pagina di riferimento in Markdown: elementi, tipi, codici, controlli": (
            "the reference page in Markdown, in Italian: elements, types, codes, controls"
        ),
        "file da scrivere; senza, l'uscita standard": "file to write; by default standard output",
        "non si può scrivere": "cannot be written",
    }
)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "schema",
        help=_("scrive lo schema XML o la tabella di un tracciato"),
        description=_(
            "Scrive lo schema XML (XSD 1.0) di un tracciato, oppure con --table la sua pagina di riferimento. Con "
            "--output lo schema della firma (xmldsig) viene messo accanto al file, perché lo schema si possa usare "
            "senza rete."
        ),
    )
    parser.add_argument(
        "format",
        metavar="|".join(FORMATS),
        type=str.upper,
        choices=FORMATS,
        help=_("tracciato: FPA12 e FPR12 hanno lo stesso schema"),
    )
    parser.add_argument(
        "--table",
        action="store_true",
        help=_("la pagina di riferimento in Markdown: elementi, tipi, codici, controlli"),
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        type=Path,
        help=_("file da scrivere; senza, l'uscita standard"),
    )


def run(args: argparse.Namespace) -> int:
    """0 when it was written, 2 when the file cannot be."""
    from fattorino.core.tracciati.schema import XMLDSIG, schema_text

    cls = document(args.format)
    output: Path | None = args.output
    text = page(cls) if args.table else schema_text(cls, xmldsig=XMLDSIG_NAME if output else XMLDSIG)
    if output is None:
        # As bytes: the text names its encoding, and a terminal of another one must not change it.
        sys.stdout.buffer.write(text.encode())
        sys.stdout.buffer.flush()
        return 0
    try:
        output.write_bytes(text.encode())
        beside = output.with_name(XMLDSIG_NAME)
        if not args.table and not beside.exists():
            beside.write_bytes(xmldsig())
    except OSError as error:
        print(f"fattorino: {error.filename}: {_('non si può scrivere')} ({error.strerror})", file=sys.stderr)
        return 2
    return 0


def document(name: str) -> type:
    """The declared class of a format of `FORMATS`."""
    from fattorino.core.fatturapa.format_check import DOCUMENTS

    # Every class of DOCUMENTS has a ROOT; the dictionary calls them only `type`.
    # Every declared class has ROOT.
    return next(cls for cls in DOCUMENTS.values() if name in cls.ROOT.versions)  # type: ignore[attr-defined]


def page(cls: type) -> str:
    """The reference page as it stands in docs/tracciati; it names the command that writes it anew."""
    from fattorino.core.fatturapa.reference import fattura_page
    from fattorino.core.tracciati.declaration import record_of

    root = record_of(cls).root
    assert root is not None, cls
    return fattura_page(cls, command=f"fattorino schema {root.versions[0]} --table")


def xmldsig() -> bytes:
    """W3C's schema of ds:Signature, which comes with the signature library."""
    return importlib.resources.files("signxml").joinpath("schemas", XMLDSIG_NAME).read_bytes()
