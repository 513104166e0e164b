"""One small batch that has everything: a sequence with padding and times, two vectors, rows with modalities absent."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from fuseworthy.nn import FUSIONS, Fusion, Hybrid

SIZES = {"audio": 4, "meta": 1, "text.en": 7}
SPEC = {"av": ["audio", "meta"], "words": "text.en"}
NAMES = [*FUSIONS, "hybrid"]
POOLED = ["concat", "modality-weights", "gated", "tensor", "low-rank", "film", "product-of-experts"]
POOLED += ["evidential", "energy-weighted", "mixture-of-experts"]


def build(name: str, sizes: dict[str, int] | None = None, outputs: int = 2, seed: int = 0) -> Fusion:
    """A fusion in evaluation mode whose parameters are all moved from where they start, some of which are zero."""
    sizes = sizes or SIZES
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        if name == "hybrid":
            fusion: Fusion = Hybrid(spec=SPEC, inputs=sizes, outputs=outputs, width=8)
        else:
            fusion = FUSIONS[name](inputs=sizes, outputs=outputs, width=8, dropout=0.2)
        with torch.no_grad():
            for parameter in fusion.parameters():
                parameter += 0.2 * torch.randn_like(parameter)
    return fusion.eval()


@dataclass
class Batch:
    inputs: dict[str, Tensor]
    present: dict[str, Tensor]
    mask: dict[str, Tensor]
    times: dict[str, Tensor]

    @property
    def arguments(self) -> tuple[dict[str, Tensor], ...]:
        return self.inputs, self.present, self.mask, self.times


def draw(rows: int = 6) -> Batch:
    generator = torch.Generator().manual_seed(3)
    inputs = {
        "audio": torch.randn(rows, 5, 4, generator=generator),
        "meta": torch.randn(rows, 1, generator=generator),
        "text.en": torch.randn(rows, 7, generator=generator),
    }
    present = {
        "audio": torch.arange(rows) % 3 != 0,
        "meta": torch.arange(rows) % 2 == 0,
        "text.en": torch.arange(rows) % 6 != 4,
    }
    mask = {"audio": torch.arange(5) < torch.tensor([5, 3, 1, 2, 4, 5] * (rows // 6))[:, None]}
    times = {"audio": torch.rand(rows, 5, generator=generator).cumsum(1)}
    return Batch(inputs, present, mask, times)


@pytest.fixture
def batch() -> Batch:
    return draw()


@pytest.fixture(params=NAMES)
def fusion(request: pytest.FixtureRequest) -> Fusion:
    return build(request.param)


@pytest.fixture(params=POOLED)
def pooled(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def twins():
    """Build one more of the same name; fixtures carry it, as test folders are no package."""
    return build
