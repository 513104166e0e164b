"""Learners that are quick: for tests of everything but how well they learn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from fuseworthy.strategies.early import join_boosting
from fuseworthy.strategies.families import BOOSTING, FAMILIES
from fuseworthy.strategies.training.recipe import Recipe


@contextmanager
def quick_learners() -> Iterator[None]:
    """One setting of each family and one pass of each network, in this process: worker processes learn as ever."""
    with pytest.MonkeyPatch.context() as patch:
        for view, families in list(FAMILIES.items()):
            patch.setitem(FAMILIES, view, tuple(replace(family, settings=family.settings[:1]) for family in families))
        patch.setitem(join_boosting.__kwdefaults__, "settings", BOOSTING[:1])
        brief = Recipe(rate=2e-3, batch=64, epochs=1, warm_up=2)
        patch.setattr("fuseworthy.strategies.training.recipe.recipe_for", lambda rows, *, sequences=False: brief)
        patch.setattr("fuseworthy.strategies.remedies.EPOCHS", 1)
        yield
