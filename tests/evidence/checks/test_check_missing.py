"""What gaps give away, and whether there are more than in training."""

from dataclasses import replace

import numpy as np
from evidence_ledgers import BINARY, ledger_of
from made_evidence import clear, does_not_apply, evidence_of, fired, two_modalities

from fuseworthy.folds import make_folds


def masked(strength):
    """Evidence with the control that sees only gaps, which say ``strength`` of the target; and the prior."""

    def extra(rng, y, a, b):
        return {"mask-only": strength * (2 * y - 1 + rng.normal(size=len(y))), "dummy": 0.0 * a}

    ledger = two_modalities(extra=extra)
    return evidence_of(with_gaps(ledger, np.arange(ledger.n) % 3 == 0))


def with_gaps(ledger, gone, names=("a+b", "a")):
    return replace(ledger, pattern=np.where(gone, names[1], names[0]).astype(object))


def test_gaps_that_tell_the_target_fire():
    assert "by itself: +" in fired("F017", masked(1.0))


def test_gaps_that_tell_nothing_are_clear():
    clear("F017", masked(0.0))


def test_without_gaps_or_their_control_nothing_is_told():
    ledger = two_modalities()
    assert "the same modalities" in does_not_apply("F017", evidence_of(ledger))
    gaps = with_gaps(ledger, np.arange(ledger.n) % 3 == 0)
    assert "not fitted" in does_not_apply("F017", evidence_of(gaps))
    given = replace(ledger, pattern=np.full(ledger.n, "given", dtype=object))
    assert "elsewhere" in does_not_apply("F017", evidence_of(given))
    assert "elsewhere" in does_not_apply("F018", evidence_of(given))


def in_time(gone, names=("a+b", "a")):
    ledger = two_modalities(n=600, repeats=1)
    folds = make_folds(ledger.y, BINARY, n_folds=5, n_repeats=1, time=np.arange(600))
    scored = folds.assignment[0] >= 0
    gaps = {k: np.where(scored[None, :, None], v, np.nan) for k, v in ledger.predictions.items()}
    return evidence_of(with_gaps(ledger_of(BINARY, ledger.y, folds, gaps), gone, names))


def test_a_modality_that_fails_at_the_end_fires():
    rng = np.random.default_rng(0)
    rate = np.where(np.arange(600) < 500, 0.05, 0.4)
    said = fired("F018", in_time(rng.random(600) < rate))
    assert "'b' is missing in" in said
    assert "fold 5" in said


def test_a_constant_rate_is_clear_in_thirty_of_thirty():
    for seed in range(30):
        clear("F018", in_time(np.random.default_rng(seed).random(600) < 0.2))


def test_random_folds_lack_as_much_by_design():
    ledger = two_modalities()
    assert "by chance" in does_not_apply("F018", evidence_of(with_gaps(ledger, np.arange(ledger.n) < 80)))
    assert "the same modalities" in does_not_apply("F018", in_time(np.zeros(600, dtype=bool)))


def test_given_folds_are_looked_at():
    ledger = two_modalities(kind="given")
    clear("F018", evidence_of(with_gaps(ledger, np.arange(ledger.n) % 5 == 0)))
    gone = (ledger.folds.assignment == 2).any(axis=0) & (np.arange(ledger.n) % 2 == 0)
    assert "fold 3" in fired("F018", evidence_of(with_gaps(ledger, gone)))


def test_several_labels_count_each_row_once():
    gone = np.arange(600) >= 560
    one = in_time(gone)
    long = np.tile(np.arange(600), 2)
    ledger = one.ledger
    folds = replace(ledger.folds, assignment=np.tile(ledger.folds.assignment, 2), clusters=long, order=long)
    twice = replace(
        ledger,
        y=np.tile(ledger.y, 2),
        folds=folds,
        predictions={k: np.tile(v, (1, 2, 1)) for k, v in ledger.predictions.items()},
        ids=long,
        pattern=np.tile(ledger.pattern, 2),
        labels=np.repeat(["p", "q"], 600),
    )
    assert fired("F018", evidence_of(twice)) == fired("F018", one)
