"""Film files to frames at even times, and to their sound track."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from fuseworthy.errors import require
from fuseworthy.inputs.media.assets import Unreadable, size_of
from fuseworthy.inputs.media.formats import FILMS, HEAD, looks_like, sniff
from fuseworthy.inputs.media.images import MOST_PIXELS, Pixels, reason_of

MOST_BYTES = 2 << 30
MOST_DECODED = 50_000
"""Frames that are decoded in search of those wanted."""
SHORTFALL = 0.8
"""A file that ends before this share of what its header says is cut off."""
_DEMUXERS = {
    "mp4": "mov,mp4,m4a,3gp,3g2,mj2",
    "matroska": "matroska,webm",
    "avi": "avi",
    "mpegts": "mpegts",
    "ogg": "ogg",
}


@dataclass(frozen=True)
class Film:
    """Frames, each (height, width, 3), their times in seconds, (t,), and whether the film was longer and cut."""

    frames: list[Pixels]
    times: NDArray[np.float32]
    cut: bool


def read_film(opened: BinaryIO, per_second: float, longest: float) -> Film:
    """The first frame at or after each of the times 0, 1/per_second, 2/per_second … below ``longest``, upright.

    Raises
    ------
    Unreadable
        Another format, no frames, too large, damaged, or ending before its header says.
    MissingExtraError
    """
    with _opened(opened) as container:
        if not container.streams.video:
            raise Unreadable("it has no picture track")
        stream = container.streams.video[0]
        if (pixels := (stream.width or 0) * (stream.height or 0)) > MOST_PIXELS:
            raise Unreadable(
                f"its header says frames of {pixels / 1e6:,.0f} megapixels, more than {MOST_PIXELS / 1e6:g}"
            )
        frames: list[Pixels] = []
        times: list[float] = []
        cut = False
        seen = _Seen()
        for count, (frame, moment) in enumerate(_timed(container, stream, seen)):
            if cut := moment >= longest:
                break
            if count >= MOST_DECODED:
                raise Unreadable(f"more than {MOST_DECODED:,} frames come before those wanted")
            if moment >= len(frames) / per_second - 1e-6:
                frames.append(_upright(frame))
                times.append(moment)
        if not frames:
            raise Unreadable("it has no frames")
        if not cut:
            _require_whole(container, seen)
    return Film(frames, np.array(times, dtype=np.float32), cut)


def read_track(opened: BinaryIO, longest: float) -> tuple[NDArray[np.float32], int, bool]:
    """The sound track of a film: samples (n, channels), their rate, and whether it is longer than ``longest`` seconds.

    Raises
    ------
    Unreadable
    MissingExtraError
    """
    av = require("av", extra="video")
    with _opened(opened) as container:
        if not container.streams.audio:
            raise Unreadable("it has no sound track")
        stream = container.streams.audio[0]
        rate = int(stream.rate or 0)
        if not rate:
            raise Unreadable("its sound track has no rate")
        flat = av.AudioResampler(format="fltp", layout=stream.layout.name, rate=rate)
        parts, found, wanted, seen = [], 0, int(longest * rate), _Seen()
        for frame in _decoded(container, stream, seen):
            parts += (more := [part.to_ndarray() for part in flat.resample(frame)])
            found += sum(part.shape[1] for part in more)
            if found > wanted:
                break
        if found == 0:
            raise Unreadable("its sound track has no samples")
        if found <= wanted:
            _require_whole(container, seen)
    samples = np.concatenate(parts, axis=1).T[:wanted]
    return np.ascontiguousarray(samples, dtype=np.float32), rate, found > wanted


@contextmanager
def _opened(opened: BinaryIO) -> Iterator[Any]:
    """A container read from an open file alone: of a format that names no other files, by no protocol."""
    av = require("av", extra="video")
    if (size := size_of(opened)) > MOST_BYTES:
        raise Unreadable(f"it has {size / 2**20:,.0f} MiB, more than {MOST_BYTES >> 20:,}")
    head = opened.read(HEAD)
    opened.seek(0)
    if (name := sniff(head)) not in FILMS:
        raise Unreadable(f"it is no film but looks like {looks_like(head)}")
    try:
        with av.open(
            opened, format=_DEMUXERS[name], options={"protocol_whitelist": "none"}, metadata_errors="replace"
        ) as container:
            yield container
    except Unreadable:
        raise
    except (av.FFmpegError, OSError, ValueError, EOFError, MemoryError) as error:
        raise Unreadable(f"it is a damaged {name.upper()}: {reason_of(error)}") from None


@dataclass
class _Seen:
    """Seconds up to which packets of any track came."""

    until: float = 0.0


def _decoded(container: Any, stream: Any, seen: _Seen) -> Iterator[Any]:
    """Frames of one track, noting how far the file goes."""
    stream.thread_type = "NONE"
    for packet in container.demux():
        if packet.pts is not None:
            seen.until = max(seen.until, float((packet.pts + (packet.duration or 0)) * packet.time_base))
        if packet.stream.index == stream.index:
            yield from packet.decode()


def _timed(container: Any, stream: Any, seen: _Seen) -> Iterator[tuple[Any, float]]:
    """Decoded frames and their seconds from the first one."""
    start: float | None = None
    for count, frame in enumerate(_decoded(container, stream, seen)):
        moment = frame.time if frame.time is not None else count * _spacing(stream)
        start = moment if start is None else start
        yield frame, max(moment - start, 0.0)


def _spacing(stream: Any) -> float:
    rate = stream.average_rate or stream.guessed_rate
    return float(1 / rate) if rate else 0.04


def _require_whole(container: Any, seen: _Seen) -> None:
    """Demuxers take the end of a file that is cut off for its end."""
    said = (container.duration or 0) / 1e6
    if seen.until - max((container.start_time or 0) / 1e6, 0.0) < SHORTFALL * said:
        raise Unreadable(f"its header says {said:.1f} s, but it ends after {seen.until:.1f}")


def _upright(frame: Any) -> Pixels:
    pixels = frame.to_ndarray(format="rgb24")
    turns = round((getattr(frame, "rotation", 0) or 0) / 90) % 4
    return np.ascontiguousarray(np.rot90(pixels, turns), dtype=np.uint8)
