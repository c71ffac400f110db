"""The company's signing key on a token or an HSM, through the maker's PKCS#11 library.

The library is code that runs in our process: which ones may be loaded the installation says
(settings.PKCS11_LIBRARIES), a company only chooses among them; and which token is whose (settings.PKCS11_TOKENS), as
anybody who may name a token can lock it. A wrong PIN is told as such and never tried again here:
after a few more the token locks itself for good.
"""

from __future__ import annotations

import datetime
import hashlib
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pkcs11
from cryptography.hazmat.primitives.asymmetric import ec
from pkcs11 import exceptions as faults
from pkcs11.util.ec import encode_ecdsa_signature

from fattorino.core.errors import PinLockedError, PinRefusedError, SigningError
from fattorino.core.signatures import Certificate, CertificateError, read_certificate
from fattorino.core.texts import say
from fattorino.hub.signing.validity import check_validity

# Libraries keep one state for the whole process, and few of them stand two threads.
_ONE_AT_A_TIME = threading.RLock()


@dataclass(frozen=True, slots=True)
class TokenKey:
    """Where the key is.

    Attributes:
        library: path of the maker's .so. token: label of the token. key: label of key and certificate; "" takes the
            only one of the token.
    """

    library: str
    token: str
    key: str
    pin: str = field(repr=False)


class TokenSigner:
    """An open token; holds it for itself until `close`. Opening raises SigningError or PinRefusedError."""

    def __init__(self, place: TokenKey) -> None:
        self._place = place
        _ONE_AT_A_TIME.acquire()
        try:
            with _told(place):
                self._session = _open(place)
                try:
                    self._key, self._read = _find(self._session, place)
                except BaseException:
                    self._session.close()
                    raise
        except BaseException:
            _ONE_AT_A_TIME.release()
            raise
        self._open = True
        self.chain: tuple[bytes, ...] = ()
        self.certificate = self._read.der
        self.subject, self.name, self.serial = self._read.subject, self._read.name, self._read.serial
        self.issuer = self._read.issuer
        self.not_before, self.not_after = self._read.not_before, self._read.not_after
        self.is_ec = isinstance(self._read.public_key, ec.EllipticCurvePublicKey)

    def close(self) -> None:
        if self._open:
            self._open = False
            try:
                self._session.close()
            except faults.PKCS11Error:
                pass  # a token that was pulled out is closed already
            finally:
                _ONE_AT_A_TIME.release()

    def check_validity(self, at: datetime.datetime) -> None:
        """See Signer.check_validity."""
        check_validity(
            self.name,
            self.not_before,
            self.not_after,
            at=at,
            renewal=say("Rinnovare il certificato presso chi ha rilasciato il dispositivo."),
        )

    def sign_many(self, contents: Sequence[bytes]) -> list[bytes]:
        """See Signer.sign_many."""
        with _told(self._place):
            return [self._sign(content) for content in contents]

    def _sign(self, content: bytes) -> bytes:
        if self.is_ec:
            # Many tokens have no mechanism that hashes and signs in one: the hash is made here.
            digest = hashlib.sha256(content).digest()
            plain = self._key.sign(digest, mechanism=pkcs11.Mechanism.ECDSA)
            return bytes(encode_ecdsa_signature(plain))
        return bytes(self._key.sign(content, mechanism=pkcs11.Mechanism.SHA256_RSA_PKCS))


def _open(place: TokenKey) -> Any:
    try:
        library = pkcs11.lib(place.library)
    except (faults.PKCS11Error, OSError, RuntimeError) as error:
        raise SigningError(
            say("La libreria PKCS#11 del dispositivo di firma non si può caricare."),
            say("Controllare il percorso indicato nella configurazione dell'installazione."),
        ) from error
    return _token(library, place.token).open(user_pin=place.pin)


def _token(library: Any, label: str) -> Any:
    """The token of this label, also where it was put in, or came back, after the library had been loaded: many look
    for tokens only when they are initialised. No PIN is in play yet, so this may be done twice."""
    try:
        return library.get_token(token_label=label)
    except faults.PKCS11Error:
        library.reinitialize()
        return library.get_token(token_label=label)


def _find(session: Any, place: TokenKey) -> tuple[Any, Certificate]:
    """The private key and the certificate that belongs to it (the same CKA_ID, else the same label)."""
    wanted: dict[Any, Any] = {pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PRIVATE_KEY}
    if place.key:
        wanted[pkcs11.Attribute.LABEL] = place.key
    keys = list(session.get_objects(wanted))
    if len(keys) != 1:
        raise SigningError(
            say("Nel dispositivo «{token}» ci sono {number} chiavi.", token=place.token, number=len(keys))
            if keys
            else say("Nel dispositivo «{token}» non c'è la chiave indicata.", token=place.token),
            say("Indicare l'etichetta della chiave di firma."),
        )
    certificates = list(session.get_objects({pkcs11.Attribute.CLASS: pkcs11.ObjectClass.CERTIFICATE}))
    for each in certificates:
        if _belongs(each, keys[0], alone=len(certificates) == 1):
            try:
                return keys[0], read_certificate(bytes(each[pkcs11.Attribute.VALUE]))
            except CertificateError as error:
                raise SigningError(
                    say("Il certificato nel dispositivo «{token}» non è leggibile.", token=place.token)
                ) from error
    raise SigningError(
        say("Nel dispositivo «{token}» manca il certificato della chiave.", token=place.token),
        say("Caricarlo con gli strumenti del dispositivo, con lo stesso identificativo della chiave."),
    )


def _belongs(certificate: Any, key: Any, *, alone: bool) -> bool:
    for attribute in (pkcs11.Attribute.ID, pkcs11.Attribute.LABEL):
        try:
            mine, other = certificate[attribute], key[attribute]
        except (faults.AttributeTypeInvalid, KeyError):
            continue
        if mine and other:
            return bool(mine == other)
    return alone


@contextmanager
def _told(place: TokenKey) -> Iterator[None]:
    """What the library raises, in words of ours. Its own texts may hold anything, so they are not shown."""
    try:
        yield
    except (faults.PinIncorrect, faults.PinInvalid, faults.PinLenRange) as error:
        raise PinRefusedError(
            say("Il PIN del dispositivo di firma «{token}» è sbagliato.", token=place.token),
            say("Correggerlo nella pagina della firma: dopo troppi tentativi il dispositivo si blocca."),
        ) from error
    except (faults.PinLocked, faults.PinExpired) as error:
        raise PinLockedError(
            say("Il PIN del dispositivo di firma «{token}» è bloccato o scaduto.", token=place.token),
            say(
                "Sbloccarlo con gli strumenti del dispositivo, poi salvarlo di nuovo nella pagina della firma."
            ),
        ) from error
    except (faults.NoSuchToken, faults.TokenNotPresent, faults.DeviceRemoved) as error:
        raise SigningError(
            say("Il dispositivo di firma «{token}» non è collegato.", token=place.token),
            say("Collegarlo alla macchina su cui lavora Fattorino e riprovare."),
        ) from error
    except faults.PKCS11Error as error:
        raise SigningError(
            say(
                "Il dispositivo di firma «{token}» non risponde come dovrebbe ({fault}).",
                token=place.token,
                fault=type(error).__name__,
            ),
            say("Nessun documento è stato firmato: controllare il dispositivo e riprovare."),
        ) from error
