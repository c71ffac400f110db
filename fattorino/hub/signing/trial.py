"""Opens a PKCS#12 and tells nothing of it: run by `effort.takes_too_long` in a process of its own.

In: four bytes with the length of the password, the password, the file. Whether it opened is for others to find out.
"""

from __future__ import annotations

import contextlib
import sys

from cryptography.hazmat.primitives.serialization import pkcs12

if __name__ == "__main__":
    given = sys.stdin.buffer.read()
    start = 4 + int.from_bytes(given[:4], "big")
    with contextlib.suppress(Exception):  # whoever opens it afterwards says what is wrong with it
        pkcs12.load_key_and_certificates(given[start:], given[4:start] or None)
