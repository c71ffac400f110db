"""DatiBeniServizi, DatiVeicoli, DatiPagamento (2.2 - 2.4): lines, summary by rate, payment."""

from __future__ import annotations

from typing import Annotated

from fattorino.core.fatturapa import fields as f
from fattorino.core.fatturapa.ordinaria.general import ScontoMaggiorazione
from fattorino.core.texts import say
from fattorino.core.tracciati.declaration import E
from fattorino.core.tracciati.lazy import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CodiceArticolo:
    codice_tipo: Annotated[f.String35, E(1, "CodiceTipo", say("tipo di codice articolo"))]
    codice_valore: Annotated[f.String35LatinExt, E(2, "CodiceValore", say("valore del codice articolo"))]


@dataclass(frozen=True, slots=True, kw_only=True)
class AltriDatiGestionali:
    tipo_dato: Annotated[f.String10, E(1, "TipoDato", say("tipo di informazione"))]
    riferimento_testo: Annotated[
        f.String60Latin | None, E(2, "RiferimentoTesto", say("valore alfanumerico"))
    ] = None
    riferimento_numero: Annotated[
        f.Amount8Decimal | None, E(3, "RiferimentoNumero", say("valore numerico"))
    ] = None
    riferimento_data: Annotated[f.Date | None, E(4, "RiferimentoData", say("data"))] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DettaglioLinee:
    numero_linea: Annotated[f.NumeroLinea, E(1, "NumeroLinea", say("numero della linea"))]
    tipo_cessione_prestazione: Annotated[
        f.TipoCessionePrestazione | None,
        E(2, "TipoCessionePrestazione", say("tipo di cessione o prestazione")),
    ] = None
    codice_articolo: Annotated[
        tuple[CodiceArticolo, ...], E(3, "CodiceArticolo", say("codice articolo"))
    ] = ()
    descrizione: Annotated[f.String1000Latin, E(4, "Descrizione", say("descrizione"))]
    quantita: Annotated[f.Quantita | None, E(5, "Quantita", say("quantità"))] = None
    unita_misura: Annotated[f.String10 | None, E(6, "UnitaMisura", say("unità di misura"))] = None
    data_inizio_periodo: Annotated[f.Date | None, E(7, "DataInizioPeriodo", say("inizio del periodo"))] = None
    data_fine_periodo: Annotated[f.Date | None, E(8, "DataFinePeriodo", say("fine del periodo"))] = None
    prezzo_unitario: Annotated[f.Amount8Decimal, E(9, "PrezzoUnitario", say("prezzo unitario"))]
    sconto_maggiorazione: Annotated[
        tuple[ScontoMaggiorazione, ...], E(10, "ScontoMaggiorazione", say("sconto o maggiorazione"))
    ] = ()
    prezzo_totale: Annotated[f.Amount8Decimal, E(11, "PrezzoTotale", say("prezzo totale"))]
    aliquota_iva: Annotated[f.Rate, E(12, "AliquotaIVA", say("aliquota IVA"))]
    ritenuta: Annotated[f.Ritenuta | None, E(13, "Ritenuta", say("linea soggetta a ritenuta"))] = None
    natura: Annotated[f.Natura | None, E(14, "Natura", say("natura dell'operazione senza IVA"))] = None
    riferimento_amministrazione: Annotated[
        f.String20 | None, E(15, "RiferimentoAmministrazione", say("riferimento amministrativo-contabile"))
    ] = None
    altri_dati_gestionali: Annotated[
        tuple[AltriDatiGestionali, ...], E(16, "AltriDatiGestionali", say("altri dati gestionali"))
    ] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DatiRiepilogo:
    aliquota_iva: Annotated[f.Rate, E(1, "AliquotaIVA", say("aliquota IVA"))]
    natura: Annotated[f.Natura | None, E(2, "Natura", say("natura delle operazioni senza IVA"))] = None
    spese_accessorie: Annotated[f.Amount2Decimal | None, E(3, "SpeseAccessorie", say("spese accessorie"))] = (
        None
    )
    arrotondamento: Annotated[f.Amount8Decimal | None, E(4, "Arrotondamento", say("arrotondamento"))] = None
    imponibile_importo: Annotated[f.Amount2Decimal, E(5, "ImponibileImporto", say("imponibile o importo"))]
    imposta: Annotated[f.Amount2Decimal, E(6, "Imposta", say("imposta"))]
    esigibilita_iva: Annotated[
        f.EsigibilitaIVA | None, E(7, "EsigibilitaIVA", say("esigibilità dell'IVA"))
    ] = None
    riferimento_normativo: Annotated[
        f.String100Latin | None, E(8, "RiferimentoNormativo", say("norma di riferimento"))
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatiBeniServizi:
    dettaglio_linee: Annotated[tuple[DettaglioLinee, ...], E(1, "DettaglioLinee", say("linea di dettaglio"))]
    dati_riepilogo: Annotated[tuple[DatiRiepilogo, ...], E(2, "DatiRiepilogo", say("riepilogo IVA"))]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatiVeicoli:
    data: Annotated[f.Date, E(1, "Data", say("data di prima immatricolazione"))]
    totale_percorso: Annotated[f.String15, E(2, "TotalePercorso", say("chilometri o ore percorsi"))]


@dataclass(frozen=True, slots=True, kw_only=True)
class DettaglioPagamento:
    beneficiario: Annotated[f.String200Latin | None, E(1, "Beneficiario", say("beneficiario"))] = None
    modalita_pagamento: Annotated[
        f.ModalitaPagamento, E(2, "ModalitaPagamento", say("modalità di pagamento"))
    ]
    data_riferimento_termini_pagamento: Annotated[
        f.Date | None, E(3, "DataRiferimentoTerminiPagamento", say("decorrenza dei termini"))
    ] = None
    giorni_termini_pagamento: Annotated[
        f.GiorniTerminePagamento | None, E(4, "GiorniTerminiPagamento", say("termini in giorni"))
    ] = None
    data_scadenza_pagamento: Annotated[
        f.Date | None, E(5, "DataScadenzaPagamento", say("data di scadenza"))
    ] = None
    importo_pagamento: Annotated[f.Amount2Decimal, E(6, "ImportoPagamento", say("importo"))]
    cod_ufficio_postale: Annotated[
        f.String20 | None, E(7, "CodUfficioPostale", say("codice dell'ufficio postale"))
    ] = None
    cognome_quietanzante: Annotated[
        f.String60Latin | None, E(8, "CognomeQuietanzante", say("cognome del quietanzante"))
    ] = None
    nome_quietanzante: Annotated[
        f.String60Latin | None, E(9, "NomeQuietanzante", say("nome del quietanzante"))
    ] = None
    cf_quietanzante: Annotated[
        f.CodiceFiscalePF | None, E(10, "CFQuietanzante", say("codice fiscale del quietanzante"))
    ] = None
    titolo_quietanzante: Annotated[
        f.Titolo | None, E(11, "TitoloQuietanzante", say("titolo del quietanzante"))
    ] = None
    istituto_finanziario: Annotated[
        f.String80Latin | None, E(12, "IstitutoFinanziario", say("istituto finanziario"))
    ] = None
    iban: Annotated[f.IBAN | None, E(13, "IBAN", say("IBAN"))] = None
    abi: Annotated[f.ABI | None, E(14, "ABI", say("codice ABI"))] = None
    cab: Annotated[f.CAB | None, E(15, "CAB", say("codice CAB"))] = None
    bic: Annotated[f.BIC | None, E(16, "BIC", say("codice BIC"))] = None
    sconto_pagamento_anticipato: Annotated[
        f.Amount2Decimal | None, E(17, "ScontoPagamentoAnticipato", say("sconto per pagamento anticipato"))
    ] = None
    data_limite_pagamento_anticipato: Annotated[
        f.Date | None, E(18, "DataLimitePagamentoAnticipato", say("data limite del pagamento anticipato"))
    ] = None
    penalita_pagamenti_ritardati: Annotated[
        f.Amount2Decimal | None, E(19, "PenalitaPagamentiRitardati", say("penalità per ritardato pagamento"))
    ] = None
    data_decorrenza_penale: Annotated[
        f.Date | None, E(20, "DataDecorrenzaPenale", say("decorrenza della penale"))
    ] = None
    codice_pagamento: Annotated[
        f.String60 | None, E(21, "CodicePagamento", say("codice per la riconciliazione dell'incasso"))
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatiPagamento:
    condizioni_pagamento: Annotated[
        f.CondizioniPagamento, E(1, "CondizioniPagamento", say("condizioni di pagamento"))
    ]
    dettaglio_pagamento: Annotated[
        tuple[DettaglioPagamento, ...], E(2, "DettaglioPagamento", say("dettaglio del pagamento"))
    ]
