"""An invoice in a few fields: what lists, searches and matching need, the same for every format."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from fattorino.core.fatturapa import semplificata
from fattorino.core.fatturapa.draft import Party
from fattorino.core.fatturapa.reading import Reading

CENT = Decimal("0.01")
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Summary:
    """One file. A lotto is told by `bodies` > 1; its amounts are summed, number and date are the first's.

    Amounts in `divisa`, two decimals, as the document shows them (a credit note's are positive).
    """

    formato: str
    tipo_documento: str
    numero: str
    data: datetime.date
    divisa: str
    cedente: Party
    cessionario: Party
    soggetto_emittente: str | None
    codice_destinatario: str
    pec_destinatario: str | None
    imponibile: Decimal
    imposta: Decimal
    totale: Decimal
    da_pagare: Decimal
    bodies: int
    words: tuple[str, ...]


def summarise(reading: Reading) -> Summary:
    """The summary of an invoice that was read."""
    return _summary(reading, reading.fattura.fattura_elettronica_body)


def summarise_each(reading: Reading) -> tuple[Summary, ...]:
    """A summary of its own for each document of the file, in their order: a lotto holds several."""
    return tuple(_summary(reading, (body,)) for body in reading.fattura.fattura_elettronica_body)


def _summary(reading: Reading, bodies: Sequence[Any]) -> Summary:
    fattura = reading.fattura
    header = fattura.fattura_elettronica_header
    first = bodies[0].dati_generali.dati_generali_documento
    if isinstance(fattura, semplificata.FatturaElettronicaSemplificata):
        amounts = [_simplified_amounts(body) for body in bodies]
        cedente: Any = header.cedente_prestatore
        seller = _flat_party(cedente.id_fiscale_iva, cedente.codice_fiscale, cedente)
        # The check of the class above narrows the invoice, not the blocks taken out of it before.
        ids = header.cessionario_committente.identificativi_fiscali  # type: ignore[union-attr]
        other = header.cessionario_committente.altri_dati_identificativi  # type: ignore[union-attr]
        buyer = _flat_party(ids.id_fiscale_iva, ids.codice_fiscale, other)
        words = tuple(r.descrizione for b in bodies for r in b.dati_beni_servizi)
    else:
        amounts = [_amounts(body) for body in bodies]
        seller = _party(header.cedente_prestatore)
        buyer = _party(header.cessionario_committente)
        words = _words(bodies)
    trasmissione = header.dati_trasmissione
    return Summary(
        formato=reading.format,
        tipo_documento=first.tipo_documento,
        numero=first.numero,
        data=first.data,
        divisa=first.divisa,
        cedente=seller,
        cessionario=buyer,
        soggetto_emittente=header.soggetto_emittente,
        codice_destinatario=trasmissione.codice_destinatario,
        pec_destinatario=trasmissione.pec_destinatario,
        imponibile=sum((a[0] for a in amounts), ZERO),
        imposta=sum((a[1] for a in amounts), ZERO),
        totale=sum((a[2] for a in amounts), ZERO),
        da_pagare=sum((a[3] for a in amounts), ZERO),
        bodies=len(bodies),
        words=words,
    )


def _amounts(body: Any) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    """Taxable amount, tax, total, amount to pay. The total is the document's own word where it gives one."""
    rows = body.dati_beni_servizi.dati_riepilogo
    taxable = sum((r.imponibile_importo for r in rows), ZERO)
    tax = sum((r.imposta for r in rows), ZERO)
    given = body.dati_generali.dati_generali_documento.importo_totale_documento
    total = given if given is not None else taxable + tax
    payments = [d.importo_pagamento for p in body.dati_pagamento for d in p.dettaglio_pagamento]
    return taxable, tax, total, sum(payments, ZERO) if payments else total


def _simplified_amounts(body: Any) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    """Importo holds the tax; where only the rate is given the tax is taken out of it."""
    total = tax = ZERO
    for row in body.dati_beni_servizi:
        total += row.importo
        if row.dati_iva.imposta is not None:
            tax += row.dati_iva.imposta
        elif row.dati_iva.aliquota:
            tax += (row.importo * row.dati_iva.aliquota / (100 + row.dati_iva.aliquota)).quantize(CENT)
    return total - tax, tax, total, total


def _party(block: Any) -> Party:
    data, address = block.dati_anagrafici, block.sede
    vat, name = data.id_fiscale_iva, data.anagrafica
    return Party(
        id_paese=vat.id_paese if vat else None,
        id_codice=vat.id_codice if vat else None,
        codice_fiscale=data.codice_fiscale,
        denominazione=name.denominazione,
        nome=name.nome,
        cognome=name.cognome,
        indirizzo=address.indirizzo,
        numero_civico=address.numero_civico,
        cap=address.cap,
        comune=address.comune,
        provincia=address.provincia,
        nazione=address.nazione,
    )


def _flat_party(vat: Any, codice_fiscale: str | None, block: Any) -> Party:
    address = block.sede if block is not None else None
    return Party(
        id_paese=vat.id_paese if vat else None,
        id_codice=vat.id_codice if vat else None,
        codice_fiscale=codice_fiscale,
        denominazione=block.denominazione if block is not None else None,
        nome=block.nome if block is not None else None,
        cognome=block.cognome if block is not None else None,
        indirizzo=address.indirizzo if address else None,
        numero_civico=address.numero_civico if address else None,
        cap=address.cap if address else None,
        comune=address.comune if address else None,
        provincia=address.provincia if address else None,
        nazione=address.nazione if address else None,
    )


def _words(bodies: Any) -> tuple[str, ...]:
    found: list[str] = []
    for body in bodies:
        general = body.dati_generali
        found += general.dati_generali_documento.causale
        found += [line.descrizione for line in body.dati_beni_servizi.dettaglio_linee]
        for block in (general.dati_ordine_acquisto, general.dati_contratto, general.dati_convenzione):
            for reference in block:
                found += [
                    t for t in (reference.id_documento, reference.codice_cig, reference.codice_cup) if t
                ]
    return tuple(found)
