"""Write SdI's messages about a file: filled in, valid under the official schema, signed."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from fattorino.core.errors import InputError
from fattorino.core.sdi import message_io, messages, names
from fattorino.simulators.sdi.books import Books, File
from fattorino.simulators.sdi.judge import Error
from fattorino.simulators.sdi.signature import Signer

_ROME = ZoneInfo("Europe/Rome")
# The text of SdI's real receipts (AdE samples).
_AT_DISPOSAL = (
    "La fattura è disponibile in consultazione nell'area riservata a partire dalla 'Data Messa a Disposizione'. "
    "Non è stato possibile recapitare la fattura/e al destinatario per indisponibilità dell'indirizzo telematico "
    "di ricezione o perché tale indirizzo non è stato indicato in fattura (Codice Destinatario: 0000000)."
)
_NOTE = "Messaggio del simulatore di Fattorino, senza valore legale"


class Letters:
    """One method per kind of message; each returns (file name, bytes)."""

    def __init__(self, books: Books, signer: Signer) -> None:
        self._books = books
        self._signer = signer

    def delivered(self, file: File, at: datetime) -> tuple[str, bytes]:
        code, note = (file.recipient or "0000000"), file.pec or None
        if file.flow == "PA":
            to = messages.Destinatario(codice=code, descrizione=f"Amministrazione simulata {code}")
            pa = messages.RicevutaConsegna(
                **self._common(file), data_ora_ricezione=_received(file), data_ora_consegna=_rome(at),
                destinatario=to, riferimento_archivio=self._archive(file),
            )  # fmt: skip
            return self._signed(file, pa, at)
        private = messages.RicevutaConsegnaPrivati(
            **self._common(file), hash=file.sha256, data_ora_ricezione=_received(file), data_ora_consegna=_rome(at),
            destinatario=messages.DestinatarioPrivati(codice=code, descrizione=note),
            riferimento_archivio=self._archive_private(file),
        )  # fmt: skip
        return self._signed(file, private, at)

    def rejected(self, file: File, errors: tuple[Error, ...], at: datetime) -> tuple[str, bytes]:
        if file.flow == "PA":
            listed = tuple(
                messages.Errore(codice=e.code, descrizione=_cut(e.description, 255)) for e in errors
            )
            pa = messages.NotificaScarto(
                **self._common(file), data_ora_ricezione=_received(file), lista_errori=listed,
                riferimento_archivio=self._archive(file),
            )  # fmt: skip
            return self._signed(file, pa, at)
        private = messages.RicevutaScarto(
            **self._common(file), hash=file.sha256, data_ora_ricezione=_received(file),
            lista_errori=tuple(
                messages.ErrorePrivati(
                    codice=e.code, descrizione=_cut(e.description, 1000), suggerimento=_cut(e.hint, 2000)
                )
                for e in errors
            ),
            riferimento_archivio=self._archive_private(file),
        )  # fmt: skip
        return self._signed(file, private, at)

    def not_delivered(self, file: File, at: datetime) -> tuple[str, bytes]:
        if file.flow == "PA":
            text = "Il destinatario non è raggiungibile; lo SdI riprova la consegna per 10 giorni."
            pa = messages.NotificaMancataConsegna(
                **self._common(file), data_ora_ricezione=_received(file), descrizione=text,
                riferimento_archivio=self._archive(file),
            )  # fmt: skip
            return self._signed(file, pa, at)
        private = messages.RicevutaImpossibilitaRecapito(
            **self._common(file), hash=file.sha256, data_ora_ricezione=_received(file),
            data_messa_a_disposizione=_rome(at).date(), descrizione=_AT_DISPOSAL,
            riferimento_archivio=self._archive_private(file),
        )  # fmt: skip
        return self._signed(file, private, at)

    def outcome(self, file: File, ec: messages.NotificaEsitoCommittente, at: datetime) -> tuple[str, bytes]:
        return self._signed(file, messages.NotificaEsito(**self._common(file), esito_committente=ec), at)

    def outcome_refused(
        self, file: File, ec: messages.NotificaEsitoCommittente | None, reason: str, at: datetime
    ) -> tuple[str, bytes]:
        """SE. `reason`: EN00 not conforming, EN01 not admissible."""
        common = {k: v for k, v in self._common(file).items() if k != "nome_file"}
        reference = ec.riferimento_fattura if ec else None
        mine = ec.message_id_committente if ec else None
        try:
            message = messages.ScartoEsitoCommittente(
                **common, scarto=reason, riferimento_fattura=reference, message_id_committente=mine
            )
            return self._signed(file, message, at)
        except InputError:
            # What the recipient wrote is itself not conforming and cannot be repeated.
            return self._signed(file, messages.ScartoEsitoCommittente(**common, scarto=reason), at)

    def expired(
        self, file: File, at: datetime, which: messages.RiferimentoFattura | None
    ) -> tuple[str, bytes]:
        text = "Sono decorsi 15 giorni senza accettazione o rifiuto."
        message = messages.NotificaDecorrenzaTermini(
            **self._common(file), descrizione=text, riferimento_fattura=which
        )
        return self._signed(file, message, at)

    def attested(self, file: File, at: datetime) -> tuple[str, bytes]:
        """AT: a zip of the original file and the attestation."""
        to = messages.Destinatario(
            codice=file.recipient, descrizione=f"Amministrazione simulata {file.recipient}"
        )
        message = messages.AttestazioneTrasmissioneFattura(
            **self._common(file), data_ora_ricezione=_received(file), destinatario=to,
            hash_file_originale=file.sha256, riferimento_archivio=self._archive(file),
        )  # fmt: skip
        name, content = self._signed(file, message, at)
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, data in ((file.nome_file, file.content), (name, content)):
                archive.writestr(zipfile.ZipInfo(member, (1980, 1, 1, 0, 0, 0)), data)
        return name.removesuffix(".xml") + ".zip", buffer.getvalue()

    def metadata(self, file: File, attempt: int) -> tuple[str, bytes]:
        """MT, which is not signed."""
        values: dict[str, Any] = {
            **self._common(file), "codice_destinatario": file.recipient or "0000000", "formato": file.formato,
            "tentativi_invio": attempt,
        }  # fmt: skip
        message: messages.Messaggio
        if file.flow == "PA":
            message = messages.MetadatiInvioFile(**values)
        else:
            message = messages.FileMetadati(**values, hash=file.sha256)
        return str(names.message_name(file.nome_file, "MT")), message_io.write_message(message)

    def _signed(self, file: File, message: messages.Messaggio, at: datetime) -> tuple[str, bytes]:
        number = self._books.next_number(file.id, message.tipo)
        name = str(names.message_name(file.nome_file, message.tipo, f"{number:03d}"))
        return name, self._signer.sign(message_io.write_message(message), at)

    def _common(self, file: File) -> dict[str, Any]:
        # An accepted name has at most 50 characters by the WSDL, and so the schema's NomeFile takes it.
        return {
            "identificativo_sdi": str(file.id),
            "nome_file": file.nome_file,
            "message_id": self._books.new_message_id(),
            "note": _NOTE,
        }

    def _archive(self, file: File) -> messages.RiferimentoArchivio | None:
        found = self._archive_of(file)
        return (
            messages.RiferimentoArchivio(identificativo_sdi=found[0], nome_file=found[1]) if found else None
        )

    def _archive_private(self, file: File) -> messages.RiferimentoArchivioPrivati | None:
        found = self._archive_of(file)
        return (
            messages.RiferimentoArchivioPrivati(identificativo_sdi=found[0], nome_file=found[1])
            if found
            else None
        )

    def _archive_of(self, file: File) -> tuple[str, str] | None:
        archive = self._books.file(file.archive_id) if file.archive_id else None
        return (str(archive.id), archive.nome_file) if archive else None


def _received(file: File) -> datetime:
    return _rome(datetime.fromisoformat(file.received_at))


def _rome(at: datetime) -> datetime:
    # SdI writes milliseconds and Rome's offset.
    return at.astimezone(_ROME).replace(microsecond=at.microsecond // 1000 * 1000)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
