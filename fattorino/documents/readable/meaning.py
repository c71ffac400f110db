"""What the codes and the element names of the record format mean, in Italian."""

from __future__ import annotations

import functools

from fattorino.core.fatturapa import codes
from fattorino.core.tracciati.codelists import CodeList
from fattorino.core.tracciati.declaration import Field, record_of

_LISTS: dict[str, tuple[CodeList, ...]] = {
    "TipoDocumento": (codes.TIPO_DOCUMENTO, codes.TIPO_DOCUMENTO_SEMPLIFICATA),
    "FormatoTrasmissione": (codes.FORMATO_TRASMISSIONE, codes.FORMATO_TRASMISSIONE_SEMPLIFICATA),
    "RegimeFiscale": (codes.REGIME_FISCALE,),
    "Natura": (codes.NATURA,),
    "ModalitaPagamento": (codes.MODALITA_PAGAMENTO,),
    "CondizioniPagamento": (codes.CONDIZIONI_PAGAMENTO,),
    "TipoCassa": (codes.TIPO_CASSA,),
    "TipoRitenuta": (codes.TIPO_RITENUTA,),
    "CausalePagamento": (codes.CAUSALE_PAGAMENTO,),
    "EsigibilitaIVA": (codes.ESIGIBILITA_IVA,),
    "Tipo": (codes.TIPO_SCONTO,),
    "TipoCessionePrestazione": (codes.TIPO_CESSIONE_PRESTAZIONE,),
    "SocioUnico": (codes.SOCIO_UNICO,),
    "StatoLiquidazione": (codes.STATO_LIQUIDAZIONE,),
    "SoggettoEmittente": (codes.SOGGETTO_EMITTENTE,),
}

# The official description of some documents is a sentence; a title needs two or three words.
_TITLES = {
    "TD01": "Fattura",
    "TD02": "Acconto su fattura",
    "TD03": "Acconto su parcella",
    "TD04": "Nota di credito",
    "TD05": "Nota di debito",
    "TD06": "Parcella",
    "TD07": "Fattura semplificata",
    "TD08": "Nota di credito semplificata",
    "TD09": "Nota di debito semplificata",
    "TD16": "Integrazione reverse charge",
    "TD17": "Autofattura servizi dall'estero",
    "TD18": "Integrazione acquisti intracomunitari",
    "TD19": "Autofattura beni art. 17 c. 2",
    "TD20": "Autofattura di regolarizzazione",
    "TD21": "Autofattura per splafonamento",
    "TD22": "Estrazione da deposito IVA",
    "TD23": "Estrazione da deposito IVA con versamento",
    "TD24": "Fattura differita",
    "TD25": "Fattura differita",
    "TD26": "Fattura beni ammortizzabili",
    "TD27": "Fattura per autoconsumo",
    "TD28": "Acquisti da San Marino",
    "TD29": "Comunicazione di omessa fatturazione",
}


def meaning(element: str, code: str) -> str:
    """ "MP05" -> "MP05 – bonifico"; a code that no list knows stands alone."""
    for known in _LISTS[element]:
        if code in known:
            return f"{code} – {known.describe(code)}"
    return code


def title(tipo_documento: str) -> str:
    """The name of a document in a few words; "Documento TD99" for a type not known yet."""
    return _TITLES.get(tipo_documento, f"Documento {tipo_documento}")


@functools.cache
def official(cls: type, attribute: str) -> Field:
    """The line of the official table for an attribute of a record class. Raises KeyError for another's."""
    record = record_of(cls)
    return {field.attribute: field for field in (*record.fields, *record.attributes)}[attribute]


def label(cls: type, attribute: str) -> str:
    """The official description of an element as a label: DataOraRitiro -> "Data e ora del ritiro"."""
    text = official(cls, attribute).description
    return text[:1].upper() + text[1:]
