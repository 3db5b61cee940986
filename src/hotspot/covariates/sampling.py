"""Values of rasters at points, read block by block whatever the order of the points."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hotspot.errors import CovariateError
from hotspot.grid import Coordinates, Grid, Window
from hotspot.rasters import read_window

Positions = NDArray[np.int64]


def sample_points(
    datasets: Sequence[Any], grid: Grid, coordinates: Coordinates
) -> NDArray[np.float64]:
    """Return the values of the cell in which each point lies.

    Points are sorted by the blocks in which a raster is stored, so that each block is decoded
    once. The values are those of `hotspot.rasters.read_window`, cell by cell.

    Parameters
    ----------
    datasets : sequence of rasterio.DatasetReader
        On the grid; the first band of each is read.
    grid : Grid
        The grid of all of them.
    coordinates : array, shape (n, 2)
        Easting and northing in the CRS of the grid.

    Returns
    -------
    array, shape (n, n_datasets)
        In the order of the points; NaN where missing or outside the grid.

    Raises
    ------
    CovariateError
        A raster has another shape than the grid, or is damaged.
    """
    rows, cols, inside = grid.cells(coordinates)
    points = np.flatnonzero(inside).astype(np.int64)
    values = np.full((len(coordinates), len(datasets)), np.nan)
    rows, cols = rows[points], cols[points]
    groups: dict[tuple[int, int], list[tuple[Window, Positions]]] = {}
    for column, dataset in enumerate(datasets):
        if tuple(dataset.shape) != grid.shape:
            raise CovariateError(
                f"{dataset.name} has {dataset.shape} cells and the grid {grid.shape}. "
                "Run `hotspot covariates` again."
            )
        block = dataset.block_shapes[0]
        if block not in groups:
            groups[block] = list(_by_block(rows, cols, block))
        found = np.empty(len(points))
        for window, group in groups[block]:
            inner = (rows[group] - window.row, cols[group] - window.col)
            found[group] = _picked(dataset, window, inner)
        values[points, column] = found
    return values


def _by_block(
    rows: Positions, cols: Positions, block: tuple[int, int]
) -> Iterator[tuple[Window, Positions]]:
    """Yield the box around the points of each block, and their positions."""
    if not len(rows):
        return
    height, width = block
    key = (rows // height) * (int(cols.max()) // width + 1) + cols // width
    order = np.argsort(key, kind="stable")
    starts = np.flatnonzero(np.diff(key[order], prepend=-1))
    for group in np.split(order, starts[1:]):
        top, left = int(rows[group].min()), int(cols[group].min())
        bottom, right = int(rows[group].max()), int(cols[group].max())
        yield Window(top, left, bottom - top + 1, right - left + 1), group


def _picked(
    dataset: Any, window: Window, cells: tuple[Positions, Positions]
) -> NDArray[np.float64]:
    """Return the values of some cells of a window.

    A raster whose only mark of a missing cell is its nodata value is not turned into numbers
    with a mask before the cells are picked, which for few points would take most of the time.
    """
    from rasterio.enums import MaskFlags
    from rasterio.errors import RasterioError
    from rasterio.windows import Window as RasterioWindow

    flags = set(dataset.mask_flag_enums[0])
    scaled = (dataset.scales[0], dataset.offsets[0]) != (1.0, 0.0)
    if scaled or not flags <= {MaskFlags.nodata, MaskFlags.all_valid}:
        return read_window(dataset, window)[cells]
    try:
        stored = dataset.read(
            1, window=RasterioWindow(window.col, window.row, window.width, window.height)
        )[cells]
    except RasterioError:
        # For the message.
        return read_window(dataset, window)[cells]
    values = stored.astype(np.float64)
    if dataset.nodata is not None:
        values[stored == stored.dtype.type(dataset.nodata)] = np.nan
    return np.asarray(values)
