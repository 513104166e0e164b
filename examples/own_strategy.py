"""A fusion of one's own in twenty lines: compared, judged and reported like every other.

python examples/own_strategy.py
fuseworthy compare rows.parquet --target y --strategies cheap,examples/own_strategy.py:Loudest
"""

import numpy as np

import fuseworthy as fw
from fuseworthy.datasets.synthetic import make
from fuseworthy.strategies.late import best_per_modality
from fuseworthy.strategies.part import Fitted


class Loudest:
    """Believe the modality that is furthest from the prior; absent modalities are at the prior and so never speak."""

    def fit(self, blocks, singles, part):
        best = [singles[name] for name in best_per_modality(singles, part).values()]
        outputs = np.stack([single.test for single in best])  # (modalities, rows, classes)
        loudness = np.abs(np.log(outputs) - np.log(part.prior)).sum(axis=2)
        loudest = loudness.argmax(axis=0)
        return Fitted(outputs[loudest, np.arange(len(loudest))])


if __name__ == "__main__":
    study = fw.compare(
        make("T1", 300, random_state=0).to_table(),
        "y",
        modalities={"voice": fw.Embedding("x1"), "face": fw.Embedding("x2")},
        id="id",
        strategies=["stacking", Loudest()],
        folds=3,
        repeats=1,
    )
    print(study)
