"""Lotti as another program writes them: one header and several documents in one file."""

from __future__ import annotations

import re

from fattorino.core.fatturapa import write_fattura
from fattorino.core.fatturapa.build import build
from fattorino.documents.files import cedente_of
from tests.desk import Desk

_BODY = re.compile(rb"<FatturaElettronicaBody>.*?</FatturaElettronicaBody>", re.DOTALL)


def single_of(desk: Desk, number: str, *, pa: bool = False, **changes: object) -> bytes:
    """A file with one document."""
    draft = desk.pa_draft(numero=number, **changes) if pa else desk.draft(numero=number, **changes)
    sender = ("IT", "02100450127")
    return write_fattura(
        build(draft, cedente=cedente_of(desk.company), trasmittente=sender, progressivo_invio="L1")
    )


def lotto_of(desk: Desk, *numbers: str, pa: bool = False, **changes: object) -> bytes:
    """A file with one document for each of these numbers."""
    files = [single_of(desk, number, pa=pa, **changes) for number in numbers]
    bodies = b"".join(_BODY.findall(each)[0] for each in files)
    return _BODY.sub(lambda _: bodies, files[0], count=1)
