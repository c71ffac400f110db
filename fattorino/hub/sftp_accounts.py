"""With what SdI comes in by SFTP, apart from the server: its library is slow to load, and only the server needs it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

# In bytes; longer than any that is told to SdI, and short enough to be compared at once.
LONGEST_PASSWORD = 200


@dataclass(frozen=True, slots=True)
class Account:
    """SdI's credentials for one node, told to it in the accreditation (FTP411, 2.1).

    Attributes:
        root: of the node's exchange folders.
        password: empty where SdI comes with a key. public_key: OpenSSH's line; empty where it comes with a password.
    """

    user: str
    root: Path
    password: str = field(default="", repr=False)
    public_key: str = ""
