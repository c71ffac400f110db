"""FatturaElettronicaHeader (1): transmission, seller, buyer, third parties."""

from __future__ import annotations

from typing import Annotated, ClassVar

from fattorino.core.fatturapa import fields as f
from fattorino.core.fatturapa.blocks import IdFiscale, Indirizzo, IscrizioneREA
from fattorino.core.tracciati.declaration import Choice, E
from fattorino.core.tracciati.lazy import dataclass

DENOMINAZIONE_O_NOME = Choice((("Denominazione",), ("Nome", "Cognome")))


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
