"""The document form: what was typed (always kept), the draft it means, and what is wrong beside which field.

Names in the page are the names of the draft joined by dashes, rows with a number of their own
("linee-3-descrizione"); numbers may have gaps, because a removed row leaves its number unused.
"""

from __future__ import annotations

import dataclasses
import datetime
import re
from collections.abc import Mapping
from decimal import Decimal

from fattorino.core.errors import RefusedError
from fattorino.core.fatturapa.draft import (
    Attachment,
    Bollo,
    Cassa,
    Draft,
    Line,
    Party,
    Payment,
    Reference,
    Ritenuta,
)
from fattorino.core.fatturapa.draft_check import check_draft
from fattorino.core.fatturapa.recipient import is_foreign, resolve_recipient
from fattorino.core.fatturapa.totals import Totals, compute
from fattorino.documents.forms import choices
from fattorino.documents.forms.values import (
    Unreadable,
    read_date,
    read_discounts,
    read_number,
    write_discounts,
    write_number,
)

GROUPS: dict[str, tuple[str, ...]] = {
    "linee": (
        "descrizione",
        "quantita",
        "unita_misura",
        "prezzo_unitario",
        "sconti",
        "iva",
        "riferimento_normativo",
        "ritenuta",
        "data_inizio_periodo",
        "data_fine_periodo",
        "codice_tipo",
        "codice_valore",
        "tipo_cessione_prestazione",
        "riferimento_amministrazione",
    ),
    "casse": ("tipo_cassa", "al_cassa", "iva", "ritenuta", "imponibile", "riferimento_normativo"),
    "ritenute": ("tipo_ritenuta", "aliquota_ritenuta", "causale_pagamento", "percentuale_imponibile"),
    "pagamenti": (
        "modalita_pagamento",
        "data_scadenza_pagamento",
        "importo",
        "iban",
        "bic",
        "istituto_finanziario",
        "beneficiario",
        "codice_pagamento",
    ),
    "riferimenti": (
        "kind",
        "id_documento",
        "data",
        "num_item",
        "codice_commessa_convenzione",
        "codice_cup",
        "codice_cig",
        "riferimento_numero_linea",
    ),
    "allegati": ("nome", "formato", "descrizione", "sha256"),
}
PARTY = (
    "genere",
    "id_paese",
    "id_codice",
    "codice_fiscale",
    "denominazione",
    "nome",
    "cognome",
    "indirizzo",
    "numero_civico",
    "cap",
    "comune",
    "provincia",
    "nazione",
    "email",
    "telefono",
    "riferimento_amministrazione",
)
SINGLE = (
    "tipo_documento",
    "sezionale",
    "data",
    "causale",
    "sconti",
    "bollo",
    "bollo_importo",
    "bollo_addebitato",
    "esigibilita_iva",
    "condizioni_pagamento",
    "art73",
    "codice_ufficio",
    "codice_destinatario",
    "pec_destinatario",
    "versione",
    "sezionale_ricevute",
)
# A row in which only these are filled was never written in.
_DEFAULTED = {"iva", "ritenuta", "kind", "percentuale_imponibile", "tipo_cessione_prestazione"}
_ROW = re.compile(rf"({'|'.join(GROUPS)})-(\d{{1,5}})-(\w+)")
_IT = "IT"


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """One row of a group, for the templates: `str(row)` is the beginning of its fields' names."""

    group: str
    key: str

    def __str__(self) -> str:
        return f"{self.group}-{self.key}"


class DocumentForm:
    """Attributes: `values` (name -> text as typed), `errors` and `warnings` (name -> Italian message)."""

    def __init__(self, values: dict[str, str], today: datetime.date) -> None:
        self.values = values
        self.today = today
        self.errors: dict[str, str] = {}
        self.warnings: dict[str, str] = {}
        self._keys = {group: self._row_keys(group) for group in GROUPS}
        self._written = {
            group: [k for k in keys if self._is_written(group, k)] for group, keys in self._keys.items()
        }
        self.choices = choices.on(today)

    # --- ways in

    @classmethod
    def from_post(cls, post: Mapping[str, str], today: datetime.date) -> DocumentForm:
        """Everything that was typed, save names that are none of ours."""
        known = {*SINGLE, *(f"cessionario-{name}" for name in PARTY)}
        values = {}
        for name in post:
            match = _ROW.fullmatch(name)
            if name in known or (match and match[3] in GROUPS[match[1]]):
                values[name] = post[name]
        return cls(values, today)

    @classmethod
    def blank(cls, today: datetime.date, *, iban: str = "", tipo_documento: str = "TD01") -> DocumentForm:
        """A new document: today, one empty line, payment to the company's account."""
        values = {
            "tipo_documento": tipo_documento,
            "data": today.isoformat(),
            "esigibilita_iva": "I",
            "cessionario-genere": "privato",
            "linee-0-descrizione": "",
            "linee-0-iva": "22",
        }
        if iban:
            values |= {
                "pagamenti-0-modalita_pagamento": "MP05",
                "pagamenti-0-iban": iban,
                "condizioni_pagamento": "TP02",
            }
        return cls(values, today)

    @classmethod
    def from_draft(
        cls,
        draft: Draft,
        today: datetime.date,
        *,
        ricevuta: bool = False,
        sezionale: str = "",
        versione: str = "",
    ) -> DocumentForm:
        """A saved document, to be corrected. `versione` marks the state that was read, against edit over edit."""
        values = write(draft)
        values |= {"sezionale": sezionale, "versione": versione}
        if ricevuta:
            values["tipo_documento"] = choices.RICEVUTA
        return cls(values, today)

    # --- what the templates read

    def rows(self, group: str) -> list[Row]:
        return [Row(group, key) for key in self._keys[group]]

    @property
    def linee(self) -> list[Row]:
        return self.rows("linee")

    @property
    def casse(self) -> list[Row]:
        return self.rows("casse")

    @property
    def ritenute(self) -> list[Row]:
        return self.rows("ritenute")

    @property
    def pagamenti(self) -> list[Row]:
        return self.rows("pagamenti")

    @property
    def riferimenti(self) -> list[Row]:
        return self.rows("riferimenti")

    @property
    def allegati(self) -> list[Row]:
        return self.rows("allegati")

    @property
    def is_ricevuta(self) -> bool:
        return self.values.get("tipo_documento") == choices.RICEVUTA

    @property
    def sezionale(self) -> str:
        """The numbering chosen: receipts have a choice of their own, a saved document keeps what it has."""
        if self.is_ricevuta and "sezionale_ricevute" in self.values:
            return self._text("sezionale_ricevute")
        return self._text("sezionale")

    def change_rows(self, command: str) -> None:
        """ "aggiungi:linee" or "togli:linee-3": rows without script, when the page was sent for that."""
        verb, _, what = command.partition(":")
        group, _, key = what.partition("-")
        if group not in GROUPS:
            return
        if verb == "aggiungi":
            key = str(max((int(k) for k in self._keys[group]), default=-1) + 1)
            self.values |= dict.fromkeys((f"{group}-{key}-{name}" for name in GROUPS[group]), "")
            self.values |= {f"{group}-{key}-iva": "22"} if "iva" in GROUPS[group] else {}
            self._keys[group].append(key)
        elif verb == "togli" and key in self._keys[group]:
            self._keys[group].remove(key)
            for name in GROUPS[group]:
                self.values.pop(f"{group}-{key}-{name}", None)

    def add_attachment(self, name: str, sha256: str, start: int = 0) -> None:
        """A file that is already kept, as a new row. NomeAttachment holds 60 characters (2.5.1)."""
        key = str(max((int(k) for k in self._keys["allegati"]), default=start - 1) + 1)
        stem, dot, extension = name.rpartition(".")
        short = name if len(name) <= 60 else f"{(stem or name)[: 59 - len(extension)]}{dot}{extension}"[:60]
        values = {
            "nome": short,
            "formato": extension.upper()[:10] if dot else "",
            "sha256": sha256,
            "descrizione": "",
        }
        self.values |= {f"allegati-{key}-{field}": text for field, text in values.items()}
        self._keys["allegati"].append(key)
        self._written["allegati"].append(key)

    # --- the draft

    def read(self) -> Draft:
        """The draft as far as it can be read; what cannot is absent and has its message in `errors`."""
        self.errors, self.warnings = {}, {}
        genere = self._text("cessionario-genere") or "privato"
        bollo = None
        if self._text("bollo"):
            bollo = Bollo(self._number("bollo_importo"), bool(self._text("bollo_addebitato")))
        return Draft(
            tipo_documento="TD01" if self.is_ricevuta else self._text("tipo_documento") or "TD01",
            data=self._date("data"),
            causale=tuple(self._text("causale").splitlines()),
            linee=tuple(self._line(f"linee-{key}") for key in self._written["linee"]),
            sconti=self._discounts("sconti"),
            casse=tuple(self._cassa(f"casse-{key}") for key in self._written["casse"]),
            ritenute=tuple(self._ritenuta(f"ritenute-{key}") for key in self._written["ritenute"]),
            bollo=bollo,
            esigibilita_iva=self._text("esigibilita_iva") or "I",
            condizioni_pagamento=self._text("condizioni_pagamento") or None,
            pagamenti=tuple(self._payment(f"pagamenti-{key}") for key in self._written["pagamenti"]),
            riferimenti=tuple(self._reference(f"riferimenti-{key}") for key in self._written["riferimenti"]),
            allegati=tuple(self._attachment(f"allegati-{key}") for key in self._written["allegati"]),
            art73=bool(self._text("art73")),
            cessionario=self._party(genere),
            codice_destinatario={"pa": self._text("codice_ufficio"), "estero": ""}.get(
                genere, self._text("codice_destinatario")
            ),
            pec_destinatario=(self._text("pec_destinatario") or None) if genere == "privato" else None,
        )

    def judge(self, cedente: Party | None = None) -> tuple[Draft, Totals]:
        """Read, compute and check; `errors` and `warnings` then hold everything there is to say, by field.

        Args:
            cedente: who issues; with it an invoice is judged by SdI's own rules too (a ricevuta never is).
        """
        draft = self.read()
        totals = compute(draft)
        self._check_presence(draft)
        findings = totals.findings
        if not self.is_ricevuta:
            self._check_recipient(draft)
            if cedente is not None:
                findings = (*findings, *check_draft(draft, cedente=cedente, on=self.today))
        for finding in findings:
            self._enter(
                # The company's own data are corrected elsewhere: no reason to refuse what was typed here.
                finding.is_error and not finding.field.startswith("cedente"),
                finding.field,
                finding.message,
                finding.hint,
            )
        return draft, totals

    def refuse(self, fields: Mapping[str, str]) -> None:
        """A flow's refusal, beside the fields it names (names of the draft)."""
        for name, message in fields.items():
            self._enter(True, name, message)

    @property
    def loose_errors(self) -> list[str]:
        """Messages that no field of the page shows; they stand beside the totals."""
        return [text for name, text in self.errors.items() if not self._is_shown(name)]

    def _is_shown(self, name: str) -> bool:
        match = _ROW.fullmatch(name)
        if match:
            return match[2] in self._keys[match[1]] and match[3] in GROUPS[match[1]]
        return name in SINGLE or name in GROUPS or name.removeprefix("cessionario-") in PARTY

    def place(self, field: str) -> str:
        """The form's name for a field of the draft: "linee.1.natura" -> "linee-4-iva"."""
        parts = field.split(".")
        if parts[0] in GROUPS and len(parts) > 1 and parts[1].isdigit():
            keys = self._written[parts[0]]
            if int(parts[1]) >= len(keys):
                return parts[0]
            name = parts[2] if len(parts) > 2 else GROUPS[parts[0]][0]
            name = _RENAMED.get(name, name)
            return f"{parts[0]}-{keys[int(parts[1])]}-{name}" if name in GROUPS[parts[0]] else parts[0]
        if parts[0] in GROUPS and len(parts) == 2:  # a rule that speaks of every row
            keys = self._keys[parts[0]]
            return f"{parts[0]}-{keys[0]}-{_RENAMED.get(parts[1], parts[1])}" if keys else parts[0]
        if parts[0] == "cessionario":
            return "-".join(parts[:2])
        if parts[0] == "bollo" and len(parts) > 1:
            return f"bollo_{parts[1]}"
        if parts[0] == "codice_destinatario" and self._text("cessionario-genere") == "pa":
            return "codice_ufficio"
        return parts[0]

    # --- checks of the form's own

    def _check_presence(self, draft: Draft) -> None:
        if draft.data is None and "data" not in self.errors:
            self.errors["data"] = "Manca la data del documento."
        party = draft.cessionario
        if not (party.denominazione or (party.nome and party.cognome)):
            name = "nome" if party.cognome else "cognome" if party.nome else "denominazione"
            self._enter(True, f"cessionario.{name}", "Serve la denominazione, oppure nome e cognome.")
        elif party.denominazione and (party.nome or party.cognome):
            self._enter(
                True,
                "cessionario.denominazione",
                "O la denominazione, o nome e cognome: non tutti insieme.",
            )
        if not self.is_ricevuta:
            for name, label in (("indirizzo", "l'indirizzo"), ("cap", "il CAP"), ("comune", "il comune")):
                if not getattr(party, name):
                    self._enter(True, f"cessionario.{name}", f"Manca {label}.")
        for index, line in enumerate(draft.linee):
            if not line.descrizione:
                self._enter(True, f"linee.{index}.descrizione", "Manca la descrizione.")

    def _check_recipient(self, draft: Draft) -> None:
        genere = self._text("cessionario-genere")
        code = draft.codice_destinatario
        if genere == "pa" and len(code) != 6:
            found = "manca" if not code else f"ne ha {len(code)}"
            self._enter(
                True,
                "codice_destinatario",
                f"Per una pubblica amministrazione serve il codice ufficio di 6 caratteri ({found})."
                " Si trova su indicepa.gov.it.",
            )
            return
        if genere == "privato" and len(code) == 6:
            self._enter(
                True,
                "codice_destinatario",
                "Un codice di 6 caratteri è di un ufficio pubblico: scegli «Pubblica amministrazione» qui sopra,"
                " oppure scrivi il codice di 7 caratteri.",
            )
            return
        try:
            recipient = resolve_recipient(draft.cessionario, code, draft.pec_destinatario)
        except RefusedError as error:
            self.refuse(error.fields)
            return
        for warning in recipient.warnings:
            self._enter(False, warning.field, warning.message, warning.hint)

    def _enter(self, is_error: bool, field: str, message: str, hint: str = "") -> None:
        """The first error of a field is the one to show: a value that cannot be read is not also missing."""
        name = self.place(field)
        text = f"{message} {hint}".strip()
        if is_error:
            self.errors.setdefault(name, text)
        elif text not in self.warnings.get(name, ""):
            self.warnings[name] = f"{self.warnings.get(name, '')} {text}".strip()

    # --- one value

    def _row_keys(self, group: str) -> list[str]:
        keys = {match[2] for name in self.values if (match := _ROW.fullmatch(name)) and match[1] == group}
        return sorted(keys, key=int)

    def _is_written(self, group: str, key: str) -> bool:
        names = (name for name in GROUPS[group] if name not in _DEFAULTED)
        return any(self.values.get(f"{group}-{key}-{name}", "").strip() for name in names)

    def _text(self, name: str) -> str:
        return self.values.get(name, "").strip()

    def _opt(self, name: str) -> str | None:
        return self._text(name) or None

    def _number(self, name: str) -> Decimal | None:
        try:
            return read_number(self._text(name))
        except Unreadable as error:
            self.errors[name] = str(error)
            return None

    def _date(self, name: str) -> datetime.date | None:
        try:
            return read_date(self._text(name))
        except Unreadable as error:
            self.errors[name] = str(error)
            return None

    def _discounts(self, name: str) -> tuple:  # type: ignore[type-arg]
        try:
            return read_discounts(self._text(name))
        except Unreadable as error:
            self.errors[name] = str(error)
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
            self.errors[f"{at}-id_documento"] = "Manca il numero del documento a cui ci si riferisce."
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
            self.errors[name] = (
                f"«{text[:40]}»: scrivi i numeri delle righe separati da virgole, per esempio 1, 3."
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
            text |= {
                "nazione": country,
                "provincia": None,
                "codice_fiscale": None,
                "cap": text["cap"] or "00000",
            }
            text["id_paese"] = (text["id_paese"] or country or "").upper() or None
            if country is None or country == _IT:
                self.errors["cessionario-nazione"] = (
                    "Scegli il Paese del cliente (due lettere, per esempio DE)."
                )
        else:
            if number and number.startswith(_IT):
                number = number[2:]
            text |= {"nazione": _IT, "id_paese": _IT if number else None}
            text["provincia"] = (text["provincia"] or "").upper() or None
            text["codice_fiscale"] = (text["codice_fiscale"] or "").upper() or None
        return Party(**(text | {"id_codice": number}))  # type: ignore[arg-type]


_RENAMED = {"aliquota_iva": "iva", "natura": "iva"}


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
    foreign = is_foreign(draft.cessionario)
    values["codice_ufficio" if len(code) == 6 else "codice_destinatario"] = "" if foreign else code
    values["cessionario-genere"] = "estero" if foreign else "pa" if len(code) == 6 else "privato"
    values |= {
        f"cessionario-{name}": _text_of(getattr(draft.cessionario, name))
        for name in PARTY
        if name != "genere"
    }
    for group, names in GROUPS.items():
        for index, item in enumerate(getattr(draft, group)):
            values |= {f"{group}-{index}-{name}": _row_text(item, name) for name in names}
    return values


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
