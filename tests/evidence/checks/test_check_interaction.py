"""Must features be seen together, and was anything tried that can?"""

from dataclasses import replace

import pytest
from made_evidence import clear, does_not_apply, evidence_of, fired, two_modalities

from fuseworthy.ledger import Strategy


def probed(stacking, additive, full, families=()):
    """A ledger with the three probes, each an amount of the second modality's evidence that it uses."""

    def extra(rng, y, a, b):
        weights = {"stacking": stacking, "additive": additive, "early-boosting": full}
        return {name: a + w * b + 0.02 * rng.normal(size=len(y)) for name, w in weights.items()}

    ledger = two_modalities(n=600, second=1.0, extra=extra)
    places = {"stacking": "late", "additive": "probe", "early-boosting": "probe"} | dict(families)
    strategies = {
        name: Strategy(name, places.get(name, s.family), name, s.modality) for name, s in ledger.strategies.items()
    }
    return evidence_of(replace(ledger, strategies=strategies))


def test_an_interaction_that_no_candidate_can_see_fires():
    said = fired("F013", probed(0.0, 0.0, 1.0))
    assert "combining features of several modalities is worth +" in said


def test_features_that_add_up_but_were_never_put_together_fire():
    said = fired("F013", probed(0.0, 1.0, 1.0))
    assert "adding up features instead of predictions" in said
    clear("F013", probed(0.0, 1.0, 1.0, {"sum": "early", "early-linear": "early"}.items()))


def test_an_interaction_is_clear_where_it_was_tried_or_does_not_exist():
    clear("F013", probed(0.0, 0.0, 1.0, {"early-boosting": "early"}.items()))
    clear("F013", probed(1.0, 1.0, 1.0))


def test_an_idle_interaction_model_is_noted():
    assert "is no better than" in fired("F014", probed(1.0, 1.0, 1.0, {"early-boosting": "early"}.items()))
    clear("F014", probed(0.0, 0.0, 1.0, {"early-boosting": "early"}.items()))


def test_an_interaction_model_that_was_no_candidate_is_not():
    assert "candidate" in does_not_apply("F014", probed(1.0, 1.0, 1.0))


@pytest.mark.parametrize("code", ["F013", "F014"])
def test_without_probes_an_interaction_cannot_be_seen(code):
    assert "not fitted" in does_not_apply(code, evidence_of(two_modalities()))
