"""Every learner family answers in ONNX as in Python, whatever a row lacks."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from exported_models import KINDS, learned, model_of, parity_of, single

import fuseworthy as fw
from fuseworthy.deploy.export.features import FEATURES
from fuseworthy.deploy.export.learners import LEARNERS
from fuseworthy.deploy.export.pools import POOLS
from fuseworthy.deploy.export.predictors import PREDICTORS
from fuseworthy.deploy.trusted import OURS
from fuseworthy.errors import InputError
from fuseworthy.inputs.encode import learn_encodings
from fuseworthy.strategies.families import FAMILIES
from fuseworthy.strategies.part import whole_part
from fuseworthy.task import Task

pytest.importorskip("onnx")

CASES = [
    (modality, family.name, setting)
    for modality, form in (("cells", "cells"), ("note", "counts"), ("steps", "tokens"), ("voice", "vectors"))
    for family in FAMILIES[form]
    for setting in (0, -1)
]
FINEST = {"note": 2e-6}
"""Token counts are weighed in 32 bits in Python."""


@pytest.fixture(scope="module", params=KINDS)
def made(request):
    return learned(request.param, ["cells", "note", "steps", "voice"])


@pytest.mark.parametrize(("modality", "family", "setting"), CASES)
def test_every_family_answers_alike(made, modality, family, setting):
    encodings, blocks, part = made
    own = single(blocks, part, modality, family, setting)
    said = own.predictor.predict(blocks, np.arange(len(part.y)))
    assert said.std(axis=0).min() > 0.001
    other = "cells" if modality != "cells" else "voice"
    model = model_of(
        {m: encodings[m] for m in (modality, other)},
        part,
        {f"{modality}/{family}": own, f"{other}/linear": single(blocks, part, other)},
    )
    found = parity_of(model, {m: blocks[m] for m in (modality, other)})
    assert found.largest <= FINEST.get(modality, 1e-9)
    assert found.rows == len(part.y)
    assert found.on_edge == 0 or modality in ("note", "steps")


@pytest.mark.parametrize("kind", ["binary", "regression"])
def test_of_rows_as_near_as_each_other_the_same_are_taken(kind):
    rng = np.random.default_rng(0)
    tells = np.arange(200) % 2
    vectors = rng.normal(size=(200, 4)).round(1) + tells[:, None]
    vectors[::3], vectors[1::5] = vectors[0], vectors[1]  # more of each than there are neighbours
    table = pa.table({"own": vectors.tolist(), "other": rng.normal(size=(200, 3)).tolist()})
    encodings, blocks = learn_encodings(table, {m: fw.Embedding(m) for m in ("own", "other")})
    y = tells if kind == "binary" else 3.0 * tells + rng.normal(size=200)
    task = Task("binary", ("no", "yes")) if kind == "binary" else Task(kind, variance=float(y.var()))
    part = whole_part(y, task, 0)
    singles = {
        "own/neighbours": single(blocks, part, "own", "neighbours"),
        "other/linear": single(blocks, part, "other"),
    }
    assert parity_of(model_of(encodings, part, singles), blocks).largest <= 1e-9


def test_a_class_that_a_modality_never_saw_gets_its_small_share():
    encodings, blocks, part = learned("multiclass", ["voice", "cells"])
    here = blocks["voice"]["vectors"].present & (part.y != 2)
    blocks["voice"] = {"vectors": replace(blocks["voice"]["vectors"], present=here)}
    own = single(blocks, part, "voice")
    assert len(own.predictor.model.classes_) == 2
    model = model_of(
        encodings, part, {"voice/linear": own, "cells/boosting": single(blocks, part, "cells", "boosting")}
    )
    assert parity_of(model, blocks).largest < 1e-9


def test_principal_components_and_many_tokens_answer_alike():
    rng = np.random.default_rng(0)
    encodings, blocks, part = learned("binary", ["voice", "cells"])
    wide = np.where(blocks["voice"]["vectors"].present[:, None], rng.normal(size=(len(part.y), 90)), 0.0)
    blocks["voice"] = {"vectors": replace(blocks["voice"]["vectors"], values=wide)}
    encodings["voice"] = {"vectors": replace(encodings["voice"]["vectors"], width=90)}
    own = single(blocks, part, "voice", "boosting", -1)
    assert own.predictor.features.pca_ is not None
    model = model_of(encodings, part, {"voice/boosting": own, "cells/forest": single(blocks, part, "cells", "forest")})
    assert parity_of(model, blocks).largest < 1e-9


def test_too_many_neighbours_or_leaves_are_refused(monkeypatch):
    encodings, blocks, part = learned("binary", ["voice", "cells"])
    singles = {f"{m}/{f}": single(blocks, part, m, f) for m, f in (("voice", "neighbours"), ("cells", "forest"))}
    model = model_of(encodings, part, singles)
    monkeypatch.setattr("fuseworthy.deploy.export.neighbours.MOST_ROWS", 50)
    with pytest.raises(InputError, match="at most 50 stored rows, but have 1"):
        parity_of(model, blocks)
    monkeypatch.setattr("fuseworthy.deploy.export.neighbours.MOST_ROWS", 500)
    monkeypatch.setattr("fuseworthy.deploy.export.trees.MOST_LEAVES", 50)
    with pytest.raises(InputError, match="at most 50 leaves"):
        parity_of(model, blocks)


def test_everything_that_a_folder_keeps_has_a_form_here():
    kept = {name.split(".")[-1] for name in OURS}
    known = {*PREDICTORS, *FEATURES, *POOLS, "Calibrator", "Layout", "BlockPenalised", "Task"}
    assert kept - known == set()


def test_every_learner_of_the_catalogue_has_a_form():
    for kind in KINDS:
        task = Task(kind, {"binary": ("a", "b"), "multiclass": ("a", "b", "c")}.get(kind, ()))
        for families in FAMILIES.values():
            for family in families:
                assert type(family.estimator(task, family.settings[0], 0, [])).__name__ in LEARNERS
                assert family.features.__name__ in FEATURES
