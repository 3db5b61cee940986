"""Vector features taken apart into points, segments and polygons, for exact geometry."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from hotspot.errors import CovariateError
from hotspot.grid import Coordinates

Geometries = NDArray[np.object_]
"""Array of shapely geometries, shape (n,), in the CRS of the grid."""

# Types of simple parts, by shapely's numbers.
_POINT, _LINES, _POLYGON = 0, (1, 2), 3


@dataclass(frozen=True)
class Sources:
    """The simple parts of vector features.

    Parameters
    ----------
    points : array, shape (n_points, 2)
        Every point of the points and multi-points.
    segments : array, shape (n_segments, 2, 2)
        Every straight piece of the lines: its two ends, easting and northing.
    polygons : array of shapely.Polygon, shape (n_polygons,)
        Every polygon, valid.
    """

    points: Coordinates
    segments: NDArray[np.float64]
    polygons: Geometries


def take_apart(geometries: Geometries) -> Sources:
    """Return the points, segments and polygons that geometries are made of.

    Parameters
    ----------
    geometries : array of shapely geometries, shape (n,)
        Of any type, mixed or not. Heights are dropped; invalid ones are repaired.

    Raises
    ------
    CovariateError
        Nothing is left: every geometry is empty or missing.

    Examples
    --------
    >>> river = shapely.from_wkt(["LINESTRING (0 0, 1 0, 1 1)", "POINT (5 5)"])
    >>> sources = take_apart(river)
    >>> len(sources.points), len(sources.segments), len(sources.polygons)
    (1, 2, 0)
    """
    flat = shapely.force_2d(np.asarray(geometries, dtype=object))
    invalid = ~shapely.is_valid(flat) & ~shapely.is_missing(flat)
    flat[invalid] = shapely.make_valid(flat[invalid])
    parts = shapely.get_parts(flat)
    # Collections may hold collections and multi-parts; each round opens one level.
    while np.any(shapely.get_type_id(parts) > _POLYGON):
        parts = shapely.get_parts(parts)
    parts = parts[~(shapely.is_missing(parts) | shapely.is_empty(parts))]
    if not len(parts):
        raise CovariateError(
            f"None of {len(flat)} features has a geometry. Check the layer and its filter."
        )
    kinds = shapely.get_type_id(parts)
    return Sources(
        points=shapely.get_coordinates(parts[kinds == _POINT]),
        segments=segments_of(parts[np.isin(kinds, _LINES)])[0],
        polygons=parts[kinds == _POLYGON],
    )


def segments_of(lines: Geometries) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the straight pieces of lines or rings, and the line that each belongs to.

    Pieces without length are left out.

    Returns
    -------
    array, shape (n_segments, 2, 2)
        Start and end of each segment, in the direction of the line.
    array of int, shape (n_segments,)
        Position of its line.
    """
    places, line = shapely.get_coordinates(lines, return_index=True)
    keep = (line[1:] == line[:-1]) & np.any(places[1:] != places[:-1], axis=1)
    segments = np.stack([places[:-1], places[1:]], axis=1)[keep]
    return segments.astype(np.float64), line[1:][keep].astype(np.int64)


def as_lines(segments: NDArray[np.float64]) -> Geometries:
    """Return segments, shape (n, 2, 2), as line strings."""
    return np.asarray(shapely.linestrings(segments), dtype=object)
