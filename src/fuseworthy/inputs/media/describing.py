"""One row at a time from its files to the numbers of each encoder: what a worker does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from fuseworthy.durable import content_digest
from fuseworthy.inputs.encoder_names import PIXELS, is_frozen, network_name, source_of
from fuseworthy.inputs.media.assets import Refused, Unreadable, digest_of, digest_of_reason
from fuseworthy.inputs.media.cells import Part, Row, digest_part, name_of, open_part
from fuseworthy.inputs.recordings import Audio, Image, Recording, Series, Video

Floats32 = NDArray[np.float32]


@dataclass(frozen=True)
class Described:
    """What the encoders make of one part: a vector, (d,); or tokens, (t, d), with their times, (t,), or without."""

    values: NDArray[Any]
    times: Floats32 | None = None


@dataclass(frozen=True)
class Prepared:
    """One part as pretrained networks are given it.

    Parameters
    ----------
    items : mapping of network to its pictures, or to one sound
    times : (t,) of the frames of a film
    seconds : length of a sound
    """

    items: dict[str, list[Any]]
    times: Floats32 | None = None
    seconds: float | None = None


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
    prepared : list of Prepared
        Parts that pretrained networks are yet to read (see `encoders.frozen`).
    """

    digest: str | None = None
    views: dict[str, Described] = field(default_factory=dict)
    unreadable: list[tuple[int, str, str]] = field(default_factory=list)
    cut: bool = False
    prepared: list[Prepared] = field(default_factory=list)


def describe_row(recording: Recording, views: Sequence[str], row: Row) -> DescribedRow:
    """Open, decode and encode the parts of a row; several pictures are averaged over those that can be read.

    What pretrained networks make of them is left open: they are given many rows at once.
    """
    encoders = {view: recording.views[view] for view in views}
    found, digests, described = DescribedRow(), [], []
    for place, part in enumerate(row):
        digest, decoded, why, cut = _decoded_part(recording, part)
        digests.append(digest)
        found.cut |= cut
        if why:
            found.unreadable.append((place, name_of(part), why))
        else:
            described.append(_floors(recording, encoders, decoded))
            if networks := sorted({network_name(e) for e in encoders.values() if is_frozen(e)}):
                found.prepared.append(_prepared(recording, networks, decoded))
    found.digest = None if not digests else digests[0] if len(digests) == 1 else content_digest(digests)
    if described:
        found.views = {view: pooled([own[view] for own in described]) for view in described[0]}
    return found


def _decoded_part(recording: Recording, part: Part) -> tuple[str, Any, str, bool]:
    """Digest, content, why it is unreadable or "", and whether it was cut."""
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
        return digest, decoded, "", cut
    return digest or digest_of_reason(why), None, why, False


def _floors(recording: Recording, encoders: Mapping[str, str], decoded: Any) -> dict[str, Described]:
    """What the encoders without weights make of one part."""
    own = {view: encoder for view, encoder in encoders.items() if not is_frozen(encoder)}
    if own and isinstance(recording, Video):
        decoded = _filmed(decoded)
    return {view: _encode(recording, encoder, decoded) for view, encoder in own.items()}


def _prepared(recording: Recording, networks: Sequence[str], decoded: Any) -> Prepared:
    """One part as each network is given it: small enough to be handed from process to process."""
    from fuseworthy.inputs.encoders.squares import bounded, central_square

    if isinstance(recording, Audio):
        return Prepared({name: [decoded.samples] for name in networks}, seconds=len(decoded.samples) / decoded.rate)
    pictures = decoded.frames if isinstance(recording, Video) else [decoded]
    fitted = {name: central_square if name == "efficientnet" else bounded for name in networks}
    times = decoded.times if isinstance(recording, Video) else None
    return Prepared({name: [fit(picture) for picture in pictures] for name, fit in fitted.items()}, times)


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

        film = read_film(opened, recording.per_second, recording.longest)
        return film, film.cut
    from fuseworthy.inputs.media.signals import read_signal

    return read_signal(opened), False


def _filmed(film: Any) -> tuple[Any, Floats32]:
    """A film, and what describes its frames: both encoders need it, and it is the dearest of all."""
    from fuseworthy.inputs.encoders.clips import frame_statistics

    return film, frame_statistics(film.frames)


def _encode(recording: Recording, encoder: str, decoded: Any) -> Described:
    if isinstance(recording, Image):
        from fuseworthy.inputs.encoders.pictures import picture_patches, picture_statistics

        family, source = source_of(encoder)
        if family == PIXELS:
            from fuseworthy.inputs.encoders.raw import picture_pixels

            return Described(picture_pixels(decoded, source))
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


def pooled(parts: Sequence[Described]) -> Described:
    """The mean of vectors; all tokens, one part's after another's."""
    if len(parts) == 1:
        return parts[0]
    values = [part.values for part in parts]
    return Described(np.concatenate(values) if values[0].ndim > 1 else np.stack(values).mean(axis=0, dtype=np.float32))
