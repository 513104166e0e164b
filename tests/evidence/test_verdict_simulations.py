"""Does the verdict keep its promises? Closed-form predictions of canonical tasks T1 and T6, many data sets each."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from evidence_ledgers import gaussian_ledger
from scipy import stats

from fuseworthy.evidence.verdict import decide

SETS = 60
TRUE_GAIN = 0.3563 - 0.2628
"""canonical task T1: log-loss of the better single less that of the fusion, in nats a row."""


def verdicts(second, wobble, fusions, n=300, seed=0):
    rng = np.random.default_rng(seed)
    return [
        decide(gaussian_ledger(rng, n, second=second, fusions=fusions, wobble=wobble), metric="accuracy")
        for _ in range(SETS)
    ]


@pytest.fixture(scope="module")
def null():
    return verdicts(0.0, 0.15, 8)


@pytest.fixture(scope="module")
def strong():
    return verdicts(0.7, 0.05, 3)


def test_eight_useless_fusions_are_hardly_ever_fused(null):
    """5 % is promised; 60 sets at 5 % give more than 6 in one run of 100."""
    claimed = sum(v.outcome in ("FUSE", "SUPERIOR_UNPROVEN") for v in null)
    assert claimed <= stats.binom.ppf(0.99, SETS, 0.05)


def test_useless_fusions_show_no_gain_on_average(null):
    gains = np.array([v.gain for v in null])
    assert gains.mean() < 2 * gains.std(ddof=1) / np.sqrt(SETS)
    assert sum(v.low > 0 for v in null) <= stats.binom.ppf(0.99, SETS, 0.05)


def test_the_usual_best_against_best_would_have_been_fooled_more_often(null):
    """The control of this simulation: eight noisy candidates do tempt whoever picks the best on all rows."""
    rng = np.random.default_rng(0)
    tempted = 0
    for verdict in null:
        ledger = gaussian_ledger(rng, 300, second=0.0, fusions=8, wobble=0.15)
        losses = {name: loss.mean() for name, loss in ledger.losses().items()}
        best = min(loss for name, loss in losses.items() if name.startswith("fusion"))
        tempted += losses["a/x"] - best > verdict.gain
    assert tempted > SETS / 2


def test_a_real_gain_is_nearly_always_fused(strong):
    assert Counter(v.outcome for v in strong)["FUSE"] >= 0.9 * SETS
    assert all(v.deploy.startswith("fusion") for v in strong if v.outcome == "FUSE")


def test_the_interval_holds_the_true_gain_as_often_as_it_says(strong):
    """Wobbling weights cost the fusion about .001 nats, so the truth is T1's closed form to that."""
    below = sum(v.low > TRUE_GAIN for v in strong)
    above = sum(v.high < TRUE_GAIN - 0.002 for v in strong)
    assert below <= stats.binom.ppf(0.99, SETS, 0.05)
    assert above <= stats.binom.ppf(0.99, SETS, 0.05)
    assert np.mean([v.gain for v in strong]) == pytest.approx(TRUE_GAIN, abs=0.01)


def test_more_rows_turn_an_open_question_into_an_answer():
    small = Counter(v.outcome for v in verdicts(0.35, 0.05, 1, n=80, seed=1)[:30])
    large = Counter(v.outcome for v in verdicts(0.35, 0.05, 1, n=1200, seed=1)[:30])
    assert large["FUSE"] > small["FUSE"] + 10
    assert large["INCONCLUSIVE"] < small["INCONCLUSIVE"]
