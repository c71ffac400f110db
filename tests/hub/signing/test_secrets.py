from __future__ import annotations

import pytest

from fattorino.core.errors import SetupError
from fattorino.hub.signing import secrets


def test_what_is_encrypted_comes_back() -> None:
    key = secrets.new_key()
    token = secrets.encrypt("pässword".encode(), [key])
    assert b"word" not in token and token.isascii()
    assert secrets.decrypt(token, [key]).decode() == "pässword"


def test_keys_are_rotated_without_losing_secrets() -> None:
    old, new = secrets.new_key(), secrets.new_key()
    token = secrets.encrypt(b"x", [old])
    assert secrets.decrypt(token, [new, old]) == b"x"
    rotated = secrets.rotate(token, [new, old])
    assert secrets.decrypt(rotated, [new]) == b"x"
    with pytest.raises(SetupError):
        secrets.decrypt(rotated, [old])


@pytest.mark.parametrize("keys", [[], [""], ["short"], ["=" * 44]])
def test_a_missing_or_odd_key_is_a_setup_error(keys: list[str]) -> None:
    with pytest.raises(SetupError, match="chiave"):
        secrets.encrypt(b"x", keys)


def test_changed_bytes_are_found() -> None:
    key = secrets.new_key()
    token = bytearray(secrets.encrypt(b"x", [key]))
    token[20] ^= 1
    with pytest.raises(SetupError):
        secrets.decrypt(bytes(token), [key])
