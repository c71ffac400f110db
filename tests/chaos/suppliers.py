"""A supplier of the companies of a run: its invoices to them as a PA, and how SdI treats it."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from fattorino import clock
from fattorino.core.fatturapa.cades import sign_cades
from fattorino.hub.signing.pkcs12 import load_pkcs12
from fattorino.hub.signing.test_ca import Holder, issue, make_ca
from tests.simulators.sdi.support import invoice

if TYPE_CHECKING:
    from fattorino.hub.signing.pkcs12 import SigningKey

SUPPLIER = "01234567897"
OFFICE = "UFRICE"
# SdI's days to answer in, of which a run has one in twelve seconds.
TERM_DAYS = 400


def base_name(number: int) -> str:
    """Of the supplier's file of this number, from 1; no file of a company's has such a progressive."""
    return f"IT{SUPPLIER}_F{number:04d}"


def number_of(file_name: str) -> int:
    """Of a file of the supplier's, by its name; 0 for any other."""
    stem = file_name.split(".", 1)[0]
    return int(stem[-4:]) if stem.startswith(f"IT{SUPPLIER}_F") else 0


def signed_invoice(number: int, buyer: str) -> tuple[str, bytes]:
    """Name and content of an invoice to the office of the company with this code."""
    content = invoice(f"F/{number}", formato="FPA12", codice=OFFICE, seller=SUPPLIER, buyer=buyer)
    key = _key()
    signed = sign_cades(content, key.certificate, key.sign, clock.now(), key.is_ec, key.chain)
    return f"{base_name(number)}.xml.p7m", signed


@functools.cache
def _key() -> SigningKey:
    now = clock.now()
    holder = Holder("Piero", "Bianchi", "BNCPRI70A01H501W")
    return load_pkcs12(issue(make_ca(at=now), holder, "prova", at=now), "prova")


def prepare_sdi() -> None:
    """In the process of a simulator. The supplier hears from SdI on a way of its own, which is not of this run; an
    hour there is half a second, so that SdI tries longer to deliver and leaves more time to answer than the real one:
    what is looked for is not whether a person is quick enough."""
    from fattorino.simulators.sdi import exchange
    from fattorino.simulators.sdi.clock import DAY

    exchange.EXPIRE_AFTER = TERM_DAYS * DAY
    exchange.CHANNEL_TRIES = 100_000
    send = exchange.Exchange._send

    def to_transmitter(self: Any, file: Any, tipo: str, name: str, content: bytes) -> None:
        if not number_of(file.nome_file):
            send(self, file, tipo, name, content)

    exchange.Exchange._send = to_transmitter  # type: ignore[method-assign]
