"""The installation's key: made once, readable only by its owner, never in the database nor in a log."""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
from pathlib import Path

from fattorino.core.errors import SetupError


def load_or_make_key(path: Path) -> str:
    """Read the key at `path`, or make one (48 random bytes, mode 0600).

    Whoever loses this file loses the signing keys kept in the database: back it up apart from the database.

    Raises:
        SetupError: the folder cannot be written.
    """
    try:
        if path.exists():
            return path.read_text().strip()
        path.parent.mkdir(parents=True, exist_ok=True)
        key = secrets.token_urlsafe(48)
        try:
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(key + "\n")
        except FileExistsError:  # another process of the same start made it in between
            return path.read_text().strip()
        return key
    except OSError as exc:
        raise SetupError(
            f"La cartella dei dati «{path.parent}» non si può usare: {exc.strerror}.",
            "Controllare i permessi e lo spazio su disco, o indicarne un'altra con FATTORINO_HOME.",
        ) from exc


def fernet_key(installation_key: str) -> str:
    """The encryption key of stored secrets, derived from the installation's key (another purpose, another key)."""
    return base64.urlsafe_b64encode(
        hashlib.sha256(b"fattorino secrets\0" + installation_key.encode()).digest()
    ).decode()
