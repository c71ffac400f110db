"""The ordinary electronic invoice (FPA12, FPR12), XSD 1.2.3 in force from 1/4/2025, one class a block.

A class is named like its element. Where one element name has two shapes, or one shape many names, the class has
the name of the XSD type without "Type", and the element names are aliases of it where that is possible:
DatiAnagraficiCedente, DatiDocumentiCorrelati (= DatiOrdineAcquisto, DatiContratto ...), Indirizzo (= Sede ...).
How to read a line: `core.tracciati.declaration`.
"""

from __future__ import annotations

from dataclasses import dataclass
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
from fattorino.core.tracciati.declaration import A, Choice, E, Root

DENOMINAZIONE_O_NOME = Choice((("Denominazione",), ("Nome", "Cognome")))


# ---------------------------------------------------------------------------------------- 1.1 DatiTrasmissione


@dataclass(frozen=True, slots=True, kw_only=True)
class ContattiTrasmittente:
    telefono: Annotated[f.TelFax | None, E(1, "Telefono", "telefono")] = None
    email: Annotated[f.EmailContatti | None, E(2, "Email", "indirizzo di posta elettronica")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatiTrasmissione:
    id_trasmittente: Annotated[IdFiscale, E(1, "IdTrasmittente", "identificativo di chi trasmette")]
    progressivo_invio: Annotated[f.String10, E(2, "ProgressivoInvio", "progressivo di invio")]
    formato_trasmissione: Annotated[
        f.FormatoTrasmissione, E(3, "FormatoTrasmissione", "formato di trasmissione")
    ]
    codice_destinatario: Annotated[f.CodiceDestinatario, E(4, "CodiceDestinatario", "codice destinatario")]
    contatti_trasmittente: Annotated[
        ContattiTrasmittente | None, E(5, "ContattiTrasmittente", "contatti di chi trasmette")
    ] = None
    pec_destinatario: Annotated[f.Email | None, E(6, "PECDestinatario", "PEC del destinatario")] = None


# ------------------------------------------------------------------------------------- 1.2 - 1.5 the parties


@dataclass(frozen=True, slots=True, kw_only=True)
class Anagrafica:
    CHOICE: ClassVar[Choice] = DENOMINAZIONE_O_NOME

    denominazione: Annotated[f.String80Latin | None, E(1, "Denominazione", "ragione sociale")] = None
    nome: Annotated[f.String60Latin | None, E(2, "Nome", "nome")] = None
    cognome: Annotated[f.String60Latin | None, E(3, "Cognome", "cognome")] = None
    titolo: Annotated[f.Titolo | None, E(4, "Titolo", "titolo onorifico")] = None
    cod_eori: Annotated[f.CodEORI | None, E(5, "CodEORI", "codice EORI")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatiAnagraficiCedente:
    id_fiscale_iva: Annotated[IdFiscale, E(1, "IdFiscaleIVA", "identificativo IVA")]
    codice_fiscale: Annotated[f.CodiceFiscale | None, E(2, "CodiceFiscale", "codice fiscale")] = None
    anagrafica: Annotated[Anagrafica, E(3, "Anagrafica", "dati anagrafici")]
    albo_professionale: Annotated[f.String60Latin | None, E(4, "AlboProfessionale", "albo professionale")] = (
        None
    )
    provincia_albo: Annotated[f.Provincia | None, E(5, "ProvinciaAlbo", "provincia dell'albo")] = None
    numero_iscrizione_albo: Annotated[
        f.String60 | None, E(6, "NumeroIscrizioneAlbo", "numero di iscrizione all'albo")
    ] = None
    data_iscrizione_albo: Annotated[
        f.Date | None, E(7, "DataIscrizioneAlbo", "data di iscrizione all'albo")
    ] = None
    regime_fiscale: Annotated[f.RegimeFiscale, E(8, "RegimeFiscale", "regime fiscale")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contatti:
    telefono: Annotated[f.TelFax | None, E(1, "Telefono", "telefono")] = None
    fax: Annotated[f.TelFax | None, E(2, "Fax", "fax")] = None
    email: Annotated[f.EmailContatti | None, E(3, "Email", "indirizzo di posta elettronica")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CedentePrestatore:
    dati_anagrafici: Annotated[DatiAnagraficiCedente, E(1, "DatiAnagrafici", "dati anagrafici")]
    sede: Annotated[Indirizzo, E(2, "Sede", "sede")]
    stabile_organizzazione: Annotated[
        Indirizzo | None, E(3, "StabileOrganizzazione", "stabile organizzazione in Italia")
    ] = None
    iscrizione_rea: Annotated[
        IscrizioneREA | None, E(4, "IscrizioneREA", "iscrizione al registro delle imprese")
    ] = None
    contatti: Annotated[Contatti | None, E(5, "Contatti", "contatti")] = None
    riferimento_amministrazione: Annotated[
        f.String20 | None, E(6, "RiferimentoAmministrazione", "riferimento amministrativo-contabile")
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatiAnagraficiRappresentante:
    id_fiscale_iva: Annotated[IdFiscale, E(1, "IdFiscaleIVA", "identificativo IVA")]
    codice_fiscale: Annotated[f.CodiceFiscale | None, E(2, "CodiceFiscale", "codice fiscale")] = None
    anagrafica: Annotated[Anagrafica, E(3, "Anagrafica", "dati anagrafici")]


@dataclass(frozen=True, slots=True, kw_only=True)
class RappresentanteFiscale:
    """1.3, of the seller; that of the buyer (1.4.4) is RappresentanteFiscaleCessionario."""

    dati_anagrafici: Annotated[DatiAnagraficiRappresentante, E(1, "DatiAnagrafici", "dati anagrafici")]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatiAnagraficiCessionario:
    id_fiscale_iva: Annotated[IdFiscale | None, E(1, "IdFiscaleIVA", "identificativo IVA")] = None
    codice_fiscale: Annotated[f.CodiceFiscale | None, E(2, "CodiceFiscale", "codice fiscale")] = None
    anagrafica: Annotated[Anagrafica, E(3, "Anagrafica", "dati anagrafici")]


@dataclass(frozen=True, slots=True, kw_only=True)
class RappresentanteFiscaleCessionario:
    CHOICE: ClassVar[Choice] = DENOMINAZIONE_O_NOME

    id_fiscale_iva: Annotated[IdFiscale, E(1, "IdFiscaleIVA", "identificativo IVA")]
    denominazione: Annotated[f.String80Latin | None, E(2, "Denominazione", "ragione sociale")] = None
    nome: Annotated[f.String60Latin | None, E(3, "Nome", "nome")] = None
    cognome: Annotated[f.String60Latin | None, E(4, "Cognome", "cognome")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CessionarioCommittente:
    dati_anagrafici: Annotated[DatiAnagraficiCessionario, E(1, "DatiAnagrafici", "dati anagrafici")]
    sede: Annotated[Indirizzo, E(2, "Sede", "sede")]
    stabile_organizzazione: Annotated[
        Indirizzo | None, E(3, "StabileOrganizzazione", "stabile organizzazione in Italia")
    ] = None
    rappresentante_fiscale: Annotated[
        RappresentanteFiscaleCessionario | None, E(4, "RappresentanteFiscale", "rappresentante fiscale")
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatiAnagraficiTerzoIntermediario:
    id_fiscale_iva: Annotated[IdFiscale | None, E(1, "IdFiscaleIVA", "identificativo IVA")] = None
    codice_fiscale: Annotated[f.CodiceFiscale | None, E(2, "CodiceFiscale", "codice fiscale")] = None
    anagrafica: Annotated[Anagrafica, E(3, "Anagrafica", "dati anagrafici")]


@dataclass(frozen=True, slots=True, kw_only=True)
class TerzoIntermediarioOSoggettoEmittente:
    XSD: ClassVar[str] = "TerzoIntermediarioSoggettoEmittenteType"

    dati_anagrafici: Annotated[DatiAnagraficiTerzoIntermediario, E(1, "DatiAnagrafici", "dati anagrafici")]


@dataclass(frozen=True, slots=True, kw_only=True)
class FatturaElettronicaHeader:
    dati_trasmissione: Annotated[DatiTrasmissione, E(1, "DatiTrasmissione", "dati di trasmissione")]
    cedente_prestatore: Annotated[CedentePrestatore, E(2, "CedentePrestatore", "cedente o prestatore")]
    rappresentante_fiscale: Annotated[
        RappresentanteFiscale | None, E(3, "RappresentanteFiscale", "rappresentante fiscale del cedente")
    ] = None
    cessionario_committente: Annotated[
        CessionarioCommittente, E(4, "CessionarioCommittente", "cessionario o committente")
    ]
    terzo_intermediario_o_soggetto_emittente: Annotated[
        TerzoIntermediarioOSoggettoEmittente | None,
        E(5, "TerzoIntermediarioOSoggettoEmittente", "terzo che emette la fattura"),
    ] = None
    soggetto_emittente: Annotated[
        f.SoggettoEmittente | None, E(6, "SoggettoEmittente", "chi emette al posto del cedente")
    ] = None


# ------------------------------------------------------------------------------------------- 2.1 DatiGenerali


@dataclass(frozen=True, slots=True, kw_only=True)
class DatiRitenuta:
    tipo_ritenuta: Annotated[f.TipoRitenuta, E(1, "TipoRitenuta", "tipo di ritenuta")]
    importo_ritenuta: Annotated[f.Amount2Decimal, E(2, "ImportoRitenuta", "importo della ritenuta")]
    aliquota_ritenuta: Annotated[f.Rate, E(3, "AliquotaRitenuta", "aliquota della ritenuta")]
    causale_pagamento: Annotated[f.CausalePagamento, E(4, "CausalePagamento", "causale del pagamento")]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatiBollo:
    bollo_virtuale: Annotated[f.BolloVirtuale, E(1, "BolloVirtuale", "bollo assolto in modo virtuale")]
    importo_bollo: Annotated[f.Amount2Decimal | None, E(2, "ImportoBollo", "importo del bollo")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatiCassaPrevidenziale:
    tipo_cassa: Annotated[f.TipoCassa, E(1, "TipoCassa", "tipo di cassa previdenziale")]
    al_cassa: Annotated[f.Rate, E(2, "AlCassa", "aliquota del contributo")]
    importo_contributo_cassa: Annotated[
        f.Amount2Decimal, E(3, "ImportoContributoCassa", "importo del contributo")
    ]
    imponibile_cassa: Annotated[
        f.Amount2Decimal | None, E(4, "ImponibileCassa", "imponibile del contributo")
    ] = None
    aliquota_iva: Annotated[f.Rate, E(5, "AliquotaIVA", "aliquota IVA")]
    ritenuta: Annotated[f.Ritenuta | None, E(6, "Ritenuta", "contributo soggetto a ritenuta")] = None
    natura: Annotated[f.Natura | None, E(7, "Natura", "natura dell'operazione senza IVA")] = None
    riferimento_amministrazione: Annotated[
        f.String20 | None, E(8, "RiferimentoAmministrazione", "riferimento amministrativo-contabile")
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScontoMaggiorazione:
    tipo: Annotated[f.TipoScontoMaggiorazione, E(1, "Tipo", "sconto o maggiorazione")]
    percentuale: Annotated[f.Rate | None, E(2, "Percentuale", "percentuale")] = None
    importo: Annotated[f.Amount8Decimal | None, E(3, "Importo", "importo")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatiGeneraliDocumento:
    tipo_documento: Annotated[f.TipoDocumento, E(1, "TipoDocumento", "tipo di documento")]
    divisa: Annotated[f.Divisa, E(2, "Divisa", "divisa")]
    data: Annotated[f.DataFattura, E(3, "Data", "data del documento")]
    numero: Annotated[f.String20, E(4, "Numero", "numero del documento")]
    dati_ritenuta: Annotated[tuple[DatiRitenuta, ...], E(5, "DatiRitenuta", "ritenuta")] = ()
    dati_bollo: Annotated[DatiBollo | None, E(6, "DatiBollo", "bollo")] = None
    dati_cassa_previdenziale: Annotated[
        tuple[DatiCassaPrevidenziale, ...], E(7, "DatiCassaPrevidenziale", "cassa previdenziale")
    ] = ()
    sconto_maggiorazione: Annotated[
        tuple[ScontoMaggiorazione, ...], E(8, "ScontoMaggiorazione", "sconto o maggiorazione sul totale")
    ] = ()
    importo_totale_documento: Annotated[
        f.Amount2Decimal | None, E(9, "ImportoTotaleDocumento", "importo totale del documento")
    ] = None
    arrotondamento: Annotated[
        f.Amount2Decimal | None, E(10, "Arrotondamento", "arrotondamento del totale")
    ] = None
    causale: Annotated[tuple[f.String200Latin, ...], E(11, "Causale", "causale del documento")] = ()
    art73: Annotated[f.Art73 | None, E(12, "Art73", "documento emesso ai sensi dell'art. 73")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatiDocumentiCorrelati:
    """DatiOrdineAcquisto, DatiContratto, DatiConvenzione, DatiRicezione, DatiFattureCollegate."""

    riferimento_numero_linea: Annotated[
        tuple[f.RiferimentoNumeroLinea, ...], E(1, "RiferimentoNumeroLinea", "numero della linea")
    ] = ()
    id_documento: Annotated[f.String20, E(2, "IdDocumento", "numero del documento correlato")]
    data: Annotated[f.Date | None, E(3, "Data", "data del documento correlato")] = None
    num_item: Annotated[f.String20 | None, E(4, "NumItem", "voce del documento correlato")] = None
    codice_commessa_convenzione: Annotated[
        f.String100Latin | None, E(5, "CodiceCommessaConvenzione", "codice della commessa o convenzione")
    ] = None
    codice_cup: Annotated[f.String15 | None, E(6, "CodiceCUP", "codice unitario progetto (CUP)")] = None
    codice_cig: Annotated[f.String15 | None, E(7, "CodiceCIG", "codice identificativo gara (CIG)")] = None


DatiOrdineAcquisto = DatiDocumentiCorrelati
DatiContratto = DatiDocumentiCorrelati
DatiConvenzione = DatiDocumentiCorrelati
DatiRicezione = DatiDocumentiCorrelati
DatiFattureCollegate = DatiDocumentiCorrelati


@dataclass(frozen=True, slots=True, kw_only=True)
class DatiSAL:
    riferimento_fase: Annotated[f.RiferimentoFase, E(1, "RiferimentoFase", "fase di avanzamento")]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatiDDT:
    numero_ddt: Annotated[f.String20, E(1, "NumeroDDT", "numero del documento di trasporto")]
    data_ddt: Annotated[f.Date, E(2, "DataDDT", "data del documento di trasporto")]
    riferimento_numero_linea: Annotated[
        tuple[f.RiferimentoNumeroLinea, ...], E(3, "RiferimentoNumeroLinea", "numero della linea")
    ] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DatiAnagraficiVettore:
    id_fiscale_iva: Annotated[IdFiscale, E(1, "IdFiscaleIVA", "identificativo IVA")]
    codice_fiscale: Annotated[f.CodiceFiscale | None, E(2, "CodiceFiscale", "codice fiscale")] = None
    anagrafica: Annotated[Anagrafica, E(3, "Anagrafica", "dati anagrafici")]
    numero_licenza_guida: Annotated[
        f.String20 | None, E(4, "NumeroLicenzaGuida", "numero della licenza di guida")
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatiTrasporto:
    dati_anagrafici_vettore: Annotated[
        DatiAnagraficiVettore | None, E(1, "DatiAnagraficiVettore", "dati del vettore")
    ] = None
    mezzo_trasporto: Annotated[f.String80Latin | None, E(2, "MezzoTrasporto", "mezzo di trasporto")] = None
    causale_trasporto: Annotated[
        f.String100Latin | None, E(3, "CausaleTrasporto", "causale del trasporto")
    ] = None
    numero_colli: Annotated[f.NumeroColli | None, E(4, "NumeroColli", "numero dei colli")] = None
    descrizione: Annotated[f.String100Latin | None, E(5, "Descrizione", "descrizione dei colli")] = None
    unita_misura_peso: Annotated[f.String10 | None, E(6, "UnitaMisuraPeso", "unità di misura del peso")] = (
        None
    )
    peso_lordo: Annotated[f.Peso | None, E(7, "PesoLordo", "peso lordo")] = None
    peso_netto: Annotated[f.Peso | None, E(8, "PesoNetto", "peso netto")] = None
    data_ora_ritiro: Annotated[f.DateTime | None, E(9, "DataOraRitiro", "data e ora del ritiro")] = None
    data_inizio_trasporto: Annotated[
        f.Date | None, E(10, "DataInizioTrasporto", "data di inizio del trasporto")
    ] = None
    tipo_resa: Annotated[f.TipoResa | None, E(11, "TipoResa", "termine di resa (Incoterms)")] = None
    indirizzo_resa: Annotated[Indirizzo | None, E(12, "IndirizzoResa", "indirizzo di resa")] = None
    data_ora_consegna: Annotated[f.DateTime | None, E(13, "DataOraConsegna", "data e ora della consegna")] = (
        None
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FatturaPrincipale:
    numero_fattura_principale: Annotated[
        f.String20, E(1, "NumeroFatturaPrincipale", "numero della fattura principale")
    ]
    data_fattura_principale: Annotated[f.Date, E(2, "DataFatturaPrincipale", "data della fattura principale")]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatiGenerali:
    dati_generali_documento: Annotated[
        DatiGeneraliDocumento, E(1, "DatiGeneraliDocumento", "dati generali del documento")
    ]
    dati_ordine_acquisto: Annotated[
        tuple[DatiDocumentiCorrelati, ...], E(2, "DatiOrdineAcquisto", "ordine di acquisto")
    ] = ()
    dati_contratto: Annotated[tuple[DatiDocumentiCorrelati, ...], E(3, "DatiContratto", "contratto")] = ()
    dati_convenzione: Annotated[
        tuple[DatiDocumentiCorrelati, ...], E(4, "DatiConvenzione", "convenzione")
    ] = ()
    dati_ricezione: Annotated[tuple[DatiDocumentiCorrelati, ...], E(5, "DatiRicezione", "ricezione")] = ()
    dati_fatture_collegate: Annotated[
        tuple[DatiDocumentiCorrelati, ...], E(6, "DatiFattureCollegate", "fatture collegate")
    ] = ()
    dati_sal: Annotated[tuple[DatiSAL, ...], E(7, "DatiSAL", "stato di avanzamento dei lavori")] = ()
    dati_ddt: Annotated[tuple[DatiDDT, ...], E(8, "DatiDDT", "documento di trasporto")] = ()
    dati_trasporto: Annotated[DatiTrasporto | None, E(9, "DatiTrasporto", "dati del trasporto")] = None
    fattura_principale: Annotated[
        FatturaPrincipale | None, E(10, "FatturaPrincipale", "fattura principale degli autotrasportatori")
    ] = None


# ---------------------------------------------------------------------------------------- 2.2 DatiBeniServizi


@dataclass(frozen=True, slots=True, kw_only=True)
class CodiceArticolo:
    codice_tipo: Annotated[f.String35, E(1, "CodiceTipo", "tipo di codice articolo")]
    codice_valore: Annotated[f.String35LatinExt, E(2, "CodiceValore", "valore del codice articolo")]


@dataclass(frozen=True, slots=True, kw_only=True)
class AltriDatiGestionali:
    tipo_dato: Annotated[f.String10, E(1, "TipoDato", "tipo di informazione")]
    riferimento_testo: Annotated[f.String60Latin | None, E(2, "RiferimentoTesto", "valore alfanumerico")] = (
        None
    )
    riferimento_numero: Annotated[f.Amount8Decimal | None, E(3, "RiferimentoNumero", "valore numerico")] = (
        None
    )
    riferimento_data: Annotated[f.Date | None, E(4, "RiferimentoData", "data")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DettaglioLinee:
    numero_linea: Annotated[f.NumeroLinea, E(1, "NumeroLinea", "numero della linea")]
    tipo_cessione_prestazione: Annotated[
        f.TipoCessionePrestazione | None, E(2, "TipoCessionePrestazione", "tipo di cessione o prestazione")
    ] = None
    codice_articolo: Annotated[tuple[CodiceArticolo, ...], E(3, "CodiceArticolo", "codice articolo")] = ()
    descrizione: Annotated[f.String1000Latin, E(4, "Descrizione", "descrizione")]
    quantita: Annotated[f.Quantita | None, E(5, "Quantita", "quantità")] = None
    unita_misura: Annotated[f.String10 | None, E(6, "UnitaMisura", "unità di misura")] = None
    data_inizio_periodo: Annotated[f.Date | None, E(7, "DataInizioPeriodo", "inizio del periodo")] = None
    data_fine_periodo: Annotated[f.Date | None, E(8, "DataFinePeriodo", "fine del periodo")] = None
    prezzo_unitario: Annotated[f.Amount8Decimal, E(9, "PrezzoUnitario", "prezzo unitario")]
    sconto_maggiorazione: Annotated[
        tuple[ScontoMaggiorazione, ...], E(10, "ScontoMaggiorazione", "sconto o maggiorazione")
    ] = ()
    prezzo_totale: Annotated[f.Amount8Decimal, E(11, "PrezzoTotale", "prezzo totale")]
    aliquota_iva: Annotated[f.Rate, E(12, "AliquotaIVA", "aliquota IVA")]
    ritenuta: Annotated[f.Ritenuta | None, E(13, "Ritenuta", "linea soggetta a ritenuta")] = None
    natura: Annotated[f.Natura | None, E(14, "Natura", "natura dell'operazione senza IVA")] = None
    riferimento_amministrazione: Annotated[
        f.String20 | None, E(15, "RiferimentoAmministrazione", "riferimento amministrativo-contabile")
    ] = None
    altri_dati_gestionali: Annotated[
        tuple[AltriDatiGestionali, ...], E(16, "AltriDatiGestionali", "altri dati gestionali")
    ] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DatiRiepilogo:
    aliquota_iva: Annotated[f.Rate, E(1, "AliquotaIVA", "aliquota IVA")]
    natura: Annotated[f.Natura | None, E(2, "Natura", "natura delle operazioni senza IVA")] = None
    spese_accessorie: Annotated[f.Amount2Decimal | None, E(3, "SpeseAccessorie", "spese accessorie")] = None
    arrotondamento: Annotated[f.Amount8Decimal | None, E(4, "Arrotondamento", "arrotondamento")] = None
    imponibile_importo: Annotated[f.Amount2Decimal, E(5, "ImponibileImporto", "imponibile o importo")]
    imposta: Annotated[f.Amount2Decimal, E(6, "Imposta", "imposta")]
    esigibilita_iva: Annotated[f.EsigibilitaIVA | None, E(7, "EsigibilitaIVA", "esigibilità dell'IVA")] = None
    riferimento_normativo: Annotated[
        f.String100Latin | None, E(8, "RiferimentoNormativo", "norma di riferimento")
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatiBeniServizi:
    dettaglio_linee: Annotated[tuple[DettaglioLinee, ...], E(1, "DettaglioLinee", "linea di dettaglio")]
    dati_riepilogo: Annotated[tuple[DatiRiepilogo, ...], E(2, "DatiRiepilogo", "riepilogo IVA")]


# ------------------------------------------------------------------------------------------------- 2.3 - 2.5


@dataclass(frozen=True, slots=True, kw_only=True)
class DatiVeicoli:
    data: Annotated[f.Date, E(1, "Data", "data di prima immatricolazione")]
    totale_percorso: Annotated[f.String15, E(2, "TotalePercorso", "chilometri o ore percorsi")]


@dataclass(frozen=True, slots=True, kw_only=True)
class DettaglioPagamento:
    beneficiario: Annotated[f.String200Latin | None, E(1, "Beneficiario", "beneficiario")] = None
    modalita_pagamento: Annotated[f.ModalitaPagamento, E(2, "ModalitaPagamento", "modalità di pagamento")]
    data_riferimento_termini_pagamento: Annotated[
        f.Date | None, E(3, "DataRiferimentoTerminiPagamento", "decorrenza dei termini")
    ] = None
    giorni_termini_pagamento: Annotated[
        f.GiorniTerminePagamento | None, E(4, "GiorniTerminiPagamento", "termini in giorni")
    ] = None
    data_scadenza_pagamento: Annotated[f.Date | None, E(5, "DataScadenzaPagamento", "data di scadenza")] = (
        None
    )
    importo_pagamento: Annotated[f.Amount2Decimal, E(6, "ImportoPagamento", "importo")]
    cod_ufficio_postale: Annotated[
        f.String20 | None, E(7, "CodUfficioPostale", "codice dell'ufficio postale")
    ] = None
    cognome_quietanzante: Annotated[
        f.String60Latin | None, E(8, "CognomeQuietanzante", "cognome del quietanzante")
    ] = None
    nome_quietanzante: Annotated[
        f.String60Latin | None, E(9, "NomeQuietanzante", "nome del quietanzante")
    ] = None
    cf_quietanzante: Annotated[
        f.CodiceFiscalePF | None, E(10, "CFQuietanzante", "codice fiscale del quietanzante")
    ] = None
    titolo_quietanzante: Annotated[
        f.Titolo | None, E(11, "TitoloQuietanzante", "titolo del quietanzante")
    ] = None
    istituto_finanziario: Annotated[
        f.String80Latin | None, E(12, "IstitutoFinanziario", "istituto finanziario")
    ] = None
    iban: Annotated[f.IBAN | None, E(13, "IBAN", "IBAN")] = None
    abi: Annotated[f.ABI | None, E(14, "ABI", "codice ABI")] = None
    cab: Annotated[f.CAB | None, E(15, "CAB", "codice CAB")] = None
    bic: Annotated[f.BIC | None, E(16, "BIC", "codice BIC")] = None
    sconto_pagamento_anticipato: Annotated[
        f.Amount2Decimal | None, E(17, "ScontoPagamentoAnticipato", "sconto per pagamento anticipato")
    ] = None
    data_limite_pagamento_anticipato: Annotated[
        f.Date | None, E(18, "DataLimitePagamentoAnticipato", "data limite del pagamento anticipato")
    ] = None
    penalita_pagamenti_ritardati: Annotated[
        f.Amount2Decimal | None, E(19, "PenalitaPagamentiRitardati", "penalità per ritardato pagamento")
    ] = None
    data_decorrenza_penale: Annotated[
        f.Date | None, E(20, "DataDecorrenzaPenale", "decorrenza della penale")
    ] = None
    codice_pagamento: Annotated[
        f.String60 | None, E(21, "CodicePagamento", "codice per la riconciliazione dell'incasso")
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatiPagamento:
    condizioni_pagamento: Annotated[
        f.CondizioniPagamento, E(1, "CondizioniPagamento", "condizioni di pagamento")
    ]
    dettaglio_pagamento: Annotated[
        tuple[DettaglioPagamento, ...], E(2, "DettaglioPagamento", "dettaglio del pagamento")
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class FatturaElettronicaBody:
    dati_generali: Annotated[DatiGenerali, E(1, "DatiGenerali", "dati generali")]
    dati_beni_servizi: Annotated[DatiBeniServizi, E(2, "DatiBeniServizi", "beni e servizi")]
    dati_veicoli: Annotated[DatiVeicoli | None, E(3, "DatiVeicoli", "dati dei veicoli")] = None
    dati_pagamento: Annotated[tuple[DatiPagamento, ...], E(4, "DatiPagamento", "pagamento")] = ()
    allegati: Annotated[tuple[Allegati, ...], E(5, "Allegati", "allegato")] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FatturaElettronica:
    """One file: a header and one or more invoices to the same buyer (a lotto has more than one body)."""

    ROOT: ClassVar[Root] = Root(
        element="FatturaElettronica",
        namespace="http://ivaservizi.agenziaentrate.gov.it/docs/xsd/fatture/v1.2",
        prefix="p",
        versions=("FPA12", "FPR12"),
    )

    versione: Annotated[f.FormatoTrasmissione, A("versione", "versione del formato")]
    sistema_emittente: Annotated[f.String10 | None, A("SistemaEmittente", "sistema emittente")] = None
    fattura_elettronica_header: Annotated[
        FatturaElettronicaHeader, E(1, "FatturaElettronicaHeader", "testata")
    ]
    fattura_elettronica_body: Annotated[
        tuple[FatturaElettronicaBody, ...], E(2, "FatturaElettronicaBody", "corpo della fattura")
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
