"""Missing modalities: routes, rates and limits from what a fusion says with modalities hidden."""

import numpy as np
import pytest

from fuseworthy.evidence.availability import Availability, Hidden
from fuseworthy.evidence.missing import missing_facts
from fuseworthy.evidence.routing import route_all, routed_loss
from fuseworthy.folds import make_folds
from fuseworthy.ledger import Ledger, Strategy
from fuseworthy.task import Task

N = 1500
TASK = Task("binary", ("0", "1"))


def probability(logit):
    p = 1 / (1 + np.exp(-logit))
    return np.column_stack([1 - p, p])


def problem(*, bad_alone=False, lacking=0.0, seed=0, n=N):
    """Two conditionally independent modalities with Bayes-optimal answers for every subset; ``bad_alone`` spoils what
    the fusion says with a alone."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    s = 2 * y - 1
    a, b = s + rng.normal(size=n), 0.8 * s + rng.normal(size=n)
    has_b = rng.random(n) >= lacking
    logit_a, logit_b = 2 * a, np.where(has_b, 1.6 * b, 0.0)
    answers = {"a": logit_a * (3.0 if bad_alone else 1.0), "b": logit_b, "a+b": logit_a + logit_b}
    folds = make_folds(y, TASK, n_folds=5, n_repeats=1, clusters=None, time=None, random_state=seed)
    names = {"a/linear": logit_a, "b/linear": logit_b, "stack": logit_a + logit_b, "dummy": np.zeros(n)}
    strategies = {
        "a/linear": Strategy("a/linear", "single", "a", "a"),
        "b/linear": Strategy("b/linear", "single", "b", "b"),
        "stack": Strategy("stack", "late", "stack", rank=5),
        "dummy": Strategy("dummy", "reference", "dummy"),
    }
    ledger = Ledger(
        TASK,
        y,
        folds,
        {name: probability(logit)[None] for name, logit in names.items()},
        strategies,
        np.arange(n),
        np.where(has_b, "a+b", "a").astype(object),
        "hash",
    )
    return ledger, Hidden("stack", {name: probability(logit) for name, logit in answers.items()})


def patterns(facts):
    return {row["pattern"]: row for row in facts["patterns"]}


def test_a_fusion_that_helps_answers_complete_rows_and_singles_answer_the_rest():
    facts = missing_facts(*problem(), 0.01)
    routes = {name: row["route"] for name, row in patterns(facts).items()}
    assert routes == {"a": "single", "b": "single", "a+b": "fusion"}
    assert patterns(facts)["a+b"]["low"] > 0
    assert patterns(facts)["a+b"]["not_inferior"]


def test_the_router_is_never_worse_than_the_best_single_left_on_rows_that_did_not_choose_it():
    for bad in (False, True):
        for row in missing_facts(*problem(bad_alone=bad, lacking=0.3), 0.01)["patterns"]:
            assert row["routed"]["gain"] > -0.01, row
            assert row["routed"]["high"] >= 0


def test_a_fusion_that_is_wrong_without_a_modality_is_not_used_there():
    rows = patterns(missing_facts(*problem(bad_alone=True, lacking=0.3), 0.01))
    assert rows["a"]["basis"] == "as observed"
    assert rows["a"]["gain"] < -0.05
    assert rows["a"]["route"] == "single"
    assert rows["a"]["routed"]["gain"] == 0


def test_few_rows_take_the_route_of_the_nearest_smaller_set():
    ledger, hidden = problem(n=160)
    known = Availability.of(ledger, hidden)
    route = route_all(known, known.scored, 0.01, 0.05)[frozenset({"a", "b"})]
    assert not route.fusion
    assert "too few" in route.why


def test_the_curve_of_one_modality_is_a_straight_line_between_with_and_without():
    facts = missing_facts(*problem(), 0.01)
    curve = next(c for c in facts["curves"] if c["missing"] == "b")["rates"]
    gains, rates = [row["gain"] for row in curve], [row["rate"] for row in curve]
    assert gains == pytest.approx(np.interp(rates, [0, 1], [gains[0], gains[-1]]).tolist())
    assert gains[-1] == pytest.approx(0, abs=1e-9)  # without b, the fusion is a's single


def test_rates_agree_with_rows_drawn_at_random():
    ledger, hidden = problem()
    facts = missing_facts(ledger, hidden, 0.01)
    expected = next(r for c in facts["curves"] if c["missing"] == "each" for r in c["rates"] if r["rate"] == 0.25)
    known, rng, drawn = Availability.of(ledger, hidden), np.random.default_rng(1), []
    for _ in range(40):
        kept = rng.random((N, 2)) >= 0.25
        sets = [frozenset(m for m, k in zip("ab", row, strict=True) if k) for row in kept]
        loss = np.array([known.fusion[s][i] if s else known.prior[i] for i, s in enumerate(sets)])
        drawn.append(loss.mean())
    assert expected["fusion"] == pytest.approx(np.mean(drawn), abs=4 * np.std(drawn) / np.sqrt(40))


def test_the_limit_is_the_rate_at_which_the_gain_falls_below_the_margin():
    facts = missing_facts(*problem(bad_alone=True), 0.01)
    limit = next(row["rate"] for row in facts["limits"] if row["missing"] == "b")
    curve = next(c for c in facts["curves"] if c["missing"] == "b")["rates"]
    at = np.interp([limit, limit + 0.02], [r["rate"] for r in curve], [r["gain"] for r in curve])
    assert at[0] >= 0.01 > at[1]
    assert f"b in more than {limit:.0%}" in facts["sentence"]


def test_runs_of_missing_rows_scatter_the_gain_more_than_single_rows_do():
    for row in missing_facts(*problem(bad_alone=True), 0.01)["bursts"]:
        if row["modality"] == "b":
            assert np.ptp(row["in_runs"]) > 1.4 * np.ptp(row["one_by_one"])


def test_order_of_rows_changes_nothing_that_is_said_of_rates_and_routes():
    ledger, hidden = problem(lacking=0.3)
    order = np.random.default_rng(3).permutation(N)
    moved = Hidden("stack", {name: p[order] for name, p in hidden.predictions.items()})
    one, two = missing_facts(ledger, hidden, 0.01), missing_facts(ledger.take(order), moved, 0.01)
    assert one["limits"] == two["limits"]
    assert [r["route"] for r in one["patterns"]] == [r["route"] for r in two["patterns"]]
    for a, b in zip(one["patterns"], two["patterns"], strict=True):
        assert a["gain"] == pytest.approx(b["gain"])


def test_routed_rows_are_scored_by_routes_of_other_folds():
    """Spoil the fusion on one fold: the other folds, which see it, turn away from it; that fold itself does not know."""
    ledger, hidden = problem()
    spoiled = {name: p.copy() for name, p in hidden.predictions.items()}
    own = ledger.folds.assignment[0] == 0
    spoiled["a+b"][own] = spoiled["a+b"][own][:, ::-1]
    known = Availability.of(ledger, Hidden("stack", spoiled))
    loss = routed_loss(known, frozenset({"a", "b"}), 0.01, 0.05)
    np.testing.assert_allclose(loss[own], known.fusion[frozenset({"a", "b"})][own])
    others = ~own
    np.testing.assert_allclose(loss[others], known.best_left(frozenset({"a", "b"}))[0][others])


def test_nothing_is_said_where_no_fusion_was_asked():
    assert missing_facts(problem()[0], None, 0.01) is None
