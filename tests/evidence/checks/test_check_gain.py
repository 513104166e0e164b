"""Is the gain the modality's, does it pay, does it fall anywhere?"""

import numpy as np
import pytest
from made_evidence import clear, does_not_apply, evidence_of, fired, look, two_modalities, with_verdict


def with_control(name, build, **kwargs):
    """A ledger whose control ``name`` says ``build(rng, first, second)``."""
    return two_modalities(extra=lambda rng, y, a, b: {f"control:{name}": build(rng, a, b)}, **kwargs)


@pytest.mark.parametrize("name", ["twin", "ensemble", "recal"])
def test_a_gain_that_one_modality_reaches_by_itself_is_an_ensemble_effect(name):
    ledger = with_control(name, lambda rng, a, b: a + b + 0.05 * rng.normal(size=len(a)))
    said = fired("F008", evidence_of(ledger))
    assert "one modality alone may reach the same" in said
    clear("F008", evidence_of(with_control(name, lambda rng, a, b: a)))


def weak_single(seed):
    """Both the fusion and its placebo repair an overconfident single; the second modality says nothing, but gets a weight
    of its own in every fold, as training would give it."""

    def extra(rng, y, a, b):
        def noise():
            return 0.2 * rng.normal(size=(5, 5))[np.arange(5)[:, None], folds] * rng.normal(size=len(y))

        return {"a/x": 4 * a, "a/y": 5 * a, "sum": a + noise(), "control:placebo-late": a + noise()}

    folds = two_modalities(seed, second=0.0, repeats=5).folds.assignment
    return two_modalities(seed, second=0.0, repeats=5, extra=extra)


def test_a_placebo_that_gains_as_much_is_caught_in_forty_of_forty_seeds():
    found = [look("F009", evidence_of(weak_single(seed))) for seed in range(40)]
    assert [f.status for f in found].count("fired") == 40
    assert "says nothing" in found[0].sentence


def test_a_gain_over_the_placebo_is_clear():
    clear("F009", evidence_of(with_control("placebo-early", lambda rng, a, b: a)))


@pytest.mark.parametrize("code", ["F008", "F009"])
def test_without_a_gain_or_controls_there_is_nothing_to_doubt(code):
    assert "training" in does_not_apply(code, evidence_of(two_modalities()))
    assert "no gain" in does_not_apply(code, with_verdict(evidence_of(two_modalities()), low=-0.01))


def slices(**changes):
    return {
        "slices": {"asked": [], "found": [], "suggested": [], "tested": 3, "conditions": 20, "columns": ["age"]}
        | changes
    }


def no_gain(facts):
    return with_verdict(evidence_of(two_modalities(), facts), low=-0.01, high=0.004)


def test_no_slice_and_no_gain_fires():
    assert "Of 20 conditions on 1 columns" in fired("F015", no_gain(slices()))
    fired("F015", no_gain(slices(found=[{"kind": "harmed"}])))


def test_a_rescued_slice_or_a_gain_over_all_rows_does_not():
    clear("F015", no_gain(slices(found=[{"kind": "rescued"}])))
    clear("F015", no_gain(slices(asked=[{"kind": "rescued"}])))
    assert "over all rows" in does_not_apply("F015", evidence_of(two_modalities(), slices()))
    assert "no columns" in does_not_apply("F015", no_gain(slices(columns=[])))
    assert "not looked for" in does_not_apply("F015", no_gain({}))


def test_a_gain_below_the_margin_does_not_pay():
    evidence = evidence_of(two_modalities(), {"question": {"worth": "0.5ms:0.002"}}, margin=0.2)
    said = fired("F016", evidence)
    assert "cannot reach the margin of 0.2, the price of its time at 0.5ms:0.002" in said
    assert "may lie below" in fired("F016", with_verdict(evidence, high=0.3))


def test_a_gain_above_the_margin_pays_and_none_is_not_priced():
    clear("F016", evidence_of(two_modalities()))
    assert "no gain" in does_not_apply("F016", with_verdict(evidence_of(two_modalities()), low=0.0))


def test_the_fusion_of_the_weak_single_is_no_accident():
    assert np.mean([evidence_of(weak_single(seed)).verdict.low > 0 for seed in range(5)]) == 1
