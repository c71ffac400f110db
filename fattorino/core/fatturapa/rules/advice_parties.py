"""Remarks of our own on who sells to whom: addressing, split payment, health services, tax codes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fattorino.core.fatturapa.rules.case import AnyCase, Hit, Hits, OrdinaryCase
from fattorino.core.fatturapa.rules.counting import SPLIT
from fattorino.core.fatturapa.rules.engine import (
    FOREIGN_BUYER,
    NO_VAT,
    PEC,
    on_any,
    on_ordinary,
    ordinary_body,
    riepilogo_path,
)
from fattorino.core.fatturapa.rules.parties import wrong_tax_code
from fattorino.core.fatturapa.rules.sides import HEADER
from fattorino.core.fatturapa.rules.tally import Tally
from fattorino.core.texts import say
from fattorino.core.values import FOREIGN_RECIPIENT, SAN_MARINO_RECIPIENT, UNKNOWN_RECIPIENT

_ADDRESS = f"{HEADER}/DatiTrasmissione/CodiceDestinatario"


@on_any("avviso-destinatario", needs=PEC)
def mailbox_beside_a_code(case: AnyCase) -> Iterator[Hit]:
    block = case.fattura.fattura_elettronica_header.dati_trasmissione
    if block.pec_destinatario is not None and block.codice_destinatario != UNKNOWN_RECIPIENT:
        yield Hit(
            f"{HEADER}/DatiTrasmissione/PECDestinatario",
            say(
                "Con il codice destinatario {codice_destinatario} la PEC non viene usata.",
                codice_destinatario=block.codice_destinatario,
            ),
            say("Togliere la PEC, oppure mettere 0000000 come codice."),
        )


@ordinary_body("avviso-destinatario", types="TD29")
def address_of_td29(_: Tally, case: OrdinaryCase) -> Iterator[Hit]:
    code = case.fattura.fattura_elettronica_header.dati_trasmissione.codice_destinatario
    if code != UNKNOWN_RECIPIENT:
        yield Hit(
            _ADDRESS,
            say("La comunicazione TD29 va inviata con codice destinatario 0000000, non {code}.", code=code),
            say("Indicare 0000000."),
        )


@on_any("avviso-estero", needs=FOREIGN_BUYER)
def foreign_buyer_with_another_address(case: AnyCase) -> Iterator[Hit]:
    """A foreigner with a permanent establishment or a representative in Italy may have an address here."""
    buyer = case.parties.buyer
    code = case.fattura.fattura_elettronica_header.dati_trasmissione.codice_destinatario
    if buyer is None or buyer.id_paese == "IT" or code == FOREIGN_RECIPIENT or case.parties.buyer_settled:
        return
    if buyer.id_paese != "SM":
        right = FOREIGN_RECIPIENT
    elif code != SAN_MARINO_RECIPIENT:
        right = f"{SAN_MARINO_RECIPIENT} (San Marino)"
    else:
        return
    yield Hit(
        _ADDRESS,
        say(
            "Il cliente è estero ({buyer_country}) e il codice destinatario è {code}: di solito è {right}.",
            buyer_country=buyer.id_paese,
            code=code,
            right=right,
        ),
        say("Indicare {right}, a meno che il cliente non riceva le fatture in Italia.", right=right),
    )


@ordinary_body("avviso-scissione", needs=SPLIT)
def split_payment_to_a_person(tally: Tally, case: OrdinaryCase) -> Iterator[Hit]:
    """Art. 17-ter is for the PA and companies on the ministry's lists: a company may be on them, a person not."""
    parties = case.parties
    foreign = parties.buyer is not None and parties.buyer.id_paese != "IT"
    if not (foreign or parties.buyer_is_person):
        return
    for number, block in enumerate(tally.riepiloghi, 1):
        if block.esigibilita_iva == "S":
            yield Hit(
                f"{riepilogo_path(tally, number)}/EsigibilitaIVA",
                say(
                    "C'è la scissione dei pagamenti, ma il cliente è estero: vale solo per la pubblica"
                    " amministrazione e per le società negli elenchi del Ministero."
                )
                if foreign
                else say(
                    "C'è la scissione dei pagamenti, ma il cliente è una persona: vale solo per la pubblica"
                    " amministrazione e per le società negli elenchi del Ministero."
                ),
                say("Indicare esigibilità immediata (I) o differita (D)."),
            )
            return


# Professions and funds of those who report to the Sistema Tessera Sanitaria (D.Lgs. 175/2014, art. 3, and the
# decrees after it). The register, the fund or the article of law: each alone is enough to ask.
_HEALTH_REGISTER = re.compile(
    r"medic|chirurg|odontoiatr|psicolog|infermier|ostetric|fisioterap|farmacist|veterinari|logoped|biolog"
    r"|dietist|podolog|igienist|ottic|osteopat|tsrm|professioni sanitarie",
    re.IGNORECASE,
)
_HEALTH_FUNDS = frozenset({"TC09", "TC11", "TC19", "TC20", "TC21"})
_ARTICLE_10 = re.compile(r"\bart(?:icolo|\b)[.\s]*10\b", re.IGNORECASE)
_NUMBER_18 = re.compile(
    r"(?:\bn(?:um(?:ero)?|r)?|\bpunto|\bcomma|\bc|\bco)[.°º)\s]*(?:18|19)\b", re.IGNORECASE
)


@on_ordinary("avviso-sanitaria", needs=NO_VAT)
def health_service_to_a_person(case: OrdinaryCase) -> Iterator[Hit]:
    """Art. 10-bis DL 119/2018, for good since D.Lgs. 81/2025: the data go to the Sistema Tessera Sanitaria alone."""
    if case.parties.buyer is not None or not case.parties.buyer_is_person:
        return
    seller = case.fattura.fattura_elettronica_header.cedente_prestatore.dati_anagrafici
    register = bool(seller.albo_professionale and _HEALTH_REGISTER.search(seller.albo_professionale))
    for tally in case.tallies:
        if register or _is_health(tally):
            yield Hit(
                f"{tally.path}/DatiBeniServizi",
                say(
                    "Sembra una prestazione sanitaria a una persona: in questo caso la fattura elettronica è vietata."
                ),
                say("Emettere la fattura su carta o in PDF e inviare i dati al Sistema Tessera Sanitaria."),
            )


def _is_health(tally: Tally) -> bool:
    if any(cassa.tipo_cassa in _HEALTH_FUNDS for cassa in tally.casse):
        return True
    laws = (block.riferimento_normativo or "" for block in tally.riepiloghi if block.natura == "N4")
    return any(_ARTICLE_10.search(law) and _NUMBER_18.search(law) for law in laws)


@on_any("avviso-codice-fiscale")
def tax_codes_nobody_else_looks_at(case: AnyCase) -> Hits:
    """The seller's outside the PA (00302 is for it alone), the buyer's beside a VAT number (00306 is without)."""
    parties = case.parties
    seller = () if case.situation.kind == "FPA12" else wrong_tax_code(parties.seller_path, parties.seller_cf)
    buyer = () if parties.buyer is None else wrong_tax_code(parties.buyer_path, parties.buyer_cf)
    return (*seller, *buyer)
