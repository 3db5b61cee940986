"""The grid of a raster, and its values under a window."""

from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.errors import RasterioError

from hotspot.errors import CovariateError, GridError
from hotspot.grid import Grid, Window
from hotspot.rasters.opened import dataset_crs, open_raster


def read_grid(path: Path) -> Grid:
    """Return the grid of a raster file.

    Raises
    ------
    CovariateError
        The file cannot be read.
    GridError
        The raster has no CRS, or is not north-up.
    """
    with open_raster(path) as dataset:
        crs = dataset_crs(dataset)
        if crs is None:
            raise GridError(
                f"{path} says no coordinate reference system. Declare it with the key `crs` "
                "of the layer, or write it into the file: gdal_edit.py -a_srs EPSG:28992."
            )
        return Grid(crs=crs, transform=dataset.transform, shape=dataset.shape)


def read_window(
    dataset: Any, window: Window, band: int = 1, *, nodata: float | None = None
) -> NDArray[np.float64]:
    """Return the values of one band under a window, as numbers with a unit.

    Scale and offset of the band are applied. Cells are missing where nodata, the mask or the
    opacity of the file says so.

    Parameters
    ----------
    dataset : rasterio.DatasetReader
        From `open_raster`.
    window : Window
        Within the raster.
    band : int
        From 1.
    nodata : float, optional
        A further value, before scale and offset, that means missing.

    Returns
    -------
    array, shape of the window
        float64, NaN where missing.

    Raises
    ------
    CovariateError
        There is no such band, or the file is damaged.
    """
    if not 1 <= band <= dataset.count:
        raise CovariateError(
            f"{dataset.name} has {dataset.count} band(s), so there is no band {band}. "
            "Bands are counted from 1."
        )
    try:
        stored = dataset.read(band, window=rasterio_window(window), masked=True)
    except RasterioError as error:
        raise CovariateError(
            f"{dataset.name} is damaged: {error} in rows {window.row} to "
            f"{window.row + window.height}. Get the file anew."
        ) from error
    values = stored.data.astype(np.float64)
    missing = np.ma.getmaskarray(stored)
    if nodata is not None:
        # Nodata of a float32 raster, such as -3.4e38, is met only in its own precision.
        as_stored = np.float32(nodata) if stored.dtype == np.float32 else nodata
        missing = missing | (values == float(as_stored))
    scale, offset = dataset.scales[band - 1], dataset.offsets[band - 1]
    if (scale, offset) != (1.0, 0.0):
        values = values * scale + offset
    values[missing] = np.nan
    return np.asarray(values, dtype=np.float64)


def rasterio_window(window: Window) -> Any:
    """Return a window in the words of rasterio."""
    return rasterio.windows.Window(window.col, window.row, window.width, window.height)
