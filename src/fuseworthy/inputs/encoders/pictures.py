"""Pictures to numbers: shapes, colours and textures of the whole, or of a grid of patches.

Extra ``image`` (Pillow, scikit-image). Dalal & Triggs 2005, "Histograms of Oriented Gradients"; Ojala, Pietikäinen &
Mäenpää 2002, "Multiresolution gray-scale and rotation invariant texture classification with local binary patterns".
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from fuseworthy.errors import require

SIDE = 64
"""Every picture is brought to SIDE × SIDE pixels first, whatever its shape."""
GRID = 8
LAYOUT = 4
HUES, SHADES = 16, 8
DIRECTIONS = 8
TEXTURES = 10
"""Uniform local binary patterns of 8 neighbours."""

Floats32 = NDArray[np.float32]
Pixels = NDArray[np.uint8]


def small(pixels: Pixels) -> Pixels:
    """The picture at SIDE × SIDE, (SIDE, SIDE, 3)."""
    if pixels.shape[:2] == (SIDE, SIDE):
        return pixels
    image = require("PIL.Image", extra="image")
    return np.asarray(image.fromarray(pixels).resize((SIDE, SIDE), image.Resampling.BILINEAR, reducing_gap=3.0))


def picture_statistics(pixels: Pixels) -> Floats32:
    """Shapes (HOG), colours (histograms, moments, layout) and textures (LBP) of a picture, (427,)."""
    features = require("skimage.feature", extra="image")
    image = small(pixels)
    unit = image.astype(np.float32) / 255
    grey = unit @ np.array([0.299, 0.587, 0.114], dtype=np.float32)
    shapes = features.hog(grey, orientations=9, pixels_per_cell=(16, 16), cells_per_block=(2, 2))
    patterns = features.local_binary_pattern(np.round(grey * 255).astype(np.uint8), 8, 1, method="uniform")
    textures = np.bincount(patterns.astype(np.int64).ravel(), minlength=TEXTURES) / SIDE**2
    step = SIDE // LAYOUT
    layout = unit.reshape(LAYOUT, step, LAYOUT, step, 3).mean(axis=(1, 3)).ravel()
    return np.concatenate([shapes, textures, _colours(image), layout]).astype(np.float32)


def _colours(image: Pixels) -> Floats32:
    """Histograms of hue (weighted by saturation), saturation and value, and moments of RGB, saturation and value, (45,)."""
    pillow = require("PIL.Image", extra="image")
    hue, saturation, value = np.asarray(pillow.fromarray(image).convert("HSV")).reshape(-1, 3).T.copy()
    parts = [
        np.bincount(hue // (256 // HUES), saturation, HUES) / (255 * SIDE**2),
        np.bincount(saturation // (256 // SHADES), minlength=SHADES) / SIDE**2,
        np.bincount(value // (256 // SHADES), minlength=SHADES) / SIDE**2,
    ]
    channels = np.stack([*image.reshape(-1, 3).T, saturation, value]).astype(np.float32) / 255
    centred = channels - channels.mean(axis=1, keepdims=True)
    squares = centred * centred  # multiplied out: powers cost more than all the rest
    spread, skew = np.sqrt(squares.mean(axis=1)), np.cbrt((squares[2:] * centred[2:]).mean(axis=1))
    return np.concatenate([*parts, channels.mean(axis=1), spread, skew]).astype(np.float32)


def picture_patches(pixels: Pixels) -> Floats32:
    """Colours, directions of edges and place of each cell of an 8 × 8 grid, row by row, (64, 16).

    A token is the mean and standard deviation of red, green and blue, eight directions of edges weighted by their
    strength, and its own place (x, y) from −1 to 1.
    """
    unit = small(pixels).astype(np.float32) / 255
    step = SIDE // GRID
    cells = unit.reshape(GRID, step, GRID, step, 3)
    grey = unit.mean(axis=2)
    down, across = np.gradient(grey)
    turn = np.arctan2(down, across) % np.pi
    sector = np.minimum((turn / np.pi * DIRECTIONS).astype(np.int64), DIRECTIONS - 1)
    edges = np.bincount(
        (_cell_of_pixel() * DIRECTIONS + sector).ravel(), np.hypot(down, across).ravel(), GRID**2 * DIRECTIONS
    )
    place = np.linspace(-1, 1, GRID)
    where = np.stack(np.meshgrid(place, place), axis=-1).reshape(-1, 2)
    parts = [
        cells.mean(axis=(1, 3)).reshape(-1, 3),
        cells.std(axis=(1, 3)).reshape(-1, 3),
        edges.reshape(-1, DIRECTIONS) / step**2,
        where,
    ]
    return np.concatenate(parts, axis=1).astype(np.float32)


@cache
def _cell_of_pixel() -> NDArray[np.int64]:
    rows = np.arange(SIDE) // (SIDE // GRID)
    return np.asarray(rows[:, None] * GRID + rows[None, :], dtype=np.int64)
