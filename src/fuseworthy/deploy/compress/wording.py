"""What a compression found, in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fuseworthy.task import Task

PAYS = {
    "FUSE": "pays: it is better by the margin or more",
    "SUPERIOR_UNPROVEN": "is better, though perhaps by less than the margin",
    "EQUIVALENT": "makes no difference that matters",
    "NOT_WORTH_IT": "does not pay: a gain of the margin is ruled out",
    "HARMFUL": "makes it worse",
    "INCONCLUSIVE": "cannot be told from chance by these rows",
}
"""The six outcomes, of distilling against not distilling."""
MOST_GROUPS = 3
WORTH_TELLING = 0.1
"""Share of the margin that a class must lose to be named: rounding alone is sure, but small."""


def sentence_of(facts: Mapping[str, Any]) -> str:
    """What is recommended, and why."""
    first, question = facts["original"], facts["question"]
    if facts["recommended"] == first["name"]:
        if not facts["candidates"]:
            return "Keep the original: no candidate could be made."
        return (
            f"Keep the original: no smaller candidate is shown to lose less than {question['margin']:g} "
            f"{question['unit']} on {question['scored']:,} rows it had not learned from."
        )
    row = next(own for own in facts["candidates"] if own["name"] == facts["recommended"])
    fewer = "" if row["needs"] == first["needs"] else f", and needs {' and '.join(row['needs'])} alone"
    return (
        f"Take {row['name']}: {row['size_ratio']:.2g} of the size, {row['latency_ratio']:.2g} of the time for one row"
        f"{fewer}. On {question['scored']:,} rows it is not inferior by {question['margin']:g}: gain {_span(row)}."
    )


def lost_sentence(row: Mapping[str, Any], task: Task, margin: float) -> str:
    """What was lost by one candidate, and for whom; intervals of groups are not corrected for their number."""
    changed = row["changed"]
    right, wrong = changed["rescued"], changed["harmed"]
    if task.is_classification:
        said = f"{wrong:,} rows turned wrong and {right:,} turned right"
    else:
        said = f"{wrong:,} rows moved clearly away from the truth and {right:,} towards it"
    hurt = [own for own in row["groups"] if own["high"] < 0 and own["gain"] < -WORTH_TELLING * margin]
    named = ", ".join(f"{own['by']} {own['name']} ({_span(own)}, {own['rows']:,} rows)" for own in hurt[:MOST_GROUPS])
    return f"{said}; worse for {named}." if hurt else f"{said}."


def duel_sentence(duel: Mapping[str, Any], margin: float) -> str:
    """Whether distilling to one modality pays."""
    modality = duel["name"].removeprefix("distilled:")
    against = (
        f"{modality} alone, fitted on the same rows from the truth"
        if duel["against"].startswith("alone:")
        else f"the model's own single of {modality}"
    )
    needed = "" if duel["rows_needed"] is None else f" About {duel['rows_needed']:,} rows would tell."
    return f"Distilling to {modality}, against {against}, {PAYS[duel['outcome']]}: gain {_span(duel)}, margin {margin:g}.{needed}"


def _span(row: Mapping[str, Any]) -> str:
    gain, low, high = (round(row[name], 4) + 0.0 for name in ("gain", "low", "high"))  # a zero has no sign
    return f"{gain:+.4f} ({low:+.4f} to {high:+.4f})"
