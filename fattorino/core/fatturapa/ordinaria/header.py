"""FatturaElettronicaHeader (1): transmission, seller, buyer, third parties."""

from __future__ import annotations

from typing import Annotated, ClassVar

from fattorino.core.fatturapa import fields as f
from fattorino.core.fatturapa.blocks import IdFiscale, Indirizzo, IscrizioneREA
from fattorino.core.texts import say
from fattorino.core.tracciati.declaration import Choice, E
from fattorino.core.tracciati.lazy import dataclass

DENOMINAZIONE_O_NOME = Choice((("Denominazione",), ("Nome", "Cognome")))


@dataclass(frozen=True, slots=True, kw_only=True)
class ContattiTrasmittente:
    telefono: Annotated[f.TelFax | None, E(1, "Telefono", say("telefono"))] = None
    email: Annotated[f.EmailContatti | None, E(2, "Email", say("indirizzo di posta elettronica"))] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatiTrasmissione:
    id_trasmittente: Annotated[IdFiscale, E(1, "IdTrasmittente", say("identificativo di chi trasmette"))]
    progressivo_invio: Annotated[f.String10, E(2, "ProgressivoInvio", say("progressivo di invio"))]
    formato_trasmissione: Annotated[
        f.FormatoTrasmissione, E(3, "FormatoTrasmissione", say("formato di trasmissione"))
    ]
    codice_destinatario: Annotated[
        f.CodiceDestinatario, E(4, "CodiceDestinatario", say("codice destinatario"))
    ]
    contatti_trasmittente: Annotated[
        ContattiTrasmittente | None, E(5, "ContattiTrasmittente", say("contatti di chi trasmette"))
    ] = None
    pec_destinatario: Annotated[f.Email | None, E(6, "PECDestinatario", say("PEC del destinatario"))] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Anagrafica:
    CHOICE: ClassVar[Choice] = DENOMINAZIONE_O_NOME

    denominazione: Annotated[f.String80Latin | None, E(1, "Denominazione", say("ragione sociale"))] = None
    nome: Annotated[f.String60Latin | None, E(2, "Nome", say("nome"))] = None
    cognome: Annotated[f.String60Latin | None, E(3, "Cognome", say("cognome"))] = None
    titolo: Annotated[f.Titolo | None, E(4, "Titolo", say("titolo onorifico"))] = None
    cod_eori: Annotated[f.CodEORI | None, E(5, "CodEORI", say("codice EORI"))] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatiAnagraficiCedente:
    id_fiscale_iva: Annotated[IdFiscale, E(1, "IdFiscaleIVA", say("identificativo IVA"))]
    codice_fiscale: Annotated[f.CodiceFiscale | None, E(2, "CodiceFiscale", say("codice fiscale"))] = None
    anagrafica: Annotated[Anagrafica, E(3, "Anagrafica", say("dati anagrafici"))]
    albo_professionale: Annotated[
        f.String60Latin | None, E(4, "AlboProfessionale", say("albo professionale"))
    ] = None
    provincia_albo: Annotated[f.Provincia | None, E(5, "ProvinciaAlbo", say("provincia dell'albo"))] = None
    numero_iscrizione_albo: Annotated[
        f.String60 | None, E(6, "NumeroIscrizioneAlbo", say("numero di iscrizione all'albo"))
    ] = None
    data_iscrizione_albo: Annotated[
        f.Date | None, E(7, "DataIscrizioneAlbo", say("data di iscrizione all'albo"))
    ] = None
    regime_fiscale: Annotated[f.RegimeFiscale, E(8, "RegimeFiscale", say("regime fiscale"))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contatti:
    telefono: Annotated[f.TelFax | None, E(1, "Telefono", say("telefono"))] = None
    fax: Annotated[f.TelFax | None, E(2, "Fax", say("fax"))] = None
    email: Annotated[f.EmailContatti | None, E(3, "Email", say("indirizzo di posta elettronica"))] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CedentePrestatore:
    dati_anagrafici: Annotated[DatiAnagraficiCedente, E(1, "DatiAnagrafici", say("dati anagrafici"))]
    sede: Annotated[Indirizzo, E(2, "Sede", say("sede"))]
    stabile_organizzazione: Annotated[
        Indirizzo | None, E(3, "StabileOrganizzazione", say("stabile organizzazione in Italia"))
    ] = None
    iscrizione_rea: Annotated[
        IscrizioneREA | None, E(4, "IscrizioneREA", say("iscrizione al registro delle imprese"))
    ] = None
    contatti: Annotated[Contatti | None, E(5, "Contatti", say("contatti"))] = None
    riferimento_amministrazione: Annotated[
        f.String20 | None, E(6, "RiferimentoAmministrazione", say("riferimento amministrativo-contabile"))
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatiAnagraficiRappresentante:
    id_fiscale_iva: Annotated[IdFiscale, E(1, "IdFiscaleIVA", say("identificativo IVA"))]
    codice_fiscale: Annotated[f.CodiceFiscale | None, E(2, "CodiceFiscale", say("codice fiscale"))] = None
    anagrafica: Annotated[Anagrafica, E(3, "Anagrafica", say("dati anagrafici"))]


@dataclass(frozen=True, slots=True, kw_only=True)
class RappresentanteFiscale:
    """1.3, of the seller; that of the buyer (1.4.4) is RappresentanteFiscaleCessionario."""

    dati_anagrafici: Annotated[DatiAnagraficiRappresentante, E(1, "DatiAnagrafici", say("dati anagrafici"))]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatiAnagraficiCessionario:
    id_fiscale_iva: Annotated[IdFiscale | None, E(1, "IdFiscaleIVA", say("identificativo IVA"))] = None
    codice_fiscale: Annotated[f.CodiceFiscale | None, E(2, "CodiceFiscale", say("codice fiscale"))] = None
    anagrafica: Annotated[Anagrafica, E(3, "Anagrafica", say("dati anagrafici"))]


@dataclass(frozen=True, slots=True, kw_only=True)
class RappresentanteFiscaleCessionario:
    CHOICE: ClassVar[Choice] = DENOMINAZIONE_O_NOME

    id_fiscale_iva: Annotated[IdFiscale, E(1, "IdFiscaleIVA", say("identificativo IVA"))]
    denominazione: Annotated[f.String80Latin | None, E(2, "Denominazione", say("ragione sociale"))] = None
    nome: Annotated[f.String60Latin | None, E(3, "Nome", say("nome"))] = None
    cognome: Annotated[f.String60Latin | None, E(4, "Cognome", say("cognome"))] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CessionarioCommittente:
    dati_anagrafici: Annotated[DatiAnagraficiCessionario, E(1, "DatiAnagrafici", say("dati anagrafici"))]
    sede: Annotated[Indirizzo, E(2, "Sede", say("sede"))]
    stabile_organizzazione: Annotated[
        Indirizzo | None, E(3, "StabileOrganizzazione", say("stabile organizzazione in Italia"))
    ] = None
    rappresentante_fiscale: Annotated[
        RappresentanteFiscaleCessionario | None, E(4, "RappresentanteFiscale", say("rappresentante fiscale"))
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatiAnagraficiTerzoIntermediario:
    id_fiscale_iva: Annotated[IdFiscale | None, E(1, "IdFiscaleIVA", say("identificativo IVA"))] = None
    codice_fiscale: Annotated[f.CodiceFiscale | None, E(2, "CodiceFiscale", say("codice fiscale"))] = None
    anagrafica: Annotated[Anagrafica, E(3, "Anagrafica", say("dati anagrafici"))]


@dataclass(frozen=True, slots=True, kw_only=True)
class TerzoIntermediarioOSoggettoEmittente:
    XSD: ClassVar[str] = "TerzoIntermediarioSoggettoEmittenteType"

    dati_anagrafici: Annotated[
        DatiAnagraficiTerzoIntermediario, E(1, "DatiAnagrafici", say("dati anagrafici"))
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class FatturaElettronicaHeader:
    dati_trasmissione: Annotated[DatiTrasmissione, E(1, "DatiTrasmissione", say("dati di trasmissione"))]
    cedente_prestatore: Annotated[CedentePrestatore, E(2, "CedentePrestatore", say("cedente o prestatore"))]
    rappresentante_fiscale: Annotated[
        RappresentanteFiscale | None, E(3, "RappresentanteFiscale", say("rappresentante fiscale del cedente"))
    ] = None
    cessionario_committente: Annotated[
        CessionarioCommittente, E(4, "CessionarioCommittente", say("cessionario o committente"))
    ]
    terzo_intermediario_o_soggetto_emittente: Annotated[
        TerzoIntermediarioOSoggettoEmittente | None,
        E(5, "TerzoIntermediarioOSoggettoEmittente", say("terzo che emette la fattura")),
    ] = None
    soggetto_emittente: Annotated[
        f.SoggettoEmittente | None, E(6, "SoggettoEmittente", say("chi emette al posto del cedente"))
    ] = None
