"""Fusion networks answer in ONNX as in Python: vectors and sequences, any subset, one row or many."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from exported_models import learned, model_of, parity_of, single

from fuseworthy.deploy.export.networks import answered
from fuseworthy.deploy.export.parity import fed, measured, padded
from fuseworthy.deploy.export.session import opened
from fuseworthy.deploy.export.write import built
from fuseworthy.deploy.router import Choice, Router
from fuseworthy.errors import InputError
from fuseworthy.strategies.calibration import Calibrator
from fuseworthy.strategies.neural import NeuralPredictor
from fuseworthy.strategies.neural_inputs import NeuralInputs

pytest.importorskip("onnx")
pytest.importorskip("onnxscript")
torch = pytest.importorskip("torch")
from fuseworthy.nn import FUSIONS, ConcatFusion, GatedFusion, Hybrid, InterleavedFusion  # noqa: E402

NAMES = ["cells", "note", "steps", "voice"]
QUICK = ("gated", "token-transformer")
ROUTER = Router(
    {
        "+".join(NAMES): Choice(True, "cells/linear", ("cells", "steps"), "the others only harm"),
        "cells+steps": Choice(True, "cells/linear", ("cells", "steps"), "not inferior"),
        "voice": Choice(False, "voice/linear", ("voice",), "inferior"),
        "steps": Choice(True, "steps/linear", ("steps",), "not inferior"),
    },
    tuple(f"{m}/linear" for m in NAMES),
)


def network(make, blocks, part, *, copies=2, **settings):
    """A predictor of networks as they are born, with a calibrator for every set of modalities."""
    inputs = NeuralInputs.learn(blocks, part, tokens=True)
    rng = np.random.default_rng(1)
    torch.manual_seed(0)
    modules = tuple(make(inputs=inputs.sizes, outputs=part.task.width, width=8) for _ in range(copies))
    with torch.no_grad():
        for module in modules:
            for own in module.parameters():
                own.mul_(1.5)
    sets = [s for size in range(1, len(blocks) + 1) for s in combinations(sorted(blocks), size)]
    calibrators = {"+".join(s): Calibrator(part.task, rng.uniform(0.5, 3), rng.uniform(-0.3, 0.3)) for s in sets[:-2]}
    calibrators[""] = Calibrator(part.task, 1.2, 0.1)
    return NeuralPredictor(
        inputs.views,
        inputs.features,
        modules,
        calibrators,
        part.task,
        part.prior,
        inputs.centre,
        inputs.scale,
        **settings,
    )


def exported(make, kind, names=NAMES, **settings):
    encodings, blocks, part = learned(kind, names)
    singles = {f"{m}/linear": single(blocks, part, m) for m in names}
    router = ROUTER if names is NAMES else None
    predictor = network(make, blocks, part, **settings)
    assert predictor.predict(blocks, np.arange(len(part.y))).std(axis=0).min() > 0.005
    return model_of(encodings, part, singles, predictor, router), blocks


@pytest.mark.parametrize("kind", QUICK)
def test_a_network_over_sequences_cells_words_and_vectors_answers_alike(kind):
    model, blocks = exported(FUSIONS[kind], "multiclass", copies=1)
    content, inputs, outputs, table = built(model)
    assert table.hides
    assert {own.role for own in inputs} == {"present", "values", "mask", "times"}
    assert measured(model, content, inputs, outputs, blocks).largest < 1e-6
    session = opened(content)
    for row in (0, 5, 17):
        one = padded({m: {v: b.shuffled(np.array([row])) for v, b in views.items()} for m, views in blocks.items()})
        found = session.run([outputs.fusion], fed(one, inputs))[0]
        assert np.abs(found - model.fusion[1].predict(one, np.arange(1))).max() < 1e-6


def test_networks_of_several_seeds_and_a_number_to_predict_answer_alike():
    model, blocks = exported(ConcatFusion, "regression", ["cells", "voice"])
    assert parity_of(model, blocks).largest < 1e-6


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted(FUSIONS))
def test_every_network_answers_alike(kind):
    model, blocks = exported(FUSIONS[kind], "binary")
    assert parity_of(model, blocks).largest < 1e-6


@pytest.mark.slow
@pytest.mark.parametrize("inner", [GatedFusion, InterleavedFusion])
def test_a_tree_of_networks_answers_alike(inner):
    def make(**sizes):
        spec = {"first": ["steps", "voice"], "cells": "cells", "note": "note"}
        return Hybrid(spec=spec, inner=inner, **sizes)

    model, blocks = exported(make, "binary")
    assert parity_of(model, blocks).largest < 1e-6


def test_exporting_leaves_the_network_as_it_was():
    model, _ = exported(ConcatFusion, "binary", ["cells", "voice"], copies=1)
    before = model.fusion[1].modules[0].float()
    built(model)
    assert next(before.parameters()).dtype == torch.float32
    assert next(before.parameters()).requires_grad


def test_what_torch_cannot_write_is_refused_by_name():
    class Branching(ConcatFusion):
        def forward(self, *given):
            return super().forward(*given) if float(given[0]["voice"].sum()) > 0 else torch.zeros(1)

    model, _ = exported(ConcatFusion, "binary", ["cells", "voice"], copies=1)
    odd = Branching(inputs=model.fusion[1].modules[0].sizes, outputs=2, width=8)
    odd = replace(model, fusion=("odd", replace(model.fusion[1], modules=(odd,))))
    with pytest.raises(InputError, match="torch can write as ONNX, but Branching is not"):
        built(odd)


def test_an_encoder_that_was_trained_along_is_refused():
    from types import SimpleNamespace

    from fuseworthy.strategies.features import Untouched

    entry = SimpleNamespace(values="", mask=None, times=None)
    rows = SimpleNamespace(graph=None, entry=lambda m, view: entry, present={})
    with pytest.raises(InputError, match=r"frozen encoders, but trains that of 'photo'"):
        answered(SimpleNamespace(views={"photo": "raw"}, features={"photo": Untouched()}), rows)
