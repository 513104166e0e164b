"""Copies trained as one program are the copies trained one by one."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import softmax
from taught_rows import SHORT, copies_of, maker, taught_rows

from fuseworthy.strategies.networks import STACKED
from fuseworthy.strategies.training.batches import Dropping
from fuseworthy.strategies.training.loop import predict, train
from fuseworthy.strategies.training.objectives import Auxiliary, Modulated, Pareto

TOLERANCE = 1e-4
"""On probabilities: sums in another order, grown over some epochs."""


def both_ways(make, rows, copies, **how):
    """History and predictions of copies stacked, and of the same alone."""
    return [
        (found.history, predict(found.modules, rows))
        for found in (train(make, rows, copies, SHORT, stacked=stacked, **how) for stacked in (True, False))
    ]


@pytest.mark.parametrize("name", STACKED)
@pytest.mark.parametrize("uneven", [0, 9])
def test_stacked_and_alone_give_the_same_predictions(name, uneven):
    rows, copies = taught_rows(), copies_of(uneven=uneven)
    (history, stacked), (other, alone) = both_ways(maker(name), rows, copies, dropping=Dropping({"a": 0.2, "b": 0.3}))
    np.testing.assert_allclose(softmax(stacked, axis=2), softmax(alone, axis=2), atol=TOLERANCE)
    np.testing.assert_allclose([e["watched"] for e in history], [e["watched"] for e in other], atol=TOLERANCE)
    assert not np.allclose(stacked[0], stacked[1], atol=0.01)  # copies are not one and the same


@pytest.mark.parametrize(
    "objective", [Auxiliary(), Auxiliary((0.2, 2.0), joint=0.5), Pareto(), Modulated(noise=False)], ids=repr
)
def test_remedies_do_not_know_which_copies_share_a_program(objective):
    rows = taught_rows()
    (_, stacked), (_, alone) = both_ways(
        maker(unimodal=True), rows, copies_of(uneven=4), objective=objective, dropping=Dropping({"a": 0.2, "b": 0.3})
    )
    np.testing.assert_allclose(softmax(stacked, axis=2), softmax(alone, axis=2), atol=TOLERANCE)
    plain = predict(train(maker(), rows, copies_of(uneven=4), SHORT, stacked=True).modules, rows)
    assert not np.allclose(plain, stacked, atol=0.01)


def test_numbers_as_targets_give_the_same_stacked_and_alone():
    (_, stacked), (_, alone) = both_ways(maker(outputs=1), taught_rows(numeric=True), copies_of())
    np.testing.assert_allclose(stacked, alone, atol=TOLERANCE)


def test_a_copy_in_a_stack_does_not_feel_what_another_learns_from():
    rows, (copy, *others) = taught_rows(), copies_of()
    fixed = replace(SHORT, patience=99)
    watched = [replace(c, watched=np.empty(0, dtype=np.int64)) for c in (copy, *others)]
    strange = [watched[0], *[replace(c, rows=c.rows[::-1].copy(), seed=c.seed + 90) for c in watched[1:]]]
    found = [predict(train(maker(), rows, c, fixed, stacked=True).modules, rows)[0] for c in (watched, strange)]
    np.testing.assert_allclose(found[0], found[1], atol=1e-6)
