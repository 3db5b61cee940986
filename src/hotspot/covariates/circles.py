"""Circles about places, and what of segments lies within them."""

from collections.abc import Iterator

import numpy as np
import shapely
from numpy.typing import NDArray

from hotspot.grid import Coordinates

# Pairs of a place and a segment held at a time; each takes about 150 bytes.
_PAIRS = 2**19


def near(
    tree: shapely.STRtree,
    coordinates: Coordinates,
    radius: float,
    weights: NDArray[np.int64] | None = None,
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Yield pairs of a place and a part whose box meets the box of its circle.

    A place comes with all its parts at once and in the order of the tree, whatever the other
    places are, so that sums over its parts do not depend on them.
    """
    step = 4096
    for begin in range(0, len(coordinates), step):
        here = coordinates[begin : begin + step]
        boxes = shapely.box(*(here - radius).T, *(here + radius).T)
        places, parts = tree.query(boxes)
        size = np.ones(len(parts), dtype=np.int64) if weights is None else weights[parts]
        # Cut between places, where the pairs so far fill the memory allowed.
        filled = (np.cumsum(size) - size) // _PAIRS
        new_place = np.diff(places, prepend=-1) != 0
        batch = np.maximum.accumulate(np.where(new_place, filled, 0))
        cuts = np.flatnonzero(np.diff(batch)) + 1
        for group in np.split(np.arange(len(places)), cuts):
            yield places[group] + begin, parts[group]


def around(
    segments: NDArray[np.float64], centres: Coordinates
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return starts and ends of segments as seen from the centres of their circles."""
    return segments[:, 0] - centres, segments[:, 1] - centres


def crossings(
    start: NDArray[np.float64], end: NDArray[np.float64], radius: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return where segments enter and leave the circle about the origin.

    As shares of their length in [0, 1]; equal where they pass it by.
    """
    along = end - start
    a = np.einsum("ij,ij->i", along, along)
    b = np.einsum("ij,ij->i", start, along)
    # The height over the line from the cross product keeps its digits where b^2 - a c would
    # lose them, for long segments far away.
    cross = start[:, 0] * along[:, 1] - start[:, 1] * along[:, 0]
    half = np.sqrt(np.maximum(a * radius**2 - cross**2, 0.0))
    enters = np.clip((-b - half) / a, 0.0, 1.0)
    leaves = np.clip((-b + half) / a, 0.0, 1.0)
    return enters, leaves


def swept_area(
    start: NDArray[np.float64], end: NDArray[np.float64], radius: float
) -> NDArray[np.float64]:
    """Return the signed area between the origin and a segment, within the circle.

    Summed over the outline of a polygon, anticlockwise, it is the area of the polygon within
    the circle: a triangle where the segment runs inside, a sector where it runs outside.
    """
    enters, leaves = crossings(start, end, radius)
    along = end - start
    first = start + along * enters[:, np.newaxis]
    last = start + along * leaves[:, np.newaxis]
    inside = leaves > enters
    triangle = np.where(inside, cross(first, last), 0.0)
    before = np.where(inside, _angle(start, first), 0.0)
    after = np.where(inside, _angle(last, end), _angle(start, end))
    return np.asarray((triangle + radius**2 * (before + after)) / 2)


def cross(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return twice the signed area of the triangles of pairs of points with the origin."""
    return np.asarray(one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0])


def _angle(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.arctan2(cross(one, other), np.einsum("ij,ij->i", one, other)))
