"""The verdict of record: docs/verdict.md as a truth table, guard, controls, refusals, what to deploy, rows needed."""

from __future__ import annotations

import math

import numpy as np
import pytest
from evidence_ledgers import BINARY, gaussian_ledger, ledger_of_losses, plain_folds
from scipy import stats

from fuseworthy.errors import InputError, LedgerError
from fuseworthy.evidence.intervals import Interval
from fuseworthy.evidence.verdict import (
    classify,
    decide,
    refusal_reasons,
    rows_needed,
    simplest_within_one_se,
    unit_of,
)
from fuseworthy.evidence.wording import OPENING
from fuseworthy.folds import Folds, make_folds
from fuseworthy.ledger import Ledger

DELTA = 0.01


def interval(low, high, se=0.01):
    return Interval((low + high) / 2, se, low, high, 24, 0.5)


def by_the_method(low, high, guard, delta):
    """The rows of the table of docs/verdict.md, in its order."""
    if low >= delta and guard:
        return "FUSE"
    if low > 0 and guard and low < delta <= high:
        return "SUPERIOR_UNPROVEN"
    if (low > 0 and high < delta) or (low > -delta and high < delta):
        return "EQUIVALENT"
    if high < delta and low <= -delta and high >= 0:
        return "NOT_WORTH_IT"
    if high < 0:
        return "HARMFUL"
    return "INCONCLUSIVE"


@pytest.mark.parametrize(
    ("low", "high", "guard", "outcome"),
    [
        (0.02, 0.03, True, "FUSE"),
        (DELTA, 0.03, True, "FUSE"),
        (DELTA, DELTA, True, "FUSE"),
        (0.02, 0.03, False, "INCONCLUSIVE"),
        (DELTA, 0.03, False, "INCONCLUSIVE"),
        (0.0099, 0.03, True, "SUPERIOR_UNPROVEN"),
        (0.001, DELTA, True, "SUPERIOR_UNPROVEN"),
        (0.001, DELTA, False, "INCONCLUSIVE"),
        (0.001, 0.0099, True, "EQUIVALENT"),
        (0.001, 0.0099, False, "EQUIVALENT"),
        (0.0, 0.0, True, "EQUIVALENT"),
        (-0.0099, 0.0099, False, "EQUIVALENT"),
        (-0.0099, -0.001, True, "EQUIVALENT"),
        (-0.0099, DELTA, True, "INCONCLUSIVE"),
        (0.0, DELTA, True, "INCONCLUSIVE"),
        (-DELTA, 0.0099, True, "NOT_WORTH_IT"),
        (-0.05, 0.0, True, "NOT_WORTH_IT"),
        (-DELTA, -0.001, True, "HARMFUL"),
        (-0.05, -0.0001, False, "HARMFUL"),
        (-0.05, DELTA, True, "INCONCLUSIVE"),
        (-0.05, 0.05, False, "INCONCLUSIVE"),
    ],
)
def test_an_interval_has_the_outcome_the_method_gives_it(low, high, guard, outcome):
    assert classify(interval(low, high), DELTA, guard)[0] == outcome
    assert by_the_method(low, high, guard, DELTA) == outcome


@pytest.mark.parametrize("delta", [0.0, 0.005, 0.01])
@pytest.mark.parametrize("guard", [True, False])
def test_no_interval_on_a_fine_grid_is_classified_against_the_method(delta, guard):
    ends = sorted({s * e for e in (0, 1e-9, 0.004, 0.005, 0.006, 0.01, 0.011, 0.2) for s in (1, -1)})
    wrong = [
        (low, high)
        for low in ends
        for high in ends
        if low <= high and classify(interval(low, high), delta, guard)[0] != by_the_method(low, high, guard, delta)
    ]
    assert not wrong


def test_every_outcome_comes_with_one_reason_and_an_opening():
    for low, high, guard in [(0.02, 0.03, True), (0.02, 0.03, False), (0.001, 0.02, True), (0, 0, True)]:
        assert len(classify(interval(low, high), DELTA, guard)[1]) == 1
    assert set(OPENING) == {"FUSE", "SUPERIOR_UNPROVEN", "EQUIVALENT", "NOT_WORTH_IT", "HARMFUL", "INCONCLUSIVE"}


def noisy(rng, mean, sd, n=200, repeats=5):
    """Losses around a mean, alike in all repeats but for a little."""
    return np.clip(mean + sd * rng.normal(size=n) + 0.01 * rng.normal(size=(repeats, n)), 0, None)


@pytest.fixture
def rng():
    return np.random.default_rng(5)


def clear_case(rng, n=200, folds=None, **more):
    losses = {"a/x": noisy(rng, 0.6, 0.1, n), "b/x": noisy(rng, 0.7, 0.1, n), "fusion": noisy(rng, 0.4, 0.1, n)}
    return ledger_of_losses(folds or plain_folds(n), losses | more)


def test_a_clear_gain_over_every_modality_is_fuse(rng):
    verdict = decide(clear_case(rng))
    assert verdict.outcome == "FUSE"
    assert verdict.deploy == verdict.best_fusion == "fusion"
    assert verdict.best_single == "a/x"
    assert verdict.gain == pytest.approx(0.2, abs=0.03)
    assert [g["modality"] for g in verdict.guard] == ["a", "b"]
    assert max(g["p"] for g in verdict.guard) < 0.001
    assert str(verdict).startswith("FUSE: ")
    assert verdict.rows_needed is None


def test_a_modality_the_fusion_does_not_surely_beat_keeps_it_from_fuse(rng):
    """b is worse than a whichever fold is left out, but so erratic that nothing can be said against it."""
    folds = plain_folds(200)
    erratic = 0.95 + 0.9 * np.array([-1, 1, -1, 1, 0])[folds.assignment]
    ledger = ledger_of_losses(folds, {"a/x": noisy(rng, 0.6, 0.05), "b/x": erratic, "fusion": noisy(rng, 0.5, 0.05)})
    verdict = decide(ledger)
    assert verdict.low >= DELTA
    assert verdict.guard[1]["p"] > 0.05
    assert verdict.outcome == "INCONCLUSIVE"
    assert "guard" in verdict.reasons[0]
    assert verdict.deploy == "a/x"


def test_a_gain_that_a_control_has_too_is_withdrawn_with_the_reason(rng):
    base = noisy(rng, 0.4, 0.1)
    ledger = clear_case(rng, **{"fusion": base, "control:twin": base + 0.001 * rng.normal(size=base.shape) + 0.01})
    assert decide(ledger).outcome == "FUSE", "a control that is beaten withdraws nothing"
    ledger = clear_case(rng, **{"fusion": base, "control:twin": base - 0.001 * rng.normal(size=base.shape) ** 2})
    verdict = decide(ledger)
    assert verdict.outcome == "INCONCLUSIVE"
    assert "control" in verdict.reasons[0]
    assert "FUSE is withdrawn" in verdict.reasons[0]
    assert verdict.deploy == "a/x"
    assert [c["holds"] for c in verdict.controls] == [False]
    assert "control" in verdict.would_change


def test_an_unbeaten_control_changes_no_verdict_that_claims_nothing(rng):
    flat = noisy(rng, 0.5, 0.1)
    ledger = ledger_of_losses(plain_folds(200), {"a/x": flat, "fusion": flat, "control:twin": flat})
    assert decide(ledger).outcome == "EQUIVALENT"


def test_worse_fusions_are_harmful_and_the_single_is_kept(rng):
    verdict = decide(clear_case(rng, fusion=noisy(rng, 0.9, 0.1)))
    assert (verdict.outcome, verdict.deploy) == ("HARMFUL", "a/x")


@pytest.mark.parametrize(("n", "refused"), [(49, True), (50, False)])
def test_fewer_than_fifty_rows_get_no_fuse(n, refused, rng):
    verdict = decide(clear_case(rng, n, folds=plain_folds(n, n_folds=2)))
    assert verdict.outcome == ("INCONCLUSIVE" if refused else "FUSE")
    assert ("a verdict needs 50" in " ".join(verdict.reasons)) is refused


@pytest.mark.parametrize(("n", "refused"), [(99, True), (100, False)])
def test_fewer_than_twenty_rows_of_a_number_in_each_fold_get_no_fuse(n, refused, rng):
    verdict = decide(clear_case(rng, n))
    assert verdict.outcome == ("INCONCLUSIVE" if refused else "FUSE")
    assert ("99 rows are 19.8 per fold; a verdict needs 20 per fold" in verdict.reasons) is refused


@pytest.mark.parametrize(("groups", "refused"), [(19, True), (20, False)])
def test_fewer_than_twenty_groups_get_no_fuse(groups, refused, rng):
    folds = plain_folds(200, clusters=np.arange(200) % groups)
    verdict = decide(clear_case(rng, folds=folds))
    assert verdict.outcome == ("INCONCLUSIVE" if refused else "FUSE")
    assert (f"there are {groups} groups" in " ".join(verdict.reasons)) is refused


@pytest.mark.parametrize(("rare", "refused"), [(49, True), (50, False)])
def test_fewer_than_ten_rows_of_the_rarest_class_a_fold_are_refused(rare, refused):
    y = np.repeat([0, 1], [300 - rare, rare])
    folds = make_folds(y, BINARY, n_folds=5, n_repeats=1)
    reasons = refusal_reasons(y, BINARY, folds)
    assert bool(reasons) is refused
    if refused:
        assert reasons == ["class 'yes' has 49 rows, 9.8 per fold; a verdict needs 10 per fold"]


def test_rows_of_groups_that_share_their_class_count_as_groups():
    """60 groups of 10 rows: 30 groups a class are 6 a fold; where classes vary within groups, rows count."""
    groups = np.repeat(np.arange(60), 10)
    shared, mixed = (np.arange(60) % 2)[groups], np.arange(600) % 2
    folds = Folds("given", (groups % 5)[None], groups)
    assert "speak as 29.5, because groups share their class, 5.91 per fold" in refusal_reasons(shared, BINARY, folds)[0]
    assert refusal_reasons(mixed, BINARY, folds) == []


def test_rows_that_only_train_do_not_count_for_a_verdict():
    """40 of 90 positives are in the first block, which is never scored."""
    y = np.zeros(600, dtype=int)
    y[:40], y[100::10] = 1, 1
    folds = make_folds(y, BINARY, n_folds=5, n_repeats=1, time=np.arange(600))
    assert refusal_reasons(y, BINARY, folds) == []
    y[150::100] = 0
    assert "class 'yes' has 45 rows, 9 per fold" in refusal_reasons(y, BINARY, folds)[0]


def test_too_little_data_may_still_be_called_harmful(rng):
    verdict = decide(clear_case(rng, 40, fusion=noisy(rng, 0.9, 0.05, 40)))
    assert verdict.outcome == "HARMFUL"
    assert any("a verdict needs 50" in reason for reason in verdict.reasons)


def deploying(rng, excess):
    """Three fusions, by rank: clearly worse than the best, ``excess`` above it, best."""
    best = noisy(rng, 0.4, 0.1)
    spread = rng.normal(size=200)
    spread -= spread.mean()
    near = np.clip(best + excess + 0.1 * spread, 0, None)
    losses = {"a/x": noisy(rng, 0.9, 0.1), "best": best, "near": near, "worse": noisy(rng, 0.6, 0.1)}
    return ledger_of_losses(plain_folds(200), losses, {"worse": 1, "near": 2, "best": 3})


def test_the_simplest_fusion_within_one_paired_error_of_the_best_is_deployed(rng):
    se = 0.1 / np.sqrt(200)
    assert decide(deploying(rng, 0.5 * se)).deploy == "near"
    far = decide(deploying(rng, 4 * se))
    assert (far.outcome, far.deploy, far.best_fusion) == ("FUSE", "best", "best")


def test_of_two_equal_fusions_the_simpler_is_named_and_deployed(rng):
    same = noisy(rng, 0.4, 0.1)
    ledger = ledger_of_losses(
        plain_folds(200), {"a/x": noisy(rng, 0.9, 0.1), "dear": same, "cheap": same}, {"dear": 9, "cheap": 1}
    )
    verdict = decide(ledger)
    assert (verdict.best_fusion, verdict.deploy) == ("cheap", "cheap")
    assert simplest_within_one_se(ledger.losses(), ["dear", "cheap"], ledger) == "cheap"


def test_of_two_equal_singles_the_simpler_is_kept(rng):
    same = noisy(rng, 0.4, 0.1)
    ledger = ledger_of_losses(
        plain_folds(200), {"a/dear": same, "a/cheap": same, "fusion": same}, {"a/dear": 9, "a/cheap": 1}
    )
    assert decide(ledger).deploy == "a/cheap"


def plain_ledger(n=200, clusters=None):
    return ledger_of_losses(plain_folds(n, clusters=clusters), {"a/x": np.ones((5, n)), "fusion": np.ones((5, n))})


POWER = stats.norm.ppf(0.95) + stats.norm.ppf(0.80)


@pytest.mark.parametrize(
    ("outcome", "gain", "effect"),
    [
        ("INCONCLUSIVE", 0.004, 0.01),  # is it worthless? find the margin
        ("INCONCLUSIVE", -0.03, 0.01),
        ("INCONCLUSIVE", 0.025, 0.015),  # is it worth it? find what lies above the margin
        ("SUPERIOR_UNPROVEN", 0.025, 0.015),
        ("SUPERIOR_UNPROVEN", 0.006, 0.004),  # rule the margin out
    ],
)
def test_rows_needed_follow_the_power_formula(outcome, gain, effect):
    ledger, se = plain_ledger(), 0.02
    expected = math.ceil(200 * (se * POWER / effect) ** 2)
    assert expected > 200
    assert rows_needed(outcome, Interval(gain, se, -1, 1, 24, 0.5), DELTA, ledger) == expected


@pytest.mark.parametrize("outcome", ["FUSE", "EQUIVALENT", "NOT_WORTH_IT", "HARMFUL"])
def test_a_settled_verdict_needs_no_more_rows(outcome):
    assert rows_needed(outcome, Interval(0.0, 0.02, -1, 1, 24, 0.5), DELTA, plain_ledger()) is None


def test_more_noise_or_a_smaller_margin_needs_more_rows():
    ledger = plain_ledger()
    by_noise = [rows_needed("INCONCLUSIVE", interval(-0.1, 0.1, se), DELTA, ledger) for se in (0.01, 0.02, 0.04)]
    by_margin = [rows_needed("INCONCLUSIVE", interval(-0.1, 0.1, 0.02), d, ledger) for d in (0.02, 0.01, 0.005)]
    assert by_noise == sorted(set(by_noise))
    assert by_margin == sorted(set(by_margin))


def test_no_number_is_named_where_there_are_as_many_rows_already_or_none_would_do():
    ledger = plain_ledger()
    assert rows_needed("INCONCLUSIVE", interval(-0.1, 0.1, 0.001), DELTA, ledger) is None
    assert rows_needed("INCONCLUSIVE", interval(-0.1, 0.1, 0.0), DELTA, ledger) is None
    assert rows_needed("INCONCLUSIVE", interval(-0.1, 0.1, 0.01), 0.0, ledger) is None
    assert rows_needed("INCONCLUSIVE", interval(-0.1, 0.1, 1.0), 1e-7, ledger) is None


def test_too_few_rows_are_told_to_become_at_least_what_a_verdict_needs(rng):
    verdict = decide(clear_case(rng, 30))
    assert verdict.outcome == "INCONCLUSIVE"
    assert verdict.rows_needed == 100
    assert "About 100 rows would settle it" in verdict.sentence


def test_more_is_needed_of_groups_where_rows_come_in_groups():
    assert unit_of(plain_ledger()) == ("rows", 200)
    grouped = plain_ledger(clusters=np.arange(200) % 40)
    assert unit_of(grouped) == ("groups", 40)
    assert unit_of(plain_ledger(clusters=np.minimum(np.arange(200), 190))) == ("rows", 200)
    need = rows_needed("INCONCLUSIVE", interval(-0.1, 0.1, 0.02), DELTA, grouped)
    assert need == math.ceil(40 * (0.02 * POWER / DELTA) ** 2)


@pytest.mark.parametrize("missing", ["single", "fusion"])
def test_a_ledger_without_a_single_or_a_fusion_is_refused(missing):
    ledger = ledger_of_losses(plain_folds(60), {"fusion" if missing == "single" else "a/x": np.ones((5, 60))})
    with pytest.raises(LedgerError, match=f"the ledger has no {missing}"):
        decide(ledger)


@pytest.mark.parametrize("margin", [-0.01, float("nan"), float("inf")])
def test_a_margin_that_is_no_number_from_zero_up_is_refused(margin, rng):
    with pytest.raises(InputError, match="margin must be a number from 0 up"):
        decide(clear_case(rng), margin=margin)


def test_without_a_margin_a_fusion_equal_to_its_single_is_not_fuse(rng):
    flat = noisy(rng, 0.5, 0.1)
    ledger = ledger_of_losses(plain_folds(200), {"a/x": flat, "fusion": flat})
    assert decide(ledger, margin=0.0).outcome == "INCONCLUSIVE"


def held_out(n, clusters=None):
    return Folds("held-out", np.zeros((1, n), dtype=np.int64), clusters)


def test_all_rows_in_one_group_allow_no_interval_and_are_refused():
    flat = np.full((1, 60), 0.5)
    ledger = ledger_of_losses(held_out(60, np.zeros(60, dtype=np.int64)), {"a/x": flat, "fusion": flat + 1})
    with pytest.raises(LedgerError, match="at least 2 groups"):
        decide(ledger)
    one_row = ledger_of_losses(held_out(1), {"a/x": flat[:, :1], "fusion": flat[:, :1]})
    with pytest.raises(LedgerError, match="at least 2 scored rows"):
        decide(one_row)


def test_a_held_out_set_gets_a_verdict_about_the_trained_models(rng):
    losses = {"a/x": noisy(rng, 0.6, 0.1, repeats=1), "fusion": noisy(rng, 0.4, 0.1, repeats=1)}
    verdict = decide(ledger_of_losses(held_out(200), losses))
    assert verdict.outcome == "FUSE"
    assert "these trained models" in verdict.flags[0]


def test_all_seeds_of_a_held_out_set_count(rng):
    """The fusion is good in the first seed alone; the gain is the mean over the three."""
    folds = Folds("held-out", np.zeros((3, 200), dtype=np.int64))
    fusion = noisy(rng, 0.9, 0.05, repeats=3)
    fusion[0] = 0.3
    verdict = decide(ledger_of_losses(folds, {"a/x": noisy(rng, 0.6, 0.05, repeats=3), "fusion": fusion}))
    assert verdict.gain == pytest.approx(0.6 - (0.3 + 0.9 + 0.9) / 3, abs=0.02)
    assert verdict.outcome == "INCONCLUSIVE"  # a claim about trained models: three that disagree so much tell nothing


def test_one_pass_over_folds_and_short_series_are_flagged(rng):
    assert decide(one_pass(rng)).flags == ("fast: one pass over the folds",)
    timed = decide(temporal(rng))
    assert "temporal folds on fewer than 2000 rows" in timed.flags[0]


def one_pass(rng) -> Ledger:
    losses = {name: noisy(rng, mean, 0.1, repeats=1) for name, mean in [("a/x", 0.6), ("fusion", 0.4)]}
    return ledger_of_losses(plain_folds(200, n_repeats=1), losses)


def temporal(rng, n_folds=5) -> Ledger:
    losses = {name: noisy(rng, mean, 0.1, repeats=1) for name, mean in [("a/x", 0.6), ("fusion", 0.4)]}
    return ledger_of_losses(
        make_folds(np.zeros(200), one_pass(rng).task, n_folds=n_folds, n_repeats=1, time=np.arange(200)), losses
    )


def test_temporal_verdicts_ask_for_more_confidence(rng):
    assert decide(one_pass(rng)).confidence == pytest.approx(0.90)
    verdict = decide(temporal(rng))
    assert verdict.confidence == pytest.approx(0.95)
    assert verdict.outcome == "FUSE"
    assert np.isfinite([verdict.headline.single, verdict.headline.fusion]).all()


def test_two_temporal_folds_leave_one_to_score_and_still_answer(rng):
    verdict = decide(temporal(rng, n_folds=2))
    assert verdict.outcome == "FUSE"
    assert np.isfinite([verdict.low, verdict.high]).all()


def test_the_headline_metric_never_decides():
    ledger = gaussian_ledger(np.random.default_rng(3), 300, second=0.7)
    by_metric = {metric: decide(ledger, metric=metric) for metric in ("auc", "accuracy", "brier", "log-loss")}
    assert len({(v.outcome, v.gain, v.low, v.high) for v in by_metric.values()}) == 1
    assert len({v.headline.metric for v in by_metric.values()}) == 4
    loss = by_metric["log-loss"]
    assert (loss.headline.gain, loss.headline.low) == pytest.approx((loss.gain, loss.low), abs=1e-12)
    assert loss.headline.single - loss.headline.fusion == pytest.approx(loss.gain, abs=1e-12)
    for better in ("auc", "accuracy"):
        head = by_metric[better].headline
        assert head.fusion - head.single == pytest.approx(head.gain, abs=1e-12)


def test_the_dict_of_a_verdict_carries_the_guards_worst_p(rng):
    verdict = decide(clear_case(rng))
    data = verdict.to_dict()
    assert data["guard_p"] == max(g["p"] for g in verdict.guard)
    assert data["outcome"] == verdict.outcome
    assert data["headline"]["metric"] == "R²"
