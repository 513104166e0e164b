"""The modality kinds whose cells are files, or the bytes of files: images, sound, film and series."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from fuseworthy.errors import InputError
from fuseworthy.inputs.encoder_names import OFFERS, view_names
from fuseworthy.inputs.modality import Modality


class Recording(Modality):
    """What the kinds of raw files have in common.

    A cell is the path of a file, which must lie under ``root``; or the file's bytes; or a struct ``{bytes, path}``. An
    empty cell lacks the modality. So does one whose file cannot be read, but that is counted and named as well. Where
    ``sha256`` names a column (it is the last of ``columns``), a file with other bytes than that says cannot be read.
    """

    encoders: tuple[str, ...]
    root: str | None
    sha256: str | None

    def __init__(
        self, *columns: str, encoders: Sequence[str], root: str | Path | None, sha256: str | None = None
    ) -> None:
        if sha256 is not None and len(columns) > 1:
            raise InputError(
                f"sha256= must come with one column of files, but {len(columns)} came ({', '.join(columns[:5])}). Make "
                "each a modality of its own, or leave it out."
            )
        super().__init__(*columns, *(() if sha256 is None else (sha256,)))
        object.__setattr__(self, "sha256", sha256)
        object.__setattr__(self, "encoders", OFFERS[self.kind].checked(encoders))
        object.__setattr__(self, "root", None if root is None else str(root))

    @property
    def files(self) -> tuple[str, ...]:
        """The columns without that of checksums."""
        return self.columns if self.sha256 is None else self.columns[:-1]

    @property
    def views(self) -> dict[str, str]:
        """The name of each encoded view -> its encoder."""
        return view_names(self.encoders)

    @property
    def options(self) -> dict[str, Any]:
        """What decides the blocks besides columns, encoders and what the files hold."""
        return {}

    def under(self, root: Path | None) -> Recording:
        """The same with an absolute root: its own, or else the one given."""
        return self.moved(root if self.root is None else Path(self.root))

    def moved(self, root: Path | None) -> Recording:
        """The same with another root, or none."""
        found = copy.copy(self)
        object.__setattr__(found, "root", None if root is None else str(root.absolute()))
        return found

    def read_by(self, encoders: Sequence[str]) -> Recording:
        """The same with other encoders, those too that are no user's to name."""
        found = copy.copy(self)
        object.__setattr__(found, "encoders", tuple(encoders))
        return found

    def to_dict(self) -> dict[str, Any]:
        where = {name: own for name, own in (("root", self.root), ("sha256", self.sha256)) if own is not None}
        return super().to_dict() | {"encoders": list(self.encoders)} | self.options | where

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Recording) and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash((self.kind, self.columns, self.encoders))

    def _set(self, **options: Any) -> None:
        for name, value in options.items():
            object.__setattr__(self, name, value)


class Image(Recording):
    """Pictures: PNG, JPEG, WebP, BMP, GIF (its first frame) or TIFF.

    Parameters
    ----------
    *columns : str
        One column, or several if ``pool`` is given.
    encoders : sequence of str
        What the learners read, one or several: ``statistics``, shapes, colours and textures of the whole as one vector;
        ``patches``, an 8 × 8 grid as tokens; ``efficientnet`` and ``efficientnet-patches``, what EfficientNet-Lite0
        makes of the whole, or of a 7 × 7 grid (extra ``deep``); ``hf:ID-or-folder`` and ``hf-patches:ID-or-folder``, the
        same of a vision transformer, or of CLIP's (extra ``transformers``).
    root : path, optional
        The folder that paths are relative to and may not leave; that of the table if left out.
    sha256 : str, optional
        A column with what each file's sha256 must be, in hex digits; empty where it is not checked.
    pool : {"mean"}, optional
        Several pictures a row (several columns, or a column of lists) are averaged, over those that can be read.

    Examples
    --------
    >>> Image("photo").columns
    ('photo',)
    """

    kind: ClassVar[str] = "image"
    pool: str | None

    def __init__(
        self,
        *columns: str,
        encoders: Sequence[str] = ("statistics", "patches"),
        root: str | Path | None = None,
        sha256: str | None = None,
        pool: str | None = None,
    ) -> None:
        super().__init__(*columns, encoders=encoders, root=root, sha256=sha256)
        if pool not in (None, "mean"):
            raise InputError(f"pool must be 'mean' or left out, but {pool!r} came.")
        if pool and sha256 is not None:
            raise InputError("sha256= must come with one picture a row, but pool='mean' came. Leave one of them out.")
        if len(columns) > 1 and pool is None:
            raise InputError(
                f"an image must be one column, but {len(columns)} came. Make each a modality of its own, or pass "
                "pool='mean' to average them."
            )
        self._set(pool=pool)

    @property
    def options(self) -> dict[str, Any]:
        return {"pool": self.pool}


class Audio(Recording):
    """Sound: WAV, FLAC, Ogg, MP3 or AIFF; or the sound track of a film (extra ``video``).

    Parameters
    ----------
    *columns : str
        One column.
    encoders : sequence of str
        What the learners read, one or several: ``spectrum``, statistics of mel spectrum and cepstrum as one vector;
        ``frames``, mel frames as tokens; ``hf:ID-or-folder`` and ``hf-frames:ID-or-folder``, an audio transformer's
        embedding of the whole, or of its frames (extra ``transformers``).
    rate : int
        Samples a second that all sound is brought to, channels averaged.
    root : path, optional
        The folder that paths are relative to and may not leave; that of the table if left out.
    sha256 : str, optional
        A column with what each file's sha256 must be, in hex digits; empty where it is not checked.
    longest : float
        Seconds that are read; longer recordings are cut there, and counted.

    Examples
    --------
    >>> Audio("call").rate
    16000
    """

    kind: ClassVar[str] = "audio"
    rate: int
    longest: float

    def __init__(
        self,
        *columns: str,
        encoders: Sequence[str] = ("spectrum", "frames"),
        rate: int = 16_000,
        root: str | Path | None = None,
        sha256: str | None = None,
        longest: float = 60.0,
    ) -> None:
        super().__init__(*columns, encoders=encoders, root=root, sha256=sha256)
        _one_column(self)
        if not 2_000 <= rate <= 192_000:
            raise InputError(f"rate must be 2,000 to 192,000 samples a second, but {rate} came.")
        _require_positive("longest", longest, "seconds")
        self._set(rate=int(rate), longest=float(longest))

    @property
    def options(self) -> dict[str, Any]:
        return {"rate": self.rate, "longest": self.longest}


class Video(Recording):
    """Films: MP4, MOV, Matroska, WebM, AVI, Ogg or MPEG-TS.

    Parameters
    ----------
    *columns : str
        One column.
    encoders : sequence of str
        What the learners read, one or several: ``statistics``, of frames and motion as one vector; ``frames``, a token a
        frame; ``efficientnet`` and ``efficientnet-frames``, ``hf:ID-or-folder`` and ``hf-frames:ID-or-folder``, what an
        image encoder makes of the frames, averaged, or a token each (see `Image`).
    per_second : float
        Frames a second that are looked at.
    root : path, optional
        The folder that paths are relative to and may not leave; that of the table if left out.
    sha256 : str, optional
        A column with what each file's sha256 must be, in hex digits; empty where it is not checked.
    longest : float
        Seconds that are read; longer films are cut there, and counted.

    Examples
    --------
    >>> Video("clip", per_second=4).per_second
    4.0
    """

    kind: ClassVar[str] = "video"
    per_second: float
    longest: float

    def __init__(
        self,
        *columns: str,
        encoders: Sequence[str] = ("statistics", "frames"),
        per_second: float = 2.0,
        root: str | Path | None = None,
        sha256: str | None = None,
        longest: float = 60.0,
    ) -> None:
        super().__init__(*columns, encoders=encoders, root=root, sha256=sha256)
        _one_column(self)
        _require_positive("per_second", per_second, "frames a second")
        _require_positive("longest", longest, "seconds")
        if per_second * longest > MOST_FRAMES:
            raise InputError(
                f"at most {MOST_FRAMES} frames of a film are looked at, but per_second × longest is "
                f"{per_second * longest:g}. Lower one of them."
            )
        self._set(per_second=float(per_second), longest=float(longest))

    @property
    def options(self) -> dict[str, Any]:
        return {"per_second": self.per_second, "longest": self.longest}


class Series(Recording):
    """Measurements in time: number lists, a column a channel; or a file a row (CSV, Parquet, NPY or WAV).

    Parameters
    ----------
    *columns : str
        Columns of number lists, of one length within a row; or one column of lists of lists (samples, channels); or one
        column of paths or bytes.
    encoders : sequence of {"statistics", "windows"}
        What the learners read: statistics of each channel and their correlations as one vector; or a token a window.
    rate : float, optional
        Samples a second; times and frequencies are then in seconds and hertz, otherwise in samples.
    window : float, optional
        Length of a window, in seconds if the rate is known and in samples otherwise; 1 s or 64 samples if left out.
    root : path, optional
        The folder that paths are relative to and may not leave; that of the table if left out.
    sha256 : str, optional
        A column with what each file's sha256 must be, in hex digits; empty where it is not checked.

    Examples
    --------
    >>> Series("x", "y", "z", rate=50).columns
    ('x', 'y', 'z')
    """

    kind: ClassVar[str] = "series"
    rate: float | None
    window: float | None

    def __init__(
        self,
        *columns: str,
        encoders: Sequence[str] = ("statistics", "windows"),
        rate: float | None = None,
        window: float | None = None,
        root: str | Path | None = None,
        sha256: str | None = None,
    ) -> None:
        super().__init__(*columns, encoders=encoders, root=root, sha256=sha256)
        if rate is not None:
            _require_positive("rate", rate, "samples a second")
        if window is not None:
            _require_positive("window", window, "seconds or samples")
        self._set(rate=None if rate is None else float(rate), window=None if window is None else float(window))
        if self.window_samples < SHORTEST_WINDOW:
            raise InputError(
                f"a window must have at least {SHORTEST_WINDOW} samples, but has {self.window_samples}. Pass a longer window=."
            )

    @property
    def window_samples(self) -> int:
        """Samples in a window."""
        if self.window is None:
            return 64 if self.rate is None else max(round(self.rate), SHORTEST_WINDOW)
        return round(self.window * (self.rate or 1.0))

    @property
    def options(self) -> dict[str, Any]:
        return {"rate": self.rate, "window": self.window}


MOST_FRAMES = 512
"""Frames of a film that are looked at."""
SHORTEST_WINDOW = 4
"""Samples."""


def _one_column(recording: Recording) -> None:
    if len(recording.files) > 1:
        raise InputError(
            f"{recording.kind} must be one column, but {len(recording.files)} came "
            f"({', '.join(recording.files[:5])}). Make each a modality of its own."
        )


def _require_positive(name: str, value: float, unit: str) -> None:
    if not 0 < value < float("inf"):
        raise InputError(f"{name} must be more than zero {unit}, but {value} came.")
