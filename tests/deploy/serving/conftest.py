"""Exports to be served: one of ready vectors, one of texts, cells, vectors and sequences, and one of a number."""

import numpy as np
import pyarrow as pa
import pytest
from live_servers import serving
from small_models import THREE, model_of, quick_learners

import fuseworthy as fw

MIXED = (*THREE, "clip")


@pytest.fixture(scope="session")
def vectors(tmp_path_factory):
    """A model of two ready vectors, its table and its export."""
    rng = np.random.default_rng(0)
    label = np.arange(160) % 2
    columns = {m: (label[:, None] + rng.normal(size=(160, d))).tolist() for m, d in (("voice", 5), ("face", 3))}
    table = pa.table(columns | {"sick": np.array(["no", "yes"])[label].tolist()})
    modalities = {"voice": fw.Embedding("voice"), "face": fw.Embedding("face")}
    study = fw.compare(
        table, "sick", modalities=modalities, strategies=["stacking"], folds=3, repeats=1, attribution=False
    )
    model = study.deploy("stacking")
    folder = tmp_path_factory.mktemp("vectors") / "export"
    model.export(folder)
    return model, table, folder


@pytest.fixture(scope="session")
def mixed(tmp_path_factory):
    """A model of texts, cells, vectors and sequences, and its export."""
    with quick_learners():
        model = model_of("early-linear", names=MIXED)
        folder = tmp_path_factory.mktemp("mixed") / "export"
        model.export(folder)
    return model, folder


@pytest.fixture(scope="session")
def number(tmp_path_factory):
    """A model of a number."""
    with quick_learners():
        model = model_of("stacking", "regression")
        folder = tmp_path_factory.mktemp("number") / "export"
        model.export(folder)
    return model, folder


@pytest.fixture(scope="session")
def client(vectors):
    """A server of ready vectors, as it is set by default."""
    with serving(vectors[2]) as found:
        yield found


@pytest.fixture(scope="session")
def mixed_client(mixed):
    with serving(mixed[1]) as found:
        yield found
