"""How much work a file asks for before its password can be tried: it says itself how often that is to be hashed.

A few bytes may ask for days of it. So the numbers are read first; a way of hashing that is not known here is refused.
What stands inside an encrypted part cannot be read before that part is opened, and the library opens all at once: so a
file that somebody brings is first opened in a process of its own, with a limit of time.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from asn1crypto import keys, pkcs12

from fattorino.organisations import apart

# Rounds of hashing in a whole file: some seconds. Programs write 2,000 to 600,000 for each part.
MOST_ROUNDS = 5_000_000
# Key bags beside the encrypted parts; a file for signing has one.
MOST_BAGS = 100
# Of processor, for what lies inside the encrypted parts too: MOST_ROUNDS on a slow machine, several times over.
SECONDS, MEGABYTES, WAIT = 15, 1000, 120.0
_SEALS = ("sha1", "sha224", "sha256", "sha384", "sha512")


def too_much_pkcs12(data: bytes) -> bool:
    """Whether opening takes too long: the seal, each encrypted part and each key beside them. Raises ValueError."""
    found = _read(lambda: list(_of_pkcs12(data)))
    return sum(found) > MOST_ROUNDS or len(found) > MOST_BAGS


def takes_too_long(data: bytes, password: str, *, seconds: int = SECONDS) -> bool:
    """Whether opening it costs more than so many seconds of processor; tried out elsewhere, whatever is inside.

    For what is brought from outside; a file that was taken once need not be tried again.
    """
    secret = password.encode()
    given = len(secret).to_bytes(4, "big") + secret + data
    try:
        apart.run(_TRIAL, given, seconds=seconds, megabytes=MEGABYTES, wait=WAIT)
    except apart.TooMuchError:
        return True
    return False


_TRIAL = Path(__file__).with_name("trial.py")


def too_much_key(der: bytes) -> bool:
    """The same of a private key alone; one that is not locked costs nothing. Raises ValueError for an unknown way."""
    try:
        algorithm = keys.EncryptedPrivateKeyInfo.load(der, strict=True)["encryption_algorithm"]
        algorithm["algorithm"].native  # noqa: B018  # parsed when it is looked at
    except (ValueError, TypeError, KeyError):
        return False
    return sum(_read(lambda: [_of(algorithm)])) > MOST_ROUNDS


def _read(look: Any) -> list[int]:
    try:
        found: list[int] = look()
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError("not readable") from error
    return found


def _of_pkcs12(data: bytes) -> Iterator[int]:
    file = pkcs12.Pfx.load(data)
    if file["mac_data"].native is not None:
        if file["mac_data"]["mac"]["digest_algorithm"]["algorithm"].native not in _SEALS:
            raise ValueError("a seal of another kind")
        yield int(file["mac_data"]["iterations"].native)
    for part in file.authenticated_safe:
        kind = part["content_type"].native
        if kind == "encrypted_data":
            yield _of(part["content"]["encrypted_content_info"]["content_encryption_algorithm"])
        elif kind == "data":
            for bag in pkcs12.SafeContents.load(part["content"].native):
                if bag["bag_id"].native == "pkcs8_shrouded_key_bag":
                    yield _of(bag["bag_value"]["encryption_algorithm"])


def _of(algorithm: Any) -> int:
    if algorithm["algorithm"].native == "pbes2" and algorithm.kdf != "pbkdf2":
        raise ValueError("another way of hashing")
    return int(algorithm.kdf_iterations)
