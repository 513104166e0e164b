"""What a user hands to ``fit`` and ``predict``, as an Arrow table and its modalities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from fuseworthy.errors import InputError
from fuseworthy.inputs.infer import infer_modalities
from fuseworthy.inputs.modality import Modality, Tabular, require_name
from fuseworthy.inputs.tables import read_table, require_columns
from fuseworthy.task import Floats

ARRAY_MODALITY = "table"
"""Name of the one modality of an array."""


def is_frame(X: Any) -> bool:
    """Whether X is a pandas, polars or Arrow table.

    Raises
    ------
    InputError
        It is a lazy one.
    """
    import narwhals as nw

    frame = nw.from_native(X, pass_through=True)
    if isinstance(frame, nw.LazyFrame):
        raise InputError(f"a table must be in memory, but a lazy one ({type(X).__name__}) came. Collect it first.")
    return isinstance(frame, nw.DataFrame)


def table_of_frame(X: Any) -> pa.Table:
    return read_table(X)[0]


def table_of_array(X: Floats) -> pa.Table:
    """Columns x0, x1, … of a (n, d) array; NaN is a missing cell."""
    return pa.table({f"x{i}": pa.array(X[:, i], from_pandas=True) for i in range(X.shape[1])})


def settle_modalities(
    table: pa.Table, asked: Mapping[str, Modality] | None, *, array: bool
) -> tuple[dict[str, Modality], dict[str, str]]:
    """The modalities of a table as asked for or inferred, and why each other column is not used.

    Raises
    ------
    InputError
        An unknown column or kind, a name that cannot be used, or nothing to learn from.

    Examples
    --------
    >>> settle_modalities(pa.table({"x0": [1.0, 2.0], "x1": pa.nulls(2)}), None, array=True)
    ({'table': Tabular(columns=('x0',))}, {'x1': 'every cell is missing'})
    """
    if asked is None and not array:
        return _inferred(table)
    wanted = {ARRAY_MODALITY: Tabular(*table.column_names)} if asked is None else _checked(table, asked)
    modalities = {name: _without_blanks(table, modality) for name, modality in wanted.items()}
    used = {column for modality in modalities.values() for column in modality.columns}
    blank = {column for modality in wanted.values() for column in modality.columns} - used
    reasons = {c: "every cell is missing" if c in blank else "not asked for" for c in table.column_names}
    return modalities, {column: reason for column, reason in reasons.items() if column not in used}


def _inferred(table: pa.Table) -> tuple[dict[str, Modality], dict[str, str]]:
    inference = infer_modalities(table, set())
    if not inference.modalities:
        reasons = "; ".join(f"{column}: {why}" for column, why in list(inference.left_out.items())[:3])
        raise InputError(f"the table must have at least one column to learn from, but none is left ({reasons}).")
    return inference.modalities, inference.left_out


def _checked(table: pa.Table, asked: Mapping[str, Modality]) -> dict[str, Modality]:
    if not isinstance(asked, Mapping) or not asked:
        raise InputError(f"modalities must be a mapping such as {{'note': Text('note')}}, but {asked!r} came.")
    for name, modality in asked.items():
        require_name(name)
        if not isinstance(modality, Modality):
            raise InputError(f"modality {name!r} must be a Text, Tabular or Embedding, but {modality!r} came.")
        require_columns(table, modality.columns, f"every column of modality {name!r}")
    return dict(asked)


def _without_blanks(table: pa.Table, modality: Modality) -> Modality:
    """A tabular modality without the columns that have no cell; there is nothing to learn from them."""
    if not isinstance(modality, Tabular):
        return modality
    known = [c for c in modality.columns if len(pc.drop_null(table[c]))]
    return Tabular(*known) if known else modality
