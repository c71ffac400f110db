"""The integration (TD16-TD19) of a received invoice, as a draft: what is written into an Italian document.

Sources: Guida alla compilazione delle fatture elettroniche e dell'esterometro (AdE), TD16-TD19; sdi.md 1.3. The
supplier stays the cedente and the company the cessionario; the date is that of reception; DatiFattureCollegate names
the invoice by SdI's identifier where there is one.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fattorino.core.fatturapa.draft import Discount, Draft, Line, Party, Reference
from fattorino.core.fatturapa.summary import summarise

if TYPE_CHECKING:
    from fattorino.core.fatturapa.reading import Reading

ORDINARY_RATE = Decimal(22)
EUROPE = frozenset(
    ["AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "EL", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "LT", "LU",
     "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK", "XI"]
)  # fmt: skip
# RegimeFiscale "altro", for who has none in Italy.
NO_REGIME = "RF18"
LONGEST_REFERENCE = 20


def kinds_for(country: str) -> tuple[str, ...]:
    """The TipoDocumento that may be meant, the likeliest first, by the supplier's country."""
    if country == "IT":
        return ("TD16",)
    if country in EUROPE:
        return ("TD17", "TD18", "TD19")
    return ("TD17", "TD19")


def needs_integration(reading: Reading, position: int) -> bool:
    """Whether the tax of one document of the file is the buyer's to reckon: reverse charge, or a supplier abroad."""
    if summarise(reading).cedente.id_paese != "IT":
        return True
    return any(_is_reverse(line) for line in _lines(reading.fattura, position))


@dataclass(frozen=True, slots=True)
class Term:
    """Until when the integration must have gone to SdI; `from_arrival`: the month counts in which the invoice came,
    else that of the operation."""

    day: datetime.date
    from_arrival: bool


def term_of(reading: Reading, position: int, *, received: datetime.date) -> Term | None:
    """The 15th of the next month, for suppliers abroad; SdI knows no term of TD16 (adempimenti.md 3).

    From the month of the reception where the supplier is of the European Union, else of the operation, for which the
    date of the invoice stands: it is no later.
    """
    country = summarise(reading).cedente.id_paese or ""
    if country == "IT":
        return None
    body: Any = reading.fattura.fattura_elettronica_body[position - 1]
    from_arrival = country in EUROPE
    start = received if from_arrival else body.dati_generali.dati_generali_documento.data
    following = start.replace(day=1) + datetime.timedelta(days=31)
    return Term(following.replace(day=15), from_arrival)


def seller_of(reading: Reading) -> Party:
    """The supplier as cedente of the integration."""
    party = summarise(reading).cedente
    header: Any = reading.fattura.fattura_elettronica_header
    block = header.cedente_prestatore
    regime = getattr(getattr(block, "dati_anagrafici", block), "regime_fiscale", None)
    abroad = party.id_paese != "IT"
    return replace(party, regime_fiscale=NO_REGIME if abroad else regime or "RF01")


def draft_of(
    reading: Reading,
    position: int,
    kind: str,
    *,
    buyer: Party,
    identificativo_sdi: str,
    received: datetime.date,
) -> Draft:
    """The draft of one document of the file; positions count from 1."""
    body: Any = reading.fattura.fattura_elettronica_body[position - 1]
    head = body.dati_generali.dati_generali_documento
    lines = _lines(reading.fattura, position)
    chosen = [line for line in lines if _is_reverse(line)] or [
        line for line in lines if not line.aliquota_iva
    ]
    seller = seller_of(reading)
    named = identificativo_sdi if 0 < len(identificativo_sdi) <= LONGEST_REFERENCE else head.numero
    name = seller.denominazione or " ".join(filter(None, [seller.nome, seller.cognome]))
    return Draft(
        tipo_documento=kind,
        divisa=head.divisa,
        data=received,
        causale=(f"Integrazione della fattura {head.numero} del {head.data:%d/%m/%Y} di {name}"[:200],),
        linee=tuple(_line(line) for line in chosen or lines),
        riferimenti=(Reference("DatiFattureCollegate", named[:LONGEST_REFERENCE], head.data),),
        cedente=seller,
        cessionario=buyer,
    )


def _lines(fattura: Any, position: int) -> list[Any]:
    goods = fattura.fattura_elettronica_body[position - 1].dati_beni_servizi
    return list(getattr(goods, "dettaglio_linee", ()))


def _is_reverse(line: Any) -> bool:
    return bool(line.natura) and line.natura.startswith("N6")


def _line(line: Any) -> Line:
    return Line(
        descrizione=line.descrizione,
        quantita=line.quantita,
        unita_misura=line.unita_misura,
        prezzo_unitario=line.prezzo_unitario,
        sconti=tuple(Discount(s.tipo, s.percentuale, s.importo) for s in line.sconto_maggiorazione),
        aliquota_iva=line.aliquota_iva or ORDINARY_RATE,
    )
