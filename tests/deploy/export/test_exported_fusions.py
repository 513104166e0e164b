"""Every pool and early fusion answers in ONNX as in Python; what has no form in ONNX is refused by name."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from exported_models import KINDS, learned, model_of, parity_of, single

from fuseworthy.deploy.export.pools import Voices, pooled
from fuseworthy.errors import InputError
from fuseworthy.strategies import late
from fuseworthy.strategies.custom import Concatenated
from fuseworthy.strategies.early import fit_early_boosting, fit_early_linear
from fuseworthy.strategies.families import FAMILIES
from fuseworthy.strategies.part import presence

pytest.importorskip("onnx")

NAMES = ["cells", "note", "voice"]
POOLS = {
    "mean": late.fit_mean,
    "weighted-mean": late.fit_weighted,
    "greedy": late.fit_greedy,
    "log-pool": late.fit_log_pool,
    "stacking": late.fit_stacking,
    "one stacker": lambda members, part: late.stack(members, part)[1],
}


@pytest.fixture(scope="module", params=KINDS)
def made(request):
    encodings, blocks, part = learned(request.param, NAMES)
    families = {"cells": "boosting", "note": "linear", "voice": "linear"}
    singles = {f"{m}/{f}": single(blocks, part, m, f) for m, f in families.items()}
    return encodings, blocks, part, singles


def members_of(blocks, part, singles):
    return late.gather(singles, {m: presence(views) for m, views in blocks.items()}, part)


@pytest.mark.parametrize("pool", POOLS)
def test_every_pool_answers_alike(made, pool):
    encodings, blocks, part, singles = made
    fitted = POOLS[pool](members_of(blocks, part, singles), part)
    found = parity_of(model_of(encodings, part, singles, fitted.predictor), blocks)
    assert found.largest < 2e-6
    assert found.on_edge == 0


def test_several_members_of_one_modality_are_heard_as_one(made):
    encodings, blocks, part, singles = made
    more = singles | {"voice/neighbours": single(blocks, part, "voice", "neighbours")}
    fitted = late.fit_mean(members_of(blocks, part, more), part)
    assert parity_of(model_of(encodings, part, singles, fitted.predictor), blocks).largest < 2e-6


def test_stacking_that_learned_patterns_by_themselves_answers_alike():
    encodings, blocks, part = learned("binary", ["cells", "voice"])
    singles = {f"{m}/linear": single(blocks, part, m) for m in ("cells", "voice")}
    fitted = late.fit_stacking(members_of(blocks, part, singles), part)
    # as if every set had been learned by itself
    own = {key: replace_model(fitted.predictor.pool.general_, key) for key in ("10", "01", "11")}
    fitted.predictor.pool.own_ = own
    assert parity_of(model_of(encodings, part, singles, fitted.predictor), blocks).largest < 1e-9


def replace_model(general, key):
    from copy import copy

    width = key.count("1")
    made = copy(general)
    made.flagged_, made.scale_ = np.empty(0, dtype=int), np.full(width, 0.5)
    made.model_ = copy(general.model_)
    made.model_.coef_, made.model_.n_features_in_ = general.model_.coef_[:, :width] + len(key), width
    return made


@pytest.mark.parametrize("names", [["cells", "voice"], NAMES, ["cells", "steps"]])
@pytest.mark.parametrize("kind", KINDS)
def test_early_linear_answers_alike(kind, names):
    encodings, blocks, part = learned(kind, names)
    singles = {f"{m}/linear": single(blocks, part, m) for m in names}
    families = {m: FAMILIES[next(iter(blocks[m].values())).form][0] for m in names}
    families = {m: replace(family, view=next(iter(blocks[m]))) for m, family in families.items()}
    chosen = {m: (family, {"C": 1.0}) for m, family in families.items()}
    fitted = fit_early_linear(blocks, part, chosen, names[0])
    assert parity_of(model_of(encodings, part, singles, fitted.predictor), blocks).largest < 2e-6


@pytest.mark.parametrize("kind", KINDS)
def test_early_boosting_answers_alike(kind):
    names = ["cells", "note", "steps", "voice"]
    encodings, blocks, part = learned(kind, names)
    singles = {f"{m}/linear": single(blocks, part, m) for m in names}
    fitted = fit_early_boosting(blocks, part)
    assert len(fitted.predictor.layout.categorical) == 1
    assert parity_of(model_of(encodings, part, singles, fitted.predictor), blocks).largest < 2e-6


def test_an_estimator_of_ones_own_is_exported_if_it_is_known_and_refused_by_name_if_not():
    from sklearn.linear_model import LogisticRegression
    from sklearn.naive_bayes import GaussianNB

    encodings, blocks, part = learned("binary", ["cells", "voice"])
    singles = {f"{m}/linear": single(blocks, part, m) for m in ("cells", "voice")}
    known, unknown = (Concatenated(own).fit(blocks, singles, part) for own in (LogisticRegression(), GaussianNB()))
    assert parity_of(model_of(encodings, part, singles, known.predictor), blocks).largest < 1e-9
    with pytest.raises(InputError, match=r"one of scikit-learn's .*, but GaussianNB came\. Deploy a strategy"):
        parity_of(model_of(encodings, part, singles, unknown.predictor), blocks)


def test_strange_predictors_pools_and_features_are_refused_by_name(made):
    encodings, blocks, part, singles = made
    with pytest.raises(InputError, match="but leaves a SimpleNamespace"):
        parity_of(model_of(encodings, part, singles, SimpleNamespace()), blocks)
    with pytest.raises(InputError, match=r"a pool to be exported must be among .*, but SimpleNamespace came"):
        pooled(SimpleNamespace(), Voices(None, [], []), part.task)
    with pytest.raises(InputError, match="at most 12 members, but has 13"):
        pooled(SimpleNamespace(), Voices(None, [""] * 13, []), part.task)
    own = replace(singles["voice/linear"].predictor, features=SimpleNamespace())
    strange = singles | {"voice/linear": replace(singles["voice/linear"], predictor=own)}
    with pytest.raises(InputError, match="but SimpleNamespace came"):
        parity_of(model_of(encodings, part, strange), blocks)
