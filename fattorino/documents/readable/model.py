"""From an invoice, as read from its XML, to what its readable copy shows.

Nothing of the invoice is left out: what the page has no place for stands in "Altri dati" under its official name.
The amounts are those of the file; the only sums made here are called sums ("calcolato") or are those of a column
shown beside them.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from fattorino.core.fatturapa.ordinaria import FatturaElettronica
from fattorino.core.fatturapa.semplificata import FatturaElettronicaSemplificata

from .formats import day, money, plain
from .lines import lines_table, vat_table
from .meaning import meaning, official, title
from .people import party, vat_number
from .sections import (
    attachments_table,
    delivery_notes_table,
    discounts_facts,
    head,
    main_invoice_facts,
    payment_table,
    pension_table,
    progress_facts,
    references_table,
    some,
    stamp_facts,
    total_of,
    transport_facts,
    vehicle_facts,
    withholding_table,
)
from .simplified import simple_body
from .view import Amount, Body, Copy, Fact, Facts, Party
from .walk import Block

NOTICE = (
    "Copia di cortesia, leggibile, di una fattura elettronica: l'originale è il file XML trasmesso al Sistema di "
    "Interscambio."
)
PREVIEW_NOTICE = (
    "Anteprima di una fattura non ancora inviata: non è una fattura e non va consegnata al cliente."
)
_ZERO = Decimal(0)


def copy_of(fattura: FatturaElettronica | FatturaElettronicaSemplificata, *, preview: bool = False) -> Copy:
    """The whole readable copy of an invoice, every body of a lotto included; `preview`: it was not sent yet."""
    root = Block(fattura)
    header = root.block("fattura_elettronica_header")
    assert header is not None
    if isinstance(fattura, FatturaElettronica):
        bodies = tuple(_body(block) for block in root.blocks("fattura_elettronica_body"))
    else:
        bodies = tuple(simple_body(block) for block in root.blocks("fattura_elettronica_body"))
    seller, buyer, others = _parties(header)
    transmission = _transmission(root, header)
    first = bodies[0]
    one = len(bodies) == 1
    heading = (
        f"{first.kind} n. {first.number} del {first.date}" if one else f"Lotto di {len(bodies)} documenti"
    )
    return Copy(
        title=heading,
        subject=heading,
        badge="Anteprima, non inviata" if preview else meaning("FormatoTrasmissione", fattura.versione),
        notice=PREVIEW_NOTICE if preview else NOTICE,
        seller=seller,
        buyer=buyer,
        others=others,
        bodies=bodies,
        transmission=transmission,
        rest=_rest(root),
        author=seller.name,
    )


def _parties(header: Block) -> tuple[Party, Party, tuple[Party, ...]]:
    seller = header.block("cedente_prestatore")
    buyer = header.block("cessionario_committente")
    agent = header.block("terzo_intermediario_o_soggetto_emittente")
    others = [(header.block("rappresentante_fiscale"), "Rappresentante fiscale del cedente")]
    assert seller is not None and buyer is not None
    others.append((seller.block("rappresentante_fiscale"), "Rappresentante fiscale del cedente"))
    inner = buyer.block("altri_dati_identificativi") or buyer
    others.append((inner.block("rappresentante_fiscale"), "Rappresentante fiscale del cessionario"))
    others.append((agent, "Terzo intermediario o soggetto emittente"))
    return (
        party("Cedente / prestatore", seller),
        party("Cessionario / committente", buyer),
        tuple(party(role, block) for block, role in others if block is not None),
    )


def _transmission(root: Block, header: Block) -> tuple[Fact, ...]:
    block = header.block("dati_trasmissione")
    assert block is not None
    sender = vat_number(block.block("id_trasmittente"))
    facts = [Fact("Identificativo del trasmittente", sender.value)] if sender else []
    facts.append(Fact("Progressivo di invio", block.text("progressivo_invio")))
    root.take("versione")
    formato = block.text("formato_trasmissione")
    facts.append(Fact("Formato di trasmissione", meaning("FormatoTrasmissione", formato)))
    facts.append(Fact("Codice destinatario", block.text("codice_destinatario")))
    if pec := block.text("pec_destinatario"):
        facts.append(Fact("PEC del destinatario", pec))
    if (contacts := block.block("contatti_trasmittente")) is not None:
        if phone := contacts.text("telefono"):
            facts.append(Fact("Telefono del trasmittente", phone))
        if email := contacts.text("email"):
            facts.append(Fact("E-mail del trasmittente", email))
    if issuer := header.text("soggetto_emittente"):
        facts.append(Fact("Soggetto emittente", meaning("SoggettoEmittente", issuer)))
    if system := root.text("sistema_emittente"):
        facts.append(Fact("Sistema emittente", system))
    return tuple(facts)


def _body(body: Block) -> Body:
    general = body.block("dati_generali")
    goods = body.block("dati_beni_servizi")
    assert general is not None and goods is not None
    document = general.block("dati_generali_documento")
    assert document is not None
    divisa = str(document.peek("divisa"))
    summary = goods.blocks("dati_riepilogo")
    payments = body.blocks("dati_pagamento")
    kind, number, date = (
        title(document.peek("tipo_documento")),
        document.peek("numero"),
        day(document.peek("data")),
    )
    return Body(
        kind=kind,
        number=number,
        date=date,
        head=head(document) + _key_references(general),
        causale=document.take("causale") or (),
        lines=lines_table(goods.blocks("dettaglio_linee"), divisa),
        summary=vat_table(summary, divisa),
        totals=_totals(document, summary, payments, divisa),
        after=some(
            pension_table(document, divisa),
            withholding_table(document, divisa),
            stamp_facts(document, divisa),
            discounts_facts(document, divisa),
            *(payment_table(payment, divisa) for payment in payments),
            references_table(general),
            delivery_notes_table(general),
            progress_facts(general),
            transport_facts(general),
            main_invoice_facts(general),
            vehicle_facts(body),
            attachments_table(body),
        ),
    )


def _key_references(general: Block) -> tuple[Fact, ...]:
    """CIG, CUP and the corrected invoice at the top, when each is only one; the table below has them all."""
    facts = []
    blocks = [
        b
        for name in ("dati_ordine_acquisto", "dati_contratto", "dati_convenzione")
        for b in general.blocks(name)
    ]
    for name, written in (("codice_cig", "CIG"), ("codice_cup", "CUP")):
        values = {value for block in blocks if (value := block.peek(name))}
        if len(values) == 1:
            facts.append(Fact(written, values.pop()))
    linked = general.blocks("dati_fatture_collegate")
    if len(linked) == 1:
        date = linked[0].peek("data")
        when = f" del {day(date)}" if date is not None else ""
        facts.append(Fact("Fattura collegata", f"{linked[0].peek('id_documento')}{when}"))
    return tuple(facts)


def _totals(
    document: Block, summary: tuple[Block, ...], payments: tuple[Block, ...], divisa: str
) -> tuple[Amount, ...]:
    taxable, tax = total_of(summary, "imponibile_importo"), total_of(summary, "imposta")
    rows = [Amount("Totale imponibile", money(taxable, divisa)), Amount("Totale imposta", money(tax, divisa))]
    rounding: Decimal | None = document.take("arrotondamento")
    if rounding is not None:
        rows.append(Amount("Arrotondamento", money(rounding, divisa)))
    total: Decimal | None = document.take("importo_totale_documento")
    if total is None:
        # Nobody can tell how a discount on the whole document was meant to change a total that is not given.
        written = (
            "Imponibile più imposta"
            if document.peek("sconto_maggiorazione")
            else "Totale documento (calcolato)"
        )
        total = taxable + tax + (rounding or _ZERO)
    else:
        written = "Totale documento"
    rows.append(Amount(written, money(total, divisa), strong=True))
    withheld = total_of(document.blocks("dati_ritenuta"), "importo_ritenuta")
    if withheld:
        rows.append(Amount("Ritenuta", money(-withheld, divisa)))
    split = total_of([row for row in summary if row.peek("esigibilita_iva") == "S"], "imposta")
    if split:
        rows.append(Amount("IVA versata dal committente (scissione)", money(-split, divisa)))
    due = _due(payments)
    # Instalments add up to what is due; alternatives (two accounts to choose from) come to more than the total.
    if due is not None and abs(due) <= abs(total) and (withheld or split or due != total):
        rows.append(Amount("Importo dei pagamenti", money(due, divisa), strong=True))
    return tuple(rows)


def _due(payments: tuple[Block, ...]) -> Decimal | None:
    if len(payments) != 1:
        return None
    return total_of(payments[0].blocks("dettaglio_pagamento"), "importo_pagamento")


def _rest(root: Block) -> tuple[Facts, ...]:
    """What nobody took, under its official name and description, one list for each block it stands in."""
    found: defaultdict[str, list[Fact]] = defaultdict(list)
    for leaf in root.left_over():
        field = official(leaf.owner, leaf.attribute)
        # A name is "dettaglio_linee[2]"; the header and the body are where everything is, and say nothing.
        place = " › ".join(part.replace("_", " ") for part in leaf.path[:-1] if "header" not in part)
        found[place].append(
            Fact(field.description[:1].upper() + field.description[1:], plain(leaf.value), field.name)
        )
    return tuple(
        Facts(f"Altri dati: {place}" if place else "Altri dati", tuple(facts), wide=True)
        for place, facts in found.items()
    )
