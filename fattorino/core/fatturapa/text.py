"""What people type, in the characters that the FatturaPA schema admits.

The schema takes Basic Latin and, in descriptive texts, the Latin-1 Supplement; anything else is a refusal
(00200). Signs with an exact customary equivalent are replaced; a letter that has none is never guessed.
"""

from __future__ import annotations

import re
import unicodedata

EQUIVALENTS = {
    "€": "EUR",
    "’": "'",
    "‘": "'",
    "‚": "'",
    "‛": "'",
    "′": "'",
    "“": '"',
    "”": '"',
    "„": '"',
    "″": '"',
    "‐": "-",
    "‑": "-",
    "‒": "-",
    "–": "-",
    "—": "-",
    "―": "-",
    "−": "-",
    "…": "...",
    "•": "-",
    "‹": "<",
    "›": ">",
    "™": "(TM)",
    "№": "n.",
    "œ": "oe",
    "Œ": "OE",
    "\u2002": " ",
    "\u2003": " ",
    "\u2007": " ",
    "\u2009": " ",
    "\u200a": " ",
    "\u202f": " ",
    # No width, no meaning in one line of text.
    "\u200b": "",
    "\u2060": "",
    "\ufeff": "",
    "\u00ad": "",
}
_TABLE = str.maketrans(EQUIVALENTS)
_BREAKS = re.compile(r"[ \t]*[\r\n\u2028\u2029\t]+[ \t]*")


def transliterate(text: str) -> str:
    """`text` on one line, composed (NFC), with every sign of `EQUIVALENTS` replaced; the rest as it is."""
    return _BREAKS.sub(" ", unicodedata.normalize("NFC", text)).translate(_TABLE).strip()


def without_accents(char: str) -> str:
    """The plain letter under an accented one ("Š" -> "S"), "" when there is none: for suggestions only."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", char) if c.isascii() and c.isprintable())
    return plain


def replaced_signs(before: str, after: str) -> str:
    """The signs of `before` that were replaced, for a message: "€ → EUR, ’ → '"; "" when none was."""
    if before == after:
        return ""
    used = dict.fromkeys(c for c in before if c in EQUIVALENTS)
    return ", ".join(f"{c} → {EQUIVALENTS[c]}" for c in used if EQUIVALENTS[c].strip() and c.isprintable())
