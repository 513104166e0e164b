"""Rows that stand on a split go one way, are counted where Python goes the other, and excuse nothing else."""

import numpy as np
import pyarrow as pa
import pytest
from exported_models import learned, model_of, rows_of, single

import fuseworthy as fw
from fuseworthy.deploy.export import parity, settled
from fuseworthy.deploy.export.parity import measured
from fuseworthy.deploy.export.write import built
from fuseworthy.errors import InputError
from fuseworthy.inputs.encode import encode_rows, learn_encodings
from fuseworthy.strategies.features import TokenTopics
from fuseworthy.strategies.part import whole_part
from fuseworthy.strategies.singles import Singles
from fuseworthy.strategies.strategy import strategy_named
from fuseworthy.task import Task

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
    monkeypatch.setattr(parity, "MOST_ON_EDGE", 1.0)
    content, inputs, outputs, _ = built(model)
    found = measured(model, content, inputs, outputs, blocks)
    assert found.on_edge > 1
    assert found.largest <= 1e-5
    monkeypatch.setattr(parity, "MOST_ON_EDGE", 0.001)
    with pytest.raises(InputError, match=r"at most 0% of them, but of .* are answered otherwise"):
        measured(model, content, inputs, outputs, blocks)
    monkeypatch.setattr(settled, "IN_32_BITS", 1e-9)
    with pytest.raises(InputError, match="Nothing was written"):
        measured(model, content, inputs, outputs, blocks)


def test_splits_that_part_missing_values_from_all_others_stay_infinite():
    rng = np.random.default_rng(0)
    y = np.arange(200) % 2
    known = rng.random(200) > np.where(y, 0.8, 0.1)
    words = np.array(["red", "blue", "big", "small", "old", "new", "odd", "even", "calm", "loud"])
    table = pa.table(
        {
            "size": pa.array(rng.normal(size=200), mask=~known),
            "other": rng.normal(size=200),
            "note": [" ".join(rng.choice(words, 8)) for _ in y],
        }
    )
    modalities = {"cells": fw.Tabular("size", "other"), "note": fw.Text("note")}
    encodings, blocks = learn_encodings(table, modalities)
    part = whole_part(y, Task("binary", ("no", "yes")), 0)
    fused = strategy_named("early-boosting").fit(blocks, Singles(blocks, part), part)
    trees = [tree for stage in fused.predictor.model._predictors for tree in stage]
    assert any(np.isinf(tree.nodes["num_threshold"]).any() for tree in trees)
    singles = {"cells/linear": single(blocks, part, "cells"), "note/linear": single(blocks, part, "note")}
    model = model_of(encodings, part, singles, fused.predictor)
    content, inputs, outputs, _ = built(model)
    found = measured(model, content, inputs, outputs, blocks)
    assert (found.on_edge, found.rows) == (0, 200)
    assert found.largest <= 1e-7


def test_topics_of_a_vocabulary_that_says_less_than_they_are_hold_no_rounding():
    """Trees would split on it, and whoever adds up otherwise would fall to either side."""
    texts = [f"{a} {b}" for a in ("good", "bad", "fine") for b in ("shirt", "shoe", "hat")] * 12
    y = np.array([text.startswith("good") for text in texts]).astype(int)
    _, blocks = learn_encodings(pa.table({"note": texts}), {"note": fw.Text("note")})
    part = whole_part(y, Task("binary", ("no", "yes")), 0)
    topics = TokenTopics().fit(blocks["note"]["counts"], part.train, 0)
    scores = topics.transform(blocks["note"]["counts"], part.train)
    assert scores.shape[1] < topics.svd_.n_components
    assert np.abs(scores).max(axis=0).min() > 1e-4


def test_the_model_itself_stays_as_it_is_and_exact_values_are_left_alone(made):
    model, blocks = made
    raised, *_ = settled.around(model, blocks)[1:]
    before, after = (m.singles["note/boosting"].model._predictors[0][0].nodes["num_threshold"] for m in (model, raised))
    assert (after >= before).all()
    assert (after != before).any()
    assert raised.singles["voice/linear"] is model.singles["voice/linear"]
    assert settled.looseness(model.singles["voice/linear"].features, blocks["voice"]["vectors"]) == 0.0
