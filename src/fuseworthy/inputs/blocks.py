"""Block: one modality of n rows as arrays. Before it files and formats; after it only numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from fuseworthy.durable import file_digest, read_json, write_json

NOTHING = "none"
"""The availability pattern of a row that has no modality."""
POOLED_AT_ONCE = 1 << 22
"""Numbers that are pooled in one step."""


@dataclass(frozen=True)
class Block:
    """One encoded view of a modality.

    Parameters
    ----------
    modality : str
    view : str
        What made it: "counts", "cells", "vectors" and "tokens" for token counts, table cells, ready vectors and ready
        sequences; otherwise the encoder's name ("minilm", …).
    values : (n, d) array, dense or CSR; (n, t, d) of sequences; whole numbers, (n, …), of what a network is given
    present : (n,) bool array
        Whether the row has this modality at all. Values of absent rows mean nothing and must not be used.
    meta : dict
        ``features`` (names), ``categorical`` (flags), ``words`` (number of word columns), as the view needs; ``raw``
        if it holds what an encoder is given and not what it makes of it.
    mask : (n, t) bool array, optional
        Of sequences: which vectors are real. Values of padding mean nothing and must not be used.
    times : (n, t) array, optional
        Of sequences: when each vector was taken, in the user's unit.
    """

    modality: str
    view: str
    values: Any
    present: NDArray[np.bool_]
    meta: dict[str, Any] = field(default_factory=dict)
    mask: NDArray[np.bool_] | None = None
    times: NDArray[np.floating[Any]] | None = None

    @property
    def n(self) -> int:
        return len(self.present)

    @property
    def form(self) -> str:
        """What learners can do with it: "counts" (sparse), "cells" (NaN = missing cell, categories as codes), "vectors"
        or "tokens" (sequences of vectors). "raw" is for networks alone that train an encoder."""
        if self.meta.get("raw"):
            return "raw"
        if self.view in ("counts", "cells"):
            return self.view
        return "vectors" if self.mask is None else "tokens"

    @cached_property
    def pooled(self) -> Any:
        """One list of numbers a row: the values, or mean and maximum of each dimension of a sequence, (n, 2d)."""
        return self.values if self.mask is None else _pool(self.values, self.mask)

    def shuffled(self, order: NDArray[np.int64]) -> Block:
        """The block with rows moved, presence with them: for the placebo control."""
        mask, times = (None if a is None else a[order] for a in (self.mask, self.times))
        return Block(self.modality, self.view, self.values[order], self.present[order], self.meta, mask, times)  # type: ignore[arg-type]


def patterns(present: Mapping[str, NDArray[np.bool_]]) -> NDArray[Any]:
    """Availability pattern of each row, (n,): the names of the modalities it has, sorted and joined by "+", or "none".

    Examples
    --------
    >>> patterns({"b": np.array([True, True, False]), "a": np.array([True, False, False])}).tolist()
    ['a+b', 'b', 'none']
    """
    names = sorted(present)
    codes, inverse = np.unique(np.column_stack([present[m] for m in names]), axis=0, return_inverse=True)
    labels = ["+".join(m for m, has in zip(names, row, strict=True) if has) or NOTHING for row in codes]
    return np.array(labels, dtype=object)[inverse.ravel()]


def _pool(values: Any, mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Mean and maximum over the real vectors of each row, side by side; zero in rows that have none."""
    n, t, d = values.shape
    pooled = np.zeros((n, 2 * d))
    step = max(1, POOLED_AT_ONCE // (t * d))
    for start in range(0, n, step):
        rows = slice(start, start + step)
        real = np.asarray(mask[rows])[:, :, None]
        total = np.where(real, values[rows], 0.0).sum(axis=1, dtype=np.float64)
        pooled[rows, :d] = total / np.maximum(real.sum(axis=1), 1)
        pooled[rows, d:] = np.where(real.any(axis=1), np.where(real, values[rows], -np.inf).max(axis=1), 0.0)
    return pooled


def save_block(block: Block, folder: Path, key: str = "") -> None:
    """Write arrays as .npy and a manifest with their sha256, and the key they are kept under, into an empty folder."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, Any] = {"present": block.present}
    if sparse.issparse(block.values):
        csr = block.values.tocsr()
        arrays |= {"data": csr.data, "indices": csr.indices, "indptr": csr.indptr}
    else:
        arrays["values"] = block.values
    arrays |= {name: own for name, own in (("mask", block.mask), ("times", block.times)) if own is not None}
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array, allow_pickle=False)
    write_json(
        folder / "block.json",
        {
            "modality": block.modality,
            "view": block.view,
            "meta": block.meta,
            "key": key,
            "shape": list(block.values.shape),
            "files": {f"{name}.npy": file_digest(folder / f"{name}.npy") for name in arrays},
        },
    )


def load_block(folder: Path, modality: str, key: str | None = None) -> Block:
    """Read a block back, memory-mapped where dense.

    Raises
    ------
    ValueError
        A file is missing, torn or flipped, or the block was kept under another key.
    """
    manifest = read_json(folder / "block.json")
    if key is not None and manifest.get("key") != key:
        raise ValueError(f"{folder} is damaged: it holds the block of another key")
    for name, digest in manifest["files"].items():
        if file_digest(folder / name) != digest:
            raise ValueError(f"{folder / name} is damaged: its sha256 does not match")

    def array(name: str) -> Any:
        return np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)

    values: Any
    if "data.npy" in manifest["files"]:
        parts = (np.array(array("data")), np.array(array("indices")), np.array(array("indptr")))
        values = sparse.csr_array(parts, shape=tuple(manifest["shape"]))
    else:
        values = array("values")
    meta = json.loads(json.dumps(manifest["meta"]))
    mask, times = (array(name) if f"{name}.npy" in manifest["files"] else None for name in ("mask", "times"))
    return Block(modality, manifest["view"], values, np.array(array("present")), meta, mask, times)
