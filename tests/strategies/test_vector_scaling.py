"""Vectors are scaled column by column, but rounding is never scaled up to look like a difference."""

import numpy as np
import pytest

from fuseworthy.inputs.blocks import Block
from fuseworthy.strategies.features import ScaledVectors


def scaled(values, others):
    """What others become after scaling was learned from values, (n, d), times √d."""
    blocks = [Block("m", "vectors", own, np.ones(len(own), dtype=bool)) for own in (values, others)]
    found = ScaledVectors().fit(blocks[0], np.arange(len(values)), 0).transform(blocks[1], np.arange(len(others)))
    return found * np.sqrt(values.shape[1])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_column_of_rounding_stays_small_in_rows_where_it_differs(dtype):
    rng = np.random.default_rng(0)
    real = rng.normal(size=50)
    constant, tiny = np.full(50, 0.1), 1e-15 * rng.normal(size=50)
    values = np.stack([real, constant * (1 + np.finfo(dtype).eps * rng.integers(-1, 2, 50)), tiny], axis=1).astype(
        dtype
    )
    found = scaled(values, values[:1] + dtype(1))
    assert np.abs(found).max() < 5
    np.testing.assert_allclose(scaled(values, values)[:, 0].std(), 1, rtol=1e-6)


def test_a_column_that_varies_a_little_is_scaled_all_the_same():
    values = np.random.default_rng(1).normal(size=(50, 3)) * [1.0, 1e-6, 1.0] + [0.0, 1.0, 1000.0]
    np.testing.assert_allclose(scaled(values, values).std(axis=0), 1, rtol=1e-6)
