"""Headroom, value and reliance, costs: what is read from a ledger beside the verdict."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from evidence_ledgers import BINARY, ledger_of, two_sided

from fuseworthy.evidence.attribution import attribution_facts, subset_losses
from fuseworthy.evidence.costs import cost_facts
from fuseworthy.evidence.headroom import headroom_facts
from fuseworthy.evidence.intervals import row_means
from fuseworthy.folds import make_folds
from fuseworthy.ledger import Ledger, Strategy
from fuseworthy.strategies.subsets import subsets_of

STRENGTHS = {"a": 1.0, "b": 0.7, "c": 0.0}


def explained(rng, n=600, strengths=STRENGTHS, repeats=2, interaction=0.0):
    """Conditionally independent modalities, every subset by its Bayes log-odds, and probes that may miss a part."""
    y = rng.integers(0, 2, n)
    s = 2.0 * y - 1
    folds = make_folds(y, BINARY, n_folds=5, n_repeats=repeats, random_state=1)
    x = {m: a * s + rng.normal(size=n) for m, a in strengths.items()}
    evidence = {m: 2 * a * x[m] for m, a in strengths.items()}
    hidden = interaction * s
    known, predictions = {}, {}

    def add(name, family, logit, **more):
        known[name] = Strategy(name, family, name, **more)
        predictions[name] = np.tile(two_sided(logit), (repeats, 1, 1))

    for m in strengths:
        add(f"{m}/x", "single", evidence[m], modality=m)
    whole = sum(evidence.values())
    for subset in subsets_of(list(strengths)):
        add("subset:" + "+".join(subset), "subset", sum(evidence[m] for m in subset), modalities=subset)
    for m in strengths:
        add(f"permuted:{m}", "permuted", whole - evidence[m] + rng.permutation(evidence[m]), modality=m)
    add("dummy", "reference", np.zeros(n))
    for name, family in (("stacking", "late"), ("additive", "probe"), ("emap", "probe")):
        add(name, family, whole)
    add("early-boosting", "early", whole + hidden + 0.05 * rng.normal(size=n))
    made = ledger_of(BINARY, y, folds, predictions)
    return Ledger(**{**made.__dict__, "strategies": known})


@pytest.fixture(scope="module")
def ledger():
    return explained(np.random.default_rng(0))


def test_shapley_values_add_up_to_the_whole_gain_over_the_prior(ledger):
    facts = attribution_facts(ledger, ledger.losses(), 0.01)
    assert facts["exact"]
    assert sum(row["shapley"]["gain"] for row in facts["rows"]) == pytest.approx(facts["total"]["gain"], abs=1e-12)


def test_shapley_values_are_the_mean_over_all_orders(ledger):
    known = {s: row_means(loss).mean() for s, loss in subset_losses(ledger, ledger.losses()).items()}
    facts = {row["modality"]: row for row in attribution_facts(ledger, ledger.losses(), 0.01)["rows"]}
    for m in "abc":
        steps = []
        for order in permutations("abc"):
            before = tuple(sorted(order[: order.index(m)]))
            steps.append(known[before] - known[tuple(sorted((*before, m)))])
        assert facts[m]["shapley"]["gain"] == pytest.approx(np.mean(steps), abs=1e-12)


def test_a_useless_modality_has_neither_value_nor_reliance(ledger):
    rows = {row["modality"]: row for row in attribution_facts(ledger, ledger.losses(), 0.01)["rows"]}
    for what in ("shapley", "left_out", "reliance"):
        assert abs(rows["c"][what]["gain"]) < 1e-9
    assert rows["a"]["shapley"]["low"] > rows["b"]["shapley"]["gain"] > 0


def test_shuffling_costs_more_than_leaving_out(ledger):
    """Permutation measures reliance, not value: a stranger's evidence is worse than none."""
    rows = {row["modality"]: row for row in attribution_facts(ledger, ledger.losses(), 0.01)["rows"]}
    assert rows["b"]["reliance"]["gain"] > 1.5 * rows["b"]["left_out"]["gain"]


def test_above_five_modalities_values_come_from_sampled_orders_and_still_add_up():
    strengths = dict.fromkeys("abcdef", 0.5)
    ledger = explained(np.random.default_rng(1), n=300, strengths=strengths, repeats=1)
    facts = attribution_facts(ledger, ledger.losses(), 0.01)
    assert not facts["exact"]
    assert facts["subsets"] < 2**6 - 1
    assert sum(row["shapley"]["gain"] for row in facts["rows"]) == pytest.approx(facts["total"]["gain"], abs=1e-9)


def test_leaning_on_one_modality_while_another_has_value_is_harmful_dominance(ledger):
    losses = ledger.losses()
    neglect = losses | {"permuted:b": losses["subset:a+b+c"] + 1e-4, "permuted:c": losses["subset:a+b+c"]}
    facts = attribution_facts(ledger, neglect, 0.01)
    assert (facts["dominant"], facts["neglected"]) == ("a", ["b"])
    assert "harmful dominance" in facts["sentence"]


def test_without_subsets_there_is_no_attribution(ledger):
    known = {n: s for n, s in ledger.strategies.items() if s.family != "subset"}
    bare = Ledger(**{**ledger.__dict__, "strategies": known, "predictions": {n: ledger.of(n) for n in known}})
    assert attribution_facts(bare, bare.losses(), 0.01) is None


def test_headroom_says_how_much_is_left_and_what_early_fusion_costs(ledger):
    facts = headroom_facts(ledger, ledger.losses(), 0.01, {"a": 30, "b": 48, "c": 1})
    assert [row["name"] for row in facts["rows"]] == ["single", "stacking", "additive", "early-boosting"]
    assert facts["rows"][1]["gain"] == pytest.approx(0.0935, abs=0.04)
    assert {p["modality"]: p["price"] for p in facts["prices"]} == {
        "b": pytest.approx(48 / (2 * 480)),
        "c": pytest.approx(1 / (2 * 480)),
    }
    assert not facts["unlikely"]
    assert "At most" in facts["sentence"]


def test_interaction_is_found_where_only_the_full_probe_sees_it():
    with_it = explained(np.random.default_rng(2), interaction=0.8)
    facts = headroom_facts(with_it, with_it.losses(), 0.01)
    assert facts["interaction"]["needed"]
    assert "Interaction between modalities is worth" in facts["sentence"]


def test_probes_that_cannot_reach_the_margin_say_that_fusion_is_unlikely_to_pay():
    useless = explained(np.random.default_rng(3), n=2000, strengths={"a": 1.0, "b": 0.0})
    facts = headroom_facts(useless, useless.losses(), 0.01)
    assert facts["unlikely"]
    assert "unlikely to pay" in facts["sentence"]


def test_a_strategy_is_on_the_front_if_nothing_is_better_and_quicker():
    def row(name, loss, seconds, family="late"):
        costs = {"predict_seconds": seconds, "fit_seconds": 1.0, "parameters": 3, "memory_mb": 100.0}
        return {"name": name, "family": family, "modality": None, "loss": loss, "gain": 0, "low": 0, "high": 0} | costs

    rows = [
        row("single", 0.5, 1.0, "single"),
        row("good", 0.3, 2.0),
        row("dear", 0.4, 3.0),
        row("twin", 0.1, 1, "control"),
    ]
    facts = cost_facts(rows, "single", "good")
    assert {r["name"]: r["pareto"] for r in facts["rows"]} == {"single": True, "good": True, "dear": False}
    assert facts["extra"]["milliseconds"] == 1.0
    assert cost_facts([row("x", 1, None)], "x", "x") is None
