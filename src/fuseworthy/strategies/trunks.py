"""Pretrained transformers as encoders that are trained: a frozen trunk, and the small part of it that learns.

By LoRA where ``peft`` is installed: products of two thin matrices beside each projection of the attention (Hu et al. 2022,
"LoRA: Low-Rank Adaptation of Large Language Models"). Otherwise the last two layers learn.
"""

from __future__ import annotations

import copy
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn

from fuseworthy.errors import InputError, require
from fuseworthy.inputs.encoder_names import source_of
from fuseworthy.inputs.encoders.weights import weights_folder
from fuseworthy.strategies.networks import WIDTH
from fuseworthy.strategies.tuned import LORA, SCRATCH

LAYERS, RANK = 2, 8


def make_encoder(kind: str, encoder: str, way: str) -> nn.Module:
    """A fresh encoder, which shares all that is frozen with others of the same model; ``width`` is that of its tokens.

    Parameters
    ----------
    kind : "text" or "image"
    encoder : "conv" or "hf:FOLDER"
    way : `LORA`, `LAST` or `SCRATCH`

    Raises
    ------
    InputError
        The folder holds no such model, or one without layers to train.
    """
    if way == SCRATCH:
        from fuseworthy.nn import ConvolutionalGrid

        return ConvolutionalGrid(width=WIDTH)
    base = _loaded(kind, encoder)
    learning = set() if way == LORA else _last_layers(base.model, encoder)
    frozen = [p for name, p in base.model.named_parameters() if name not in learning]
    shared: dict[int, Any] = {id(own): own for own in (*frozen, *base.model.buffers())}
    found: nn.Module = copy.deepcopy(base, shared)
    for name, p in found.model.named_parameters():  # type: ignore[union-attr]
        p.requires_grad_(name in learning)
    if way == LORA:
        peft = require("peft", extra="lora")
        settings = peft.LoraConfig(r=RANK, lora_alpha=2 * RANK, target_modules=_projections(found.model, encoder))
        peft.inject_adapter_in_model(settings, found.model)
    return found.eval()


class _Trunk(nn.Module):
    """A transformer; without dropout and moving statistics even while it is trained, as it has been trained before."""

    def __init__(self, model: nn.Module, width: int) -> None:
        super().__init__()
        self.model, self.width = model.requires_grad_(False).cpu(), width

    def train(self, mode: bool = True) -> _Trunk:
        super().train(mode)
        self.model.eval()
        return self


class TextTrunk(_Trunk):
    """States of the tokens of texts: numbers of tokens (n, t) and which are real to (n, t', width) and (n, t')."""

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        longest = max(int(mask.any(0).sum()), 1)
        ids, mask = ids[:, :longest].long(), mask[:, :longest]
        seen = mask.clone()
        seen[:, 0] = True  # a text without a token is hidden from the fusion, and must not be a division by zero here
        return self.model(input_ids=ids, attention_mask=seen.long()).last_hidden_state, mask


class PictureTrunk(_Trunk):
    """States of the cells of pictures: pixels (n, 3, height, width) from 0 to 255 to (n, t, width)."""

    def __init__(self, model: nn.Module, width: int, processor: Any) -> None:
        super().__init__(model, width)
        scale = float(processor.rescale_factor) if processor.do_rescale else 1.0
        middle, spread = (processor.image_mean, processor.image_std) if processor.do_normalize else ((0.0,), (1.0,))
        self.scale = scale
        self.middle: Tensor
        self.spread: Tensor
        self.register_buffer("middle", torch.tensor(middle, dtype=torch.float32).view(-1, 1, 1), persistent=False)
        self.register_buffer("spread", torch.tensor(spread, dtype=torch.float32).view(-1, 1, 1), persistent=False)

    def forward(self, pixels: Tensor, mask: Tensor | None = None) -> tuple[Tensor, None]:
        states = self.model(pixel_values=(pixels.float() * self.scale - self.middle) / self.spread).last_hidden_state
        return (states.flatten(2).transpose(1, 2) if states.ndim == 4 else states), None


@lru_cache(maxsize=4)
def _loaded(kind: str, encoder: str) -> Any:
    """A model as it is in its folder, read once for all networks of this process."""
    folder = weights_folder(encoder, source_of(encoder)[1], "transformers")
    if kind == "text":
        from fuseworthy.inputs.encoders.sentences import Reader

        reader = Reader(folder)
        return TextTrunk(reader.model, reader.width)
    from fuseworthy.inputs.encoders.pretrained_media import Pictures

    pictures = Pictures(folder)
    model = pictures.loaded.model
    found = PictureTrunk(model, 0, pictures.processor).eval()
    size = pictures.processor(images=[_grey()], return_tensors="pt", input_data_format="channels_last")["pixel_values"]
    with torch.no_grad():
        found.width = int(found(torch.zeros_like(size))[0].shape[-1])
    return found


def _grey() -> Any:
    import numpy as np

    return np.full((64, 64, 3), 128, dtype=np.uint8)


def _layers(model: Any, encoder: str) -> str:
    """The name of a model's list of layers."""
    for name, module in model.named_modules():
        if isinstance(module, nn.ModuleList) and len(module) >= LAYERS and len({type(own) for own in module}) == 1:
            return str(name)
    raise InputError(
        f"an encoder to be trained must have a list of layers, but {encoder} has none that this version knows. Name "
        "another model, or leave out tune_encoders."
    )


def _last_layers(model: Any, encoder: str) -> set[str]:
    """Names of the parameters of the last two layers, and of a normalisation after them."""
    home = _layers(model, encoder)
    count, names = len(model.get_submodule(home)), [name for name, _ in model.named_parameters()]
    last = {f"{home}.{i}" for i in range(count - LAYERS, count)}
    own = [name.startswith(tuple(f"{layer}." for layer in last)) for name in names]
    after = len(own) - own[::-1].index(True)
    norms = {name for name in names[after:] if "norm" in name.lower() and "pool" not in name.lower()}
    return {name for name, inside in zip(names, own, strict=True) if inside} | norms


def _projections(model: Any, encoder: str) -> list[str]:
    """Names of the linear maps of the attention in a model's layers; of all linear maps there, if none is called so."""
    home = _layers(model, encoder)
    found = [n for n, m in model.named_modules() if n.startswith(f"{home}.") and isinstance(m, nn.Linear)]
    return [name for name in found if "att" in name.lower()] or found
