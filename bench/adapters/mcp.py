"""mcp-fattura-elettronica-it 0.9.1: a partial dict, a partial writer, the schema compiled again at each call.

No content rule; its parser leaves out most elements, so what it reads cannot be written again: no round trip.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from mcp_einvoicing_core.en16931 import EN16931Address, EN16931Party
from mcp_fattura_elettronica_it.models import ItalianInvoice, ItalianLineItem, ItalianTax
from mcp_fattura_elettronica_it.tools.adapters import FatturaGenerator, FatturaParser, FatturaValidator

Task = tuple[Callable[[Any], Any], Callable[[Any], object]]


def parse() -> Task:
    return bytes, FatturaParser().parse


def build() -> Task:
    read, generate = FatturaParser().parse, FatturaGenerator().generate
    return lambda data: _document(read(data)), lambda document: generate(document).encode()


def validate() -> Task:
    check = FatturaValidator().validate
    return bytes, lambda data: _valid(check(data))


def _valid(result: Any) -> None:
    if not result.valid:
        raise ValueError(result.errors)


def _document(parsed: dict[str, Any]) -> ItalianInvoice:
    header, body = parsed["header"], parsed["body"]
    sent, general = header["dati_trasmissione"], body["dati_generali"]
    return ItalianInvoice(
        profile="urn:fatturapa:1.2.3",
        progressivo_invio=sent["progressivo_invio"],
        codice_destinatario=sent["codice_destinatario"],
        formato_trasmissione=sent["formato_trasmissione"],
        invoice_number=general["numero"],
        invoice_date=date.fromisoformat(general["data"]),
        invoice_type_code=general["tipo_documento"],
        currency_code=general["divisa"],
        seller=_party(header["cedente_prestatore"]),
        buyer=_party(header["cessionario_committente"]),
        line_items=[_line(line) for line in body["dettaglio_linee"]],
        tax_lines=[_tax(block) for block in body["dati_riepilogo"]],
        **_sums(body),
    )


def _sums(body: dict[str, Any]) -> dict[str, Decimal]:
    taxable = sum((Decimal(block["imponibile"]) for block in body["dati_riepilogo"]), Decimal(0))
    tax = sum((Decimal(block["imposta"]) for block in body["dati_riepilogo"]), Decimal(0))
    return {
        "sum_of_line_net_amounts": taxable,
        "tax_exclusive_amount": taxable,
        "tax_total": tax,
        "tax_inclusive_amount": taxable + tax,
        "amount_due": taxable + tax,
    }


def _party(block: dict[str, Any]) -> EN16931Party:
    address = EN16931Address(
        line_one=block["indirizzo"],
        city=block["comune"],
        postcode=block["cap"],
        country_code=block["nazione"],
    )
    name = block["denominazione"] or f"{block['nome']} {block['cognome']}"
    return EN16931Party(name=name, address=address, vat_id=f"{block['id_paese']}{block['id_codice']}")


def _line(line: dict[str, Any]) -> ItalianLineItem:
    return ItalianLineItem(
        line_id=line["numero_linea"],
        name=line["descrizione"],
        quantity=Decimal(line["quantita"] or 1),
        unit_code="NR",
        unit_price=Decimal(line["prezzo_unitario"]),
        line_net_amount=Decimal(line["prezzo_totale"]),
        tax_category="E" if line["natura"] else "S",
        tax_rate=Decimal(line["aliquota_iva"]),
        natura=line["natura"],
    )


def _tax(block: dict[str, Any]) -> ItalianTax:
    return ItalianTax(
        category="E" if block["natura"] else "S",
        rate=Decimal(block["aliquota_iva"]),
        taxable_amount=Decimal(block["imponibile"]),
        tax_amount=Decimal(block["imposta"]),
        natura=block["natura"],
    )


TASKS = {"parse": parse, "build": build, "validate": validate}
