"""What a compression found, as one dict: everything that note, page and command line say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from fuseworthy.deploy.compress.candidate import ORIGINAL, Candidate
from fuseworthy.deploy.compress.wording import duel_sentence, lost_sentence, sentence_of
from fuseworthy.evidence.costs import front
from fuseworthy.evidence.inferiority import duel_of, inferiority_facts

if TYPE_CHECKING:
    from fuseworthy.deploy.compress.measures import Measured
    from fuseworthy.ledger import Ledger

FRONTS = {"size_front": "bytes", "latency_front": "milliseconds"}


@dataclass(frozen=True)
class Found:
    """Everything that was measured.

    Parameters
    ----------
    candidates : the original first
    left_out : name -> why it was not made
    costs : name -> Measured
    folders : name -> its folder below ``candidates``
    uneven : name -> by how much an answer depends on the rows it is asked with
    """

    candidates: Sequence[Candidate]
    ledger: Ledger
    left_out: Mapping[str, str]
    costs: Mapping[str, Measured]
    folders: Mapping[str, str]
    uneven: Mapping[str, float] = field(default_factory=dict)


def compress_facts(found: Found, question: Mapping[str, Any], margin: float) -> dict[str, Any]:
    """All facts.

    Parameters
    ----------
    question : what was asked, of which rows
    margin : the loss that is just too much
    """
    ledger = found.ledger
    original, *others = found.candidates
    first = _costs(found, original) | {"loss": float(np.nanmean(ledger.losses([ORIGINAL])[ORIGINAL]))}
    judged = inferiority_facts(ledger, ORIGINAL, [own.name for own in others], margin) if others else []
    rows = [_row(found, own, said, first) for own, said in zip(others, judged, strict=True)]
    everyone = [first, *rows]
    for name, cost in FRONTS.items():
        for row, is_on in zip(everyone, front(everyone, cost), strict=True):
            row[name] = is_on
    for row in rows:
        row["lost"] = lost_sentence(row, ledger.task, margin)
    duels = _duels(ledger, margin)
    recommended = _recommended(first, rows)
    facts: dict[str, Any] = {
        "question": dict(question) | {"margin": margin, "loss": ledger.task.loss_name, "unit": ledger.task.loss_unit},
        "original": first,
        "candidates": rows,
        "duels": [own | {"sentence": duel_sentence(own, margin)} for own in duels],
        "references": [
            {"name": name, "loss": float(np.nanmean(own))}
            for name, own in ledger.losses().items()
            if name.startswith("alone:")
        ],
        "left_out": [{"name": name, "reason": reason} for name, reason in found.left_out.items()],
        "recommended": recommended,
    }
    return facts | {"sentence": sentence_of(facts)}


def _costs(found: Found, own: Candidate) -> dict[str, Any]:
    cost = found.costs[own.name]
    one, many = cost.latency[0], cost.latency[-1]
    return {
        "name": own.name,
        "title": own.title,
        "told": own.told,
        "needs": list(own.needs),
        "fitted": own.is_fitted,
        "folder": found.folders.get(own.name),
        "bytes": cost.bytes,
        "memory": cost.memory,
        "milliseconds": one.median,
        "latency": [{"rows": t.rows, "median": t.median, "p95": t.p95, "times": t.times} for t in (one, many)],
        "uneven": found.uneven.get(own.name),
    }


def _row(found: Found, own: Candidate, said: Mapping[str, Any], first: Mapping[str, Any]) -> dict[str, Any]:
    row = _costs(found, own) | dict(said)
    row["size_ratio"] = row["bytes"] / first["bytes"]
    row["latency_ratio"] = row["milliseconds"] / first["milliseconds"]
    return row


def _duels(ledger: Ledger, margin: float) -> list[dict[str, Any]]:
    """Whether distilling to one modality pays: over the same learners taught by the truth, and over the model's own."""
    found = []
    for name in ledger.predictions:
        if name.startswith("distilled:"):
            modality = name.removeprefix("distilled:")
            plain = [f"alone:{modality}", f"single:{modality}"]
            found += [duel_of(ledger, name, own, margin) for own in plain if own in ledger.predictions]
    return found


def _recommended(first: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> str:
    """The smallest that is not inferior and smaller than the original; the original where there is none."""
    fitting = [row for row in rows if row["standing"] == "not inferior" and row["bytes"] < first["bytes"]]
    best = min(fitting, key=lambda row: (row["bytes"], row["milliseconds"]), default=first)
    return str(best["name"])
