"""The document as such: 00002 00003 00403 00404 00409 00411 00415 00418 00425."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from fattorino.core.fatturapa.rules.case import AnyCase, Hit, Hits, OrdinaryCase, SentInvoice, SimpleCase
from fattorino.core.fatturapa.rules.counting import CASSE, WITHHELD
from fattorino.core.fatturapa.rules.engine import (
    HISTORY,
    LARGE,
    LOTTO,
    SMALL_LIMIT,
    any_body,
    day_text,
    document_path,
    identities,
    on_any,
    ordinary_body,
    simplified_body,
)
from fattorino.core.fatturapa.rules.sides import key
from fattorino.core.fatturapa.rules.tally import AnyTally, SimpleTally, Tally
from fattorino.core.texts import say

LARGE_LIMIT = 5_242_880
_CREDIT_NOTES = frozenset({"TD04", "TD08"})
_DIGIT = re.compile(r"[0-9]")


@on_any("00002", needs=HISTORY)
def file_name_used_before(case: AnyCase) -> Iterator[Hit]:
    """Decided by what the caller knows of names used before, refused files included."""
    known = case.situation.known
    if known.file_name and _stem(known.file_name) in {_stem(name) for name in known.used_names}:
        yield Hit(
            "",
            say("Il nome {name} è già stato usato per un altro invio.", name=known.file_name),
            say("Inviare di nuovo con un nome nuovo: il numero e la data della fattura restano gli stessi."),
        )


def _stem(name: str) -> str:
    return name.partition(".")[0].upper()


@on_any("00003", needs=LARGE)
def file_too_large(case: AnyCase) -> Iterator[Hit]:
    """Doubtful between 5,000,000 and 5,242,880 bytes."""
    size = case.situation.size
    if size > SMALL_LIMIT:
        yield Hit(
            "",
            say(
                "Il file è di {size} MB: il limite è di 5 MB.",
                size=f"{size / 1_000_000:.2f}".replace(".", ","),
            ),
            say("Togliere o ridurre gli allegati."),
            doubtful=size <= LARGE_LIMIT,
        )


def _by_day(tally: AnyTally) -> bool:
    """Whether Art73 counts the number by the day instead of the year."""
    return isinstance(tally, Tally) and tally.general.art73 == "SI"


def _sort(tipo_documento: str) -> str:
    """Credit notes collide with those of the same type only; all other types collide with one another."""
    return tipo_documento if tipo_documento in _CREDIT_NOTES else "TD"


def _key(identity: SentInvoice, by_day: bool) -> tuple[str, int | date, str]:
    """Two documents of one seller collide when this is equal: number, year (or day), sort of document."""
    time = identity.data if by_day else identity.data.year
    return (identity.numero.strip(), time, _sort(identity.tipo_documento))


@any_body("00403")
def date_in_the_future(tally: AnyTally, case: AnyCase) -> Iterator[Hit]:
    """Data after the day of reception."""
    data = tally.general.data
    if data > case.on:
        yield Hit(
            f"{document_path(tally)}/Data",
            say(
                "La data del documento è il {data}, ma oggi è il {today}.",
                data=day_text(data),
                today=day_text(case.on),
            ),
            say("Correggere la data, oppure inviare da quel giorno in poi."),
        )


@on_any("00404", needs=HISTORY)
def sent_before(case: AnyCase) -> Hits:
    """Against what the caller knows was sent: seller, number, year (Art73: day), and of credit notes the type.

    With SoggettoEmittente = CC the buyer's identifier stands in for the seller's.
    """
    return _sent_before(case) if case.situation.known.invoices else ()


def _sent_before(case: AnyCase) -> Iterator[Hit]:
    parties = case.parties
    who: str | None = key(parties.seller)
    if case.fattura.fattura_elettronica_header.soggetto_emittente == "CC":
        who = key(parties.buyer) if parties.buyer is not None else None
    mine = [old for old in case.situation.known.invoices if old.cedente == who]
    sent = {_key(old, by_day): old for by_day in (False, True) for old in mine}
    for tally, identity in zip(case.tallies, identities(case.fattura), strict=True):
        found = sent.get(_key(identity, _by_day(tally)))
        if found is not None:
            yield Hit(
                f"{document_path(tally)}/Numero",
                say(
                    "Il documento numero {numero} è già stato inviato ({tipo_documento} del {data}).",
                    numero=identity.numero,
                    tipo_documento=found.tipo_documento,
                    data=day_text(found.data),
                ),
                say(
                    "Se è un altro documento dargli un altro numero; se è lo stesso non va inviato di nuovo."
                ),
            )


@on_any("00409", needs=LOTTO)
def twice_in_one_file(case: AnyCase) -> Hits:
    """As 00404, among the bodies of one file."""
    return _twice(case) if len(case.tallies) > 1 else ()


def _twice(case: AnyCase) -> Iterator[Hit]:
    seen: dict[tuple[str, int | date, str], int] = {}
    for tally, identity in zip(case.tallies, identities(case.fattura), strict=True):
        earlier = seen.get(_key(identity, _by_day(tally)))
        if earlier is not None:
            yield Hit(
                f"{document_path(tally)}/Numero",
                say(
                    "Il documento {number} del lotto ha lo stesso numero {numero} del documento {earlier}.",
                    number=tally.number,
                    numero=identity.numero,
                    earlier=earlier,
                ),
                say("Nel lotto ogni documento deve avere un numero suo."),
            )
        for by_day in (False, True):
            seen.setdefault(_key(identity, by_day), tally.number)


_ADD_RITENUTA = say(
    "Aggiungere la ritenuta (tipo, importo, aliquota, causale), oppure togliere «soggetta a ritenuta»."
)


@ordinary_body("00411", needs=WITHHELD)
def ritenuta_on_a_line_without_block(tally: Tally, _: OrdinaryCase) -> Iterator[Hit]:
    if tally.first_withheld and not tally.general.dati_ritenuta:
        yield Hit(
            f"{document_path(tally)}/DatiRitenuta",
            say(
                "La linea {line} è soggetta a ritenuta, ma i dati della ritenuta mancano.",
                line=tally.first_withheld,
            ),
            _ADD_RITENUTA,
        )


@ordinary_body("00415", needs=CASSE)
def ritenuta_on_a_cassa_without_block(tally: Tally, _: OrdinaryCase) -> Iterator[Hit]:
    if tally.general.dati_ritenuta:
        return
    for cassa in tally.casse:
        if cassa.ritenuta is not None:
            yield Hit(
                f"{document_path(tally)}/DatiRitenuta",
                say(
                    "La cassa {tipo_cassa} è soggetta a ritenuta, ma i dati della ritenuta mancano.",
                    tipo_cassa=cassa.tipo_cassa,
                ),
                _ADD_RITENUTA,
            )
            return


@ordinary_body("00418", types="TD04")
def credit_note_before_its_invoice(tally: Tally, _: OrdinaryCase) -> Hits:
    """TD04 only: Allegato A speaks of all types, pseudo-code and tabular description of this one."""
    return _linked_later(tally) if tally.general.tipo_documento == "TD04" else ()


def _linked_later(tally: Tally) -> Iterator[Hit]:
    own = tally.general.data
    for number, block in enumerate(tally.body.dati_generali.dati_fatture_collegate, 1):
        if block.data is not None and own < block.data:
            yield _before(f"{tally.path}/DatiGenerali/DatiFattureCollegate[{number}]/Data", own, block.data)


@simplified_body("00418", types="TD08")
def simple_credit_note_before_its_invoice(tally: SimpleTally, _: SimpleCase) -> Iterator[Hit]:
    """TD08 and Data before DataFR."""
    general, corrected = tally.general, tally.body.dati_generali.dati_fattura_rettificata
    if general.tipo_documento == "TD08" and corrected is not None and general.data < corrected.data_fr:
        here = f"{tally.path}/DatiGenerali/DatiFatturaRettificata/DataFR"
        yield _before(here, general.data, corrected.data_fr)


def _before(path: str, own: date, other: date) -> Hit:
    return Hit(
        path,
        say(
            "La nota di credito è del {own_date}, prima della fattura che corregge ({other_date}).",
            own_date=day_text(own),
            other_date=day_text(other),
        ),
        say("Correggere una delle due date."),
    )


@any_body("00425")
def number_without_digits(tally: AnyTally, _: AnyCase) -> Hits:
    general: Any = tally.general
    if _DIGIT.search(general.numero):
        return ()
    return (
        Hit(
            f"{document_path(tally)}/Numero",
            say("Il numero del documento «{numero}» non contiene cifre.", numero=general.numero),
            say("Aggiungere almeno una cifra."),
        ),
    )
