"""Pictures, sounds and films through pretrained networks: numbers, batches, times, and what is refused."""

import importlib.util
import sys

import numpy as np
import pyarrow as pa
import pytest

import fuseworthy as fw
from fuseworthy.datasets import DownloadError
from fuseworthy.datasets.packages import Package, fetch
from fuseworthy.inputs.encode import encode_rows, encoding_from_dict, learn_encodings
from fuseworthy.inputs.encoded import encode_modalities
from fuseworthy.inputs.encoders.squares import central_square
from made_files import encoded, film_bytes, picture_bytes, pixels, sound_bytes
from tiny_models import pair_model, sound_model, vision_model

REFERENCE = Package(
    "efficientnet-lite-pytorch",
    "0.1.0",
    "ce0fe869b0e829aceafc32f84275a40c0e3418d19216401b03f695f5f20cbc41",
    (
        "efficientnet_lite_pytorch/__init__.py",
        "efficientnet_lite_pytorch/model.py",
        "efficientnet_lite_pytorch/utils.py",
    ),
)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("models")
    return {"vit": vision_model(root / "vit"), "clip": pair_model(root / "clip"), "sound": sound_model(root / "sound")}


@pytest.fixture(scope="module")
def network():
    try:
        from fuseworthy.inputs.encoders.efficientnet import load_network

        return load_network()
    except DownloadError as error:
        pytest.skip(f"the weights cannot be downloaded: {error}")


def test_efficientnet_gives_the_numbers_of_the_reference(network, monkeypatch):
    import torch

    from fuseworthy.inputs.encoders.efficientnet import FILE, WEIGHTS

    try:
        spec = importlib.util.spec_from_file_location("reference", fetch(REFERENCE) / "__init__.py")
    except DownloadError as error:
        pytest.skip(f"the reference cannot be downloaded: {error}")
    reference = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "reference", reference)
    spec.loader.exec_module(reference)
    other = reference.EfficientNet.from_name("efficientnet-lite0").eval()
    other.load_state_dict(torch.load(fetch(WEIGHTS) / FILE, weights_only=True))
    square = central_square(pixels(3, 80, 120))
    given = (torch.from_numpy(square[None].copy()).permute(0, 3, 1, 2).float() - 127) / 128
    with torch.no_grad():
        wanted = other.extract_features(given).mean(dim=(2, 3))
        found = network(given)[1]
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-4)


def test_efficientnet_reads_pictures_whole_and_in_cells_whatever_is_beside_them(network):
    cells = [picture_bytes(0), None, b"no picture", *(picture_bytes(seed) for seed in range(1, 20)), picture_bytes(0)]
    blocks = encoded(fw.Image, cells, encoders=("statistics", "efficientnet", "efficientnet-patches"))
    whole, parts = blocks["efficientnet"], blocks["efficientnet-patches"]
    assert whole.values.shape == (23, 1280)
    assert parts.values.shape == (23, 49, 320)
    assert (whole.form, parts.form, parts.times) == ("vectors", "tokens", None)
    assert whole.present.tolist() == blocks["statistics"].present.tolist() == [True, False, False] + [True] * 20
    assert whole.meta["unreadable"]["count"] == 1
    np.testing.assert_allclose(whole.values[0], whole.values[-1], atol=1e-4)
    alone = encoded(fw.Image, [picture_bytes(7)], encoders=("efficientnet",))["efficientnet"]
    np.testing.assert_allclose(alone.values[0], whole.values[9], atol=1e-4)


@pytest.mark.parametrize("model", ["vit", "clip"])
def test_vision_transformers_give_a_summary_and_patches(folders, model):
    import torch
    import transformers
    from PIL import Image

    folder = folders[model]
    both = encoded(fw.Image, [picture_bytes(1), None], encoders=(f"hf:{folder}", f"hf-patches:{folder}"))
    whole, parts = both[f"hf-{model}"], both[f"hf-patches-{model}"]
    assert whole.values.shape == (2, 16)
    assert parts.values.shape == (2, 17, 16)
    reference = transformers.AutoModel.from_pretrained(folder).eval()
    reference = getattr(reference, "vision_model", reference)
    processor = transformers.AutoImageProcessor.from_pretrained(folder, backend="pil")
    with torch.no_grad():
        found = reference(**processor(images=Image.fromarray(pixels(1)), return_tensors="pt"))
    np.testing.assert_allclose(whole.values[0], found.pooler_output[0], atol=1e-5)
    np.testing.assert_allclose(parts.values[0], found.last_hidden_state[0], atol=5e-3)


def test_several_pictures_a_row_are_averaged_or_follow_each_other(folders):
    cells = [[picture_bytes(1), picture_bytes(2)], [picture_bytes(1)]]
    encoders = (f"hf:{folders['vit']}", f"hf-patches:{folders['vit']}")
    both = encoded(fw.Image, cells, encoders=encoders, pool="mean")
    single = encoded(fw.Image, [picture_bytes(1), picture_bytes(2)], encoders=encoders)
    np.testing.assert_allclose(both["hf-vit"].values[0], single["hf-vit"].values.mean(axis=0), atol=1e-5)
    assert both["hf-patches-vit"].mask.sum(axis=1).tolist() == [34, 17]


def test_audio_transformers_give_a_mean_and_frames_with_times(folders):
    encoders = (f"hf:{folders['sound']}", f"hf-frames:{folders['sound']}")
    short = np.zeros(400, dtype=np.float32)
    both = encoded(fw.Audio, [sound_bytes(), None, sound_bytes(short)], encoders=encoders)
    whole, frames = both["hf-sound"], both["hf-frames-sound"]
    assert whole.values.shape == (3, 16)
    assert whole.present.tolist() == [True, False, True]
    assert frames.mask.sum(axis=1).max() <= 100
    moments = frames.times[0][frames.mask[0]]
    assert (np.diff(moments) > 0).all()
    assert 0 < moments[0] < 0.05
    assert 0.45 < moments[-1] < 0.5


def test_sound_at_another_rate_than_the_model_s_is_refused(folders):
    with pytest.raises(fw.FuseworthyError, match="Pass rate=16000"):
        encoded(fw.Audio, [sound_bytes(rate=8000)], encoders=(f"hf:{folders['sound']}",), rate=8000)


def test_films_are_read_frame_by_frame_with_the_frames_times(folders):
    encoders = ("frames", f"hf:{folders['vit']}", f"hf-frames:{folders['vit']}")
    blocks = encoded(fw.Video, [film_bytes(seconds=1.5), film_bytes(seconds=0.6)], encoders=encoders)
    frames = blocks["hf-frames-vit"]
    assert np.array_equal(frames.mask, blocks["frames"].mask)
    assert np.array_equal(frames.times, blocks["frames"].times)
    mean = frames.values[0][frames.mask[0]].astype(np.float64).mean(axis=0)
    np.testing.assert_allclose(blocks["hf-vit"].values[0], mean, atol=5e-3)


def test_what_was_learned_reads_new_pictures_and_the_cache_is_used(folders, tmp_path, monkeypatch):
    table = pa.table({"p": [picture_bytes(1), picture_bytes(2), None]})
    modalities = {"p": fw.Image("p", encoders=(f"hf:{folders['vit']}", "patches"))}
    encodings, blocks = learn_encodings(table, modalities)
    again = {"p": {view: encoding_from_dict(e.to_dict()) for view, e in encodings["p"].items()}}
    part = encode_rows(table.slice(1), again)["p"]["hf-vit"]
    np.testing.assert_allclose(part.values, blocks["p"]["hf-vit"].values[1:], atol=1e-5)
    first = encode_modalities(table, modalities, tmp_path)[1]
    monkeypatch.setattr("fuseworthy.inputs.encoders.recordings.encode_recording", None)
    assert encode_modalities(table, modalities, tmp_path)[1] == first


def test_a_picture_that_many_rows_share_is_decoded_once(monkeypatch):
    from fuseworthy.inputs.media import decoding

    seen, real = [], decoding.describe_row
    monkeypatch.setattr(decoding, "describe_row", lambda *a: seen.append(1) or real(*a))
    cells = [picture_bytes(1), picture_bytes(2), None, b"bad"] * 5
    block = encoded(fw.Image, cells)["patches"]
    assert len(seen) == 4
    assert block.present.tolist() == [True, True, False, False] * 5
    assert block.meta["unreadable"]["rows"] == [4, 8, 12, 16, 20]
    assert np.array_equal(block.values[:4], block.values[4:8])
