"""A table's modalities encoded once, and written as ready embeddings beside its other columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from fuseworthy.durable import cache_root, require_new, write_json, write_with
from fuseworthy.errors import InputError
from fuseworthy.inputs.blocks import Block
from fuseworthy.inputs.encoded import Watch, encode_modalities
from fuseworthy.inputs.modality import Modality, Text
from fuseworthy.inputs.recordings import Recording
from fuseworthy.inputs.tables import home_of, read_table, require_columns

ROWS = 4096
"""Rows that are written at once, so that memory does not grow with the table."""
TIMES = ".times"
"""Ends the name of the column that holds when each token of a sequence was."""


@dataclass(frozen=True)
class _Column:
    """One block and what its column is called."""

    name: str
    encoder: str
    block: Block

    def fields(self) -> list[pa.Field]:
        width = self.block.values.shape[-1]
        vector = pa.list_(pa.float32(), width)
        found = [pa.field(self.name, vector if self.block.mask is None else pa.list_(vector))]
        return found + ([pa.field(self.name + TIMES, pa.list_(pa.float32()))] if self.block.times is not None else [])

    def arrays(self, rows: slice) -> list[pa.Array]:
        """The columns' cells; null where the row lacks the modality."""
        block, kinds = self.block, [field.type for field in self.fields()]
        values, absent = np.asarray(block.values[rows], dtype=np.float32), pa.array(~block.present[rows])
        if block.mask is None:
            flat = pa.array(values.reshape(-1))
            return [pa.FixedSizeListArray.from_arrays(flat, type=kinds[0], mask=absent)]
        real = np.asarray(block.mask[rows]) & block.present[rows][:, None]
        offsets = pa.array(np.concatenate([[0], np.cumsum(real.sum(axis=1))]).astype(np.int32))
        tokens = pa.FixedSizeListArray.from_arrays(pa.array(values[real].reshape(-1)), type=kinds[0].value_type)
        found = [pa.ListArray.from_arrays(offsets, tokens, type=kinds[0], mask=absent)]
        if block.times is not None:
            moments = pa.array(np.asarray(block.times[rows], dtype=np.float32)[real])
            found.append(pa.ListArray.from_arrays(offsets, moments, type=kinds[1], mask=absent))
        return found


def embed(
    table: Any,
    modalities: Mapping[str, Modality],
    *,
    out: str | Path,
    root: str | Path | None = None,
    watch: Watch | None = None,
) -> Path:
    """Encode modalities once, through the cache, and write a table that holds them as ready embeddings.

    The folder gets ``table.parquet``: every column of the table, without those that are only files now encoded or texts
    whose every encoder gives embeddings, and a column ``modality.view`` for each view: one vector a row, or a list of
    them (and a column of their times, ending in ``.times``). A row that lacks the modality has null. ``manifest.json``
    says what each column is. `compare` and `inspect` read the table as any other.

    Parameters
    ----------
    table : path, or pandas, polars or Arrow table, of n rows
    modalities : mapping of name to Text, Image, Audio, Video or Series
        Each with the encoders that are wanted. Word counts (``tfidf``) are learned inside each fold, so they are no
        embedding: the text stays.
    out : path
        A folder, new or empty.
    root : path, optional
        The folder that paths of files are relative to; the table's own if left out.
    watch : Watch, optional
        Told of progress and of notices.

    Returns
    -------
    Path
        Of ``table.parquet``.

    Raises
    ------
    InputError
        The folder holds something, a column is not there, or no encoder gives embeddings.

    Examples
    --------
    >>> import tempfile
    >>> notes = pa.table({"note": ["red cat", "a dog"], "y": [0, 1]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     found = pq.read_table(embed(notes, {"note": Text("note", encoders=("words",))}, out=folder))
    >>> found.column_names
    ['y', 'note.words']
    """
    folder = Path(out)
    require_new(folder, "out")
    read, notices = read_table(table)
    home = home_of(table) if root is None else Path(root).absolute()
    rooted = {name: m.under(home) if isinstance(m, Recording) else m for name, m in modalities.items()}
    for name, modality in rooted.items():
        require_columns(read, modality.columns, f"every column of modality {name!r}")
    watch = watch or Watch()
    if watch.say is not None:
        for line in notices:
            watch.say(line)
    columns, gone = _columns(read, rooted, watch)
    kept = read.drop_columns(sorted(gone))
    if taken := {field.name for column in columns for field in column.fields()} & set(kept.column_names):
        raise InputError(f"new columns must not be there already, but {min(taken)!r} is. Rename it.")
    path = folder / "table.parquet"
    digest = write_with(path, lambda handle: _write(handle, kept, columns))
    manifest = {"rows": read.num_rows, "table": {"file": path.name, "sha256": digest}, "columns": _said(columns)}
    write_json(folder / "manifest.json", manifest)
    return path


def _columns(table: pa.Table, modalities: Mapping[str, Modality], watch: Watch) -> tuple[list[_Column], set[str]]:
    """The new columns, and those of the table that they stand for."""
    wanted = {name: m for name, m in modalities.items() if isinstance(m, Text | Recording)}
    dense = {name: m for name, m in wanted.items() if set(m.encoders) != {"tfidf"}}
    if not dense:
        raise InputError(
            "some modality must have an encoder that gives embeddings, but "
            f"{', '.join(modalities) or 'none'} came. For example encoders=('minilm',) of a text (--encoder text=minilm)."
        )
    blocks, _ = encode_modalities(table, dense, cache_root(), watch)
    found = [
        _Column(f"{name}.{view}", dense[name].views[view], block)
        for name, views in blocks.items()
        for view, block in views.items()
        if block.form in ("vectors", "tokens")
    ]
    gone = {column for m in dense.values() if "tfidf" not in m.encoders for column in m.columns}
    return found, gone - {column for m in modalities.values() if m not in dense.values() for column in m.columns}


def _write(handle: Any, kept: pa.Table, columns: list[_Column]) -> None:
    schema = pa.schema([*kept.schema, *(field for column in columns for field in column.fields())])
    plain = kept.replace_schema_metadata(None)
    with pq.ParquetWriter(handle, schema.remove_metadata()) as writer:
        for start in range(0, kept.num_rows, ROWS):
            rows = slice(start, min(start + ROWS, kept.num_rows))
            own = plain.slice(start, ROWS).combine_chunks().columns
            more = [array for column in columns for array in column.arrays(rows)]
            writer.write_table(pa.table([*own, *more], schema=schema.remove_metadata()))


def _said(columns: list[_Column]) -> list[dict[str, Any]]:
    return [
        {
            "column": column.name,
            "modality": column.block.modality,
            "view": column.block.view,
            "encoder": column.encoder,
            "form": column.block.form,
            "shape": list(column.block.values.shape),
            "present": int(column.block.present.sum()),
            "times": column.name + TIMES if column.block.times is not None else None,
        }
        for column in columns
    ]
