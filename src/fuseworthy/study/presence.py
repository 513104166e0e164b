"""What the rows of a study lack: missing, cut, or unreadable, and how much of that is too much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fuseworthy.folds import Folds
from fuseworthy.inputs.blocks import Block
from fuseworthy.inputs.unreadable import unreadable_notices

NAMED = 3
"""Modalities that a notice names."""

Blocks = Mapping[str, Mapping[str, Block]]


def presence_of(blocks: Blocks) -> NDArray[np.bool_]:
    """Whether each row has each modality, (n, modalities)."""
    return np.column_stack([next(iter(views.values())).present for views in blocks.values()])


def presence_notices(blocks: Blocks) -> list[str]:
    """A line for each modality that rows lack, that could not be read in some, or was cut."""
    notices = []
    for name, views in blocks.items():
        block = next(iter(views.values()))
        if missing := int((~block.present).sum()):
            notices.append(
                f"modality {name!r} is missing in {missing:,} rows ({missing / block.n:.1%}): such rows "
                "get the prior from its singles, and no say from it in fusions"
            )
        notices += unreadable_notices({name: views})
        notices += [_cut(name, cut, "recordings" if "unreadable" in block.meta else "texts") for cut in _cuts(views)]
    return notices


def absence_notices(blocks: Blocks, folds: Folds) -> list[str]:
    """What no model of the study has seen missing: one line for modalities that every row has, and one for each that
    some training part has whole although a row scored by it lacks it.

    Examples
    --------
    >>> blocks = {m: {"v": Block(m, "v", np.zeros((4, 1)), np.array([True, True, True, last]))} for m, last in \
(("a", True), ("b", False))}
    >>> print(*absence_notices(blocks, Folds("given", np.array([[0, 0, 1, 1]]))), sep="\\n")
    modality 'a' is present in every row, so nothing learned what to do without it: study.missing() tries it by hiding it
    modality 'b' is missing in 1 row that is scored by models which never saw it missing (first: row 4, fold 2): more \
rows that lack it, or fewer folds, would let them learn it
    """
    present = dict(zip(blocks, presence_of(blocks).T, strict=True))
    whole = [m for m, here in present.items() if here.all()]
    notices = [_whole(whole, len(blocks))] if whole and len(blocks) > 1 else []
    unseen: dict[str, dict[int, int]] = {m: {} for m in blocks if m not in whole}
    for repeat in range(folds.repeats):
        for fold in range(folds.count):
            train, test = folds.train(repeat, fold), folds.test(repeat, fold)
            for m, rows in unseen.items():
                if present[m][train].all():
                    rows |= dict.fromkeys(test[~present[m][test]].tolist(), fold)
    for m, rows in unseen.items():
        if rows:
            row = min(rows)
            notices.append(
                f"modality {m!r} is missing in {_counted(len(rows))} scored by models which never saw it missing "
                f"(first: row {row + 1}, fold {rows[row] + 1}): more rows that lack it, or fewer folds, would let them "
                "learn it"
            )
    return notices


def _counted(rows: int) -> str:
    return "1 row that is" if rows == 1 else f"{rows:,} rows that are"


def _whole(names: Sequence[str], of: int) -> str:
    if len(names) == of:
        who, them = "every modality", "one of them"
    else:
        shown = [repr(name) for name in names[:NAMED]] + (
            [f"{len(names) - NAMED:,} more"] if len(names) > NAMED else []
        )
        who, them = ("modality " if len(names) == 1 else "each of ") + " and ".join(shown), "it"
    return (
        f"{who} is present in every row, so nothing learned what to do without {them}: study.missing() tries it by "
        f"hiding {'it' if len(names) == 1 else 'them'}"
    )


def content_of_blocks(views: Mapping[str, Block]) -> dict[str, Any]:
    """sha256 of what a modality's files held, where it has files: with another content it is another study."""
    content = next(iter(views.values())).meta.get("content")
    return {} if content is None else {"content": content}


def _cuts(views: Mapping[str, Block]) -> list[int]:
    """One count for all views of a recording, which are cut alike; one for each view of a text."""
    cuts = [block.meta["cut"] for block in views.values() if block.meta.get("cut")]
    return cuts[:1] if any("unreadable" in block.meta for block in views.values()) else cuts


def _cut(name: str, count: int, what: str) -> str:
    if what == "texts":
        return f"modality {name!r}: {count} texts are longer than 100,000 characters and were cut there"
    return f"modality {name!r}: {count:,} recordings are longer than is read (longest=) and were cut there"
