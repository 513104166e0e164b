"""Networks as part of a comparison: they join where they should, survive what goes wrong, and are the same twice."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from sklearn.linear_model import LogisticRegression

import fuseworthy as fw
from fuseworthy.errors import StudyError
from fuseworthy.strategies.networks import network_named
from fuseworthy.strategies.part import Fitted, make_part
from fuseworthy.strategies.training.recipe import Recipe
from fuseworthy.study.fusions import AUTO
from fuseworthy.study.networks import fit_one
from fuseworthy.study.units import Unit
from fuseworthy.study.workspace import open_workspace
from mixed_tables import mixed_table

MODALITIES = {"note": fw.Text("note"), "table": fw.Tabular("size", "shop")}
BRIEF = Recipe(rate=5e-3, batch=64, epochs=4, patience=2, warm_up=5)
ASKED = ["stacking", "gated", "concat"]


@pytest.fixture
def brief(quickly, monkeypatch):
    """Networks train for a few epochs, all else learns quickly."""
    monkeypatch.setattr("fuseworthy.strategies.training.recipe.recipe_for", lambda rows, **_: BRIEF)


def study_of(table=None, out=None, **more) -> fw.Study:
    table = mixed_table(missing=False) if table is None else table
    settings = {"repeats": 1, "folds": 2, "id": "key", "strategies": ASKED, "jobs": 1, "attribution": False} | more
    return fw.compare(table, settings.pop("target", "label"), modalities=MODALITIES, out=out, **settings)


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((folder / "ledger").iterdir())}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """One undisturbed run, as long as networks take."""
    folder = tmp_path_factory.mktemp("runs") / "one"
    return folder, study_of(out=folder)


def test_networks_compete_and_each_modality_has_one_alone(finished):
    _, study = finished
    assert study.ledger.names(kind="fusion") == ["stacking", "concat", "gated"]
    assert {"note/network", "table/network"} <= set(study.ledger.names(kind="single"))
    assert study.ledger.names(kind="encoder") == ["encoder:note", "encoder:table"]
    assert study.facts["weights"]["names"] == ["gated"]
    assert study.facts["dominance"]["sentence"].startswith("Trained jointly")


def test_worker_processes_give_the_same_bytes(finished, tmp_path):
    study_of(out=tmp_path / "two", jobs=2)
    assert bytes_of(tmp_path / "two") == bytes_of(finished[0])


def test_a_run_goes_on_after_losing_receipts_and_ends_with_the_same_bytes(finished, tmp_path):
    folder, study = finished
    copy = tmp_path / "two"
    shutil.copytree(folder, copy)
    lost = [*copy.glob("receipts/r00-f01-network-gated.json"), *copy.glob("receipts/r00-f00-network-0.json")]
    assert len(lost) == 2
    for receipt in lost:
        (copy / "ledger" / f"{receipt.stem}.parquet").write_bytes(b"torn")
        receipt.unlink()
    untouched = {p.name: p.stat().st_mtime_ns for p in (copy / "receipts").iterdir()}
    again = study_of(out=copy)
    assert bytes_of(copy) == bytes_of(folder)
    assert {name: (copy / "receipts" / name).stat().st_mtime_ns for name in untouched} == untouched
    assert again.verdict == study.verdict
    assert again.note() == study.note()


def failing(monkeypatch, name, fold=None):
    """One network cannot be trained, on one fold or on all."""

    class Broken:
        def fit(self, blocks, singles, part):
            if fold is None or part.seed % 1009 == fold:
                raise RuntimeError("no memory left")
            return network_named(name).fit(blocks, singles, part)

    monkeypatch.setattr(
        "fuseworthy.strategies.networks.network_named",
        lambda asked: Broken() if asked == name else network_named(asked),
    )


@pytest.mark.parametrize(("lost", "fold"), [("gated", 1), ("concat", None)], ids=["one fold", "all folds"])
def test_a_network_that_fails_is_named_and_the_others_stay(lost, fold, brief, monkeypatch, capsys):
    failing(monkeypatch, lost, fold)
    study = study_of(strategies=["stacking", "gated", "concat", "film"])
    # without concat there is no network on one modality alone either
    assert set(study.ledger.names(kind="fusion")) == {"stacking", "gated", "concat", "film"} - {lost}
    assert ("note/network" in study.ledger.strategies) is (lost == "gated")
    assert any(f"{lost}: RuntimeError: no memory left" in line for line in study.facts["notices"])
    capsys.readouterr()


def test_networks_join_by_themselves_where_there_are_rows_enough_each_once(brief, monkeypatch):
    monkeypatch.setattr("fuseworthy.study.fusions.FEWEST_ROWS", 100)
    fitted = []

    def counted(name):
        fitted.append(name)
        return network_named(name)

    monkeypatch.setattr("fuseworthy.strategies.networks.network_named", counted)
    study = study_of(strategies=["auto", "gated"])
    assert set(AUTO) <= set(study.ledger.names(kind="fusion"))
    assert {"note/network", "table/network"} <= set(study.ledger.names(kind="single"))
    assert fitted.count("gated") == fitted.count("low-rank") == 2


def test_a_regression_leaves_out_the_votes_with_a_notice(brief):
    table, rng = mixed_table(missing=False), np.random.default_rng(0)
    worth = np.asarray(table["size"]) + 2 * (np.asarray(table["label"]) == "good") + rng.normal(size=table.num_rows)
    table = table.drop_columns(["label"]).append_column("price", pa.array(50 + 3 * worth))
    study = study_of(table, target="price", strategies=["stacking", "uncertainty"], anyway=True)
    assert "mixture-of-experts" in study.ledger.strategies
    assert not {"evidential", "energy-weighted"} & set(study.ledger.strategies)
    assert any("evidential is defined for classes only" in line for line in study.facts["notices"])


@pytest.mark.slow
def test_every_label_of_several_has_its_networks(brief):
    table = mixed_table(missing=False)
    rng = np.random.default_rng(0)
    big = np.asarray(table["size"]) + 0.3 * rng.normal(size=table.num_rows) > 0.6
    table = table.append_column("big", pa.array(np.where(big, "good", "bad")))
    study = study_of(table, target=["label", "big"], strategies=["stacking", "gated"])
    losses = study.ledger.losses(["gated", "stacking"])
    assert study.ledger.label_names == ["label", "big"]
    assert all(np.isfinite(loss).all() and loss.mean() < 0.69 for loss in losses.values())


SOURCE = """
from fuseworthy.strategies.part import Constant, Fitted

class Prior:
    def fit(self, blocks, singles, part):
        return Fitted(part.constant(len(part.test)), predictor=Constant(part.prior))

def tiny(inputs, outputs):
    from fuseworthy import nn
    return nn.FUSIONS["concat"](inputs=inputs, outputs=outputs, width=8)
"""


@pytest.fixture
def own_file(tmp_path):
    path = tmp_path / "strategies_of_my_own.py"
    path.write_text(SOURCE)
    return path


def test_own_strategies_compete_as_objects_files_estimators_and_functions(own_file, brief):
    from fuseworthy.strategies.custom import load_strategy

    own = load_strategy(f"{own_file}:Prior")
    own_function = __import__("strategies_of_my_own").tiny
    study = study_of(strategies=["stacking", own, LogisticRegression(max_iter=1000), own_function])
    assert study.ledger.names(kind="fusion") == ["stacking", "Prior", "LogisticRegression", "tiny"]
    loss = {name: own.mean() for name, own in study.ledger.losses(["Prior", "tiny", "LogisticRegression"]).items()}
    np.testing.assert_allclose(study.ledger.predictions["Prior"], study.ledger.predictions["dummy"])
    assert loss["tiny"] < loss["Prior"]
    assert loss["LogisticRegression"] < loss["Prior"]


@pytest.mark.slow
def test_own_strategies_from_a_file_are_the_same_in_worker_processes(own_file, tmp_path):
    asked = ["stacking", f"{own_file}:Prior", f"{own_file}:tiny", "sklearn.linear_model:LogisticRegression"]
    for name, jobs in (("one", 1), ("two", 2)):
        study_of(out=tmp_path / name, strategies=asked, jobs=jobs)
    assert bytes_of(tmp_path / "one") == bytes_of(tmp_path / "two")


class Wrong:
    """Predicts what it was told to."""

    def __init__(self, name, made):
        self.name, self.made = name, made

    def fit(self, blocks, singles, part):
        return Fitted(self.made(part))


def test_a_strategy_of_another_shape_ends_the_study(finished):
    folder, study = finished
    workspace = replace(open_workspace(folder), objects={"short": Wrong("short", lambda part: part.constant(1))})
    part = make_part(workspace.y, study.ledger.task, study.ledger.folds, 0, 0, 0)
    with pytest.raises(StudyError, match=r"'short' gave \(1, 2\)"):
        fit_one(workspace, Unit("custom", 0, 0, strategy="short"), part, {})


def test_strategies_that_predict_nonsense_are_left_out_and_named(quickly, capsys):
    wrong = [
        Wrong("gaps", lambda part: np.full((len(part.test), 2), np.nan)),
        Wrong("sums", lambda part: np.full((len(part.test), 2), 0.7)),
        Wrong("negative", lambda part: np.tile([-0.5, 1.5], (len(part.test), 1))),
    ]
    study = study_of(strategies=["stacking", *wrong])
    assert study.ledger.names(kind="fusion") == ["stacking"]
    said = " ".join(study.facts["notices"])
    assert "gaps: ValueError: its predictions must be numbers" in said
    for name in ("sums", "negative"):
        assert f"{name}: ValueError: its predictions must be probabilities that sum to one" in said
    capsys.readouterr()
