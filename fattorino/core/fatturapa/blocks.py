"""The blocks that the ordinary and the simplified invoice have in common."""

from __future__ import annotations

from typing import Annotated

from fattorino.core.fatturapa import fields as f
from fattorino.core.texts import say
from fattorino.core.tracciati.declaration import E
from fattorino.core.tracciati.lazy import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class IdFiscale:
    """IdTrasmittente, IdFiscaleIVA."""

    id_paese: Annotated[f.Nazione, E(1, "IdPaese", say("codice del paese"))]
    id_codice: Annotated[f.Codice, E(2, "IdCodice", say("codice identificativo fiscale"))]


IdTrasmittente = IdFiscale
IdFiscaleIVA = IdFiscale


@dataclass(frozen=True, slots=True, kw_only=True)
class Indirizzo:
    """Sede, StabileOrganizzazione, IndirizzoResa."""

    indirizzo: Annotated[f.String60Latin, E(1, "Indirizzo", say("via o piazza"))]
    numero_civico: Annotated[f.NumeroCivico | None, E(2, "NumeroCivico", say("numero civico"))] = None
    cap: Annotated[f.CAP, E(3, "CAP", say("codice di avviamento postale"))]
    comune: Annotated[f.String60Latin, E(4, "Comune", say("comune"))]
    provincia: Annotated[f.Provincia | None, E(5, "Provincia", say("sigla della provincia"))] = None
    nazione: Annotated[f.Nazione, E(6, "Nazione", say("codice della nazione"), default="IT")]


Sede = Indirizzo
StabileOrganizzazione = Indirizzo
IndirizzoResa = Indirizzo


@dataclass(frozen=True, slots=True, kw_only=True)
class IscrizioneREA:
    ufficio: Annotated[f.Provincia, E(1, "Ufficio", say("provincia dell'ufficio del registro delle imprese"))]
    numero_rea: Annotated[
        f.String20, E(2, "NumeroREA", say("numero di iscrizione al registro delle imprese"))
    ]
    capitale_sociale: Annotated[f.Amount2Decimal | None, E(3, "CapitaleSociale", say("capitale sociale"))] = (
        None
    )
    socio_unico: Annotated[f.SocioUnico | None, E(4, "SocioUnico", say("socio unico o più soci"))] = None
    stato_liquidazione: Annotated[
        f.StatoLiquidazione, E(5, "StatoLiquidazione", say("stato di liquidazione"))
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Allegati:
    nome_attachment: Annotated[f.String60Latin, E(1, "NomeAttachment", say("nome dell'allegato"))]
    algoritmo_compressione: Annotated[
        f.String10 | None, E(2, "AlgoritmoCompressione", say("algoritmo di compressione"))
    ] = None
    formato_attachment: Annotated[
        f.String10 | None, E(3, "FormatoAttachment", say("formato dell'allegato"))
    ] = None
    descrizione_attachment: Annotated[
        f.String100Latin | None, E(4, "DescrizioneAttachment", say("descrizione dell'allegato"))
    ] = None
    attachment: Annotated[f.Base64Binary, E(5, "Attachment", say("contenuto dell'allegato"))]
