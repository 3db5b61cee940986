"""Distances on the globe, for grids in degrees."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from hotspot.errors import CovariateError, GridError
from hotspot.grid import Coordinates, Grid

# Mean radius of the Earth, m (IUGG). A sphere of it is within 0.6 % of the ellipsoid.
EARTH_RADIUS_M = 6_371_008.8


def check_degrees(grid: Grid) -> None:
    """Raise `GridError` unless the CRS of a grid is geographic and in degrees."""
    unit = grid.pyproj_crs.axis_info[0].unit_name
    if not grid.pyproj_crs.is_geographic or unit != "degree":
        raise GridError(
            f"Distances on a grid of {grid.crs}, in {unit}, are not known. Give the grid a "
            "projected CRS, such as the UTM zone of the region."
        )


def cell_sides_m(
    latitudes: NDArray[np.float64], grid: Grid
) -> tuple[NDArray[np.float64], float]:
    """Return width, which shrinks with latitude, and height of cells in degrees, in metres."""
    per_degree = np.pi / 180 * EARTH_RADIUS_M
    width, height = grid.resolution
    return width * per_degree * np.cos(np.radians(latitudes)), height * per_degree


class GlobeProximity:
    """Great-circle distances to a set of points.

    Parameters
    ----------
    points : array, shape (n, 2), degrees
        Longitude and latitude.

    Examples
    --------
    >>> pole = GlobeProximity(np.array([[0.0, 90.0]]))
    >>> pole.distance(np.array([[120.0, 0.0]])) / EARTH_RADIUS_M  # a quarter of the way round
    array([1.5708])
    """

    def __init__(self, points: Coordinates) -> None:
        if not len(points):
            raise CovariateError(
                "On a grid in degrees the distance is that to points, and there are none. "
                "Give points, or give the grid a projected CRS."
            )
        self._tree = cKDTree(_unit_vectors(points))

    def distance(self, coordinates: Coordinates) -> NDArray[np.float64]:
        """Return the distance to the nearest point, m, shape (n,)."""
        chord = self._tree.query(_unit_vectors(coordinates))[0]
        return np.asarray(2 * EARTH_RADIUS_M * np.arcsin(np.minimum(chord / 2, 1.0)))


def _unit_vectors(coordinates: Coordinates) -> NDArray[np.float64]:
    longitude, latitude = np.radians(coordinates).T
    return np.column_stack(
        [
            np.cos(latitude) * np.cos(longitude),
            np.cos(latitude) * np.sin(longitude),
            np.sin(latitude),
        ]
    )
