"""How much of a set of vector features lies within a radius: number, length or area."""

from collections.abc import Iterator
from typing import Protocol

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from hotspot.covariates.derivations import Measure
from hotspot.covariates.sources import Geometries, as_lines, segments_of, take_apart
from hotspot.errors import CovariateError
from hotspot.grid import Coordinates

# Kinds of features by the number of their dimensions.
_KINDS = ("points", "lines", "polygons")

# Pairs of a place and a segment held at a time; each takes about 150 bytes.
_PAIRS = 2**19

# A polygon is cut into parts of at most this many vertices, so that a place meets only the
# edges of the parts near it. The cuts add no area and take none away.
_VERTICES = 64


# What each measure is made of, and its unit.
_MEASURES = {"count": ("points", "1"), "length": ("lines", "km"), "share": ("polygons", "1")}


class Density(Protocol):
    """Features within a radius: how much, and how much per area of the circle."""

    unit: str

    def density(self, coordinates: Coordinates) -> NDArray[np.float64]:
        """Return the density at places, shape (n,)."""
        ...

    def amount(self, coordinates: Coordinates) -> NDArray[np.float64]:
        """Return the number, the length in km or the share of area, shape (n,)."""
        ...


def density_of(
    geometries: Geometries, radius_m: float, metres_per_unit: float = 1.0
) -> Density:
    """Return the density that fits the features: number, length or area.

    Parameters
    ----------
    geometries : array of shapely geometries, shape (n,)
        All points, all lines or all polygons, in a projected CRS.
    radius_m : float, m
        Above 0.
    metres_per_unit : float
        Length of one unit of the CRS.

    Returns
    -------
    Density
        Of points, per km2; of lines, km per km2; of polygons, the share of the area.

    Raises
    ------
    CovariateError
        The features are of several kinds, or there are none.

    Examples
    --------
    >>> road = shapely.from_wkt(["LINESTRING (-5000 0, 5000 0)"])
    >>> density = density_of(road, 1000.0)
    >>> density.density(np.array([[0.0, 0.0], [0.0, 1500.0]])), density.unit
    (array([0.6366, 0.    ]), 'km/km2')
    """
    kinds = kinds_of(geometries)
    if len(kinds) > 1:
        raise CovariateError(
            f"A density needs features of one kind, and these are {' and '.join(kinds)}. "
            "Keep one kind with `where`, or split the layer."
        )
    sources = take_apart(geometries)
    radius = radius_m / metres_per_unit
    # Repair may turn an invalid feature into one of a lower kind, without length or area.
    if kinds == ["points"]:
        return PointDensity(sources.points, radius, metres_per_unit)
    if kinds == ["lines"] and len(sources.segments):
        return LineDensity(sources.segments, radius, metres_per_unit)
    if kinds == ["polygons"] and len(sources.polygons):
        return AreaShare(sources.polygons, radius)
    raise CovariateError(
        f"None of {len(geometries)} features has a length or an area. Check the layer."
    )


def kinds_of(geometries: Geometries) -> list[str]:
    """Return which of lines, points and polygons features are, in this order."""
    return sorted({_KINDS[int(d)] for d in shapely.get_dimensions(geometries) if d >= 0})


def amount_of(
    geometries: Geometries, measure: Measure, *, radius_m: float, metres_per_unit: float = 1.0
) -> tuple[str, Density]:
    """Return the unit of an amount within a radius, and the density that gives it.

    Parameters
    ----------
    geometries : array of shapely geometries, shape (n,)
        Points for a count, lines for a length, polygons for a share of area.
    measure : {"count", "length", "share"}
        What is added up.
    radius_m : float, m
        Above 0.
    metres_per_unit : float
        Length of one unit of the CRS.

    Raises
    ------
    CovariateError
        The features do not fit the measure, or there are none.

    Examples
    --------
    >>> road = shapely.from_wkt(["LINESTRING (-5000 0, 5000 0)"])
    >>> unit, density = amount_of(road, "length", radius_m=1000.0)
    >>> density.amount(np.array([[0.0, 0.0]])), unit
    (array([2.]), 'km')
    """
    wanted, unit = _MEASURES[measure]
    kinds = kinds_of(geometries)
    if kinds != [wanted]:
        fitting = next((m for m, (kind, _) in _MEASURES.items() if [kind] == kinds), None)
        hint = f"Derive `{fitting}`" if fitting else "Keep one kind with `where`"
        raise CovariateError(
            f"A {measure} is of {wanted}, and these features are "
            f"{' and '.join(kinds) or 'empty'}. {hint}, or give other features."
        )
    return unit, density_of(geometries, radius_m, metres_per_unit)


class PointDensity:
    """Number of points within a radius, per km2."""

    unit = "1/km2"

    def __init__(self, points: Coordinates, radius: float, metres_per_unit: float) -> None:
        self._tree = cKDTree(points)
        self._radius = radius
        self._area_km2 = np.pi * (radius * metres_per_unit / 1000) ** 2

    def density(self, coordinates: Coordinates) -> NDArray[np.float64]:
        """Return the number of points within the radius, per km2 of the circle."""
        return self.amount(coordinates) / self._area_km2

    def amount(self, coordinates: Coordinates) -> NDArray[np.float64]:
        """Return the number of points within the radius."""
        count = self._tree.query_ball_point(coordinates, self._radius, return_length=True)
        return np.asarray(count, dtype=np.float64)


class LineDensity:
    """Length of lines within a radius, km per km2. Lines that lie twice count twice."""

    unit = "km/km2"

    def __init__(
        self, segments: NDArray[np.float64], radius: float, metres_per_unit: float
    ) -> None:
        self._segments = segments
        self._tree = shapely.STRtree(as_lines(segments))
        self._radius = radius
        self._km_per_unit = metres_per_unit / 1000

    def density(self, coordinates: Coordinates) -> NDArray[np.float64]:
        """Return the length within the radius, in km per km2 of the circle."""
        return self._length(coordinates) / (np.pi * self._radius**2 * self._km_per_unit)

    def amount(self, coordinates: Coordinates) -> NDArray[np.float64]:
        """Return the length within the radius, km."""
        return self._length(coordinates) * self._km_per_unit

    def _length(self, coordinates: Coordinates) -> NDArray[np.float64]:
        total = np.zeros(len(coordinates))
        for places, segments in _near(self._tree, coordinates, self._radius):
            start, end = _around(self._segments[segments], coordinates[places])
            enters, leaves = _crossings(start, end, self._radius)
            length = np.hypot(*(end - start).T) * (leaves - enters)
            total += np.bincount(places, weights=length, minlength=len(coordinates))
        return total


class LineKernel:
    """Length of lines, smoothed by Silverman's quartic kernel, km per km2.

    The kernel is integrated exactly along each straight piece.

    Parameters
    ----------
    segments : array, shape (n_segments, 2, 2)
        Ends of the pieces.
    weights : array, shape (n_segments,)
        By which the length of each counts.
    radius : float
        Where the kernel ends, in the unit of the CRS.
    metres_per_unit : float
        Length of one unit of the CRS.
    """

    def __init__(
        self,
        segments: NDArray[np.float64],
        weights: NDArray[np.float64],
        *,
        radius: float,
        metres_per_unit: float,
    ) -> None:
        self._segments = segments
        self._weights = weights
        self._tree = shapely.STRtree(as_lines(segments))
        self._radius = radius
        self._km_per_unit = metres_per_unit / 1000

    def density(self, coordinates: Coordinates) -> NDArray[np.float64]:
        """Return the smoothed length at places, km per km2."""
        radius = self._radius
        total = np.zeros(len(coordinates))
        for places, segments in _near(self._tree, coordinates, radius):
            start, end = _around(self._segments[segments], coordinates[places])
            enters, leaves = _crossings(start, end, radius)
            integral = _quartic_integral(start, end, enters, leaves, radius=radius)
            weighted = self._weights[segments] * integral
            total += np.bincount(places, weights=weighted, minlength=len(coordinates))
        return total * 3 / (np.pi * radius**2 * self._km_per_unit)


def _quartic_integral(
    start: NDArray[np.float64],
    end: NDArray[np.float64],
    enters: NDArray[np.float64],
    leaves: NDArray[np.float64],
    *,
    radius: float,
) -> NDArray[np.float64]:
    """Return the integral of ``(1 - d^2/r^2)^2`` along segments within a circle.

    With h the distance of the line from the middle of the circle and s the way along it from
    the foot of h, d^2 = h^2 + s^2, so that the integrand is a polynomial in s.
    """
    along = end - start
    length = np.hypot(*along.T)
    foot = -np.einsum("ij,ij->i", start, along) / length
    height = _cross(start, end) / length
    level = 1 - (height / radius) ** 2
    ends = (enters * length - foot, leaves * length - foot)
    first, last = (
        level**2 * s - 2 / 3 * level * s**3 / radius**2 + s**5 / (5 * radius**4) for s in ends
    )
    return np.asarray(np.where(leaves > enters, last - first, 0.0))


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
        for places, parts in _near(self._tree, coordinates, radius, self._count):
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
        start, end = _around(self._edges[edges], centres[owner])
        swept = _swept_area(start, end, self._radius)
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


def _near(
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


def _around(
    segments: NDArray[np.float64], centres: Coordinates
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return starts and ends of segments as seen from the centres of their circles."""
    return segments[:, 0] - centres, segments[:, 1] - centres


def _crossings(
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


def _swept_area(
    start: NDArray[np.float64], end: NDArray[np.float64], radius: float
) -> NDArray[np.float64]:
    """Return the signed area between the origin and a segment, within the circle.

    Summed over the outline of a polygon, anticlockwise, it is the area of the polygon within
    the circle: a triangle where the segment runs inside, a sector where it runs outside.
    """
    enters, leaves = _crossings(start, end, radius)
    along = end - start
    first = start + along * enters[:, np.newaxis]
    last = start + along * leaves[:, np.newaxis]
    inside = leaves > enters
    triangle = np.where(inside, _cross(first, last), 0.0)
    before = np.where(inside, _angle(start, first), 0.0)
    after = np.where(inside, _angle(last, end), _angle(start, end))
    return np.asarray((triangle + radius**2 * (before + after)) / 2)


def _cross(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0])


def _angle(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.arctan2(_cross(one, other), np.einsum("ij,ij->i", one, other)))
