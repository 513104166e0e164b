"""Static embeddings: the mean of fixed vectors of a text's tokens, from a model2vec folder.

Extra ``model2vec``. Tulkens & van Dongen 2024, "Model2Vec".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fuseworthy.errors import InputError, require

AT_ONCE = 4096
"""Texts of a step, after each of which progress is told."""


def embed(folder: Path, texts: Sequence[str], tell: Callable[[int], None] | None = None) -> NDArray[np.float32]:
    """One vector a text, (n, d).

    Raises
    ------
    MissingExtraError
    InputError
        The folder holds no such model.
    """
    model2vec = require("model2vec", extra="model2vec")
    try:
        model = model2vec.StaticModel.from_pretrained(str(folder))
    except Exception as error:
        raise InputError(f"model2vec: must name a folder with a static model, but {folder} gave: {error}.") from None
    values = np.zeros((len(texts), model.dim), dtype=np.float32)
    for start in range(0, len(texts), AT_ONCE):
        part = list(texts[start : start + AT_ONCE])
        values[start : start + len(part)] = model.encode(part, use_multiprocessing=False)
        if tell is not None:
            tell(start + len(part))
    return values
