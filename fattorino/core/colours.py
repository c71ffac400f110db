"""Contrast of colours, as the Web Content Accessibility Guidelines 2.1 measure it (1.4.3 and 1.4.11)."""

from __future__ import annotations

import re

TEXT = 4.5  # least contrast of text with what is behind it
GRAPHIC = 3.0  # the same of a line or a symbol

_HEX = re.compile(r"#[0-9a-fA-F]{6}")


def is_colour(text: str) -> bool:
    """Whether the text is a colour as pages write it: "#1e7d32"."""
    return _HEX.fullmatch(text) is not None


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21. Raises ValueError for what is no colour."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    if not is_colour(colour):
        raise ValueError(colour)
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def readable(colour: str) -> str:
    """The nearest darker colour on which white text can be read; the colour itself where it can."""
    while contrast(colour, "#ffffff") < TEXT:
        parts = [max(0, int(int(colour[n : n + 2], 16) * 0.95)) for n in (1, 3, 5)]
        colour = "#{:02x}{:02x}{:02x}".format(*parts)
    return colour
