"""What every kind of key offers to whoever makes signed files."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Protocol


class Signer(Protocol):
    """A key that is open. Not to be shared between threads; `close` it when the files are signed.

    Attributes:
        certificate: DER. chain: further certificates for the envelope, DER.
        subject, name, issuer: readable names from the certificate. serial: its number.
        not_before, not_after: validity of the certificate, UTC.
        is_ec: EC key, else RSA.
    """

    @property
    def certificate(self) -> bytes: ...
    @property
    def chain(self) -> tuple[bytes, ...]: ...
    @property
    def subject(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def issuer(self) -> str: ...
    @property
    def serial(self) -> int: ...
    @property
    def not_before(self) -> datetime.datetime: ...
    @property
    def not_after(self) -> datetime.datetime: ...
    @property
    def is_ec(self) -> bool: ...

    def check_validity(self, at: datetime.datetime) -> None:
        """Raises SigningError when the certificate is expired or not yet valid at that instant (aware)."""
        ...

    def sign_many(self, contents: Sequence[bytes]) -> list[bytes]:
        """One SHA-256 signature for each, in order: PKCS #1 v1.5 for RSA, DER (r, s) for EC.

        Raises:
            SigningError: the key cannot be used; PinRefusedError where trying again could lock it.
        """
        ...

    def close(self) -> None: ...
