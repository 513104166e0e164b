"""A placebo must break what it stands for: also a modality that all rows of a group share."""

import numpy as np
import pyarrow as pa
from scipy import sparse

import fuseworthy as fw
from fuseworthy.inputs.blocks import Block
from fuseworthy.study.strangers import block_varies

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


def test_what_differs_inside_a_group_is_told_from_what_does_not():
    here, own = np.ones(len(GROUPS), dtype=bool), GROUPS[:, None].astype(float)
    shared = Block("m", "vectors", own, here)
    assert not block_varies(shared, GROUPS)
    assert block_varies(Block("m", "vectors", np.arange(len(GROUPS))[:, None].astype(float), here), GROUPS)
    assert block_varies(Block("m", "vectors", own, np.arange(len(GROUPS)) != 7), GROUPS)
    assert not block_varies(Block("m", "counts", sparse.csr_array(own), here), GROUPS)
    assert block_varies(Block("m", "counts", sparse.csr_array(np.arange(len(GROUPS))[:, None]), here), GROUPS)
    tokens, mask = np.repeat(own[:, None], 3, axis=1), np.ones((len(GROUPS), 3), dtype=bool)
    padded = tokens.copy()
    padded[:, 2] = np.arange(len(GROUPS))[:, None]  # what stands in padding says nothing
    mask[:, 2] = False
    assert not block_varies(Block("m", "patches", padded, here, {}, mask), GROUPS)
    assert block_varies(Block("m", "patches", padded, here, {}, np.ones_like(mask)), GROUPS)
