"""Stamp duty, and how the amount due is paid.

Source: Suggerimenti per la compilazione 1.6, 2.1.1.6 and 2.4.
"""

from __future__ import annotations

from decimal import Decimal

from fattorino.core.fatturapa.draft import Draft
from fattorino.core.fatturapa.notes import LARGEST, Notes
from fattorino.core.fatturapa.totalled import Riepilogo, TotaledPayment
from fattorino.core.money import ZERO, italian, r2, shares, total
from fattorino.core.texts import say

STAMP_DUTY = Decimal("2.00")
STAMP_DUTY_THRESHOLD = Decimal("77.47")
# Which Natura asks for the stamp is not in an official source we hold; this is the common reading.
STAMP_DUTY_NATURE = frozenset({"N1", "N2.1", "N2.2", "N3.5", "N3.6", "N4"})
STAMP_DUTY_LINE = "Imposta di bollo assolta in modo virtuale"
STAMP_DUTY_LAW = "Escluso art. 15 DPR 633/72"


def stamp_amount(draft: Draft) -> Decimal:
    """The stamp duty in force in the draft, 2.00 when it gives no usable amount."""
    given = draft.bollo.importo if draft.bollo is not None else None
    if given is None or not given.is_finite() or not ZERO <= given <= LARGEST:
        return STAMP_DUTY
    return r2(given)


def stamp_duty(draft: Draft, riepiloghi: tuple[Riepilogo, ...], notes: Notes) -> Decimal | None:
    recharged = stamp_amount(draft) if draft.bollo is not None and draft.bollo.addebitato else ZERO
    exempt = total(r.imponibile_importo for r in riepiloghi if r.natura in STAMP_DUTY_NATURE) - recharged
    if draft.bollo is None:
        if exempt > STAMP_DUTY_THRESHOLD:
            notes.warning(
                "bollo",
                say(
                    "Le somme senza IVA sono {exempt} euro, più di {threshold}:"
                    " di solito serve il bollo di 2 euro.",
                    exempt=italian(exempt),
                    threshold=italian(STAMP_DUTY_THRESHOLD),
                ),
                say("Aggiungere il bollo virtuale, se l'operazione non ne è esente."),
            )
        return None
    notes.number(
        "bollo.importo", say("l'importo del bollo"), draft.bollo.importo, low=ZERO, decimals=2, required=False
    )
    if draft.bollo.addebitato and len(draft.codice_destinatario) == 6:
        notes.warning(
            "bollo.addebitato",
            say("Verso lo Stato il bollo è a carico di chi emette la fattura e non va addebitato."),
            say("Togliere l'addebito, salvo che l'ente non sia parificato allo Stato (art. 8 DPR 642/72)."),
        )
    return stamp_amount(draft)


def payments(draft: Draft, due: Decimal, notes: Notes) -> tuple[TotaledPayment, ...]:
    amounts: list[Decimal | None] = []
    for index, payment in enumerate(draft.pagamenti):
        here = f"pagamenti.{index}"
        if payment.modalita_pagamento is None:
            notes.error(f"{here}.modalita_pagamento", say("Manca la modalità di pagamento."))
        given = notes.number(f"{here}.importo", say("l'importo"), payment.importo, decimals=2, required=False)
        amounts.append(ZERO if given is None and payment.importo is not None else given)
    fixed = total(a for a in amounts if a is not None)
    open_count = sum(a is None for a in amounts)
    rest = iter(shares(due - fixed, open_count))
    if amounts and not open_count and fixed != due:
        notes.warning(
            f"pagamenti.{len(amounts) - 1}.importo",
            say(
                "I pagamenti fanno {fixed} euro, ma da pagare sono {due}.",
                fixed=italian(fixed),
                due=italian(due),
            ),
            say("Correggere gli importi, oppure lasciarne uno vuoto: prenderà il resto."),
        )
    elif open_count and due >= 0 > due - fixed:
        notes.warning(
            f"pagamenti.{amounts.index(None)}.importo",
            say(
                "Gli altri pagamenti fanno già {fixed} euro, più dei {due} da pagare.",
                fixed=italian(fixed),
                due=italian(due),
            ),
            say("Correggere gli importi dei pagamenti."),
        )
    done = (next(rest) if a is None else r2(a) for a in amounts)
    return tuple(TotaledPayment(p, a) for p, a in zip(draft.pagamenti, done, strict=True))
