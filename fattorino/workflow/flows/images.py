"""Pictures for gadgets: opened, made small and drawn anew, so that what people see is never the bytes that came."""

from __future__ import annotations

import datetime
import hashlib
import io

from PIL import Image, UnidentifiedImageError

from fattorino.core.errors import RefusedError
from fattorino.core.texts import say
from fattorino.workflow.models import StateImage, StateLook

LARGEST_FILE = 500_000
SIDE = 128
# No SVG: it is a document with scripts. What a photograph of a telephone has, and no more to unpack than that.
_FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
_MOST_PIXELS = 16_000_000


def save_image(content: bytes, *, now: datetime.datetime) -> str:
    """Keep a picture; the digest by which the common settings name it.

    Raises:
        RefusedError: too large, or no picture of a known format.
    """
    if len(content) > LARGEST_FILE:
        raise RefusedError(say("L'immagine è troppo grande: al massimo 500 kB."))
    drawn = _drawn(content)
    sha256 = hashlib.sha256(drawn).hexdigest()
    StateImage.objects.get_or_create(sha256=sha256, defaults={"content": drawn, "created_at": now})
    return sha256


def _drawn(content: bytes) -> bytes:
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as picture:
            # Asked before a pixel is unpacked: a file of 1 kB can hold billions of them.
            if picture.width * picture.height > _MOST_PIXELS:
                raise RefusedError(say("L'immagine ha troppi punti: al massimo 4000 × 4000."))
            small = picture.convert("RGBA")
    # What Pillow's readers raise for a file that is damaged or only looks like a picture.
    except (
        UnidentifiedImageError,
        OSError,
        SyntaxError,
        ValueError,
        EOFError,
        Image.DecompressionBombError,
    ) as exc:
        raise RefusedError(
            say("Il file non è un'immagine che si può usare."), say("Vanno bene PNG, JPEG, GIF e WebP.")
        ) from exc
    small.thumbnail((SIDE, SIDE))
    out = io.BytesIO()
    # A picture of its own, without what the file carried beside its pixels (place, author, comments).
    small.save(out, "PNG", optimize=True)
    return out.getvalue()


def forget_unused_images(*, now: datetime.datetime) -> None:
    """Take away the pictures that no state names any more; those of today may belong to a form not yet saved."""
    used = StateLook.objects.exclude(image_sha256="").values("image_sha256")
    StateImage.objects.filter(created_at__lt=now - datetime.timedelta(days=1)).exclude(
        sha256__in=used
    ).delete()
