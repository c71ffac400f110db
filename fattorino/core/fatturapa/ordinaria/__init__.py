"""The ordinary electronic invoice (FPA12, FPR12), XSD 1.2.3 in force from 1/4/2025, one class a block.

A class is named like its element. Where one element name has two shapes, or one shape many names, the class has
the name of the XSD type without "Type", and the element names are aliases of it where that is possible:
DatiAnagraficiCedente, DatiDocumentiCorrelati (= DatiOrdineAcquisto, DatiContratto ...), Indirizzo (= Sede ...).
How to read a line: `core.tracciati.declaration`.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from fattorino.core.fatturapa import fields as f
from fattorino.core.fatturapa.blocks import (
    Allegati,
    IdFiscale,
    IdFiscaleIVA,
    IdTrasmittente,
    Indirizzo,
    IndirizzoResa,
    IscrizioneREA,
    Sede,
    StabileOrganizzazione,
)
from fattorino.core.fatturapa.ordinaria.general import (
    DatiAnagraficiVettore,
    DatiBollo,
    DatiCassaPrevidenziale,
    DatiContratto,
    DatiConvenzione,
    DatiDDT,
    DatiDocumentiCorrelati,
    DatiFattureCollegate,
    DatiGenerali,
    DatiGeneraliDocumento,
    DatiOrdineAcquisto,
    DatiRicezione,
    DatiRitenuta,
    DatiSAL,
    DatiTrasporto,
    FatturaPrincipale,
    ScontoMaggiorazione,
)
from fattorino.core.fatturapa.ordinaria.goods import (
    AltriDatiGestionali,
    CodiceArticolo,
    DatiBeniServizi,
    DatiPagamento,
    DatiRiepilogo,
    DatiVeicoli,
    DettaglioLinee,
    DettaglioPagamento,
)
from fattorino.core.fatturapa.ordinaria.header import (
    Anagrafica,
    CedentePrestatore,
    CessionarioCommittente,
    Contatti,
    ContattiTrasmittente,
    DatiAnagraficiCedente,
    DatiAnagraficiCessionario,
    DatiAnagraficiRappresentante,
    DatiAnagraficiTerzoIntermediario,
    DatiTrasmissione,
    FatturaElettronicaHeader,
    RappresentanteFiscale,
    RappresentanteFiscaleCessionario,
    TerzoIntermediarioOSoggettoEmittente,
)
from fattorino.core.texts import say
from fattorino.core.tracciati.declaration import A, E, Root
from fattorino.core.tracciati.lazy import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FatturaElettronicaBody:
    dati_generali: Annotated[DatiGenerali, E(1, "DatiGenerali", say("dati generali"))]
    dati_beni_servizi: Annotated[DatiBeniServizi, E(2, "DatiBeniServizi", say("beni e servizi"))]
    dati_veicoli: Annotated[DatiVeicoli | None, E(3, "DatiVeicoli", say("dati dei veicoli"))] = None
    dati_pagamento: Annotated[tuple[DatiPagamento, ...], E(4, "DatiPagamento", say("pagamento"))] = ()
    allegati: Annotated[tuple[Allegati, ...], E(5, "Allegati", say("allegato"))] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FatturaElettronica:
    """One file: a header and one or more invoices to the same buyer (a lotto has more than one body)."""

    ROOT: ClassVar[Root] = Root(
        element="FatturaElettronica",
        namespace="http://ivaservizi.agenziaentrate.gov.it/docs/xsd/fatture/v1.2",
        prefix="p",
        versions=("FPA12", "FPR12"),
        title="Fattura elettronica ordinaria verso PA e privati",
        edition="1.2.3",
    )

    versione: Annotated[f.FormatoTrasmissione, A("versione", say("versione del formato"))]
    sistema_emittente: Annotated[f.String10 | None, A("SistemaEmittente", say("sistema emittente"))] = None
    fattura_elettronica_header: Annotated[
        FatturaElettronicaHeader, E(1, "FatturaElettronicaHeader", say("testata"))
    ]
    fattura_elettronica_body: Annotated[
        tuple[FatturaElettronicaBody, ...], E(2, "FatturaElettronicaBody", say("corpo della fattura"))
    ]


__all__ = [
    "Allegati",
    "AltriDatiGestionali",
    "Anagrafica",
    "CedentePrestatore",
    "CessionarioCommittente",
    "CodiceArticolo",
    "Contatti",
    "ContattiTrasmittente",
    "DatiAnagraficiCedente",
    "DatiAnagraficiCessionario",
    "DatiAnagraficiRappresentante",
    "DatiAnagraficiTerzoIntermediario",
    "DatiAnagraficiVettore",
    "DatiBeniServizi",
    "DatiBollo",
    "DatiCassaPrevidenziale",
    "DatiContratto",
    "DatiConvenzione",
    "DatiDDT",
    "DatiDocumentiCorrelati",
    "DatiFattureCollegate",
    "DatiGenerali",
    "DatiGeneraliDocumento",
    "DatiOrdineAcquisto",
    "DatiPagamento",
    "DatiRicezione",
    "DatiRiepilogo",
    "DatiRitenuta",
    "DatiSAL",
    "DatiTrasmissione",
    "DatiTrasporto",
    "DatiVeicoli",
    "DettaglioLinee",
    "DettaglioPagamento",
    "FatturaElettronica",
    "FatturaElettronicaBody",
    "FatturaElettronicaHeader",
    "FatturaPrincipale",
    "IdFiscale",
    "IdFiscaleIVA",
    "IdTrasmittente",
    "Indirizzo",
    "IndirizzoResa",
    "IscrizioneREA",
    "RappresentanteFiscale",
    "RappresentanteFiscaleCessionario",
    "ScontoMaggiorazione",
    "Sede",
    "StabileOrganizzazione",
    "TerzoIntermediarioOSoggettoEmittente",
]
