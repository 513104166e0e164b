"""Encoders trained with their fusion: they see what frozen statistics do not, and only what should learn does."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

import fuseworthy as fw
from fuseworthy.errors import InputError
from fuseworthy.folds import make_folds
from fuseworthy.inputs.blocks import Block
from fuseworthy.inputs.encoded import encode_modalities, encode_raw
from fuseworthy.inputs.encoders.raw import trainable_encoder
from fuseworthy.strategies.early import fit_early_boosting
from fuseworthy.strategies.part import make_part
from fuseworthy.strategies.strategy import strategy_named
from fuseworthy.strategies.training.recipe import Recipe
from fuseworthy.strategies.trunks import make_encoder
from fuseworthy.strategies.tuned import LAST, LORA, SCRATCH, Trainable, Tuned, read_by_networks
from fuseworthy.task import Task
from red_and_green import red_and_green
from tiny_models import pair_model, text_model, vision_model

CONV = {"photo": Trainable("image", "conv", SCRATCH)}
BRIEF = Recipe(rate=3e-3, batch=32, epochs=3, patience=3, warm_up=5)
WORDS = ["a red cat", "the blue dog is in", "", "on the dog", "a cat", "red", "the cat is blue", "in a dog"] * 8


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("models")
    return {
        "text": text_model(root / "bert"),
        "image": vision_model(root / "vit"),
        "pair": pair_model(root / "clip"),
    }


def blocks_of(table, modalities, root):
    frozen, _ = encode_modalities(table, modalities, root)
    raw, _ = encode_raw(table, modalities, {m: e for m, o in modalities.items() if (e := trainable_encoder(o))}, root)
    return {m: views | ({raw[m].view: raw[m]} if m in raw else {}) for m, views in frozen.items()}, frozen


def part_of(y, task, inner=2):
    part = make_part(y, task, make_folds(y, task, n_folds=3, n_repeats=1), 0, 0, 0)
    return replace(part, inner=np.arange(len(part.train)) % inner)


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """The blocks of a task that pixels alone can tell, with and without the pixels, and a part of it."""
    table, task = red_and_green(330), Task("binary", ("no", "yes"))
    modalities = {"photo": fw.Image("photo"), "question": fw.Tabular("question")}
    blocks, frozen = blocks_of(table, modalities, tmp_path_factory.mktemp("cache"))
    return blocks, frozen, part_of(np.array([y == "yes" for y in table["y"].to_pylist()]).astype(int), task)


def right(fitted, part):
    return float((fitted.test.argmax(axis=1) == part.y[part.test]).mean())


@pytest.fixture(scope="module")
def learned(seen):
    blocks, _, part = seen
    recipe = Recipe(rate=5e-3, batch=16, epochs=12, patience=12, warm_up=20)
    return Tuned(CONV, recipe).fit(blocks, {}, part)


def test_pixels_and_a_question_are_understood_together_where_frozen_statistics_are_blind(seen, learned):
    _, frozen, part = seen
    assert right(learned, part) > 0.9
    assert right(learned, part) > right(fit_early_boosting(frozen, part), part) + 0.15
    assert learned.setting["trained"] == learned.cost.parameters > 50_000
    assert set(learned.setting["shares"]) == {"photo", "question"}


def test_any_modality_may_be_absent_and_a_row_with_none_gets_the_prior(seen, learned):
    blocks, _, part = seen

    def ask(*hidden):
        nobody = np.zeros(len(part.y), dtype=bool)
        own = {
            m: {v: replace(b, present=nobody) if m in hidden else b for v, b in views.items()}
            for m, views in blocks.items()
        }
        return learned.predictor.predict(own, part.test)

    assert 0.6 < (ask("question").argmax(axis=1) == part.y[part.test]).mean() < 0.9
    assert (ask("photo").argmax(axis=1) == part.y[part.test]).mean() < 0.7
    np.testing.assert_array_equal(ask("photo", "question"), part.constant(len(part.test)))


def test_frozen_views_are_read_of_the_others_and_pixels_of_those_that_learn(seen):
    blocks, frozen, part = seen
    found = read_by_networks(blocks, {}, part)
    assert {m: [b.form for b in views.values()] for m, views in found.items()} == {
        "photo": ["raw"],
        "question": ["cells"],
    }
    assert all(b.form != "raw" for views in frozen.values() for b in views.values())


def texts(folders, tmp_path, kind="binary"):
    """A small table of texts, some of them missing, and numbers."""
    rng = np.random.default_rng(0)
    table = pa.table({"note": WORDS, "size": rng.normal(size=len(WORDS))})
    modalities = {"note": fw.Text("note", encoders=("tfidf", f"hf:{folders['text']}")), "size": fw.Tabular("size")}
    blocks, _ = blocks_of(table, modalities, tmp_path)
    y = np.array(["red" in w or "dog" in w for w in WORDS]).astype(int)
    if kind == "regression":
        return blocks, part_of(y + 0.1 * rng.normal(size=len(y)), Task("regression", variance=0.3))
    return blocks, part_of(y, Task("binary", ("no", "yes")))


def trained_text(folders, tmp_path, way, kind="binary", blocks=None):
    own, part = texts(folders, tmp_path, kind)
    encoders = {"note": Trainable("text", f"hf:{folders['text']}", way)}
    return Tuned(encoders, BRIEF).fit(blocks or own, {}, part), own, part


def parameters_of(fitted):
    return [dict(module.encoders["0"].model.named_parameters()) for module in fitted.predictor.modules]


def test_only_the_last_layers_learn_and_networks_share_the_rest_unchanged(folders, tmp_path):
    before = {n: p.clone() for n, p in make_encoder("text", f"hf:{folders['text']}", LAST).model.named_parameters()}
    fitted, _, part = trained_text(folders, tmp_path, LAST)
    first, second = parameters_of(fitted)
    moved = {name for name, p in first.items() if not p.equal(before[name])}
    assert moved == {name for name in first if name.startswith("encoder.layer.")}
    assert all((first[n] is second[n]) is (n not in moved) for n in first)
    assert all(first[n].requires_grad is (n in moved) for n in first)
    rates = fitted.predictor.modules[0].rates
    assert {rates[f"encoders.0.model.{name}"] for name in moved} == {5e-5}
    assert fitted.setting["frozen"] > 0
    assert np.isfinite(fitted.test).all()
    assert fitted.test.shape == (len(part.test), 2)


def test_lora_learns_thin_matrices_beside_the_attention_alone(folders, tmp_path):
    pytest.importorskip("peft", reason="the extra lora is not installed")
    fitted, _, _ = trained_text(folders, tmp_path, LORA)
    first, second = parameters_of(fitted)
    learning = [name for name, p in first.items() if p.requires_grad]
    assert learning
    assert all("lora_" in name and "attention" in name for name in learning)
    plain = dict(make_encoder("text", f"hf:{folders['text']}", LAST).model.named_parameters())
    for name, p in first.items():
        if "lora_" not in name:
            assert p is second[name]
            assert p.equal(plain[name.replace(".base_layer", "")])
    assert any((first[n] != 0).any() for n in learning if "lora_B" in n)


def test_what_stands_in_absent_rows_changes_nothing(folders, tmp_path):
    plain, blocks, part = trained_text(folders, tmp_path, LAST)
    assert not blocks["note"]["counts"].present.all()
    other = {m: dict(views) for m, views in blocks.items()}
    raw: Block = other["note"]["token-numbers"]
    values = np.array(raw.values)
    values[~raw.present] = 3
    mask = np.array(raw.mask)
    mask[~raw.present] = True
    other["note"]["token-numbers"] = replace(raw, values=values, mask=mask)
    again, _, _ = trained_text(folders, tmp_path, LAST, blocks=other)
    np.testing.assert_array_equal(plain.test, again.test)
    assert len(part.test) == len(again.test)


def test_a_number_is_predicted_too(folders, tmp_path):
    fitted, _, part = trained_text(folders, tmp_path, LAST, "regression")
    assert fitted.test.shape == (len(part.test), 1)
    assert np.isfinite(fitted.test).all()


@pytest.mark.parametrize("model", ["image", "pair"])
def test_pictures_go_through_the_model_as_the_frozen_encoder_sends_them(model, folders, tmp_path):
    import torch

    table = red_and_green(6)
    name = f"hf-patches:{folders[model]}"
    blocks, _ = blocks_of(table, {"photo": fw.Image("photo", encoders=("statistics", name))}, tmp_path)
    views = {block.form: block for block in blocks["photo"].values()}
    encoder = make_encoder("image", f"hf:{folders[model]}", LAST)
    with torch.no_grad():
        states, mask = encoder(torch.from_numpy(np.array(views["raw"].values)))
    assert mask is None
    assert encoder.width == states.shape[2]
    np.testing.assert_allclose(states.numpy(), views["tokens"].values, atol=0.02)


def test_an_estimator_says_that_a_study_trains_encoders():
    with pytest.raises(InputError, match="tune_encoders=True"):
        strategy_named("tuned")


def test_a_model_without_layers_is_refused(folders, monkeypatch):
    import torch

    from fuseworthy.strategies import trunks

    monkeypatch.setattr(trunks, "_loaded", lambda kind, encoder: trunks.TextTrunk(torch.nn.Linear(2, 2), 2))
    with pytest.raises(InputError, match="must have a list of layers"):
        make_encoder("text", "hf:flat", LAST)
