"""Size, latency and memory are measured, side by side, and a larger graph costs more."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from taught_tasks import model_for, rows

from fuseworthy.deploy.compress import footprint, measures
from fuseworthy.deploy.compress.candidate import Graphed


@pytest.fixture(scope="module")
def graphs():
    """A model's graph, and the same with 64 MB of weights more that every row meets."""
    graph = Graphed.of(model_for("silent"))
    heavy = onnx.load_from_string(graph.content)
    weight = np.zeros((4096, 4096), dtype=np.float32)
    heavy.graph.initializer.append(onnx.numpy_helper.from_array(weight, "weight"))
    told = heavy.graph.node[-1].output[0]
    nodes = [
        onnx.helper.make_node("Cast", ["heavy:in"], ["heavy:32"], to=1),
        onnx.helper.make_node("Expand", ["heavy:32", "heavy:shape"], ["heavy:wide"]),
        onnx.helper.make_node("MatMul", ["heavy:wide", "weight"], ["heavy:out"]),
        onnx.helper.make_node("ReduceSum", ["heavy:out"], ["heavy:sum"], keepdims=0),
        onnx.helper.make_node("Cast", ["heavy:sum"], ["heavy:64"], to=11),
        onnx.helper.make_node("Add", ["heavy:in", "heavy:64"], [graph.outputs.prediction]),
    ]
    shape = onnx.numpy_helper.from_array(np.array([1, 4096]), "heavy:shape")
    heavy.graph.initializer.append(shape)
    prediction = next(n for n in heavy.graph.node if n.output[0] == graph.outputs.prediction)
    assert told
    prediction.output[0] = "heavy:whole"
    first = onnx.helper.make_node("Slice", ["heavy:whole", "zero", "one", "axis"], ["heavy:in"])
    for name, value in (("zero", 0), ("one", 1), ("axis", 1)):
        heavy.graph.initializer.append(onnx.numpy_helper.from_array(np.array([value]), name))
    heavy.graph.node.extend([first, *nodes])
    content = heavy.SerializeToString()
    return {"light": graph, "heavy": Graphed(content, graph.inputs, graph.outputs, graph.table)}


def test_a_larger_graph_takes_more_of_everything(graphs, monkeypatch):
    monkeypatch.setattr(measures, "ROUNDS", {1: 25, 32: 10})
    blocks = model_for("silent").blocks_of(rows("silent", 100, 1))
    heavy = graphs["heavy"]
    content = onnx.load_from_string(heavy.content)
    del content.graph.output[0].type.tensor_type.shape.dim[1:]
    graphs = graphs | {"heavy": Graphed(content.SerializeToString(), heavy.inputs, heavy.outputs, heavy.table)}
    said = []
    found = measures.measure(graphs, blocks, on_step=said.append)
    light, heavy = found["light"], found["heavy"]
    assert said == ["how long each takes to answer", "how much memory each takes"]
    assert heavy.bytes > light.bytes + (64 << 20)
    assert heavy.memory > light.memory + (60 << 20)
    assert [own.rows for own in light.latency] == [1, 32]
    assert [own.times for own in light.latency] == [25, 10]
    assert heavy.latency[0].median > 2 * light.latency[0].median
    assert all(own.median <= own.p95 for one in found.values() for own in one.latency)


def test_the_peak_is_that_of_the_process_and_not_of_its_parent():
    """A parent with 300 MB does not show in the child."""
    ballast = np.ones(300 << 17)
    command = [sys.executable, str(Path(footprint.__file__))]
    peak = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert 10 << 20 < peak < ballast.nbytes


def test_memory_that_cannot_be_measured_is_not_known(monkeypatch):
    monkeypatch.setattr(measures.sys, "executable", "no-such-python")
    graph = Graphed.of(model_for("silent"))
    assert measures._memories({"x": graph}, model_for("silent").blocks_of(rows("silent", 100, 1))) == {"x": None}
