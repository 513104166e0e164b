"""Films to numbers: statistics of their frames and of motion, or a token a frame."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fuseworthy.inputs.encoders.pictures import SIDE, picture_statistics, small

Floats32 = NDArray[np.float32]
Pixels = NDArray[np.uint8]
MOTIONS = 8


def frame_statistics(frames: Sequence[Pixels]) -> Floats32:
    """The statistics of each frame as a picture, (t, 427)."""
    return np.stack([picture_statistics(frame) for frame in frames])


def film_statistics(frames: Sequence[Pixels], described: Floats32, times: Floats32) -> Floats32:
    """Mean and standard deviation over time of what describes the frames, motion, and length, (863,).

    Parameters
    ----------
    described : (t, 427), see `frame_statistics`
    times : (t,) seconds
    """
    parts = [described.mean(axis=0), described.std(axis=0), _motion(frames), [np.log1p(times[-1])]]
    return np.concatenate(parts).astype(np.float32)


def _motion(frames: Sequence[Pixels]) -> Floats32:
    """How much neighbouring frames differ: mean, standard deviation and maximum, in each quarter, and overall drift, (8,)."""
    if len(frames) < 2:
        return np.zeros(MOTIONS, dtype=np.float32)
    grey = np.stack([small(frame).mean(axis=2) for frame in frames]) / 255
    moved = np.abs(np.diff(grey, axis=0))
    energy = moved.mean(axis=(1, 2))
    half = SIDE // 2
    quarters = moved.mean(axis=0).reshape(2, half, 2, half).mean(axis=(1, 3)).ravel()
    drift = np.abs(grey[-1] - grey[0]).mean()
    return np.array([energy.mean(), energy.std(), energy.max(), *quarters, drift], dtype=np.float32)
