"""A draft: what a person or a program says about a document before it becomes a FatturaPA.

The web form, the API and the database all use this one shape. A draft may be half filled: every text is
stripped, absent is `None` (or `()` for what repeats), and nothing here judges the content. `totals.compute`
does the sums, `recipient.resolve_recipient` settles where it goes, `build.build` makes the invoice.
Attribute names are the official element names in Python case (tabular description of the FatturaPA, v1.8).
"""

from __future__ import annotations

import dataclasses
import datetime
import types
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from fattorino.core.errors import InputError
from fattorino.core.texts import say

ReferenceKind = Literal[
    "DatiOrdineAcquisto", "DatiContratto", "DatiConvenzione", "DatiRicezione", "DatiFattureCollegate"
]


class DraftError(InputError):
    """An unreadable draft; `fields` maps dotted field names ("linee.0.quantita") to Italian messages."""

    def __init__(self, message: str, fields: dict[str, str]) -> None:
        super().__init__(message)
        self.fields = fields


@dataclass(frozen=True, slots=True)
class FieldFinding:
    """One remark on one field of a draft.

    `field` is dotted, with indexes from 0 ("linee.0.quantita", "cessionario.cap"); `code` is SdI's code of
    the control that would refuse the invoice, "" for a remark of our own; message and hint are Italian.
    """

    field: str
    severity: Literal["error", "warning"]
    message: str
    hint: str = ""
    code: str = ""

    @property
    def is_error(self) -> bool:
        return self.severity == "error"


class _Stripped:
    """Strips every text on the way in; an empty optional text becomes None, so absence has one spelling."""

    __slots__ = ()

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):  # type: ignore[arg-type]  # mixed into dataclasses only
            value = getattr(self, field.name)
            stripped: Any = value
            if isinstance(value, str):
                stripped = value.strip() or ("" if isinstance(field.default, str) else None)
            elif isinstance(value, tuple) and value and isinstance(value[0], str):
                stripped = tuple(text.strip() for text in value if text.strip())
            if stripped is not value:
                object.__setattr__(self, field.name, stripped)


@dataclass(frozen=True, slots=True)
class Rea(_Stripped):
    """IscrizioneREA. `capitale_sociale` in euro; `socio_unico` SU or SM; `stato_liquidazione` LS or LN."""

    ufficio: str | None = None
    numero_rea: str | None = None
    capitale_sociale: Decimal | None = None
    socio_unico: str | None = None
    stato_liquidazione: str | None = None


@dataclass(frozen=True, slots=True)
class Party(_Stripped):
    """Who sells or buys. `id_paese` + `id_codice`: IdFiscaleIVA; `nazione`: country of the address."""

    id_paese: str | None = None
    id_codice: str | None = None
    codice_fiscale: str | None = None
    denominazione: str | None = None
    nome: str | None = None
    cognome: str | None = None
    titolo: str | None = None
    cod_eori: str | None = None
    indirizzo: str | None = None
    numero_civico: str | None = None
    cap: str | None = None
    comune: str | None = None
    provincia: str | None = None
    nazione: str | None = None
    regime_fiscale: str | None = None
    albo_professionale: str | None = None
    provincia_albo: str | None = None
    numero_iscrizione_albo: str | None = None
    data_iscrizione_albo: datetime.date | None = None
    telefono: str | None = None
    fax: str | None = None
    email: str | None = None
    rea: Rea | None = None
    riferimento_amministrazione: str | None = None


@dataclass(frozen=True, slots=True)
class Discount(_Stripped):
    """ScontoMaggiorazione: `tipo` SC (discount) or MG (surcharge); `importo` wins over `percentuale`."""

    tipo: str = "SC"
    percentuale: Decimal | None = None
    importo: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Line(_Stripped):
    """DettaglioLinee without what is computed. `prezzo_unitario` in currency units; rates in per cent."""

    descrizione: str | None = None
    quantita: Decimal | None = None
    unita_misura: str | None = None
    prezzo_unitario: Decimal | None = None
    sconti: tuple[Discount, ...] = ()
    aliquota_iva: Decimal | None = None
    natura: str | None = None
    riferimento_normativo: str | None = None
    ritenuta: bool = False
    data_inizio_periodo: datetime.date | None = None
    data_fine_periodo: datetime.date | None = None
    codice_tipo: str | None = None
    codice_valore: str | None = None
    tipo_cessione_prestazione: str | None = None
    riferimento_amministrazione: str | None = None


@dataclass(frozen=True, slots=True)
class Cassa(_Stripped):
    """DatiCassaPrevidenziale. `imponibile` None: the sum of the lines (stamp duty recharged excluded)."""

    tipo_cassa: str | None = None
    al_cassa: Decimal | None = None
    aliquota_iva: Decimal | None = None
    natura: str | None = None
    ritenuta: bool = False
    imponibile: Decimal | None = None
    riferimento_normativo: str | None = None


@dataclass(frozen=True, slots=True)
class Ritenuta(_Stripped):
    """DatiRitenuta. `percentuale_imponibile`: share of the base withheld upon, in per cent (agents: 50)."""

    tipo_ritenuta: str | None = None
    aliquota_ritenuta: Decimal | None = None
    causale_pagamento: str | None = None
    percentuale_imponibile: Decimal = Decimal(100)


@dataclass(frozen=True, slots=True)
class Bollo(_Stripped):
    """DatiBollo. `importo` None: 2.00 euro. `addebitato`: recharged to a private buyer as an N1 line."""

    importo: Decimal | None = None
    addebitato: bool = False


@dataclass(frozen=True, slots=True)
class Payment(_Stripped):
    """DettaglioPagamento. `importo` None: an even share of what is left, the last one takes the cents."""

    modalita_pagamento: str | None = None
    data_scadenza_pagamento: datetime.date | None = None
    importo: Decimal | None = None
    iban: str | None = None
    bic: str | None = None
    istituto_finanziario: str | None = None
    beneficiario: str | None = None
    codice_pagamento: str | None = None


@dataclass(frozen=True, slots=True)
class Reference(_Stripped):
    """One of the DatiDocumentiCorrelati blocks 2.1.2-2.1.6; `kind` is the element's name."""

    kind: ReferenceKind = "DatiOrdineAcquisto"
    id_documento: str | None = None
    data: datetime.date | None = None
    num_item: str | None = None
    codice_commessa_convenzione: str | None = None
    codice_cup: str | None = None
    codice_cig: str | None = None
    riferimento_numero_linea: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Attachment(_Stripped):
    """Allegati. The bytes are kept elsewhere and found by their `sha256` (lower-case hex)."""

    nome: str | None = None
    formato: str | None = None
    descrizione: str | None = None
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Draft(_Stripped):
    """A document as it is being written. `numero` None: given on confirmation; `data`: its date."""

    tipo_documento: str = "TD01"
    divisa: str = "EUR"
    data: datetime.date | None = None
    numero: str | None = None
    causale: tuple[str, ...] = ()
    linee: tuple[Line, ...] = ()
    sconti: tuple[Discount, ...] = ()
    casse: tuple[Cassa, ...] = ()
    ritenute: tuple[Ritenuta, ...] = ()
    bollo: Bollo | None = None
    esigibilita_iva: str = "I"
    condizioni_pagamento: str | None = None
    pagamenti: tuple[Payment, ...] = ()
    riferimenti: tuple[Reference, ...] = ()
    allegati: tuple[Attachment, ...] = ()
    art73: bool = False
    # Who sells, where that is not the company itself: it writes the document for its supplier (TD16-TD29).
    cedente: Party | None = None
    cessionario: Party = Party()
    codice_destinatario: str = ""
    pec_destinatario: str | None = None


def draft_to_json(draft: Draft) -> dict[str, Any]:
    """The draft as plain JSON values: Decimals and dates are strings, what is absent is left out."""
    return _to_json(draft)


def draft_from_json(data: Mapping[str, Any], *, problems: dict[str, str] | None = None) -> Draft:
    """Read what `draft_to_json` wrote, or what an API client sent in the same shape.

    Args:
        data: the JSON object; amounts are strings such as "1234.56" (integers are taken too, floats are not),
            dates are "YYYY-MM-DD"; an unknown name is a problem, never silently dropped.
        problems: when given, a value that cannot be read becomes absent and its dotted field name is entered
            here with an Italian message; when None the first reading with problems raises.
    Raises:
        DraftError (an InputError) with `fields`.
    """
    found: dict[str, str] = {}
    draft = _from_json(Draft, data, "", found)
    if problems is not None:
        problems.update(found)
    elif found:
        name, message = next(iter(found.items()))
        where = name or say("documento")
        raise DraftError(
            say("Il documento non si può leggere: {where}: {message}", where=where, message=message), found
        )
    return draft if isinstance(draft, Draft) else Draft()


def _to_json(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        items = ((f.name, getattr(value, f.name)) for f in dataclasses.fields(value))
        return {name: _to_json(item) for name, item in items if item is not None and item != ()}
    if isinstance(value, tuple):
        return [_to_json(item) for item in value]
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, datetime.date) else value


@cache
def _hints(cls: type) -> dict[str, Any]:
    return get_type_hints(cls)


@cache
def _shape(hint: Any) -> tuple[bool, Literal["rows", "object", "scalar"], Any]:
    """Of a declared type: whether it may be None; what else it is; and of what."""
    optional = get_origin(hint) in (Union, types.UnionType)
    if optional:
        hint = next(arg for arg in get_args(hint) if arg is not type(None))
    if get_origin(hint) is tuple:
        return optional, "rows", get_args(hint)[0]
    return optional, "object" if dataclasses.is_dataclass(hint) else "scalar", hint


def _from_json(hint: Any, value: Any, path: str, problems: dict[str, str]) -> Any:
    """One value of the declared type, or None after entering the problem under its path."""
    optional, shape, inner = _shape(hint)
    if optional and value is None:
        return None
    if shape == "rows":
        if not isinstance(value, list | tuple):
            problems[path] = say("qui serve un elenco.")
            return None
        rows = [_from_json(inner, v, _join(path, str(i)), problems) for i, v in enumerate(value)]
        return tuple(row for row in rows if row is not None)
    if shape == "object":
        return _object_from_json(inner, value, path, problems)
    return _scalar_from_json(inner, value, path, problems)


def _object_from_json(cls: Any, value: Any, path: str, problems: dict[str, str]) -> Any:
    if not isinstance(value, Mapping):
        problems[path] = say("qui serve un gruppo di campi.")
        return cls()  # keeps the place, so that the names of the rows after it stay right
    hints = _hints(cls)
    for name in value:
        if name not in hints:
            problems[_join(path, str(name))] = say("campo sconosciuto.")
    read = {
        name: _from_json(hints[name], value[name], _join(path, name), problems)
        for name in hints
        if name in value and value[name] is not None
    }
    # None here means unreadable (already reported): the field's default then stands in its place.
    return cls(**{name: item for name, item in read.items() if item is not None})


def _scalar_from_json(hint: Any, value: Any, path: str, problems: dict[str, str]) -> Any:
    if hint is str:
        if isinstance(value, str):
            return value
        problems[path] = say("qui serve un testo.")
    elif get_origin(hint) is Literal:
        if value in get_args(hint):
            return value
        problems[path] = say("«{value}» non è un valore ammesso.", value=value)
    elif hint is bool:
        if isinstance(value, bool):
            return value
        problems[path] = say("qui serve vero o falso.")
    elif hint is int:
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        problems[path] = say("qui serve un numero intero.")
    elif hint is Decimal:
        return _decimal_from_json(value, path, problems)
    elif hint is datetime.date:
        return _date_from_json(value, path, problems)
    return None


def _decimal_from_json(value: Any, path: str, problems: dict[str, str]) -> Decimal | None:
    # A float has already lost the digits that were typed, so it is refused rather than guessed.
    if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
        try:
            number = Decimal(value.strip() if isinstance(value, str) else value)
        except InvalidOperation:
            number = Decimal("NaN")
        if number.is_finite() and abs(number.adjusted()) <= 20:
            return number
    problems[path] = say("«{value}» non è un numero: scriverlo come 1234.56, tra virgolette.", value=value)
    return None


def _date_from_json(value: Any, path: str, problems: dict[str, str]) -> datetime.date | None:
    try:
        if isinstance(value, str):
            return datetime.date.fromisoformat(value.strip())
    except ValueError:
        pass
    problems[path] = say("«{value}» non è una data: scriverla come 2026-01-31.", value=value)
    return None


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
