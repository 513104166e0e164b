"""A model's answers to a table of any size, batch by batch, into a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from fuseworthy.deploy.model import Model
from fuseworthy.durable import write_with
from fuseworthy.errors import InputError
from fuseworthy.inputs.batches import read_batches
from fuseworthy.inputs.tables import home_of, require_columns
from fuseworthy.inputs.unreadable import (
    ALLOW_MORE,
    LISTED,
    MOST_UNREADABLE,
    names_of,
    notice,
    require_few,
    unreadable_rows,
)
from fuseworthy.strategies.part import Blocks

ENDINGS = (".parquet", ".csv")


@dataclass(frozen=True)
class Predicted:
    """What was answered.

    Parameters
    ----------
    rows, abstained : int
    routes : who answered -> rows
    patterns : modalities there were -> rows
    notices : of files that could not be read
    """

    rows: int
    abstained: int
    routes: dict[str, int]
    patterns: dict[str, int]
    notices: tuple[str, ...] = ()


def predict_table(
    model: Model,
    source: Any,
    out: str | Path,
    *,
    id: str | None = None,
    explain: bool = False,
    root: str | Path | None = None,
    max_unreadable: float = MOST_UNREADABLE,
    on_rows: Callable[[int, int], None] | None = None,
) -> Predicted:
    """Answer every row of a table, and write the answers in its order; no more than a batch is in memory.

    Parameters
    ----------
    source : path, or pandas, polars or Arrow table
    out : path ending in .parquet or .csv; see `Answers.to_table` for its columns
    id : str, optional
        A column that is written beside the answers; otherwise ``row`` counts from 1.
    explain : bool
        Also what each modality contributed.
    max_unreadable : float
        Share of a modality's rows whose files may be unreadable; such rows lack it, and the answers say so.
    on_rows : callable (rows done, rows), optional

    Raises
    ------
    InputError
    """
    target = Path(out)
    _require_own(target, source)
    only = [*model.columns, *([] if id is None else [id])]
    batches, total = read_batches(source, as_text=model.text_columns, only=only)
    routes: Counter[str] = Counter()
    patterns: Counter[str] = Counter()
    done = abstained = 0
    unreadable = _Unreadable(total, max_unreadable)

    def write(handle: IO[bytes]) -> None:
        nonlocal done, abstained
        writer: Any = None
        try:
            for batch in batches:
                blocks = _blocks(model, batch, root or home_of(source), done)
                unreadable.add(blocks, done)
                answers = (model.explain_blocks if explain else model.answer_blocks)(blocks)
                answers = answers.with_unreadable(unreadable_rows(blocks))
                found = _named(answers.to_table(), batch, id, done, csv=target.suffix == ".csv")
                writer = writer or _writer(handle, found.schema, target.suffix)
                writer.write_table(_guarded(found) if target.suffix == ".csv" else found)
                routes.update(answers.route.tolist())
                patterns.update(answers.pattern.tolist())
                done, abstained = done + batch.num_rows, abstained + int(answers.abstained.sum())
                if on_rows:
                    on_rows(done, total)
        finally:
            if writer is not None:
                writer.close()

    write_with(target, write)
    return Predicted(
        done, abstained, dict(routes.most_common()), dict(patterns.most_common()), tuple(unreadable.notices())
    )


def _require_own(target: Path, source: Any) -> None:
    if target.suffix not in ENDINGS:
        raise InputError(
            f"predictions must be written to a file that ends in {' or '.join(ENDINGS)}, but {target} came."
        )
    if isinstance(source, str | Path) and target.exists() and Path(source).exists() and target.samefile(source):
        raise InputError(
            f"predictions must be written to a file of their own, but {target} is the table. Name another."
        )


class _Unreadable:
    """Files of all batches that could not be read."""

    def __init__(self, total: int, most: float) -> None:
        self.total, self.most = total, most
        self.counts: Counter[str] = Counter()
        self.names: dict[str, list[str]] = {}

    def add(self, blocks: Blocks, before: int) -> None:
        """Those of a batch, after so many rows; too many are refused."""
        for modality, rows in unreadable_rows(blocks).items():
            own = self.names.setdefault(modality, [])
            numbers = range(before + 1, before + 1 + len(rows))
            own += names_of(next(iter(blocks[modality].values())), numbers)[: LISTED - len(own)]
            self.counts[modality] += int(rows.sum())
            require_few(modality, self.counts[modality], self.total, own, self.most, ALLOW_MORE)

    def notices(self) -> list[str]:
        return [notice(m, count, self.total, self.names[m]) for m, count in self.counts.items() if count]


def _blocks(model: Model, batch: pa.Table, root: str | Path | None, before: int) -> Blocks:
    try:
        return model.blocks_of(batch, root)
    except InputError as error:
        if before == 0:
            raise
        raise InputError(f"in the rows from {before + 1:,} on, counted from there: {error}") from error


def _named(answers: pa.Table, batch: pa.Table, id: str | None, before: int, *, csv: bool) -> pa.Table:
    """The answers with the key of each row in front."""
    if id is None:
        return answers.add_column(0, "row", pa.array(range(before + 1, before + 1 + answers.num_rows)))
    require_columns(batch, [id], "the id")
    if id in answers.column_names:
        raise InputError(
            f"the id must not be called as an answer is, but {id!r} is. Rename it, or leave out id (--id)."
        )
    if csv and (pa.types.is_nested(batch[id].type) or pa.types.is_binary(batch[id].type)):
        raise InputError(
            f"the id must be one word or number a row in a .csv file, but {id!r} has type {batch[id].type}. Write to a "
            ".parquet file, or name another id (--id)."
        )
    return answers.add_column(0, id, batch[id])


def _guarded(table: pa.Table) -> pa.Table:
    """Text that a spreadsheet would take for a formula, with an apostrophe before it."""
    for i, field in enumerate(table.schema):
        if pa.types.is_string(field.type):
            cells = table[field.name]
            formula = pc.match_substring_regex(cells, r"^[=+\-@\t\r]")
            table = table.set_column(i, field, pc.if_else(formula, pc.binary_join_element_wise("'", cells, ""), cells))
    return table


def _writer(handle: IO[bytes], schema: pa.Schema, ending: str) -> Any:
    if ending == ".csv":
        from pyarrow.csv import CSVWriter

        return CSVWriter(handle, schema)
    return pq.ParquetWriter(handle, schema)
