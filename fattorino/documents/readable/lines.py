"""The goods and services of a document and their VAT: the tables in the middle of the page."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from .formats import day, money, number, percent
from .meaning import meaning
from .view import Cell, Column, Fact, Table
from .walk import Block


def discount(block: Block, divisa: str) -> str:
    """One ScontoMaggiorazione: "-10%", "+3,00 €"; both where both are given."""
    tipo = block.text("tipo")
    sign = {"SC": "-", "MG": "+"}.get(tipo, tipo)
    rate, amount = block.take("percentuale"), block.take("importo")
    parts = [percent(rate)] if rate is not None else []
    parts += [money(amount, divisa)] if amount is not None else []
    return sign + " = ".join(parts)


def lines_table(lines: Sequence[Block], divisa: str) -> Table:
    """DettaglioLinee, one row each; the column of discounts only where there is one."""
    discounted = any(line.peek("sconto_maggiorazione") for line in lines)
    columns = [
        Column("N.", "short"),
        Column("Descrizione"),
        Column("Quantità", "number"),
        Column("Prezzo unitario", "number"),
        *([Column("Sconti", "number")] if discounted else []),
        Column("IVA", "number"),
        Column("Totale", "number"),
    ]
    return Table("Beni e servizi", tuple(columns), tuple(_line(line, divisa, discounted) for line in lines))


def _line(line: Block, divisa: str, discounted: bool) -> tuple[Cell, ...]:
    quantity = line.take("quantita")
    amount = " ".join(
        part for part in (number(quantity) if quantity is not None else "", line.text("unita_misura")) if part
    )
    discounts = " ".join(discount(block, divisa) for block in line.blocks("sconto_maggiorazione"))
    rate = " ".join(part for part in (percent(line.take("aliquota_iva")), line.text("natura")) if part)
    return (
        Cell(line.text("numero_linea")),
        Cell(line.text("descrizione"), _line_notes(line)),
        Cell(amount),
        Cell(number(line.take("prezzo_unitario"), least=2)),
        *([Cell(discounts)] if discounted else []),
        Cell(rate),
        Cell(number(line.take("prezzo_totale"), least=2)),
    )


def _line_notes(line: Block) -> tuple[Fact, ...]:
    notes = [
        Fact(f"Codice {code.text('codice_tipo')}", code.text("codice_valore"))
        for code in line.blocks("codice_articolo")
    ]
    if code := line.text("tipo_cessione_prestazione"):
        notes.append(Fact("Tipo di cessione", meaning("TipoCessionePrestazione", code)))
    start, end = line.take("data_inizio_periodo"), line.take("data_fine_periodo")
    if start is not None and end is not None:
        notes.append(Fact("Periodo", f"dal {day(start)} al {day(end)}"))
    elif start is not None:
        notes.append(Fact("Inizio del periodo", day(start)))
    elif end is not None:
        notes.append(Fact("Fine del periodo", day(end)))
    if line.take("ritenuta") is not None:
        notes.append(Fact("Ritenuta", "sì"))
    if reference := line.text("riferimento_amministrazione"):
        notes.append(Fact("Riferimento amministrazione", reference))
    notes += [_management_data(data) for data in line.blocks("altri_dati_gestionali")]
    return tuple(notes)


def _management_data(data: Block) -> Fact:
    """AltriDatiGestionali: a free name and up to three values."""
    parts = [data.text("riferimento_testo")]
    if (value := data.take("riferimento_numero")) is not None:
        parts.append(number(value))
    if (date := data.take("riferimento_data")) is not None:
        parts.append(day(date))
    return Fact(data.text("tipo_dato"), "; ".join(part for part in parts if part) or "–")


def vat_table(rows: Sequence[Block], divisa: str) -> Table:
    """DatiRiepilogo; the rare columns only where one of the rows fills them."""
    costs = any(row.peek("spese_accessorie") is not None for row in rows)
    rounding = any(row.peek("arrotondamento") is not None for row in rows)
    columns = [
        Column("Aliquota o natura"),
        *([Column("Spese accessorie", "number")] if costs else []),
        *([Column("Arrotondamento", "number")] if rounding else []),
        Column("Imponibile", "number"),
        Column("Imposta", "number"),
    ]
    return Table(
        "Riepilogo IVA", tuple(columns), tuple(_vat_row(row, divisa, costs, rounding) for row in rows)
    )


def _vat_row(row: Block, divisa: str, costs: bool, rounding: bool) -> tuple[Cell, ...]:
    rate = f"IVA {percent(row.take('aliquota_iva'))}"
    if code := row.text("natura"):
        rate = f"{rate}, {meaning('Natura', code)}"
    notes = []
    if code := row.text("esigibilita_iva"):
        notes.append(Fact("Esigibilità", meaning("EsigibilitaIVA", code)))
    if norm := row.text("riferimento_normativo"):
        notes.append(Fact("Riferimento normativo", norm))

    def amount(name: str) -> Cell:
        value: Decimal | None = row.take(name)
        return Cell("" if value is None else money(value, divisa))

    return (
        Cell(rate, tuple(notes)),
        *([amount("spese_accessorie")] if costs else []),
        *([amount("arrotondamento")] if rounding else []),
        amount("imponibile_importo"),
        amount("imposta"),
    )
