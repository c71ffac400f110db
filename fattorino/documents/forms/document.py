"""The document form: what was typed (always kept), the draft it means, and what is wrong beside which field.

Names in the page are the names of the draft joined by dashes, rows with a number of their own
("linee-3-descrizione"); numbers may have gaps, because a removed row leaves its number unused.
"""

from __future__ import annotations

import datetime
import re
import secrets
from collections.abc import Mapping
from dataclasses import replace

from fattorino.core.fatturapa.draft import Bollo, Draft, Party
from fattorino.core.fatturapa.draft_check import check_draft
from fattorino.core.fatturapa.totals import Totals, compute
from fattorino.core.texts import together
from fattorino.documents.forms import checks, choices
from fattorino.documents.forms.reader import Reader
from fattorino.documents.forms.shape import GROUPS, PARTY, ROW, SINGLE, Row
from fattorino.documents.forms.writer import write


class DocumentForm(Reader):
    """Attributes: `values` (name -> text as typed), `errors` and `warnings` (name -> Italian message), `base`: the
    saved draft, whose fields that the form does not show stay as they are.
    """

    def __init__(self, values: dict[str, str], today: datetime.date, base: Draft | None = None) -> None:
        self.values = values
        self.base = base or Draft()
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
    def from_post(
        cls, post: Mapping[str, str], today: datetime.date, base: Draft | None = None
    ) -> DocumentForm:
        """Everything that was typed, save names that are none of ours; `base` is the saved draft being corrected."""
        known = {*SINGLE, *(f"cessionario-{name}" for name in PARTY)}
        values = {}
        for name in post:
            match = ROW.fullmatch(name)
            if name in known or (match and match[3] in GROUPS[match[1]]):
                # No database and no XML holds a NUL; line ends are as the saved draft has them.
                values[name] = post[name].replace("\x00", "").replace("\r\n", "\n")
        return cls(values, today, base)

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
        return cls(values, today, draft)

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

    @property
    def token(self) -> str:
        """Which shown form this is: sent twice, it is still one document. "" where it cannot be one of ours."""
        token = self._text("modulo")
        return token if re.fullmatch(r"[A-Za-z0-9_-]{20,60}", token) else ""

    def renew_token(self) -> None:
        """From here on this is another form: what it makes is another document."""
        self.values["modulo"] = secrets.token_urlsafe(24)

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
            if group == "riferimenti" and self.values.get("tipo_documento") in ("TD04", "TD05"):
                self.values[f"{group}-{key}-kind"] = "DatiFattureCollegate"
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
        return replace(
            self.base,
            tipo_documento="" if self.is_ricevuta else self._text("tipo_documento") or "TD01",
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

    def judge(
        self, cedente: Party | None = None, without: frozenset[str] = frozenset()
    ) -> tuple[Draft, Totals]:
        """Read, compute and check; `errors` and `warnings` then hold everything there is to say, by field.

        Args:
            cedente: who issues; with it an invoice is judged by SdI's own rules too (a ricevuta never is).
            without: codes of the warnings that the company has switched off.
        """
        draft = self.read()
        totals = compute(draft)
        findings = [*checks.presence(draft, is_ricevuta=self.is_ricevuta)]
        if self.is_ricevuta:
            findings += checks.lengths(draft.cessionario)
        else:
            findings += checks.recipient(draft, self._text("cessionario-genere"))
            findings += checks.split_payment(draft, self.today)
        findings += totals.findings
        if cedente is not None and not self.is_ricevuta:
            findings += check_draft(draft, cedente=cedente, on=self.today, without=without)
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
        match = ROW.fullmatch(name)
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

    def _enter(self, is_error: bool, field: str, message: str, hint: str = "") -> None:
        """The first error of a field is the one to show: a value that cannot be read is not also missing."""
        name = self.place(field)
        text = together(message, hint)
        if is_error:
            self.errors.setdefault(name, text)
        elif text not in self.warnings.get(name, ""):
            self.warnings[name] = together(self.warnings.get(name, ""), text)


_RENAMED = {"aliquota_iva": "iva", "natura": "iva"}
