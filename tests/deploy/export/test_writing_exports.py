"""An export is a folder of two files that says everything a caller needs, or it is not there at all."""

import hashlib
import json
import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from exported_models import MODALITIES, learned, model_of, rows_of, single
from typer.testing import CliRunner

from fuseworthy.cli.app import app
from fuseworthy.deploy.export import pools
from fuseworthy.errors import InputError, MissingExtraError
from fuseworthy.strategies.late import fit_stacking, gather
from fuseworthy.strategies.part import presence

pytest.importorskip("onnx")
ort = pytest.importorskip("onnxruntime")

EXAMPLE = Path(__file__).parents[3] / "examples" / "run_onnx.py"
NAMES = ["cells", "note", "voice"]


@pytest.fixture(scope="module")
def model():
    encodings, blocks, part = learned("binary", NAMES)
    singles = {f"{m}/linear": single(blocks, part, m) for m in NAMES}
    members = gather(singles, {m: presence(views) for m, views in blocks.items()}, part)
    made = model_of(encodings, part, singles, fit_stacking(members, part).predictor)
    return replace(made, threshold=0.9, modalities={m: MODALITIES[m] for m in NAMES})


@pytest.fixture(scope="module")
def folder(model, tmp_path_factory):
    where = tmp_path_factory.mktemp("exports")
    pq.write_table(rows_of("binary", 40, seed=1), where / "real.parquet")
    found = model.export(where / "out", check=where / "real.parquet")
    assert found.folder == where / "out"
    assert found.parity.rows == 40
    assert found.parity.largest < 1e-6
    return where / "out"


def about(folder):
    return json.loads((folder / "export.json").read_text(encoding="utf-8"))


def test_the_folder_says_what_is_asked_and_what_is_answered(model, folder):
    assert sorted(own.name for own in folder.iterdir()) == ["export.json", "model.onnx"]
    said, content = about(folder), (folder / "model.onnx").read_bytes()
    assert said["sha256"] == hashlib.sha256(content).hexdigest()
    assert said["classes"] == ["no", "so so"]
    assert said["threshold"] == 0.9
    assert said["prior"] == model.prior.tolist()
    assert said["parity"]["real"] < 1e-6
    assert {"fuseworthy", "onnx", "onnxruntime", "numpy"} <= set(said["versions"])
    inputs = {own["name"]: own for own in said["inputs"]}
    assert inputs["cells:cells"]["dtype"] == inputs["voice:vectors"]["dtype"] == "float64"
    assert inputs["note:counts"]["dtype"] == "float32"
    assert inputs["voice:present"]["dtype"] == "bool"
    levels = next(own["levels"] for own in inputs["cells:cells"]["encoding"]["cells"] if own["role"] == "category")
    assert "shop 10" in levels
    assert "red" in inputs["note:counts"]["encoding"]["vocabularies"][0]
    whole = said["router"]["sets"][-1]
    assert whole["modalities"] == whole["shown"] == NAMES
    assert said["router"]["routes"][whole["route"]] == "fusion"


def test_the_probe_in_the_description_is_answered_by_the_graph_alone(folder):
    said = about(folder)
    session = ort.InferenceSession(folder / "model.onnx", providers=["CPUExecutionProvider"])
    for shown, expected in said["probe"]["prediction"].items():
        given = {}
        for own in said["inputs"]:
            array = np.array(said["probe"]["inputs"][own["name"]]["values"], dtype=own["dtype"])
            assert hashlib.sha256(array.tobytes()).hexdigest() == said["probe"]["inputs"][own["name"]]["sha256"]
            given[own["name"]] = array & (own["modality"] in shown.split("+")) if own["role"] == "present" else array
        found = session.run([said["outputs"]["prediction"]], given)[0]
        assert np.abs(found - np.array(expected)).max() < 1e-6


def test_a_raw_row_becomes_inputs_by_the_description_alone(model, folder):
    from sklearn.feature_extraction.text import CountVectorizer

    said = about(folder)
    day = datetime(1987, 6, 5, 18, 30)
    row = {"voice": [0.3, -1.0, 0.5, 2.0], "size": 19.99, "shop": "shop 10", "day": day, "note": "Red blue, red OLD"}
    given = {}
    for own in said["inputs"]:
        if own["role"] == "present":
            given[own["name"]] = np.array([True])
        elif own["view"] == "vectors":
            given[own["name"]] = np.array([row["voice"]])
        elif own["view"] == "counts":
            segments = zip(own["encoding"]["vocabularies"], own["settings"], strict=True)
            counts = [
                CountVectorizer(vocabulary=tokens, **{k: tuple(v) if k == "ngram_range" else v for k, v in how.items()})
                for tokens, how in segments
            ]
            found = [counter.transform([row["note"]]).toarray() for counter in counts]
            given[own["name"]] = np.concatenate(found, axis=1).astype("float32")
        else:
            size, shop, moment = own["encoding"]["cells"]
            days = (day - datetime(1970, 1, 1)).total_seconds() / 86_400 - moment["origin"]
            cells = [row[size["name"]], shop["levels"].index("shop 10"), days, day.month, day.weekday(), day.hour]
            given[own["name"]] = np.array([cells])
    graph = ort.InferenceSession(folder / "model.onnx", providers=["CPUExecutionProvider"])
    found = graph.run([said["outputs"]["prediction"]], given)[0]
    table = rows_of("binary", 1).schema.remove(7)
    table = pa.Table.from_pylist([{**dict.fromkeys(table.names), **row}], schema=table)
    assert np.abs(found - model.predict_proba(table)).max() < 1e-6


def test_the_same_model_gives_the_same_bytes(model, folder, tmp_path):
    model.export(tmp_path / "again")
    assert (tmp_path / "again" / "model.onnx").read_bytes() == (folder / "model.onnx").read_bytes()


def test_the_example_runs_an_export_without_us(folder):
    code = f"import sys, runpy; sys.argv = ['run_onnx.py', {str(folder)!r}]; runpy.run_path({str(EXAMPLE)!r}); "
    code += "assert not {'fuseworthy', 'sklearn', 'torch', 'onnx'} & set(sys.modules)"
    found = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    assert EXAMPLE.read_text(encoding="utf-8").count("\n") <= 30
    first, second = found.stdout.splitlines()
    assert "answered by fusion" in first
    assert "answered by cells/linear" in second


def test_a_folder_that_holds_something_is_left_alone(model, folder):
    before = (folder / "export.json").read_bytes()
    with pytest.raises(InputError, match="new or empty folder"):
        model.export(folder)
    assert (folder / "export.json").read_bytes() == before


def test_a_graph_that_answers_otherwise_is_not_written(model, tmp_path, monkeypatch):
    evidence = pools._evidence
    monkeypatch.setattr(pools, "_evidence", lambda g, p, *rest: g.op("Mul", evidence(g, p, *rest), 1.001))
    with pytest.raises(InputError, match=r"differ by 0.000.*Nothing was written"):
        model.export(tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_graph_that_is_right_at_random_but_wrong_on_real_rows_is_not_written(model, tmp_path, monkeypatch):
    from fuseworthy.deploy.export import parity

    apart = parity._Asked.apart

    def odd(self, blocks):
        return (1.0, 0) if next(iter(blocks["voice"].values())).n > 6 else apart(self, blocks)

    monkeypatch.setattr(parity._Asked, "apart", odd)
    with pytest.raises(InputError, match="on real rows they differ by 1"):
        model.export(tmp_path / "out", check=rows_of("binary", 40, seed=1))
    assert list(tmp_path.iterdir()) == []


def test_without_its_packages_it_says_how_to_install_them(model, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingExtraError, match=r"fuseworthy\[onnx\]"):
        model.export(tmp_path / "out")


def test_a_model_in_a_folder_is_exported_on_the_command_line(model, tmp_path):
    pytest.importorskip("skops")
    model.save(tmp_path / "model")
    pq.write_table(rows_of("binary", 40, seed=1), tmp_path / "real.parquet")
    words = ["export", str(tmp_path / "model"), "--onnx", str(tmp_path / "out")]
    found = CliRunner().invoke(app, [*words, "--check", str(tmp_path / "real.parquet")])
    assert found.exit_code == 0, found.output
    assert "largest difference from the model: " in found.output
    assert "over 40 real rows: " in found.output
    assert about(tmp_path / "out")["parity"]["rows"] == 40
