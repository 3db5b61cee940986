"""Reading rasters that others sent.

A bundle may come from a stranger. Only GeoTIFF is opened, only what lies in the file itself
counts, and sizes are known before anything is decoded.
"""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from rasterio.errors import NotGeoreferencedWarning, RasterioError

from hotspot.errors import CovariateError, GridError, OutputError
from hotspot.grid import Grid, Window, parse_crs
from hotspot.rasters import open_raster, read_window

# A map of the world at 250 m in float32 takes 35 GB before compression.
_MOST_RASTER_BYTES = 2**38
# Deflate shrinks at most 1032 times; sparse tiles take nothing at all. Small rasters are let
# through whatever their ratio is.
_MOST_RATIO = 20_000
_SMALL_RASTER_BYTES = 2**30
_SIDE = 1024
_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
# GDAL would read sidecar files, which a receiver may lose, and list the folder.
_CLOSED = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_PAM_ENABLED": "NO",
    "GDAL_CACHEMAX": 128 * 2**20,
}


class RefusedError(CovariateError):
    """A raster is not opened; `code` says why, as a finding names it."""

    def __init__(self, code: str, seen: str) -> None:
        super().__init__(f"The raster is refused: {seen}.")
        self.code, self.seen = code, seen


@dataclass(frozen=True)
class RasterFacts:
    """What a raster says before its cells are read.

    Parameters
    ----------
    crs : str or None
        As text, if there is one.
    transform : Affine
        Of the cells; perhaps rotated.
    shape : tuple of int
        (rows, cols).
    dtype : str
        As stored.
    nodata : float or None
        As declared.
    scaling : tuple of float
        Scale and offset.
    tags : mapping of str
        Of the file, with ``unit`` of the first band where it has one.
    overviews : tuple of int
        Factors.
    """

    crs: str | None
    transform: Affine
    shape: tuple[int, int]
    dtype: str
    nodata: float | None
    scaling: tuple[float, float]
    tags: Mapping[str, str]
    overviews: tuple[int, ...]

    @property
    def is_north_up(self) -> bool:
        """Whether rows run from north to south and columns from west to east."""
        step = self.transform
        return not (step.b or step.d) and step.a > 0 and step.e < 0

    @cached_property
    def has_place(self) -> bool:
        """Whether the CRS is known and lies on Earth, in degrees or projected."""
        if self.crs is None:
            return False
        try:
            crs = parse_crs(self.crs)
        except GridError:
            return False
        return bool(crs.is_projected or crs.is_geographic)

    @cached_property
    def grid(self) -> Grid | None:
        """The grid, or None where the raster has none that can be used."""
        if not self.has_place or self.crs is None or not self.is_north_up:
            return None
        return Grid(crs=self.crs, transform=self.transform, shape=self.shape)

    def windows(self, side: int = _SIDE) -> Iterator[Window]:
        """Yield the windows of the raster, row by row."""
        return windows_of(self.shape, side)


def windows_of(shape: tuple[int, int], side: int = _SIDE) -> Iterator[Window]:
    """Yield windows that cover a shape, row by row."""
    for row in range(0, shape[0], side):
        for col in range(0, shape[1], side):
            yield Window(row, col, min(side, shape[0] - row), min(side, shape[1] - col))


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """Open a GeoTIFF by itself: no sidecar file, no other format, no size out of all bounds.

    Raises
    ------
    RefusedError
        It is none, or too large to be honest.
    """
    with path.open("rb") as file:
        start = file.read(4)
    if start not in _MAGIC:
        raise RefusedError("raster-refused", f"no GeoTIFF, it begins with {start!r}")
    with rasterio.Env(**_CLOSED):
        try:
            with warnings.catch_warnings():
                # That it lies nowhere is a finding of the check, with what to do.
                warnings.simplefilter("ignore", NotGeoreferencedWarning)
                dataset = open_raster(path)
        except CovariateError as error:
            raise RefusedError("raster-corrupt", str(error)) from error
        with dataset:
            _check_size(dataset, path)
            yield dataset


def _check_size(dataset: Any, path: Path) -> None:
    cells = int(dataset.height) * int(dataset.width) * int(dataset.count)
    size = cells * np.dtype(dataset.dtypes[0]).itemsize
    stored = max(1, path.stat().st_size)
    if size > _MOST_RASTER_BYTES or (
        size > _SMALL_RASTER_BYTES and size / stored > _MOST_RATIO
    ):
        raise RefusedError(
            "raster-too-large",
            f"{dataset.height} x {dataset.width} cells, {size / 2**30:.0f} GiB from "
            f"{stored} bytes",
        )


def raster_facts(dataset: Any) -> RasterFacts:
    """Return what an open raster says of itself."""
    tags = {str(key): str(value) for key, value in dataset.tags().items()}
    unit = dataset.units[0] if dataset.units else None
    if unit:
        tags["unit"] = str(unit)
    return RasterFacts(
        crs=dataset.crs.to_string() if dataset.crs else None,
        transform=dataset.transform,
        shape=(int(dataset.height), int(dataset.width)),
        dtype=str(dataset.dtypes[0]),
        nodata=None if dataset.nodata is None else float(dataset.nodata),
        scaling=(float(dataset.scales[0]), float(dataset.offsets[0])),
        tags=tags,
        overviews=tuple(int(factor) for factor in dataset.overviews(1)),
    )


def cells_of(dataset: Any, window: Window) -> NDArray[np.float64]:
    """Return the values under a window, NaN where missing; RefusedError where damaged."""
    try:
        return read_window(dataset, window)
    except CovariateError as error:
        raise RefusedError("raster-corrupt", str(error)) from error


def stored_nans(dataset: Any, window: Window) -> int:
    """Return how many stored numbers of a window are NaN."""
    part = rasterio.windows.Window(window.col, window.row, window.width, window.height)
    stored = dataset.read(1, window=part)
    if not np.issubdtype(stored.dtype, np.floating):
        return 0
    return int(np.isnan(stored).sum())


def overview_blocks(
    path: Path, factor: int
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]]:
    """Yield values of the first overview, and lowest and highest value that they stand for.

    Each cell of the overview stands for `factor` cells a side; a margin of one more on each
    side is let in, since overviews of odd sizes do not fall on whole cells.
    """
    with rasterio.Env(**_CLOSED), ExitStack() as files:
        try:
            base = files.enter_context(open_raster(path))
            small = files.enter_context(rasterio.open(path, driver="GTiff", overview_level=0))
        except (CovariateError, RasterioError) as error:
            raise RefusedError("raster-corrupt", str(error)) from error
        rows, cols = (int(size) for size in base.shape)
        for window in windows_of((small.height, small.width), max(1, _SIDE // factor)):
            values = cells_of(small, window)
            north = max(0, window.row * factor - factor)
            west = max(0, window.col * factor - factor)
            south = min(rows, (window.row + window.height + 1) * factor)
            east = min(cols, (window.col + window.width + 1) * factor)
            under = cells_of(base, Window(north, west, south - north, east - west))
            low = _spread(np.where(np.isnan(under), np.inf, under), factor, np.minimum)
            high = _spread(np.where(np.isnan(under), -np.inf, under), factor, np.maximum)
            row = (window.row * factor - north) // factor
            col = (window.col * factor - west) // factor
            place = (slice(row, row + window.height), slice(col, col + window.width))
            yield values, low[place], high[place]


def _spread(values: NDArray[np.float64], factor: int, extreme: Any) -> NDArray[np.float64]:
    """Return the extreme of each block of cells and of the blocks about it."""
    fill = np.inf if extreme is np.minimum else -np.inf
    rows, cols = (-(-size // factor) for size in values.shape)
    whole = np.full((rows * factor, cols * factor), fill)
    whole[: values.shape[0], : values.shape[1]] = values
    blocks = extreme.reduce(whole.reshape(rows, factor, cols, factor), axis=(1, 3))
    about = np.pad(blocks, 1, constant_values=fill)
    pieces = [about[row : row + rows, col : col + cols] for row in range(3) for col in range(3)]
    return np.asarray(extreme.reduce(np.stack(pieces), axis=0))


def tags_of(path: Path) -> dict[str, str]:
    """Return the tags of one of our own rasters.

    Raises
    ------
    OutputError
        It is not there or cannot be read.
    """
    try:
        with open_raster(path) as dataset:
            return dict(raster_facts(dataset).tags)
    except CovariateError as error:
        raise OutputError(f"{error} Run `hotspot predict` again.") from error
