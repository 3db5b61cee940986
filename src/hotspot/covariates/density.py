"""How much of a set of vector features lies within a radius: number, length or area."""

from typing import Protocol

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from hotspot.covariates.area_share import AreaShare
from hotspot.covariates.circles import around, cross, crossings, near
from hotspot.covariates.derivations import Measure
from hotspot.covariates.sources import Geometries, as_lines, take_apart
from hotspot.errors import CovariateError
from hotspot.grid import Coordinates

# Kinds of features by the number of their dimensions.
_KINDS = ("points", "lines", "polygons")


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
        for places, segments in near(self._tree, coordinates, self._radius):
            start, end = around(self._segments[segments], coordinates[places])
            enters, leaves = crossings(start, end, self._radius)
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
        for places, segments in near(self._tree, coordinates, radius):
            start, end = around(self._segments[segments], coordinates[places])
            enters, leaves = crossings(start, end, radius)
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
    height = cross(start, end) / length
    level = 1 - (height / radius) ** 2
    ends = (enters * length - foot, leaves * length - foot)
    first, last = (
        level**2 * s - 2 / 3 * level * s**3 / radius**2 + s**5 / (5 * radius**4) for s in ends
    )
    return np.asarray(np.where(leaves > enters, last - first, 0.0))
