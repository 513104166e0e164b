"""The reviewed list has the types that models hold, each in the way it is built, and no other."""

import json
from collections import defaultdict
from dataclasses import replace

import pytest
from signed_folders import entries_of
from small_models import KINDS, SEQUENCES, THREE, learned, model_of

from fuseworthy.deploy.parts import dump_part
from fuseworthy.deploy.trusted import BUILT, TRUSTED
from fuseworthy.strategies.custom import as_strategy
from fuseworthy.strategies.part import Constant
from fuseworthy.strategies.singles import Singles
from fuseworthy.strategies.strategy import NAMED


def held(schema, found):
    if isinstance(schema, dict):
        if "__loader__" in schema:
            found[schema["__loader__"]].add(f"{schema['__module__']}.{schema['__class__']}")
        for below in schema.values():
            held(below, found)
    elif isinstance(schema, list):
        for below in schema:
            held(below, found)


@pytest.fixture(scope="module")
def kept():
    """Everything that a study can deploy, as files: way of building -> types."""
    from sklearn.linear_model import LogisticRegression

    parts = [model_of("interleaved", names=SEQUENCES).fusion[1]]
    parts += [Constant(learned("binary", THREE)[3].prior), model_of(as_strategy(LogisticRegression())).fusion[1]]
    _, blocks, _, part = learned("multiclass", THREE)
    photo = blocks["photo"]["vectors"]
    lone = {"photo": {"vectors": replace(photo, present=photo.present & (part.y == 1))}}
    parts += [Singles(lone, part)["photo/linear"].predictor]
    for kind in KINDS:
        for names in (THREE, SEQUENCES):
            parts += [single.predictor for single in learned(kind, names)[2].values()]
            some = [*NAMED, "concat"] if kind == "binary" else ["stacking", "early-linear"]
            fusions = some if names == THREE else []
            parts += [model_of(name, kind, names).fusion[1] for name in fusions]
    found = defaultdict(set)
    for part in parts:
        held(json.loads(entries_of(dump_part(part)["skops"])["schema.json"]), found)
    return found


def test_models_hold_no_type_that_is_not_on_the_list(kept):
    assert {loader: types - BUILT.get(loader, set()) for loader, types in kept.items()} == {
        loader: set() for loader in kept
    }


def test_no_type_is_on_the_list_that_no_model_holds(kept):
    assert {loader: set(types) - kept[loader] for loader, types in BUILT.items()} == {loader: set() for loader in BUILT}


def test_the_list_names_nothing_that_runs_what_it_is_given():
    callables = {"functools.partial", "sklearn.utils.validation.check_array"}
    functions = {name for name in TRUSTED if name.rsplit(".", 1)[1].islower() and not name.startswith("builtins.")}
    assert functions - {"numpy.ndarray", "numpy.float32", "numpy.float64", "numpy.int64", "numpy.uint64"} == callables
