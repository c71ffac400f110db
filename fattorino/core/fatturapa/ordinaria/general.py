"""DatiGenerali (2.1): the document, its withholdings, funds and references, the transport."""

from __future__ import annotations

from typing import Annotated

from fattorino.core.fatturapa import fields as f
from fattorino.core.fatturapa.blocks import IdFiscale, Indirizzo
from fattorino.core.fatturapa.ordinaria.header import Anagrafica
from fattorino.core.texts import say
from fattorino.core.tracciati.declaration import E
from fattorino.core.tracciati.lazy import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DatiRitenuta:
    tipo_ritenuta: Annotated[f.TipoRitenuta, E(1, "TipoRitenuta", say("tipo di ritenuta"))]
    importo_ritenuta: Annotated[f.Amount2Decimal, E(2, "ImportoRitenuta", say("importo della ritenuta"))]
    aliquota_ritenuta: Annotated[f.Rate, E(3, "AliquotaRitenuta", say("aliquota della ritenuta"))]
    causale_pagamento: Annotated[f.CausalePagamento, E(4, "CausalePagamento", say("causale del pagamento"))]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatiBollo:
    bollo_virtuale: Annotated[f.BolloVirtuale, E(1, "BolloVirtuale", say("bollo assolto in modo virtuale"))]
    importo_bollo: Annotated[f.Amount2Decimal | None, E(2, "ImportoBollo", say("importo del bollo"))] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatiCassaPrevidenziale:
    tipo_cassa: Annotated[f.TipoCassa, E(1, "TipoCassa", say("tipo di cassa previdenziale"))]
    al_cassa: Annotated[f.Rate, E(2, "AlCassa", say("aliquota del contributo"))]
    importo_contributo_cassa: Annotated[
        f.Amount2Decimal, E(3, "ImportoContributoCassa", say("importo del contributo"))
    ]
    imponibile_cassa: Annotated[
        f.Amount2Decimal | None, E(4, "ImponibileCassa", say("imponibile del contributo"))
    ] = None
    aliquota_iva: Annotated[f.Rate, E(5, "AliquotaIVA", say("aliquota IVA"))]
    ritenuta: Annotated[f.Ritenuta | None, E(6, "Ritenuta", say("contributo soggetto a ritenuta"))] = None
    natura: Annotated[f.Natura | None, E(7, "Natura", say("natura dell'operazione senza IVA"))] = None
    riferimento_amministrazione: Annotated[
        f.String20 | None, E(8, "RiferimentoAmministrazione", say("riferimento amministrativo-contabile"))
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScontoMaggiorazione:
    tipo: Annotated[f.TipoScontoMaggiorazione, E(1, "Tipo", say("sconto o maggiorazione"))]
    percentuale: Annotated[f.Rate | None, E(2, "Percentuale", say("percentuale"))] = None
    importo: Annotated[f.Amount8Decimal | None, E(3, "Importo", say("importo"))] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatiGeneraliDocumento:
    tipo_documento: Annotated[f.TipoDocumento, E(1, "TipoDocumento", say("tipo di documento"))]
    divisa: Annotated[f.Divisa, E(2, "Divisa", say("divisa"))]
    data: Annotated[f.DataFattura, E(3, "Data", say("data del documento"))]
    numero: Annotated[f.String20, E(4, "Numero", say("numero del documento"))]
    dati_ritenuta: Annotated[tuple[DatiRitenuta, ...], E(5, "DatiRitenuta", say("ritenuta"))] = ()
    dati_bollo: Annotated[DatiBollo | None, E(6, "DatiBollo", say("bollo"))] = None
    dati_cassa_previdenziale: Annotated[
        tuple[DatiCassaPrevidenziale, ...], E(7, "DatiCassaPrevidenziale", say("cassa previdenziale"))
    ] = ()
    sconto_maggiorazione: Annotated[
        tuple[ScontoMaggiorazione, ...], E(8, "ScontoMaggiorazione", say("sconto o maggiorazione sul totale"))
    ] = ()
    importo_totale_documento: Annotated[
        f.Amount2Decimal | None, E(9, "ImportoTotaleDocumento", say("importo totale del documento"))
    ] = None
    arrotondamento: Annotated[
        f.Amount2Decimal | None, E(10, "Arrotondamento", say("arrotondamento del totale"))
    ] = None
    causale: Annotated[tuple[f.String200Latin, ...], E(11, "Causale", say("causale del documento"))] = ()
    art73: Annotated[f.Art73 | None, E(12, "Art73", say("documento emesso ai sensi dell'art. 73"))] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatiDocumentiCorrelati:
    """DatiOrdineAcquisto, DatiContratto, DatiConvenzione, DatiRicezione, DatiFattureCollegate."""

    riferimento_numero_linea: Annotated[
        tuple[f.RiferimentoNumeroLinea, ...], E(1, "RiferimentoNumeroLinea", say("numero della linea"))
    ] = ()
    id_documento: Annotated[f.String20, E(2, "IdDocumento", say("numero del documento correlato"))]
    data: Annotated[f.Date | None, E(3, "Data", say("data del documento correlato"))] = None
    num_item: Annotated[f.String20 | None, E(4, "NumItem", say("voce del documento correlato"))] = None
    codice_commessa_convenzione: Annotated[
        f.String100Latin | None, E(5, "CodiceCommessaConvenzione", say("codice della commessa o convenzione"))
    ] = None
    codice_cup: Annotated[f.String15 | None, E(6, "CodiceCUP", say("codice unitario progetto (CUP)"))] = None
    codice_cig: Annotated[f.String15 | None, E(7, "CodiceCIG", say("codice identificativo gara (CIG)"))] = (
        None
    )


DatiOrdineAcquisto = DatiDocumentiCorrelati
DatiContratto = DatiDocumentiCorrelati
DatiConvenzione = DatiDocumentiCorrelati
DatiRicezione = DatiDocumentiCorrelati
DatiFattureCollegate = DatiDocumentiCorrelati


@dataclass(frozen=True, slots=True, kw_only=True)
class DatiSAL:
    riferimento_fase: Annotated[f.RiferimentoFase, E(1, "RiferimentoFase", say("fase di avanzamento"))]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatiDDT:
    numero_ddt: Annotated[f.String20, E(1, "NumeroDDT", say("numero del documento di trasporto"))]
    data_ddt: Annotated[f.Date, E(2, "DataDDT", say("data del documento di trasporto"))]
    riferimento_numero_linea: Annotated[
        tuple[f.RiferimentoNumeroLinea, ...], E(3, "RiferimentoNumeroLinea", say("numero della linea"))
    ] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DatiAnagraficiVettore:
    id_fiscale_iva: Annotated[IdFiscale, E(1, "IdFiscaleIVA", say("identificativo IVA"))]
    codice_fiscale: Annotated[f.CodiceFiscale | None, E(2, "CodiceFiscale", say("codice fiscale"))] = None
    anagrafica: Annotated[Anagrafica, E(3, "Anagrafica", say("dati anagrafici"))]
    numero_licenza_guida: Annotated[
        f.String20 | None, E(4, "NumeroLicenzaGuida", say("numero della licenza di guida"))
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatiTrasporto:
    dati_anagrafici_vettore: Annotated[
        DatiAnagraficiVettore | None, E(1, "DatiAnagraficiVettore", say("dati del vettore"))
    ] = None
    mezzo_trasporto: Annotated[f.String80Latin | None, E(2, "MezzoTrasporto", say("mezzo di trasporto"))] = (
        None
    )
    causale_trasporto: Annotated[
        f.String100Latin | None, E(3, "CausaleTrasporto", say("causale del trasporto"))
    ] = None
    numero_colli: Annotated[f.NumeroColli | None, E(4, "NumeroColli", say("numero dei colli"))] = None
    descrizione: Annotated[f.String100Latin | None, E(5, "Descrizione", say("descrizione dei colli"))] = None
    unita_misura_peso: Annotated[
        f.String10 | None, E(6, "UnitaMisuraPeso", say("unità di misura del peso"))
    ] = None
    peso_lordo: Annotated[f.Peso | None, E(7, "PesoLordo", say("peso lordo"))] = None
    peso_netto: Annotated[f.Peso | None, E(8, "PesoNetto", say("peso netto"))] = None
    data_ora_ritiro: Annotated[f.DateTime | None, E(9, "DataOraRitiro", say("data e ora del ritiro"))] = None
    data_inizio_trasporto: Annotated[
        f.Date | None, E(10, "DataInizioTrasporto", say("data di inizio del trasporto"))
    ] = None
    tipo_resa: Annotated[f.TipoResa | None, E(11, "TipoResa", say("termine di resa (Incoterms)"))] = None
    indirizzo_resa: Annotated[Indirizzo | None, E(12, "IndirizzoResa", say("indirizzo di resa"))] = None
    data_ora_consegna: Annotated[
        f.DateTime | None, E(13, "DataOraConsegna", say("data e ora della consegna"))
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FatturaPrincipale:
    numero_fattura_principale: Annotated[
        f.String20, E(1, "NumeroFatturaPrincipale", say("numero della fattura principale"))
    ]
    data_fattura_principale: Annotated[
        f.Date, E(2, "DataFatturaPrincipale", say("data della fattura principale"))
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatiGenerali:
    dati_generali_documento: Annotated[
        DatiGeneraliDocumento, E(1, "DatiGeneraliDocumento", say("dati generali del documento"))
    ]
    dati_ordine_acquisto: Annotated[
        tuple[DatiDocumentiCorrelati, ...], E(2, "DatiOrdineAcquisto", say("ordine di acquisto"))
    ] = ()
    dati_contratto: Annotated[
        tuple[DatiDocumentiCorrelati, ...], E(3, "DatiContratto", say("contratto"))
    ] = ()
    dati_convenzione: Annotated[
        tuple[DatiDocumentiCorrelati, ...], E(4, "DatiConvenzione", say("convenzione"))
    ] = ()
    dati_ricezione: Annotated[
        tuple[DatiDocumentiCorrelati, ...], E(5, "DatiRicezione", say("ricezione"))
    ] = ()
    dati_fatture_collegate: Annotated[
        tuple[DatiDocumentiCorrelati, ...], E(6, "DatiFattureCollegate", say("fatture collegate"))
    ] = ()
    dati_sal: Annotated[tuple[DatiSAL, ...], E(7, "DatiSAL", say("stato di avanzamento dei lavori"))] = ()
    dati_ddt: Annotated[tuple[DatiDDT, ...], E(8, "DatiDDT", say("documento di trasporto"))] = ()
    dati_trasporto: Annotated[DatiTrasporto | None, E(9, "DatiTrasporto", say("dati del trasporto"))] = None
    fattura_principale: Annotated[
        FatturaPrincipale | None,
        E(10, "FatturaPrincipale", say("fattura principale degli autotrasportatori")),
    ] = None
