"""The body of a simplified invoice (FSM10): prices with the tax inside, no VAT summary, no payment."""

from __future__ import annotations

from .formats import day, money, percent
from .meaning import meaning, title
from .sections import attachments_table, head, some, total_of
from .view import Amount, Body, Cell, Column, Fact, Facts, Table
from .walk import Block


def simple_body(body: Block) -> Body:
    """The simplified invoice: prices include the tax, and there is neither a VAT summary nor a payment."""
    general = body.block("dati_generali")
    assert general is not None
    document = general.block("dati_generali_documento")
    assert document is not None
    divisa = str(document.peek("divisa"))
    goods = body.blocks("dati_beni_servizi")
    kind, number, date = (
        title(document.peek("tipo_documento")),
        document.peek("numero"),
        day(document.peek("data")),
    )
    total = total_of(goods, "importo")
    return Body(
        kind=kind,
        number=number,
        date=date,
        head=head(document) + _stamp(document),
        causale=(),
        lines=_lines(goods, divisa),
        summary=None,
        totals=(Amount("Totale documento, IVA inclusa (calcolato)", money(total, divisa), strong=True),),
        after=some(_corrected(general), attachments_table(body)),
    )


def _stamp(document: Block) -> tuple[Fact, ...]:
    return (Fact("Bollo", "assolto in modo virtuale"),) if document.take("bollo_virtuale") is not None else ()


def _lines(goods: tuple[Block, ...], divisa: str) -> Table:
    columns = (
        Column("Descrizione"),
        Column("IVA", "number"),
        Column("Imposta", "number"),
        Column("Importo", "number"),
    )
    rows = []
    for block in goods:
        notes = []
        if code := block.text("natura"):
            notes.append(Fact("Natura", meaning("Natura", code)))
        if norm := block.text("riferimento_normativo"):
            notes.append(Fact("Riferimento normativo", norm))
        vat = block.block("dati_iva")
        rate = vat.take("aliquota") if vat else None
        tax = vat.take("imposta") if vat else None
        rows.append(
            (
                Cell(block.text("descrizione"), tuple(notes)),
                Cell("" if rate is None else percent(rate)),
                Cell("" if tax is None else money(tax, divisa)),
                Cell(money(block.take("importo"), divisa)),
            )
        )
    return Table("Beni e servizi", columns, tuple(rows), caption="Gli importi comprendono l'IVA.")


def _corrected(general: Block) -> Facts | None:
    block = general.block("dati_fattura_rettificata")
    if block is None:
        return None
    facts = (
        Fact("Numero", block.text("numero_fr")),
        Fact("Data", day(block.take("data_fr"))),
        Fact("Elementi rettificati", block.text("elementi_rettificati")),
    )
    return Facts("Fattura rettificata", facts)
