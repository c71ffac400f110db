"""The simplified electronic invoice (FSM10, art. 21-bis DPR 633/72), XSD 1.0.2 in force from 1/4/2025.

Class names as in `ordinaria`. How to read a line: `core.tracciati.declaration`.
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
    IscrizioneREA,
    Sede,
    StabileOrganizzazione,
)
from fattorino.core.texts import say
from fattorino.core.tracciati.declaration import A, Choice, E, Root
from fattorino.core.tracciati.lazy import dataclass

DENOMINAZIONE_O_NOME = Choice((("Denominazione",), ("Nome", "Cognome")))


@dataclass(frozen=True, slots=True, kw_only=True)
class DatiTrasmissione:
    id_trasmittente: Annotated[IdFiscale, E(1, "IdTrasmittente", say("identificativo di chi trasmette"))]
    progressivo_invio: Annotated[f.String10, E(2, "ProgressivoInvio", say("progressivo di invio"))]
    formato_trasmissione: Annotated[
        f.FormatoTrasmissioneSemplificata, E(3, "FormatoTrasmissione", say("formato di trasmissione"))
    ]
    codice_destinatario: Annotated[
        f.CodiceDestinatarioSemplificata, E(4, "CodiceDestinatario", say("codice destinatario"))
    ]
    pec_destinatario: Annotated[f.Email | None, E(5, "PECDestinatario", say("PEC del destinatario"))] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RappresentanteFiscale:
    CHOICE: ClassVar[Choice] = DENOMINAZIONE_O_NOME

    id_fiscale_iva: Annotated[IdFiscale, E(1, "IdFiscaleIVA", say("identificativo IVA"))]
    denominazione: Annotated[f.String80Latin | None, E(2, "Denominazione", say("ragione sociale"))] = None
    nome: Annotated[f.String60Latin | None, E(3, "Nome", say("nome"))] = None
    cognome: Annotated[f.String60Latin | None, E(4, "Cognome", say("cognome"))] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CedentePrestatore:
    CHOICE: ClassVar[Choice] = DENOMINAZIONE_O_NOME

    id_fiscale_iva: Annotated[IdFiscale, E(1, "IdFiscaleIVA", say("identificativo IVA"))]
    codice_fiscale: Annotated[f.CodiceFiscale | None, E(2, "CodiceFiscale", say("codice fiscale"))] = None
    denominazione: Annotated[f.String80Latin | None, E(3, "Denominazione", say("ragione sociale"))] = None
    nome: Annotated[f.String60Latin | None, E(4, "Nome", say("nome"))] = None
    cognome: Annotated[f.String60Latin | None, E(5, "Cognome", say("cognome"))] = None
    sede: Annotated[Indirizzo, E(6, "Sede", say("sede"))]
    stabile_organizzazione: Annotated[
        Indirizzo | None, E(7, "StabileOrganizzazione", say("stabile organizzazione in Italia"))
    ] = None
    rappresentante_fiscale: Annotated[
        RappresentanteFiscale | None, E(8, "RappresentanteFiscale", say("rappresentante fiscale"))
    ] = None
    iscrizione_rea: Annotated[
        IscrizioneREA | None, E(9, "IscrizioneREA", say("iscrizione al registro delle imprese"))
    ] = None
    regime_fiscale: Annotated[f.RegimeFiscale, E(10, "RegimeFiscale", say("regime fiscale"))]


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentificativiFiscali:
    id_fiscale_iva: Annotated[IdFiscale | None, E(1, "IdFiscaleIVA", say("identificativo IVA"))] = None
    codice_fiscale: Annotated[f.CodiceFiscale | None, E(2, "CodiceFiscale", say("codice fiscale"))] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AltriDatiIdentificativi:
    CHOICE: ClassVar[Choice] = DENOMINAZIONE_O_NOME

    denominazione: Annotated[f.String80Latin | None, E(1, "Denominazione", say("ragione sociale"))] = None
    nome: Annotated[f.String60Latin | None, E(2, "Nome", say("nome"))] = None
    cognome: Annotated[f.String60Latin | None, E(3, "Cognome", say("cognome"))] = None
    sede: Annotated[Indirizzo, E(4, "Sede", say("sede"))]
    stabile_organizzazione: Annotated[
        Indirizzo | None, E(5, "StabileOrganizzazione", say("stabile organizzazione in Italia"))
    ] = None
    rappresentante_fiscale: Annotated[
        RappresentanteFiscale | None, E(6, "RappresentanteFiscale", say("rappresentante fiscale"))
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CessionarioCommittente:
    identificativi_fiscali: Annotated[
        IdentificativiFiscali, E(1, "IdentificativiFiscali", say("identificativi fiscali"))
    ]
    altri_dati_identificativi: Annotated[
        AltriDatiIdentificativi | None, E(2, "AltriDatiIdentificativi", say("altri dati identificativi"))
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FatturaElettronicaHeader:
    dati_trasmissione: Annotated[DatiTrasmissione, E(1, "DatiTrasmissione", say("dati di trasmissione"))]
    cedente_prestatore: Annotated[CedentePrestatore, E(2, "CedentePrestatore", say("cedente o prestatore"))]
    cessionario_committente: Annotated[
        CessionarioCommittente, E(3, "CessionarioCommittente", say("cessionario o committente"))
    ]
    soggetto_emittente: Annotated[
        f.SoggettoEmittente | None, E(4, "SoggettoEmittente", say("chi emette al posto del cedente"))
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatiGeneraliDocumento:
    tipo_documento: Annotated[f.TipoDocumentoSemplificata, E(1, "TipoDocumento", say("tipo di documento"))]
    divisa: Annotated[f.Divisa, E(2, "Divisa", say("divisa"))]
    data: Annotated[f.DataFattura, E(3, "Data", say("data del documento"))]
    numero: Annotated[f.String20, E(4, "Numero", say("numero del documento"))]
    bollo_virtuale: Annotated[
        f.BolloVirtuale | None, E(5, "BolloVirtuale", say("bollo assolto in modo virtuale"))
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatiFatturaRettificata:
    numero_fr: Annotated[f.String20, E(1, "NumeroFR", say("numero della fattura rettificata"))]
    data_fr: Annotated[f.DataFattura, E(2, "DataFR", say("data della fattura rettificata"))]
    elementi_rettificati: Annotated[
        f.String1000Latin, E(3, "ElementiRettificati", say("elementi rettificati"))
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatiGenerali:
    dati_generali_documento: Annotated[
        DatiGeneraliDocumento, E(1, "DatiGeneraliDocumento", say("dati generali del documento"))
    ]
    dati_fattura_rettificata: Annotated[
        DatiFatturaRettificata | None, E(2, "DatiFatturaRettificata", say("fattura rettificata"))
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatiIVA:
    imposta: Annotated[f.Amount2Decimal | None, E(1, "Imposta", say("imposta"))] = None
    aliquota: Annotated[f.Rate | None, E(2, "Aliquota", say("aliquota IVA"))] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatiBeniServizi:
    descrizione: Annotated[f.String1000Latin, E(1, "Descrizione", say("descrizione"))]
    importo: Annotated[f.Amount2Decimal, E(2, "Importo", say("importo IVA compresa"))]
    dati_iva: Annotated[DatiIVA, E(3, "DatiIVA", say("dati IVA"))]
    natura: Annotated[
        f.NaturaSemplificata | None, E(4, "Natura", say("natura dell'operazione senza IVA"))
    ] = None
    riferimento_normativo: Annotated[
        f.String100Latin | None, E(5, "RiferimentoNormativo", say("norma di riferimento"))
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FatturaElettronicaBody:
    dati_generali: Annotated[DatiGenerali, E(1, "DatiGenerali", say("dati generali"))]
    dati_beni_servizi: Annotated[tuple[DatiBeniServizi, ...], E(2, "DatiBeniServizi", say("bene o servizio"))]
    allegati: Annotated[tuple[Allegati, ...], E(3, "Allegati", say("allegato"))] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FatturaElettronicaSemplificata:
    """One file: a header and one or more simplified invoices to the same buyer."""

    XSD: ClassVar[str] = "FatturaElettronicaType"
    ROOT: ClassVar[Root] = Root(
        element="FatturaElettronicaSemplificata",
        namespace="http://ivaservizi.agenziaentrate.gov.it/docs/xsd/fatture/v1.0",
        prefix="p",
        versions=("FSM10",),
        title="Fattura elettronica semplificata verso privati",
        edition="1.0.2",
    )

    versione: Annotated[f.FormatoTrasmissioneSemplificata, A("versione", say("versione del formato"))]
    sistema_emittente: Annotated[f.String10 | None, A("SistemaEmittente", say("sistema emittente"))] = None
    fattura_elettronica_header: Annotated[
        FatturaElettronicaHeader, E(1, "FatturaElettronicaHeader", say("testata"))
    ]
    fattura_elettronica_body: Annotated[
        tuple[FatturaElettronicaBody, ...], E(2, "FatturaElettronicaBody", say("corpo della fattura"))
    ]


__all__ = [
    "Allegati",
    "AltriDatiIdentificativi",
    "CedentePrestatore",
    "CessionarioCommittente",
    "DatiBeniServizi",
    "DatiFatturaRettificata",
    "DatiGenerali",
    "DatiGeneraliDocumento",
    "DatiIVA",
    "DatiTrasmissione",
    "FatturaElettronicaBody",
    "FatturaElettronicaHeader",
    "FatturaElettronicaSemplificata",
    "IdFiscale",
    "IdFiscaleIVA",
    "IdTrasmittente",
    "IdentificativiFiscali",
    "Indirizzo",
    "IscrizioneREA",
    "RappresentanteFiscale",
    "Sede",
    "StabileOrganizzazione",
]
