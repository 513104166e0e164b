"""Evidence made by hand, and what one rule says about it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from evidence_ledgers import BINARY, ledger_of, two_sided

from fuseworthy.evidence.checks import CHECKS, Evidence
from fuseworthy.evidence.checks.rule import result_of
from fuseworthy.evidence.verdict import decide
from fuseworthy.folds import Folds, make_folds
from fuseworthy.ledger import Ledger, Strategy

BY_CODE = {check.code: check for check in CHECKS}


def evidence_of(ledger, facts=None, observations=None, *, margin=0.01) -> Evidence:
    """Evidence with the real verdict; facts and observations as given."""
    return Evidence(ledger, decide(ledger, margin=margin), ledger.losses(), facts or {}, observations or {})


def look(code, evidence):
    """The result of one rule."""
    return result_of(BY_CODE[code], evidence)


def fired(code, evidence) -> str:
    """The sentence of a rule that must fire."""
    found = look(code, evidence)
    assert found.status == "fired", (found.status, found.sentence)
    assert found.sentence.endswith(".")
    assert found.measured
    return found.sentence


def clear(code, evidence) -> None:
    found = look(code, evidence)
    assert found.status == "clear", (found.status, found.sentence)


def does_not_apply(code, evidence) -> str:
    """The reason of a rule that must not apply."""
    found = look(code, evidence)
    assert found.status == "does not apply", (found.status, found.sentence)
    return found.sentence


def with_verdict(evidence, **changes) -> Evidence:
    """The same evidence under a verdict with other figures."""
    return replace(evidence, verdict=replace(evidence.verdict, **changes))


def with_family(ledger: Ledger, name: str, family: str) -> Ledger:
    """The same ledger with one strategy of another family."""
    place = Strategy(name, family, name, rank=ledger.strategies[name].rank)
    return replace(ledger, strategies={**ledger.strategies, name: place})


def two_modalities(seed=0, n=400, *, second=0.7, repeats=2, extra=None, kind=None) -> Ledger:
    """canonical task T1 with the Bayes log-odds of both modalities, two singles each, and their sum as a fusion.

    ``extra(rng, y, first, second)`` gives further strategies as name -> log-odds, (n,) or (repeats, n).
    """
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    x1, x2 = 2.0 * y - 1 + rng.normal(size=n), second * (2.0 * y - 1) + rng.normal(size=n)
    first, other = 2 * x1, 2 * second * x2
    folds = make_folds(y, BINARY, n_folds=5, n_repeats=repeats, random_state=seed)
    if kind is not None:
        folds = Folds(kind, folds.assignment)
    jitter = 0.05 * rng.normal(size=(repeats, n))
    logits = {
        "a/x": first + jitter,
        "a/y": first + 0.3 * rng.normal(size=n) + jitter,
        "b/x": other + jitter,
        "b/y": other + 0.3 * rng.normal(size=n) + jitter,
        "sum": first + other + jitter,
    }
    logits |= extra(rng, y, first, other) if extra else {}
    every = {name: two_sided(np.broadcast_to(z, (repeats, n))) for name, z in logits.items()}
    return ledger_of(BINARY, y, folds, every)


def interval(low, high):
    """An interval as facts hold it."""
    return {"gain": (low + high) / 2, "low": low, "high": high, "se": (high - low) / 4, "p": 0.0}


def attribution(**modalities):
    """Facts of the attribution: modality -> (alone, left out, reliance), each an interval or None."""
    rows = [
        {"modality": m, "alone": a, "left_out": left, "reliance": r, "shapley": a}
        for m, (a, left, r) in modalities.items()
    ]
    return {"rows": rows, "share": None, "dominant": None, "neglected": []}
