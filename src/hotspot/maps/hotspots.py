"""Hotspots: patches of a map where the limit is probably exceeded, as ranked polygons."""

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hotspot.covariates.catalogue import Covariate
from hotspot.errors import GridError
from hotspot.grid import Grid
from hotspot.maps.hotspot_cells import Blocks, HotspotBlock, hotspot_cells
from hotspot.maps.hotspot_rules import Rule
from hotspot.maps.patches import Patch, PatchFinder

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

# Side of the windows of a map that is given as one array.
_WINDOW = 1024


def find_hotspots(
    probability: NDArray[np.float32] | NDArray[np.float64],
    applicable: NDArray[np.bool_] | None,
    *,
    grid: Grid,
    rule: Rule,
    contaminant: str,
    threshold_id: str,
) -> "GeoDataFrame":
    """Return the hotspots of a map that is held in memory, as `trace_hotspots` does.

    Parameters
    ----------
    probability : array, shape (rows, cols)
        P(exceed); NaN where there is no data.
    applicable : array of bool, shape (rows, cols), or None
        Whether a cell lies inside the area of applicability. None counts every cell, and
        hotspots may then lie where no sample resembles the ground.
    grid, rule, contaminant, threshold_id
        As in `trace_hotspots`.

    Raises
    ------
    GridError
        The arrays are not of the shape of the grid, or the grid is not projected.
    """
    for array in (probability, applicable):
        if array is not None and array.shape != grid.shape:
            raise GridError(
                f"The array has the shape {array.shape}, its grid {grid.shape}. "
                "Give the probability, the applicability and the grid of the same raster."
            )

    def blocks() -> Iterator[HotspotBlock]:
        for window in grid.windows(_WINDOW):
            inside = None if applicable is None else applicable[window.slices]
            yield HotspotBlock(window, probability[window.slices], inside)

    return trace_hotspots(
        blocks, grid=grid, rule=rule, contaminant=contaminant, threshold_id=threshold_id
    )


def trace_hotspots(
    blocks: Blocks,
    *,
    grid: Grid,
    rule: Rule,
    contaminant: str,
    threshold_id: str,
    land_use: Covariate | None = None,
) -> "GeoDataFrame":
    """Return the hotspots of a map of any size as ranked polygons.

    A hotspot is a set of cells, connected through edges or corners, that the rule chooses
    inside the area of applicability. Cells are compared in float32, as the map stores them.
    The map is gone through window by window: once for `HotspotRule`, twice for `ClusterRule`,
    three times for `TopShareRule`. Memory is that of a window and of the hotspots themselves,
    and polygons and numbers do not depend on the windows.

    Parameters
    ----------
    blocks : callable
        Gives the windows of the map, row by row and the same in each pass.
    grid : Grid
        Of the whole map; projected.
    rule : HotspotRule, TopShareRule or ClusterRule
        What counts as a hotspot.
    contaminant, threshold_id : str
        Written into each row.
    land_use : Covariate, optional
        The covariate whose codes the blocks hold.

    Returns
    -------
    GeoDataFrame
        One MultiPolygon a row, in the CRS of the grid, no row when there is no hotspot:

        ``rank``
            From 1, by ``expected_area_m2`` downwards; then by ``max_probability``, then
            from north to south.
        ``area_m2``, ``area_km2``, ``n_cells``
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
            as the calibration of the map. One minus the product of (1 - P), the chance of
            any exceedance, would be near 1 for every large patch, and would take neighbours
            for independent, which they are not.
        ``land_use``, ``land_use_share``, ``land_use_shares``
            The commonest class by name, its share of the cells whose class is known, and the
            shares of all classes as JSON, largest first. Only with `land_use`.
        ``contaminant``, ``threshold_id``
            As given.

    Raises
    ------
    GridError
        The grid is not projected.
    """
    import geopandas as gpd

    cell_area = grid.cell_area_m2
    chosen = hotspot_cells(rule, blocks, grid)
    finder = PatchFinder(grid.shape, rule.minimum_area_m2 / cell_area)
    for block in blocks():
        finder.add(block.window, chosen(block), block.probability, block.land_use)
    patches = sorted(finder.patches(), key=lambda p: (-p.total, -p.highest, p.first))

    n_cells = np.array([patch.n_cells for patch in patches], dtype=np.int64)
    total = np.array([patch.total for patch in patches], dtype=np.float64)
    mean = total / n_cells
    classes = {} if land_use is None else _land_use(patches, dict(land_use.classes))
    return gpd.GeoDataFrame(
        {
            "rank": np.arange(1, len(patches) + 1, dtype=np.int32),
            "area_m2": n_cells * cell_area,
            "area_km2": n_cells * cell_area / 1e6,
            "mean_probability": mean,
            "max_probability": np.array([p.highest for p in patches], dtype=np.float64),
            "expected_area_m2": total * cell_area,
            "confidence": np.maximum(0.0, 2.0 * mean - 1.0),
            "n_cells": n_cells,
            **classes,
            "contaminant": np.full(len(patches), contaminant, dtype=object),
            "threshold_id": np.full(len(patches), threshold_id, dtype=object),
        },
        geometry=gpd.GeoSeries(
            _placed([patch.shape for patch in patches], grid), crs=grid.pyproj_crs
        ),
    )


def _placed(shapes: list[Any], grid: Grid) -> list[Any]:
    """Return shapes of cells as MultiPolygons in the CRS of the grid."""
    import shapely

    step = grid.transform

    def place(cells: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack([step.c + step.a * cells[:, 0], step.f + step.e * cells[:, 1]])

    return [
        shape if shape.geom_type == "MultiPolygon" else shapely.MultiPolygon([shape])
        for shape in shapely.transform(np.array(shapes, dtype=object), place)
    ]


def _land_use(patches: list[Patch], names: Mapping[int, str]) -> dict[str, NDArray[Any]]:
    """Return the columns on land use."""
    commonest, share, shares = [], [], []
    for patch in patches:
        known = sum(n for _, n in patch.codes)
        ranked = sorted(patch.codes, key=lambda entry: (-entry[1], entry[0]))
        named = {names.get(code, str(code)): round(n / known, 4) for code, n in ranked}
        commonest.append(next(iter(named), None))
        share.append(ranked[0][1] / known if ranked else np.nan)
        shares.append(json.dumps(named, ensure_ascii=False))
    return {
        "land_use": np.array(commonest, dtype=object),
        "land_use_share": np.array(share, dtype=np.float64),
        "land_use_shares": np.array(shares, dtype=object),
    }
