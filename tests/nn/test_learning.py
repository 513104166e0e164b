"""Fusions learn what no modality shows alone: an exclusive or, whose best accuracy is known to be .910."""

from __future__ import annotations

import pytest
import torch

from fuseworthy.nn import FUSIONS

VOTES = {"evidential", "energy-weighted"}
QUICK = {"concat"}


def exclusive_or(rows: int, generator: torch.Generator) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
    signs = torch.randint(0, 2, (rows, 2), generator=generator) * 2 - 1
    flipped = torch.rand(rows, generator=generator) < 0.05
    x = 2.0 * signs + torch.randn(rows, 2, generator=generator)
    return {"a": x[:, :1], "b": x[:, 1:]}, ((signs.prod(1) > 0) ^ flipped).long()


def accuracy(name: str, epochs: int) -> float:
    generator = torch.Generator().manual_seed(0)
    (x, y), (unseen, truth) = exclusive_or(4000, generator), exclusive_or(20_000, generator)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        fusion = FUSIONS[name](inputs={"a": 1, "b": 1}, outputs=2)
    optimiser = torch.optim.AdamW(fusion.parameters(), lr=2e-3, fused=True)
    for _ in range(epochs):
        for rows in torch.randperm(4000, generator=generator).split(128):
            _, loss = fusion.row_loss(fusion.project({k: v[rows] for k, v in x.items()}), y[rows])
            optimiser.zero_grad()
            loss.mean().backward()
            optimiser.step()
    with torch.no_grad():
        return float((fusion.eval()(unseen).argmax(1) == truth).float().mean())


@pytest.mark.parametrize("name", sorted(QUICK))
def test_exclusive_or_is_learned_within_a_few_epochs(name):
    assert accuracy(name, epochs=6) > 0.88


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(FUSIONS) - VOTES))
def test_exclusive_or_is_learned(name):
    assert accuracy(name, epochs=15) > 0.88


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(VOTES))
def test_votes_cannot_learn_an_exclusive_or(name):
    assert accuracy(name, epochs=15) < 0.6
