"""Who sells, who buys, where it goes: 00300-00306 00313 00327 00330 00399 00417 00427 00428 00471-00473 00475 00476.

Of the registry controls only the check digit can be seen here, so those are warnings.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import lru_cache

from fattorino.core.fatturapa import ordinaria as o
from fattorino.core.fatturapa.blocks import IdFiscale
from fattorino.core.fatturapa.draft import Party
from fattorino.core.fatturapa.recipient import looks_public
from fattorino.core.fatturapa.rules.case import AnyCase, Hit, Hits, OrdinaryCase, SimpleCase
from fattorino.core.fatturapa.rules.engine import (
    FOREIGN_BUYER,
    NO_VAT,
    PEC,
    SAME,
    any_body,
    document_path,
    on_any,
    on_ordinary,
    on_simplified,
    ordinary_body,
)
from fattorino.core.fatturapa.rules.sides import HEADER, key
from fattorino.core.fatturapa.rules.table import V1_7_1, V1_8, V1_9
from fattorino.core.fatturapa.rules.tally import AnyTally, Tally
from fattorino.core.texts import say
from fattorino.core.values import FOREIGN_RECIPIENT, is_sdi_mailbox, tax_id_problem, vat_number_problem

_RETYPE = say("Ricontrollare il codice: il Sistema di Interscambio lo cerca in Anagrafe Tributaria.")

# One's own codes are in every invoice one sends, and a check digit costs more than all the other rules of a header.
_vat_problem = lru_cache(maxsize=4096)(vat_number_problem)
_code_problem = lru_cache(maxsize=4096)(tax_id_problem)

# ------------------------------------------------------------------------------------ check digits


def _vat(path: str, code: IdFiscale | None) -> tuple[Hit, ...]:
    if code is None or code.id_paese != "IT" or not (problem := _vat_problem(code.id_codice)):
        return ()
    return (Hit(f"{path}/IdFiscaleIVA/IdCodice", problem, _RETYPE),)


def wrong_tax_code(path: str, code: str | None) -> tuple[Hit, ...]:
    """For this and other modules: a CodiceFiscale with a wrong check character, of a person or of a body."""
    if code is None or not (problem := _code_problem(code)):
        return ()
    return (Hit(f"{path}/CodiceFiscale", problem, _RETYPE),)


@on_any("00300")
def transmitter_code(case: AnyCase) -> Hits:
    code = case.fattura.fattura_elettronica_header.dati_trasmissione.id_trasmittente
    if code.id_paese != "IT" or not (problem := _code_problem(code.id_codice)):
        return ()
    return (Hit(f"{HEADER}/DatiTrasmissione/IdTrasmittente/IdCodice", problem, _RETYPE),)


@on_any("00301")
def seller_vat_number(case: AnyCase) -> Hits:
    return _vat(case.parties.seller_path, case.parties.seller)


@on_ordinary("00302")
def seller_tax_code(case: OrdinaryCase) -> Hits:
    return wrong_tax_code(case.parties.seller_path, case.parties.seller_cf)


@on_ordinary("00303")
def representative_vat_number(case: OrdinaryCase) -> Iterator[Hit]:
    """Of the seller's representative and of the buyer's."""
    header = case.fattura.fattura_elettronica_header
    if header.rappresentante_fiscale is not None:
        here = f"{HEADER}/RappresentanteFiscale/DatiAnagrafici"
        yield from _vat(here, header.rappresentante_fiscale.dati_anagrafici.id_fiscale_iva)
    buyers = header.cessionario_committente.rappresentante_fiscale
    if buyers is not None:
        yield from _vat(f"{HEADER}/CessionarioCommittente/RappresentanteFiscale", buyers.id_fiscale_iva)


@on_simplified("00303")
def simple_representative_vat_number(case: SimpleCase) -> Iterator[Hit]:
    header = case.fattura.fattura_elettronica_header
    sellers = header.cedente_prestatore.rappresentante_fiscale
    if sellers is not None:
        yield from _vat(f"{HEADER}/CedentePrestatore/RappresentanteFiscale", sellers.id_fiscale_iva)
    other = header.cessionario_committente.altri_dati_identificativi
    if other is not None and other.rappresentante_fiscale is not None:
        here = f"{HEADER}/CessionarioCommittente/AltriDatiIdentificativi/RappresentanteFiscale"
        yield from _vat(here, other.rappresentante_fiscale.id_fiscale_iva)


@on_ordinary("00304")
def representative_tax_code(case: OrdinaryCase) -> Hits:
    who = case.fattura.fattura_elettronica_header.rappresentante_fiscale
    if who is None:
        return ()
    return wrong_tax_code(
        f"{HEADER}/RappresentanteFiscale/DatiAnagrafici", who.dati_anagrafici.codice_fiscale
    )


@on_any("00305")
def buyer_vat_number(case: AnyCase) -> Hits:
    return _vat(case.parties.buyer_path, case.parties.buyer)


@on_any("00306", needs=NO_VAT)
def buyer_tax_code(case: AnyCase) -> Hits:
    """Only where IdFiscaleIVA is absent."""
    parties = case.parties
    return wrong_tax_code(parties.buyer_path, parties.buyer_cf) if parties.buyer is None else ()


@on_any("00327", needs=NO_VAT)
def tax_code_of_a_vat_group(case: AnyCase) -> Iterator[Hit]:
    """Codes beginning with 8 or 9 are of bodies without VAT number, which cannot be a VAT group."""
    code = case.parties.buyer_cf or ""
    if case.parties.buyer is None and len(code) == 11 and code[0] not in "89":
        yield Hit(
            f"{case.parties.buyer_path}/CodiceFiscale",
            say(
                "Del cliente c'è solo il codice fiscale {code}: se è quello di un gruppo IVA la fattura sarà"
                " scartata.",
                code=code,
            ),
            say("Indicare anche la partita IVA del cliente."),
        )


# ------------------------------------------------------------------------------------ identity


@on_any("00417", needs=NO_VAT)
def buyer_without_identity(case: AnyCase) -> Iterator[Hit]:
    if case.parties.buyer is None and case.parties.buyer_cf is None:
        yield Hit(
            case.parties.buyer_path,
            say("Del cliente mancano sia la partita IVA sia il codice fiscale."),
            say("Indicarne almeno uno."),
        )


@on_any("00476", needs=FOREIGN_BUYER)
def both_foreign(case: AnyCase) -> Iterator[Hit]:
    seller, buyer = case.parties.seller, case.parties.buyer
    if buyer is not None and seller.id_paese != "IT" and buyer.id_paese != "IT":
        yield Hit(
            f"{case.parties.buyer_path}/IdFiscaleIVA/IdPaese",
            say(
                "Né il cedente ({seller_country}) né il cessionario ({buyer_country}) è italiano.",
                seller_country=seller.id_paese,
                buyer_country=buyer.id_paese,
            ),
            say("Uno dei due deve avere un identificativo IVA italiano (IT)."),
        )


# PA's own list is shorter: a lenient receiver refuses an invoice to a PA only by that one.
_DIFFERENT_PA = frozenset({"TD16", "TD17", "TD18", "TD19", "TD20"})
_DIFFERENT = _DIFFERENT_PA | {"TD01", "TD02", "TD03", "TD06", "TD24", "TD25", "TD28", "TD07"}


@lru_cache(maxsize=16)
def _must_differ(short: bool, with_td29: bool) -> frozenset[str]:
    types = _DIFFERENT_PA if short else _DIFFERENT
    return types | {"TD29"} if with_td29 else types


@any_body("00471", needs=SAME)
def seller_is_buyer(tally: AnyTally, case: AnyCase) -> Iterator[Hit]:
    """The same IdFiscaleIVA with a type that forbids it; a buyer with a tax code alone is left to the registry.

    Before 1/10/2022 TD16-TD20 and no simplified invoice; then the longer list of the tabular description and TD07;
    TD29 from 1/4/2025. The Elenco 2.0 has for the PA only TD16-TD20 and TD29: the emitter keeps the longer list.
    """
    kind, situation = tally.general.tipo_documento, case.situation
    short = situation.on < V1_7_1 or (situation.kind == "FPA12" and not situation.strict)
    if kind in _must_differ(short, situation.on >= V1_9) and case.parties.same:
        yield Hit(
            f"{document_path(tally)}/TipoDocumento",
            say(
                "Cedente e cessionario hanno la stessa partita IVA ({seller}), ma con"
                " {kind} devono essere diversi.",
                seller=key(case.parties.seller),
                kind=kind,
            ),
            say("Correggere il cliente oppure il tipo di documento (TD21 e TD27 sono per sé stessi)."),
        )


@ordinary_body("00472", types="TD21 TD27")
def seller_is_not_buyer(tally: Tally, case: OrdinaryCase) -> Iterator[Hit]:
    """TD21; TD27 since 1/10/2022 in the tabular description, not in the PA's Elenco: there for the emitter only."""
    kind, parties = tally.general.tipo_documento, case.parties
    if kind not in ("TD21", "TD27") or parties.buyer is None or parties.same:
        return
    if kind == "TD27" and (case.on < V1_7_1 or (case.situation.kind == "FPA12" and not case.strict)):
        return
    yield Hit(
        f"{document_path(tally)}/TipoDocumento",
        say(
            "Con {kind} cedente ({seller}) e cessionario ({buyer}) devono essere la stessa persona.",
            kind=kind,
            seller=key(parties.seller),
            buyer=key(parties.buyer),
        ),
        say("Indicare sé stessi anche come cliente, oppure correggere il tipo di documento."),
    )


@ordinary_body("00473")
def country_of_the_seller(tally: Tally, case: OrdinaryCase) -> Iterator[Hit]:
    """TD17-TD19 with an Italian seller; TD28 too since 1/10/2022; OO since 1/2/2024; TD29 since 1/4/2025."""
    kind, country = tally.general.tipo_documento, case.parties.seller.id_paese
    path = f"{case.parties.seller_path}/IdFiscaleIVA/IdPaese"
    if country == "IT":
        if kind in _foreign_sellers(case.on):
            yield Hit(
                path,
                say("Con {kind} il cedente è il fornitore estero, ma il suo Paese è IT.", kind=kind),
                say("Indicare come cedente il fornitore estero, oppure correggere il tipo di documento."),
            )
    elif kind == "TD29" and case.on >= V1_9:
        yield Hit(
            path,
            say("Con TD29 il cedente è il fornitore italiano, ma il suo Paese è {country}.", country=country),
            say("Indicare la partita IVA italiana del fornitore."),
        )
    elif country == "OO" and kind not in ("TD17", "TD19") and case.on >= V1_8:
        yield Hit(
            path,
            say("Il Paese OO del cedente è ammesso solo con TD17 e TD19, non con {kind}.", kind=kind),
            say("Indicare il Paese del cedente, oppure correggere il tipo di documento."),
        )


_FOREIGN_SELLERS = frozenset({"TD17", "TD18", "TD19"})
_FOREIGN_SELLERS_1_7_1 = _FOREIGN_SELLERS | {"TD28"}


def _foreign_sellers(on: date) -> frozenset[str]:
    return _FOREIGN_SELLERS_1_7_1 if on >= V1_7_1 else _FOREIGN_SELLERS


_BUYER_VAT = frozenset({"TD16", "TD17", "TD18", "TD19", "TD20", "TD22", "TD23", "TD28"})


@ordinary_body("00475", needs=NO_VAT)
def buyer_vat_number_missing(tally: Tally, case: OrdinaryCase) -> Iterator[Hit]:
    """TD29 since 1/4/2025."""
    kind = tally.general.tipo_documento
    if case.parties.buyer is None and (kind in _BUYER_VAT or (kind == "TD29" and case.on >= V1_9)):
        yield Hit(
            f"{case.parties.buyer_path}/IdFiscaleIVA",
            say("Con {kind} serve la partita IVA del cessionario.", kind=kind),
            say("Indicare la partita IVA oltre al codice fiscale."),
        )


# ------------------------------------------------------------------------------------ addressing


@on_any("00313")
def foreign_address_of_an_italian_buyer(case: AnyCase) -> Iterator[Hit]:
    buyer = case.parties.buyer
    code = case.fattura.fattura_elettronica_header.dati_trasmissione.codice_destinatario
    if code == FOREIGN_RECIPIENT and (buyer is None or buyer.id_paese == "IT"):
        yield Hit(
            f"{HEADER}/DatiTrasmissione/CodiceDestinatario",
            say("XXXXXXX è solo per i clienti esteri, ma il cliente non ha un identificativo IVA.")
            if buyer is None
            else say("XXXXXXX è solo per i clienti esteri, ma il cliente è italiano (IT)."),
            say("Indicare l'identificativo IVA estero del cliente, oppure un altro codice destinatario."),
        )


@on_any("00330", needs=PEC)
def mailbox_of_sdi(case: AnyCase) -> Iterator[Hit]:
    address = case.fattura.fattura_elettronica_header.dati_trasmissione.pec_destinatario
    if address is not None and is_sdi_mailbox(address):
        yield Hit(
            f"{HEADER}/DatiTrasmissione/PECDestinatario",
            say("{address} è una casella del Sistema di Interscambio, non del cliente.", address=address),
            say("Indicare la PEC del cliente."),
        )


@on_any("00427")
def length_of_the_recipient_code(case: AnyCase) -> Iterator[Hit]:
    block = case.fattura.fattura_elettronica_header.dati_trasmissione
    kind = block.formato_trasmissione
    if len(block.codice_destinatario) == (7 if kind == "FPA12" else 6):
        code = block.codice_destinatario
        yield Hit(
            f"{HEADER}/DatiTrasmissione/CodiceDestinatario",
            say(
                "Il codice destinatario {code} ha 7 caratteri, ma con FPA12 ne servono 6 caratteri"
                " (ufficio della PA).",
                code=code,
            )
            if kind == "FPA12"
            else say(
                "Il codice destinatario {code} ha 6 caratteri, ma con {kind} ne servono 7 caratteri.",
                code=code,
                kind=kind,
            ),
            say("Correggere il codice, oppure il formato: FPA12 per la PA, FPR12 per i privati."),
        )


@on_any("00428")
def version_and_format(case: AnyCase) -> Iterator[Hit]:
    kind = case.fattura.fattura_elettronica_header.dati_trasmissione.formato_trasmissione
    if kind != case.fattura.versione:
        yield Hit(
            f"{HEADER}/DatiTrasmissione/FormatoTrasmissione",
            say(
                "Il formato è {kind}, ma l'attributo «versione» del file dice {versione}.",
                kind=kind,
                versione=case.fattura.versione,
            ),
            say("I due valori devono essere uguali."),
        )


@lru_cache(maxsize=1024)
def _public(name: str) -> bool:
    return looks_public(Party(denominazione=name))


@on_ordinary("00399")
def public_buyer_in_a_private_format(case: OrdinaryCase) -> Iterator[Hit]:
    """As far as a name can tell: only IPA knows."""
    buyer: o.CessionarioCommittente = case.fattura.fattura_elettronica_header.cessionario_committente
    name = buyer.dati_anagrafici.anagrafica.denominazione
    if name is not None and _public(name):
        yield Hit(
            f"{HEADER}/DatiTrasmissione/FormatoTrasmissione",
            say(
                "Il cliente «{name}» sembra una pubblica amministrazione, ma il formato è per i privati (FPR12).",
                name=name,
            ),
            say("Se è iscritto in IPA serve il suo codice ufficio di 6 caratteri."),
        )
