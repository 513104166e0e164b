"""Tables that may be larger than memory, a batch of rows at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from fuseworthy.errors import InputError, first_line
from fuseworthy.inputs.tables import PARQUET, checked_table, read_table

ROWS = 16_384


def read_batches(
    source: Any, rows: int = ROWS, as_text: Collection[str] = (), only: Collection[str] | None = None
) -> tuple[Iterator[pa.Table], int]:
    """The rows of a table in order, at most ``rows`` at a time, and how many there are.

    Parquet files are read as they are needed. Of every other format a column's type is told by all of its cells, so such
    a table is read whole, and then given in batches.

    Parameters
    ----------
    as_text, only : see `read_table`

    Raises
    ------
    InputError
        As of `read_table`; a damaged part of a Parquet file when it is reached.
    """
    if isinstance(source, (str, Path)) and str(source).lower().endswith(PARQUET) and Path(source).is_file():
        return _parquet(Path(source), rows, only)
    table, _ = read_table(source, as_text, only)
    return (table.slice(start, rows) for start in range(0, table.num_rows, rows)), table.num_rows


def _parquet(path: Path, rows: int, only: Collection[str] | None) -> tuple[Iterator[pa.Table], int]:
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
        total = int(file.metadata.num_rows)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path} must be a readable Parquet file, but it is damaged: {first_line(error)}.") from error
    if total == 0:
        raise InputError(f"the table must have rows, but {path} has none.")

    def batches() -> Iterator[pa.Table]:
        try:
            wanted = [name for name in file.schema_arrow.names if name in (only or ())] or None
            for batch in file.iter_batches(batch_size=rows, columns=wanted):
                table = pa.Table.from_batches([batch])
                table.validate(full=True)
                yield checked_table(table, only)
        except (pa.ArrowException, OSError) as error:
            raise InputError(
                f"{path} must be a readable Parquet file, but it is damaged: {first_line(error)}."
            ) from error

    return batches(), total
