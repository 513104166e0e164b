"""The catalogue's networks where the truth is known, and remedies where one modality is learned sooner than another."""

import numpy as np
import pytest
from three_modalities import accuracy, canonical, three_modalities, vectors

from fuseworthy.errors import InputError
from fuseworthy.folds import make_folds
from fuseworthy.nn import FUSIONS
from fuseworthy.strategies.catalogue import CATALOGUE, NEURAL, NEURAL_FAMILIES, REMEDIES, VOTES
from fuseworthy.strategies.encoder_probes import probe_encoders
from fuseworthy.strategies.hybrids import FoundHybrid, strongest_pair
from fuseworthy.strategies.networks import STACKED, network_named
from fuseworthy.strategies.neural import Neural
from fuseworthy.strategies.part import make_part
from fuseworthy.strategies.remedies import Blended
from fuseworthy.strategies.singles import Singles
from fuseworthy.strategies.strategy import Late
from fuseworthy.strategies.training.recipe import Recipe
from fuseworthy.task import Task

SMALL = 900
INTERACTING = [n for n in NEURAL if n not in (*VOTES, *REMEDIES, "hybrid")]
"""Networks in which modalities meet before they are judged; all of two modalities."""


def fit(name, part, blocks):
    return network_named(name).fit(blocks, Singles(blocks, part), part)


def test_every_network_of_the_catalogue_has_a_class_and_every_class_a_name():
    plain = [n for n in NEURAL if n not in REMEDIES]
    assert set(plain) == {*FUSIONS, "hybrid"}
    assert all(CATALOGUE[n].family in NEURAL_FAMILIES for n in NEURAL)
    assert set(STACKED) <= set(plain)
    ranks = [CATALOGUE[n].rank for n in NEURAL]
    assert ranks == sorted(set(ranks))


def test_names_give_strategies_and_wrong_ones_the_nearest():
    assert isinstance(network_named("gated"), Neural)
    assert network_named("gated").stacked
    assert not network_named("token-transformer").stacked
    assert network_named("concat-pareto").objective.unimodal
    assert isinstance(network_named("concat-blending"), Blended)
    assert network_named("hybrid:c+a") == FoundHybrid(("a", "c"))
    with pytest.raises(InputError, match="the nearest is 'gated'"):
        network_named("gatde")


@pytest.mark.parametrize("name", ["low-rank", pytest.param("concat", marks=pytest.mark.slow)])
def test_what_interacts_is_learned_by_a_network(name):
    """T5 (exclusive or): the optimum is .910; each modality alone is a coin."""
    part, blocks = canonical("T5", SMALL, 4000)
    assert accuracy(part, fit(name, part, blocks)) >= 0.88


def test_what_interacts_is_not_learned_by_votes_or_late_fusion():
    part, blocks = canonical("T5", SMALL, 4000)
    assert 0.45 < accuracy(part, fit("energy-weighted", part, blocks)) < 0.55
    assert 0.45 < accuracy(part, Late("stacking").fit(blocks, Singles(blocks, part), part)) < 0.55


def test_noise_that_cancels_is_taken_away_by_a_network():
    """T4: the optimum is .952; late fusion cannot pass .841."""
    part, blocks = canonical("T4", SMALL, 3000)
    assert accuracy(part, fit("concat", part, blocks)) >= 0.93


def test_a_gate_follows_the_quality_of_each_row_where_it_can_see_it():
    """T10: .977 where it is seen which modality is good, .921 where not."""
    part, blocks = canonical("T10", SMALL, 4000)
    assert accuracy(part, fit("gated", part, blocks)) >= 0.95


@pytest.mark.slow
def test_a_gate_that_cannot_see_the_quality_is_no_better_than_a_sum():
    part, blocks = canonical("T10", 4000, 8000)
    hidden = {m: blocks[m] for m in ("x1", "x2")}
    assert accuracy(part, fit("gated", part, hidden)) < 0.93


@pytest.mark.slow
@pytest.mark.parametrize("name", INTERACTING)
@pytest.mark.parametrize(("task", "least"), [("T5", 0.88), ("T4", 0.94), ("T10", 0.96)])
def test_every_network_reaches_the_optimum(name, task, least):
    part, blocks = canonical(task, 4000, 8000)
    assert accuracy(part, fit(name, part, blocks)) >= least


@pytest.mark.slow
@pytest.mark.parametrize("name", VOTES)
def test_votes_reach_what_votes_can_reach(name):
    part, blocks = canonical("T1", 4000, 8000)
    assert accuracy(part, fit(name, part, blocks)) >= 0.88
    part, blocks = canonical("T5", 4000, 8000)
    assert accuracy(part, fit(name, part, blocks)) < 0.55


def pair_and_third(n=600, seed=0):
    """y is whether the signs of a and c agree; b tells a little by itself."""
    rng = np.random.default_rng(seed)
    s = rng.choice([-1.0, 1.0], (2, n))
    y = (s[0] * s[1] > 0).astype(int)
    blocks = {
        "a": vectors("a", (2 * s[0] + rng.normal(size=n))[:, None]),
        "b": vectors("b", (0.5 * (2 * y - 1) + rng.normal(size=n))[:, None]),
        "c": vectors("c", (2 * s[1] + rng.normal(size=n))[:, None]),
    }
    task = Task("binary", ("no", "yes"))
    return make_part(y, task, make_folds(y, task, n_folds=3, n_repeats=1), 0, 0, 0), blocks


def test_a_hybrid_fuses_first_the_pair_that_interacts():
    part, blocks = pair_and_third()
    assert strongest_pair(blocks, Singles(blocks, part), part) == ("a", "c")
    fitted = fit("hybrid", part, blocks)
    assert fitted.setting["first"] == "a+c"
    assert accuracy(part, fitted) > 0.85
    assert set(fitted.setting["shares"]) == {"a", "b", "c"}


def test_a_hybrid_that_leaves_nothing_for_later_or_names_a_stranger_is_refused():
    part, blocks = three_modalities()
    for first, message in (
        (("a", "z"), "'z' came"),
        (("a", "b", "c"), "leave others for later, but 3 of 3"),
        (("a",), "1 of 3"),
    ):
        with pytest.raises(InputError, match=message):
            FoundHybrid(first).fit(blocks, {}, part)


def easy_and_slow(n=1200, seed=0):
    """a tells .76 of the rows by a straight line, at once; b nearly all of them, by an exclusive or within it."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    s = rng.choice([-1.0, 1.0], n)
    a = np.column_stack([0.7 * (2 * y - 1) + rng.normal(size=n), rng.normal(size=(n, 3))])
    b = np.column_stack([1.5 * s, 1.5 * s * (2 * y - 1)]) + 0.7 * rng.normal(size=(n, 2))
    task = Task("binary", ("no", "yes"))
    blocks = {"a": vectors("a", a), "b": vectors("b", b)}
    return make_part(y, task, make_folds(y, task, n_folds=3, n_repeats=1), 0, 0, 0), blocks


@pytest.fixture(scope="module")
def uneven():
    """The problem, and the loss of the plain joint network."""
    part, blocks = easy_and_slow()
    fitted = fit("concat", part, blocks)
    return part, blocks, fitted, part.task.mean_loss(part.y[part.test], fitted.test)


@pytest.mark.parametrize("name", REMEDIES)
def test_a_remedy_does_no_harm_where_one_modality_is_easy_and_the_other_slow(name, uneven):
    part, blocks, _, plain = uneven
    fitted = fit(name, part, blocks)
    assert part.task.mean_loss(part.y[part.test], fitted.test) < plain + 0.03
    if name == "concat-blending":
        weights = fitted.setting["loss_weights"]
        assert sum(weights.values()) == pytest.approx(1, abs=1e-3)
        assert min(weights.values()) >= 0
        assert weights["joint"] > 0.01


def test_probes_of_the_encoders_tell_what_a_line_can_read_of_each_modality(uneven):
    part, blocks, fitted, _ = uneven
    found = probe_encoders(fitted, blocks, part)
    assert set(found) == {"encoder:a", "encoder:b"}
    y = part.y[part.test]
    assert 0.68 < accuracy(part, found["encoder:a"]) < 0.8
    prior = part.task.mean_loss(y, part.constant(len(y)))
    assert all(part.task.mean_loss(y, probe.test) < prior for probe in found.values())


def test_a_probe_gives_the_prior_to_rows_without_the_modality_and_reads_no_scored_target(monkeypatch):
    monkeypatch.setattr(
        "fuseworthy.strategies.training.recipe.recipe_for", lambda rows, **_: Recipe(rate=5e-3, epochs=4)
    )
    part, blocks = three_modalities()
    fitted = fit("concat", part, blocks)
    found = probe_encoders(fitted, blocks, part)
    absent = ~blocks["c"]["vectors"].present[part.test]
    assert absent.any()
    np.testing.assert_array_equal(found["encoder:c"].test[absent], part.constant(int(absent.sum())))
    y = part.y.copy()
    y[part.test] = 1 - y[part.test]
    blind = type(part)(part.task, y, part.train, part.test, part.inner, part.seed)
    for name, other in probe_encoders(fitted, blocks, blind).items():
        np.testing.assert_array_equal(other.test, found[name].test)
