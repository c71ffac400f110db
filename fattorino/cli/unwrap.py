"""`fattorino unwrap FILE [-o OUT] [--info]`: the document inside a signed file, or who signed it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from fattorino.cli.i18n import _, printable, register, said, shown
from fattorino.cli.inputs import read, reason
from fattorino.core.fatturapa.envelope import Unwrapped, has_xades, unwrap

if TYPE_CHECKING:
    from fattorino.core.signatures import Signer

register(
    {
        "apre un file firmato (.p7m)": "open a signed file (.p7m)",
        "Scrive il documento contenuto in un file firmato (.p7m in ogni codifica), byte per byte, e dice se le "
        "firme sono integre.": "Write the document inside a signed file (.p7m in any encoding), byte for byte, "
        "and say whether its signatures hold.",
        "file da aprire, «-» per l'ingresso standard": "file to open, “-” for standard input",
        "file da scrivere; senza, il nome senza .p7m, oppure l'uscita standard con «-»": (
            "file to write; by default the name without .p7m; “-” for standard output"
        ),
        "mostra solo chi ha firmato e quando, senza scrivere nulla": (
            "only show who signed and when, write nothing"
        ),
        "sovrascrive il file se esiste": "overwrite the file if it exists",
        "firma integra": "signature holds",
        "firma NON valida": "signature NOT valid",
        "firmatario": "signer",
        "emesso da": "issued by",
        "valido": "valid",
        "firmato il": "signed on",
        "data di firma assente": "no signing time",
        "il file non è firmato": "the file is not signed",
        "scritto": "written",
        "esiste già: usare --force oppure -o con un altro nome": "exists: use --force, or -o with another name",
        "non si può leggere": "cannot be read",
        "non si può scrivere": "cannot be written",
        "sconosciuto": "unknown",
    }
)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "unwrap",
        help=_("apre un file firmato (.p7m)"),
        description=_(
            "Scrive il documento contenuto in un file firmato (.p7m in ogni codifica), byte per byte, e dice se le "
            "firme sono integre."
        ),
    )
    parser.add_argument("file", metavar="FILE", help=_("file da aprire, «-» per l'ingresso standard"))
    parser.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        help=_("file da scrivere; senza, il nome senza .p7m, oppure l'uscita standard con «-»"),
    )
    parser.add_argument(
        "--info", action="store_true", help=_("mostra solo chi ha firmato e quando, senza scrivere nulla")
    )
    parser.add_argument("--force", action="store_true", help=_("sovrascrive il file se esiste"))


def run(args: argparse.Namespace) -> int:
    """0 when every signature holds, 1 when one does not or the file cannot be opened, 2 for wrong use.

    The content is written also when a signature does not hold: one may need to look at it.
    """
    try:
        data = read(args.file)
    except OSError as error:
        problem = f"{_('non si può leggere')} ({said(reason(error))})"
        print(f"fattorino: {shown(args.file)}: {problem}", file=sys.stderr)
        return 2
    opened = unwrap(data)
    signatures = _signatures(opened)
    valid = all(signer.valid for _kind, signer in signatures)
    if args.info:
        print("\n".join(_describe(signatures)))
        return 0 if valid else 1
    output = args.output or _default_output(args.file)
    if output == "-":
        sys.stdout.buffer.write(opened.content)
        sys.stdout.buffer.flush()
    else:
        problem = _write(Path(output), opened.content, force=args.force)
        if problem:
            print(f"fattorino: {shown(output)}: {problem}", file=sys.stderr)
            return 2
        print(f"{_('scritto')} {shown(output)}", file=sys.stderr)
    for _kind, signer in signatures:
        for remark in signer.findings:
            print(f"{remark.code} {said(remark.message)}", file=sys.stderr)
    return 0 if valid else 1


def _signatures(opened: Unwrapped) -> list[tuple[str, Signer]]:
    """Every signature with its kind, outermost first, the one inside the XML last."""
    found = [(f"CAdES ({layer.encoding})", signer) for layer in opened.layers for signer in layer.signers]
    if has_xades(opened):
        # Loaded here: signxml takes a while, and most files need none of it.
        from fattorino.core.xades import read_xades

        inner = read_xades(opened.content)
        if inner is not None:
            found.append(("XAdES", inner))
    return found


def _default_output(name: str) -> str:
    """The name without .p7m; what has no such ending would be overwritten, so it goes to standard output."""
    stripped = name
    while stripped.lower().endswith(".p7m"):
        stripped = stripped[:-4]
    return stripped if stripped and stripped != name and not stripped.endswith("/") else "-"


def _write(path: Path, content: bytes, *, force: bool) -> str:
    """What went wrong, or ""."""
    try:
        with path.open("wb" if force else "xb") as file:
            file.write(content)
    except FileExistsError:
        return _("esiste già: usare --force oppure -o con un altro nome")
    except OSError as error:
        return f"{_('non si può scrivere')} ({said(reason(error))})"
    return ""


def _describe(signatures: list[tuple[str, Signer]]) -> list[str]:
    if not signatures:
        return [_("il file non è firmato")]
    lines: list[str] = []
    for number, (kind, signer) in enumerate(signatures, start=1):
        verdict = _("firma integra") if signer.valid else _("firma NON valida")
        when = signer.signing_time
        lines += [
            f"{number}. {kind}: {verdict}",
            f"   {_('firmatario')}: {signer.subject or _('sconosciuto')}",
            f"   {_('emesso da')}: {signer.issuer or _('sconosciuto')}",
            f"   {_('firmato il')} {when:%d/%m/%Y %H:%M:%S} UTC"
            if when
            else f"   {_('data di firma assente')}",
        ]
        if signer.not_before and signer.not_after:
            lines.append(f"   {_('valido')}: {signer.not_before:%d/%m/%Y} - {signer.not_after:%d/%m/%Y}")
        lines += [f"   {remark.code} {said(remark.message)}" for remark in signer.findings]
    return [printable(line) for line in lines]
