"""Distance from places to the nearest vector feature."""

from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from hotspot.covariates.sources import Geometries, as_lines, segments_of, take_apart
from hotspot.grid import Coordinates


class Proximity:
    """Exact distances to a set of vector features.

    The features are indexed once, as points, straight pieces of lines and outlines, and
    polygons. Each place is answered for itself, so that it does not matter in which windows
    the places come.

    Parameters
    ----------
    geometries : array of shapely geometries, shape (n,)
        Points, lines and polygons, mixed or not, in a projected CRS.

    Raises
    ------
    CovariateError
        No feature has a geometry.

    Examples
    --------
    >>> lake = shapely.from_wkt(["POLYGON ((0 0, 10 0, 10 10, 0 10, 0 0))"])
    >>> Proximity(lake).distance(np.array([[5.0, 5.0], [13.0, 14.0]]))
    array([0., 5.])
    """

    def __init__(self, geometries: Geometries) -> None:
        sources = take_apart(geometries)
        self._points = sources.points
        self._polygons = sources.polygons
        outlines = segments_of(shapely.get_rings(sources.polygons))[0]
        self._segments = np.concatenate([sources.segments, outlines])
        shapely.prepare(self._polygons)

    @cached_property
    def _point_tree(self) -> cKDTree:
        return cKDTree(self._points)

    @cached_property
    def _segment_tree(self) -> shapely.STRtree:
        return shapely.STRtree(as_lines(self._segments))

    @cached_property
    def _polygon_tree(self) -> shapely.STRtree:
        return shapely.STRtree(self._polygons)

    def distance(self, coordinates: Coordinates) -> NDArray[np.float64]:
        """Return the distance to the nearest feature, 0 inside a polygon.

        Parameters
        ----------
        coordinates : array, shape (n, 2)
            Easting and northing in the CRS of the features.

        Returns
        -------
        array, shape (n,)
            In the unit of the CRS, 0 or above.
        """
        nearest = np.full(len(coordinates), np.inf)
        if len(self._points):
            nearest = self._point_tree.query(coordinates)[0]
        if len(self._segments):
            outside = ~self._within_polygon(coordinates)
            to_line = np.zeros(len(coordinates))
            # With equal distances any one will do: only the distance is kept.
            (found, _), lengths = self._segment_tree.query_nearest(
                shapely.points(coordinates[outside]), return_distance=True, all_matches=False
            )
            to_line[np.flatnonzero(outside)[found]] = lengths
            nearest = np.minimum(nearest, to_line)
        return np.asarray(nearest, dtype=np.float64)

    def _within_polygon(self, coordinates: Coordinates) -> NDArray[np.bool_]:
        """Whether each place lies in or on a polygon."""
        within = np.zeros(len(coordinates), dtype=bool)
        if not len(self._polygons):
            return within
        places, polygons = self._polygon_tree.query(shapely.points(coordinates))
        order = np.argsort(polygons, kind="stable")
        starts = np.flatnonzero(np.diff(polygons[order], prepend=-1))
        for group in np.split(order, starts[1:]) if len(order) else []:
            here = places[group]
            polygon = self._polygons[polygons[group[0]]]
            within[here] |= shapely.intersects_xy(polygon, coordinates[here])
        return within
