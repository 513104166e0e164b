"""Several encoders of one modality: each has a single, and the best of them is read by what joins modalities."""

import numpy as np
import pytest

from fuseworthy.folds import make_folds
from fuseworthy.inputs.blocks import Block
from fuseworthy.strategies.early import best_linear, fit_early_boosting
from fuseworthy.strategies.families import families_for
from fuseworthy.strategies.neural_inputs import NeuralInputs
from fuseworthy.strategies.part import make_part
from fuseworthy.strategies.singles import Singles
from fuseworthy.strategies.views import dense_view, narrowed, token_view
from fuseworthy.task import Task


@pytest.fixture(scope="module")
def problem():
    """A picture of which one encoder sees the target and two do not, and a plain second modality."""
    rng = np.random.default_rng(0)
    n = 240
    y, here = rng.integers(0, 2, n), np.ones(n, dtype=bool)
    sees = np.column_stack([y + rng.normal(0, 0.5, n), rng.normal(size=n)])
    mask = np.ones((n, 4), dtype=bool)
    blocks = {
        "picture": {
            "statistics": Block("picture", "statistics", sees, here),
            "patches": Block("picture", "patches", rng.normal(size=(n, 4, 3)).astype(np.float32), here, {}, mask),
            "pretrained": Block("picture", "pretrained", rng.normal(size=(n, 5)), here),
        },
        "sound": {"vectors": Block("sound", "vectors", rng.normal(size=(n, 2)), here)},
    }
    task = Task("binary", ("0", "1"))
    folds = make_folds(y, task, n_folds=4, n_repeats=1, clusters=None, time=None, random_state=0)
    return blocks, make_part(y, task, folds, 0, 0, 0)


def test_every_encoder_has_a_single_of_the_same_budget(problem):
    blocks, part = problem
    singles = [name for name in Singles(blocks, part) if name.startswith("picture/")]
    assert singles == [f"picture/{f}" for f in ("linear", "neighbours", "boosting", "patches", "pretrained")]
    forms = {view: block.form for view, block in blocks["picture"].items()}
    assert {len(family.settings) for family in families_for(forms)} == {5}


def test_without_singles_the_pretrained_encoder_is_read_and_sequences_where_they_are_asked_for(problem):
    blocks, part = problem
    assert dense_view(blocks["picture"]) == "pretrained"
    assert token_view(blocks["picture"]) == "patches"
    assert narrowed(blocks, {}, part) == blocks


def test_with_singles_the_encoder_that_predicts_best_on_inner_folds_is_read(problem):
    blocks, part = problem
    best = narrowed(blocks, Singles(blocks, part), part)
    assert set(best["picture"]) == {"statistics", "patches"}
    assert dense_view(best["picture"]) == "statistics"


def test_early_fusion_reads_the_best_encoder(problem):
    blocks, part = problem
    singles = Singles(blocks, part)
    assert best_linear(blocks, singles, part)["picture"][0].view == "statistics"
    fitted = fit_early_boosting(narrowed(blocks, singles, part), part)
    assert part.task.mean_loss(part.y[part.test], fitted.test) < 0.6


def test_networks_read_sequences_only_where_they_attend(problem):
    blocks, part = problem
    flat, attending = (NeuralInputs.learn(blocks, part, tokens=tokens).views["picture"] for tokens in (False, True))
    assert (flat, attending) == ("pretrained", "patches")
