"""Comparable scales, and calibration lost in pooling: on ledgers of canonical tasks T1, T8 and T9."""

import numpy as np
from evidence_ledgers import BINARY, ledger_of
from made_evidence import clear, does_not_apply, evidence_of, fired, two_modalities

from fuseworthy.evidence.corp import comparable_scales, pool_calibrations


def scales(ledger):
    return evidence_of(ledger, {"scales": comparable_scales(ledger)})


def test_an_overconfident_single_is_named():
    ledger = two_modalities(extra=lambda rng, y, a, b: {"b/x": 4 * b, "b/y": 4 * b})
    said = fired("F010", scales(ledger))
    assert "b/" in said
    assert "a/" not in said


def test_slopes_that_lie_apart_fire_although_neither_is_off_for_sure():
    rows = [
        {"name": "a/x", "slope": 0.85, "slope_low": 0.78, "slope_high": 0.95},
        {"name": "b/x", "slope": 1.2, "slope_low": 1.1, "slope_high": 1.3},
    ]
    assert "a/x 0.85" in fired("F010", evidence_of(two_modalities(), {"scales": {"rows": rows, "comparable": False}}))


def test_calibrated_singles_are_comparable_and_few_rows_cannot_tell():
    clear("F010", scales(two_modalities(n=4000)))
    assert "cannot tell" in does_not_apply("F010", scales(two_modalities(n=120)))
    assert "not measured" in does_not_apply("F010", evidence_of(two_modalities()))


def test_a_single_that_tells_nothing_has_no_scale():
    ledger = two_modalities(n=4000, extra=lambda rng, y, a, b: {"b/x": 0 * b, "b/y": 0 * b})
    clear("F010", scales(ledger))


def mean_pool(raw: bool):
    """canonical task T9: the mean of two calibrated probabilities is timid; the fusion before or after mending it."""
    ledger = two_modalities(n=1500)
    mean = (ledger.of("a/x") + ledger.of("b/x")) / 2
    if not raw:
        made = ledger_of(BINARY, ledger.y, ledger.folds, {**ledger.predictions, "sum": mean})
    else:
        made = ledger
        object.__setattr__(made, "raw", {"sum": mean})
    return evidence_of(made, {"pools": [pool_calibrations(made, "a/x", ["sum"])[0]]})


def test_a_mean_of_probabilities_loses_calibration():
    said = fired("F011", mean_pool(raw=False))
    assert "sum (slope " in said
    assert "temperature 0." in said


def test_a_pool_that_mends_itself_is_clear_and_is_named_beside_one_that_does_not():
    evidence = mean_pool(raw=True)
    assert evidence.facts["pools"][0]["answer"] == "recoverable"
    clear("F011", evidence)
    lost = mean_pool(raw=False).facts["pools"][0] | {"name": "other"}
    said = fired("F011", evidence_of(evidence.ledger, {"pools": [lost, *evidence.facts["pools"]]}))
    assert "'sum' lost it too" in said


def test_the_product_of_independent_modalities_keeps_it():
    ledger = two_modalities(n=1500)
    clear("F011", evidence_of(ledger, {"pools": [pool_calibrations(ledger, "a/x", ["sum"])[0]]}))
    assert "decomposed" in does_not_apply("F011", evidence_of(ledger))
    assert np.isfinite(pool_calibrations(ledger, "a/x", ["sum"])[0]["slope_after"])
