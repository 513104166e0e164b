"""Exports to be served: one of ready vectors, one of texts, cells, vectors and sequences, and one of a number."""

import io

import numpy as np
import pyarrow as pa
import pytest
from live_servers import serving
from small_models import THREE, model_of
from stacked_models import stacked

import fuseworthy as fw
from made_files import film_bytes, sound_bytes, tone
from quick_learners import quick_learners

MIXED = (*THREE, "clip")


@pytest.fixture(scope="session")
def vectors(tmp_path_factory):
    """A model of two ready vectors, its table and its export."""
    rng = np.random.default_rng(0)
    label = np.arange(160) % 2
    columns = {m: (label[:, None] + rng.normal(size=(160, d))).tolist() for m, d in (("voice", 5), ("face", 3))}
    table = pa.table(columns | {"sick": np.array(["no", "yes"])[label].tolist()})
    modalities = {"voice": fw.Embedding("voice"), "face": fw.Embedding("face")}
    model, folder = stacked(table, "sick", modalities, tmp_path_factory.mktemp("vectors") / "export")
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


@pytest.fixture(scope="session")
def pictured(tmp_path_factory):
    """A model of a picture and a text, its table (pictures as bytes) and its export."""
    pytest.importorskip("PIL")
    rng = np.random.default_rng(0)
    label = np.arange(80) % 2
    table = pa.table(
        {
            "photo": [picture(40 + 120 * c + int(rng.integers(0, 60))) for c in label],
            "words": [f"{'dark' if c == 0 else 'light'} {rng.choice(['shirt', 'shoe', 'hat'])}" for c in label],
            "kind": np.array(["night", "day"])[label].tolist(),
        }
    )
    modalities = {"photo": fw.Image("photo", encoders=("statistics",)), "words": fw.Text("words")}
    model, folder = stacked(table, "kind", modalities, tmp_path_factory.mktemp("pictured") / "export")
    return model, table, folder


def picture(grey):
    """A PNG of 16 × 16 with a gradient around a grey."""
    from PIL import Image

    values = np.clip(grey + np.add.outer(np.arange(16), np.arange(16)), 0, 255).astype(np.uint8)
    sink = io.BytesIO()
    Image.fromarray(np.stack([values] * 3, axis=-1)).save(sink, "PNG")
    return sink.getvalue()


@pytest.fixture(scope="session")
def recorded(tmp_path_factory):
    """A model of a sound, a film and a series (as bytes, bytes and lists), its table and its export."""
    pytest.importorskip("soundfile")
    pytest.importorskip("av")
    rng = np.random.default_rng(0)
    label = np.arange(48) % 2
    hertz = 300 + 500 * label + rng.integers(0, 200, 48)
    table = pa.table(
        {
            "call": [sound_bytes(tone(hertz=h, seconds=0.3)) for h in hertz],
            "clip": [film_bytes(0.6, seed=int(s), sound=False) for s in label + 2 * rng.integers(0, 2, 48)],
            "motion": [(c + rng.normal(size=40)).tolist() for c in label],
            "bird": np.array(["owl", "wren"])[label].tolist(),
        }
    )
    modalities = {"call": fw.Audio("call"), "clip": fw.Video("clip"), "motion": fw.Series("motion", rate=20)}
    model, folder = stacked(table, "bird", modalities, tmp_path_factory.mktemp("recorded") / "export")
    return model, table, folder
