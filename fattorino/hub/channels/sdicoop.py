"""SDICoop: SOAP 1.1 over HTTPS with mutual certificates (Istruzioni SDICoop Trasmissione 3.1, sdi.md 5.1)."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

import httpx

from fattorino.core.errors import ChannelError, InputError
from fattorino.core.sdi import soap
from fattorino.core.texts import say
from fattorino.hub.channels.base import Accepted, Alone, Outgoing, Refused, Step

ERRORS = {
    "EI01": (say("Il Sistema di Interscambio dice che il file è vuoto (EI01)."), True),
    "EI02": (say("Il Sistema di Interscambio non è disponibile (EI02)."), False),
    "EI03": (say("Il Sistema di Interscambio dice che questo canale non è abilitato (EI03)."), True),
}


class Settings(TypedDict, total=False):
    """What may be shown of a channel of this kind; it has no secrets, the key lies in the PEM file."""

    url: str  # of SdIRiceviFile; empty: the installation's
    url_notifica: str  # of SdIRiceviNotifica; empty: beside `url`
    client_certificate: str  # path of a PEM with certificate and key
    trusted_ca: str  # path of a PEM; empty: the system's authorities


@dataclass(frozen=True)
class SdiCoop(Alone):
    """One address of SdIRiceviFile.

    Attributes:
        url: the service's address.
        timeout: seconds for connecting, sending and waiting for the answer, each.
        client_certificate: path of a PEM with certificate and key; empty on loopback.
        trusted_ca: path of a PEM with SdI's own CA; empty: the system's.
    """

    url: str
    timeout: float
    client_certificate: str = ""
    trusted_ca: str = ""

    def send(self, file: Outgoing) -> Accepted | Refused:
        """See ChannelPort.send."""
        request = soap.build_request(soap.RICEVI_FILE, soap.FileSdIBase(file.file_name, file.content))
        try:
            # The environment's proxies are for people's browsers, not for the way to SdI.
            with httpx.Client(verify=self._tls(), timeout=self.timeout, trust_env=False) as client:
                answer = client.post(self.url, content=request.body, headers=request.headers)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as exc:
            raise ChannelError(
                say("Il Sistema di Interscambio non risponde: la connessione non si è aperta."),
                uncertain=False,
            ) from exc
        except (httpx.UnsupportedProtocol, httpx.InvalidURL) as exc:
            raise ChannelError(
                say("L'indirizzo del canale non è valido: {url}", url=self.url),
                uncertain=False,
                permanent=True,
            ) from exc
        except httpx.HTTPError as exc:
            raise ChannelError(
                say(
                    "La connessione con il Sistema di Interscambio si è interrotta durante l'invio: "
                    "non si sa se il file sia arrivato."
                ),
                uncertain=True,
            ) from exc
        return _read(answer)

    def examine(self) -> Sequence[Step]:
        """See ChannelPort.examine: the address answers, and takes our certificate."""
        try:
            with httpx.Client(verify=self._tls(), timeout=self.timeout, trust_env=False) as client:
                answer = client.get(f"{self.url}?wsdl")
        except ChannelError as error:
            return [Step(say("Certificato del canale"), False, error.text)]
        except (httpx.HTTPError, httpx.InvalidURL):
            told = say("Non risponde: {url}", url=self.url)
            return [Step(say("Collegamento con SdI"), False, told)]
        if answer.status_code in (401, 403):
            told = say("Il Sistema di Interscambio rifiuta il certificato di questo canale.")
            return [Step(say("Collegamento con SdI"), False, told)]
        return [Step(say("Collegamento con SdI"), True, say("Risponde: {url}", url=self.url))]

    def _tls(self) -> ssl.SSLContext | bool:
        if not self.url.startswith("https:"):
            return False
        try:
            context = ssl.create_default_context(cafile=self.trusted_ca or None)
            if self.client_certificate:
                context.load_cert_chain(self.client_certificate)
        except (OSError, ssl.SSLError) as exc:
            raise ChannelError(
                say("Il certificato del canale non si può leggere."),
                say("Controllare i percorsi nella configurazione del canale."),
                uncertain=False,
                permanent=True,
            ) from exc
        return context


def _read(answer: httpx.Response) -> Accepted:
    if answer.status_code in (401, 403):
        raise ChannelError(
            say("Il Sistema di Interscambio rifiuta il certificato di questo canale."),
            uncertain=False,
            permanent=True,
        )
    if 300 <= answer.status_code < 400 or answer.status_code in (400, 404, 405, 406, 410, 413, 415):
        raise ChannelError(
            say(
                "All'indirizzo del canale non c'è il servizio di ricezione (HTTP {status}).",
                status=answer.status_code,
            ),
            uncertain=False,
            permanent=True,
        )
    if answer.status_code in (429, 503):
        raise ChannelError(
            say("Il Sistema di Interscambio è momentaneamente fuori servizio."), uncertain=False
        )
    try:
        payload = soap.parse_response(
            soap.RICEVI_FILE, answer.content, answer.headers.get("content-type", "")
        )
    except soap.SoapFault as exc:
        # A fault of the caller's side is an answer about the request itself: it was not taken.
        raise ChannelError(
            say("Il Sistema di Interscambio ha risposto con un errore: {error}", error=exc.message),
            uncertain=exc.code != "Client",
            permanent=exc.code == "Client",
        ) from exc
    except InputError as exc:
        raise ChannelError(
            say("La risposta del Sistema di Interscambio non si capisce: non si sa se il file sia arrivato."),
            uncertain=True,
        ) from exc
    if not isinstance(payload, soap.RispostaSdIRiceviFile):
        raise ChannelError(say("La risposta del Sistema di Interscambio è vuota."), uncertain=True)
    if payload.errore:
        message, permanent = ERRORS.get(payload.errore, (say("Errore {code}.", code=payload.errore), True))
        raise ChannelError(message, uncertain=False, permanent=permanent)
    return Accepted(payload.identificativo_sdi, payload.data_ora_ricezione)
