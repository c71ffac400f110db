"""SDICoop: SOAP 1.1 over HTTPS with mutual certificates (Istruzioni SDICoop Trasmissione 3.1, sdi.md 5.1)."""

from __future__ import annotations

import datetime
import re
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict
from urllib.parse import quote, urlsplit

import httpx
from cryptography import x509

from fattorino.core.errors import ChannelError, InputError
from fattorino.core.sdi import soap
from fattorino.core.signatures import CRYPTO_ERRORS
from fattorino.core.texts import say
from fattorino.hub.caller import Caller
from fattorino.hub.certificates import validity
from fattorino.hub.channels import wire
from fattorino.hub.channels.base import Accepted, Alone, Outgoing, Refused, Result, Step, Untried
from fattorino.hub.reach import EVERYWHERE, OutOfReachError, Reach
from fattorino.hub.signing import certificates

ERRORS = {
    "EI01": (say("Il Sistema di Interscambio dice che il file è vuoto (EI01)."), True),
    "EI02": (say("Il Sistema di Interscambio non è disponibile (EI02)."), False),
    "EI03": (say("Il Sistema di Interscambio dice che questo canale non è abilitato (EI03)."), True),
}


class Settings(TypedDict, total=False):
    """What may be shown of a channel of this kind."""

    url: str  # of SdIRiceviFile; empty: the installation's
    url_notifica: str  # of SdIRiceviNotifica; empty: beside `url`
    client_certificate: str  # path of a PEM with certificate and key, where no `client_identity` is kept
    trusted_ca: str  # path of a PEM; empty: the system's authorities
    trusted_certificates: str  # SdI's own authorities as PEM texts, in place of `trusted_ca`


class Secrets(TypedDict, total=False):
    """What is kept encrypted."""

    client_identity: str  # certificate, chain and private key as PEM, in place of `client_certificate`


@dataclass(frozen=True)
class SdiCoop(Alone):
    """The addresses of SdIRiceviFile and SdIRiceviNotifica.

    Attributes:
        url: the service's address.
        timeout: seconds for connecting, and for the whole answer once the file has left; sending has as many, and more
            for a large file.
        client_certificate: path of a PEM with certificate and key; empty on loopback.
        trusted_ca: path of a PEM with SdI's own CA; empty: the system's.
        client_identity, trusted_certificates: the same as PEM texts, which go before the paths.
        url_notifica: the address of SdIRiceviNotifica; empty: beside `url`, where SdI has it.
        reach: whom the addresses may lead to.
    """

    url: str
    timeout: float
    client_certificate: str = ""
    trusted_ca: str = ""
    url_notifica: str = ""
    client_identity: str = field(default="", repr=False)
    trusted_certificates: str = ""
    reach: Reach = EVERYWHERE

    def send(self, file: Outgoing) -> Accepted | Refused:
        """See ChannelPort.send."""
        [answer] = self.send_many([file], width=1)
        if isinstance(answer, Exception):
            raise answer
        assert not isinstance(answer, Untried)  # only another file's failure leaves one untried
        return answer

    def send_many(self, files: Sequence[Outgoing], *, width: int) -> Sequence[Result | Exception]:
        """See Together.send_many."""
        told: list[Result | Exception] = [Untried()] * len(files)
        calls: dict[str, list[tuple[int, wire.Call]]] = {}
        for index, file in enumerate(files):
            try:
                url, request = self._request(file)
                target, headers = _target(url), tuple(request.headers.items())
                calls.setdefault(url, []).append((index, wire.Call(target, headers, request.body)))
            except Exception as error:  # noqa: BLE001 - one file that breaks the program must not stop the others
                told[index] = error
        for url, some in calls.items():
            self._send(url, some, files, told, width)
        return told

    def _send(
        self,
        url: str,
        calls: Sequence[tuple[int, wire.Call]],
        files: Sequence[Outgoing],
        told: list[Result | Exception],
        width: int,
    ) -> None:
        def keep(place: int, what: wire.Told) -> bool:
            index = calls[place][0]
            try:
                told[index] = _READERS[files[index].kind](_arrived(what))
            except ChannelError as error:
                told[index] = error
                return error.of_file
            except Exception as error:  # noqa: BLE001 - as above
                told[index] = error
                return True
            return True

        try:
            wire.exchange(_line(self, url), [call for _, call in calls], width=width, told=keep)
        except ChannelError as error:
            # The way cannot even be set up.
            for index, _ in calls:
                told[index] = error

    def _request(self, file: Outgoing) -> tuple[str, soap.Envelope]:
        if file.kind != "EC":
            payload = soap.FileSdIBase(file.file_name, file.content)
            return self.url, soap.build_request(soap.RICEVI_FILE, payload)
        if not re.fullmatch(r"[0-9]{1,12}", file.identificativo_sdi):
            raise ChannelError(
                say(
                    "L'identificativo SdI «{identifier}» non si può usare per l'esito: SDICoop vuole un numero.",
                    identifier=file.identificativo_sdi[:36],
                ),
                uncertain=False,
                permanent=True,
                of_file=True,
            )
        outcome = soap.FileSdI(file.identificativo_sdi, file.file_name, file.content)
        address = self.url_notifica or f"{self.url.rpartition('/')[0]}/ricevi_notifica"
        return address, soap.build_request(soap.NOTIFICA_ESITO, outcome)

    def examine(self, *, now: datetime.datetime) -> Sequence[Step]:
        """See ChannelPort.examine: the certificate is good, the address answers and takes it."""
        steps = []
        if self.client_identity or self.client_certificate:
            steps.append(self._certificate_step(now))
        if all(step.ok for step in steps):
            steps.append(self._connection_step())
        return steps

    def _certificate_step(self, now: datetime.datetime) -> Step:
        name = say("Certificato del canale")
        try:
            self._tls()
            identity = self.client_identity.encode() or Path(self.client_certificate).read_bytes()
            found = x509.load_pem_x509_certificates(identity)
        except ChannelError as error:
            return Step(name, False, error.text)
        except (OSError, *CRYPTO_ERRORS):
            return Step(name, False, say("Il certificato del canale non si può leggere."))
        return Step(name, *validity(found[:1], now))

    def _connection_step(self) -> Step:
        name = say("Collegamento con SdI")
        try:
            tls = self._tls() if self.url.startswith("https:") else False
            with Caller(self.reach, tls=tls, timeout=self.timeout, whole=self.timeout * 2) as caller:
                answer = caller.call("GET", f"{self.url}?wsdl")
        except ChannelError as error:
            return Step(name, False, error.text)
        except (httpx.HTTPError, httpx.InvalidURL) as exc:
            if (refusal := _distrust(exc)) is not None:
                return Step(name, False, refusal.text)
            return Step(name, False, say("Non risponde: {url}", url=self.url))
        if answer.status_code in (401, 403):
            return Step(
                name, False, say("Il Sistema di Interscambio rifiuta il certificato di questo canale.")
            )
        if answer.status_code != 200 or b"definitions" not in answer.content:
            told = say(
                "All'indirizzo del canale non c'è il servizio di ricezione (HTTP {status}).",
                status=answer.status_code,
            )
            return Step(name, False, told)
        return Step(name, True, say("Risponde: {url}", url=self.url))

    def _tls(self) -> ssl.SSLContext:
        try:
            context = ssl.create_default_context(
                cafile=None if self.trusted_certificates else self.trusted_ca or None,
                cadata=self.trusted_certificates or None,
            )
            if self.client_identity:
                certificates.load_into(context, self.client_identity)
            elif self.client_certificate:
                context.load_cert_chain(self.client_certificate)
        except (OSError, InputError) as exc:
            raise ChannelError(
                say("Il certificato del canale non si può leggere."),
                say(
                    "Caricarlo di nuovo nella pagina del canale (Impostazioni, Canali)"
                    ", o controllare i percorsi dei file."
                ),
                uncertain=False,
                permanent=True,
            ) from exc
        return context


# Opening a connection with two certificates costs more than an invoice: it stays open for those that follow. Not for
# ever: a certificate that was renewed counts from the next minute on.
KEPT_FOR, MOST_KEPT = 60.0, 50
_kept: dict[tuple[SdiCoop, str, int, str], tuple[float, wire.Line]] = {}
_keeping = threading.Lock()


def _line(way: SdiCoop, url: str) -> wire.Line:
    parts = urlsplit(url)
    host, port = str(parts.hostname), parts.port or (443 if parts.scheme == "https" else 80)
    key = (way, parts.scheme, port, host)
    with _keeping:
        since, line = _kept.get(key, (0.0, None))
        if line is None or time.monotonic() - since > KEPT_FOR:
            tls = way._tls() if parts.scheme == "https" else None
            for old in [key] if len(_kept) < MOST_KEPT else list(_kept):
                if old in _kept:
                    _kept.pop(old)[1].close()
            name = parts.netloc.rpartition("@")[2]
            line = wire.Line(host, port, name, tls, way.timeout, soap.MULTIPART_LIMIT, way.reach)
            _kept[key] = (time.monotonic(), line)
        return line


def _target(url: str) -> str:
    """Path and query as a request says them. Raises ChannelError for what is no address."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        str(parts.hostname).encode("idna")
        good = good and parts.netloc.isascii() and parts.netloc.isprintable() and " " not in parts.netloc
    except ValueError:
        good = False
    if not good:
        raise ChannelError(
            say("L'indirizzo del canale non è valido: {url}", url=url),
            uncertain=False,
            permanent=True,
        )
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~")
    return f"{path}?{quote(parts.query, safe='/%:@!$&()*+,;=~?')}" if parts.query else path


def _arrived(told: wire.Told) -> wire.Answer:
    """The answer. Raises ChannelError where there is none."""
    if isinstance(told, wire.Answer):
        return told
    if isinstance(told.error, OutOfReachError):
        raise told.error.told() from told.error
    if (refusal := _distrust(told.error)) is not None:
        raise refusal from told.error
    if not told.begun:
        raise ChannelError(
            say("Il Sistema di Interscambio non risponde: la connessione non si è aperta."),
            uncertain=False,
        ) from told.error
    raise ChannelError(
        say(
            "La connessione con il Sistema di Interscambio si è interrotta durante l'invio: "
            "non si sa se il file sia arrivato."
        ),
        uncertain=True,
    ) from told.error


def _read_file(answer: wire.Answer) -> Accepted:
    payload = _payload(soap.RICEVI_FILE, answer)
    if not isinstance(payload, soap.RispostaSdIRiceviFile):
        raise _empty()
    if payload.errore:
        message, permanent = ERRORS.get(payload.errore, (say("Errore {code}.", code=payload.errore), True))
        of_file = payload.errore == "EI01"
        raise ChannelError(message, uncertain=False, permanent=permanent, of_file=of_file)
    return Accepted(payload.identificativo_sdi, payload.data_ora_ricezione)


def _read_outcome(answer: wire.Answer) -> Accepted | Refused:
    payload = _payload(soap.NOTIFICA_ESITO, answer)
    if not isinstance(payload, soap.RispostaSdINotificaEsito):
        raise _empty()
    if payload.esito == "ES02":
        raise ChannelError(
            say("Il Sistema di Interscambio non è disponibile per gli esiti (ES02)."), uncertain=False
        )
    if payload.esito == "ES01":
        return Accepted()
    refusal = payload.scarto_esito
    return Refused(refusal.nome_file, refusal.file) if refusal else Refused("", b"")


_READERS: dict[str, Callable[[wire.Answer], Accepted | Refused]] = {"FA": _read_file, "EC": _read_outcome}


def _not_known() -> ChannelError:
    return ChannelError(
        say("Il Sistema di Interscambio rifiuta il certificato di questo canale."),
        uncertain=False,
        permanent=True,
    )


# What TLS says of certificates, and only before anything of the request is read.
_ALERTS = ("CERTIFICATE", "UNKNOWN_CA", "ACCESS_DENIED", "HANDSHAKE_FAILURE")


def _distrust(error: BaseException | None) -> ChannelError | None:
    """Whether one side would not talk to the other because of its certificate. With TLS 1.3 the other side says so
    when the request has left already, but it does so before it reads any of it."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return ChannelError(
                say(
                    "Chi risponde all'indirizzo del canale non prova di essere lo SdI: {why}.",
                    why=error.verify_message,
                ),
                say(
                    "Controllare nella pagina del canale (Impostazioni, Canali)"
                    " l'indirizzo e l'autorità di certificazione."
                ),
                uncertain=False,
                permanent=True,
            )
        reason = (error.reason or "") if isinstance(error, ssl.SSLError) else ""
        if "ALERT" in reason and any(each in reason for each in _ALERTS):
            return _not_known()
        error = error.__cause__ or error.__context__
    return None


def _empty() -> ChannelError:
    return ChannelError(say("La risposta del Sistema di Interscambio è vuota."), uncertain=True)


def _payload(operation: soap.Operation, answer: wire.Answer) -> soap.Payload | None:
    if answer.status in (401, 403):
        raise _not_known()
    if 300 <= answer.status < 400 or answer.status in (400, 404, 405, 406, 410, 413, 415):
        raise ChannelError(
            say(
                "All'indirizzo del canale non c'è il servizio di ricezione (HTTP {status}).",
                status=answer.status,
            ),
            uncertain=False,
            permanent=True,
        )
    if answer.status in (429, 503):
        raise ChannelError(
            say("Il Sistema di Interscambio è momentaneamente fuori servizio."), uncertain=False
        )
    try:
        return soap.parse_response(operation, answer.body, answer.content_type)
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
