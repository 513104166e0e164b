"""Block: one modality of n rows as arrays. Before it files and formats; after it only numbers."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from fuseworthy.durable import file_digest, read_json, write_json


@dataclass(frozen=True)
class Block:
    """One encoded view of a modality.

    Parameters
    ----------
    modality : str
    view : {"counts", "cells", "vectors"}
        Token counts (sparse), table cells (NaN = missing cell, categories as codes), or ready vectors.
    values : (n, d) array, dense or CSR
    present : (n,) bool array
        Whether the row has this modality at all. Values of absent rows mean nothing and must not be used.
    meta : dict
        ``features`` (names), ``categorical`` (flags), ``words`` (number of word columns), as the view needs.
    """

    modality: str
    view: str
    values: Any
    present: NDArray[np.bool_]
    meta: dict[str, Any] = field(default_factory=dict)

    @property
    def n(self) -> int:
        return len(self.present)

    def shuffled(self, order: NDArray[np.int64]) -> Block:
        """The block with rows moved, presence with them: for the placebo control."""
        return Block(self.modality, self.view, self.values[order], self.present[order], self.meta)


def save_block(block: Block, folder: Path) -> None:
    """Write arrays as .npy and a manifest with their sha256 into an empty folder."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, Any] = {"present": block.present}
    if sparse.issparse(block.values):
        csr = block.values.tocsr()
        arrays |= {"data": csr.data, "indices": csr.indices, "indptr": csr.indptr}
    else:
        arrays["values"] = block.values
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array, allow_pickle=False)
    write_json(
        folder / "block.json",
        {
            "modality": block.modality,
            "view": block.view,
            "meta": block.meta,
            "shape": list(block.values.shape),
            "files": {f"{name}.npy": file_digest(folder / f"{name}.npy") for name in arrays},
        },
    )


def load_block(folder: Path, modality: str) -> Block:
    """Read a block back, memory-mapped where dense.

    Raises
    ------
    ValueError
        A file is missing, torn or flipped.
    """
    manifest = read_json(folder / "block.json")
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
    return Block(modality, manifest["view"], values, np.array(array("present")), meta)
