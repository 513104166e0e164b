"""Several labels a row: one verdict on their mean, and one on each label."""

from __future__ import annotations

import numpy as np
import pytest
from evidence_ledgers import BINARY, ledger_of_losses, plain_folds, strategy, two_sided
from statsmodels.stats.multitest import multipletests

from fuseworthy.errors import InputError, LedgerError
from fuseworthy.evidence.duel import fight
from fuseworthy.evidence.metrics import ledger_scores
from fuseworthy.evidence.verdict import decide, unit_of
from fuseworthy.folds import Folds
from fuseworthy.ledger import Ledger

GAINS = (0.65, 0.0, 0.0, 0.6)


def many_labels(rng, n=500, second=GAINS, repeats=2):
    """Labels seen through x1 (always) and x2 (with strength ``second``): a long ledger, label by label."""
    count = len(second)
    y = rng.integers(0, 2, (count, n))
    s = 2.0 * y - 1
    x1, x2 = 0.7 * s + rng.normal(size=s.shape), np.array(second)[:, None] * s + rng.normal(size=s.shape)
    one = plain_folds(n, n_repeats=repeats)
    folds = Folds("shuffled", np.tile(one.assignment, count), np.tile(np.arange(n), count))
    logits = {"a/x": 1.4 * x1, "b/x": 2 * np.array(second)[:, None] * x2}
    logits["both"] = logits["a/x"] + logits["b/x"]
    predictions = {name: np.tile(two_sided(z.ravel()), (repeats, 1, 1)) for name, z in logits.items()}
    return Ledger(
        task=BINARY,
        y=y.ravel(),
        folds=folds,
        predictions=predictions,
        strategies={name: strategy(name) for name in predictions},
        ids=np.tile(np.arange(n), count),
        pattern=np.full(n * count, "a+b", dtype=object),
        data_hash="made",
        labels=np.repeat([f"label{j}" for j in range(count)], n),
    )


@pytest.fixture(scope="module")
def ledger():
    return many_labels(np.random.default_rng(3))


def test_the_gain_is_the_mean_over_labels_of_each_labels_gain(ledger):
    verdict = decide(ledger)
    own = [decide(ledger.of_label(label)).gain for label in ledger.label_names]
    assert verdict.outcome == "FUSE"
    assert verdict.gain == pytest.approx(np.mean(own), abs=0.02)


def test_labels_that_gain_and_labels_that_do_not_are_told_apart(ledger):
    outcomes = [row["outcome"] for row in decide(ledger).labels]
    assert outcomes[0] == outcomes[3] == "FUSE"
    assert not {"FUSE", "SUPERIOR_UNPROVEN"} & set(outcomes[1:3])


def test_adjusted_p_values_are_those_of_statsmodels(ledger):
    rows = decide(ledger).labels
    raw = []
    for label in ledger.label_names:
        own = decide(ledger.of_label(label))
        duel = fight(ledger.of_label(label), ledger.of_label(label).losses(), 0.05)
        raw.append(max(duel.gain.p_value, *(g["p"] for g in own.guard)))
    expected = multipletests(raw, method="holm")[1]
    assert [row["p_holm"] for row in rows] == pytest.approx(expected, abs=1e-12)


def test_rows_not_entries_are_what_is_counted_and_needed(ledger):
    assert (ledger.n, ledger.rows, unit_of(ledger)) == (2000, 500, ("rows", 500))


def test_labels_of_one_row_are_one_piece_of_evidence():
    """A label repeated four times must not make the interval half as wide."""
    rng = np.random.default_rng(0)
    one = many_labels(rng, second=(0.7,))
    four = Ledger(
        **{
            **{name: getattr(one, name) for name in ("task", "strategies", "data_hash")},
            "y": np.tile(one.y, 4),
            "folds": Folds("shuffled", np.tile(one.folds.assignment, 4), np.tile(one.folds.clusters, 4)),
            "predictions": {name: np.tile(p, (1, 4, 1)) for name, p in one.predictions.items()},
            "ids": np.tile(one.ids, 4),
            "pattern": np.tile(one.pattern, 4),
            "labels": np.repeat(list("wxyz"), one.n),
        }
    )
    assert decide(four).se == pytest.approx(decide(one).se, rel=1e-9)


def test_a_headline_auc_is_the_mean_of_the_labels_aucs(ledger):
    whole = ledger_scores("auc", ledger, ledger.of("both")).mean()
    own = [
        ledger_scores("auc", ledger.of_label(j), ledger.of("both")[:, ledger.labels == j]).mean()
        for j in ledger.label_names
    ]
    assert whole == pytest.approx(np.mean(own), abs=1e-12)


def test_a_label_without_rows_enough_holds_the_verdict_back():
    rng = np.random.default_rng(1)
    ledger = many_labels(rng)
    y = ledger.y.copy()
    y[ledger.labels == "label1"] = 0
    y[np.flatnonzero(ledger.labels == "label1")[:20]] = 1
    rare = Ledger(**{**ledger.__dict__, "y": y})
    verdict = decide(rare)
    assert verdict.outcome == "INCONCLUSIVE"
    assert any("of label 'label1'" in reason for reason in verdict.reasons)


def test_labels_without_clusters_are_refused(ledger):
    with pytest.raises(LedgerError, match="keep the labels of a row together"):
        Ledger(**{**ledger.__dict__, "folds": Folds("shuffled", ledger.folds.assignment)})
    with pytest.raises(LedgerError, match="no label 'label9'"):
        ledger.of_label("label9")


@pytest.mark.parametrize("metric", ["auc", "macro-f1", "accuracy", "brier"])
def test_another_metric_can_decide(metric):
    ledger = many_labels(np.random.default_rng(5), n=800, second=(1.0,)).of_label("label0")
    verdict = decide(ledger, decide_on=metric, margin=0.005)
    assert verdict.loss != "log-loss"
    assert verdict.gain == pytest.approx(verdict.headline.gain, abs=1e-12)
    assert verdict.outcome == "FUSE"


def test_a_metric_that_a_fold_does_not_define_cannot_decide():
    ledger = many_labels(np.random.default_rng(5), n=60, second=(1.0,)).of_label("label0")
    y = np.zeros(60, dtype=int)
    y[:2] = 1
    with pytest.raises(InputError, match="must be defined in every fold"):
        decide(Ledger(**{**ledger.__dict__, "y": y}), decide_on="auc")


def test_several_seeds_on_one_held_out_set_add_the_error_of_their_mean():
    rng = np.random.default_rng(2)
    folds = Folds("held-out", np.zeros((4, 300), dtype=int))
    offset = np.array([[0.03], [-0.03], [0.01], [-0.01]])
    single, fusion = 0.6 + 0.1 * rng.random((1, 300)).repeat(4, 0), 0.5 + 0.1 * rng.random((1, 300)).repeat(4, 0)
    alike = decide(ledger_of_losses(folds, {"a/x": single, "fusion": fusion}))
    apart = decide(ledger_of_losses(folds, {"a/x": single, "fusion": fusion + offset}))
    assert apart.se == pytest.approx(np.hypot(alike.se, offset.std(ddof=1) / 2), rel=1e-9)
