"""Decoded pictures as pretrained networks are given them: cut and scaled by Pillow, 8 bits, wherever they are decoded."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fuseworthy.errors import require

SIDE = 224
SHOWN = 224 / (224 + 32)
"""Share of the shorter side that the central square has."""
MIDDLE, SPREAD = 127.0, 128.0
LARGEST = 1024
"""Pixels of the shorter side beyond which a picture is made smaller before it is handed on."""

Pixels = NDArray[np.uint8]


def central_square(pixels: Pixels) -> Pixels:
    """The middle of a picture at 224 × 224, bicubic, as EfficientNet's reference implementation cuts it."""
    image = require("PIL.Image", extra="image")
    height, width = pixels.shape[:2]
    side = max(round(SHOWN * min(height, width)), 1)
    top, left = (height - side + 1) // 2, (width - side + 1) // 2
    cut = image.fromarray(np.ascontiguousarray(pixels[top : top + side, left : left + side]))
    return np.asarray(cut.resize((SIDE, SIDE), image.Resampling.BICUBIC))


def bounded(pixels: Pixels) -> Pixels:
    """A picture whose shorter side has at most 1024 pixels, of the same proportions.

    Examples
    --------
    >>> bounded(np.zeros((2048, 4096, 3), np.uint8)).shape
    (1024, 2048, 3)
    """
    height, width = pixels.shape[:2]
    share = LARGEST / min(height, width)
    if share >= 1:
        return pixels
    image = require("PIL.Image", extra="image")
    size = (round(width * share), round(height * share))
    return np.asarray(image.fromarray(pixels).resize(size, image.Resampling.BICUBIC, reducing_gap=3.0))
