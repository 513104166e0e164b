"""Sequences of vectors: pooled for learners that want one vector a row, and whole for networks."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

import fuseworthy as fw
from fuseworthy.datasets.synthetic import pointer
from fuseworthy.folds import make_folds
from fuseworthy.inputs.blocks import Block
from fuseworthy.inputs.encode import encode_rows, learn_encodings
from fuseworthy.strategies.early import REDUCED, best_linear, fit_early_boosting, fit_early_linear
from fuseworthy.strategies.families import FAMILIES
from fuseworthy.strategies.features import Leveled, ScaledVectors, TokenVectors, WideVectors
from fuseworthy.strategies.part import make_part
from fuseworthy.strategies.singles import fit_singles
from fuseworthy.task import Task

BINARY = Task("binary", ("a", "b"))


def clips(n: int = 240, seed: int = 0, width: int = 3, scale: float = 1.0) -> tuple[np.ndarray, Block]:
    """A target, and sequences whose mean tells it; some rows have none."""
    rng = np.random.default_rng(seed)
    y, counts = rng.integers(0, 2, n), rng.integers(0, 6, n)
    mask = np.arange(5) < counts[:, None]
    values = np.where(mask[:, :, None], scale * (y[:, None, None] + rng.normal(size=(n, 5, width))), 0.0)
    times = np.where(mask, np.cumsum(rng.random((n, 5)), axis=1), 0.0).astype(np.float32)
    return y, Block("clip", "tokens", values.astype(np.float32), counts > 0, {}, mask, times)


def problem():
    y, block = clips()
    label = Block("v", "vectors", np.random.default_rng(1).normal(size=(len(y), 2)) + y[:, None], block.present | True)
    part = make_part(y, BINARY, make_folds(y, BINARY, n_folds=4, n_repeats=1), 0, 0, 0)
    return part, {"clip": {"tokens": block}, "v": {"vectors": label}}


def padded(block: Block) -> Block:
    """The same sequences with more padding, and rubbish in all of it."""
    n, _, d = block.values.shape
    values = np.concatenate([block.values, np.zeros((n, 3, d), np.float32)], axis=1)
    mask = np.concatenate([block.mask, np.zeros((n, 3), bool)], axis=1)
    times = np.concatenate([block.times, np.zeros((n, 3), np.float32)], axis=1)
    return replace(
        block,
        values=np.where(mask[:, :, None], values, 1e6).astype(np.float32),
        mask=mask,
        times=np.where(mask, times, -7),
    )


def small(kind, inputs, outputs):
    return kind(inputs=inputs, outputs=outputs, width=16)


def flat(block: Block) -> Block:
    return Block(block.modality, "vectors", block.pooled, block.present)


def test_sequences_have_the_families_and_settings_of_vectors():
    for pooled, plain in zip(FAMILIES["tokens"], FAMILIES["vectors"], strict=True):
        assert (pooled.name, pooled.settings, pooled.rank) == (plain.name, plain.settings, plain.rank)
        assert pooled.view == "tokens"


@pytest.mark.parametrize("kind", [ScaledVectors, WideVectors, REDUCED["tokens"]])
def test_pooled_features_are_those_of_mean_and_maximum_as_vectors(kind):
    _, block = clips()
    rows = np.flatnonzero(block.present)
    one = kind().fit(block, rows, 0).transform(block, rows)
    np.testing.assert_array_equal(one, kind().fit(flat(block), rows, 0).transform(flat(block), rows))
    assert one.shape[1] == 6


def test_singles_and_early_fusion_are_the_same_on_sequences_as_on_their_pooled_vectors():
    part, blocks = problem()
    other = {**blocks, "clip": {"vectors": flat(blocks["clip"]["tokens"])}}
    found = []
    for own in (blocks, other):
        singles = {name: f for m in own for name, f in fit_singles(m, own[m], part).items()}
        chosen = best_linear(own, singles, part)
        fused = [fit_early_linear(own, part, chosen, "v"), fit_early_boosting(own, part)]
        found.append([*(f.test for f in singles.values()), *(f.test for f in fused)])
    for one, two in zip(*found, strict=True):
        np.testing.assert_array_equal(one, two)


def test_networks_see_every_real_vector_scaled_and_padding_counts_for_nothing():
    _, block = clips(scale=50.0)
    rows = np.flatnonzero(block.present)[:100]
    features = Leveled(TokenVectors()).fit(block, rows, 0)
    seen = features.transform(block, rows)
    assert seen.shape == (100, 5, 3)
    assert seen.dtype == np.float32
    real = seen[block.mask[rows]]
    np.testing.assert_allclose(real.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(real.std(axis=0), 1, atol=1e-4)
    again = Leveled(TokenVectors()).fit(padded(block), rows, 0).transform(padded(block), rows)
    np.testing.assert_array_equal(again[:, :5][block.mask[rows]], real)


def test_wide_vectors_of_a_sequence_become_principal_components():
    _, block = clips(n=120, width=300)
    rows = np.flatnonzero(block.present)
    wide = TokenVectors().fit(block, rows, 0).transform(block, rows)
    assert wide.shape == (len(rows), 5, 256)
    tokens = block.values[rows][block.mask[rows]].astype(np.float64)
    plain = Block("clip", "vectors", tokens, np.ones(len(tokens), bool))
    own = WideVectors().fit(plain, np.arange(len(tokens)), 0).transform(plain, np.arange(len(tokens)))
    np.testing.assert_allclose(wide[block.mask[rows]], own, atol=1e-5)


@pytest.mark.filterwarnings("error")
def test_a_training_part_without_any_vector_gives_features_all_the_same():
    _, block = clips()
    nobody = np.flatnonzero(~block.present)
    found = Leveled(TokenVectors()).fit(block, nobody, 0).transform(block, nobody)
    assert found.shape == (len(nobody), 5, 3)
    assert np.isfinite(found).all()
    with pytest.raises(ValueError, match="must hold sequences"):
        TokenVectors().fit(flat(block), nobody, 0)


@pytest.fixture(scope="module")
def trained():
    pytest.importorskip("torch")
    from fuseworthy.nn import FUSIONS
    from fuseworthy.strategies.neural import Neural
    from fuseworthy.strategies.training.recipe import Recipe

    part, blocks = problem()
    found = {}
    for name, stacked in (("concat", True), ("cross-attention", False), ("token-transformer", False)):
        strategy = Neural(
            partial(small, FUSIONS[name]), stacked=stacked, seeds=1, recipe=Recipe(rate=5e-3, batch=32, epochs=8)
        )
        found[name] = strategy.fit(blocks, {}, part)
    return part, blocks, found


def test_networks_learn_from_sequences(trained):
    part, _, found = trained
    for name, fitted in found.items():
        assert part.task.mean_loss(part.y[part.test], fitted.test) < 0.5, name


def test_padding_changes_no_answer_of_a_network(trained):
    _, blocks, found = trained
    rows = np.arange(40)
    longer = {**blocks, "clip": {"tokens": padded(blocks["clip"]["tokens"])}}
    for name, fitted in found.items():
        one, two = fitted.predictor.predict(blocks, rows), fitted.predictor.predict(longer, rows)
        np.testing.assert_allclose(one, two, atol=1e-6, err_msg=name)


def test_a_network_answers_for_one_row_and_for_rows_without_the_sequence(trained):
    _, blocks, found = trained
    clip = blocks["clip"]["tokens"]
    nothing = Block("clip", "tokens", np.zeros((4, 1, 3), np.float32), np.zeros(4, bool), {}, np.zeros((4, 1), bool))
    nothing = replace(nothing, times=np.zeros((4, 1), np.float32))
    few = {"clip": {"tokens": nothing}, "v": {"vectors": replace(blocks["v"]["vectors"], present=np.ones(240, bool))}}
    absent = np.flatnonzero(~clip.present)[:4]
    for name, fitted in found.items():
        alone = [fitted.predictor.predict(blocks, np.array([row])) for row in range(6)]
        np.testing.assert_allclose(np.vstack(alone), fitted.predictor.predict(blocks, np.arange(6)), atol=1e-6)
        assert np.isfinite(fitted.predictor.predict(few, np.arange(4))).all(), name
        hidden = replace(clip, values=np.full_like(clip.values, np.nan))
        other = {**blocks, "clip": {"tokens": hidden}}
        same = fitted.predictor.predict(other, absent)
        np.testing.assert_array_equal(same, fitted.predictor.predict(blocks, absent), err_msg=name)


def test_only_a_network_over_the_tokens_finds_what_a_question_points_to():
    """T19 with four keys: pooled tokens leave every late and early fusion at chance."""
    pytest.importorskip("torch")
    from fuseworthy.nn import CrossAttentionFusion
    from fuseworthy.strategies.neural import Neural
    from fuseworthy.strategies.training.recipe import Recipe

    task = pointer(2000, 0, keys=4)
    encodings, blocks = learn_encodings(
        task.to_table().slice(0, 1500), {"x1": fw.Embedding("x1"), "x2": fw.Embedding("x2")}
    )
    part = make_part(task.y[:1500], BINARY, make_folds(task.y[:1500], BINARY, n_folds=4, n_repeats=1), 0, 0, 0)
    network = Neural(partial(small, CrossAttentionFusion), recipe=Recipe(rate=3e-3, batch=64, epochs=25), seeds=1)
    new = encode_rows(task.to_table().slice(1500), encodings)
    answers = network.fit(blocks, {}, part).predictor.predict(new, np.arange(500))
    assert (answers.argmax(axis=1) == task.y[1500:]).mean() > 0.95 * task.truth.fused.accuracy
    early = fit_early_boosting(blocks, part).predictor.predict(new, np.arange(500))
    assert part.task.mean_loss(task.y[1500:], early) > 0.68
