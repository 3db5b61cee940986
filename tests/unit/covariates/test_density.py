"""Densities within a radius, against plain geometry and by hand."""

import numpy as np
import pytest
import shapely

from hotspot.covariates.area_share import AreaShare
from hotspot.covariates.density import density_of
from hotspot.errors import CovariateError

# Circles of shapely are polygons; with this many sides their area is short by 1e-7.
SIDES = 1000


def geometries(*texts):
    return np.array(shapely.from_wkt(list(texts)), dtype=object)


def circle(place, radius):
    return shapely.Point(place).buffer(radius, quad_segs=SIDES)


def random_places(n=40, size=3000.0):
    return np.random.default_rng(1).uniform(0, size, (n, 2))


def test_points_are_counted_per_square_kilometre():
    """Three points within 1 km, one of them on the rim, are 3 / pi per km2."""
    density = density_of(
        geometries("MULTIPOINT ((0 0), (300 400), (1000 0), (0 1001))"), 1000.0
    )
    assert density.unit == "1/km2"
    np.testing.assert_allclose(density.density(np.zeros((1, 2))), [3 / np.pi])


def test_lines_are_measured_within_the_circle():
    """A road through the middle has the length of the diameter; lines side by side add up."""
    road = "LINESTRING (-5000 0, 5000 0)"
    one = density_of(geometries(road), 500.0).density(np.array([[0.0, 0.0], [0.0, 300.0]]))
    np.testing.assert_allclose(one, np.array([1.0, 0.8]) / (np.pi * 0.25))
    two = density_of(geometries(road, road), 500.0)
    assert two.unit == "km/km2"
    np.testing.assert_allclose(two.density(np.zeros((1, 2))), 2 * one[:1])


def test_area_is_that_within_the_circle():
    """Half a plane covers half of the circle on its edge, all inside, and none outside."""
    half = density_of(geometries("POLYGON ((0 -9e5, 9e5 -9e5, 9e5 9e5, 0 9e5, 0 -9e5))"), 500.0)
    found = half.density(np.array([[0.0, 0.0], [500.0, 3.0], [-500.0, 3.0]]))
    assert half.unit == "1"
    np.testing.assert_allclose(found, [0.5, 1.0, 0.0], atol=1e-9)


def test_overlapping_polygons_count_once():
    """Two maps of one industrial area cover no more than one of them."""
    square = "POLYGON ((-200 -200, 200 -200, 200 200, -200 200, -200 -200))"
    shifted = "POLYGON ((-100 -200, 200 -200, 200 200, -100 200, -100 -200))"
    found = density_of(geometries(square, shifted), 500.0).density(np.zeros((1, 2)))
    np.testing.assert_allclose(found, [400**2 / (np.pi * 500**2)])


def test_holes_are_no_area():
    """An island in a lake is left out, also where the circle lies wholly in it."""
    ring = (
        "POLYGON ((-900 -900, 900 -900, 900 900, -900 900, -900 -900), "
        "(-300 -300, 300 -300, 300 300, -300 300, -300 -300))"
    )
    found = density_of(geometries(ring), 200.0).density(np.array([[0.0, 0.0], [300.0, 0.0]]))
    np.testing.assert_allclose(found, [0.0, 0.5], atol=1e-12)


def test_lines_agree_with_plain_geometry():
    """Lengths within circles equal those of shapely's intersections."""
    rng = np.random.default_rng(0)
    lines = np.asarray(shapely.linestrings(rng.uniform(0, 3000, (30, 6, 2))), dtype=object)
    found = density_of(lines, 400.0).density(random_places())
    length = [
        shapely.length(shapely.intersection(lines, circle(place, 400))).sum()
        for place in random_places()
    ]
    np.testing.assert_allclose(found, np.array(length) / 1e3 / (np.pi * 0.16), rtol=1e-4)


def test_areas_agree_with_plain_geometry():
    """Areas within circles equal those of shapely's intersections, for ragged polygons."""
    rng = np.random.default_rng(0)
    angle = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    polygons = []
    for centre in rng.uniform(0, 3000, (12, 2)):
        radius = 300 + 150 * np.sin(9 * angle) + rng.normal(0, 5, 400)
        outline = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]) + centre
        polygons.append(shapely.make_valid(shapely.Polygon(outline)))
    whole = shapely.union_all(polygons)
    found = density_of(np.array(polygons, dtype=object), 400.0).density(random_places())
    area = [
        shapely.area(shapely.intersection(whole, circle(place, 400)))
        for place in random_places()
    ]
    np.testing.assert_allclose(found, np.array(area) / (np.pi * 400**2), atol=1e-5)


def test_radius_is_in_metres_for_a_grid_in_feet():
    """The same place in feet has the same density per km2."""
    foot = 0.3048
    road = "LINESTRING (-5000 0, 5000 100)"
    metric = density_of(geometries(road), 500.0).density(np.array([[0.0, 0.0]]))
    scaled = np.array(
        [shapely.transform(geometries(road)[0], lambda p: p / foot)], dtype=object
    )
    found = density_of(scaled, 500.0, foot).density(np.array([[0.0, 0.0]]))
    np.testing.assert_allclose(found, metric)


def test_mixed_kinds_are_refused():
    """Points per km2 and km per km2 have no sum."""
    with pytest.raises(CovariateError, match="lines and points"):
        density_of(geometries("POINT (0 0)", "LINESTRING (0 0, 1 1)"), 100.0)


def test_features_without_extent_are_refused():
    """Lines of no length have no density; they are not counted as points either."""
    with pytest.raises(CovariateError, match="length or an area"):
        density_of(geometries("LINESTRING (1 1, 1 1)"), 100.0)


def test_polygons_too_small_to_halve_end_the_cutting():
    """A polygon of many vertices at the limit of floating point is taken as it is."""
    angle = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    ring = 1e9 + 1e-6 * np.column_stack([np.cos(angle), np.sin(angle)])
    share = AreaShare(np.array([shapely.Polygon(ring)], dtype=object), 1.0)
    assert share.density(np.array([[1e9, 1e9]]))[0] < 1e-9
