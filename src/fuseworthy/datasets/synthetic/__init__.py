"""Canonical tasks whose best possible scores are known: does a strategy reach them, does a verdict get them right?"""

from .bits import two_bits
from .catalogue import TASKS, make
from .dominance import dominance
from .drift import drift
from .fingerprint import group_fingerprint
from .gaussian import complementary, conditionally_null, near_duplicate, noise_cancelling, noise_modality
from .lagged import lagged
from .missing import informative_missing
from .multilabel import multilabel
from .pointer import pointer
from .pools import miscalibrated, pools
from .quality import row_quality, slice_rescue
from .regression import regression
from .task import Task
from .truth import RegressionScores, Scores, Truth
from .xor import xor

__all__ = [
    "TASKS",
    "RegressionScores",
    "Scores",
    "Task",
    "Truth",
    "complementary",
    "conditionally_null",
    "dominance",
    "drift",
    "group_fingerprint",
    "informative_missing",
    "lagged",
    "make",
    "miscalibrated",
    "multilabel",
    "near_duplicate",
    "noise_cancelling",
    "noise_modality",
    "pointer",
    "pools",
    "regression",
    "row_quality",
    "slice_rescue",
    "two_bits",
    "xor",
]
