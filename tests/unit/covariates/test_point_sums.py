"""Number, kernel, emission and upwind exposure of points, on a plane and on the globe."""

import numpy as np
import pytest
from pyproj import Geod

from hotspot.covariates.point_sums import PointSum, counted, inverse, quartic
from hotspot.covariates.sphere import EARTH_RADIUS_M, GlobeProximity
from hotspot.covariates.wind import WindRose
from hotspot.errors import CovariateError

GLOBE = Geod(a=EARTH_RADIUS_M, b=EARTH_RADIUS_M)
NAMES = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")


def scattered(n=40, seed=0, size=10_000.0):
    rng = np.random.default_rng(seed)
    return rng.uniform(0, size, (n, 2)), rng.uniform(0, 5, n)


def places(n=30, seed=9, size=10_000.0):
    return np.random.default_rng(seed).uniform(-0.2 * size, 1.2 * size, (n, 2))


def rose(**frequencies):
    return WindRose.from_names({name: frequencies.get(name, 0.0) for name in NAMES})


@pytest.mark.parametrize("metres", [1.0, 0.3048])
def test_sums_are_those_of_all_pairs(metres):
    """Every point tried at every place gives the same, whatever the unit of the CRS."""
    points, weights = scattered()
    where, radius = places(), 2500.0
    away = metres * np.hypot(*(where[:, np.newaxis] - points[np.newaxis]).transpose(2, 0, 1))
    inside = away <= radius
    expected = {
        counted(radius): inside,
        quartic(radius): inside * 3e6 * (1 - (away / radius) ** 2) ** 2 / (np.pi * radius**2),
        inverse(radius, nearest_m=800.0, power=1.5): inside
        * (1000 / np.maximum(away, 800.0)) ** 1.5,
    }
    for falloff, shares in expected.items():
        found = PointSum(points, weights, falloff, metres_per_unit=metres).at(where)
        np.testing.assert_allclose(
            found, (shares * weights).sum(axis=1), rtol=1e-10, atol=1e-15
        )


def test_places_are_answered_one_by_one():
    """In one go, in another order, in windows, or with points shuffled: the same bits."""
    points, weights = scattered(300)
    where = places(500)
    falloff = inverse(3000.0, nearest_m=100.0, power=1.0, rose=rose(W=3, NE=1))
    whole = PointSum(points, weights, falloff).at(where)
    order = np.random.default_rng(1).permutation(300)
    shuffled = PointSum(points[order], weights[order], falloff)
    np.testing.assert_array_equal(shuffled.at(where[::-1])[::-1], whole)
    parts = [shuffled.at(part) for part in np.array_split(where, 7)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_kernel_adds_up_to_the_weights():
    """Over a plain that holds every circle the kernel density sums to the total weight."""
    points, weights = scattered(12, size=1000.0)
    ticks = np.arange(-700, 1700, 20.0) + 10
    everywhere = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
    total = PointSum(points, weights, quartic(600.0)).at(everywhere).sum() * (20 / 1000) ** 2
    assert total == pytest.approx(weights.sum(), rel=1e-4)


def test_emission_adds_up_and_scales():
    """Two halves of the sources make the whole; twice the capacity makes twice as much."""
    points, weights = scattered()
    falloff = inverse(4000.0, nearest_m=50.0, power=1.0)
    where = places()
    whole = PointSum(points, weights, falloff).at(where)
    halves = [
        PointSum(points[part], weights[part], falloff).at(where)
        for part in (slice(0, 15), slice(15, None))
    ]
    np.testing.assert_allclose(sum(halves), whole, rtol=1e-12)
    np.testing.assert_allclose(PointSum(points, 2 * weights, falloff).at(where), 2 * whole)


# Wind


def test_wind_without_preference_changes_nothing():
    """A rose of equal frequencies gives the plain emission."""
    points, weights = scattered()
    plain = inverse(4000.0, nearest_m=50.0, power=1.0)
    even = inverse(4000.0, nearest_m=50.0, power=1.0, rose=WindRose((3.0,) * 16))
    np.testing.assert_allclose(
        PointSum(points, weights, even).at(places()),
        PointSum(points, weights, plain).at(places()),
        rtol=1e-12,
    )


def test_only_the_lee_side_is_reached():
    """Wind from the west alone: places east of the chimney are reached, others not."""
    falloff = inverse(5000.0, nearest_m=10.0, power=1.0, rose=rose(W=1))
    around = 1000.0 * np.array([[1, 0], [-1, 0], [0, 1], [0, -1]])
    found = PointSum(np.zeros((1, 2)), np.ones(1), falloff).at(around)
    np.testing.assert_allclose(found, [8.0, 0.0, 0.0, 0.0], atol=1e-12)


def test_turned_wind_and_turned_places_agree():
    """Turning the rose by a sector and the places about the chimney leaves the numbers."""
    frequencies = np.array([1.0, 4, 2, 0, 3, 5, 1, 2])
    angle = np.linspace(0, 2 * np.pi, 33)
    away = np.stack([np.sin(angle), np.cos(angle)], axis=1) * 700.0
    turn = np.pi / 4
    turned = np.stack([np.sin(angle + turn), np.cos(angle + turn)], axis=1) * 700.0

    def reached(numbers, where):
        falloff = inverse(900.0, nearest_m=10.0, power=1.0, rose=WindRose(tuple(numbers)))
        return PointSum(np.zeros((1, 2)), np.ones(1), falloff).at(where)

    np.testing.assert_allclose(
        reached(np.roll(frequencies, 1), turned), reached(frequencies, away), rtol=1e-9
    )
    mean = reached(frequencies, away[:-1]).mean()
    assert mean == pytest.approx(1 / 0.7)


def test_wind_is_told_from_true_north():
    """Where the grid is turned against north, so is the bearing of a source."""
    falloff = inverse(5000.0, nearest_m=10.0, power=1.0, rose=rose(N=1))
    total = PointSum(np.zeros((1, 2)), np.ones(1), falloff)
    # True north 45 degrees right of the grid's: a source to the grid's north-east is north.
    place = np.array([[-707.10678, -707.10678]])
    assert total.at(place, np.radians([45.0]))[0] == pytest.approx(8.0, rel=1e-6)
    assert total.at(place)[0] == pytest.approx(0.0, abs=1e-6)


def test_incomplete_roses_are_refused():
    """A missing, an unknown or a negative direction is named."""
    with pytest.raises(CovariateError, match="lacks NW"):
        WindRose.from_names(dict.fromkeys(NAMES[:-1], 1.0))
    with pytest.raises(CovariateError, match="unknown ones: O"):
        WindRose.from_names({**dict.fromkeys(NAMES, 1.0), "O": 1.0})
    with pytest.raises(CovariateError, match="0 or above"):
        WindRose((1.0, -1.0, 1.0, 1.0))
    with pytest.raises(CovariateError, match="are 0"):
        WindRose((0.0,) * 8)


# The globe


def globe_points(n=50, seed=2):
    rng = np.random.default_rng(seed)
    return np.column_stack([rng.uniform(-180, 180, n), rng.uniform(-88, 88, n)])


def test_great_circles_are_those_of_a_geodesic_library():
    """On a sphere the nearest distance is that of pyproj's geodesics, across the date line."""
    points, where = globe_points(), globe_points(40, 3)
    away = np.array([[GLOBE.inv(*place, *point)[2] for point in points] for place in where])
    np.testing.assert_allclose(
        GlobeProximity(points).distance(where), away.min(axis=1), rtol=1e-8
    )
    count = PointSum(points, np.ones(50), counted(3e6), metres_per_unit=None).at(where)
    np.testing.assert_array_equal(count, (away <= 3e6).sum(axis=1))


def test_bearings_on_the_globe_are_those_of_a_geodesic_library():
    """The azimuth from the place to the source picks the sector of the rose."""
    numbers = np.array([1.0, 7, 2, 0, 3, 5, 1, 2])
    falloff = inverse(2e7, nearest_m=10.0, power=1.0, rose=WindRose(tuple(numbers)))
    for place, point in zip(globe_points(20, 4), globe_points(20, 5), strict=True):
        azimuth, _, away = GLOBE.inv(*place, *point)
        position = azimuth / 45 % 8
        relative = np.interp(position, np.arange(9), np.append(numbers, numbers[0])) * 8 / 21
        total = PointSum(point[np.newaxis], np.ones(1), falloff, metres_per_unit=None)
        assert total.at(place[np.newaxis])[0] == pytest.approx(relative * 1000 / away, rel=1e-8)
