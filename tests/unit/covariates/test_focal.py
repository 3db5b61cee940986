"""Sums within a radius: right, and the same in every window."""

import numpy as np
import pytest

from hotspot.covariates.focal import circle_mean, circle_sum, half_chords, halo
from hotspot.errors import CovariateError


def by_hand(values, radius, sides):
    """Return sum and number of known cells whose centre lies within the radius."""
    rows, cols = values.shape
    total, count = np.zeros(values.shape), np.zeros(values.shape)
    for row in range(rows):
        for col in range(cols):
            down, right = np.mgrid[0:rows, 0:cols]
            away = np.hypot((right - col) * sides[0], (down - row) * sides[1])
            inside = (away <= radius * (1 + 1e-9)) & ~np.isnan(values)
            total[row, col], count[row, col] = values[inside].sum(), inside.sum()
    return total, count


@pytest.mark.parametrize("sides", [(10.0, 10.0), (10.0, 25.0), (40.0, 7.0)])
@pytest.mark.parametrize("radius", [40.0, 75.0, 110.0])
def test_sum_is_that_over_the_cells_of_the_circle(sides, radius):
    """Counted one by one, cells without a value left out, at the edges as inside."""
    values = np.random.default_rng(0).normal(size=(19, 23))
    values[4:7, 9] = np.nan
    chords = half_chords(radius, sides)
    grown = np.pad(values, halo(chords), constant_values=np.nan)
    total, count = circle_sum(grown, chords)
    expected, number = by_hand(values, radius, sides)
    np.testing.assert_allclose(total, expected, atol=1e-12)
    np.testing.assert_array_equal(count, number)


def test_windows_give_the_whole_to_the_last_bit():
    """Values of very different size add up the same wherever a window begins."""
    rng = np.random.default_rng(1)
    values = rng.normal(size=(90, 80)) * 10.0 ** rng.integers(-8, 9, (90, 80))
    chords = half_chords(9.5, (1.0, 1.0))
    reach = halo(chords)
    grown = np.pad(values, reach, constant_values=np.nan)
    whole = circle_mean(grown, chords)
    for row, col, height, width in [
        (0, 0, 90, 80),
        (13, 7, 1, 1),
        (5, 3, 31, 44),
        (89, 0, 1, 80),
    ]:
        part = grown[row : row + height + 2 * reach, col : col + width + 2 * reach]
        np.testing.assert_array_equal(
            circle_mean(part, chords), whole[row : row + height, col : col + width]
        )


def test_mean_of_a_constant_is_the_constant():
    """Also next to the edge and to missing cells; an empty circle has no mean."""
    values = np.full((30, 30), 0.1)
    values[:12, :12] = np.nan
    chords = half_chords(3.0, (1.0, 1.0))
    mean = circle_mean(np.pad(values, 3, constant_values=np.nan), chords)
    assert np.isnan(mean[0, 0])
    np.testing.assert_allclose(mean[~np.isnan(mean)], 0.1, rtol=1e-14)
    assert np.isnan(mean[:9, :9]).all()


def test_radius_within_the_cell_is_refused():
    """A circle that holds no neighbour would give the raster back."""
    with pytest.raises(CovariateError, match="at least the side of a cell"):
        half_chords(39.0, (40.0, 40.0))
    assert half_chords(40.0, (40.0, 40.0)) == (1, 0)
    assert halo(half_chords(45.0, (10.0, 50.0))) == 4
