"""Was the comparison fair? Each rule on evidence where it must fire, and where it must not."""

import numpy as np
import pytest
from evidence_ledgers import BINARY, ledger_of, two_sided
from made_evidence import clear, does_not_apply, evidence_of, fired, look, two_modalities

from fuseworthy.folds import Folds
from fuseworthy.ledger import Ledger


def without(ledger, *names):
    return ledger_of(BINARY, ledger.y, ledger.folds, {k: v for k, v in ledger.predictions.items() if k not in names})


def test_one_single_of_a_modality_is_no_tuning():
    said = fired("F001", evidence_of(without(two_modalities(), "b/y")))
    assert "'b'" in said
    assert "'a'" not in said


def test_two_singles_of_each_modality_are_tuning():
    clear("F001", evidence_of(two_modalities()))


def test_a_model_that_never_changes_with_the_folds_was_trained_once():
    said = fired("F002", evidence_of(two_modalities(extra=lambda rng, y, a, b: {"still": a + b})))
    assert "'still'" in said
    assert "100%" in said


def test_a_model_that_predicts_rows_outside_the_scored_ones_is_seen():
    ledger = two_modalities(repeats=1)
    assignment = ledger.folds.assignment.copy()
    assignment[:, :40] = -1
    gaps = {k: np.where((assignment < 0)[:, :, None], np.nan, v) for k, v in ledger.predictions.items()}
    gaps["sum"] = ledger.of("sum")
    assert "'sum'" in fired("F002", evidence_of(ledger_of(BINARY, ledger.y, Folds("given", assignment), gaps)))


def test_models_that_all_change_are_clear_and_so_is_a_prior_for_absent_rows():
    def half_prior(rng, y, a, b):
        return {"b/absent": np.where(np.arange(len(y)) % 3 > 0, 0.0, b + 0.1 * rng.normal(size=(2, len(y))))}

    clear("F002", evidence_of(two_modalities(extra=half_prior)))


def test_one_repeat_or_the_same_folds_or_models_trained_once_show_nothing():
    assert "one repeat" in does_not_apply("F002", evidence_of(two_modalities(repeats=1)))
    ledger = two_modalities()
    same = Folds("given", np.repeat(ledger.folds.assignment[:1], 2, axis=0))
    assert "the same in every repeat" in does_not_apply(
        "F002", evidence_of(ledger_of(BINARY, ledger.y, same, ledger.predictions))
    )
    once = {k: np.repeat(v[:1], 2, axis=0) for k, v in ledger.predictions.items()}
    assert "trained once" in does_not_apply("F002", evidence_of(ledger_of(BINARY, ledger.y, ledger.folds, once)))


def lucky(seed) -> Ledger:
    """A single and twenty fusions, all the same but for noise."""

    def many(rng, y, a, b):
        return {f"f{i}": a + rng.normal(size=len(y)) for i in range(20)}

    ledger = two_modalities(seed, 200, second=0.0, extra=many)
    noisy = two_sided(np.random.default_rng(seed + 99).normal(size=(2, 200)) + _logit(ledger, "a/x"))
    return ledger_of(
        BINARY, ledger.y, ledger.folds, {**ledger.predictions, "a/x": noisy, "a/y": noisy, "sum": ledger.of("f0")}
    )


def _logit(ledger, name):
    p = ledger.of(name)
    return np.log(p[..., 1] / p[..., 0])


def test_the_best_of_twenty_lucky_fusions_is_called_out():
    found = [look("F003", evidence_of(lucky(seed))).status for seed in range(6)]
    assert found.count("fired") >= 4


def test_the_sentence_has_both_gains():
    said = next(r.sentence for seed in range(6) if (r := look("F003", evidence_of(lucky(seed)))).status == "fired")
    assert "of 21 fusions" in said
    assert "chosen on other rows it is" in said


@pytest.mark.parametrize("seed", range(3))
def test_a_fusion_that_is_better_everywhere_was_not_lucky(seed):
    clear("F003", evidence_of(two_modalities(seed, extra=lambda rng, y, a, b: {"worse": (a + b) / 3})))


def test_one_fusion_is_not_chosen():
    assert "none was chosen" in does_not_apply("F003", evidence_of(two_modalities()))
