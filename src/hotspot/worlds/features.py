"""Towns, the roads between them, and the works that emit: what stands in the region."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.spatial.distance import pdist, squareform

from hotspot.grid import Coordinates, Grid
from hotspot.seeds import child_seed

# Traffic of a minor road, where that of a main road is 1.
MINOR_TRAFFIC = 0.3
# A road leaves the straight line by about this share of its length.
_BEND = 0.07
_BEND_LEVELS = 4


@dataclass(frozen=True, eq=False)
class Roads:
    """Roads as lines.

    Parameters
    ----------
    lines : array of LineString, shape (n_roads,)
        In the CRS of the grid.
    traffic : array, shape (n_roads,)
        1 for a main road, `MINOR_TRAFFIC` for a minor one.
    """

    lines: NDArray[np.object_]
    traffic: NDArray[np.float64]

    @property
    def is_main(self) -> NDArray[np.bool_]:
        """Whether each road is a main one."""
        return np.asarray(self.traffic == 1.0)

    @property
    def classes(self) -> list[str]:
        """``main`` or ``minor`` of each road."""
        return ["main" if main else "minor" for main in self.is_main]


@dataclass(frozen=True, eq=False)
class PointSources:
    """Works that emit from one place.

    Parameters
    ----------
    coordinates : array, shape (n_sources, 2)
        Easting, northing.
    peak_mg_kg : array, shape (n_sources,), mg/kg
        What each adds to the soil beside it.
    """

    coordinates: Coordinates
    peak_mg_kg: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.peak_mg_kg)


def draw_towns(grid: Grid, number: int, seed: int) -> Coordinates:
    """Return the places of towns, shape (number, 2), off the rim of the region."""
    west, east, south, north = grid.region
    rim = 0.05
    places = np.random.default_rng(seed).uniform(rim, 1 - rim, (number, 2))
    return places * [east - west, north - south] + [west, south]


def draw_roads(grid: Grid, towns: Coordinates, seed: int) -> Roads:
    """Return bending roads: main ones join all towns, minor ones join near towns.

    Parameters
    ----------
    grid : Grid
        Roads stay within its region.
    towns : array, shape (n_towns, 2)
        At least two.
    seed : int
        Of the bends.
    """
    distance = squareform(pdist(towns))
    tree = minimum_spanning_tree(distance).tocoo()
    main = {(min(i, j), max(i, j)) for i, j in zip(tree.row, tree.col, strict=True)}
    nearest = np.argsort(distance, axis=1, kind="stable")[:, 1:4]
    near = {(min(i, int(j)), max(i, int(j))) for i in range(len(towns)) for j in nearest[i]}
    links = [(*pair, 1.0) for pair in sorted(main)]
    links += [(*pair, MINOR_TRAFFIC) for pair in sorted(near - main)]
    west, east, south, north = grid.region
    lines = []
    for i, j, _ in links:
        rng = np.random.default_rng(child_seed(seed, int(i), int(j)))
        bent = _bent(towns[i], towns[j], rng)
        lines.append(shapely.LineString(np.clip(bent, [west, south], [east, north])))
    return Roads(np.array(lines, dtype=object), np.array([traffic for *_, traffic in links]))


def _bent(start: Coordinates, end: Coordinates, rng: np.random.Generator) -> Coordinates:
    """Return a line from start to end, bent by moving midpoints aside, shape (17, 2)."""
    points = np.array([start, end])
    for _ in range(_BEND_LEVELS):
        along = np.diff(points, axis=0)
        aside = np.column_stack([-along[:, 1], along[:, 0]])
        middle = points[:-1] + along / 2 + aside * rng.normal(0, _BEND, (len(along), 1))
        merged = np.empty((len(points) + len(middle), 2))
        merged[0::2], merged[1::2] = points, middle
        points = merged
    # Centimetres, as the file keeps them.
    return np.round(points, 2)
