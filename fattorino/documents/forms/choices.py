"""What the document form offers to choose from, each code with words a secretary understands."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from fattorino.core.fatturapa import codes
from fattorino.organisations.languages import said

# Of a list that is made once the words are found when they are shown.
Choices = list[tuple[str, str | Promise]]

RICEVUTA = "ricevuta"
RATES = ("22", "10", "5", "4")

# Only what a seller issues. The self-invoices TD16-TD23, TD28 and TD29 name another party as seller.
KINDS: Choices = [
    ("TD01", _("Fattura")),
    ("TD06", _("Parcella")),
    ("TD04", _("Nota di credito")),
    (RICEVUTA, _("Ricevuta (non è una fattura elettronica)")),
    ("TD02", _("Acconto su fattura")),
    ("TD03", _("Acconto su parcella")),
    ("TD24", _("Fattura differita (art. 21, c. 4, lett. a)")),
    ("TD25", _("Fattura differita (art. 21, c. 4, terzo periodo, lett. b)")),
    ("TD05", _("Nota di debito")),
    ("TD26", _("Cessione di beni ammortizzabili e passaggi interni")),
    ("TD27", _("Autoconsumo o cessioni gratuite senza rivalsa")),
]
# Those that the buyer writes from a received invoice.
INTEGRATIONS: Choices = [
    ("TD16", _("Integrazione per inversione contabile interna")),
    ("TD17", _("Integrazione o autofattura per servizi dall'estero")),
    ("TD18", _("Integrazione per acquisto di beni intracomunitari")),
    ("TD19", _("Integrazione o autofattura per beni (art. 17, c. 2)")),
]
REFERENCE_KINDS: Choices = [
    ("DatiOrdineAcquisto", _("Ordine di acquisto")),
    ("DatiContratto", _("Contratto")),
    ("DatiConvenzione", _("Convenzione")),
    ("DatiRicezione", _("Ricezione")),
    ("DatiFattureCollegate", _("Fattura collegata")),
]
RECIPIENT_KINDS: Choices = [
    ("pa", _("Pubblica amministrazione")),
    ("privato", _("Impresa o privato in Italia")),
    ("estero", _("Estero")),
]
ESIGIBILITA: Choices = [
    ("I", _("Immediata")),
    ("D", _("Differita")),
    ("S", _("Scissione dei pagamenti (split payment)")),
]
CONDIZIONI: Choices = [
    ("", _("Non indicate")),
    ("TP02", _("Pagamento completo")),
    ("TP01", _("A rate")),
    ("TP03", _("Anticipo")),
]


def on(day: datetime.date) -> dict[str, Choices]:
    """Every list of the form as it stands on a day, in the language of whoever reads."""
    rates: Choices = [(rate, f"{rate}%") for rate in RATES]
    nature = [(code, f"{code} {said(text)}") for code, text in codes.NATURA.choices_on(day)]
    return {
        "tipo_documento": KINDS,
        "iva": [*rates, *nature],
        "riferimenti": REFERENCE_KINDS,
        "genere": RECIPIENT_KINDS,
        "esigibilita_iva": ESIGIBILITA,
        "condizioni_pagamento": CONDIZIONI,
        "tipo_cessione_prestazione": [
            ("", _("Normale")),
            *((code, said(text).capitalize()) for code, text in codes.TIPO_CESSIONE_PRESTAZIONE),
        ],
        "modalita_pagamento": _coded(
            codes.MODALITA_PAGAMENTO.choices_on(day), first=("MP05", "MP23", "MP01", "MP08")
        ),
        "tipo_cassa": _coded(codes.TIPO_CASSA.choices_on(day)),
        "tipo_ritenuta": _coded(codes.TIPO_RITENUTA.choices_on(day)),
        "causale_pagamento": _coded(codes.CAUSALE_PAGAMENTO.choices_on(day)),
    }


def _coded(choices: tuple[tuple[str, str], ...], first: tuple[str, ...] = ()) -> Choices:
    """ "MP05 bonifico"; the usual ones first, and an empty choice above all."""
    ordered = sorted(choices, key=lambda c: first.index(c[0]) if c[0] in first else len(first))
    return [("", _("Scegliere…")), *((code, f"{code} {said(text)}") for code, text in ordered)]


def vat_choice(rate: Decimal | None, natura: str | None) -> str:
    """Rate and Natura as the one value of their select: "22", "N4", "" """
    if natura and not rate:
        return natura
    if rate is None:
        return ""
    bare = format(rate.normalize(), "f")
    return f"{bare}|{natura}" if natura else bare


def read_vat(choice: str) -> tuple[Decimal | None, str | None]:
    """The other way round. A rate that was not offered (an imported document's) is kept as it is."""
    rate, _bar, natura = choice.partition("|")
    if re.fullmatch(r"N\d(\.\d)?", rate):
        return Decimal(0), rate
    if not re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,2})?", rate):
        return None, None
    return Decimal(rate), natura[:4] or None
