"""The formulas of the papers, written out with loops, give the same numbers."""

from __future__ import annotations

import numpy as np
import torch
from scipy import special, stats

from fuseworthy.nn import FiLMFusion, GatedFusion, LowRankFusion, ModalityWeights, ProductOfExperts, TensorFusion
from fuseworthy.nn.energy_weighted import ranking_loss
from fuseworthy.nn.evidential import dempster, dirichlet_loss

SIZES = {"a": 3, "b": 2}


def drawn(kind, sizes=SIZES, **options):
    torch.manual_seed(0)
    fusion = kind(inputs=sizes, outputs=2, width=4, **options).eval().double()
    inputs = {name: torch.randn(5, size, dtype=torch.float64) for name, size in sizes.items()}
    tokens = fusion.project(inputs)
    return fusion, tokens, {name: tokens.vector(name).detach().numpy() for name in sizes}


def affine(layer, x):
    return x @ layer.weight.detach().numpy().T + layer.bias.detach().numpy()


def test_projection_is_a_normalised_linear_map():
    fusion, _, _ = drawn(ModalityWeights)
    x = torch.randn(5, 3, dtype=torch.float64)
    projection = fusion.projections["0"]
    mapped = affine(projection.linear, x.numpy())
    expected = (mapped - mapped.mean(1, keepdims=True)) / np.sqrt(mapped.var(1, keepdims=True) + 1e-5)
    assert np.allclose(projection(x)[0][:, 0].detach(), expected)


def test_two_gates_are_the_sigmoid_and_its_complement():
    fusion, tokens, z = drawn(GatedFusion)
    gated, _ = fusion.gate(tokens)
    scores = affine(fusion.gates, np.hstack([z["a"], z["b"]]))
    g = special.expit(scores[:, :4] - scores[:, 4:])
    contents = [np.tanh(affine(layer, z[name])) for layer, name in zip(fusion.content, "ab", strict=True)]
    assert np.allclose(gated.detach(), g * contents[0] + (1 - g) * contents[1])


def test_tensor_fusion_is_a_network_on_every_product():
    fusion, tokens, z = drawn(TensorFusion, {"a": 3, "b": 2, "c": 1}, narrow=2)
    padded = [
        np.hstack([np.ones((5, 1)), affine(layer, z[n])]) for layer, n in zip(fusion.narrowing, "abc", strict=True)
    ]
    cells = np.einsum("ni,nj,nk->nijk", *padded).reshape(5, 27)
    expected = fusion.trunk(torch.tensor(cells, dtype=next(fusion.parameters()).dtype))
    assert np.allclose(fusion.fuse(tokens).detach(), expected.detach(), atol=1e-6)


def test_low_rank_fusion_is_a_weighted_sum_of_products_of_projections():
    fusion, tokens, z = drawn(LowRankFusion, rank=3)
    weights = fusion.rank_weights.detach().numpy()
    factors = fusion.factors.detach().numpy().reshape(2, 4, 3, 4)
    constants = fusion.constants.detach().numpy().reshape(2, 3, 4)
    expected = np.zeros((5, 4)) + fusion.bias.detach().numpy()
    for r in range(3):
        product = np.ones((5, 4))
        for m, name in enumerate("ab"):
            full = np.vstack([constants[m, r], factors[m, :, r]])
            product *= np.hstack([np.ones((5, 1)), z[name]]) @ full
        expected += weights[r] * product
    assert np.allclose(fusion.product(tokens).detach(), expected)


def test_film_starts_from_the_primary_alone():
    fusion, tokens, z = drawn(FiLMFusion)
    assert fusion.primary == "a"
    expected = fusion.trunk(torch.from_numpy(z["a"]))
    assert torch.allclose(fusion.fuse(tokens), expected)


def test_product_of_gaussians_is_the_posterior_of_their_densities():
    fusion, tokens, z = drawn(ProductOfExperts)
    mean, _ = fusion.posterior(tokens)
    grid = np.linspace(-9, 9, 20001)
    belief = [affine(layer, z[name])[0] for layer, name in zip(fusion.beliefs, "ab", strict=True)]
    for d in range(4):
        density = stats.norm.pdf(grid)
        for b in belief:
            density = density * stats.norm.pdf(grid, b[d], np.exp(-b[4 + d] / 2))
        assert np.isclose(mean[0, d].item(), (grid * density).sum() / density.sum(), atol=1e-6)


def test_joint_evidence_is_dempsters_reduced_rule():
    rng = np.random.default_rng(0)
    e1, e2 = rng.gamma(2, size=(2, 3))
    b1, b2 = e1 / (e1 + 1).sum(), e2 / (e2 + 1).sum()
    u1, u2 = 3 / (e1 + 1).sum(), 3 / (e2 + 1).sum()
    conflict = sum(b1[i] * b2[j] for i in range(3) for j in range(3) if i != j)
    b = (b1 * b2 + b1 * u2 + b2 * u1) / (1 - conflict)
    u = u1 * u2 / (1 - conflict)
    joint = dempster(torch.from_numpy(e1), torch.from_numpy(e2)).numpy()
    strength = (joint + 1).sum()
    assert np.allclose(joint / strength, b)
    assert np.isclose(3 / strength, u)


def test_evidential_loss_is_the_expected_cross_entropy_and_the_divergence_from_uniform():
    alpha, truth = np.array([3.0, 1.5, 2.2]), np.array([0.0, 1.0, 0.0])
    draws = stats.dirichlet(alpha).rvs(400_000, random_state=0)
    expected = -np.log(draws[:, 1]).mean()
    misleading = np.where(truth > 0, 1.0, alpha)
    draws = stats.dirichlet(misleading).rvs(400_000, random_state=1)
    uniform = np.full(3, 1.0)
    divergence = np.mean(stats.dirichlet(misleading).logpdf(draws.T) - stats.dirichlet(uniform).logpdf(draws.T))
    inputs = torch.from_numpy(alpha), torch.from_numpy(truth)
    assert np.isclose(dirichlet_loss(*inputs, 0.0).item(), expected, atol=0.01)
    assert np.isclose(dirichlet_loss(*inputs, 1.0).item(), expected + divergence, atol=0.02)
    halfway = dirichlet_loss(*inputs, 0.5).item()
    assert np.isclose(halfway, (dirichlet_loss(*inputs, 0.0) + dirichlet_loss(*inputs, 1.0)).item() / 2)


def test_confidences_that_follow_correctness_cost_nothing():
    correctness = torch.tensor([[0.1], [0.9], [0.4]])
    assert ranking_loss(2 * correctness, correctness).sum() == 0
    assert (ranking_loss(-correctness, correctness) > 0).all()
