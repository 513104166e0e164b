"""The canonical tasks by number and by name."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from ...errors import InputError, nearest
from .bits import two_bits
from .dominance import dominance
from .drift import drift
from .fingerprint import group_fingerprint
from .gaussian import complementary, conditionally_null, near_duplicate, noise_cancelling, noise_modality
from .lagged import lagged
from .missing import informative_missing
from .multilabel import multilabel
from .pointer import pointer
from .pools import miscalibrated, pools
from .quality import row_quality, slice_rescue
from .regression import regression
from .task import Task
from .xor import xor


class TaskGenerator(Protocol):
    """A function that draws one task."""

    def __call__(
        self, n: int, random_state: int | np.random.Generator | None = None, *, pad: int = 0, rotate: bool = False
    ) -> Task: ...


TASKS: dict[str, TaskGenerator] = {
    "complementary": complementary,
    "conditionally_null": conditionally_null,
    "near_duplicate": near_duplicate,
    "noise_cancelling": noise_cancelling,
    "xor": xor,
    "noise_modality": noise_modality,
    "informative_missing": informative_missing,
    "miscalibrated": miscalibrated,
    "pools": pools,
    "row_quality": row_quality,
    "slice_rescue": slice_rescue,
    "regression": regression,
    "two_bits": two_bits,
    "lagged": lagged,
    "dominance": dominance,
    "group_fingerprint": group_fingerprint,
    "drift": drift,
    "multilabel": multilabel,
    "pointer": pointer,
}
_NUMBERS = {f"T{number}": name for number, name in enumerate(TASKS, start=1)}


def make(
    task: str | int,
    n: int,
    random_state: int | np.random.Generator | None = None,
    *,
    pad: int = 0,
    rotate: bool = False,
) -> Task:
    """Draw a canonical task (canonical task T1–T19) with its default strengths.

    Call a generator itself (`TASKS`) to set the strengths.

    Parameters
    ----------
    task : str or int
        A name in `TASKS`, or its number: ``"complementary"``, ``"T1"`` and ``1`` are the same.
    n : int
        Rows.
    random_state : int, Generator or None
        Seed of all randomness. Padding and rotation leave signal and target of a seed as they are.
    pad : int, default=0
        Columns of standard normal noise added to each modality.
    rotate : bool, default=False
        Turn each modality by a random rotation of its columns.

    Returns
    -------
    Task

    Raises
    ------
    InputError
        There is no such task, or `n` or `pad` is out of range.

    Examples
    --------
    >>> task = make("T4", 100, random_state=0, pad=3)
    >>> task.name, task.inputs["x1"].shape, sorted(task.truth.expected)
    ('noise_cancelling', (100, 4), ['FUSE'])
    """
    key = f"T{task}" if isinstance(task, int) else task
    name = _NUMBERS.get(key.upper(), key)
    if name not in TASKS:
        raise InputError(f"task must be a canonical task, but {task!r} came: {nearest(key, [*TASKS, *_NUMBERS])}.")
    return TASKS[name](n, random_state, pad=pad, rotate=rotate)
