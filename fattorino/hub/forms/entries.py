"""What the form of each kind of channel asks for, called as the channel's port calls it (hub/channels)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Label = str | Promise
Sort = Literal["text", "number", "check", "long", "secret", "certificates", "pair", "folder"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that is asked for.

    Attributes:
        name: of the setting or secret; of a pair, of its certificate.
        key: of a pair, the secret that its private key becomes; "": certificate and key together are the secret `name`.
        keeps: of a pair, the ones before it stay until they expire (while SdI still uses them).
    """

    name: str
    label: Label
    sort: Sort = "text"
    help: Label = ""
    required: bool = False
    maxlength: int = 250
    key: str = ""
    keeps: bool = False

    @property
    def removable(self) -> bool:
        return self.sort in ("secret", "certificates", "pair") and not self.required


@dataclass(frozen=True, slots=True)
class Part:
    """Entries under one heading."""

    title: Label
    entries: tuple[Entry, ...]
    help: Label = ""


_UPLOADS = _(
    "PKCS#12 (.p12, .pfx) con la sua password, oppure PEM o DER: certificato e chiave, in un file o in due."
)

PARTS: dict[str, tuple[Part, ...]] = {
    "sdicoop": (
        Part(
            _("Indirizzi"),
            (
                Entry(
                    "url",
                    _("Indirizzo di SdIRiceviFile"),
                    help=_(
                        "Per esempio https://servizi.fatturapa.it/ricevi_file. Vuoto: quello dell'installazione."
                    ),
                ),
                Entry(
                    "url_notifica",
                    _("Indirizzo di SdIRiceviNotifica"),
                    help=_(
                        "Per rispondere alle fatture ricevute come PA. Vuoto: accanto al primo, ricevi_notifica."
                    ),
                ),
            ),
        ),
        Part(
            _("Certificati"),
            (
                Entry("client_identity", _("Certificato client e sua chiave"), "pair", help=_UPLOADS),
                Entry(
                    "trusted_certificates",
                    _("Certificati dell'autorità che firma quelli di SdI"),
                    "certificates",
                    help=_("PEM o DER, anche più file. Senza, valgono le autorità del sistema."),
                ),
            ),
            _("Li rilascia SdI con l'accreditamento. La chiave è cifrata e non si rivede più."),
        ),
    ),
    "sdiftp": (
        Part(
            _("Nodo"),
            (
                Entry(
                    "node",
                    _("Codice fiscale del nodo"),
                    help=_("Quello dell'accreditamento, 11 caratteri: comincia i nomi dei supporti."),
                    required=True,
                    maxlength=11,
                ),
                Entry(
                    "root",
                    _("Cartella di scambio"),
                    "folder",
                    help=_(
                        "Contiene DatiVersoSdI e DatiDaSdI. La cambia solo un amministratore dell'installazione."
                    ),
                ),
                Entry(
                    "test",
                    _("Prove di interoperabilità"),
                    "check",
                    help=_("Usa le cartelle di prova e i numeri di supporto da 900 a 999."),
                ),
            ),
        ),
        Part(
            _("Chiavi e certificati"),
            (
                Entry(
                    "signing_certificate",
                    _("Certificato e chiave di firma dei supporti"),
                    "pair",
                    help=_UPLOADS,
                    required=True,
                    key="signing_key",
                ),
                Entry(
                    "reading_certificate",
                    _("Certificato e chiave di cifratura (per ricevere)"),
                    "pair",
                    help=_(
                        "SdI cifra per questo certificato. Il precedente resta accanto al nuovo finché non scade."
                    ),
                    required=True,
                    key="reading_key",
                    keeps=True,
                ),
                Entry(
                    "sdi_signing_certificates",
                    _("Certificati con cui firma SdI"),
                    "certificates",
                    help=_("PEM o DER, anche più file."),
                    required=True,
                ),
                Entry(
                    "sdi_reading_certificate",
                    _("Certificato per cui cifrare i supporti per SdI"),
                    "certificates",
                    help=_("PEM o DER: quello ricevuto con l'accreditamento."),
                    required=True,
                ),
            ),
            _("Le chiavi private sono cifrate e non si rivedono più."),
        ),
        Part(
            _("Server SFTP di Fattorino"),
            (
                Entry("sftp_user", _("Utente comunicato a SdI"), maxlength=60),
                Entry("sftp_password", _("Password comunicata a SdI"), "secret"),
                Entry(
                    "sftp_public_key",
                    _("Chiave pubblica di SdI"),
                    "long",
                    help=_("Una riga nel formato di OpenSSH, se SdI si presenta con una chiave."),
                    maxlength=2000,
                ),
            ),
            _("Solo se il nodo usa il server SFTP compreso in Fattorino invece di uno proprio."),
        ),
    ),
    "pec": (
        Part(
            _("Casella"),
            (
                Entry("address", _("Indirizzo PEC"), required=True, maxlength=254),
                Entry("user", _("Utente"), help=_("Vuoto: l'indirizzo."), maxlength=254),
                Entry("password", _("Password"), "secret", required=True),
                Entry("folder", _("Cartella della posta"), help=_("Vuoto: INBOX."), maxlength=120),
            ),
            _(
                "Meglio se usata solo per SdI. Si prende solo ciò che lo riguarda e nella casella non cambia niente."
            ),
        ),
        Part(
            _("Server del gestore"),
            (
                Entry("smtp_host", _("Server di invio (SMTP)"), required=True),
                Entry("smtp_port", _("Porta SMTP"), "number", help=_("Vuoto: 465, con TLS."), maxlength=5),
                Entry("imap_host", _("Server di lettura (IMAP)"), required=True),
                Entry("imap_port", _("Porta IMAP"), "number", help=_("Vuoto: 993, con TLS."), maxlength=5),
            ),
        ),
        Part(
            _("Sistema di Interscambio"),
            (
                Entry(
                    "assigned",
                    _("Indirizzo assegnato da SdI"),
                    help=_(
                        "Lo scrive Fattorino quando SdI lo comunica con la prima risposta. "
                        "Vuoto: sdi01@pec.fatturapa.it."
                    ),
                    maxlength=254,
                ),
                Entry(
                    "test",
                    _("Ambiente di prova di SdI"),
                    "check",
                    help=_("Crede anche ai messaggi con «(SIMULAZIONE)» nell'oggetto."),
                ),
            ),
        ),
    ),
    "intermediary": (
        Part(
            _("Digital Hub"),
            (
                Entry(
                    "url",
                    _("Indirizzo dell'Hub"),
                    help=_("Per esempio https://hub.example.it/api/hub/v1."),
                    required=True,
                ),
                Entry(
                    "token",
                    _("Token di accesso"),
                    "secret",
                    help=_("Lo rilascia chi gestisce l'Hub."),
                    required=True,
                ),
                Entry(
                    "webhook_secret",
                    _("Segreto dei webhook"),
                    "secret",
                    help=_(
                        "Con cui l'Hub firma le sue chiamate; lo mostra l'Hub quando vi si aggiunge il webhook. "
                        "Vuoto: le novità si leggono ogni minuto."
                    ),
                ),
            ),
        ),
    ),
    "by_hand": (),
}

# Where a secret goes: changed, the secret must be typed anew, or whoever administers could send it to a server of hers.
BOUND: dict[str, tuple[str, tuple[str, ...]]] = {
    "pec": ("password", ("smtp_host", "smtp_port", "imap_host", "imap_port")),
    "intermediary": ("token", ("url",)),
}

INTRODUCTIONS: dict[str, Label] = {
    "sdicoop": _(
        "Un servizio web di SdI, uno per file, con risposta immediata. Per chi invia e riceve ogni giorno: richiede "
        "l'accreditamento, un certificato e un server raggiungibile da SdI."
    ),
    "sdiftp": _(
        "Molti file in un solo supporto firmato e cifrato, che SdI viene a prendere ogni dieci minuti. Per grandi "
        "quantità: richiede l'accreditamento di un nodo sempre acceso."
    ),
    "pec": _(
        "Una casella di posta certificata: nessun accreditamento. Le ricevute arrivano nella stessa casella, entro "
        "30 MB per messaggio."
    ),
    "intermediary": _(
        "Un altro Fattorino, o un programma con la stessa interfaccia, consegna a SdI per conto dell'azienda."
    ),
    "by_hand": _(
        "I file pronti si scaricano, si caricano sul portale «Fatture e Corrispettivi» dell'Agenzia delle Entrate, e "
        "le ricevute si riportano qui."
    ),
}
