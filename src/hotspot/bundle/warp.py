"""Layers of a map on the grid of a receiver."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from pyproj import Transformer
from rasterio.enums import Resampling
from rasterio.vrt import WarpedVRT

from hotspot.bundle.read import windows_of
from hotspot.grid import Grid, Window, parse_crs
from hotspot.rasters import open_raster


def coarsens(source: Grid, target: Grid) -> bool:
    """Whether cells of a grid are larger than those of another, at the middle of the first."""
    west, east, south, north = target.region
    x, y = (west + east) / 2, (south + north) / 2
    width, height = target.resolution
    back = Transformer.from_crs(target.crs, source.crs, always_xy=True)
    xs, ys = back.transform([x, x + width, x], [y, y, y + height])
    across = np.hypot(xs[1] - xs[0], ys[1] - ys[0]) / source.resolution[0]
    up = np.hypot(xs[2] - xs[0], ys[2] - ys[0]) / source.resolution[1]
    return bool(across * up > 1.0)


def warped_windows(
    paths: Mapping[str, Path],
    grid: Grid,
    *,
    codes: frozenset[str] = frozenset(),
    nearest: frozenset[str] = frozenset(),
) -> Iterator[tuple[Window, dict[str, NDArray[Any]]]]:
    """Yield each window of a grid with the layers warped to it.

    Codes, and numbers that jump as codes do, keep the nearest cell. Other numbers are averaged
    where cells become larger, by the area that each takes, and drawn out bilinearly where they
    become smaller. Places are those of GDAL's warper, good to an eighth of a cell.

    Parameters
    ----------
    paths : mapping of Path
        Rasters by layer.
    grid : Grid
        Of the result.
    codes : frozenset of str
        Layers of codes; 255 where missing.
    nearest : frozenset of str
        Layers of numbers that must not be averaged.
    """
    with ExitStack() as files:
        warped = {}
        for name, path in paths.items():
            dataset = files.enter_context(open_raster(path))
            source = Grid(
                crs=dataset.crs.to_string(), transform=dataset.transform, shape=dataset.shape
            )
            number = Resampling.average if coarsens(source, grid) else Resampling.bilinear
            warped[name] = (
                files.enter_context(
                    WarpedVRT(
                        dataset,
                        src_nodata=dataset.nodata,
                        crs=rasterio.crs.CRS.from_wkt(parse_crs(grid.crs).to_wkt()),
                        transform=grid.transform,
                        height=grid.shape[0],
                        width=grid.shape[1],
                        resampling=Resampling.nearest if name in codes | nearest else number,
                        dtype="uint8" if name in codes else "float32",
                        nodata=255 if name in codes else np.nan,
                    )
                ),
                dataset.scales[0],
                dataset.offsets[0],
            )
        for window in windows_of(grid.shape):
            layers: dict[str, NDArray[Any]] = {}
            for name, (dataset, scale, offset) in warped.items():
                part = rasterio.windows.Window(
                    window.col, window.row, window.width, window.height
                )
                values = dataset.read(1, window=part)
                if name not in codes and (scale, offset) != (1.0, 0.0):
                    values = (values.astype(np.float64) * scale + offset).astype(np.float32)
                layers[name] = values
            yield window, layers
