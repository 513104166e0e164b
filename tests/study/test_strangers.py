"""A placebo must break what it stands for: also a modality that all rows of a group share."""

import numpy as np
import pyarrow as pa
from scipy import sparse

import fuseworthy as fw
from fuseworthy.inputs.blocks import Block
from fuseworthy.strategies.sharing import is_shared

GROUPS = np.repeat(np.arange(60), 6)


def scenes() -> pa.Table:
    """Six questions about each picture; the answer needs both."""
    rng = np.random.default_rng(0)
    picture, question = rng.choice([-1.0, 1.0], 60)[GROUPS], rng.choice([-1.0, 1.0], len(GROUPS))
    noise = rng.normal(0, 0.2, (60, 2))[GROUPS]
    return pa.table(
        {
            "row": np.arange(len(GROUPS)),
            "scene": GROUPS,
            "picture": (np.column_stack([picture, picture]) + noise).tolist(),
            "question": (question[:, None] + rng.normal(0, 0.2, (len(GROUPS), 2))).tolist(),
            "answer": np.where(picture * question > 0, "yes", "no"),
        }
    )


def test_a_picture_that_a_group_shares_is_taken_from_another_group():
    study = fw.compare(
        scenes(),
        "answer",
        id="row",
        group="scene",
        folds=3,
        repeats=1,
        attribution=False,
        anyway=True,
        strategies=["early-boosting"],
        modalities={"picture": fw.Embedding("picture"), "question": fw.Embedding("question")},
    )
    metric = {row["name"]: row["metric"] for row in study.facts["strategies"]}
    assert metric["early-boosting"] > 0.95
    assert metric["placebo-early"] < 0.7
    assert study.verdict.outcome == "FUSE", study


def test_what_a_group_shares_is_told_from_what_differs_inside():
    here, own = np.ones(len(GROUPS), dtype=bool), GROUPS[:, None].astype(float)
    each = np.arange(len(GROUPS))[:, None].astype(float)
    assert is_shared(Block("m", "vectors", own, here), GROUPS)
    assert not is_shared(Block("m", "vectors", each, here), GROUPS)
    assert is_shared(Block("m", "counts", sparse.csr_array(own), here), GROUPS)
    assert not is_shared(Block("m", "counts", sparse.csr_array(each), here), GROUPS)
    assert is_shared(Block("m", "cells", np.where(own > 3, np.nan, own), here), GROUPS)
    tokens, mask = np.repeat(own[:, None], 3, axis=1), np.ones((len(GROUPS), 3), dtype=bool)
    padded = tokens.copy()
    padded[:, 2] = each  # what stands in padding says nothing
    mask[:, 2] = False
    assert is_shared(Block("m", "patches", padded, here, {}, mask), GROUPS)
    assert not is_shared(Block("m", "patches", padded, here, {}, np.ones_like(mask)), GROUPS)


def test_a_few_odd_groups_do_not_make_a_shared_modality_vary():
    """One picture that cannot be read, or one wrong row: shuffled within groups all the others would stay as they are."""
    own = GROUPS[:, None].astype(float)
    own[7] = -1.0
    assert is_shared(Block("m", "vectors", own, np.arange(len(GROUPS)) != 20), GROUPS)
    half = np.where(GROUPS[:, None] % 2, np.arange(len(GROUPS))[:, None], GROUPS[:, None]).astype(float)
    assert not is_shared(Block("m", "vectors", half, np.ones(len(GROUPS), dtype=bool)), GROUPS)
