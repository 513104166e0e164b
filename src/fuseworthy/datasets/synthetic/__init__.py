"""Canonical tasks whose best possible scores are known: does a strategy reach them, does a verdict get them right?"""

from .catalogue import TASKS, make
from .gaussian import complementary, conditionally_null, near_duplicate, noise_cancelling, noise_modality
from .task import Task
from .truth import Scores, Truth
from .xor import xor

__all__ = [
    "TASKS",
    "Scores",
    "Task",
    "Truth",
    "complementary",
    "conditionally_null",
    "make",
    "near_duplicate",
    "noise_cancelling",
    "noise_modality",
    "xor",
]
