"""Distances and blocks on the sphere, for coordinates in degrees.

Longitudes and latitudes become points in space, in metres from the centre of the Earth.
The straight line between two points, the chord, grows with the arc between them, so that
nearest neighbours, clusters and buffers found with chords are those of great circles. A
chord is shorter than its arc by one part in 100,000 at 100 km and in 1,000 at 1,000 km;
`arc_of_chord` turns one into the other exactly.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from hotspot.errors import FoldError
from hotspot.grid import Coordinates

# Mean radius of the Earth (IUGG), metres; the ellipsoid departs from it by up to 0.6 %.
EARTH_RADIUS_M = 6_371_008.8

Metric = Literal["plane", "sphere"]
"""Eastings and northings in the plane, or longitudes and latitudes on the sphere."""

Labels = NDArray[np.int64]
Lengths = NDArray[np.float64]


def on_sphere(coordinates: Coordinates) -> Coordinates:
    """Return points in space from longitudes and latitudes, shape (n, 3), metres.

    Parameters
    ----------
    coordinates : array, shape (n, 2)
        Longitude, latitude in degrees; longitudes may run from -180 or from 0.

    Raises
    ------
    FoldError
        The shape is another, or a latitude is no latitude.

    Examples
    --------
    >>> (on_sphere(np.array([[0.0, 0.0], [90.0, 0.0], [0.0, 90.0]])) / EARTH_RADIUS_M).round(9)
    array([[1., 0., 0.],
           [0., 1., 0.],
           [0., 0., 1.]])
    """
    degrees = np.asarray(coordinates, dtype=np.float64)
    if degrees.ndim != 2 or degrees.shape[1] != 2:
        raise FoldError(
            f"Coordinates have the shape {degrees.shape}. "
            "Give an array of shape (n, 2): longitude, latitude in degrees."
        )
    outside = np.abs(degrees[:, 1]) > 90
    if outside.any():
        raise FoldError(
            f"{int(outside.sum())} of {len(degrees)} latitudes lie outside [-90, 90], such as "
            f"{degrees[outside, 1][0]:g}. Give longitude, latitude in degrees, in this order."
        )
    longitude, latitude = np.radians(degrees).T
    return EARTH_RADIUS_M * np.column_stack(
        [
            np.cos(latitude) * np.cos(longitude),
            np.cos(latitude) * np.sin(longitude),
            np.sin(latitude),
        ]
    )


def in_metric(coordinates: Coordinates, metric: Metric) -> Coordinates:
    """Return places whose straight distances have the order of the metric's distances.

    In the plane they are the coordinates themselves. Points in space stay as they are.
    """
    if metric == "sphere" and coordinates.shape[1] == 2:
        return on_sphere(coordinates)
    return coordinates


def arc_of_chord(chord: Lengths) -> Lengths:
    """Return the length along the great circle for straight lengths, both in metres.

    Examples
    --------
    >>> arc_of_chord(np.array([0.0, 2 * EARTH_RADIUS_M])) / EARTH_RADIUS_M
    array([0.        , 3.14159265])
    """
    half = np.clip(np.asarray(chord, dtype=np.float64) / (2 * EARTH_RADIUS_M), 0.0, 1.0)
    return 2 * EARTH_RADIUS_M * np.arcsin(half)


def great_circle_distances(points: Coordinates, samples: Coordinates) -> Lengths:
    """Return the great-circle distance from each point to the nearest sample, metres.

    Parameters
    ----------
    points, samples : array, shape (n, 2)
        Longitude, latitude in degrees.

    Examples
    --------
    One degree of the equator, across the antimeridian:

    >>> points, samples = np.array([[179.5, 0.0]]), np.array([[-179.5, 0.0], [0.0, 0.0]])
    >>> great_circle_distances(points, samples).round(1)
    array([111195.1])
    """
    chord, _ = cKDTree(on_sphere(samples)).query(on_sphere(points))
    return arc_of_chord(chord)


def sphere_block_labels(
    places: Coordinates, spacing: float, *, shift: tuple[float, float] = (0.0, 0.0)
) -> Labels:
    """Return the number of the block of equal area that each place lies in, from 0.

    Bands of latitude have the height of a block. Each is cut along meridians into as many
    blocks as make the area nearest to that of a square; near the poles the blocks are
    fewer and wider, and a cap may be one block. Only blocks that hold a place are numbered.

    Parameters
    ----------
    places : array, shape (n, 3)
        From `on_sphere`; or longitude, latitude in degrees, shape (n, 2).
    spacing : float
        Side of a block, metres, above 0.
    shift : tuple of float
        How far the lattice of blocks is moved west and south, in shares of a block.

    Raises
    ------
    FoldError
        The spacing is not above 0.

    Examples
    --------
    >>> degrees = np.array([[24.0, 60.0], [24.1, 60.0], [26.5, 60.0], [24.0, 62.0]])
    >>> sphere_block_labels(degrees, 100_000.0)
    array([0, 0, 1, 2])
    """
    if not spacing > 0:
        raise FoldError(f"Blocks of side {spacing} were asked. Give a spacing above 0.")
    points = in_metric(places, "sphere") / EARTH_RADIUS_M
    latitude = np.arcsin(np.clip(points[:, 2], -1.0, 1.0))
    longitude = np.mod(np.arctan2(points[:, 1], points[:, 0]), 2 * np.pi)
    height = spacing / EARTH_RADIUS_M
    # Bands are counted from the southernmost place; where they begin is no property of
    # the Earth, as the south-west corner is none of the plane. A whisker of tolerance.
    south = latitude.min() - shift[1] * height
    band = np.floor((latitude - south) / height + 1e-9)
    lower = np.clip(south + band * height, -np.pi / 2, np.pi / 2)
    upper = np.clip(lower + height, -np.pi / 2, np.pi / 2)
    share = 2 * np.pi * (np.sin(upper) - np.sin(lower)) / height**2
    columns = np.maximum(np.rint(share), 1.0)
    west = _westernmost(longitude)
    turned = np.mod(longitude - west, 2 * np.pi) / (2 * np.pi)
    column = np.mod(np.floor(turned * columns + shift[0] + 1e-9), columns)
    _, label = np.unique(np.column_stack([band, column]), axis=0, return_inverse=True)
    return label.reshape(-1).astype(np.int64)


def _westernmost(longitude: NDArray[np.float64]) -> float:
    """Return the longitude east of the widest gap, so that no seam cuts the samples."""
    ordered = np.unique(longitude)
    gaps = np.diff(ordered, append=ordered[0] + 2 * np.pi)
    return float(ordered[(int(np.argmax(gaps)) + 1) % len(ordered)])
