"""Pictures whose class lies in their pixels alone: is red on the left of green, or on its right?

Colours, shapes, textures and the means of any grid are the same in both classes, as pairs lie anywhere, around the edges
too. A question turns the
answer around in a quarter of the rows: from the picture alone three in four can be told, with the question all.
"""

import io

import numpy as np
import pyarrow as pa
from PIL import Image

RED, GREEN, GREY = (200, 40, 60), (40, 121, 60), 90
SIDE = 4


def picture(rng, red_first, pairs=40):
    pixels = np.full((64, 64, 3), GREY, dtype=np.uint8)
    for _ in range(pairs):
        pixels = np.roll(pixels, rng.integers(0, 64, 2), axis=(0, 1))  # edges of a picture would tell of its pairs
        pixels[:SIDE, :SIDE] = RED if red_first else GREEN
        pixels[:SIDE, SIDE : 2 * SIDE] = GREEN if red_first else RED
    pixels = np.roll(pixels, rng.integers(0, 64, 2), axis=(0, 1))
    written = io.BytesIO()
    Image.fromarray(pixels).save(written, "png")
    return written.getvalue()


def red_and_green(n, seed=0, turned=0.25):
    """A table of ``photo``, ``question`` (a number), ``words`` (the same in words) and ``y``, "yes" or "no"."""
    rng = np.random.default_rng(seed)
    red_first, turn = rng.integers(0, 2, n), rng.random(n) < turned
    return pa.table(
        {
            "photo": [picture(rng, one) for one in red_first],
            "question": turn + 0.05 * rng.normal(size=n),
            "words": np.where(turn, "is the dog red", "is a cat blue").tolist(),
            "y": np.where(red_first ^ turn, "yes", "no").tolist(),
        }
    )
