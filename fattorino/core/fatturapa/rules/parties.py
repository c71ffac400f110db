"""Who sells, who buys, where it goes: 00300-00306 00313 00327 00330 00399 00417 00427 00428 00471-00473 00475 00476.

Of the registry controls only the check digit can be seen here, so those are warnings.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from fattorino.core.fatturapa import ordinaria as o
from fattorino.core.fatturapa.blocks import IdFiscale
from fattorino.core.fatturapa.draft import Party
from fattorino.core.fatturapa.recipient import looks_public
from fattorino.core.fatturapa.rules.engine import (
    HEADER,
    Fattura,
    Hit,
    Situation,
    bodies,
    both,
    document,
    document_path,
    ordinary,
)
from fattorino.core.fatturapa.rules.table import V1_7_1, V1_8, V1_9
from fattorino.core.values import (
    FOREIGN_RECIPIENT,
    is_sdi_mailbox,
    tax_id_problem,
    vat_number_problem,
)

_RETYPE = "Ricontrollare il codice: il Sistema di Interscambio lo cerca in Anagrafe Tributaria."


@dataclass(frozen=True, slots=True)
class Sides:
    """Identifiers of the two parties and their paths, for either kind of invoice."""

    seller: IdFiscale
    seller_path: str
    seller_cf: str | None
    buyer: IdFiscale | None
    buyer_cf: str | None
    buyer_path: str

    @property
    def same(self) -> bool | None:
        """Whether seller and buyer have the same IdFiscaleIVA; None when only the registry can tell."""
        return None if self.buyer is None else key(self.seller) == key(self.buyer)


def key(code: IdFiscale) -> str:
    return f"{code.id_paese}{code.id_codice}"


def sides(fattura: Fattura) -> Sides:
    header = fattura.fattura_elettronica_header
    seller, buyer = header.cedente_prestatore, header.cessionario_committente
    if isinstance(seller, o.CedentePrestatore) and isinstance(buyer, o.CessionarioCommittente):
        return Sides(
            seller.dati_anagrafici.id_fiscale_iva,
            f"{HEADER}/CedentePrestatore/DatiAnagrafici",
            seller.dati_anagrafici.codice_fiscale,
            buyer.dati_anagrafici.id_fiscale_iva,
            buyer.dati_anagrafici.codice_fiscale,
            f"{HEADER}/CessionarioCommittente/DatiAnagrafici",
        )
    assert not isinstance(seller, o.CedentePrestatore)
    assert not isinstance(buyer, o.CessionarioCommittente)
    return Sides(
        seller.id_fiscale_iva,
        f"{HEADER}/CedentePrestatore",
        seller.codice_fiscale,
        buyer.identificativi_fiscali.id_fiscale_iva,
        buyer.identificativi_fiscali.codice_fiscale,
        f"{HEADER}/CessionarioCommittente/IdentificativiFiscali",
    )


# ------------------------------------------------------------------------------------ check digits


def _vat(path: str, code: IdFiscale | None) -> Iterator[Hit]:
    if code is not None and code.id_paese == "IT" and (problem := vat_number_problem(code.id_codice)):
        yield Hit(f"{path}/IdFiscaleIVA/IdCodice", problem, _RETYPE)


@both("00300")
def transmitter_code(fattura: Fattura, _: Situation) -> Iterator[Hit]:
    code = fattura.fattura_elettronica_header.dati_trasmissione.id_trasmittente
    if code.id_paese == "IT" and (problem := tax_id_problem(code.id_codice)):
        yield Hit(f"{HEADER}/DatiTrasmissione/IdTrasmittente/IdCodice", problem, _RETYPE)


@both("00301")
def seller_vat_number(fattura: Fattura, _: Situation) -> Iterator[Hit]:
    parties = sides(fattura)
    yield from _vat(parties.seller_path, parties.seller)


@ordinary("00302")
def seller_tax_code(fattura: o.FatturaElettronica, _: Situation) -> Iterator[Hit]:
    parties = sides(fattura)
    if parties.seller_cf is not None and (problem := tax_id_problem(parties.seller_cf)):
        yield Hit(f"{parties.seller_path}/CodiceFiscale", problem, _RETYPE)


@both("00303")
def representative_vat_number(fattura: Fattura, _: Situation) -> Iterator[Hit]:
    header = fattura.fattura_elettronica_header
    seller, buyer = header.cedente_prestatore, header.cessionario_committente
    if isinstance(header, o.FatturaElettronicaHeader):
        if header.rappresentante_fiscale is not None:
            here = f"{HEADER}/RappresentanteFiscale/DatiAnagrafici"
            yield from _vat(here, header.rappresentante_fiscale.dati_anagrafici.id_fiscale_iva)
    elif not isinstance(seller, o.CedentePrestatore) and seller.rappresentante_fiscale is not None:
        yield from _vat(
            f"{HEADER}/CedentePrestatore/RappresentanteFiscale", seller.rappresentante_fiscale.id_fiscale_iva
        )
    if isinstance(buyer, o.CessionarioCommittente):
        if buyer.rappresentante_fiscale is not None:
            here = f"{HEADER}/CessionarioCommittente/RappresentanteFiscale"
            yield from _vat(here, buyer.rappresentante_fiscale.id_fiscale_iva)
    elif (other := buyer.altri_dati_identificativi) is not None and other.rappresentante_fiscale is not None:
        here = f"{HEADER}/CessionarioCommittente/AltriDatiIdentificativi/RappresentanteFiscale"
        yield from _vat(here, other.rappresentante_fiscale.id_fiscale_iva)


@ordinary("00304")
def representative_tax_code(fattura: o.FatturaElettronica, _: Situation) -> Iterator[Hit]:
    who = fattura.fattura_elettronica_header.rappresentante_fiscale
    code = who.dati_anagrafici.codice_fiscale if who is not None else None
    if code is not None and (problem := tax_id_problem(code)):
        yield Hit(f"{HEADER}/RappresentanteFiscale/DatiAnagrafici/CodiceFiscale", problem, _RETYPE)


@both("00305")
def buyer_vat_number(fattura: Fattura, _: Situation) -> Iterator[Hit]:
    parties = sides(fattura)
    yield from _vat(parties.buyer_path, parties.buyer)


@both("00306")
def buyer_tax_code(fattura: Fattura, _: Situation) -> Iterator[Hit]:
    parties = sides(fattura)
    if parties.buyer is None and parties.buyer_cf and (problem := tax_id_problem(parties.buyer_cf)):
        yield Hit(f"{parties.buyer_path}/CodiceFiscale", problem, _RETYPE)


@both("00327")
def tax_code_of_a_vat_group(fattura: Fattura, _: Situation) -> Iterator[Hit]:
    """Codes beginning with 8 or 9 are of bodies without VAT number, which cannot be a VAT group."""
    parties = sides(fattura)
    code = parties.buyer_cf or ""
    if parties.buyer is None and len(code) == 11 and code[0] not in "89":
        yield Hit(
            f"{parties.buyer_path}/CodiceFiscale",
            f"Del cliente c'è solo il codice fiscale {code}: se è quello di un gruppo IVA la fattura sarà"
            " scartata.",
            "Indicare anche la partita IVA del cliente.",
        )


# ------------------------------------------------------------------------------------ identity


@both("00417")
def buyer_without_identity(fattura: Fattura, _: Situation) -> Iterator[Hit]:
    parties = sides(fattura)
    if parties.buyer is None and parties.buyer_cf is None:
        yield Hit(
            parties.buyer_path,
            "Del cliente mancano sia la partita IVA sia il codice fiscale.",
            "Indicarne almeno uno.",
        )


@both("00476")
def both_foreign(fattura: Fattura, _: Situation) -> Iterator[Hit]:
    parties = sides(fattura)
    if parties.buyer is not None and "IT" not in (parties.seller.id_paese, parties.buyer.id_paese):
        yield Hit(
            f"{parties.buyer_path}/IdFiscaleIVA/IdPaese",
            f"Né il cedente ({parties.seller.id_paese}) né il cessionario ({parties.buyer.id_paese}) è italiano.",
            "Uno dei due deve avere un identificativo IVA italiano (IT).",
        )


# PA's own list is shorter: a lenient receiver refuses an invoice to a PA only by that one.
_DIFFERENT_PA = frozenset({"TD16", "TD17", "TD18", "TD19", "TD20"})
_DIFFERENT = _DIFFERENT_PA | {"TD01", "TD02", "TD03", "TD06", "TD24", "TD25", "TD28", "TD07"}


def _must_differ(situation: Situation) -> frozenset[str]:
    short = situation.on < V1_7_1 or (situation.kind == "FPA12" and not situation.strict)
    types = _DIFFERENT_PA if short else _DIFFERENT
    return types | {"TD29"} if situation.on >= V1_9 else types


@both("00471")
def seller_is_buyer(fattura: Fattura, situation: Situation) -> Iterator[Hit]:
    parties = sides(fattura)
    for path, kind in _types(fattura):
        if kind in _must_differ(situation) and parties.same:
            yield Hit(
                path,
                f"Cedente e cessionario hanno la stessa partita IVA ({key(parties.seller)}), ma con"
                f" {kind} devono essere diversi.",
                "Correggere il cliente oppure il tipo di documento (TD21 e TD27 sono per sé stessi).",
            )


@ordinary("00472")
def seller_is_not_buyer(fattura: o.FatturaElettronica, situation: Situation) -> Iterator[Hit]:
    parties = sides(fattura)
    types = {"TD21"}
    if situation.on >= V1_7_1 and (situation.kind != "FPA12" or situation.strict):
        types.add("TD27")
    for path, kind in _types(fattura):
        if kind in types and parties.same is False and parties.buyer is not None:
            yield Hit(
                path,
                f"Con {kind} cedente ({key(parties.seller)}) e cessionario ({key(parties.buyer)}) devono essere"
                " la stessa persona.",
                "Indicare sé stessi anche come cliente, oppure correggere il tipo di documento.",
            )


@ordinary("00473")
def country_of_the_seller(fattura: o.FatturaElettronica, situation: Situation) -> Iterator[Hit]:
    parties = sides(fattura)
    country = parties.seller.id_paese
    path = f"{parties.seller_path}/IdFiscaleIVA/IdPaese"
    for _, kind in _types(fattura):
        if country == "IT" and kind in _foreign_sellers(situation.on):
            yield Hit(
                path,
                f"Con {kind} il cedente è il fornitore estero, ma il suo Paese è IT.",
                "Indicare come cedente il fornitore estero, oppure correggere il tipo di documento.",
            )
        elif country != "IT" and kind == "TD29" and situation.on >= V1_9:
            yield Hit(
                path,
                f"Con TD29 il cedente è il fornitore italiano, ma il suo Paese è {country}.",
                "Indicare la partita IVA italiana del fornitore.",
            )
        elif country == "OO" and kind not in ("TD17", "TD19") and situation.on >= V1_8:
            yield Hit(
                path,
                f"Il Paese OO del cedente è ammesso solo con TD17 e TD19, non con {kind}.",
                "Indicare il Paese del cedente, oppure correggere il tipo di documento.",
            )


def _foreign_sellers(on: date) -> frozenset[str]:
    types = frozenset({"TD17", "TD18", "TD19"})
    return types | {"TD28"} if on >= V1_7_1 else types


_BUYER_VAT = frozenset({"TD16", "TD17", "TD18", "TD19", "TD20", "TD22", "TD23", "TD28"})


@ordinary("00475")
def buyer_vat_number_missing(fattura: o.FatturaElettronica, situation: Situation) -> Iterator[Hit]:
    parties = sides(fattura)
    types = _BUYER_VAT | {"TD29"} if situation.on >= V1_9 else _BUYER_VAT
    for _, kind in _types(fattura):
        if kind in types and parties.buyer is None:
            yield Hit(
                f"{parties.buyer_path}/IdFiscaleIVA",
                f"Con {kind} serve la partita IVA del cessionario.",
                "Indicare la partita IVA oltre al codice fiscale.",
            )


def _types(fattura: Fattura) -> Iterator[tuple[str, str]]:
    """Each TipoDocumento with its path."""
    if isinstance(fattura, o.FatturaElettronica):
        for path, body in bodies(fattura):
            yield f"{document_path(path)}/TipoDocumento", document(body).tipo_documento
    else:
        for number, simple in enumerate(fattura.fattura_elettronica_body, 1):
            path = f"/FatturaElettronicaBody[{number}]/DatiGenerali/DatiGeneraliDocumento/TipoDocumento"
            yield path, simple.dati_generali.dati_generali_documento.tipo_documento


# ------------------------------------------------------------------------------------ addressing


@both("00313")
def foreign_address_of_an_italian_buyer(fattura: Fattura, _: Situation) -> Iterator[Hit]:
    parties = sides(fattura)
    code = fattura.fattura_elettronica_header.dati_trasmissione.codice_destinatario
    if code == FOREIGN_RECIPIENT and (parties.buyer is None or parties.buyer.id_paese == "IT"):
        who = "è italiano (IT)" if parties.buyer is not None else "non ha un identificativo IVA"
        yield Hit(
            f"{HEADER}/DatiTrasmissione/CodiceDestinatario",
            f"XXXXXXX è solo per i clienti esteri, ma il cliente {who}.",
            "Indicare l'identificativo IVA estero del cliente, oppure un altro codice destinatario.",
        )


@both("00330")
def mailbox_of_sdi(fattura: Fattura, _: Situation) -> Iterator[Hit]:
    address = fattura.fattura_elettronica_header.dati_trasmissione.pec_destinatario
    if address is not None and is_sdi_mailbox(address):
        yield Hit(
            f"{HEADER}/DatiTrasmissione/PECDestinatario",
            f"{address} è una casella del Sistema di Interscambio, non del cliente.",
            "Indicare la PEC del cliente.",
        )


@both("00427")
def length_of_the_recipient_code(fattura: Fattura, _: Situation) -> Iterator[Hit]:
    block = fattura.fattura_elettronica_header.dati_trasmissione
    length, kind = len(block.codice_destinatario), block.formato_trasmissione
    if length == (7 if kind == "FPA12" else 6):
        right = "6 caratteri (ufficio della PA)" if kind == "FPA12" else "7 caratteri"
        yield Hit(
            f"{HEADER}/DatiTrasmissione/CodiceDestinatario",
            f"Il codice destinatario {block.codice_destinatario} ha {length} caratteri, ma con {kind} ne servono"
            f" {right}.",
            "Correggere il codice, oppure il formato: FPA12 per la PA, FPR12 per i privati.",
        )


@both("00428")
def version_and_format(fattura: Fattura, _: Situation) -> Iterator[Hit]:
    kind = fattura.fattura_elettronica_header.dati_trasmissione.formato_trasmissione
    if kind != fattura.versione:
        yield Hit(
            f"{HEADER}/DatiTrasmissione/FormatoTrasmissione",
            f"Il formato è {kind}, ma l'attributo «versione» del file dice {fattura.versione}.",
            "I due valori devono essere uguali.",
        )


@ordinary("00399")
def public_buyer_in_a_private_format(fattura: o.FatturaElettronica, _: Situation) -> Iterator[Hit]:
    name = fattura.fattura_elettronica_header.cessionario_committente.dati_anagrafici.anagrafica.denominazione
    if looks_public(Party(denominazione=name)):
        yield Hit(
            f"{HEADER}/DatiTrasmissione/FormatoTrasmissione",
            f"Il cliente «{name}» sembra una pubblica amministrazione, ma il formato è per i privati (FPR12).",
            "Se è iscritto in IPA serve il suo codice ufficio di 6 caratteri.",
        )
