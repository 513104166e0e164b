"""Graphs in fewer bits: the same inputs and outputs, nearly the same answers, and a fraction of the size."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from small_models import model_of, rows_of

from fuseworthy.deploy.compress.asking import answers_of
from fuseworthy.deploy.compress.candidate import Graphed, NotFeasibleError
from fuseworthy.deploy.compress.precision import in_single
from fuseworthy.deploy.compress.quantised import rounded, with_int8_products, with_int8_weights
from fuseworthy.deploy.export.session import opened

KINDS = [
    ("early-boosting", "binary", {"table": "forest", "photo": "neighbours"}),
    ("stacking", "multiclass", {"table": "boosting"}),
    ("mean", "regression", {"table": "linear"}),
    ("concat", "binary", {"table": "boosting"}),
]


@pytest.mark.parametrize(("strategy", "kind", "singles"), KINDS, ids=[f"{s}-{k}" for s, k, _ in KINDS])
def test_single_precision_answers_alike_and_keeps_what_is_asked_and_told(strategy, kind, singles):
    model = model_of(strategy, kind, singles=singles)
    graph, blocks = Graphed.of(model), model.blocks_of(rows_of(kind, 60, 5)[0])
    narrow = Graphed(in_single(graph.content), graph.inputs, graph.outputs, graph.table)
    unit = 1.0 if kind != "regression" else model.task.variance**0.5
    apart = np.abs(answers_of(narrow, blocks, model.task) - answers_of(graph, blocks, model.task)).max() / unit
    assert 0 <= apart < 1e-4
    assert len(narrow.content) < len(graph.content)
    before, after = opened(graph.content), opened(narrow.content)
    for ask in ("get_inputs", "get_outputs"):
        assert [(i.name, i.type) for i in getattr(before, ask)()] == [(i.name, i.type) for i in getattr(after, ask)()]
    kept = onnx.load_from_string(narrow.content).graph
    assert TensorProto.DOUBLE not in {tensor.data_type for tensor in kept.initializer}


def network(hidden=64, width=384):
    """A network of two layers in single precision, one product by Gemm and one by MatMul, and a table of places."""
    rng = np.random.default_rng(0)
    first, second = (rng.normal(size=s).astype(np.float32) / s[-1] ** 0.5 for s in ((hidden, width), (hidden, 8)))
    places = np.eye(8, 64, dtype=np.float32)
    held = {"first": first, "second": second, "places": places}
    nodes = [
        helper.make_node("Gemm", ["x", "first"], ["a"], transB=1),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("MatMul", ["b", "second"], ["c"]),
        helper.make_node("MatMul", ["c", "places"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", width])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 64])],
        [numpy_helper.from_array(own, name) for name, own in held.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8).SerializeToString()


@pytest.mark.parametrize("to_int8", [with_int8_products, with_int8_weights])
def test_weights_in_8_bits_answer_nearly_alike_at_a_third_of_the_size(to_int8):
    whole = network()
    small, told = to_int8(whole)
    x = np.random.default_rng(1).normal(size=(50, 384)).astype(np.float32)
    exact, found = (opened(own).run(["y"], {"x": x})[0] for own in (whole, small))
    assert len(small) <= 0.33 * len(whole)
    assert 0 < np.abs(found - exact).max() < 0.05 * np.abs(exact).max()
    assert told == "25,088 of 25,600 numbers in 8 bits"


@pytest.mark.parametrize("to_int8", [with_int8_products, with_int8_weights])
def test_tables_of_zeros_and_ones_are_left_alone_and_nothing_to_do_is_said(to_int8):
    small = onnx.load_from_string(to_int8(network())[0]).graph
    assert next(t.data_type for t in small.initializer if t.name == "places") == TensorProto.FLOAT
    with pytest.raises(NotFeasibleError, match="256 numbers or more"):
        to_int8(network(hidden=2, width=4))


def test_rounding_has_a_scale_for_each_output_and_errs_by_half_a_step():
    weight = np.random.default_rng(0).normal(size=(30, 5)).astype(np.float32) * np.array([1, 10, 0.1, 0, 3], np.float32)
    for axis, own in ((1, weight), (0, weight.T.copy())):
        whole, scale = rounded(own, axis)
        steps = np.expand_dims(scale, 1 - axis)
        assert (np.abs(whole * steps - own) <= 0.5001 * steps).all()
        assert np.abs(whole).max() == 127
