"""Picture files to 8-bit RGB, upright and whole."""

from __future__ import annotations

import warnings
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from fuseworthy.errors import require
from fuseworthy.inputs.media.assets import Unreadable, size_of
from fuseworthy.inputs.media.formats import HEAD, IMAGES, looks_like, sniff

MOST_BYTES = 64 << 20
MOST_PIXELS = 25_000_000
"""By the header, before anything is decoded."""
ENOUGH = (512, 512)
"""A JPEG of twice this or more is decoded at a half, quarter or eighth: encoders look at 64 × 64 pixels."""
BAND = 1 << 20
"""Pixels turned into RGB at a time."""
DEEP = 65_535
"""Largest value of 16 bits."""

Pixels = NDArray[np.uint8]


def read_image(opened: BinaryIO) -> Pixels:
    """The picture, (height, width, 3), of PNG, JPEG, WebP, BMP, TIFF, or of a GIF's first frame.

    A large JPEG comes smaller, at 512 pixels or more. EXIF rotation is applied; transparent pixels are laid over white; 16-bit greys are scaled by their range, not clipped.

    Raises
    ------
    Unreadable
        Too large, another format, damaged or cut off, or pixels of no known range.
    MissingExtraError
    """
    pillow = require("PIL.Image", extra="image")
    if (size := size_of(opened)) > MOST_BYTES:
        raise Unreadable(f"it has {size / 2**20:,.0f} MiB, more than {MOST_BYTES >> 20}")
    head = opened.read(HEAD)
    if (name := sniff(head)) not in IMAGES:
        raise Unreadable(f"it is no picture but looks like {looks_like(head)}")
    opened.seek(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of oddities that a picture may have and still be whole
        try:
            with pillow.open(opened, formats=[name.upper()]) as picture:
                if (pixels := picture.width * picture.height) > MOST_PIXELS:
                    raise Unreadable(f"its header says {pixels / 1e6:,.0f} megapixels, more than {MOST_PIXELS / 1e6:g}")
                picture.draft(None, ENOUGH)  # JPEG alone can be decoded smaller, at a fraction of the cost
                picture.load()
                _require_end(opened, name)
                return _rgb(picture)
        except Unreadable:
            raise
        except Exception as error:  # decoders raise all there is on damaged bytes
            raise Unreadable(f"it is a damaged {name.upper()}: {reason_of(error)}") from None


def reason_of(error: Exception) -> str:
    """The first line of a decoder's complaint, in short."""
    words = str(error).strip().splitlines()
    return words[0][:120] if words else type(error).__name__


def _require_end(opened: BinaryIO, name: str) -> None:
    """Raise if the mark that ends a file is not there: decoders are content with all pixels, some with fewer."""
    ends = {"png": b"IEND\xae\x42\x60\x82", "jpeg": b"\xff\xd9", "gif": b"\x3b"}
    if name not in ends:
        return
    opened.seek(0)
    content = opened.read(MOST_BYTES)
    if name == "gif" and not content.rstrip(b"\0").endswith(b"\x3b"):
        raise Unreadable("it is a damaged GIF: it is cut off")
    if ends[name] not in content:
        raise Unreadable(f"it is a damaged {name.upper()}: it is cut off")


def _rgb(picture: Any) -> Pixels:
    """Upright RGB, a band of rows at a time: a picture that is small on disk may be large, and copies of it larger."""
    from PIL import ImageOps

    ImageOps.exif_transpose(picture, in_place=True)
    width, height = picture.size
    found, step = np.empty((height, width, 3), dtype=np.uint8), max(1, BAND // width)
    for top in range(0, height, step):
        found[top : top + step] = _rgb_band(picture.crop((0, top, width, min(top + step, height))))
    return found


def _rgb_band(band: Any) -> Pixels:
    from PIL import Image

    if band.mode.startswith("I;16") or band.mode == "I":
        return _scaled(np.asarray(band, dtype=np.int64))
    if band.mode == "F":
        raise Unreadable("its pixels are fractions of no known range; save it with 8 or 16 bits")
    if band.mode in ("LA", "La", "RGBA", "RGBa", "PA") or "transparency" in band.info:
        seen = band.convert("RGBA")
        band = Image.alpha_composite(Image.new("RGBA", seen.size, "white"), seen)
    return np.asarray(band.convert("RGB"), dtype=np.uint8)


def _scaled(values: NDArray[np.int64]) -> Pixels:
    if values.min() < 0 or values.max() > DEEP:
        raise Unreadable("its pixels have more than 16 bits and no known range; save it with 8 or 16 bits")
    grey = np.round(values * (255 / DEEP)).astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)
