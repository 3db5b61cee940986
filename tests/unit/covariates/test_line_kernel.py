"""Kernel density of lines."""

import numpy as np
import pytest
import shapely

from hotspot.covariates.density import LineKernel, amount_of
from hotspot.covariates.sources import segments_of
from hotspot.errors import CovariateError


def crooked(seed=0, n=6):
    rng = np.random.default_rng(seed)
    lines = shapely.linestrings(rng.uniform(0, 1000, (n, 4, 2)))
    segments, line = segments_of(lines)
    weights = rng.uniform(0.5, 3, n)
    return lines, segments, weights[line], weights


def test_kernel_integral_is_that_of_many_small_pieces():
    """The exact integral is the sum over points strewn along the lines."""
    lines, segments, per_segment, weights = crooked()
    where = np.random.default_rng(1).uniform(0, 1000, (20, 2))
    radius = 320.0
    kernel = LineKernel(segments, per_segment, radius=radius, metres_per_unit=1.0)
    step = 0.05
    expected = np.zeros(20)
    for line, weight in zip(lines, weights, strict=True):
        along = np.arange(step / 2, line.length, step)
        points = shapely.get_coordinates(shapely.line_interpolate_point(line, along))
        away = np.hypot(*(where[:, np.newaxis] - points).transpose(2, 0, 1)) / radius
        shares = np.where(away < 1, (1 - away**2) ** 2, 0).sum(axis=1) * step
        expected += weight * shares
    expected *= 3e6 / (np.pi * radius**2) / 1000
    np.testing.assert_allclose(kernel.density(where), expected, rtol=2e-4, atol=1e-9)


def test_kernel_adds_up_to_the_length():
    """Over a plain that holds every circle the density sums to weight times length."""
    lines, segments, per_segment, weights = crooked(3)
    kernel = LineKernel(segments, per_segment, radius=300.0, metres_per_unit=1.0)
    ticks = np.arange(-320, 1320, 20.0) + 10
    everywhere = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
    total = kernel.density(everywhere).sum() * (20 / 1000) ** 2
    assert total == pytest.approx((weights * shapely.length(lines)).sum() / 1000, rel=1e-4)


def test_amounts_are_numbers_kilometres_and_shares():
    """Points counted, a chord through the circle, and a half plane."""
    origin = np.array([[0.0, 0.0]])
    dots = shapely.points([[0, 0], [3, 4], [30, 40]])
    road = shapely.from_wkt(["LINESTRING (-100 3, 100 3)"])
    field = shapely.from_wkt(["POLYGON ((-100 0, 100 0, 100 100, -100 100, -100 0))"])
    for features, measure, unit, expected in (
        (dots, "count", "1", 2.0),
        (road, "length", "km", 0.008),
        (field, "share", "1", 0.5),
    ):
        found, density = amount_of(features, measure, radius_m=5.0)
        assert found == unit
        assert density.amount(origin)[0] == pytest.approx(expected)


def test_amount_of_the_wrong_kind_names_the_right_one():
    """A count of lines is a length; the message says so."""
    road = shapely.from_wkt(["LINESTRING (-100 3, 100 3)"])
    with pytest.raises(CovariateError, match=r"A count is of points.*lines\. Derive `length`"):
        amount_of(road, "count", radius_m=5.0)
