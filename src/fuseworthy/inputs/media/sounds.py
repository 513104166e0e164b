"""Sound files to one channel of samples at one rate."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from fuseworthy.errors import require
from fuseworthy.inputs.media.assets import Unreadable, size_of
from fuseworthy.inputs.media.formats import FILMS, HEAD, SOUNDS, looks_like, sniff
from fuseworthy.inputs.media.images import reason_of

MOST_BYTES = 1 << 30
RATES = (1_000, 768_000)
"""Samples a second that a header may say."""
MOST_CHANNELS = 64
LARGEST = 1e6
"""Largest sample: full scale is 1; beyond this it is no sound but a damaged file of floats."""


@dataclass(frozen=True)
class Sound:
    """One channel of samples, (n,) float32, full scale 1, and whether the recording was longer and cut."""

    samples: NDArray[np.float32]
    rate: int
    cut: bool = False


def read_sound(opened: BinaryIO, rate: int, longest: float) -> Sound:
    """The first ``longest`` seconds, channels averaged, at ``rate`` samples a second.

    Raises
    ------
    Unreadable
        Another format, no samples, fewer than its header says, or samples that are no finite numbers.
    MissingExtraError
    """
    if (size := size_of(opened)) > MOST_BYTES:
        raise Unreadable(f"it has {size / 2**20:,.0f} MiB, more than {MOST_BYTES >> 20:,}")
    head = opened.read(HEAD)
    opened.seek(0)
    name = sniff(head)
    if name in SOUNDS:
        try:
            channels, own_rate, cut = _read_file(opened, name, longest)
        except Unreadable:
            if name != "ogg":
                raise
            name = "film"  # Ogg holds film as well
            opened.seek(0)
    if name in FILMS or name == "film":
        from fuseworthy.inputs.media.films import read_track

        channels, own_rate, cut = read_track(opened, longest)
    elif name not in SOUNDS:
        raise Unreadable(f"it is no sound but looks like {looks_like(head)}")
    return Sound(_one_channel(channels, own_rate, rate), rate, cut)


def read_wave(opened: BinaryIO, most: int) -> NDArray[np.float32]:
    """All channels of a WAV file as they are, (n, channels), for measurements kept as sound.

    Raises
    ------
    Unreadable
    """
    return _read_file(opened, "wav", float("inf"), most)[0]


def _read_file(
    opened: BinaryIO, name: str, longest: float, most: int | None = None
) -> tuple[NDArray[np.float32], int, bool]:
    """Samples (n, channels), their rate, and whether there are more."""
    soundfile = require("soundfile", extra="audio")
    if name == "wav":
        _require_whole_wave(opened)
    try:
        with soundfile.SoundFile(opened) as sound:
            own, said = int(sound.samplerate), int(sound.frames)
            _require_sane(own, int(sound.channels))
            wanted = said if longest == float("inf") else min(said, int(longest * own))
            if most is not None and said > most:
                raise Unreadable(f"it has {said:,} samples, more than {most:,}")
            found = _read_frames(sound, wanted)
    except Unreadable:
        raise
    except (soundfile.LibsndfileError, RuntimeError, OSError, ValueError, MemoryError) as error:
        raise Unreadable(f"it is a damaged {name.upper()}: {reason_of(error)}") from None
    if len(found) < wanted:
        raise Unreadable(f"its header says {said:,} samples, but only {len(found):,} came")
    if len(found) == 0:
        raise Unreadable("it has no samples")
    return found, own, said > wanted


def _read_frames(sound: Any, wanted: int) -> NDArray[np.float32]:
    """In steps, so that a header that lies about its length costs no memory."""
    parts: list[NDArray[np.float32]] = []
    while wanted > 0:
        part = sound.read(min(wanted, 1 << 20), dtype="float32", always_2d=True)
        if not len(part):
            break
        parts.append(part)
        wanted -= len(part)
    return np.concatenate(parts) if parts else np.zeros((0, 1), dtype=np.float32)


def _require_sane(rate: int, channels: int) -> None:
    if not RATES[0] <= rate <= RATES[1]:
        raise Unreadable(f"its header says {rate:,} samples a second, which is not {RATES[0]:,} to {RATES[1]:,}")
    if not 1 <= channels <= MOST_CHANNELS:
        raise Unreadable(f"its header says {channels} channels, more than {MOST_CHANNELS}")


def _require_whole_wave(opened: BinaryIO) -> None:
    """Compare the lengths in a RIFF header with the file's: the decoder itself takes what there is, and is silent."""
    size = size_of(opened)
    place = 12
    while place + 8 <= size:
        opened.seek(place)
        chunk, length = struct.unpack("<4sI", opened.read(8))
        if chunk == b"ds64":  # 64-bit lengths follow, which the decoder checks
            break
        if place + 8 + length > size:
            raise Unreadable(f"its header says {length:,} bytes of {chunk!r}, but only {size - place - 8:,} came")
        if chunk == b"data":
            break
        place += 8 + length + length % 2
    opened.seek(0, os.SEEK_SET)


def _one_channel(channels: NDArray[np.float32], own: int, rate: int) -> NDArray[np.float32]:
    wrong = ~(np.abs(channels) <= LARGEST).all(axis=1)
    if wrong.any():
        place = int(wrong.argmax())
        raise Unreadable(f"sample {place + 1:,} is {channels[place].max():g}, which is no finite sound")
    mono = channels.mean(axis=1, dtype=np.float64).astype(np.float32)
    if own != rate:
        mono = require("soxr", extra="audio").resample(mono, own, rate)
    if len(mono) == 0:
        raise Unreadable("it has no samples")
    return np.ascontiguousarray(mono, dtype=np.float32)
