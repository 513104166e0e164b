"""Lag, and rates, of series in time."""

import numpy as np
import pyarrow as pa
import pytest
from evidence_ledgers import PLAIN, ledger_of
from made_evidence import clear, does_not_apply, evidence_of, fired, two_modalities
from observed_tables import PAIR, observations_of, vectors

from fuseworthy.datasets.synthetic import make
from fuseworthy.datasets.synthetic.lagged import lagged
from fuseworthy.evidence.checks.lag import lag_between
from fuseworthy.folds import make_folds
from fuseworthy.inputs.modality import Embedding


def in_time(task, n=400, **predictions):
    """A temporal ledger whose singles say the modalities' own first columns."""
    folds = make_folds(task.y, PLAIN, n_folds=5, n_repeats=1, time=np.arange(n))
    said = {"a/x": task.inputs["x1"][:, 0], "b/x": task.inputs["x2"][:, 0]} | predictions
    scored = folds.assignment[0] >= 0
    said["both"] = said["a/x"] + said["b/x"]
    every = {k: np.where(scored, v, np.nan)[None, :, None] for k, v in said.items()}
    return ledger_of(PLAIN, task.y, folds, every)


@pytest.mark.parametrize("seed", range(10))
def test_a_lag_is_found_to_a_step(seed):
    task = lagged(400, seed)
    found = lag_between(task.inputs["x1"], task.inputs["x2"])
    assert found.clear
    assert abs(found.steps - 15) <= 1


def test_aligned_and_unrelated_series_have_no_lag():
    for seed in range(40):
        task, other = lagged(400, seed, lag=0), lagged(400, 1000 + seed)
        assert not lag_between(task.inputs["x1"], task.inputs["x2"]).clear
    apart = [lag_between(lagged(400, s).inputs["x1"], lagged(400, 1000 + s).inputs["x2"]).clear for s in range(100)]
    assert sum(apart) <= 4
    assert lag_between(other.inputs["x1"], np.zeros((400, 1))) is None


def test_a_lag_between_features_is_told():
    evidence = evidence_of(
        in_time(lagged(400, 0)), observations=observations_of(make("T14", 400, 0).to_table(), time="time", id="id")
    )
    assert "'b' comes 15 steps after 'a'" in fired("F022", evidence)


def test_a_lag_between_predictions_is_told_where_features_are_not_known():
    assert "'b' comes 15 steps after 'a'" in fired("F022", evidence_of(in_time(lagged(600, 0), 600)))


def test_series_that_fit_are_clear():
    clear("F022", evidence_of(in_time(lagged(600, 0, lag=0), 600)))


def test_without_time_or_in_a_short_time_no_lag_is_looked_for():
    assert "no order in time" in does_not_apply("F022", evidence_of(two_modalities()))
    assert "83 moments" in does_not_apply("F022", evidence_of(in_time(lagged(100, 0), 100)))


def table_of(first, second, n=200, seed=0):
    rng = np.random.default_rng(seed)
    return pa.table(
        {"y": rng.integers(0, 2, n), "time": np.arange(n), "x1": vectors(first(rng, n)), "x2": vectors(second(rng, n))}
    )


def moving(rng, n):
    return rng.normal(size=(n, 2))


def held(rng, n):
    return np.repeat(rng.normal(size=(n // 5, 2)), 5, axis=0)


def rates(first, second, **asked):
    return evidence_of(two_modalities(), observations=observations_of(table_of(first, second), **asked))


def test_a_held_series_beside_a_moving_one_is_told():
    assert "'b' repeats its previous row in 80% of the rows, 'a' in 0%" in fired(
        "F023", rates(moving, held, time="time")
    )


def test_alike_rates_flags_and_constants_are_clear():
    clear("F023", rates(moving, moving, time="time"))
    clear("F023", rates(held, held, time="time"))
    clear("F023", rates(moving, lambda rng, n: np.cumsum(rng.random(n) < 0.1)[:, None] % 2.0, time="time"))
    clear("F023", rates(moving, lambda rng, n: np.ones((n, 2)), time="time"))


def test_rates_need_time():
    assert "no order in time" in does_not_apply("F023", rates(moving, held))
    assert "elsewhere" in does_not_apply("F023", evidence_of(two_modalities()))


def test_a_series_is_held_within_its_group_alone():
    table = table_of(moving, lambda rng, n: np.tile(rng.normal(size=(n // 20, 2)), (20, 1)))
    interleaved = table.append_column("sensor", pa.array(np.tile(np.arange(10), 20)))
    found = observations_of(interleaved, time="time", group="sensor", modalities=PAIR)
    assert found["rates"]["b"] == {"repeated": 1.0, "sampled": False}
    assert found["lags"] == {}


def test_text_is_compared_cell_by_cell():
    from fuseworthy.inputs.modality import Text

    table = table_of(moving, moving).append_column("note", pa.array([f"shift {i // 4} of the day" for i in range(200)]))
    found = observations_of(table, time="time", modalities={"a": Embedding("x1"), "note": Text("note")})
    assert found["rates"]["note"]["repeated"] == pytest.approx(0.75, abs=0.01)
