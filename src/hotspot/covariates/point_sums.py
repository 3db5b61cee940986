"""Sums over the points within a radius: number, kernel density, emission, upwind exposure."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hotspot.compiled import compiled
from hotspot.covariates.sphere import EARTH_RADIUS_M
from hotspot.covariates.wind import WindRose
from hotspot.grid import Coordinates

_COUNT, _QUARTIC, _INVERSE = 0, 1, 2


@dataclass(frozen=True)
class Falloff:
    """How a point counts with its distance, up to a radius.

    Made by `counted`, `quartic` or `inverse`.
    """

    kind: int
    radius_m: float
    nearest_m: float = 0.0
    power: float = 0.0
    rose: tuple[float, ...] = ()


def counted(radius_m: float) -> Falloff:
    """Return the fall-off by which every point within the radius counts 1."""
    return Falloff(_COUNT, radius_m)


def quartic(radius_m: float) -> Falloff:
    """Return Silverman's quartic kernel, per km2; over the plane it adds up to 1.

    References
    ----------
    Silverman (1986), Density Estimation for Statistics and Data Analysis, equation 4.5.
    """
    return Falloff(_QUARTIC, radius_m)


def inverse(
    radius_m: float, *, nearest_m: float, power: float, rose: WindRose | None = None
) -> Falloff:
    """Return the fall-off ``1 / max(d, nearest)^power``, with distances in km.

    Parameters
    ----------
    radius_m, nearest_m : float, m
        Where it ends, and the distance below which it rises no more.
    power : float
        Above 0.
    rose : WindRose, optional
        Multiplies it by how often the wind blows from the point to the place, as a multiple
        of the mean over all directions. Between the middles of sectors it is interpolated.
        A point at the place itself counts as if the wind had no preference.
    """
    relative = () if rose is None else rose.relative
    return Falloff(_INVERSE, radius_m, nearest_m=nearest_m, power=power, rose=relative)


class PointSum:
    """Sum over points of their weight times a fall-off with distance.

    Every place is answered for itself, its points always added in the same order, so that it
    does not matter in which windows the places come.

    Parameters
    ----------
    points : array, shape (m, 2)
        Easting and northing; longitude and latitude on the globe.
    weights : array, shape (m,)
        One per point.
    falloff : Falloff
        How a point counts with its distance.
    metres_per_unit : float or None
        Length of a unit of a projected CRS; None for degrees, where distances are those along
        great circles.

    Examples
    --------
    >>> points = np.array([[0.0, 0.0], [3000.0, 0.0]])
    >>> emission = PointSum(points, np.array([10.0, 90.0]),
    ...                     inverse(5000.0, nearest_m=100.0, power=1.0))
    >>> emission.at(np.array([[2000.0, 0.0]]))  # 10 / 2 km + 90 / 1 km
    array([95.])
    """

    def __init__(
        self,
        points: Coordinates,
        weights: NDArray[np.float64],
        falloff: Falloff,
        *,
        metres_per_unit: float | None = 1.0,
    ) -> None:
        order = np.lexsort((points[:, 0], points[:, 1]))
        self._points = np.ascontiguousarray(points[order], dtype=np.float64)
        self._weights = np.ascontiguousarray(weights[order], dtype=np.float64)
        self._falloff = falloff
        # 0 stands for the globe.
        self._metres_per_unit = 0.0 if metres_per_unit is None else metres_per_unit

    def at(
        self, coordinates: Coordinates, north: NDArray[np.float64] | None = None
    ) -> NDArray[np.float64]:
        """Return the sum at each place, shape (n,).

        Parameters
        ----------
        coordinates : array, shape (n, 2)
            In the CRS of the points.
        north : array, shape (n,), radians
            Direction of true north, clockwise from the northing axis; 0 by default.
        """
        places = np.ascontiguousarray(coordinates, dtype=np.float64)
        turn = np.zeros(len(places)) if north is None else north
        falloff = self._falloff
        radius, metres = falloff.radius_m, self._metres_per_unit
        reach = radius / metres if metres else np.degrees(radius / EARTH_RADIUS_M)
        # A whisker more than the reach; the distance itself decides.
        band = reach * (1 + 1e-9) + 1e-12
        northings = self._points[:, 1]
        first = np.searchsorted(northings, places[:, 1] - band, side="left")
        last = np.searchsorted(northings, places[:, 1] + band, side="right")
        rose = np.array(falloff.rose if falloff.rose else (1.0,))
        found = np.empty(len(places))
        shape = np.array([falloff.kind, radius, falloff.nearest_m, falloff.power, metres])
        compiled(_add_up)(
            places, turn, first, last, self._points, self._weights, shape, rose, found
        )
        return found


def _add_up(
    places: Any,
    turn: Any,
    first: Any,
    last: Any,
    points: Any,
    weights: Any,
    shape: Any,
    rose: Any,
    found: Any,
) -> None:
    """Fill `found` with the sum at each place over its band of points."""
    kind, radius, nearest, power, metres = shape
    sectors = len(rose)
    for place in range(len(places)):
        total = 0.0
        easting, northing = places[place]
        for point in range(first[place], last[place]):
            if metres > 0:
                east = (points[point, 0] - easting) * metres
                north = (points[point, 1] - northing) * metres
                distance = np.sqrt(east * east + north * north)
            else:
                here, there = np.radians(northing), np.radians(points[point, 1])
                step = np.radians(points[point, 0] - easting)
                half = (
                    np.sin((there - here) / 2) ** 2
                    + np.cos(here) * np.cos(there) * np.sin(step / 2) ** 2
                )
                distance = 2 * 6_371_008.8 * np.arcsin(np.sqrt(min(1.0, half)))
                east = np.sin(step) * np.cos(there)
                north = np.cos(here) * np.sin(there) - np.sin(here) * np.cos(there) * np.cos(
                    step
                )
            if distance > radius:
                continue
            if kind == 0:
                share = 1.0
            elif kind == 1:
                inside = 1.0 - (distance / radius) ** 2
                share = 3.0e6 * inside * inside / (np.pi * radius * radius)
            else:
                share = (1000.0 / max(distance, nearest)) ** power
            if sectors > 1 and distance > 0:
                bearing = np.arctan2(east, north) - turn[place]
                position = (bearing / (2 * np.pi) * sectors) % sectors
                sector = int(np.floor(position)) % sectors
                beyond = position - np.floor(position)
                share *= (1 - beyond) * rose[sector] + beyond * rose[(sector + 1) % sectors]
            total += weights[point] * share
        found[place] = total
