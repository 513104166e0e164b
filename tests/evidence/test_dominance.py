"""Whether training together costs something is read off the joint network and the stack; a remedy must earn its FUSE."""

from dataclasses import replace

import numpy as np
import pytest
from evidence_ledgers import ledger_of_losses, plain_folds

from fuseworthy.evidence.dominance import dominance_facts
from fuseworthy.ledger import Ledger, Strategy

N, MARGIN = 400, 0.05
FOLDS = plain_folds(N)
FAMILIES = {"concat": "intermediate", "gated": "intermediate", "dummy": "reference"}


def around(mean, seed):
    """Losses of all rows about a mean, (repeats, n)."""
    return np.broadcast_to(np.abs(mean + 0.05 * np.random.default_rng(seed).normal(size=N)), (5, N)).copy()


def facts_of(margin=MARGIN, **means):
    """Facts of a ledger whose strategies lose so much on average; names are written with _ for - and /."""
    losses = {name: around(mean, seed) for seed, (name, mean) in enumerate(means.items())}
    ledger = ledger_of_losses(FOLDS, losses)
    return dominance_facts(placed(ledger), losses, margin)


def placed(ledger: Ledger) -> Ledger:
    """The ledger with networks, encoders and the reference in their families."""
    found = {}
    for name, strategy in ledger.strategies.items():
        if name.startswith("encoder:"):
            modality = name.removeprefix("encoder:")
            found[name] = Strategy(name, "encoder", name, modality)
        else:
            family = "intermediate" if name.startswith("concat-") else FAMILIES.get(name, strategy.family)
            found[name] = replace(strategy, family=family)
    return replace(ledger, strategies=found)


def study(**more):
    """Two singles, the stack, the joint network, the reference; and whatever else."""
    return facts_of(**({"a/linear": 0.5, "b/linear": 0.7, "stacking": 0.4, "concat": 0.4, "dummy": 1.0} | more))


def test_a_joint_network_as_good_as_the_stack_is_no_sign_of_dominance():
    facts = study()
    assert not facts["under_trained"]
    assert facts["joint"]["low"] < 0 < facts["joint"]["high"]
    assert "no sign that one modality holds the others back" in facts["sentence"]


def test_a_better_joint_network_is_none_either_whatever_its_encoders_hold():
    facts = study(concat=0.3, **{"encoder:a": 0.9, "encoder:b": 0.95})
    assert not facts["under_trained"]
    assert facts["joint"]["gain"] == pytest.approx(0.1, abs=0.01)
    assert "no sign" in facts["sentence"]
    assert "less than alone" not in facts["sentence"]


def test_a_worse_joint_network_costs_something_and_the_weak_encoder_is_named():
    facts = study(concat=0.5, **{"encoder:a": 0.5, "encoder:b": 0.85})
    assert facts["under_trained"]
    assert facts["joint"]["gain"] == pytest.approx(-0.1, abs=0.01)
    assert facts["joint"]["high"] < 0
    a, b = facts["encoders"]
    assert (a["modality"], b["modality"]) == ("a", "b")
    assert a["ratio"] == pytest.approx(1.0, abs=0.03)
    assert not a["under_trained"]
    assert b["ratio"] == pytest.approx(0.15 / 0.3, abs=0.05)
    assert b["under_trained"]
    assert facts["sentence"].endswith("training together costs something. Inside it b gives less than alone.")
    assert "-0.1" in facts["sentence"]


def test_an_encoder_is_held_against_the_best_single_of_its_modality():
    facts = study(**{"a/network": 0.3, "encoder:a": 0.5})
    (a,) = facts["encoders"]
    assert a["alone"] == pytest.approx(0.7, abs=0.02)
    assert a["inside"] == pytest.approx(0.5, abs=0.02)
    assert a["ratio"] == pytest.approx(5 / 7, abs=0.03)
    assert a["under_trained"]


def test_a_modality_that_gives_nothing_alone_has_no_ratio():
    facts = study(**{"b/linear": 1.05, "encoder:b": 1.1})
    (b,) = facts["encoders"]
    assert b["ratio"] is None
    assert not b["under_trained"]


@pytest.mark.parametrize(
    ("loss", "outcome", "recommended"),
    [(0.2, "FUSE", True), (0.38, "EQUIVALENT", False), (0.4, "EQUIVALENT", False), (0.6, "HARMFUL", False)],
)
def test_only_a_remedy_that_is_worth_fusing_is_recommended(loss, outcome, recommended):
    facts = study(concat=0.5, **{"concat-pareto": loss})
    (remedy,) = facts["remedies"]
    assert (remedy["name"], remedy["recommended"]) == ("concat-pareto", recommended)
    assert remedy["outcome"] == outcome
    assert remedy["gain"] == pytest.approx(0.4 - loss, abs=0.02)
    if recommended:
        assert facts["sentence"].endswith("Beating the stack by enough to be worth it: concat-pareto.")
    else:
        assert facts["sentence"].endswith("No remedy beats the stack by enough to be worth it: stack.")


def test_the_same_gain_is_not_worth_it_where_the_margin_is_larger():
    more = {"concat": 0.5, "concat-auxiliary": 0.3}
    losses = {"a/linear": 0.5, "b/linear": 0.7, "stacking": 0.4, "dummy": 1.0} | more
    assert facts_of(0.05, **losses)["remedies"][0]["recommended"]
    assert not facts_of(0.2, **losses)["remedies"][0]["recommended"]


def test_without_a_joint_network_or_a_stack_there_is_nothing_to_say():
    everything = {"a/linear": 0.5, "b/linear": 0.7, "stacking": 0.4, "concat": 0.4}
    for lost in ("stacking", "concat"):
        assert facts_of(**{name: loss for name, loss in everything.items() if name != lost}) is None
    assert facts_of(**everything)["encoders"] == []
