"""What no model of a study has seen missing is said: once for what every row has, and for rows of single folds."""

import numpy as np
import pyarrow as pa

import fuseworthy as fw
from fuseworthy.folds import Folds
from fuseworthy.inputs.blocks import Block
from fuseworthy.study.prepare import load, prepare
from fuseworthy.study.presence import absence_notices
from fuseworthy.study.question import Question

N = 60


def blocks_of(**lacking):
    """Blocks of one number a row, absent in the rows named (from 0)."""
    found = {}
    for name, rows in lacking.items():
        present = np.ones(N, dtype=bool)
        present[list(rows)] = False
        found[name] = {"vectors": Block(name, "vectors", np.zeros((N, 1)), present)}
    return found


DEALT, IN_TIME = np.arange(N) % 5, np.repeat([-1, 0, 1, 2, 3, 4], 10)


def test_a_complete_table_is_told_once_for_all_its_modalities():
    folds = Folds("shuffled", DEALT[None])
    (said,) = absence_notices(blocks_of(a=(), b=(), c=()), folds)
    assert said.startswith("every modality is present in every row")
    assert "study.missing()" in said
    (said,) = absence_notices(blocks_of(a=(), b=(), c=range(20)), folds)
    assert "'a' and 'b'" in said
    assert "'c'" not in said


def test_modalities_that_every_training_part_lacks_at_times_are_not_mentioned():
    assert absence_notices(blocks_of(a=range(0, 30), b=range(10, 40)), Folds("shuffled", DEALT[None])) == []


def test_rows_that_lack_what_their_own_training_part_never_lacked_are_counted_and_named():
    in_time = Folds("temporal", IN_TIME[None], order=np.arange(N))
    (said,) = absence_notices(blocks_of(a=range(5), b=[33, 35, 47]), in_time)
    # rows 34 and 36 are scored by models of rows 1 to 30, which have b; row 48 by models that saw them
    assert said.startswith("modality 'b' is missing in 2 rows that are scored by models which never saw it missing")
    assert "first: row 34, fold 3" in said
    (said,) = absence_notices(blocks_of(a=range(5), b=[12]), Folds("shuffled", np.stack([DEALT, DEALT[::-1]])))
    assert "is missing in 1 row that is scored by models" in said


def test_a_study_says_so_in_its_notices_once(tmp_path):
    rng = np.random.default_rng(0)
    y = np.tile([0, 1], N // 2)
    table = pa.table({"v": rng.normal(size=(N, 4)).tolist(), "x": rng.normal(size=N), "y": y})
    question = Question("y", {"v": fw.Embedding("v"), "table": fw.Tabular("x")})
    notices = prepare(load(table, question), question, tmp_path).plan.notices
    told = [line for line in notices if "nothing learned what to do without" in line]
    print(f"\nD7: never seen missing in training, in a complete table: {len(told)} line: {told[0]}")
    assert len(told) == 1
