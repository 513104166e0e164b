"""av-digits: a blurred picture and a noisy recording of one digit; which digit is it?"""

from __future__ import annotations

import io
import wave
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from .packages import Package, fetch
from .png import grey_png
from .row_ids import opaque_id

RATE = 8_000
"""Samples of sound a second."""

_ROWS, _LENGTH = 1797, 4800
_SCALE, _NOISE, _PATCH = 4, 5.5, 4
_SPEEDS, _SIGNAL_TO_NOISE = (0.75, 1.33), (-13.0, -4.0)

PACKAGE = Package(
    name="captcha",
    version="0.7.1",
    sha256="8b73b5aba841ad1e5bdb856205bf5f09560b728ee890eb9dae42901219c8c599",
    members=(),
    patterns=("captcha/data/[0-9]/default.wav",),
)


def load_av_digits() -> pa.Table:
    """Load the list of 1 797 made pairs of a picture and a sound.

    The pictures are the 8 x 8 digits of scikit-learn with noise and a patch painted over, four times enlarged; the
    sounds are one recording of each spoken digit, faster or slower, moved, and under white noise, 0.6 s long. The pairs
    are made, but not drawn from a model: neither half is enough alone.

    Returns
    -------
    pyarrow.Table
        ``id``, ``image`` and ``sound`` (paths below the unpacked folder), ``digit``; sorted by ``id``.
    """
    from sklearn.datasets import load_digits

    digits = load_digits().target
    keys = [opaque_id("av-digits", str(row)) for row in range(_ROWS)]
    rows = [
        {"id": key, "image": f"images/{key}.png", "sound": f"sounds/{key}.wav", "digit": int(digit)}
        for key, digit in zip(keys, digits, strict=True)
    ]
    return pa.Table.from_pylist(sorted(rows, key=lambda row: str(row["id"])))


def av_digit_files(*, random_state: int = 0) -> Iterator[tuple[str, bytes]]:
    """Path and content of every picture and sound; the same state makes the same files."""
    from sklearn.datasets import load_digits

    spoken = _spoken()
    images, digits = load_digits(return_X_y=True)
    rng = np.random.default_rng(random_state)
    for row, (image, digit) in enumerate(zip(images, digits, strict=True)):
        key = opaque_id("av-digits", str(row))
        yield f"images/{key}.png", grey_png(_spoiled(image.reshape(8, 8), rng))
        yield f"sounds/{key}.wav", _wav(_disturbed(spoken[int(digit)], rng))


def _spoken() -> list[NDArray[np.float64]]:
    """The recordings of 0 … 9, unsigned bytes as numbers from -1 to 1."""
    folder, found = fetch(PACKAGE), []
    for digit in range(10):
        with wave.open(str(folder / f"captcha/data/{digit}/default.wav")) as recording:
            samples = np.frombuffer(recording.readframes(recording.getnframes()), dtype=np.uint8)
        found.append((samples.astype(np.float64) - 128) / 128)
    return found


def _spoiled(image: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Noise on every pixel (0 to 16), a grey patch somewhere, enlarged."""
    noisy = image + _NOISE * rng.normal(size=image.shape)
    top, left = rng.integers(0, 9 - _PATCH, 2)
    noisy[top : top + _PATCH, left : left + _PATCH] = 8
    return np.kron(np.clip(noisy * 16, 0, 255), np.ones((_SCALE, _SCALE))).astype(np.uint8)


def _disturbed(sound: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Another speed (and pitch), another start, and noise, the word 4 to 13 dB below it."""
    size = int(len(sound) / rng.uniform(*_SPEEDS))
    word = np.interp(np.linspace(0, len(sound) - 1, size), np.arange(len(sound)), sound)
    start = rng.integers(0, _LENGTH - size)
    level = np.sqrt((word**2).mean()) * 10 ** (-rng.uniform(*_SIGNAL_TO_NOISE) / 20)
    heard = level * rng.normal(size=_LENGTH)
    heard[start : start + size] += word
    return np.asarray(heard / np.abs(heard).max())


def _wav(sound: NDArray[np.float64]) -> bytes:
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((sound * 32_767).astype("<i2").tobytes())
    return content.getvalue()
