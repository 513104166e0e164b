"""A pupil that is taught the truth learns what its family learns; one that is taught shares learns those."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from small_models import learned

from fuseworthy.deploy.compress.students import fit_alone, fit_taught, fit_taught_fusion
from fuseworthy.deploy.compress.taught import Pupil, lesson
from fuseworthy.strategies.singles import FeatureStore, families_of, fit_single
from fuseworthy.task import Task

NAMES = ("note", "photo", "table")


@pytest.mark.parametrize("kind", ["binary", "multiclass", "regression"])
@pytest.mark.parametrize("modality", NAMES)
def test_who_is_taught_the_truth_alone_learns_what_is_learned_from_it(kind, modality):
    _, blocks, _, part = learned(kind, NAMES)
    hard = lesson(part.y, np.zeros((len(part.y), part.task.width)), part.task, truth=1.0)
    taught, plain = fit_taught(blocks, part, modality, hard), fit_alone(blocks, part, modality)
    everyone = np.arange(len(part.y))
    assert taught.family == plain.family
    found, expected = (own.fitted.predictor.predict(blocks, everyone) for own in (taught, plain))
    np.testing.assert_allclose(found, expected, atol=2e-3 * max(part.task.variance, 1) ** 0.5)


def test_shares_are_learned_as_the_cross_entropy_against_them():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 3))
    share = 1 / (1 + np.exp(-(x @ [2.0, -1.0, 0.5])))
    taught = np.column_stack([1 - share, share])
    pupil = Pupil(LogisticRegression(C=1e4, max_iter=1000), Task("binary", ("a", "b")))
    pupil.fit(np.hstack([x, taught]), np.zeros(400, dtype=int))
    np.testing.assert_allclose(pupil.model.coef_[0], [2.0, -1.0, 0.5], atol=0.01)
    np.testing.assert_allclose(pupil.predict_proba(np.hstack([x, np.full((400, 2), np.nan)]))[:, 1], share, atol=0.01)


def test_leaves_hold_as_many_rows_as_without_copies():
    _, blocks, _, part = learned("multiclass", NAMES)
    family, block = next((f, b) for f, b in families_of(blocks["table"]) if f.name == "boosting")
    plain = fit_single(family, block, part, FeatureStore(part)).predictor.model
    soft = lesson(part.y, np.full((len(part.y), 3), 1 / 3), part.task, truth=0.4)
    taught = fit_taught({"table": blocks["table"]}, part, "table", soft).fitted.predictor.model
    smallest = min(int(tree.nodes["count"].min()) for stage in plain._predictors for tree in stage)
    assert smallest >= plain.min_samples_leaf
    if hasattr(taught, "_predictors"):
        assert min(int(t.nodes["count"].min()) for s in taught._predictors for t in s) >= 3 * plain.min_samples_leaf


@pytest.mark.parametrize("kind", ["multiclass", "regression"])
def test_a_taught_fusion_answers_rows_without_their_lessons(kind):
    _, blocks, _, part = learned(kind, ("photo", "table"))
    student = fit_taught_fusion(blocks, part, lesson(part.y, np.tile(part.prior, (len(part.y), 1)), part.task, 0.5))
    found = student.fitted.predictor.predict(blocks, np.arange(len(part.y)))
    assert found.shape == (len(part.y), part.task.width)
    assert part.task.mean_loss(part.y, found) < part.task.mean_loss(part.y, part.constant(len(part.y)))
    assert not any(isinstance(own, Pupil) for own in vars(student.fitted.predictor).values())
