"""The document as such: 00002 00003 00403 00404 00409 00411 00415 00418 00425."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from fattorino.core.fatturapa import ordinaria as o
from fattorino.core.fatturapa.ordinaria import FatturaElettronica
from fattorino.core.fatturapa.rules.engine import (
    Fattura,
    Hit,
    SentInvoice,
    Situation,
    bodies,
    both,
    casse,
    day_text,
    document,
    document_path,
    identities,
    lines,
    ordinary,
    simple_bodies,
    simplified,
)
from fattorino.core.fatturapa.rules.parties import key, sides
from fattorino.core.fatturapa.semplificata import FatturaElettronicaSemplificata

# "5 MB" without a word on which: above the smaller reading it is a warning, above the larger one a refusal.
SMALL_LIMIT = 5_000_000
LARGE_LIMIT = 5_242_880
_CREDIT_NOTES = frozenset({"TD04", "TD08"})


@both("00002")
def file_name_used_before(_: Fattura, situation: Situation) -> Iterator[Hit]:
    known = situation.known
    if known.file_name and _stem(known.file_name) in {_stem(name) for name in known.used_names}:
        yield Hit(
            "",
            f"Il nome {known.file_name} è già stato usato per un altro invio.",
            "Inviare di nuovo con un nome nuovo: il numero e la data della fattura restano gli stessi.",
        )


def _stem(name: str) -> str:
    return name.partition(".")[0].upper()


@both("00003")
def file_too_large(_: Fattura, situation: Situation) -> Iterator[Hit]:
    if situation.size > SMALL_LIMIT:
        yield Hit(
            "",
            f"Il file è di {situation.size / 1_000_000:.2f} MB: il limite è di 5 MB.",
            "Togliere o ridurre gli allegati.",
            doubtful=situation.size <= LARGE_LIMIT,
        )


def _numbered(fattura: Fattura) -> Iterator[tuple[str, SentInvoice, bool]]:
    """Each document with its path and whether Art73 counts by the day instead of the year."""
    found = identities(fattura)
    by_day = [False] * len(found)
    if isinstance(fattura, o.FatturaElettronica):
        by_day = [document(body).art73 == "SI" for body in fattura.fattura_elettronica_body]
    for number, (identity, art73) in enumerate(zip(found, by_day, strict=True), 1):
        yield f"/FatturaElettronicaBody[{number}]/DatiGenerali/DatiGeneraliDocumento", identity, art73


def _sort(tipo_documento: str) -> str:
    """Credit notes collide with those of the same type only; all other types collide with one another."""
    return tipo_documento if tipo_documento in _CREDIT_NOTES else "TD"


def _key(identity: SentInvoice, by_day: bool) -> tuple[str, int | date, str]:
    """Two documents of one seller collide when this is equal: number, year (or day), sort of document."""
    time = identity.data if by_day else identity.data.year
    return (identity.numero, time, _sort(identity.tipo_documento))


@both("00403")
def date_in_the_future(fattura: Fattura, situation: Situation) -> Iterator[Hit]:
    for path, identity, _ in _numbered(fattura):
        if identity.data > situation.on:
            yield Hit(
                f"{path}/Data",
                f"La data del documento è il {day_text(identity.data)}, ma oggi è il {day_text(situation.on)}.",
                "Correggere la data, oppure inviare da quel giorno in poi.",
            )


@both("00404")
def sent_before(fattura: Fattura, situation: Situation) -> Iterator[Hit]:
    parties = sides(fattura)
    by_buyer = fattura.fattura_elettronica_header.soggetto_emittente == "CC"
    if by_buyer and parties.buyer is None:
        return
    who = key(parties.buyer) if by_buyer and parties.buyer is not None else key(parties.seller)
    mine = [old for old in situation.known.invoices if old.cedente == who]
    sent = {_key(old, by_day): old for by_day in (False, True) for old in mine}
    for path, identity, by_day in _numbered(fattura):
        found = sent.get(_key(identity, by_day))
        if found is not None:
            yield Hit(
                f"{path}/Numero",
                f"Il documento numero {identity.numero} è già stato inviato"
                f" ({found.tipo_documento} del {day_text(found.data)}).",
                "Se è un altro documento dargli un altro numero; se è lo stesso non va inviato di nuovo.",
            )


@both("00409")
def twice_in_one_file(fattura: Fattura, _: Situation) -> Iterator[Hit]:
    seen: dict[tuple[str, int | date, str], int] = {}
    for number, (path, identity, art73) in enumerate(_numbered(fattura), 1):
        earlier = seen.get(_key(identity, art73))
        if earlier is not None:
            yield Hit(
                f"{path}/Numero",
                f"Il documento {number} del lotto ha lo stesso numero {identity.numero} del documento {earlier}.",
                "Nel lotto ogni documento deve avere un numero suo.",
            )
        for by_day in (False, True):
            seen.setdefault(_key(identity, by_day), number)


@ordinary("00411")
def ritenuta_on_a_line_without_block(fattura: FatturaElettronica, _: Situation) -> Iterator[Hit]:
    for path, body in bodies(fattura):
        flagged = [line.numero_linea for _, line in lines(path, body) if line.ritenuta == "SI"]
        if flagged and not document(body).dati_ritenuta:
            yield Hit(
                f"{document_path(path)}/DatiRitenuta",
                f"La linea {flagged[0]} è soggetta a ritenuta, ma i dati della ritenuta mancano.",
                "Aggiungere la ritenuta (tipo, importo, aliquota, causale), oppure togliere «soggetta a ritenuta».",
            )


@ordinary("00415")
def ritenuta_on_a_cassa_without_block(fattura: FatturaElettronica, _: Situation) -> Iterator[Hit]:
    for path, body in bodies(fattura):
        flagged = [cassa.tipo_cassa for _, cassa in casse(path, body) if cassa.ritenuta == "SI"]
        if flagged and not document(body).dati_ritenuta:
            yield Hit(
                f"{document_path(path)}/DatiRitenuta",
                f"La cassa {flagged[0]} è soggetta a ritenuta, ma i dati della ritenuta mancano.",
                "Aggiungere la ritenuta (tipo, importo, aliquota, causale), oppure togliere «soggetta a ritenuta».",
            )


@ordinary("00418")
def credit_note_before_its_invoice(fattura: FatturaElettronica, _: Situation) -> Iterator[Hit]:
    for path, body in bodies(fattura):
        data = document(body)
        if data.tipo_documento != "TD04":
            continue
        for number, block in enumerate(body.dati_generali.dati_fatture_collegate, 1):
            if block.data is not None and data.data < block.data:
                yield _before(
                    f"{path}/DatiGenerali/DatiFattureCollegate[{number}]/Data", data.data, block.data
                )


@simplified("00418")
def simple_credit_note_before_its_invoice(
    fattura: FatturaElettronicaSemplificata, _: Situation
) -> Iterator[Hit]:
    for path, body in simple_bodies(fattura):
        data, corrected = (
            body.dati_generali.dati_generali_documento,
            body.dati_generali.dati_fattura_rettificata,
        )
        if data.tipo_documento == "TD08" and corrected is not None and data.data < corrected.data_fr:
            yield _before(f"{path}/DatiGenerali/DatiFatturaRettificata/DataFR", data.data, corrected.data_fr)


def _before(path: str, own: date, other: date) -> Hit:
    return Hit(
        path,
        f"La nota di credito è del {day_text(own)}, prima della fattura che corregge ({day_text(other)}).",
        "Correggere una delle due date.",
    )


@both("00425")
def number_without_digits(fattura: Fattura, _: Situation) -> Iterator[Hit]:
    for path, identity, _by_day in _numbered(fattura):
        if not any("0" <= c <= "9" for c in identity.numero):
            yield Hit(
                f"{path}/Numero",
                f"Il numero del documento «{identity.numero}» non contiene cifre.",
                "Aggiungere almeno una cifra.",
            )
