"""The smaller blocks of a document: pension fund, withholding, references, transport, payments, attachments."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from .formats import day, iban, money, percent, plain, size
from .lines import discount
from .meaning import label, meaning
from .people import party
from .view import Cell, Column, Fact, Facts, Table
from .walk import Block

REFERENCES = {
    "dati_ordine_acquisto": "Ordine di acquisto",
    "dati_contratto": "Contratto",
    "dati_convenzione": "Convenzione",
    "dati_ricezione": "Ricezione",
    "dati_fatture_collegate": "Fattura collegata",
}


def head(document: Block) -> tuple[Fact, ...]:
    """What stands above the lines; number and date count as shown, for the document's heading says them."""
    facts = [
        Fact("Tipo di documento", meaning("TipoDocumento", document.text("tipo_documento"))),
        Fact("Divisa", document.text("divisa")),
    ]
    document.take("numero")
    document.take("data")
    if document.take("art73") is not None:
        facts.append(Fact("Art. 73 DPR 633/72", "sì"))
    return tuple(facts)


def facts_of(block: Block, names: Iterable[str]) -> list[Fact]:
    """The named values that are filled, each under the label of its official name."""
    facts = []
    for name in names:
        if (value := block.take(name)) is not None:
            facts.append(Fact(label(type(block.record), name), plain(value)))
    return facts


def line_numbers(block: Block) -> list[Fact]:
    numbers = block.take("riferimento_numero_linea") or ()
    return [Fact("Riferito alle linee", ", ".join(str(n) for n in numbers))] if numbers else []


def references_table(general: Block) -> Table | None:
    rows = []
    for name, title in REFERENCES.items():
        for block in general.blocks(name):
            date: datetime.date | None = block.take("data")
            notes = facts_of(block, ("num_item", "codice_commessa_convenzione")) + line_numbers(block)
            rows.append(
                (
                    Cell(title, tuple(notes)),
                    Cell(block.text("id_documento")),
                    Cell("" if date is None else day(date)),
                    Cell(block.text("codice_cig")),
                    Cell(block.text("codice_cup")),
                )
            )
    titles = ("Documento collegato", "Identificativo", "Data", "CIG", "CUP")
    used = [at for at in range(len(titles)) if any(row[at].text for row in rows)]
    return _table(
        "Riferimenti", tuple(titles[at] for at in used), [tuple(row[at] for at in used) for row in rows]
    )


def delivery_notes_table(general: Block) -> Table | None:
    rows = [
        (Cell(ddt.text("numero_ddt"), tuple(line_numbers(ddt))), Cell(plain(ddt.take("data_ddt"))))
        for ddt in general.blocks("dati_ddt")
    ]
    return _table("Documenti di trasporto", ("Numero", "Data"), rows, text=1)


def progress_facts(general: Block) -> Facts | None:
    phases = [Fact("Fase", sal.text("riferimento_fase")) for sal in general.blocks("dati_sal")]
    return _facts("Stato di avanzamento lavori", phases)


def transport_facts(general: Block) -> Facts | None:
    block = general.block("dati_trasporto")
    if block is None:
        return None
    facts = []
    if (carrier := block.block("dati_anagrafici_vettore")) is not None:
        person = party("", carrier)
        facts = [Fact("Vettore", person.name), *person.facts]
    before = ("mezzo_trasporto", "causale_trasporto", "numero_colli", "descrizione", "unita_misura_peso")
    weights = ("peso_lordo", "peso_netto", "data_ora_ritiro", "data_inizio_trasporto", "tipo_resa")
    facts += facts_of(block, before + weights)
    if (place := block.block("indirizzo_resa")) is not None:
        where = facts_of(place, ("indirizzo", "numero_civico", "cap", "comune", "provincia", "nazione"))
        facts.append(Fact("Indirizzo di resa", ", ".join(fact.value for fact in where)))
    facts += facts_of(block, ("data_ora_consegna",))
    return _facts("Trasporto", facts)


def main_invoice_facts(general: Block) -> Facts | None:
    block = general.block("fattura_principale")
    names = ("numero_fattura_principale", "data_fattura_principale")
    return None if block is None else _facts("Fattura principale", facts_of(block, names))


def vehicle_facts(body: Block) -> Facts | None:
    block = body.block("dati_veicoli")
    return None if block is None else _facts("Veicoli", facts_of(block, ("data", "totale_percorso")))


def pension_table(document: Block, divisa: str) -> Table | None:
    rows = []
    for cassa in document.blocks("dati_cassa_previdenziale"):
        base: Decimal | None = cassa.take("imponibile_cassa")
        notes = [Fact("Soggetto a ritenuta", "sì")] if cassa.take("ritenuta") is not None else []
        notes += facts_of(cassa, ("riferimento_amministrazione",))
        if code := cassa.text("natura"):
            notes.insert(0, Fact("Natura", meaning("Natura", code)))
        rows.append(
            (
                Cell(meaning("TipoCassa", cassa.text("tipo_cassa")), tuple(notes)),
                Cell(percent(cassa.take("al_cassa"))),
                Cell("" if base is None else money(base, divisa)),
                Cell(percent(cassa.take("aliquota_iva"))),
                Cell(money(cassa.take("importo_contributo_cassa"), divisa)),
            )
        )
    return _table(
        "Cassa previdenziale", ("Cassa", "Aliquota", "Imponibile", "IVA", "Contributo"), rows, numbers=4
    )


def withholding_table(document: Block, divisa: str) -> Table | None:
    rows = [
        (
            Cell(
                meaning("TipoRitenuta", block.text("tipo_ritenuta")),
                (
                    Fact(
                        "Causale del pagamento", meaning("CausalePagamento", block.text("causale_pagamento"))
                    ),
                ),
            ),
            Cell(percent(block.take("aliquota_ritenuta"))),
            Cell(money(block.take("importo_ritenuta"), divisa)),
        )
        for block in document.blocks("dati_ritenuta")
    ]
    return _table("Ritenuta", ("Tipo", "Aliquota", "Importo"), rows, numbers=2)


def discounts_facts(document: Block, divisa: str) -> Facts | None:
    facts = []
    for block in document.blocks("sconto_maggiorazione"):
        kind = meaning("Tipo", block.peek("tipo"))
        facts.append(Fact(kind, discount(block, divisa)))
    return _facts("Sconti e maggiorazioni sul documento", facts)


def stamp_facts(document: Block, divisa: str) -> Facts | None:
    block = document.block("dati_bollo")
    if block is None:
        return None
    facts = [Fact("Bollo assolto in modo virtuale", "sì" if block.take("bollo_virtuale") == "SI" else "–")]
    if (amount := block.take("importo_bollo")) is not None:
        facts.append(Fact("Importo", money(amount, divisa)))
    return _facts("Imposta di bollo", facts)


def payment_table(payment: Block, divisa: str) -> Table | None:
    terms = meaning("CondizioniPagamento", payment.text("condizioni_pagamento"))
    rows = []
    for detail in payment.blocks("dettaglio_pagamento"):
        due: datetime.date | None = detail.take("data_scadenza_pagamento")
        rows.append(
            (
                Cell(
                    meaning("ModalitaPagamento", detail.text("modalita_pagamento")),
                    tuple(_payment_notes(detail, divisa)),
                ),
                Cell("" if due is None else day(due)),
                Cell(money(detail.take("importo_pagamento"), divisa)),
            )
        )
    return _table(f"Pagamento: {terms}", ("Modalità", "Scadenza", "Importo"), rows, numbers=1)


def _payment_notes(detail: Block, divisa: str) -> list[Fact]:
    notes = facts_of(detail, ("beneficiario",))
    notes += [Fact("IBAN", iban(value))] if (value := detail.text("iban")) else []
    notes += facts_of(
        detail,
        (
            "bic",
            "abi",
            "cab",
            "istituto_finanziario",
            "codice_pagamento",
            "cod_ufficio_postale",
            "data_riferimento_termini_pagamento",
            "giorni_termini_pagamento",
            "titolo_quietanzante",
            "cognome_quietanzante",
            "nome_quietanzante",
            "cf_quietanzante",
        ),
    )
    for name in ("sconto_pagamento_anticipato", "penalita_pagamenti_ritardati"):
        if (amount := detail.take(name)) is not None:
            notes.append(Fact(label(type(detail.record), name), money(amount, divisa)))
    return notes + facts_of(detail, ("data_limite_pagamento_anticipato", "data_decorrenza_penale"))


def attachments_table(body: Block) -> Table | None:
    rows = []
    for block in body.blocks("allegati"):
        data: bytes = block.take("attachment") or b""
        notes = facts_of(block, ("descrizione_attachment",))
        kind = " ".join(
            part for part in (block.text("formato_attachment"), block.text("algoritmo_compressione")) if part
        )
        rows.append((Cell(block.text("nome_attachment"), tuple(notes)), Cell(kind), Cell(size(len(data)))))
    return _table("Allegati", ("Nome", "Formato", "Dimensione"), rows, numbers=1)


def total_of(rows: Sequence[Block], name: str) -> Decimal:
    """The sum of an amount over blocks that show it elsewhere."""
    return sum((row.peek(name) or Decimal(0) for row in rows), Decimal(0))


def some(*sections: Table | Facts | None) -> tuple[Table | Facts, ...]:
    return tuple(section for section in sections if section is not None)


def _facts(title: str, facts: list[Fact]) -> Facts | None:
    return Facts(title, tuple(facts)) if facts else None


def _table(
    title: str, titles: tuple[str, ...], rows: Sequence[tuple[Cell, ...]], *, text: int = 1, numbers: int = 0
) -> Table | None:
    """A table with `text` wide columns first and `numbers` right-aligned ones last; None without rows."""
    if not rows:
        return None

    def kind(at: int) -> Any:
        if at < text:
            return "text"
        return "number" if at >= len(titles) - numbers else "short"

    return Table(title, tuple(Column(t, kind(at)) for at, t in enumerate(titles)), tuple(rows))
