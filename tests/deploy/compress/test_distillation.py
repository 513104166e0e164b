"""Truth: a modality that knows the chance teaches one that sees its fall; one that knows nothing teaches nothing; and what
was damaged is told to be inferior.
"""

import json
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from taught_tasks import model_for, rows

from fuseworthy.deploy.compress import Wanted, quantised, run, students
from fuseworthy.deploy.compress.asking import answers_of
from fuseworthy.deploy.compress.candidate import KINDS
from fuseworthy.deploy.router import Router
from fuseworthy.errors import InputError
from fuseworthy.strategies.families import FAMILIES


@pytest.fixture(scope="module", autouse=True)
def straight(quick):
    """Linear learners alone, with all of their settings: a student that is held back has nothing left to be taught."""
    with pytest.MonkeyPatch.context() as patch:
        settings = tuple({"C": c} for c in (0.01, 0.1, 1.0, 10.0, 100.0))
        patch.setitem(FAMILIES, "vectors", (replace(FAMILIES["vectors"][0], settings=settings),))
        patch.setattr(students, "BOOSTING", students.BOOSTING[:1])
        model_for.cache_clear()
        yield
        model_for.cache_clear()


def duel_against(found, plain):
    return next(own for own in found.facts["duels"] if own["against"] == plain)


def row_of(found, name):
    return next(own for own in found.facts["candidates"] if own["name"] == name)


def test_a_modality_that_is_taught_by_one_that_knows_better_beats_the_plain_single(tmp_path):
    found = model_for("teaches").compress(rows("teaches", 1500, 1), tmp_path / "out", Wanted(only=["distilled:cheap"]))
    duel = duel_against(found, "alone:cheap")
    assert duel["low"] > 0
    assert duel["outcome"] in ("FUSE", "SUPERIOR_UNPROVEN")
    assert "against cheap alone" in duel["sentence"]
    assert "better" in duel["sentence"]
    assert row_of(found, "distilled:cheap")["needs"] == ["cheap"]


def test_a_modality_that_knows_nothing_teaches_nothing_and_that_is_said(tmp_path):
    found = model_for("silent").compress(rows("silent", 800, 1), tmp_path / "out", Wanted(only=["distilled:cheap"]))
    duel = duel_against(found, "alone:cheap")
    assert duel["outcome"] == "EQUIVALENT"
    assert duel["low"] > -0.01
    assert duel["high"] < 0.01
    assert "makes no difference that matters" in duel["sentence"]


def test_out_of_fold_answers_are_of_students_that_did_not_see_the_row(tmp_path):
    """Labels of noise cannot be known: a student scored on rows it saw would seem to know them."""
    table = rows("teaches", 200, 1)
    noise = np.random.default_rng(5).permutation(table["y"].to_pylist()).tolist()
    model = model_for("teaches")
    found = model.compress(
        table.set_column(2, "y", [noise]), tmp_path / "out", Wanted(only=["distilled"], truth=0.9, folds=2)
    )
    ledger = found.ledger
    prior = model.task.mean_loss(ledger.y, np.tile(model.task.prior(ledger.y), (ledger.n, 1)))
    for name in ("distilled", "distilled:cheap", "alone:cheap"):
        assert np.nanmean(ledger.losses([name])[name]) > prior - 0.01


def test_what_is_damaged_is_told_to_be_inferior_and_for_whom(tmp_path, monkeypatch):
    import onnx

    monkeypatch.setattr(quantised, "FEWEST", 16)
    model, table, names = model_for("teaches", "concat"), rows("teaches", 500, 1), ["int8", "int8-weights"]
    fine = model.compress(table, tmp_path / "fine", Wanted(only=names))
    assert [row_of(fine, name)["standing"] for name in names] == ["not inferior"] * 2

    def damaged(exact):
        def made(content):
            whole, told = exact(content)
            graph = onnx.load_from_string(whole)
            for tensor in graph.graph.initializer:
                if tensor.data_type == onnx.TensorProto.INT8:
                    turned = np.roll(onnx.numpy_helper.to_array(tensor), 3, axis=0)
                    tensor.CopyFrom(onnx.numpy_helper.from_array(turned, tensor.name))
            return graph.SerializeToString(), told

        return made

    for exact in (quantised.with_int8_products, quantised.with_int8_weights):
        monkeypatch.setattr(f"fuseworthy.deploy.compress.making.{exact.__name__}", damaged(exact))
    broken = model.compress(table, tmp_path / "broken", Wanted(only=names))
    for name in names:
        row = row_of(broken, name)
        assert row["standing"] == "inferior"
        assert row["high"] < -0.01
        assert "turned wrong" in row["lost"]
        assert "worse for class" in row["lost"]
    assert broken.recommended == "original"


def test_what_rounding_alone_moves_is_no_loss_for_anyone(tmp_path):
    found = model_for("silent").compress(rows("silent", 300, 1), tmp_path / "out", Wanted(only=["float32"]))
    assert row_of(found, "float32")["lost"] == "0 rows turned wrong and 0 turned right."


def test_trees_cut_too_short_are_told_to_be_inferior(tmp_path):
    model = model_for("teaches", "early-boosting")
    found = model.compress(rows("teaches", 500, 1), tmp_path / "out", Wanted(only=["pruned"]))
    assert row_of(found, "pruned:quarter")["standing"] == "inferior"
    assert row_of(found, "pruned:quarter")["bytes"] < row_of(found, "pruned:half")["bytes"]


def test_a_dropped_modality_that_knew_everything_is_missed(tmp_path):
    found = model_for("teaches").compress(rows("teaches", 1500, 1), tmp_path / "out", Wanted(only=["single"]))
    assert row_of(found, "single:cheap")["standing"] == "inferior"
    assert row_of(found, "single:dear")["standing"] == "not inferior"
    assert found.recommended == "single:dear"
    assert "needs dear alone" in found.facts["sentence"]


def test_every_candidate_is_served_from_its_folder_alone(tmp_path):
    model, table = model_for("silent"), rows("silent", 300, 1)
    found = model.compress(table, tmp_path / "out")
    names = [own["name"] for own in found.facts["candidates"]]
    assert names == [
        *("float32", "single:cheap", "single:dear", "distilled", "distilled:cheap", "distilled:dear"),
    ]
    assert {own["name"] for own in found.facts["left_out"]} == {"int8", "int8-weights", "pruned:half", "pruned:quarter"}
    for own in found.facts["candidates"]:
        folder = tmp_path / "out" / "candidates" / own["folder"]
        said, content = json.loads((folder / "export.json").read_text()), (folder / "model.onnx").read_bytes()
        assert own["bytes"] == len(content) == said["bytes"]
        assert said["compressed"]["name"] == own["name"]
        assert {i["modality"] for i in said["inputs"]} <= set(own["needs"])
        require_probe_answered(said, content)
    assert found.ledger.n == 300


def require_probe_answered(said, content):
    """The graph answers the probe of its description, without anything of ours."""
    import onnxruntime as ort

    session = ort.InferenceSession(content, providers=["CPUExecutionProvider"])
    for shown, expected in said["probe"]["prediction"].items():
        given = {}
        for own in said["inputs"]:
            here = own["modality"] in shown.split("+")
            if own["role"] == "present":
                given[own["name"]] = np.full(6, here)
            else:
                values = np.array(said["probe"]["inputs"][own["name"]]["values"], dtype=own["dtype"])
                given[own["name"]] = values if here else np.full_like(values, np.nan)
        found = session.run([said["outputs"]["prediction"]], given)[0]
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_what_is_scored_of_a_distilled_single_is_what_its_graph_answers(tmp_path):
    """Fitted on all rows the student answers nearly as its copies of the folds did."""
    from fuseworthy.deploy.compress.candidate import Graphed
    from fuseworthy.deploy.export.described import Outputs

    model, table = model_for("silent"), rows("silent", 400, 1)
    found = model.compress(table, tmp_path / "out", Wanted(only=["distilled:cheap"]))
    folder = tmp_path / "out" / "candidates" / "distilled-cheap"
    said = json.loads((folder / "export.json").read_text())
    from fuseworthy.deploy.export.rows import Input

    inputs = [
        Input(*(own[name] for name in ("name", "modality", "view", "role", "dtype")), tuple(own["shape"]))
        for own in said["inputs"]
    ]
    outputs = Outputs(said["outputs"]["prediction"], "route", None, {}, ("prior", "cheap/linear"))
    graph = Graphed((folder / "model.onnx").read_bytes(), inputs, outputs, None)
    blocks = model.blocks_of(table)
    answers = answers_of(graph, {"cheap": blocks["cheap"]}, model.task)
    assert np.abs(answers - found.ledger.of("distilled:cheap")[0]).mean() < 0.02


def test_a_class_too_rare_for_folds_leaves_the_distilled_out_and_nothing_else(tmp_path):
    table = rows("silent", 200, 1)
    rare = pa.array(["yes" if i < 3 else "no" for i in range(200)])
    found = model_for("silent").compress(
        table.set_column(2, "y", rare), tmp_path / "out", Wanted(only=KINDS[:1] + KINDS[-1:])
    )
    assert [own["name"] for own in found.facts["candidates"]] == ["float32"]
    reasons = {own["name"]: own["reason"] for own in found.facts["left_out"]}
    assert "class 'yes' has 3 for 5 folds" in reasons["distilled:cheap"]
    assert row_of(found, "float32")["standing"] == "undecided"
    assert found.ledger.folds.kind == "held-out"


def test_a_candidate_whose_graph_answers_otherwise_than_its_model_is_left_out(tmp_path, monkeypatch):
    exact = run.keep

    def strict(candidate, *rest):
        if candidate.name == "single:dear":
            raise InputError("an export must answer as its model to 1e-05, but does not.")
        exact(candidate, *rest)

    monkeypatch.setattr(run, "keep", strict)
    found = model_for("silent").compress(rows("silent", 200, 1), tmp_path / "out", Wanted(only=["single"]))
    assert [own["name"] for own in found.facts["candidates"]] == ["single:cheap"]
    assert "must answer as its model" in found.facts["left_out"][0]["reason"]
    assert set(found.ledger.predictions) == {"original", "single:cheap"}


def test_a_model_without_a_fusion_has_nothing_to_teach(tmp_path):
    alone = replace(model_for("silent"), fusion=None, router=Router({}, ("cheap/linear", "dear/linear")))
    found = alone.compress(rows("silent", 200, 1), tmp_path / "out", Wanted(only=["distilled", "float32"]))
    assert {own["name"] for own in found.facts["left_out"]} == {"distilled", "distilled:cheap", "distilled:dear"}
    assert "no fusion" in found.facts["left_out"][0]["reason"]


def test_the_same_seed_gives_the_same_ledger(tmp_path):
    wanted = Wanted(only=["distilled:cheap", "float32"], random_state=3)
    made = [model_for("silent").compress(rows("silent", 200, 1), tmp_path / str(i), wanted) for i in range(2)]
    assert made[0].ledger.digest == made[1].ledger.digest


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (Wanted(only=["distiled"]), "the nearest is 'distilled'"),
        (Wanted(only=["single:note"]), "'single:note' came"),
        (Wanted(margin=0.0), "a loss above 0"),
        (Wanted(truth=1.0), "at 1 nothing is taught"),
        (Wanted(group="ward"), "the group must be a column"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_before_anything_is_made(wanted, said, tmp_path):
    with pytest.raises(InputError, match=said):
        model_for("silent").compress(rows("silent", 200, 1), tmp_path / "out", wanted)
    assert not (tmp_path / "out").exists()


def test_a_folder_that_holds_something_is_left_as_it_is(tmp_path):
    (tmp_path / "kept.txt").write_text("mine")
    with pytest.raises(InputError, match="new or empty folder"):
        model_for("silent").compress(rows("silent", 200, 1), tmp_path)
