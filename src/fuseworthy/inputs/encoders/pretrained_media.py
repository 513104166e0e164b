"""Pictures and sounds through a transformer from a folder, with the preprocessing that its folder says.

Extra ``transformers``. Weights are read from safetensors alone, and no code that comes with a model is run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fuseworthy.errors import InputError, require
from fuseworthy.inputs.encoders.weights import loading

Floats = NDArray[np.float32]


class Pictures:
    """A vision transformer, or the half of a pair such as CLIP that sees.

    Raises
    ------
    InputError
        The folder holds no such model.
    MissingExtraError
    """

    batch = 16

    def __init__(self, folder: Path) -> None:
        transformers = require("transformers", extra="transformers")
        require("PIL.Image", extra="image")
        with loading(folder, "pictures"):
            self.processor = load_processor(transformers, folder)
        self.loaded = _Loaded(folder, "vision_model", "pictures")

    def read(self, items: Sequence[NDArray[np.uint8]]) -> Iterator[tuple[Floats, Floats]]:
        """The model's own summary of each picture, or the mean of its cells, (d,); and its cells, (t, d)."""
        given = self.processor(images=list(items), return_tensors="pt", input_data_format="channels_last")
        states, summaries = self.loaded({"pixel_values": given["pixel_values"]})
        if states.ndim == 4:  # a convolutional model: (n, d, height, width)
            states = states.flatten(2).transpose(1, 2)
        means = states.mean(1) if summaries is None else summaries.flatten(1)
        yield from zip(means.cpu().numpy(), states.cpu().numpy(), strict=True)


class Sounds:
    """An audio transformer over one channel of samples.

    Parameters
    ----------
    folder : Path
    rate : int
        Samples a second that come.

    Raises
    ------
    InputError
        The folder holds no such model, or wants another rate.
    MissingExtraError
    """

    batch = 8

    def __init__(self, folder: Path, rate: int) -> None:
        transformers = require("transformers", extra="transformers")
        with loading(folder, "sounds"):
            self.extractor = transformers.AutoFeatureExtractor.from_pretrained(
                str(folder), local_files_only=True, trust_remote_code=False
            )
        if (wanted := int(self.extractor.sampling_rate)) != rate:
            raise InputError(
                f"sound must come at the rate that its model was trained with, {wanted:,} samples a second, but comes at "
                f"{rate:,}. Pass rate={wanted}."
            )
        self.rate = rate
        self.loaded = _Loaded(folder, "encoder", "sounds")

    def read(self, items: Sequence[Floats]) -> Iterator[tuple[Floats, Floats]]:
        """The mean of each sound's frames, (d,), and its frames, (t, d). One by one: padding would change its neighbours."""
        for samples in items:
            least = np.pad(samples, (0, max(0, SHORTEST - len(samples))))
            given = self.extractor(least, sampling_rate=self.rate, return_tensors="pt")
            given = {name: given[name] for name in ("input_values", "input_features") if name in given}
            states = self.loaded(given)[0]
            if states.ndim == 4:
                states = states.flatten(2).transpose(1, 2)
            yield states[0].mean(0).cpu().numpy(), states[0].cpu().numpy()


SHORTEST = 1_600
"""Samples that a sound is filled up to with silence: less makes no frame."""


class _Loaded:
    """A model in memory, ready to read; of a model with two halves the one asked for."""

    def __init__(self, folder: Path, half: str, what: str) -> None:
        transformers, torch = require("transformers", extra="transformers"), require("torch", extra="deep")
        self.torch = torch
        with loading(folder, what):
            model = transformers.AutoModel.from_pretrained(
                str(folder), local_files_only=True, trust_remote_code=False, use_safetensors=True, dtype=torch.float32
            )
        two = hasattr(model, "text_model") or bool(getattr(model.config, "is_encoder_decoder", False))
        model = getattr(model, half) if two and hasattr(model, half) else model
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.model = model.eval().to(self.device)

    def __call__(self, given: dict[str, Any]) -> tuple[Any, Any]:
        """States, (n, t, d), and the model's own summary, (n, d), or None."""
        with self.torch.inference_mode():
            found = self.model(**{name: value.to(self.device) for name, value in given.items()})
        summary = getattr(found, "pooler_output", None)
        return found.last_hidden_state.float(), None if summary is None else summary.float()


def load_processor(transformers: Any, folder: Path) -> Any:
    """The folder's image processor, by Pillow: the other way of it needs a further package."""
    return transformers.AutoImageProcessor.from_pretrained(
        str(folder), local_files_only=True, trust_remote_code=False, backend="pil"
    )
