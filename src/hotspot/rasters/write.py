"""Writing cloud-optimised GeoTIFFs window by window, whole or not at all."""

import os
import shutil
import tempfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import rasterio
import rasterio.shutil
from numpy.typing import NDArray

# rasterio lets GDAL's own errors through from `shutil.copy` and gives them no public name.
from rasterio._err import CPLE_BaseError
from rasterio.errors import RasterioError
from rasterio.io import MemoryFile

from hotspot.errors import OutputError
from hotspot.grid import Grid, Window
from hotspot.rasters.read import rasterio_window
from hotspot.rasters.scaled import ScaledInteger

# Side of a tile in cells; COG readers expect 512.
_TILE = 512

# Compressed maps take 10 to 60 % of their plain size. Less free than the lower end, for the
# file and its temporary twin, cannot be enough.
_SMALLEST_SHARE = 0.1

_NODATA = {"float32": np.nan, "float64": np.nan, "uint8": 255, "uint16": 65535}

# rasterio raises SystemError where GDAL fails without saying why, as on a full disk.
_GDAL_ERRORS = (RasterioError, CPLE_BaseError, SystemError)

Colour = tuple[int, int, int, int]
"""Red, green, blue and opacity, each 0 to 255."""


class CogWriter:
    """Writes a cloud-optimised GeoTIFF window by window, whole or not at all.

    Windows go to a tiled temporary file beside the target. Leaving the context turns it into
    a COG with overviews, reads it back to make sure that the disk took every value, and puts
    it in the place of the target. An error leaves an existing target as it was.

    Parameters
    ----------
    path : Path
        The file to write.
    grid : Grid
        Grid of the raster.
    dtype : str or ScaledInteger
        ``float32``, ``float64``, ``uint8``, ``uint16``, ``int16`` or ``int32``; or whole
        numbers with a scale, which the file declares and `read_window` applies.
    nodata : float, optional
        Value of missing cells as stored; by default NaN, or the end of the range of an
        integer type.
    tags : mapping of str, optional
        Tags of the file.
    descriptions, units : sequence of str
        One of each per band; their number is the number of bands.
    colormap : mapping of int to Colour, optional
        Colour table of the first band; for ``uint8`` and ``uint16``.
    categorical : bool
        Whether overviews keep the commonest code rather than the average.

    Raises
    ------
    OutputError
        The folder cannot be written, the disk is or would be full, or a value does not fit
        the data type.
    """

    def __init__(
        self,
        path: Path,
        grid: Grid,
        *,
        dtype: str | ScaledInteger = "float32",
        nodata: float | None = None,
        tags: Mapping[str, str] | None = None,
        descriptions: Sequence[str] = (),
        units: Sequence[str] = (),
        colormap: Mapping[int, Colour] | None = None,
        categorical: bool = False,
    ) -> None:
        self.path = path
        self.grid = grid
        self._scaled = dtype if isinstance(dtype, ScaledInteger) else None
        self._dtype = np.dtype(dtype.dtype if isinstance(dtype, ScaledInteger) else dtype)
        self._nodata = float(nodata) if nodata is not None else _default_nodata(self._dtype)
        self._tags = dict(tags or {})
        self._descriptions = tuple(descriptions)
        self._units = tuple(units)
        self._colormap = dict(colormap) if colormap else None
        self._resampling = "MODE" if categorical else "AVERAGE"
        self._bands = max(len(self._descriptions), len(self._units), 1)
        self._checksums: dict[Window, int] = {}

    def __enter__(self) -> Self:
        with _told(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._check_space()
            prefix = f".{self.path.name}.{os.getpid()}."
            self._folder = Path(tempfile.mkdtemp(prefix=prefix, dir=self.path.parent))
        try:
            with _told(self.path):
                self._dataset = self._create(self._folder / "plain.tif")
        except OutputError:
            self._remove()
            raise
        return self

    def write(self, window: Window, values: NDArray[Any]) -> None:
        """Write the values of a window; NaN becomes nodata. Each cell is written once.

        Parameters
        ----------
        window : Window
            Within the grid.
        values : array, shape (rows, cols) or (bands, rows, cols)
            In the unit of the band.

        Raises
        ------
        OutputError
            A value cannot be held by the data type, or the disk is full.
        """
        stacked = values[np.newaxis] if values.ndim == 2 else values
        if stacked.shape != (self._bands, *window.shape):
            raise OutputError(
                f"An array of shape {values.shape} does not fit {self._bands} band(s) of a "
                f"window of {window.shape} in {self.path.name}. Give (bands, rows, cols)."
            )
        stored = self._stored(stacked)
        self._checksums[window] = zlib.crc32(stored.tobytes())
        with _told(self.path):
            self._dataset.write(stored, window=rasterio_window(window))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            with _told(self.path) if kind is None else suppress(*_GDAL_ERRORS):
                self._dataset.close()
            if kind is None:
                with _told(self.path):
                    self._finish()
        finally:
            self._remove()

    def _create(self, file: Path | str) -> Any:
        rows, cols = self.grid.shape
        dataset = rasterio.open(
            file,
            "w",
            driver="GTiff",
            height=rows,
            width=cols,
            count=self._bands,
            dtype=self._dtype.name,
            crs=rasterio.crs.CRS.from_user_input(self.grid.crs),
            transform=self.grid.transform,
            nodata=self._nodata,
            tiled=True,
            blockxsize=_TILE,
            blockysize=_TILE,
            # Fast rather than small, since it lives for minutes. Tiles that nobody writes take
            # no room and read as nodata.
            compress="zstd",
            zstd_level=1,
            sparse_ok=True,
            bigtiff="if_safer",
        )
        dataset.update_tags(**self._tags)
        if self._scaled is not None:
            dataset.scales = (self._scaled.scale,) * self._bands
        for band, description in enumerate(self._descriptions, start=1):
            dataset.set_band_description(band, description)
        for band, unit in enumerate(self._units, start=1):
            dataset.set_band_unit(band, unit)
        if self._colormap is not None:
            dataset.write_colormap(1, self._colormap)
        return dataset

    def _stored(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return values in the data type of the file, missing ones as nodata."""
        if np.issubdtype(self._dtype, np.floating):
            with np.errstate(over="ignore"):
                stored = values.astype(self._dtype)
            # All NaN get the same bits, so that they give the same checksum.
            stored[np.isnan(stored)] = self._nodata
            return stored
        if self._scaled is not None:
            values = self._scaled.numbers(values)
        missing = np.isnan(values) if np.issubdtype(values.dtype, np.floating) else False
        filled = np.where(missing, self._nodata, values)
        limits = np.iinfo(self._dtype)
        fits = (filled == np.floor(filled)) & (filled >= limits.min) & (filled <= limits.max)
        if self._scaled is not None:
            # A value that rounds to the number of nodata would be lost in silence.
            fits &= missing | (filled != self._nodata)
        if not fits.all() and self._scaled is not None:
            raise OutputError(
                f"{self.path.name} holds numbers from {limits.min} to {limits.max} times "
                f"{self._scaled.scale:g} beside nodata, and "
                f"{filled[~fits].ravel()[0] * self._scaled.scale:g} is none of them. "
                "Write it with dtype float32."
            )
        if not fits.all():
            raise OutputError(
                f"{self.path.name} holds whole numbers from {limits.min} to {limits.max}, and "
                f"{filled[~fits].ravel()[0]} is none. Write it with dtype float32."
            )
        return np.asarray(filled.astype(self._dtype))

    def _finish(self) -> None:
        plain, cog = self._folder / "plain.tif", self._folder / "cog.tif"
        _copy_to_cog(plain, cog, self._resampling)
        self._check_written(cog)
        cog.replace(self.path)

    def _check_written(self, file: Path) -> None:
        """Raise unless every window reads back as it was written.

        A full disk makes GDAL print a line and go on: the tiles that did not fit are then
        read as nodata, and nothing else would ever tell.
        """
        with rasterio.open(file, driver="GTiff") as dataset:
            for window, checksum in self._checksums.items():
                found = dataset.read(window=rasterio_window(window))
                if np.issubdtype(self._dtype, np.floating):
                    found[np.isnan(found)] = np.nan
                if zlib.crc32(found.tobytes()) != checksum:
                    raise OutputError(
                        f"{self.path} could not be written: the disk did not keep rows "
                        f"{window.row} to {window.row + window.height}. "
                        "Free space, then run again."
                    )

    def _check_space(self) -> None:
        rows, cols = self.grid.shape
        plain = rows * cols * self._bands * self._dtype.itemsize
        free = shutil.disk_usage(self.path.parent).free
        if free < _SMALLEST_SHARE * plain:
            raise OutputError(
                f"{self.path} would hold {plain / 1e9:.1f} GB before compression, and "
                f"{free / 1e9:.1f} GB are free. Free space, or map a smaller region or larger "
                "cells."
            )

    def _remove(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)


def cog_size(values: NDArray[Any], *, dtype: str | ScaledInteger = "float32") -> int:
    """Return the bytes that one band takes in a COG, by making one in memory.

    Parameters
    ----------
    values : array, shape (rows, cols)
        Without the numbers of nodata: NaN, or 255 in an array of codes.
    dtype : str or ScaledInteger
        As in `CogWriter`.
    """
    rows, cols = values.shape
    grid = Grid.from_region((0, cols, 0, rows), 1, "EPSG:3857")
    codes = dtype == "uint8"
    writer = CogWriter(Path("memory"), grid, dtype=dtype, categorical=codes)
    with MemoryFile() as plain, MemoryFile() as cog:
        with writer._create(plain.name) as dataset:
            dataset.write(writer._stored(values[np.newaxis]))
        _copy_to_cog(plain.name, cog.name, writer._resampling)
        return len(cog.getbuffer())


def _copy_to_cog(plain: Path | str, cog: Path | str, resampling: str) -> None:
    rasterio.shutil.copy(
        plain,
        cog,
        driver="COG",
        COMPRESS="DEFLATE",
        # Numbers hold as much noise as not: at the usual level they take half as long again and
        # are 1 to 3 % smaller. Codes are small and quick at any level.
        LEVEL="6" if resampling == "MODE" else "1",
        PREDICTOR="YES",
        BLOCKSIZE=str(_TILE),
        OVERVIEW_RESAMPLING=resampling,
        # So that a viewer need not read the file to know its range. Codes have none.
        STATISTICS="NO" if resampling == "MODE" else "YES",
        BIGTIFF="IF_SAFER",
        # One thread: the bytes do not depend on the machine.
        NUM_THREADS="1",
    )


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turn what the file system and GDAL raise into an `OutputError` that names the file."""
    try:
        yield
    except OutputError:
        raise
    except (OSError, *_GDAL_ERRORS) as error:
        reason = str(getattr(error, "strerror", None) or error).rstrip(".")
        raise OutputError(
            f"{path} could not be written: {reason}{_room(path.parent)}. Nothing half-written "
            "is left. Free space or give write permission, then run again."
        ) from error


def _room(folder: Path) -> str:
    """Return how much of a disk is free, in words: GDAL does not say that one is full."""
    with suppress(OSError):
        return f"; {shutil.disk_usage(folder).free / 1e6:.3g} MB of its disk are free"
    return ""


def _default_nodata(dtype: np.dtype[Any]) -> float:
    if dtype.name in _NODATA:
        return float(_NODATA[dtype.name])
    return float(np.iinfo(dtype).min)
