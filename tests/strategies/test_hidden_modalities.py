"""Stacking by availability pattern, and strategies asked with modalities hidden."""

import numpy as np
import pytest

from fuseworthy.datasets.synthetic import make
from fuseworthy.folds import Folds
from fuseworthy.inputs.encode import encode
from fuseworthy.strategies.hidden import ask, hidden, replayed, visible_sets
from fuseworthy.strategies.late import best_per_modality, fit_stacking, gather, stack
from fuseworthy.strategies.part import make_part, presence
from fuseworthy.strategies.singles import Singles
from fuseworthy.strategies.strategy import Late, strategy_named
from fuseworthy.task import Task

LEARNED, SCORED = 1500, 6000


def part_of(code, learned=LEARNED, scored=SCORED, seed=0):
    task = make(code, learned + scored, seed)
    table = task.to_table()
    blocks = {m: {"vectors": encode(m, "vectors", table.select([m]))} for m in task.inputs}
    assignment = np.where(np.arange(learned + scored) < learned, -1, 0)[None]
    y = np.asarray(task.y)
    return task, blocks, make_part(y, Task("binary", ("0", "1")), Folds("held-out", assignment), 0, 0, 0)


def members_of(blocks, singles, part):
    chosen = best_per_modality({name: singles[name] for name in singles}, part)
    return gather({n: singles[n] for n in chosen.values()}, {m: presence(v) for m, v in blocks.items()}, part)


def test_stacking_sees_what_a_telling_absence_says():
    task, blocks, part = part_of("T7", learned=4000, scored=20_000)
    found = fit_stacking(members_of(blocks, Singles(blocks, part), part), part).test
    accuracy = float((found.argmax(axis=1) == part.y[part.test]).mean())
    assert task.truth.rules["mask_blind"].accuracy < 0.85
    assert accuracy >= 0.885


def test_a_pattern_that_nobody_had_gets_weights_of_its_own():
    """Complete rows teach a stack weights for two; alone, a modality must not be believed with those of a pair."""
    _, blocks, part = part_of("T3")
    members = members_of(blocks, Singles(blocks, part), part)
    only = hidden(blocks, ("x1",))
    by_pattern, for_all = fit_stacking(members, part), stack(members, part)[1]
    alone = [fitted.predictor.predict(only, part.test) for fitted in (by_pattern, for_all)]
    losses = [part.task.mean_loss(part.y[part.test], p) for p in alone]
    single = part.task.mean_loss(part.y[part.test], members.test[0])
    assert losses[0] < losses[1] - 0.005
    assert losses[0] < single + 0.003


def test_rows_with_everything_are_answered_as_by_one_stacker():
    _, blocks, part = part_of("T1")
    members = members_of(blocks, Singles(blocks, part), part)
    np.testing.assert_array_equal(fit_stacking(members, part).test, stack(members, part)[1].test)


@pytest.mark.parametrize(("names", "count"), [(["a", "b"], 3), (list("abc"), 7), (list("abcdef"), 13)])
def test_every_subset_is_asked_for_while_there_are_few_modalities(names, count):
    assert len(visible_sets(names)) == count


def test_patterns_that_were_seen_are_asked_for_among_many_modalities():
    assert ("b", "d") in visible_sets(list("abcdef"), ["b+d", "none"])


@pytest.mark.parametrize("name", ["stacking", "mean", "weighted-mean", "log-pool", "early-linear", "early-boosting"])
def test_singles_read_from_disk_answer_as_those_that_were_fitted(name):
    """A pool of replayed predictions, asked without a modality, says what the pool of the fitted singles says."""
    _, blocks, part = part_of("T1", learned=200, scored=60)
    singles = dict(Singles(blocks, part).items())
    sets = visible_sets(list(blocks))
    fitted = ask(strategy_named(name).fit(blocks, singles, part).predictor, blocks, part, sets)
    again = ask(strategy_named(name).fit(blocks, replayed(singles, part), part).predictor, blocks, part, sets)
    assert set(fitted) == {"x1", "x2", "x1+x2"}
    for visible in fitted:
        np.testing.assert_allclose(fitted[visible], again[visible], atol=1e-12)


def test_with_everything_visible_the_answer_is_that_of_the_ledger():
    _, blocks, part = part_of("T7", learned=300, scored=100)
    singles = replayed(dict(Singles(blocks, part).items()), part)
    fitted = Late("stacking").fit(blocks, singles, part)
    np.testing.assert_allclose(ask(fitted.predictor, blocks, part, [("x1", "x2")])["x1+x2"], fitted.test, atol=1e-12)


@pytest.mark.parametrize("pool", ["stacking", "mean", "weighted-mean", "log-pool", "greedy"])
def test_a_pool_of_which_one_modality_is_left_is_as_good_as_its_single(pool):
    _, blocks, part = part_of("T1")
    singles = Singles(blocks, part)
    best = best_per_modality({name: singles[name] for name in singles}, part)
    fitted = Late(pool).fit(blocks, singles, part)
    for m, single in best.items():
        alone = fitted.predictor.predict(hidden(blocks, (m,)), part.test)
        losses = [part.task.mean_loss(part.y[part.test], p) for p in (alone, singles[single].test)]
        assert losses[0] < losses[1] + 0.01
