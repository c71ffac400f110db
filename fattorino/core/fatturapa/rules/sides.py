"""The two parties of an invoice of either kind, as the rules compare them."""

from __future__ import annotations

from dataclasses import dataclass

from fattorino.core.fatturapa import ordinaria as o
from fattorino.core.fatturapa import semplificata as s
from fattorino.core.fatturapa.blocks import IdFiscale

Fattura = o.FatturaElettronica | s.FatturaElettronicaSemplificata
HEADER = "/FatturaElettronicaHeader"
_SELLER = f"{HEADER}/CedentePrestatore"
_BUYER = f"{HEADER}/CessionarioCommittente"
_SELLERS_DATA = f"{_SELLER}/DatiAnagrafici"
_BUYERS_DATA = f"{_BUYER}/DatiAnagrafici"
_BUYERS_CODES = f"{_BUYER}/IdentificativiFiscali"


@dataclass(slots=True, eq=False)
class Sides:
    """Identifiers of the two parties and their paths.

    Attributes:
        buyer_is_person: the buyer has a Nome and Cognome, or no VAT number and a tax code of 16 characters.
        buyer_settled: the buyer has a StabileOrganizzazione or a RappresentanteFiscale in Italy.
    """

    seller: IdFiscale
    seller_path: str
    seller_cf: str | None
    regime: str
    buyer: IdFiscale | None
    buyer_path: str
    buyer_cf: str | None
    buyer_is_person: bool
    buyer_settled: bool

    @property
    def same(self) -> bool | None:
        """Whether seller and buyer have the same IdFiscaleIVA; None when only the registry can tell."""
        return None if self.buyer is None else key(self.seller) == key(self.buyer)


def key(code: IdFiscale) -> str:
    return f"{code.id_paese}{code.id_codice}"


def sides(fattura: Fattura) -> Sides:
    if isinstance(fattura, o.FatturaElettronica):
        return _ordinary(fattura.fattura_elettronica_header)
    return _simplified(fattura.fattura_elettronica_header)


def _ordinary(header: o.FatturaElettronicaHeader) -> Sides:
    seller, buyer = header.cedente_prestatore.dati_anagrafici, header.cessionario_committente
    who = buyer.dati_anagrafici
    return Sides(
        seller.id_fiscale_iva,
        _SELLERS_DATA,
        seller.codice_fiscale,
        seller.regime_fiscale,
        who.id_fiscale_iva,
        _BUYERS_DATA,
        who.codice_fiscale,
        who.anagrafica.cognome is not None or _persons(who.id_fiscale_iva, who.codice_fiscale),
        buyer.stabile_organizzazione is not None or buyer.rappresentante_fiscale is not None,
    )


def _simplified(header: s.FatturaElettronicaHeader) -> Sides:
    seller, buyer = header.cedente_prestatore, header.cessionario_committente
    ids, other = buyer.identificativi_fiscali, buyer.altri_dati_identificativi
    return Sides(
        seller.id_fiscale_iva,
        _SELLER,
        seller.codice_fiscale,
        seller.regime_fiscale,
        ids.id_fiscale_iva,
        _BUYERS_CODES,
        ids.codice_fiscale,
        (other is not None and other.cognome is not None) or _persons(ids.id_fiscale_iva, ids.codice_fiscale),
        other is not None
        and (other.stabile_organizzazione is not None or other.rappresentante_fiscale is not None),
    )


def _persons(vat: IdFiscale | None, code: str | None) -> bool:
    return vat is None and code is not None and len(code) == 16
