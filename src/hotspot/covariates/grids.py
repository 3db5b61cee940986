"""The grid of a stack: that of a raster, one that is told, or one that is grown."""

from math import isfinite
from pathlib import Path

import numpy as np

from hotspot.covariates.align import Placement
from hotspot.errors import GridError
from hotspot.grid import Grid, Window
from hotspot.rasters import read_grid


def resolve_grid(
    *,
    like: Path | None = None,
    crs: str | None = None,
    resolution: float | None = None,
    region: tuple[float, float, float, float] | None = None,
) -> Grid:
    """Return the grid of a raster, or the one that a CRS, a cell size and a region make.

    Parameters
    ----------
    like : Path, optional
        A raster; the rest must then be absent.
    crs : str, optional
        Authority code or WKT.
    resolution : float, optional
        Side of a cell in the unit of the CRS.
    region : tuple of float, optional
        (west, east, south, north) in the unit of the CRS.

    Raises
    ------
    GridError
        Neither a raster nor all three others are given, or both are.
    """
    if like is not None and crs is None and resolution is None and region is None:
        return read_grid(like)
    if like is None and crs is not None and resolution is not None and region is not None:
        return Grid.from_region(region, resolution, crs)
    raise GridError(
        f"The grid is not told by like={like}, crs={crs}, resolution={resolution}, "
        f"region={region}. Give `like` alone, or `crs`, `resolution` and `region` together."
    )


def grown_grid(placement: Placement, maximum: float | None) -> tuple[Grid, Window]:
    """Return the grid grown to hold a whole source, and where the grid lies in it.

    Parameters
    ----------
    placement : Placement
        Of the source among the cells of the grid.
    maximum : float, optional
        By how far it is grown at most, in the unit of the CRS.
    """
    grid = placement.grid
    width, height = grid.resolution
    west, east, south, north = grid.region
    reached = placement.region
    if not all(isfinite(value) for value in reached):
        reached = grid.region
    gaps = (
        (north, reached[3], height),
        (reached[2], south, height),
        (reached[0], west, width),
        (east, reached[1], width),
    )
    limit = np.inf if maximum is None else maximum
    # From the edge of the grid outwards, in whole cells, up to the limit.
    above, below, left, right = (
        int(np.ceil(min(max(end - begin, 0.0), limit) / step - 1e-9))
        for begin, end, step in gaps
    )
    rows, cols = grid.shape
    grown = grid.crop(Window(-above, -left, rows + above + below, cols + left + right))
    return grown, Window(above, left, rows, cols)
