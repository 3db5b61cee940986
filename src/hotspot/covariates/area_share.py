"""The share of circles that polygons cover."""

from collections.abc import Iterator

import numpy as np
import shapely
from numpy.typing import NDArray

from hotspot.covariates.circles import around, near, swept_area
from hotspot.covariates.sources import Geometries, segments_of
from hotspot.grid import Coordinates

# A polygon is cut into parts of at most this many vertices, so that a place meets only the
# edges of the parts near it. The cuts add no area and take none away.
_VERTICES = 64


class AreaShare:
    """Share of the circle that polygons cover, 0 to 1. Overlaps count once."""

    unit = "1"

    def __init__(self, polygons: Geometries, radius: float) -> None:
        whole = shapely.get_parts(shapely.union_all(polygons))
        parts = shapely.orient_polygons(np.array(list(_pieces(whole)), dtype=object))
        self._tree = shapely.STRtree(parts)
        self._area = shapely.area(parts)
        self._bounds = shapely.bounds(parts)
        rings, polygon = shapely.get_rings(parts, return_index=True)
        self._edges, ring = segments_of(rings)
        # Edges of one part stand together, from `first` on.
        self._count = np.bincount(polygon[ring], minlength=len(parts))
        self._first = np.concatenate([[0], np.cumsum(self._count)[:-1]])
        self._radius = radius

    def density(self, coordinates: Coordinates) -> NDArray[np.float64]:
        """Return the share of the circle that is covered."""
        radius = self._radius
        area = np.zeros(len(coordinates))
        for places, parts in near(self._tree, coordinates, radius, self._count):
            nearest, farthest = self._reach(parts, coordinates[places])
            # A part that lies wholly within the circle needs none of its edges.
            share = np.where(farthest <= radius, self._area[parts], 0.0)
            cut = np.flatnonzero((nearest < radius) & (farthest > radius))
            share[cut] = self._cut_area(parts[cut], coordinates[places[cut]])
            area += np.bincount(places, weights=share, minlength=len(coordinates))
        # Rounding must not make a share leave [0, 1].
        return np.clip(area / (np.pi * radius**2), 0.0, 1.0)

    def amount(self, coordinates: Coordinates) -> NDArray[np.float64]:
        """Return the share of the circle that is covered."""
        return self.density(coordinates)

    def _reach(
        self, parts: NDArray[np.int64], centres: Coordinates
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the distances from centres to the nearest and farthest spot of part boxes."""
        low = self._bounds[parts, :2] - centres
        high = centres - self._bounds[parts, 2:]
        nearest = np.maximum(np.maximum(low, high), 0.0)
        farthest = np.maximum(np.abs(low), np.abs(high))
        return np.hypot(*nearest.T), np.hypot(*farthest.T)

    def _cut_area(self, parts: NDArray[np.int64], centres: Coordinates) -> NDArray[np.float64]:
        """Return the area of each part within the circle about its centre."""
        count = self._count[parts]
        owner = np.repeat(np.arange(len(parts)), count)
        skipped = np.repeat(np.cumsum(count) - count, count)
        edges = np.repeat(self._first[parts], count) + np.arange(len(owner)) - skipped
        start, end = around(self._edges[edges], centres[owner])
        swept = swept_area(start, end, self._radius)
        return np.bincount(owner, weights=swept, minlength=len(parts)).astype(np.float64)


def _pieces(polygons: Geometries) -> Iterator[shapely.Polygon]:
    """Yield polygons cut in halves until each has few vertices."""
    waiting = list(polygons)
    while waiting:
        polygon = waiting.pop()
        if not isinstance(polygon, shapely.Polygon) or polygon.is_empty:
            continue
        if shapely.get_num_coordinates(polygon) <= _VERTICES:
            yield polygon
            continue
        west, south, east, north = polygon.bounds
        is_wide = east - west > north - south
        middle = (west + east) / 2 if is_wide else (south + north) / 2
        if middle in (west, east, south, north):
            # Too small to be halved in floating point.
            yield polygon
            continue
        if is_wide:
            boxes = [(west, south, middle, north), (middle, south, east, north)]
        else:
            boxes = [(west, south, east, middle), (west, middle, east, north)]
        halves = [shapely.intersection(polygon, shapely.box(*box)) for box in boxes]
        waiting.extend(part for half in halves for part in shapely.get_parts(half))
