"""Judge models trained elsewhere: out-of-fold predictions of two singles and two fusions, five folds twice.

python examples/judge_predictions.py
"""

import numpy as np
import pyarrow as pa

import fuseworthy as fw

ROWS, FOLDS, REPEATS = 400, 5, 2
rng = np.random.default_rng(0)
y = rng.integers(0, 2, ROWS)
text, image = (2 * y - 1) * np.array([[1.0], [0.7]]) + rng.normal(size=(2, ROWS))


def told(score: np.ndarray) -> np.ndarray:
    """Probabilities of repeated cross-validation: each repeat's models err a little differently."""
    noisy = np.tile(score, REPEATS) + 0.1 * rng.normal(size=ROWS * REPEATS)
    return 1 / (1 + np.exp(-2 * noisy))


table = pa.table(
    {
        "row": np.tile(np.arange(ROWS), REPEATS),
        "repeat": np.repeat(np.arange(REPEATS), ROWS),
        "fold": np.concatenate([rng.permutation(np.arange(ROWS) % FOLDS) for _ in range(REPEATS)]),
        "y": np.tile(y, REPEATS),
        "p_text": told(text),
        "p_image": told(0.7 * image),
        "p_sum": told(text + 0.7 * image),
        "p_mean": (told(text) + told(0.7 * image)) / 2,
    }
)
singles, fusions = {"text": "p_text", "image": "p_image"}, {"mean": "p_mean", "sum": "p_sum"}
print(fw.judge(table, "y", singles=singles, fusions=fusions, row="row", repeat="repeat", fold="fold"))
