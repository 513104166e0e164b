"""No metric on rows that the model learned from: they are left out, counted and told, and too few new ones are refused."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
from taught_tasks import model_for, rows

from fuseworthy.deploy.compress.unseen import read_unseen, truth_of
from fuseworthy.errors import InputError
from fuseworthy.task import Task


def test_training_rows_are_refused():
    with pytest.raises(
        InputError, match=r"100 rows or more .* 600 came, of which 600 were learned from, and 0 are left"
    ):
        read_unseen(model_for("silent"), rows("silent", 600, 0))


def test_training_rows_among_others_are_left_out_counted_and_told():
    mixed = pa.concat_tables([rows("silent", 600, 0).slice(0, 70), rows("silent", 150, 1)])
    found = read_unseen(model_for("silent"), mixed)
    assert (found.n, found.seen, found.rows) == (150, 70, 220)
    assert found.ids.tolist() == list(range(71, 221))
    assert found.notices == ("70 of 220 rows were learned from by the model, and left out",)
    truth = [label == "yes" for label in mixed["y"].to_pylist()[70:]]
    np.testing.assert_array_equal(found.y, np.array(truth).astype(int))
    assert found.learned.among(mixed, ["cheap", "dear"]).tolist() == [False] * 70 + [True] * 150


def test_rows_without_a_truth_are_left_out_and_told():
    table = rows("silent", 150, 1)
    labels = [None if i < 20 else label for i, label in enumerate(table["y"].to_pylist())]
    found = read_unseen(model_for("silent"), table.set_column(2, "y", [labels]))
    assert (found.n, found.unlabelled) == (130, 20)
    assert "20 rows have no 'y'" in found.notices[0]


def test_rows_that_equal_training_rows_are_scored_if_asked_for_and_that_is_told():
    found = read_unseen(model_for("silent"), rows("silent", 600, 0), keep_seen=True)
    assert found.n == 600
    assert "600 of 600 rows hold what a row held that the model learned from" in found.notices[0]


def test_a_model_without_digests_says_that_nobody_could_check():
    model = replace(model_for("silent"), learned_rows=None)
    found = read_unseen(model, rows("silent", 600, 0))
    assert (found.n, found.seen) == (600, 0)
    assert "nobody could check that these rows are new" in found.notices[0]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: t.drop_columns(["y"]), "the target must be a column of the table, but 'y'"),
        (lambda t: t.drop_columns(["dear"]), "every column of the model must be a column of the table, but 'dear'"),
        (lambda t: t.set_column(2, "y", [["ye"] * t.num_rows]), "'ye' is none: the nearest is 'yes'"),
        (lambda t: t.slice(0, 60), "60 are left"),
    ],
)
def test_tables_that_cannot_be_scored_are_refused_with_what_to_do(change, said):
    with pytest.raises(InputError, match=said):
        read_unseen(model_for("silent"), change(rows("silent", 150, 1)))


def test_rows_of_a_group_or_of_one_content_stay_together():
    table, model = rows("silent", 200, 1), model_for("silent")
    assert read_unseen(model, table).clusters is None
    twice = pa.concat_tables([table, table.slice(0, 30)])
    same = read_unseen(model, twice).clusters
    np.testing.assert_array_equal(same[:30], same[200:])
    assert len(np.unique(same)) == 200
    grouped = table.append_column("ward", pa.array([i % 7 for i in range(200)]))
    assert len(np.unique(read_unseen(model, grouped, group="ward").clusters)) == 7


def test_classes_of_words_are_known_where_a_file_holds_but_those_of_flags():
    model = SimpleNamespace(target="y", task=Task("multiclass", ("false", "true", "unknown")))
    assert truth_of(model, pa.table({"y": [True, False]})).tolist() == [1, 0]
    flags = SimpleNamespace(target="y", task=Task("binary", ("False", "True")))
    assert truth_of(flags, pa.table({"y": [True, False]})).tolist() == [1, 0]
