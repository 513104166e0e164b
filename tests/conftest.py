"""What tests share: a cache of their own, and small tables in every frame a user may bring."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # kernels that fight for two cores make tests crawl

import gc
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import settings

from mixed_tables import mixed_table
from quick_learners import quick_learners

settings.register_profile("same", derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))  # HYPOTHESIS_PROFILE=default looks for new examples


def pytest_collection_finish() -> None:
    """What was imported stays: the collector need not look through it again at every example of a property."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """No test reads or writes the user's cache of blocks."""
    patch, folder = pytest.MonkeyPatch(), tmp_path_factory.mktemp("cache")
    patch.setattr("fuseworthy.study.prepare.cache_root", lambda: folder)
    yield
    patch.undo()


@pytest.fixture
def quickly() -> Iterator[None]:
    with quick_learners():
        yield


@pytest.fixture
def table() -> pa.Table:
    return mixed_table()


def _pandas(table: pa.Table) -> Any:
    return table.to_pandas()


def _polars(table: pa.Table) -> Any:
    import polars

    return polars.from_arrow(table)


@pytest.fixture(params=[_pandas, _polars, lambda t: t], ids=["pandas", "polars", "arrow"])
def to_frame(request: pytest.FixtureRequest) -> Callable[[pa.Table], Any]:
    """Turns an Arrow table into each kind of frame in turn."""
    convert: Callable[[pa.Table], Any] = request.param
    return convert
