"""Which rows come when, and which modalities are hidden."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from taught_rows import copies_of, taught_rows

from fuseworthy.strategies.training.batches import Dropping, batches, dropping_rates, watched_rows
from fuseworthy.strategies.training.recipe import Copy
from fuseworthy.strategies.training.rows import Rows

MANY = 4000


def stack_of(present, copies=1):
    """(copies, n) rows that have these modalities."""
    n = len(next(iter(present.values())))
    rows = Rows(
        {m: torch.zeros(n, 1) for m in ("a", "b", "c")},
        {m: torch.as_tensor(here) for m, here in present.items()},
        torch.zeros(n, dtype=torch.long),
        torch.ones(n),
    )
    return rows.take(torch.arange(n).expand(copies, n))


def generators(count=1):
    return [np.random.default_rng(s) for s in range(count)]


def test_a_pass_shows_every_row_once_in_batches_of_about_the_size_asked_for():
    copies = copies_of()
    steps = list(batches(copies, generators(3), 80, 32))
    assert [step.shape for step in steps] in ([(3, 40), (3, 40)], [(3, 26), (3, 27), (3, 27)])
    for c, copy in enumerate(copies):
        assert sorted(np.concatenate([step[c] for step in steps])) == copy.rows.tolist()


def test_copies_with_more_rows_leave_others_to_the_next_pass_and_all_come_in_time():
    copies = [Copy(np.arange(50), np.empty(0), 0), Copy(np.arange(40), np.empty(0), 1)]
    orders, seen = generators(2), set()
    for _ in range(8):
        steps = list(batches(copies, orders, 40, 16))
        assert all(len(own) == len(set(own)) == 40 for own in np.concatenate(steps, axis=1).tolist())
        seen |= set(np.concatenate(steps, axis=1)[0].tolist())
    assert seen == set(range(50))


def test_fewer_rows_than_a_batch_are_one_batch():
    (step,) = batches([Copy(np.arange(3), np.empty(0), 0)], generators(), 3, 64)
    assert sorted(step[0]) == [0, 1, 2]


def test_watched_rows_are_each_counted_once_however_many_others_watch():
    index, counted = watched_rows([Copy(np.arange(9), np.arange(9, 12), 0), Copy(np.arange(9), np.arange(9, 14), 0)])
    assert index.shape == counted.shape == (2, 5)
    assert counted.sum(axis=1).tolist() == [3, 5]
    assert [sorted(own[c == 1].tolist()) for own, c in zip(index, counted, strict=True)] == [
        [9, 10, 11],
        [9, 10, 11, 12, 13],
    ]


def test_the_last_modality_of_a_row_is_never_hidden():
    rng = np.random.default_rng(0)
    had = {m: rng.random(MANY) < 0.6 for m in ("a", "b", "c")}
    after = Dropping(dict.fromkeys("abc", 0.97)).apply(stack_of(had), generators()).present
    left = torch.stack([after[m][0] for m in "abc"], dim=-1).sum(-1).numpy()
    some = np.any(list(had.values()), axis=0)
    assert (left[some] >= 1).all()
    assert (left[~some] == 0).all()
    assert left[some].mean() < 1.1


def test_an_absent_modality_never_comes_back():
    rng = np.random.default_rng(0)
    had = {"a": rng.random(MANY) < 0.5, "b": rng.random(MANY) < 0.5}
    after = Dropping({"a": 0.3, "b": 0.3, "c": 0.9}).apply(stack_of(had), generators()).present
    for m, here in had.items():
        assert not (after[m][0].numpy() & ~here).any()
        assert not (after[m][0].numpy() == here).all()


def test_modalities_are_hidden_at_their_own_rates():
    everyone = {m: np.ones(MANY, dtype=bool) for m in ("a", "b")}
    after = Dropping({"a": 0.1, "b": 0.4}).apply(stack_of(everyone, copies=2), generators(2)).present
    hidden = {m: 1 - after[m].float().mean(dim=1).numpy() for m in "abc"}
    # one row in a hundred would lose more than it may; c, which has no rate, is never hidden
    np.testing.assert_allclose(hidden["a"], 0.1, atol=0.02)
    np.testing.assert_allclose(hidden["b"], 0.4, atol=0.03)
    np.testing.assert_array_equal(hidden["c"], 0)
    assert not torch.equal(after["b"][0], after["b"][1])


def test_who_is_spared_does_not_depend_on_the_order_of_modalities():
    everyone = {m: np.ones(MANY, dtype=bool) for m in ("a", "b", "c")}
    after = Dropping(dict.fromkeys("abc", 1.0)).apply(stack_of(everyone), generators()).present
    np.testing.assert_allclose([float(after[m].float().mean()) for m in "abc"], 1 / 3, atol=0.03)


def test_hiding_changes_nothing_but_presence():
    rows = taught_rows().take(torch.arange(120)[None])
    after = Dropping({"a": 0.5, "b": 0.5}).apply(rows, generators())
    same = replace(after, present=rows.present)
    assert same.inputs is rows.inputs
    assert same.target is rows.target
    assert same.weight is rows.weight
    nothing = Dropping({}).apply(rows, generators())
    assert nothing.present["a"].all()
    assert torch.equal(nothing.present["b"], rows.present["b"])


def test_rates_follow_what_is_missing_already_within_bounds():
    n = np.arange(100)
    assert dropping_rates({"a": n >= 0, "b": n >= 30, "c": n >= 90}) == pytest.approx({"a": 0.1, "b": 0.3, "c": 0.5})
