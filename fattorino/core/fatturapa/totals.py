"""The arithmetic of a document, from the draft to what the buyer pays.

One computation serves the live totals of the form, the XML and the printed receipt. It never raises on a
half-filled draft: a missing or impossible number counts as nothing and is reported under its field name.

Sources: Elenco dei controlli 1.7/2.0 (00400-00424); Suggerimenti per la compilazione 1.6, 2.1.1.5-2.1.1.9 and
2.2.2; Allegato A 1.6.1. Amounts are Decimals in the currency of the document.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from fattorino.core.fatturapa.draft import (
    Cassa,
    Discount,
    Draft,
    FieldFinding,
    Line,
    Payment,
    Ritenuta,
)
from fattorino.core.money import (
    ZERO,
    after_steps,
    italian,
    line_total,
    percent,
    r2,
    shares,
    total,
    trimmed,
)

STAMP_DUTY = Decimal("2.00")
STAMP_DUTY_THRESHOLD = Decimal("77.47")
# Which Natura asks for the stamp is not in an official source we hold; this is the common reading.
STAMP_DUTY_NATURE = frozenset({"N1", "N2.1", "N2.2", "N3.5", "N3.6", "N4"})
STAMP_DUTY_LINE = "Imposta di bollo assolta in modo virtuale"
STAMP_DUTY_LAW = "Escluso art. 15 DPR 633/72"

# Amount2DecimalType and the quantity of the schema 1.2.3.
_LARGEST = Decimal("99999999999.99")
_LONGEST_LAW = 100
_LARGEST_QUANTITY = Decimal("999999999999.99999999")


@dataclass(frozen=True, slots=True)
class TotaledLine:
    """A line with what it comes to. `index` is its place in the draft, None for the recharged stamp duty.
    `prezzo_totale` has two to eight decimals."""

    numero_linea: int
    index: int | None
    line: Line
    prezzo_scontato: Decimal
    prezzo_totale: Decimal


@dataclass(frozen=True, slots=True)
class TotaledCassa:
    cassa: Cassa
    imponibile: Decimal
    importo: Decimal


@dataclass(frozen=True, slots=True)
class TotaledRitenuta:
    ritenuta: Ritenuta
    base: Decimal
    importo: Decimal


@dataclass(frozen=True, slots=True)
class TotaledPayment:
    payment: Payment
    importo: Decimal


@dataclass(frozen=True, slots=True)
class Riepilogo:
    """DatiRiepilogo: `imponibile_importo` = lines + casse + `arrotondamento` (None: nothing was rounded)."""

    aliquota_iva: Decimal
    natura: str | None
    esigibilita_iva: str | None
    riferimento_normativo: str | None
    arrotondamento: Decimal | None
    imponibile_importo: Decimal
    imposta: Decimal


@dataclass(frozen=True, slots=True)
class Totals:
    """What a draft comes to.

    `totale_documento` is ImportoTotaleDocumento: taxable amount, tax and document discount, before ritenuta.
    `da_pagare` = `totale_documento` - `iva_scissa` (split payment) - `ritenuta`.
    `bollo` is the stamp duty of DatiBollo, None when there is none; it is in the total only if recharged.
    """

    linee: tuple[TotaledLine, ...] = ()
    casse: tuple[TotaledCassa, ...] = ()
    ritenute: tuple[TotaledRitenuta, ...] = ()
    riepiloghi: tuple[Riepilogo, ...] = ()
    pagamenti: tuple[TotaledPayment, ...] = ()
    bollo: Decimal | None = None
    imponibile: Decimal = ZERO
    imposta: Decimal = ZERO
    sconto_documento: Decimal = ZERO
    totale_documento: Decimal = ZERO
    ritenuta: Decimal = ZERO
    iva_scissa: Decimal = ZERO
    da_pagare: Decimal = ZERO
    findings: tuple[FieldFinding, ...] = ()

    @property
    def errors(self) -> tuple[FieldFinding, ...]:
        return tuple(f for f in self.findings if f.is_error)

    @property
    def warnings(self) -> tuple[FieldFinding, ...]:
        return tuple(f for f in self.findings if not f.is_error)


@dataclass(slots=True)
class _Notes:
    """Findings of one computation, and the numbers that may be used in it."""

    found: list[FieldFinding] = field(default_factory=list)

    def error(self, name: str, message: str, hint: str = "", code: str = "") -> None:
        self.found.append(FieldFinding(name, "error", message, hint, code))

    def warning(self, name: str, message: str, hint: str = "", code: str = "") -> None:
        self.found.append(FieldFinding(name, "warning", message, hint, code))

    def number(
        self,
        name: str,
        label: str,
        value: Decimal | None,
        *,
        low: Decimal = -_LARGEST,
        high: Decimal = _LARGEST,
        decimals: int = 8,
        required: bool = True,
    ) -> Decimal | None:
        """The value when it can be used, else None with the reason entered under `name`."""
        if value is None:
            if required:
                self.error(name, f"Manca {label}.")
            return None
        if not value.is_finite():
            self.error(name, f"{label.capitalize()}: questo non è un numero.")
        elif not low <= value <= high:
            self.error(
                name, f"{label.capitalize()}: il valore deve stare fra {italian(low)} e {italian(high)}."
            )
        elif value != round(value, decimals):
            self.error(name, f"{label.capitalize()}: al massimo {decimals} decimali.")
        else:
            return value
        return None

    def rate(self, name: str, label: str, value: Decimal | None, *, required: bool = True) -> Decimal | None:
        return self.number(
            name, label, value, low=ZERO, high=Decimal("100.00"), decimals=2, required=required
        )


def compute(draft: Draft) -> Totals:
    """Everything a document comes to. Never raises; `findings` say what is missing or wrong, by field.

    A *ricevuta* is a draft whose `tipo_documento` is "": it needs neither rate nor Natura.
    """
    notes = _Notes()
    lines = _lines(draft, notes)
    casse = _casse(draft, lines, notes)
    ritenute = _ritenute(draft, lines, casse, notes)
    riepiloghi = _riepiloghi(draft, lines, casse, notes)

    imponibile = total(r.imponibile_importo for r in riepiloghi)
    imposta = total(r.imposta for r in riepiloghi)
    gross = imponibile + imposta
    steps = _steps(draft.sconti, "sconti", "00437", notes)
    exact = after_steps(gross, steps)
    if abs(exact) > _LARGEST:
        notes.error("linee", "Il totale del documento è troppo grande per il tracciato.")
        exact = ZERO
    totale = r2(exact)
    ritenuta = total(r.importo for r in ritenute)
    iva_scissa = total(r.imposta for r in riepiloghi if r.esigibilita_iva == "S")
    da_pagare = totale - iva_scissa - ritenuta
    bollo = _stamp_duty(draft, riepiloghi, notes)
    pagamenti = _payments(draft, da_pagare, notes)
    return Totals(
        linee=lines,
        casse=casse,
        ritenute=ritenute,
        riepiloghi=riepiloghi,
        pagamenti=pagamenti,
        bollo=bollo,
        imponibile=imponibile,
        imposta=imposta,
        sconto_documento=totale - gross,
        totale_documento=totale,
        ritenuta=ritenuta,
        iva_scissa=iva_scissa,
        da_pagare=da_pagare,
        findings=tuple(notes.found),
    )


def _steps(
    discounts: Iterable[Discount], name: str, code: str, notes: _Notes, *, largest: Decimal = _LARGEST
) -> list[Discount]:
    """The discounts that can be applied; the others are reported and left out."""
    usable = []
    for index, step in enumerate(discounts):
        here = f"{name}.{index}"
        if step.tipo not in ("SC", "MG"):
            notes.error(f"{here}.tipo", "Scegliere se è uno sconto (SC) o una maggiorazione (MG).")
            continue
        if step.percentuale is None and step.importo is None:
            notes.error(
                f"{here}.percentuale",
                "Lo sconto non ha né una percentuale né un importo.",
                "Scrivere uno dei due, oppure togliere lo sconto.",
                code,
            )
            continue
        rate = notes.rate(f"{here}.percentuale", "la percentuale", step.percentuale, required=False)
        amount = notes.number(
            f"{here}.importo", "l'importo", step.importo, low=-largest, high=largest, required=False
        )
        if rate is not None or amount is not None:
            usable.append(Discount(step.tipo, rate, amount))
    return usable


def _lines(draft: Draft, notes: _Notes) -> tuple[TotaledLine, ...]:
    if not draft.linee:
        notes.error("linee", "Il documento non ha righe.", "Aggiungere almeno una riga.")
    lines = [_line(draft, index, line, notes) for index, line in enumerate(draft.linee)]
    if draft.bollo is not None and draft.bollo.addebitato:
        amount = _stamp_amount(draft)
        line = Line(
            descrizione=STAMP_DUTY_LINE,
            quantita=Decimal("1.00"),
            prezzo_unitario=amount,
            aliquota_iva=ZERO,
            natura="N1",
            riferimento_normativo=STAMP_DUTY_LAW,
        )
        lines.append(TotaledLine(len(lines) + 1, None, line, amount, amount))
    return tuple(lines)


def _line(draft: Draft, index: int, line: Line, notes: _Notes) -> TotaledLine:
    here = f"linee.{index}"
    price = notes.number(f"{here}.prezzo_unitario", "il prezzo unitario", line.prezzo_unitario) or ZERO
    quantity = _quantity(here, line, notes)
    fiscal = bool(draft.tipo_documento)
    rate = notes.rate(f"{here}.aliquota_iva", "l'aliquota IVA", line.aliquota_iva, required=fiscal)
    if rate is not None and fiscal:
        _rate_and_natura(draft, here, rate, line.natura, notes, codes=("00400", "00401"))
    steps = _steps(line.sconti, f"{here}.sconti", "00438", notes)
    amount, unit = line_total(price, quantity, steps), after_steps(price, steps)
    if max(abs(amount), abs(unit)) > _LARGEST:
        notes.error(f"{here}.prezzo_unitario", "Il totale della riga è troppo grande per il tracciato.")
        amount = unit = ZERO
    return TotaledLine(index + 1, index, line, trimmed(unit), trimmed(amount))


def _quantity(here: str, line: Line, notes: _Notes) -> Decimal | None:
    if line.quantita is not None and line.quantita.is_finite() and line.quantita < 0:
        notes.error(
            f"{here}.quantita",
            "La quantità non può essere negativa.",
            "Per togliere un importo scrivere il segno meno nel prezzo unitario.",
        )
        return ZERO
    quantity = notes.number(
        f"{here}.quantita", "la quantità", line.quantita, low=ZERO, high=_LARGEST_QUANTITY, required=False
    )
    return ZERO if quantity is None and line.quantita is not None else quantity


def _rate_and_natura(
    draft: Draft, here: str, rate: Decimal, natura: str | None, notes: _Notes, *, codes: tuple[str, str]
) -> None:
    """00400/00401 and 00413/00414, 00424, on one line or one cassa."""
    if ZERO < rate < 1:
        notes.error(
            f"{here}.aliquota_iva",
            f"L'aliquota IVA {italian(rate)} è minore di 1.",
            "Scriverla in per cento: 22 e non 0,22.",
            "00424",
        )
    if not rate and natura is None:
        notes.error(
            f"{here}.natura",
            "Con aliquota zero serve la Natura, cioè il motivo per cui non c'è IVA.",
            "Scegliere la Natura, oppure l'aliquota giusta.",
            codes[0],
        )
    # The exception of TD16 is written for the lines and the riepiloghi only.
    integration = draft.tipo_documento == "TD16" and codes[1] == "00401"
    if rate and natura is not None and not integration:
        notes.error(
            f"{here}.natura",
            f"Con aliquota {italian(rate)} la Natura non va indicata.",
            "Togliere la Natura, oppure mettere l'aliquota a zero.",
            codes[1],
        )


def _casse(draft: Draft, lines: tuple[TotaledLine, ...], notes: _Notes) -> tuple[TotaledCassa, ...]:
    # Expenses advanced in the client's name (N1) are no fee, so no contribution is due on them.
    fees = total(t.prezzo_totale for t in lines if t.line.natura != "N1")
    done = []
    for index, cassa in enumerate(draft.casse):
        here = f"casse.{index}"
        if cassa.tipo_cassa is None:
            notes.error(f"{here}.tipo_cassa", "Manca la cassa previdenziale.")
        rate = notes.rate(f"{here}.al_cassa", "l'aliquota della cassa", cassa.al_cassa)
        vat = notes.rate(f"{here}.aliquota_iva", "l'aliquota IVA", cassa.aliquota_iva)
        if vat is not None:
            _rate_and_natura(draft, here, vat, cassa.natura, notes, codes=("00413", "00414"))
        given = notes.number(
            f"{here}.imponibile", "l'imponibile", cassa.imponibile, decimals=2, required=False
        )
        base = r2(fees if given is None else given)
        done.append(TotaledCassa(cassa, base, r2(percent(base, rate or ZERO))))
    return tuple(done)


def _ritenute(
    draft: Draft, lines: tuple[TotaledLine, ...], casse: tuple[TotaledCassa, ...], notes: _Notes
) -> tuple[TotaledRitenuta, ...]:
    base = total(t.prezzo_totale for t in lines if t.line.ritenuta)
    base += total(c.importo for c in casse if c.cassa.ritenuta)
    flagged = any(t.line.ritenuta for t in lines)
    if not draft.ritenute:
        where, code = ("righe", "00411") if flagged else ("casse", "00415")
        if flagged or any(c.cassa.ritenuta for c in casse):
            notes.error(
                "ritenute",
                f"Nel documento ci sono {where} soggette a ritenuta, ma manca la ritenuta.",
                "Aggiungere la ritenuta con tipo, aliquota e causale.",
                code,
            )
    elif not flagged and not any(c.cassa.ritenuta for c in casse):
        notes.warning(
            "ritenute",
            "La ritenuta è zero: nessuna riga e nessuna cassa è soggetta a ritenuta.",
            "Spuntare «ritenuta» sulle righe dei compensi.",
        )
    done = []
    for index, ritenuta in enumerate(draft.ritenute):
        here = f"ritenute.{index}"
        if ritenuta.tipo_ritenuta is None:
            notes.error(f"{here}.tipo_ritenuta", "Manca il tipo di ritenuta.")
        if ritenuta.causale_pagamento is None:
            notes.error(f"{here}.causale_pagamento", "Manca la causale della ritenuta (quella della CU).")
        rate = notes.rate(
            f"{here}.aliquota_ritenuta", "l'aliquota della ritenuta", ritenuta.aliquota_ritenuta
        )
        share = notes.rate(
            f"{here}.percentuale_imponibile", "la quota soggetta a ritenuta", ritenuta.percentuale_imponibile
        )
        part = percent(base, share or ZERO)
        done.append(TotaledRitenuta(ritenuta, r2(part), r2(percent(part, rate or ZERO))))
    return tuple(done)


def _riepiloghi(
    draft: Draft, lines: tuple[TotaledLine, ...], casse: tuple[TotaledCassa, ...], notes: _Notes
) -> tuple[Riepilogo, ...]:
    """One block per rate and Natura, highest rate first (Suggerimenti 1.6, 2.2.2)."""
    if draft.esigibilita_iva not in ("I", "D", "S"):
        notes.error(
            "esigibilita_iva", "Scegliere quando l'IVA è esigibile: immediata, differita o scissione."
        )
    sums: dict[tuple[Decimal, str | None], list[Decimal]] = {}
    laws: dict[tuple[Decimal, str | None], list[str]] = {}
    taxed: list[tuple[Line | Cassa, Decimal]] = [(t.line, t.prezzo_totale) for t in lines]
    taxed += [(c.cassa, c.importo) for c in casse]
    for item, amount in taxed:
        rate = item.aliquota_iva
        if rate is None and not draft.tipo_documento:
            rate = ZERO
        if rate is None or not rate.is_finite() or not 0 <= rate <= 100:
            continue  # already reported where the line or the cassa was read
        key = (r2(rate), item.natura)
        sums.setdefault(key, []).append(amount)
        law = laws.setdefault(key, [])
        text = item.riferimento_normativo
        # The schema has 100 characters: what does not fit beside the first law is left out, the first is not.
        if text and text not in law and (not law or len("; ".join([*law, text])) <= _LONGEST_LAW):
            law.append(text)
    ordered = sorted(sums, key=lambda key: (-key[0], key[1] or ""))
    return tuple(_riepilogo(draft, key, total(sums[key]), laws[key]) for key in ordered)


def _riepilogo(draft: Draft, key: tuple[Decimal, str | None], amount: Decimal, laws: list[str]) -> Riepilogo:
    rate, natura = key
    imponibile = r2(amount)
    rounding = imponibile - amount
    # Without tax there is nothing to be due: a zero-rate block carries no EsigibilitaIVA, which also keeps
    # reverse charge (N6) apart from split payment (00420).
    due = draft.esigibilita_iva if rate and draft.esigibilita_iva in ("I", "D", "S") else None
    return Riepilogo(
        aliquota_iva=rate,
        natura=natura,
        esigibilita_iva=due,
        riferimento_normativo="; ".join(laws) or None,
        arrotondamento=trimmed(rounding) if rounding else None,
        imponibile_importo=imponibile,
        imposta=r2(percent(imponibile, rate)),
    )


def _stamp_amount(draft: Draft) -> Decimal:
    """The stamp duty in force in the draft, 2.00 when it gives no usable amount."""
    given = draft.bollo.importo if draft.bollo is not None else None
    if given is None or not given.is_finite() or not ZERO <= given <= _LARGEST:
        return STAMP_DUTY
    return r2(given)


def _stamp_duty(draft: Draft, riepiloghi: tuple[Riepilogo, ...], notes: _Notes) -> Decimal | None:
    recharged = _stamp_amount(draft) if draft.bollo is not None and draft.bollo.addebitato else ZERO
    exempt = total(r.imponibile_importo for r in riepiloghi if r.natura in STAMP_DUTY_NATURE) - recharged
    if draft.bollo is None:
        if exempt > STAMP_DUTY_THRESHOLD:
            notes.warning(
                "bollo",
                f"Le somme senza IVA sono {italian(exempt)} euro, più di {italian(STAMP_DUTY_THRESHOLD)}:"
                " di solito serve il bollo di 2 euro.",
                "Aggiungere il bollo virtuale, se l'operazione non ne è esente.",
            )
        return None
    notes.number(
        "bollo.importo", "l'importo del bollo", draft.bollo.importo, low=ZERO, decimals=2, required=False
    )
    if draft.bollo.addebitato and len(draft.codice_destinatario) == 6:
        notes.warning(
            "bollo.addebitato",
            "Verso lo Stato il bollo è a carico di chi emette la fattura e non va addebitato.",
            "Togliere l'addebito, salvo che l'ente non sia parificato allo Stato (art. 8 DPR 642/72).",
        )
    return _stamp_amount(draft)


def _payments(draft: Draft, due: Decimal, notes: _Notes) -> tuple[TotaledPayment, ...]:
    amounts: list[Decimal | None] = []
    for index, payment in enumerate(draft.pagamenti):
        here = f"pagamenti.{index}"
        if payment.modalita_pagamento is None:
            notes.error(f"{here}.modalita_pagamento", "Manca la modalità di pagamento.")
        given = notes.number(f"{here}.importo", "l'importo", payment.importo, decimals=2, required=False)
        amounts.append(ZERO if given is None and payment.importo is not None else given)
    fixed = total(a for a in amounts if a is not None)
    open_count = sum(a is None for a in amounts)
    rest = iter(shares(due - fixed, open_count))
    if amounts and not open_count and fixed != due:
        notes.warning(
            f"pagamenti.{len(amounts) - 1}.importo",
            f"I pagamenti fanno {italian(fixed)} euro, ma da pagare sono {italian(due)}.",
            "Correggere gli importi, oppure lasciarne uno vuoto: prenderà il resto.",
        )
    elif open_count and due >= 0 > due - fixed:
        notes.warning(
            f"pagamenti.{amounts.index(None)}.importo",
            f"Gli altri pagamenti fanno già {italian(fixed)} euro, più dei {italian(due)} da pagare.",
            "Correggere gli importi dei pagamenti.",
        )
    done = (next(rest) if a is None else r2(a) for a in amounts)
    return tuple(TotaledPayment(p, a) for p, a in zip(draft.pagamenti, done, strict=True))
