"""The copy of a *ricevuta*: numbered and printed like an invoice, but it never becomes one."""

from __future__ import annotations

from decimal import Decimal

from fattorino.core.fatturapa.draft import Discount, Draft, Party
from fattorino.core.fatturapa.totals import TotaledLine, Totals

from .formats import day, iban, money, number, percent
from .meaning import meaning
from .people import party
from .view import Amount, Body, Cell, Column, Copy, Fact, Facts, Table
from .walk import Block

NOTICE = (
    "Questa ricevuta non è una fattura: non diventa una fattura elettronica e non viene trasmessa al Sistema di "
    "Interscambio."
)


def copy_of_ricevuta(draft: Draft, totals: Totals, cedente: Party, numero: str) -> Copy:
    """What the ricevuta shows. `totals` are those of `totals.compute(draft)`; `numero` is the one reserved for it."""
    seller = party("Rilasciata da", Block(cedente))
    date = "" if draft.data is None else day(draft.data)
    heading = f"Ricevuta n. {numero} del {date}" if date else f"Ricevuta n. {numero}"
    body = Body(
        kind="Ricevuta",
        number=numero,
        date=date,
        head=(),
        causale=draft.causale,
        lines=_lines(totals, draft.divisa),
        summary=_summary(totals, draft.divisa),
        totals=_totals(totals, draft.divisa),
        after=_after(draft, totals),
    )
    return Copy(
        title=heading,
        subject=heading,
        badge="Non è una fattura",
        notice=NOTICE,
        seller=seller,
        buyer=party("Intestata a", Block(draft.cessionario)),
        others=(),
        bodies=(body,),
        transmission=(),
        author=seller.name,
    )


def _taxed(totals: Totals) -> bool:
    return any(row.aliquota_iva or row.natura for row in totals.riepiloghi)


def _lines(totals: Totals, divisa: str) -> Table:
    taxed = _taxed(totals)
    discounted = any(row.line.sconti for row in totals.linee)
    columns = (
        Column("N.", "short"),
        Column("Descrizione"),
        Column("Quantità", "number"),
        Column("Prezzo unitario", "number"),
        *([Column("Sconti", "number")] if discounted else []),
        *([Column("IVA", "number")] if taxed else []),
        Column("Totale", "number"),
    )
    return Table("Voci", columns, tuple(_line(row, divisa, discounted, taxed) for row in totals.linee))


def _line(row: TotaledLine, divisa: str, discounted: bool, taxed: bool) -> tuple[Cell, ...]:
    line = row.line
    quantity = "" if line.quantita is None else number(line.quantita)
    price = "" if line.prezzo_unitario is None else number(line.prezzo_unitario, least=2)
    rate = "" if line.aliquota_iva is None else percent(line.aliquota_iva)
    return (
        Cell(str(row.numero_linea)),
        Cell(line.descrizione or "", _notes(row)),
        Cell(" ".join(part for part in (quantity, line.unita_misura or "") if part)),
        Cell(price),
        *([Cell(" ".join(_discount(step, divisa) for step in line.sconti))] if discounted else []),
        *([Cell(" ".join(part for part in (rate, line.natura or "") if part))] if taxed else []),
        Cell(number(row.prezzo_totale, least=2)),
    )


def _notes(row: TotaledLine) -> tuple[Fact, ...]:
    line, notes = row.line, []
    if line.codice_valore:
        notes.append(Fact(f"Codice {line.codice_tipo or ''}".strip(), line.codice_valore))
    start, end = line.data_inizio_periodo, line.data_fine_periodo
    if start and end:
        notes.append(Fact("Periodo", f"dal {day(start)} al {day(end)}"))
    elif start or end:
        only = start or end
        assert only is not None
        notes.append(Fact("Inizio del periodo" if start else "Fine del periodo", day(only)))
    return tuple(notes)


def _discount(step: Discount, divisa: str) -> str:
    sign = "-" if step.tipo == "SC" else "+"
    # As in totals: an amount wins over a percentage.
    if step.importo is not None:
        return sign + money(step.importo, divisa)
    return sign + percent(step.percentuale or Decimal(0))


def _summary(totals: Totals, divisa: str) -> Table | None:
    if not _taxed(totals):
        return None
    rows = []
    for row in totals.riepiloghi:
        what = f"IVA {percent(row.aliquota_iva)}"
        if row.natura:
            what = f"{what}, {meaning('Natura', row.natura)}"
        law = (Fact("Riferimento normativo", row.riferimento_normativo),) if row.riferimento_normativo else ()
        amounts = (money(row.imponibile_importo, divisa), money(row.imposta, divisa))
        rows.append((Cell(what, law), *(Cell(amount) for amount in amounts)))
    columns = (Column("Aliquota o natura"), Column("Imponibile", "number"), Column("Imposta", "number"))
    return Table("Riepilogo IVA", columns, tuple(rows))


def _totals(totals: Totals, divisa: str) -> tuple[Amount, ...]:
    rows = []
    for cassa in totals.casse:
        rows.append(
            Amount(
                f"Cassa previdenziale {percent(cassa.cassa.al_cassa or Decimal(0))}",
                money(cassa.importo, divisa),
            )
        )
    if totals.imposta:
        rows.append(Amount("Totale imponibile", money(totals.imponibile, divisa)))
        rows.append(Amount("Totale imposta", money(totals.imposta, divisa)))
    if totals.sconto_documento:
        rows.append(Amount("Sconti e maggiorazioni", money(totals.sconto_documento, divisa)))
    rows.append(Amount("Totale", money(totals.totale_documento, divisa), strong=True))
    if totals.ritenuta:
        rows.append(Amount("Ritenuta", money(-totals.ritenuta, divisa)))
    if totals.da_pagare != totals.totale_documento:
        rows.append(Amount("Da pagare", money(totals.da_pagare, divisa), strong=True))
    return tuple(rows)


def _after(draft: Draft, totals: Totals) -> tuple[Table | Facts, ...]:
    sections: list[Table | Facts] = []
    if totals.bollo is not None:
        sections.append(Facts("Imposta di bollo", (Fact("Importo", money(totals.bollo, draft.divisa)),)))
    if totals.pagamenti:
        sections.append(_payments(totals, draft.divisa))
    return tuple(sections)


def _payments(totals: Totals, divisa: str) -> Table:
    rows = []
    for row in totals.pagamenti:
        payment = row.payment
        notes = []
        if payment.beneficiario:
            notes.append(Fact("Beneficiario", payment.beneficiario))
        if payment.iban:
            notes.append(Fact("IBAN", iban(payment.iban)))
        if payment.istituto_finanziario:
            notes.append(Fact("Istituto finanziario", payment.istituto_finanziario))
        if payment.codice_pagamento:
            notes.append(Fact("Codice del pagamento", payment.codice_pagamento))
        due = payment.data_scadenza_pagamento
        how = meaning("ModalitaPagamento", payment.modalita_pagamento or "")
        rows.append(
            (Cell(how, tuple(notes)), Cell(day(due) if due else ""), Cell(money(row.importo, divisa)))
        )
    columns = (Column("Modalità"), Column("Scadenza", "short"), Column("Importo", "number"))
    return Table("Pagamento", columns, tuple(rows))
