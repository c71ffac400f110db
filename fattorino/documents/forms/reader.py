"""What was typed in the document form, value by value: read into the draft's types, or told beside the field."""

from __future__ import annotations

import datetime
import re
from dataclasses import replace
from decimal import Decimal

from fattorino.core.fatturapa.draft import (
    Attachment,
    Cassa,
    Discount,
    Draft,
    Line,
    Party,
    Payment,
    Reference,
    Ritenuta,
)
from fattorino.core.texts import say
from fattorino.documents.forms import choices
from fattorino.documents.forms.shape import DEFAULTED, GROUPS, PARTY, ROW
from fattorino.documents.forms.values import Unreadable, read_date, read_discounts, read_number
from fattorino.documents.forms.writer import genere_of

_IT = "IT"


class Reader:
    """Attributes: `values` (name -> text as typed), `errors` (name -> Italian message), `base` (the saved draft)."""

    values: dict[str, str]
    errors: dict[str, str]
    base: Draft
    _written: dict[str, list[str]]

    # --- one value

    def _row_keys(self, group: str) -> list[str]:
        keys = {match[2] for name in self.values if (match := ROW.fullmatch(name)) and match[1] == group}
        return sorted(keys, key=int)

    def _is_written(self, group: str, key: str) -> bool:
        names = (name for name in GROUPS[group] if name not in DEFAULTED)
        return any(self.values.get(f"{group}-{key}-{name}", "").strip() for name in names)

    def _text(self, name: str) -> str:
        return self.values.get(name, "").strip()

    def _opt(self, name: str) -> str | None:
        return self._text(name) or None

    def _number(self, name: str) -> Decimal | None:
        try:
            return read_number(self._text(name))
        except Unreadable as error:
            self.errors[name] = error.text
            return None

    def _date(self, name: str) -> datetime.date | None:
        try:
            return read_date(self._text(name))
        except Unreadable as error:
            self.errors[name] = error.text
            return None

    def _discounts(self, name: str) -> tuple[Discount, ...]:
        try:
            return read_discounts(self._text(name))
        except Unreadable as error:
            self.errors[name] = error.text
            return ()

    # --- one row

    def _line(self, at: str) -> Line:
        rate, natura = choices.read_vat(self._text(f"{at}-iva"))
        return Line(
            descrizione=self._opt(f"{at}-descrizione"),
            quantita=self._number(f"{at}-quantita"),
            unita_misura=self._opt(f"{at}-unita_misura"),
            prezzo_unitario=self._number(f"{at}-prezzo_unitario"),
            sconti=self._discounts(f"{at}-sconti"),
            aliquota_iva=rate,
            natura=natura,
            riferimento_normativo=self._opt(f"{at}-riferimento_normativo") if natura else None,
            ritenuta=bool(self._text(f"{at}-ritenuta")) and bool(self._written["ritenute"]),
            data_inizio_periodo=self._date(f"{at}-data_inizio_periodo"),
            data_fine_periodo=self._date(f"{at}-data_fine_periodo"),
            codice_tipo=self._opt(f"{at}-codice_tipo"),
            codice_valore=self._opt(f"{at}-codice_valore"),
            tipo_cessione_prestazione=self._opt(f"{at}-tipo_cessione_prestazione"),
            riferimento_amministrazione=self._opt(f"{at}-riferimento_amministrazione"),
        )

    def _cassa(self, at: str) -> Cassa:
        rate, natura = choices.read_vat(self._text(f"{at}-iva"))
        return Cassa(
            tipo_cassa=self._opt(f"{at}-tipo_cassa"),
            al_cassa=self._number(f"{at}-al_cassa"),
            aliquota_iva=rate,
            natura=natura,
            ritenuta=bool(self._text(f"{at}-ritenuta")),
            imponibile=self._number(f"{at}-imponibile"),
            riferimento_normativo=self._opt(f"{at}-riferimento_normativo") if natura else None,
        )

    def _ritenuta(self, at: str) -> Ritenuta:
        share = self._number(f"{at}-percentuale_imponibile")
        return Ritenuta(
            self._opt(f"{at}-tipo_ritenuta"),
            self._number(f"{at}-aliquota_ritenuta"),
            self._opt(f"{at}-causale_pagamento"),
            Decimal(100) if share is None else share,
        )

    def _payment(self, at: str) -> Payment:
        iban = re.sub(r"\s", "", self._text(f"{at}-iban")).upper()
        return Payment(
            modalita_pagamento=self._opt(f"{at}-modalita_pagamento"),
            data_scadenza_pagamento=self._date(f"{at}-data_scadenza_pagamento"),
            importo=self._number(f"{at}-importo"),
            iban=iban or None,
            bic=self._text(f"{at}-bic").upper() or None,
            istituto_finanziario=self._opt(f"{at}-istituto_finanziario"),
            beneficiario=self._opt(f"{at}-beneficiario"),
            codice_pagamento=self._opt(f"{at}-codice_pagamento"),
        )

    def _reference(self, at: str) -> Reference:
        kind = self._text(f"{at}-kind")
        kinds = {value for value, _ in choices.REFERENCE_KINDS}
        if not self._opt(f"{at}-id_documento"):
            self.errors[f"{at}-id_documento"] = say("Manca il numero del documento a cui ci si riferisce.")
        return Reference(
            kind=kind if kind in kinds else "DatiOrdineAcquisto",  # type: ignore[arg-type]  # checked just before
            id_documento=self._opt(f"{at}-id_documento"),
            data=self._date(f"{at}-data"),
            num_item=self._opt(f"{at}-num_item"),
            codice_commessa_convenzione=self._opt(f"{at}-codice_commessa_convenzione"),
            codice_cup=self._text(f"{at}-codice_cup").upper() or None,
            codice_cig=self._text(f"{at}-codice_cig").upper() or None,
            riferimento_numero_linea=self._line_numbers(f"{at}-riferimento_numero_linea"),
        )

    def _line_numbers(self, name: str) -> tuple[int, ...]:
        text = self._text(name)
        if not re.fullmatch(r"[\d\s,;]{0,200}", text) or any(len(n) > 4 for n in re.findall(r"\d+", text)):
            self.errors[name] = say(
                "«{text}»: scrivere i numeri delle righe separati da virgole, per esempio 1, 3.",
                text=text[:40],
            )
            return ()
        return tuple(int(n) for n in re.findall(r"\d+", text))

    def _attachment(self, at: str) -> Attachment:
        return Attachment(*(self.values.get(f"{at}-{name}") for name in GROUPS["allegati"]))  # type: ignore[arg-type]

    def _party(self, genere: str) -> Party:
        text = {name: self._opt(f"cessionario-{name}") for name in PARTY if name != "genere"}
        country = (text["nazione"] or "").upper() or None
        number = re.sub(r"[\s.]", "", text["id_codice"] or "").upper() or None
        if genere == "estero":
            # Not shown for this kind: the saved party's own are kept.
            del text["provincia"], text["codice_fiscale"]
            text |= {"nazione": country, "cap": text["cap"] or "00000"}
            text["id_paese"] = (text["id_paese"] or country or "").upper() or None
            if country is None or country == text["id_paese"] == _IT:
                self.errors["cessionario-nazione"] = say(
                    "Scegliere il Paese del cliente (due lettere, per esempio DE)."
                )
        else:
            if number and number.startswith(_IT):
                number = number[2:]
            text |= {"nazione": country or _IT, "id_paese": _IT if number else None}
            text["provincia"] = (text["provincia"] or "").upper() or None
            text["codice_fiscale"] = (text["codice_fiscale"] or "").upper() or None
        read = Party(**(text | {"id_codice": number}))  # type: ignore[arg-type]
        kept = self.base.cessionario
        if genere != genere_of(self.base) or not _same_party(kept, read):
            return read
        return replace(kept, **{name: getattr(read, name) for name in text})


def _same_party(one: Party, other: Party) -> bool:
    """Whether what the form does not show still belongs to whom it shows: one mark of identity is enough."""

    def marks(party: Party) -> set[str]:
        names = (party.id_codice, party.codice_fiscale, party.denominazione, party.cognome)
        return {name.upper() for name in names if name}

    return bool(marks(one) & marks(other))
