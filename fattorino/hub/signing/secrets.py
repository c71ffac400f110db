"""Small secrets at rest: the PKCS#12 of a company, its password, the credentials of a channel.

Fernet (AES-128-CBC with HMAC-SHA-256). The key never lies in the database: it comes from the settings and is an
argument here. Several keys may be given: the first encrypts, all decrypt, so that a key is changed by putting a
new one in front and calling `rotate` on what is stored.
"""

from __future__ import annotations

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from fattorino.core.errors import SetupError
from fattorino.core.texts import say


def new_key() -> str:
    """A fresh key, 44 characters of URL-safe base64."""
    return Fernet.generate_key().decode("ascii")


def encrypt(secret: bytes, keys: Sequence[str]) -> bytes:
    """Encrypt with the first key. The result is printable ASCII.

    Raises:
        SetupError: no key, or a key of another form.
    """
    return _cipher(keys).encrypt(secret)


def decrypt(token: bytes, keys: Sequence[str]) -> bytes:
    """Decrypt what any of the keys encrypted.

    Raises:
        SetupError: none of the keys fits, or the stored bytes were changed.
    """
    try:
        return _cipher(keys).decrypt(token)
    except InvalidToken as error:
        raise SetupError(
            say("Un segreto conservato non si può decifrare con la chiave di questa installazione."),
            say("Ripristinare la chiave usata quando è stato salvato, oppure caricare di nuovo il segreto."),
        ) from error


def rotate(token: bytes, keys: Sequence[str]) -> bytes:
    """The same secret under the first key. Raises SetupError as `decrypt` does."""
    return encrypt(decrypt(token, keys), keys)


def _cipher(keys: Sequence[str]) -> MultiFernet:
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError as error:
        raise SetupError(
            say("La chiave che protegge i segreti manca o non è valida."),
            say("Deve essere una chiave Fernet: 32 byte in base64 URL-safe."),
        ) from error
