"""The messages of SdI as typed objects, both flows, each declared once with its official schema.

Sources: MessaggiTypes_v1.1.xsd (PA) and MessaggiFatturaTypes_v1.0.xsd (privati). Attribute names are the official
names in Python case. What is obligatory in the schema is marked so and the writer insists on it; the objects
themselves may lack it, because SdI's own messages sometimes do (AdE's samples have no `versione`, real receipts
of 2018 have no `Hash`). `message_io` reads and writes.

The ds:Signature is not part of the objects: it concerns bytes, and bytes are kept as they came.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Literal, get_type_hints

NS_PA = "http://www.fatturapa.gov.it/sdi/messaggi/v1.0"
NS_PR = "http://ivaservizi.agenziaentrate.gov.it/docs/xsd/fattura/messaggi/v1.0"

Flow = Literal["PA", "PR"]


@dataclass(frozen=True, slots=True)
class El:
    """How one element (or, with `attribute`, one attribute "Si") of a message looks in the official schema."""

    name: str
    required: bool = True
    kind: Literal["text", "integer", "dateTime", "date", "block", "list", "attribute"] = "text"
    length: tuple[int, int] | None = None
    pattern: str = ""
    item: str = ""  # name of the repeated element of a list
    model: type[Any] | None = None  # class of a block or of a list's items


# An integer in this schema, a string in the other one: kept as text, for it is a name and not a number.
_ID_PA = El("IdentificativoSdI", pattern=r"\d{1,12}")
_ID_PR = El("IdentificativoSdI", length=(1, 36))
_NOME = El("NomeFile", length=(0, 50))
_HASH = El("Hash")
_RICEZIONE = El("DataOraRicezione", kind="dateTime")
_CONSEGNA = El("DataOraConsegna", kind="dateTime")
_MSG_PA = El("MessageId", length=(1, 14))
_MSG_PR = El("MessageId", length=(1, 36))
_PEC = El("PecMessageId", required=False)
_NOTE = El("Note", required=False)
_DESCR_PA = El("Descrizione", required=False, length=(0, 255))
_CODICE = El("Codice", pattern=r"[A-Z0-9]{6,7}")
_CODICE_DESTINATARIO = El("CodiceDestinatario", pattern=r"[A-Z0-9]{6,7}")
_FORMATO = El("Formato", length=(0, 5))
_TENTATIVI = El("TentativiInvio", kind="integer", pattern=r"[+-]?\d+")
_DUPLICE = El("IntermediarioConDupliceRuolo", required=False, kind="attribute")


@dataclass(frozen=True, slots=True, kw_only=True)
class Destinatario:
    codice: Annotated[str | None, _CODICE] = None
    descrizione: Annotated[str | None, El("Descrizione")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinatarioPrivati:
    codice: Annotated[str | None, _CODICE] = None
    descrizione: Annotated[str | None, El("Descrizione", required=False)] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RiferimentoArchivio:
    identificativo_sdi: Annotated[str | None, _ID_PA] = None
    nome_file: Annotated[str | None, _NOME] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RiferimentoArchivioPrivati:
    identificativo_sdi: Annotated[str | None, _ID_PR] = None
    nome_file: Annotated[str | None, _NOME] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RiferimentoFattura:
    """Which invoice of a lotto is meant."""

    numero_fattura: Annotated[str | None, El("NumeroFattura", pattern=r"[\x00-\x7f]{1,20}")] = None
    anno_fattura: Annotated[int | None, El("AnnoFattura", kind="integer", pattern=r"\+?\d+")] = None
    posizione_fattura: Annotated[
        int | None, El("PosizioneFattura", required=False, kind="integer", pattern=r"\+?0*[1-9]\d*")
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Errore:
    codice: Annotated[str | None, El("Codice", length=(5, 5))] = None
    descrizione: Annotated[str | None, El("Descrizione", length=(0, 255))] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorePrivati:
    codice: Annotated[str | None, El("Codice", length=(1, 5))] = None
    descrizione: Annotated[str | None, El("Descrizione", length=(0, 1000))] = None
    suggerimento: Annotated[str | None, El("Suggerimento", length=(0, 2000))] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Messaggio:
    """What all messages share. `tipo` is the two letters of its file name, `flusso` PA or PR (privati)."""

    tipo: ClassVar[str]
    flusso: ClassVar[Flow]
    radice: ClassVar[str]

    @classmethod
    def namespace(cls) -> str:
        return NS_PA if cls.flusso == "PA" else NS_PR


def _archivio(flow: Flow) -> El:
    model: type[Any] = RiferimentoArchivio if flow == "PA" else RiferimentoArchivioPrivati
    return El("RiferimentoArchivio", required=False, kind="block", model=model)


_FATTURA = El("RiferimentoFattura", required=False, kind="block", model=RiferimentoFattura)
_DESTINATARIO = El("Destinatario", kind="block", model=Destinatario)


@dataclass(frozen=True, slots=True, kw_only=True)
class RicevutaConsegna(Messaggio):
    tipo, flusso, radice = "RC", "PA", "RicevutaConsegna"
    identificativo_sdi: Annotated[str | None, _ID_PA] = None
    nome_file: Annotated[str | None, _NOME] = None
    data_ora_ricezione: Annotated[datetime | None, _RICEZIONE] = None
    data_ora_consegna: Annotated[datetime | None, _CONSEGNA] = None
    destinatario: Annotated[Destinatario | None, _DESTINATARIO] = None
    riferimento_archivio: Annotated[RiferimentoArchivio | None, _archivio("PA")] = None
    message_id: Annotated[str | None, _MSG_PA] = None
    pec_message_id: Annotated[str | None, _PEC] = None
    note: Annotated[str | None, _NOTE] = None
    intermediario_con_duplice_ruolo: Annotated[bool, _DUPLICE] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificaScarto(Messaggio):
    tipo, flusso, radice = "NS", "PA", "NotificaScarto"
    identificativo_sdi: Annotated[str | None, _ID_PA] = None
    nome_file: Annotated[str | None, _NOME] = None
    data_ora_ricezione: Annotated[datetime | None, _RICEZIONE] = None
    riferimento_archivio: Annotated[RiferimentoArchivio | None, _archivio("PA")] = None
    lista_errori: Annotated[
        tuple[Errore, ...], El("ListaErrori", kind="list", item="Errore", model=Errore, length=(1, 200))
    ] = ()
    message_id: Annotated[str | None, _MSG_PA] = None
    pec_message_id: Annotated[str | None, _PEC] = None
    note: Annotated[str | None, _NOTE] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificaMancataConsegna(Messaggio):
    """Temporary: SdI keeps trying for ten days."""

    tipo, flusso, radice = "MC", "PA", "NotificaMancataConsegna"
    identificativo_sdi: Annotated[str | None, _ID_PA] = None
    nome_file: Annotated[str | None, _NOME] = None
    data_ora_ricezione: Annotated[datetime | None, _RICEZIONE] = None
    riferimento_archivio: Annotated[RiferimentoArchivio | None, _archivio("PA")] = None
    descrizione: Annotated[str | None, _DESCR_PA] = None
    message_id: Annotated[str | None, _MSG_PA] = None
    pec_message_id: Annotated[str | None, _PEC] = None
    note: Annotated[str | None, _NOTE] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificaEsitoCommittente(Messaggio):
    """EC: written by the recipient. Without a reference it concerns the whole file."""

    tipo, flusso, radice = "EC", "PA", "NotificaEsitoCommittente"
    identificativo_sdi: Annotated[str | None, _ID_PA] = None
    riferimento_fattura: Annotated[RiferimentoFattura | None, _FATTURA] = None
    esito: Annotated[str | None, El("Esito", pattern=r"EC0[12]")] = None
    descrizione: Annotated[str | None, _DESCR_PA] = None
    message_id_committente: Annotated[
        str | None, El("MessageIdCommittente", required=False, length=(1, 14))
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificaEsito(Messaggio):
    tipo, flusso, radice = "NE", "PA", "NotificaEsito"
    identificativo_sdi: Annotated[str | None, _ID_PA] = None
    nome_file: Annotated[str | None, _NOME] = None
    esito_committente: Annotated[
        NotificaEsitoCommittente | None, El("EsitoCommittente", kind="block", model=NotificaEsitoCommittente)
    ] = None
    message_id: Annotated[str | None, _MSG_PA] = None
    pec_message_id: Annotated[str | None, _PEC] = None
    note: Annotated[str | None, _NOTE] = None
    intermediario_con_duplice_ruolo: Annotated[bool, _DUPLICE] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AttestazioneTrasmissioneFattura(Messaggio):
    """AT: travels in a zip beside the file it attests."""

    tipo, flusso, radice = "AT", "PA", "AttestazioneTrasmissioneFattura"
    identificativo_sdi: Annotated[str | None, _ID_PA] = None
    nome_file: Annotated[str | None, _NOME] = None
    data_ora_ricezione: Annotated[datetime | None, _RICEZIONE] = None
    riferimento_archivio: Annotated[RiferimentoArchivio | None, _archivio("PA")] = None
    destinatario: Annotated[Destinatario | None, _DESTINATARIO] = None
    message_id: Annotated[str | None, _MSG_PA] = None
    pec_message_id: Annotated[str | None, _PEC] = None
    note: Annotated[str | None, _NOTE] = None
    hash_file_originale: Annotated[str | None, El("HashFileOriginale")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificaDecorrenzaTermini(Messaggio):
    tipo, flusso, radice = "DT", "PA", "NotificaDecorrenzaTermini"
    identificativo_sdi: Annotated[str | None, _ID_PA] = None
    riferimento_fattura: Annotated[RiferimentoFattura | None, _FATTURA] = None
    nome_file: Annotated[str | None, _NOME] = None
    descrizione: Annotated[str | None, _DESCR_PA] = None
    message_id: Annotated[str | None, _MSG_PA] = None
    pec_message_id: Annotated[str | None, _PEC] = None
    note: Annotated[str | None, _NOTE] = None
    intermediario_con_duplice_ruolo: Annotated[bool, _DUPLICE] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ScartoEsitoCommittente(Messaggio):
    tipo, flusso, radice = "SE", "PA", "ScartoEsitoCommittente"
    identificativo_sdi: Annotated[str | None, _ID_PA] = None
    riferimento_fattura: Annotated[RiferimentoFattura | None, _FATTURA] = None
    scarto: Annotated[str | None, El("Scarto", pattern=r"EN0[01]")] = None
    message_id: Annotated[str | None, _MSG_PA] = None
    message_id_committente: Annotated[
        str | None, El("MessageIdCommittente", required=False, length=(1, 14))
    ] = None
    pec_message_id: Annotated[str | None, _PEC] = None
    note: Annotated[str | None, _NOTE] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadatiInvioFile(Messaggio):
    tipo, flusso, radice = "MT", "PA", "MetadatiInvioFile"
    identificativo_sdi: Annotated[str | None, _ID_PA] = None
    nome_file: Annotated[str | None, _NOME] = None
    codice_destinatario: Annotated[str | None, _CODICE_DESTINATARIO] = None
    formato: Annotated[str | None, _FORMATO] = None
    tentativi_invio: Annotated[int | None, _TENTATIVI] = None
    message_id: Annotated[str | None, _MSG_PA] = None
    note: Annotated[str | None, _NOTE] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RicevutaConsegnaPrivati(Messaggio):
    tipo, flusso, radice = "RC", "PR", "RicevutaConsegna"
    identificativo_sdi: Annotated[str | None, _ID_PR] = None
    nome_file: Annotated[str | None, _NOME] = None
    hash: Annotated[str | None, _HASH] = None
    data_ora_ricezione: Annotated[datetime | None, _RICEZIONE] = None
    data_ora_consegna: Annotated[datetime | None, _CONSEGNA] = None
    destinatario: Annotated[
        DestinatarioPrivati | None, El("Destinatario", kind="block", model=DestinatarioPrivati)
    ] = None
    riferimento_archivio: Annotated[RiferimentoArchivioPrivati | None, _archivio("PR")] = None
    message_id: Annotated[str | None, _MSG_PR] = None
    pec_message_id: Annotated[str | None, _PEC] = None
    note: Annotated[str | None, _NOTE] = None
    flusso_semplificato: Annotated[bool, El("FlussoSemplificato", required=False, kind="attribute")] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RicevutaScarto(Messaggio):
    tipo, flusso, radice = "NS", "PR", "RicevutaScarto"
    identificativo_sdi: Annotated[str | None, _ID_PR] = None
    nome_file: Annotated[str | None, _NOME] = None
    hash: Annotated[str | None, _HASH] = None
    data_ora_ricezione: Annotated[datetime | None, _RICEZIONE] = None
    riferimento_archivio: Annotated[RiferimentoArchivioPrivati | None, _archivio("PR")] = None
    lista_errori: Annotated[
        tuple[ErrorePrivati, ...],
        El("ListaErrori", kind="list", item="Errore", model=ErrorePrivati, length=(1, 200)),
    ] = ()
    message_id: Annotated[str | None, _MSG_PR] = None
    pec_message_id: Annotated[str | None, _PEC] = None
    note: Annotated[str | None, _NOTE] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RicevutaImpossibilitaRecapito(Messaggio):
    """Final: the invoice is issued and at the buyer's disposal in the reserved area."""

    tipo, flusso, radice = "MC", "PR", "RicevutaImpossibilitaRecapito"
    identificativo_sdi: Annotated[str | None, _ID_PR] = None
    nome_file: Annotated[str | None, _NOME] = None
    hash: Annotated[str | None, _HASH] = None
    data_ora_ricezione: Annotated[datetime | None, _RICEZIONE] = None
    data_messa_a_disposizione: Annotated[date | None, El("DataMessaADisposizione", kind="date")] = None
    riferimento_archivio: Annotated[RiferimentoArchivioPrivati | None, _archivio("PR")] = None
    descrizione: Annotated[str | None, El("Descrizione", required=False, length=(0, 1000))] = None
    message_id: Annotated[str | None, _MSG_PR] = None
    pec_message_id: Annotated[str | None, _PEC] = None
    note: Annotated[str | None, _NOTE] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileMetadati(Messaggio):
    tipo, flusso, radice = "MT", "PR", "FileMetadati"
    identificativo_sdi: Annotated[str | None, _ID_PR] = None
    nome_file: Annotated[str | None, _NOME] = None
    hash: Annotated[str | None, _HASH] = None
    codice_destinatario: Annotated[str | None, _CODICE_DESTINATARIO] = None
    formato: Annotated[str | None, _FORMATO] = None
    tentativi_invio: Annotated[int | None, _TENTATIVI] = None
    message_id: Annotated[str | None, _MSG_PR] = None
    note: Annotated[str | None, _NOTE] = None


MESSAGES: tuple[type[Messaggio], ...] = (
    RicevutaConsegna,
    NotificaScarto,
    NotificaMancataConsegna,
    NotificaEsito,
    AttestazioneTrasmissioneFattura,
    NotificaDecorrenzaTermini,
    ScartoEsitoCommittente,
    NotificaEsitoCommittente,
    MetadatiInvioFile,
    RicevutaConsegnaPrivati,
    RicevutaScarto,
    RicevutaImpossibilitaRecapito,
    FileMetadati,
)


def elements(model: type[Any]) -> tuple[tuple[str, El], ...]:
    """(attribute, declaration) of a message or block, in the order of the schema."""
    hints = get_type_hints(model, include_extras=True)
    return tuple((f.name, next(m for m in hints[f.name].__metadata__)) for f in fields(model))
