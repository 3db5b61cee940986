"""Distances to vector features, against plain geometry."""

import numpy as np
import pytest
import shapely

from hotspot.covariates.proximity import Proximity
from hotspot.covariates.sources import take_apart
from hotspot.errors import CovariateError

LAKE = "POLYGON ((0 0, 100 0, 100 100, 0 100, 0 0), (40 40, 60 40, 60 60, 40 60, 40 40))"


def distance(texts, places):
    geometries = np.array(shapely.from_wkt(texts), dtype=object)
    return Proximity(geometries).distance(np.array(places, dtype=np.float64))


def test_distance_to_a_line_is_to_its_nearest_spot():
    """Not to its vertices: beside the middle of a long segment the distance is the offset."""
    found = distance(["LINESTRING (0 0, 1000 0)"], [[500, 7], [-3, 4], [1003, -4]])
    np.testing.assert_array_equal(found, [7, 5, 5])


def test_inside_a_polygon_the_distance_is_zero():
    """Inside and on the outline 0; on an island the distance to its shore."""
    found = distance([LAKE], [[20, 20], [100, 50], [50, 50], [45, 50], [103, 104]])
    np.testing.assert_array_equal(found, [0, 0, 10, 5, 5])


def test_nearest_of_mixed_features_wins():
    """Points, lines, polygons and collections of them are one set of sources."""
    collection = "GEOMETRYCOLLECTION (POINT (-50 0), MULTIPOINT ((-60 0), (-70 0)))"
    pond = "POLYGON ((40 0, 50 0, 50 10, 40 0))"
    mixed = ["POINT (0 10)", "LINESTRING (20 0, 20 5)", pond, collection]
    found = distance(mixed, [[0, 8], [19, 2], [49, 2], [-68, 0], [-52, 0]])
    np.testing.assert_array_equal(found, [2, 1, 0, 2, 2])


def test_bow_tie_is_repaired():
    """A self-crossing outline counts by what it encloses, not by luck."""
    bow_tie = ["POLYGON ((0 0, 10 10, 10 0, 0 10, 0 0))"]
    np.testing.assert_allclose(
        distance(bow_tie, [[2, 5], [8, 5], [5, 2]]), [0, 0, np.sqrt(4.5)]
    )


def test_heights_do_not_count():
    """The distance is that on the map."""
    np.testing.assert_array_equal(distance(["POINT Z (3 4 1000)"], [[0, 0]]), [5])


def test_line_without_length_counts_as_a_point():
    """A road of two equal vertices is still somewhere."""
    np.testing.assert_array_equal(distance(["LINESTRING (3 4, 3 4)"], [[0, 0]]), [5])


def test_no_geometry_is_refused():
    """Empty and missing geometries alone leave nothing to measure to."""
    with pytest.raises(CovariateError, match="None of 2 features"):
        Proximity(np.array([shapely.from_wkt("POINT EMPTY"), None], dtype=object))


def test_parts_keep_length_and_area():
    """Taking features apart loses no length and no area."""
    texts = [LAKE, "MULTILINESTRING ((0 0, 3 4), (1 1, 1 1, 2 1))", "POINT (1 2)"]
    sources = take_apart(np.array(shapely.from_wkt(texts), dtype=object))
    length = np.hypot(*(sources.segments[:, 1] - sources.segments[:, 0]).T).sum()
    assert length == 6
    assert shapely.area(sources.polygons).sum() == 9600
    assert len(sources.points) == 1


def test_river_of_the_meuse_agrees_with_plain_geometry(shared):
    """On the Meuse grid, distances equal those of shapely to the whole polygon."""
    import geopandas

    river = geopandas.read_file(shared / "data/meuse/meuse_river.gpkg").geometry.to_numpy()
    easting, northing = np.meshgrid(
        np.arange(178_460, 181_560, 80), np.arange(329_620, 333_740, 80)
    )
    places = np.column_stack([easting.ravel(), northing.ravel()]).astype(np.float64)
    expected = shapely.distance(shapely.points(places), river[0])
    np.testing.assert_allclose(Proximity(river).distance(places), expected, atol=1e-9)
