"""Texts through a transformer from a folder: its own pooling if it says one, else the mean of the tokens; or the tokens.

Extra ``transformers``. Reimers & Gurevych 2019, "Sentence-BERT". Weights are read from safetensors alone, and no code
that comes with a model is run.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fuseworthy.errors import InputError, require
from fuseworthy.inputs.encoders.batching import by_length, padded
from fuseworthy.inputs.encoders.weights import loading

LONGEST = 256
"""Tokens of a text that are read; fewer if the model says so."""
LARGEST = 65_504.0
"""Largest number of 16 bits."""

Tell = Callable[[int], None]


@dataclass(frozen=True)
class Pooling:
    """How token states become one vector: "mean", "cls", "max" or "last"; and whether it is brought to unit length."""

    how: str = "mean"
    normalised: bool = False
    home: str = ""
    longest: int = LONGEST

    @classmethod
    def of(cls, folder: Path) -> Pooling:
        """What the files of sentence-transformers in a folder say.

        Raises
        ------
        InputError
            Layers or a pooling that this version does not have.
        """
        if not (folder / "modules.json").is_file():
            return cls()
        how, normalised, home = "mean", False, ""
        for module in json.loads((folder / "modules.json").read_text(encoding="utf-8")):
            kind = module["type"].rsplit(".", 1)[-1]
            if kind == "Transformer":
                home = module["path"]
            elif kind == "Pooling":
                said = json.loads((folder / module["path"] / "config.json").read_text(encoding="utf-8"))
                how = _said_pooling(said, folder)
            elif kind == "Normalize":
                normalised = True
            else:
                raise InputError(
                    f"a sentence model must end with its pooling, but {folder} adds a layer {kind!r}, which this version "
                    "does not have. Use another model, or give ready embeddings (fw.Embedding)."
                )
        settings = folder / home / "sentence_bert_config.json"
        said = json.loads(settings.read_text(encoding="utf-8")) if settings.is_file() else {}
        return cls(how, normalised, home, min(int(said.get("max_seq_length") or LONGEST), LONGEST))


def embed(folder: Path, texts: Sequence[str], tell: Tell | None = None) -> NDArray[np.float32]:
    """One vector a text, (n, d).

    Raises
    ------
    InputError
        The folder holds no transformer of texts.
    MissingExtraError
    """
    torch = require("torch", extra="deep")
    reader = Reader(folder)
    values = np.zeros((len(texts), reader.width), dtype=np.float32)
    done = 0
    for rows, states, mask in reader.read(texts):
        pooled = _pooled(states.float(), mask, reader.pooling.how)
        if reader.pooling.normalised:
            pooled = torch.nn.functional.normalize(pooled, dim=1)
        values[rows] = pooled.cpu().numpy()
        done += len(rows)
        if tell is not None:
            tell(done)
    return values


def embed_tokens(
    folder: Path, texts: Sequence[str], tell: Tell | None = None
) -> tuple[NDArray[np.float16], NDArray[np.bool_]]:
    """States of the tokens, (n, t, d) with t at most 256, and which of them are real, (n, t).

    Raises
    ------
    InputError
    MissingExtraError
    """
    reader = Reader(folder)
    longest = max(map(len, reader.tokens_of(texts)), default=1)
    values = np.zeros((len(texts), longest, reader.width), dtype=np.float16)
    real = np.zeros(values.shape[:2], dtype=bool)
    done = 0
    for rows, states, mask in reader.read(texts):
        t = states.shape[1]
        values[rows, :t] = (states * mask[:, :, None]).clamp(-LARGEST, LARGEST).cpu().numpy()
        real[rows, :t] = mask.cpu().numpy().astype(bool)
        done += len(rows)
        if tell is not None:
            tell(done)
    return values, real


class Reader:
    """A tokeniser and a model, loaded."""

    def __init__(self, folder: Path) -> None:
        self.pooling = Pooling.of(folder)
        transformers, torch = require("transformers", extra="transformers"), require("torch", extra="deep")
        self.torch = torch
        home = str(folder / self.pooling.home)
        with loading(folder, "texts"):
            self.tokeniser = transformers.AutoTokenizer.from_pretrained(
                home, local_files_only=True, trust_remote_code=False
            )
            model = transformers.AutoModel.from_pretrained(
                home, local_files_only=True, trust_remote_code=False, use_safetensors=True, dtype=torch.float32
            )
        model = model.get_encoder() if model.config.is_encoder_decoder else model
        model = getattr(model, "text_model", model)  # of a pair of image and text, the half that reads texts
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.model = model.eval().to(self.device)
        own = getattr(model.config, "max_position_embeddings", None) or LONGEST
        self.longest = min(self.pooling.longest, int(own) - (2 if model.config.model_type in SHIFTED else 0))
        self.width = int(model.config.hidden_size)
        self._known: tuple[Sequence[str], list[list[int]]] | None = None

    def tokens_of(self, texts: Sequence[str]) -> list[list[int]]:
        """Numbers of the tokens of each text, cut to what the model reads."""
        if self._known is None or self._known[0] is not texts:
            found = self.tokeniser(list(texts), truncation=True, max_length=self.longest)["input_ids"] if texts else []
            self._known = texts, found
        return self._known[1]

    def read(self, texts: Sequence[str]) -> Any:
        """Places of a batch, states of its tokens (rows, t, d), and their mask (rows, t)."""
        torch, tokens = self.torch, self.tokens_of(texts)
        fill = self.tokeniser.pad_token_id or 0
        for rows in by_length(list(map(len, tokens))):
            ids, real = (torch.from_numpy(a).to(self.device) for a in padded([tokens[i] for i in rows], fill))
            with torch.inference_mode():
                states = self.model(input_ids=ids, attention_mask=real).last_hidden_state
            yield rows, states, real


SHIFTED = ("roberta", "xlm-roberta", "camembert", "mpnet", "longformer")
"""Models whose positions begin at two."""


def _pooled(states: Any, mask: Any, how: str) -> Any:
    if how == "cls":
        return states[:, 0]
    if how == "last":
        return states[range(len(states)), mask.sum(1) - 1]
    if how == "max":
        return states.masked_fill(mask[:, :, None] == 0, -LARGEST).max(1).values
    return (states * mask[:, :, None]).sum(1) / mask.sum(1, keepdim=True)


_POOLINGS = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_lasttoken": "last",
}


def _said_pooling(said: dict[str, Any], folder: Path) -> str:
    """The pooling that a configuration names, in its older or newer spelling."""
    newer = {"cls": "cls", "mean": "mean", "max": "max", "lasttoken": "last"}
    if isinstance(said.get("pooling_mode"), str) and said["pooling_mode"] in newer:
        return newer[said["pooling_mode"]]
    asked = [name for name, on in said.items() if name.startswith("pooling_mode_") and on is True]
    if len(asked) != 1 or asked[0] not in _POOLINGS:
        raise InputError(
            f"a sentence model must pool by mean, first, last or maximum, but {folder} says {', '.join(asked) or 'none'}. "
            "Use another model, or give ready embeddings (fw.Embedding)."
        )
    return _POOLINGS[asked[0]]
