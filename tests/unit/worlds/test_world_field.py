"""Gaussian fields have the variance and the correlation that they were asked for."""

import numpy as np
import pytest

from hotspot.errors import ConfigError
from hotspot.worlds import GaussianField, correlation

SIDE, CELL, RANGE, DRAWS = 20, 100.0, 800.0, 300


def moment_and_error(smoothness: float, lag: int) -> tuple[float, float, float]:
    """Return the mean product at a lag over draws, its expectation and standard error."""
    field = GaussianField((SIDE, SIDE), CELL, range_m=RANGE, smoothness=smoothness)
    fields = np.stack([field.draw(seed) for seed in range(DRAWS)])
    found = float((fields[:, :, lag:] * fields[:, :, : SIDE - lag]).mean())
    rows, cols = np.indices((SIDE, SIDE))
    place = np.column_stack([rows.ravel(), cols.ravel()]) * CELL
    apart = np.hypot(*(place[:, None, :] - place[None, :, :]).transpose(2, 0, 1))
    c = correlation(apart, RANGE, smoothness)
    number = np.arange(SIDE * SIDE).reshape(SIDE, SIDE)
    i, j = number[:, : SIDE - lag].ravel(), number[:, lag:].ravel()
    # Isserlis: cov(z_i z_j, z_k z_l) = c_ik c_jl + c_il c_jk for centred Gaussian values.
    variance = (c[np.ix_(i, i)] * c[np.ix_(j, j)] + c[np.ix_(i, j)] * c[np.ix_(j, i)]).mean()
    expected = float(correlation(np.array([lag * CELL]), RANGE, smoothness)[0])
    return found, expected, float(np.sqrt(variance / DRAWS))


@pytest.mark.parametrize("smoothness", [0.5, 1.5, 2.5])
@pytest.mark.parametrize("lag", [0, 3, 8])
def test_field_has_the_covariance_of_the_model(smoothness: float, lag: int) -> None:
    """Variance is 1 and covariance at 300 m and at the range is Matérn, within 4 errors."""
    found, expected, error = moment_and_error(smoothness, lag)
    assert abs(found - expected) < 4 * error


@pytest.mark.parametrize("smoothness", [0.5, 1.5, 2.5])
def test_correlation_at_the_range_is_a_twentieth(smoothness: float) -> None:
    """The practical range is where 0.05 is left."""
    assert correlation(np.array([750.0]), 750.0, smoothness)[0] == pytest.approx(0.05, abs=1e-9)


def test_smoother_fields_change_less_between_neighbours() -> None:
    """A larger Matérn parameter gives smaller steps at one range."""
    steps = [
        np.diff(GaussianField((64, 64), CELL, range_m=RANGE, smoothness=s).draw(1)).std()
        for s in (0.5, 1.5, 2.5)
    ]
    assert steps[0] > steps[1] > steps[2]


def test_field_longer_than_the_grid_keeps_its_variance() -> None:
    """A range of twice the region still gives variance 1 over many draws."""
    field = GaussianField((12, 12), CELL, range_m=2400.0, smoothness=1.5)
    corner = np.array([field.draw(seed)[0, 0] for seed in range(2000)])
    # The mean of n squares of a standard normal has the standard error sqrt(2 / n).
    assert abs((corner**2).mean() - 1) < 4 * np.sqrt(2 / 2000)


def test_short_range_is_white_noise() -> None:
    """A range below a cell leaves no correlation between neighbours."""
    field = GaussianField((100, 100), CELL, range_m=1.0).draw(3)
    product = (field[:, 1:] * field[:, :-1]).mean()
    assert abs(product) < 4 / np.sqrt(9900)


def test_unknown_smoothness_is_refused_with_the_known_ones() -> None:
    """Only closed forms are offered."""
    with pytest.raises(ConfigError, match=r"0\.5, 1\.5, 2\.5"):
        GaussianField((10, 10), CELL, range_m=500.0, smoothness=1.0)
