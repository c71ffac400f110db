"""A draft as the texts of the document form."""

from __future__ import annotations

import datetime
from decimal import Decimal

from fattorino.core.fatturapa.draft import Draft
from fattorino.core.fatturapa.recipient import is_foreign
from fattorino.documents.forms import choices
from fattorino.documents.forms.shape import GROUPS, PARTY
from fattorino.documents.forms.values import write_discounts, write_number


def write(draft: Draft) -> dict[str, str]:
    """The draft as the texts of the form."""
    values = {
        "tipo_documento": draft.tipo_documento,
        "data": draft.data.isoformat() if draft.data else "",
        "causale": "\n".join(draft.causale),
        "sconti": write_discounts(draft.sconti),
        "bollo": "1" if draft.bollo else "",
        "bollo_importo": write_number(draft.bollo.importo) if draft.bollo else "",
        "bollo_addebitato": "1" if draft.bollo and draft.bollo.addebitato else "",
        "esigibilita_iva": draft.esigibilita_iva,
        "condizioni_pagamento": draft.condizioni_pagamento or "",
        "art73": "1" if draft.art73 else "",
        "pec_destinatario": draft.pec_destinatario or "",
    }
    code = draft.codice_destinatario
    genere = genere_of(draft)
    values["codice_ufficio" if len(code) == 6 else "codice_destinatario"] = "" if genere == "estero" else code
    values["cessionario-genere"] = genere
    values |= {
        f"cessionario-{name}": _text_of(getattr(draft.cessionario, name))
        for name in PARTY
        if name != "genere"
    }
    for group, names in GROUPS.items():
        for index, item in enumerate(getattr(draft, group)):
            values |= {f"{group}-{index}-{name}": _row_text(item, name) for name in names}
    return values


def genere_of(draft: Draft) -> str:
    """Which of the form's three kinds of recipient: "pa", "privato", "estero"."""
    if is_foreign(draft.cessionario):
        return "estero"
    return "pa" if len(draft.codice_destinatario) == 6 else "privato"


def _row_text(item: object, name: str) -> str:
    if name == "iva":
        return choices.vat_choice(item.aliquota_iva, item.natura)  # type: ignore[attr-defined]  # Line and Cassa
    if name == "sconti":
        return write_discounts(item.sconti)  # type: ignore[attr-defined]
    return _text_of(getattr(item, name))


def _text_of(value: object) -> str:
    if value is None or value is False:
        return ""
    if value is True:
        return "1"
    if isinstance(value, Decimal):
        return write_number(value)
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, tuple):
        return ", ".join(str(each) for each in value)
    return str(value)
