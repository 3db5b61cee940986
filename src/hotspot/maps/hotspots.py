"""Hotspots: connected cells that are likely above the limit, as ranked polygons."""

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hotspot.errors import ConfigError, GridError
from hotspot.grid import Grid

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

# Cells that touch along an edge or at a corner belong together.
_EIGHT_NEIGHBOURS = np.ones((3, 3), dtype=np.int64)


@dataclass(frozen=True)
class HotspotRule:
    """What counts as a hotspot.

    Parameters
    ----------
    probability : float
        Cells from this P(exceed) upwards belong to a hotspot; inside (0, 1).
    minimum_area_m2 : float
        Smaller hotspots are left out; 0 keeps single cells.

    Raises
    ------
    ConfigError
        A value is out of its range.
    """

    probability: float = 0.8
    minimum_area_m2: float = 0.0

    def __post_init__(self) -> None:
        if not (0.0 < self.probability < 1.0 and 0.0 <= self.minimum_area_m2 < np.inf):
            raise ConfigError(
                f"A hotspot cannot begin at a probability of {self.probability} and an area "
                f"of {self.minimum_area_m2} m2. Set predict.hotspots.probability inside "
                "(0, 1) and predict.hotspots.minimum_area_m2 to 0 or more."
            )


def find_hotspots(
    probability: NDArray[np.float32] | NDArray[np.float64],
    applicable: NDArray[np.bool_] | None,
    *,
    grid: Grid,
    rule: HotspotRule,
    contaminant: str,
    threshold_id: str,
) -> "GeoDataFrame":
    """Return the hotspots of a map as ranked polygons.

    A hotspot is a set of cells, connected through edges or corners, with P(exceed) of at
    least ``rule.probability``, inside the area of applicability. Cells are compared in
    float32, as the map stores them.

    The whole map is held at once: about 10 bytes a cell beside the probability itself, so
    1 GB for 100 million cells.

    Parameters
    ----------
    probability : array, shape (rows, cols)
        P(exceed); NaN where there is no data.
    applicable : array of bool, shape (rows, cols), or None
        Whether a cell lies inside the area of applicability. None counts every cell, and
        hotspots may then lie where no sample resembles the ground.
    grid : Grid
        Of these arrays; projected.
    rule : HotspotRule
        What counts as a hotspot.
    contaminant, threshold_id : str
        Written into each row.

    Returns
    -------
    GeoDataFrame
        One MultiPolygon a row, in the CRS of the grid, no row when there is no hotspot:

        ``rank``
            From 1, by ``expected_area_m2`` downwards; then by ``max_probability``, then
            from north to south.
        ``area_m2``, ``n_cells``
            Size.
        ``mean_probability``, ``max_probability``
            Over the cells. The mean is also the expected share of the hotspot above the
            limit, whether or not its cells depend on each other.
        ``expected_area_m2``
            Area times mean probability: the expected area above the limit.
        ``confidence``
            Least probability that at least half of the hotspot is above the limit,
            ``max(0, 2 * mean_probability - 1)``. It is Markov's inequality on the share
            that is not above, so it holds however the cells depend on each other; the
            probability itself is higher by an unknown amount, and the bound is only as good
            as the calibration of the map.
        ``contaminant``, ``threshold_id``
            As given.

    Raises
    ------
    GridError
        The arrays are not of the shape of the grid, or the grid is not projected.
    """
    import geopandas as gpd
    from scipy import ndimage

    for array in (probability, applicable):
        if array is not None and array.shape != grid.shape:
            raise GridError(
                f"The array has the shape {array.shape}, its grid {grid.shape}. "
                "Give the probability, the applicability and the grid of the same raster."
            )
    cell_area = grid.cell_area_m2
    # A comparison with NaN is False, so that missing cells belong to no hotspot.
    cells = np.asarray(probability, dtype=np.float32) >= np.float32(rule.probability)
    if applicable is not None:
        cells &= applicable
    labels = np.zeros(grid.shape, dtype=np.int32)
    count = int(ndimage.label(cells, structure=_EIGHT_NEIGHBOURS, output=labels))

    label = labels[cells]
    chance = probability[cells].astype(np.float64)
    n_cells = np.bincount(label, minlength=count + 1)[1:]
    total = np.bincount(label, weights=chance, minlength=count + 1)[1:]
    highest = np.zeros(count + 1)
    np.maximum.at(highest, label, chance)
    highest = highest[1:]
    kept = np.flatnonzero(n_cells * cell_area >= rule.minimum_area_m2)
    kept = kept[np.lexsort((kept, -highest[kept], -total[kept]))]

    rank_of_label = np.zeros(count + 1, dtype=np.int32)
    rank_of_label[kept + 1] = np.arange(1, len(kept) + 1)
    shapes = _polygons(rank_of_label[labels], grid, len(kept))
    mean = total[kept] / n_cells[kept]
    return gpd.GeoDataFrame(
        {
            "rank": np.arange(1, len(kept) + 1, dtype=np.int32),
            "area_m2": n_cells[kept] * cell_area,
            "mean_probability": mean,
            "max_probability": highest[kept],
            "expected_area_m2": total[kept] * cell_area,
            "confidence": np.maximum(0.0, 2.0 * mean - 1.0),
            "n_cells": n_cells[kept].astype(np.int32),
            "contaminant": np.full(len(kept), contaminant, dtype=object),
            "threshold_id": np.full(len(kept), threshold_id, dtype=object),
        },
        geometry=gpd.GeoSeries(shapes, crs=grid.pyproj_crs),
    )


def _polygons(ranks: NDArray[np.int32], grid: Grid, count: int) -> list[Any]:
    """Return one MultiPolygon per rank, in order."""
    from rasterio.features import shapes
    from shapely.geometry import MultiPolygon, shape

    parts: dict[int, list[Any]] = defaultdict(list)
    # Traced through edges only: a ring that crosses itself at a corner is no valid polygon,
    # two polygons that meet at one are a valid multipolygon.
    for geometry, rank in shapes(
        ranks, mask=ranks > 0, connectivity=4, transform=grid.transform
    ):
        parts[int(rank)].append(shape(geometry))
    return [MultiPolygon(parts[rank]) for rank in range(1, count + 1)]
