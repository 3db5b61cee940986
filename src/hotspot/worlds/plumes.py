"""Point sources: where they stand, and what the wind makes of them."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import shapely
from numpy.typing import NDArray

from hotspot.grid import Coordinates, Grid
from hotspot.worlds.bounds import check_between, check_choice
from hotspot.worlds.features import PointSources, Roads

PLACEMENTS = ("anywhere", "towns", "along_roads")
# Sources near a town scatter about its centre.
_TOWN_RADIUS_M = 800.0
# Log standard deviation of the peaks of sources.
_PEAK_SPREAD = 0.5


@dataclass(frozen=True)
class Sources:
    """Point sources of the contaminant.

    A source of peak P adds P exp(-(r - e u) / L) to the soil at distance r, of which u is
    downwind; e is the elongation and L the decay length. Lines of equal addition are
    ellipses with the source in one focus.

    Parameters
    ----------
    n_sources : int
        0 for none.
    peak_mg_kg : float, mg/kg
        What a typical source adds beside it. Peaks scatter about it, but for sources along
        roads, which are all alike.
    decay_m : float, m
        Distance across the wind at which the addition has fallen to 1/e.
    wind_from_degree : float
        Where the wind comes from, clockwise from north.
    elongation : float
        0 for calm air, below 1; at 0.5 the plume reaches three times as far downwind as upwind.
    placement : {"anywhere", "towns", "along_roads"}
        ``along_roads`` spaces them evenly on the roads. With many of them the distance to
        industry and the distance to a road say the same, and no method can tell the two
        groups apart.
    """

    n_sources: int = 6
    peak_mg_kg: float = 250.0
    decay_m: float = 350.0
    wind_from_degree: float = 240.0
    elongation: float = 0.5
    placement: Literal["anywhere", "towns", "along_roads"] = "anywhere"

    def __post_init__(self) -> None:
        check_between("n_sources", self.n_sources, 0, 100_000)
        check_between("peak_mg_kg", self.peak_mg_kg, 0.0, 1e5)
        check_between("decay_m", self.decay_m, 1e-3)
        check_between("wind_from_degree", self.wind_from_degree, -360.0, 360.0)
        check_between("elongation", self.elongation, 0.0, 0.95)
        check_choice("placement", self.placement, PLACEMENTS)


def draw_sources(
    options: Sources, grid: Grid, *, towns: Coordinates, roads: Roads, seed: int
) -> PointSources:
    """Return the places and peaks of the point sources."""
    rng = np.random.default_rng(seed)
    number = options.n_sources
    west, east, south, north = grid.region
    scatter = rng.normal(0.0, _PEAK_SPREAD, number)
    if options.placement == "along_roads":
        network = shapely.line_merge(shapely.union_all(roads.lines))
        at = (np.arange(number) + 0.5) / max(number, 1) * shapely.length(network)
        places = _along(network, at)
        scatter = np.zeros(number)
    elif options.placement == "towns":
        centre = towns[rng.integers(len(towns), size=number)]
        places = centre + rng.normal(0.0, _TOWN_RADIUS_M, (number, 2))
    else:
        places = rng.uniform([west, south], [east, north], (number, 2))
    places = np.clip(places, [west + 0.01, south + 0.01], [east - 0.01, north - 0.01])
    return PointSources(
        np.round(places, 2).reshape(-1, 2), options.peak_mg_kg * np.exp(scatter)
    )


def _along(network: shapely.Geometry, at: NDArray[np.float64]) -> Coordinates:
    """Return places at lengths along all lines of a network, laid end to end."""
    parts = shapely.get_parts(network)
    ends = np.cumsum(shapely.length(parts))
    which = np.minimum(np.searchsorted(ends, at), len(parts) - 1)
    start = ends - shapely.length(parts)
    points = shapely.line_interpolate_point(parts[which], at - start[which])
    return np.asarray(shapely.get_coordinates(points))


def deposition(
    options: Sources, sources: PointSources, coordinates: Coordinates
) -> NDArray[np.float64]:
    """Return what all sources add to the soil at places, mg/kg, shape (n,).

    Examples
    --------
    >>> west_wind = Sources(decay_m=500.0, wind_from_degree=270.0, elongation=0.5)
    >>> works = PointSources(np.array([[0.0, 0.0]]), np.array([100.0]))
    >>> places = np.array([[0.0, 0.0], [1000.0, 0.0], [-1000.0, 0.0]])
    >>> deposition(west_wind, works, places).round(1)
    array([100. ,  36.8,   5. ])
    """
    towards = np.radians(options.wind_from_degree + 180.0)
    downwind = np.array([np.sin(towards), np.cos(towards)])
    total = np.zeros(len(coordinates))
    for place, peak in zip(sources.coordinates, sources.peak_mg_kg, strict=True):
        offset = coordinates - place
        reach = np.hypot(offset[:, 0], offset[:, 1]) - options.elongation * (offset @ downwind)
        total += peak * np.exp(-reach / options.decay_m)
    return total
