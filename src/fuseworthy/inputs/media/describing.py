"""One row at a time from its files to the numbers of each encoder: what a worker does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from fuseworthy.durable import content_digest
from fuseworthy.inputs.media.assets import Refused, Unreadable, digest_of, digest_of_reason
from fuseworthy.inputs.media.cells import Part, Row, digest_part, name_of, open_part
from fuseworthy.inputs.recordings import Audio, Image, Recording, Series, Video

Floats32 = NDArray[np.float32]


@dataclass(frozen=True)
class Described:
    """What the encoders make of one part: a vector, (d,); or tokens, (t, d), with their times, (t,), or without."""

    values: Floats32
    times: Floats32 | None = None


@dataclass
class DescribedRow:
    """A row as encoded: nothing in ``views`` if it lacks the modality.

    Parameters
    ----------
    digest : str or None
        As `digest_row` gives it, of the very bytes that were decoded.
    views : mapping of encoder to Described
    unreadable : list of (place of the part, item, why)
    cut : bool
        Whether the recording was longer than is read.
    """

    digest: str | None = None
    views: dict[str, Described] = field(default_factory=dict)
    unreadable: list[tuple[int, str, str]] = field(default_factory=list)
    cut: bool = False


def describe_row(recording: Recording, encoders: Sequence[str], row: Row) -> DescribedRow:
    """Open, decode and encode the parts of a row; several pictures are averaged over those that can be read."""
    found, digests, described = DescribedRow(), [], []
    for place, part in enumerate(row):
        digest, views, why, cut = _describe_part(recording, encoders, part)
        digests.append(digest)
        found.cut |= cut
        if why:
            found.unreadable.append((place, name_of(part), why))
        else:
            described.append(views)
    found.digest = None if not digests else digests[0] if len(digests) == 1 else content_digest(digests)
    if described:
        found.views = {name: _pooled([views[name] for views in described]) for name in encoders}
    return found


def _describe_part(
    recording: Recording, encoders: Sequence[str], part: Part
) -> tuple[str, dict[str, Described], str, bool]:
    """Digest, views, why it is unreadable or "", and whether it was cut."""
    digest = ""
    try:
        if isinstance(part, Unreadable):
            raise part
        if isinstance(part, np.ndarray):
            digest, (decoded, cut) = digest_part(part, recording), (_checked(part), False)
        else:
            with open_part(part, recording) as opened:
                digest = digest_of(opened)
                decoded, cut = _decode(recording, opened)
    except Refused as error:  # it was looked at before: what the path leads to has changed since
        why = f"it no longer lies under its root: {error}"
    except Unreadable as error:
        why = str(error)
    except OSError as error:
        why = error.strerror or "it cannot be read"
    else:
        return digest, {name: _encode(recording, name, decoded) for name in encoders}, "", cut
    return digest or digest_of_reason(why), {}, why, False


def _checked(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    from fuseworthy.inputs.media.signals import checked

    return checked(signal)


def _decode(recording: Recording, opened: BinaryIO) -> tuple[Any, bool]:
    """The file's content as its kind holds it, and whether it was cut."""
    if isinstance(recording, Image):
        from fuseworthy.inputs.media.images import read_image

        return read_image(opened), False
    if isinstance(recording, Audio):
        from fuseworthy.inputs.media.sounds import read_sound

        sound = read_sound(opened, recording.rate, recording.longest)
        return sound, sound.cut
    if isinstance(recording, Video):
        from fuseworthy.inputs.media.films import read_film

        return _filmed(film := read_film(opened, recording.per_second, recording.longest)), film.cut
    from fuseworthy.inputs.media.signals import read_signal

    return read_signal(opened), False


def _filmed(film: Any) -> tuple[Any, Floats32]:
    """A film, and what describes its frames: both encoders need it, and it is the dearest of all."""
    from fuseworthy.inputs.encoders.clips import frame_statistics

    return film, frame_statistics(film.frames)


def _encode(recording: Recording, encoder: str, decoded: Any) -> Described:
    if isinstance(recording, Image):
        from fuseworthy.inputs.encoders.pictures import picture_patches, picture_statistics

        return Described(picture_statistics(decoded) if encoder == "statistics" else picture_patches(decoded))
    if isinstance(recording, Audio):
        from fuseworthy.inputs.encoders.spectra import sound_frames, sound_spectrum

        if encoder == "spectrum":
            return Described(sound_spectrum(decoded.samples, decoded.rate))
        return Described(*sound_frames(decoded.samples, decoded.rate))
    if isinstance(recording, Video):
        from fuseworthy.inputs.encoders.clips import film_statistics

        film, frames = decoded
        if encoder == "statistics":
            return Described(film_statistics(film.frames, frames, film.times))
        return Described(frames, film.times)
    return _encode_series(cast(Series, recording), encoder, decoded)


def _encode_series(series: Series, encoder: str, signal: NDArray[np.float64]) -> Described:
    from fuseworthy.inputs.encoders.windows import series_statistics, series_windows

    if encoder == "statistics":
        return Described(series_statistics(signal, series.rate))
    return Described(*series_windows(signal, series.rate, series.window_samples))


def _pooled(parts: Sequence[Described]) -> Described:
    """The mean of vectors; all tokens, one part's after another's."""
    if len(parts) == 1:
        return parts[0]
    values = [part.values for part in parts]
    return Described(np.concatenate(values) if values[0].ndim > 1 else np.mean(values, axis=0, dtype=np.float32))
