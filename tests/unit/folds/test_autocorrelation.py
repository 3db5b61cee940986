"""The range of autocorrelation, and the size of blocks that follows."""

import numpy as np
import pytest

from hotspot.errors import FoldError
from hotspot.folds.autocorrelation import (
    autocorrelation_range,
    suggest_block_size,
    variogram,
)


def _field(reach: float, n: int = 400, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return places and a Gaussian field with a spherical covariance of known range."""
    rng = np.random.default_rng(seed)
    places = rng.uniform(0, 1000, (n, 2))
    gaps = np.linalg.norm(places[:, None] - places, axis=-1) / reach
    covariance = np.where(gaps < 1, 1 - 1.5 * gaps + 0.5 * gaps**3, 0.0)
    return places, np.linalg.cholesky(covariance + 1e-8 * np.eye(n)) @ rng.normal(size=n)


def test_the_range_of_a_known_field_is_found() -> None:
    """The mean range over ten simulated fields is within a quarter of the truth."""
    found = [autocorrelation_range(*_field(200.0, seed=seed)) for seed in range(10)]
    assert all(reach is not None for reach in found)
    assert np.mean(found) == pytest.approx(200.0, rel=0.25)


def test_a_wider_field_has_a_wider_range() -> None:
    """Fields of range 100 and 300 are told apart."""
    near = np.mean([autocorrelation_range(*_field(100.0, seed=seed)) for seed in range(5)])
    far = np.mean([autocorrelation_range(*_field(300.0, seed=seed)) for seed in range(5)])
    assert far > 1.5 * near


def test_noise_has_no_range() -> None:
    """Of twenty fields of noise at most three seem to have structure (5 % expected)."""
    rng = np.random.default_rng(1)
    places = rng.uniform(0, 1000, (150, 2))
    found = [autocorrelation_range(places, rng.normal(size=150)) for _ in range(20)]
    assert sum(reach is not None for reach in found) <= 3


def test_blocks_without_structure_are_a_tenth_of_the_longer_side() -> None:
    """The fallback is the documented one, with and without values."""
    places = np.column_stack([np.linspace(0, 500, 100), np.linspace(0, 50, 100)])
    assert suggest_block_size(places) == pytest.approx(50.0)
    assert suggest_block_size(places, np.ones(100)) == pytest.approx(50.0)


def test_blocks_are_at_most_half_the_extent() -> None:
    """A trend over the whole extent does not ask for blocks larger than half of it."""
    places, _ = _field(200.0)
    size = suggest_block_size(places, places[:, 0])
    assert size <= np.ptp(places, axis=0).max() / 2


def test_shift_and_row_order_change_nothing() -> None:
    """The suggestion depends on the survey, not on its origin or its order."""
    places, values = _field(200.0)
    order = np.random.default_rng(2).permutation(len(places))
    size = suggest_block_size(places, values)
    assert suggest_block_size(places[order], values[order]) == pytest.approx(size)
    assert suggest_block_size(places + np.array([5e5, 6e6]), values) == pytest.approx(size)


def test_missing_values_are_left_out() -> None:
    """NaN at some samples gives the variogram of the others."""
    places, values = _field(200.0, n=60)
    values[:10] = np.nan
    whole, rest = variogram(places, values), variogram(places[10:], values[10:])
    np.testing.assert_allclose(whole.semivariance, rest.semivariance)


def test_one_place_has_no_blocks() -> None:
    """Samples of one place are refused."""
    with pytest.raises(FoldError, match="All 5 samples lie at one place"):
        suggest_block_size(np.ones((5, 2)))


def test_one_far_sample_leaves_range_and_blocks_as_they_were() -> None:
    """A sample a hundred extents away does not put all pairs into one lag."""
    places, values = _field(200.0, n=200)
    far = np.vstack([places, [[1e5, 500.0]]])
    more = np.append(values, 0.0)
    assert autocorrelation_range(far, more) == pytest.approx(
        autocorrelation_range(places, values), rel=0.2
    )
    assert suggest_block_size(far, more) == pytest.approx(
        suggest_block_size(places, values), rel=0.2
    )
