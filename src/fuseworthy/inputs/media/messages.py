"""What is asked of a worker and what it answers, as plain values that `wire` carries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fuseworthy.inputs.kinds import modality_from_dict, plainest
from fuseworthy.inputs.media.assets import Unreadable
from fuseworthy.inputs.media.cells import Part, Row
from fuseworthy.inputs.media.checksums import Pinned
from fuseworthy.inputs.media.describing import Described, DescribedRow, Prepared
from fuseworthy.inputs.recordings import Recording


def to_task(recording: Recording, views: Sequence[str], rows: Sequence[Row]) -> dict[str, Any]:
    """The rows to describe, and how."""
    own = [[_from_part(part) for part in row] for row in rows]
    plain = plainest(recording).to_dict()
    return {"recording": plain, "encoders": recording.encoders, "views": list(views), "rows": own}


def from_task(task: Mapping[str, Any]) -> tuple[Recording, list[str], list[Row]]:
    """What `to_task` was given."""
    recording = modality_from_dict(task["recording"])
    assert isinstance(recording, Recording)
    return recording.read_by(task["encoders"]), task["views"], [tuple(map(_to_part, row)) for row in task["rows"]]


def to_answer(rows: Sequence[DescribedRow]) -> list[dict[str, Any]]:
    """Rows as encoded."""
    return [
        {
            "digest": row.digest,
            "views": {view: vars(own) for view, own in row.views.items()},
            "unreadable": row.unreadable,
            "cut": row.cut,
            "prepared": [vars(own) for own in row.prepared],
        }
        for row in rows
    ]


def from_answer(answer: Sequence[Mapping[str, Any]]) -> list[DescribedRow]:
    """What `to_answer` was given."""
    return [
        DescribedRow(
            row["digest"],
            {view: Described(**own) for view, own in row["views"].items()},
            [(place, item, why) for place, item, why in row["unreadable"]],
            row["cut"],
            [Prepared(**own) for own in row["prepared"]],
        )
        for row in answer
    ]


def _from_part(part: Part) -> Any:
    if isinstance(part, str | bytes | np.ndarray):
        return part
    return {"unreadable": str(part)} if isinstance(part, Unreadable) else {"pinned": vars(part)}


def _to_part(found: Any) -> Part:
    if not isinstance(found, dict):
        return found  # type: ignore[no-any-return]
    return Unreadable(found["unreadable"]) if "unreadable" in found else Pinned(**found["pinned"])
