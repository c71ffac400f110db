"""Invoices as another program would write them, signed by a key that the product does not have, and archives."""

from __future__ import annotations

import base64
import functools
import io
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from fattorino.config import demo
from fattorino.core.fatturapa import write_fattura
from fattorino.core.fatturapa.build import build
from fattorino.core.fatturapa.cades import sign_cades
from fattorino.core.fatturapa.draft import Draft, Line, Party, Payment
from fattorino.hub.signing.pkcs12 import SigningKey, load_pkcs12
from fattorino.hub.signing.test_ca import Holder, issue, make_ca

# The smallest PNG there is: one grey point.
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
)
NOTE = b"<!-- scritta da un altro programma -->\n"


def invoice_file(
    numero: str,
    *,
    seller: Mapping[str, Any] = demo.ORDINE,
    buyer: Party = demo.ROSSI,
    code: str = "M5UXCR1",
) -> bytes:
    """A valid invoice of today, with a comment and line ends that our own writer would not make."""
    draft = Draft(
        data=datetime.now(UTC).date(),
        numero=numero,
        cessionario=buyer,
        codice_destinatario=code,
        linee=(Line("Consulenza tecnica", Decimal(1), None, Decimal("200.00"), aliquota_iva=Decimal(22)),),
        condizioni_pagamento="TP02",
        pagamenti=(Payment(modalita_pagamento="MP05", iban=demo.IBAN),),
    )
    content = write_fattura(
        build(
            draft,
            cedente=Party(**seller),
            trasmittente=("IT", str(seller["codice_fiscale"])),
            progressivo_invio="A1",
        )
    )
    head, _, rest = content.partition(b"\n")
    return head + b"\r\n" + NOTE + rest


def signed(content: bytes) -> bytes:
    """The content in a p7m of somebody else's."""
    key = _foreign_key()
    return sign_cades(content, key.certificate, key.sign, datetime.now(UTC), key.is_ec, key.chain)


@functools.cache
def _foreign_key() -> SigningKey:
    now = datetime.now(UTC)
    holder = Holder("Ugo", "Altrove", "VRDLCU82D25L219V")
    return load_pkcs12(issue(make_ca(at=now), holder, "prova", at=now), "prova", at=now)


def archive(members: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        for name, content in members.items():
            book.writestr(name, content)
    return out.getvalue()
