"""Saved and read back, a model of every strategy gives the same answers to the last bit."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from small_models import KINDS, SEQUENCES, THREE, learned, model_of, rows_of

import fuseworthy as fw
from fuseworthy.nn import FUSIONS, Hybrid
from fuseworthy.strategies.catalogue import GROUPS, NEURAL, VOTES
from fuseworthy.strategies.custom import as_strategy
from fuseworthy.strategies.neural import Neural
from fuseworthy.strategies.strategy import NAMED

HERE = Path(__file__).parent
QUICK = [*NAMED, "concat"]
OTHERS = [(name, kind) for name in ("stacking", "early-boosting", "concat") for kind in ("multiclass", "regression")]
OVER_SEQUENCES = ["early-linear", "interleaved", "concat-blending", "hybrid:clip+remark"]


def require_same(model, folder, kind):
    """What is read back from the folder answers as the model does, whatever is missing."""
    read, table = fw.load(model.save(folder)), rows_of(kind)[0].slice(0, 60)
    expected, found = model.answer(table), read.answer(table)
    np.testing.assert_array_equal(found.prediction, expected.prediction)
    for name, own in expected.singles.items():
        np.testing.assert_array_equal(found.singles[name], own)
    if expected.fusion is not None:
        np.testing.assert_array_equal(found.fusion, expected.fusion)
    columns = model.modalities[next(iter(model.modalities))].columns
    np.testing.assert_array_equal(*(m.answer(table.select(columns)).prediction for m in (model, read)))
    assert (read.name, read.router, read.threshold) == (model.name, model.router, model.threshold)


@pytest.mark.parametrize("name", [*FUSIONS, "hybrid"])
def test_networks_come_back_the_same(name, tmp_path):
    """Untrained ones, which have every weight that trained ones have."""
    import torch

    trained = model_of("concat")
    held = trained.fusion[1]
    sizes = dict(held.modules[0].sizes)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        if name == "hybrid":
            fresh = Hybrid(spec={"first": ["note", "photo"], "table": "table"}, inputs=sizes, outputs=2, width=16)
        else:
            fresh = FUSIONS[name](inputs=sizes, outputs=2, width=16)
    fusion = ("concat", replace(held, modules=(fresh.eval(),)))
    require_same(replace(trained, fusion=fusion), tmp_path / "m", "binary")


@pytest.mark.parametrize(("name", "kind"), [*((name, "binary") for name in QUICK), *OTHERS])
def test_fusions_of_every_target_come_back_the_same(name, kind, tmp_path):
    require_same(model_of(name, kind), tmp_path / "m", kind)


@pytest.mark.parametrize("name", OVER_SEQUENCES)
def test_fusions_of_sequences_come_back_the_same(name, tmp_path):
    require_same(model_of(name, names=SEQUENCES), tmp_path / "m", "binary")


@pytest.mark.parametrize(
    ("names", "kind"), [(THREE, "binary"), (THREE, "multiclass"), (THREE, "regression"), (SEQUENCES, "binary")]
)
def test_every_single_comes_back_the_same(names, kind, tmp_path):
    families = {m: [s.split("/")[1] for s in learned(kind, names)[2] if s.startswith(f"{m}/")] for m in names}
    for k in range(max(map(len, families.values()))):
        singles = {m: own[k % len(own)] for m, own in families.items()}
        require_same(model_of(None, kind, names, singles=singles), tmp_path / str(k), kind)


@pytest.mark.parametrize("kind", ["binary", "regression"])
def test_a_strategy_of_the_user_from_reviewed_parts_comes_back_the_same(kind, tmp_path):
    from sklearn.linear_model import LogisticRegression, Ridge

    own = as_strategy(LogisticRegression(max_iter=1000) if kind == "binary" else Ridge())
    require_same(model_of(own, kind), tmp_path / "m", kind)


def test_neighbours_and_trees_of_the_user_come_back_without_their_threads(tmp_path):
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
    from sklearn.neighbors import KNeighborsClassifier

    own = (
        HistGradientBoostingClassifier(max_iter=10),
        RandomForestClassifier(5, n_jobs=2, random_state=0),
        KNeighborsClassifier(weights="distance", n_jobs=2),
    )
    for number, estimator in enumerate(own):
        require_same(model_of(as_strategy(estimator), singles={}), tmp_path / str(number), "binary")


def test_a_modality_that_hardly_any_row_had_comes_back_the_same(tmp_path):
    from fuseworthy.strategies.part import Constant

    model = model_of("mean")
    never = replace(model, singles=dict(model.singles) | {"photo/linear": Constant(model.prior)})
    require_same(never, tmp_path / "m", "binary")


def test_a_process_of_its_own_gives_the_same_answers(tmp_path):
    table = rows_of()[0]
    pq.write_table(table, tmp_path / "rows.parquet")
    models = {name: model_of(name) for name in ("stacking", "early-boosting", "concat")}
    models["sequences"] = model_of("interleaved", names=SEQUENCES)
    for name, model in models.items():
        model.save(tmp_path / name)
    subprocess.run([sys.executable, str(HERE / "predict_apart.py"), str(tmp_path), *models], check=True, timeout=300)
    for name, model in models.items():
        np.testing.assert_array_equal(np.load(tmp_path / f"{name}.npy"), model.answer(table).prediction, err_msg=name)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("names", [THREE, SEQUENCES], ids=["vectors", "sequences"])
def test_every_fusion_of_every_target_comes_back_the_same(names, kind, tmp_path):
    for name in [*NAMED, *NEURAL]:
        if kind != "regression" or name not in VOTES:
            require_same(model_of(name, kind, names), tmp_path / name, kind)


@pytest.mark.slow
@pytest.mark.parametrize("name", GROUPS["attention"])
def test_networks_over_tokens_of_texts_come_back_the_same(name, tmp_path):
    own = Neural(model_maker(name), tokens=True, seeds=1)
    require_same(model_of(own), tmp_path / "m", "binary")


def model_maker(name):
    return lambda inputs, outputs: FUSIONS[name](inputs=inputs, outputs=outputs, width=16)
