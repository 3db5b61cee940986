"""Reading a map back: whole layers, or several layers window by window."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray

from hotspot.errors import GridError
from hotspot.grid import Grid, Window
from hotspot.maps.decision import Decision
from hotspot.rasters import open_raster, read_grid, read_window

# A multiple of the tiles that the maps are written in.
_ROWS_AND_COLUMNS = 1024


def read_layer(path: Path) -> tuple[NDArray[Any], Grid]:
    """Return a raster of a map and its grid.

    Returns
    -------
    array, shape (rows, cols)
        float32 with NaN where missing; uint8 with 255 for a layer of codes.
    Grid
        Of the raster.
    """
    grid = read_grid(path)
    with open_raster(path) as dataset:
        whole = np.empty(grid.shape, dtype=_dtype(dataset))
        # By windows, since a window is read as float64 and the whole need not be.
        for window in grid.windows(_ROWS_AND_COLUMNS):
            whole[window.slices] = _layer(dataset, window)
    return whole, grid


def read_blocks(
    paths: Mapping[str, Path], window_size: int = _ROWS_AND_COLUMNS
) -> Iterator[dict[str, NDArray[Any]]]:
    """Yield the layers of a map window by window, without the windows of `read_windows`."""
    for _, layers in read_windows(paths, window_size):
        yield layers


def read_windows(
    paths: Mapping[str, Path], window_size: int = _ROWS_AND_COLUMNS
) -> Iterator[tuple[Window, dict[str, NDArray[Any]]]]:
    """Yield each window of a map with its layers, as `read_layer` gives them, row by row.

    Parameters
    ----------
    paths : mapping of Path
        Rasters by layer, all on one grid.
    window_size : int, cells
        Side of a window.

    Raises
    ------
    GridError
        The rasters lie on different grids.
    """
    grids = {name: read_grid(path) for name, path in paths.items()}
    first = next(iter(grids.values()))
    for name, grid in grids.items():
        if not grid.aligned_with(first):
            raise GridError(
                f"The layers lie on different grids: {name} has {grid.shape} cells in "
                f"{grid.region}, another {first.shape} in {first.region}. "
                "Run `hotspot predict` again, so that they come from one map."
            )
    with ExitStack() as files:
        opened = {name: files.enter_context(open_raster(path)) for name, path in paths.items()}
        for window in first.windows(window_size):
            yield window, {name: _layer(dataset, window) for name, dataset in opened.items()}


def _dtype(dataset: Any) -> type[np.uint8] | type[np.float32]:
    """Return the type in memory: codes stay codes, all else is a number."""
    return np.uint8 if dataset.dtypes[0] == "uint8" else np.float32


def _layer(dataset: Any, window: Window) -> NDArray[Any]:
    values = read_window(dataset, window)
    if _dtype(dataset) is np.uint8:
        values[np.isnan(values)] = Decision.NO_DATA
    return values.astype(_dtype(dataset))


def read_overview(path: Path, max_cells: int = 1_000_000) -> tuple[NDArray[Any], Grid]:
    """Return a raster thinned to at most `max_cells`, as `read_layer` gives it, and its grid.

    Every k-th cell stands for its neighbours, so that no value is shown that is not in the
    map; memory is that of the thinned raster.
    """
    grid = read_grid(path)
    rows, cols = grid.shape
    step = max(1, int(np.ceil(np.sqrt(rows * cols / max_cells))))
    if step == 1:
        return read_layer(path)
    kept = (-(-rows // step), -(-cols // step))
    with open_raster(path) as dataset:
        dtype = _dtype(dataset)
        thinned = np.ma.filled(
            dataset.read(1, out_shape=kept, masked=True).astype(np.float64), np.nan
        )
        thinned = thinned * dataset.scales[0] + dataset.offsets[0]
    transform = grid.transform @ Affine.scale(cols / kept[1], rows / kept[0])
    coarse = Grid(crs=grid.crs, transform=transform, shape=kept)
    if dtype is np.uint8:
        thinned[np.isnan(thinned)] = Decision.NO_DATA
    return thinned.astype(dtype), coarse
