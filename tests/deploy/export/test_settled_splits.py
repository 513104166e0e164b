"""Rows that stand on a split go one way, are counted where Python goes the other, and excuse nothing else."""

import numpy as np
import pytest
from exported_models import learned, model_of, rows_of, single

from fuseworthy.deploy.export import settled
from fuseworthy.deploy.export.parity import measured
from fuseworthy.deploy.export.write import built
from fuseworthy.errors import InputError
from fuseworthy.inputs.encode import encode_rows

pytest.importorskip("onnx")


@pytest.fixture(scope="module")
def made():
    encodings, blocks, part = learned("binary", ["note", "voice"])
    singles = {
        "note/boosting": single(blocks, part, "note", "boosting", -1),
        "voice/linear": single(blocks, part, "voice"),
    }
    return model_of(encodings, part, singles), blocks


def test_rows_that_were_learned_from_go_left_as_in_training_whoever_adds_them_up(made):
    model, blocks = made
    trees = [tree for stage in model.singles["note/boosting"].model._predictors for tree in stage]
    x = model.singles["note/boosting"].features.transform(blocks["note"]["counts"], np.arange(len(rows_of("binary"))))
    ties = [
        (n["num_threshold"] == x[:, n["feature_idx"]]).any() for tree in trees for n in tree.nodes if not n["is_leaf"]
    ]
    assert np.mean(ties) > 0.3
    content, inputs, outputs, _ = built(model)
    assert measured(model, content, inputs, outputs, blocks).on_edge <= 1
    again = encode_rows(rows_of("binary"), model.encodings)
    assert measured(model, content, inputs, outputs, again).largest <= 1e-5


def test_rows_on_an_edge_are_counted_and_others_are_not_excused(made, monkeypatch):
    model, blocks = made
    monkeypatch.setattr(settled, "IN_32_BITS", 0.01)
    content, inputs, outputs, _ = built(model)
    found = measured(model, content, inputs, outputs, blocks)
    assert found.on_edge > 0
    assert found.largest <= 1e-5
    monkeypatch.setattr(settled, "IN_32_BITS", 1e-9)
    with pytest.raises(InputError, match="Nothing was written"):
        measured(model, content, inputs, outputs, blocks)


def test_the_model_itself_stays_as_it_is_and_exact_values_are_left_alone(made):
    model, blocks = made
    raised, *_ = settled.around(model, blocks)[1:]
    before, after = (m.singles["note/boosting"].model._predictors[0][0].nodes["num_threshold"] for m in (model, raised))
    assert (after >= before).all()
    assert (after != before).any()
    assert raised.singles["voice/linear"] is model.singles["voice/linear"]
    assert settled.looseness(model.singles["voice/linear"].features, blocks["voice"]["vectors"]) == 0.0
