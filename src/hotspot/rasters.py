"""Raster files: opening them safely, reading windows, writing cloud-optimised GeoTIFFs."""

import os
import shutil
import tempfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import rasterio
import rasterio.shutil
from numpy.typing import NDArray
from pyproj import CRS

# rasterio lets GDAL's own errors through from `shutil.copy` and gives them no public name.
from rasterio._err import CPLE_BaseError
from rasterio.errors import RasterioError
from rasterio.io import MemoryFile

from hotspot.errors import CovariateError, GridError, OutputError, few, nearest_name
from hotspot.grid import Grid, Window

# Formats that hold their own values. A VRT names other files or addresses to be opened in
# its place, so it is not among them.
_DRIVERS = ("GTiff", "AAIGrid", "HFA", "SAGA")

# A block is decoded whole whatever window is asked for; real rasters stay far below.
_LARGEST_BLOCK_BYTES = 2**30

# Side of a tile in cells; COG readers expect 512.
_TILE = 512

# Compressed maps take 10 to 60 % of their plain size. Less free than the lower end, for the
# file and its temporary twin, cannot be enough.
_SMALLEST_SHARE = 0.1

_NODATA = {"float32": np.nan, "float64": np.nan, "uint8": 255, "uint16": 65535}

# rasterio raises SystemError where GDAL fails without saying why, as on a full disk.
_GDAL_ERRORS = (RasterioError, CPLE_BaseError, SystemError)

# Blocks that GDAL keeps decoded. By default that is a share of the machine's memory, which a
# long job fills whatever its windows are. Windows on the block grid need each block once, and
# were as fast with 64 MB as with 2 GB.
_CACHE_BYTES = 128 * 2**20

# Tiles of a GeoTIFF that `fingerprint` looks at.
_LOOKED_AT = 16

Colour = tuple[int, int, int, int]
"""Red, green, blue and opacity, each 0 to 255."""


@dataclass(frozen=True)
class ScaledInteger:
    """Whole numbers in a file that stand for number times scale.

    Parameters
    ----------
    dtype : str
        ``uint8``, ``uint16``, ``int16`` or ``int32``.
    scale : float
        Values are rounded to multiples of it, so half of it is lost at most.
    """

    dtype: str
    scale: float

    def rounded(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Return values as they will read back from the file, NaN where missing.

        Examples
        --------
        >>> ScaledInteger("uint16", 1e-4).rounded(np.array([0.123456, 0.8, np.nan]))
        array([0.1235, 0.8   ,    nan])
        """
        return np.asarray(self.numbers(values) * self.scale, dtype=np.float64)

    def numbers(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Return the whole numbers that stand for values, NaN where missing."""
        return np.asarray(np.rint(values.astype(np.float64) / self.scale), dtype=np.float64)


@contextmanager
def bounded_cache(size: int = _CACHE_BYTES) -> Iterator[None]:
    """Hold GDAL's cache of decoded blocks to a number of bytes, for the whole process."""
    with rasterio.Env(GDAL_CACHEMAX=size):
        yield


def local_path(path: Path) -> Path:
    """Return the absolute path of a local file, and refuse what GDAL would fetch or unpack.

    Raises
    ------
    CovariateError
        The path is an address or a virtual file system, or there is no such file.
    """
    text = str(path).replace("\\", "/")
    if "\0" in text or "://" in text or ":/" in text[2:] or text.lower().startswith("/vsi"):
        raise CovariateError(
            f"{text!r} is no local file. Download or unpack it, then give its path."
        )
    if not path.is_file():
        there = sorted(p.name for p in path.parent.iterdir()) if path.parent.is_dir() else []
        raise CovariateError(
            f"There is no file {text!r}.{nearest_name(path.name, there)} Check the path."
        )
    return path.absolute()


def open_raster(path: Path) -> Any:
    """Open a local raster for reading; the dataset is a context manager.

    Parameters
    ----------
    path : Path
        GeoTIFF, Arc/Info ASCII grid, Erdas Imagine or SAGA grid.

    Returns
    -------
    rasterio.DatasetReader

    Raises
    ------
    CovariateError
        The path is no local file, the file is no raster of these formats or is damaged, or
        its blocks are too large to decode.
    """
    file = local_path(path)
    reason: Exception | None = None
    for driver in _DRIVERS:
        try:
            dataset = rasterio.open(file, driver=driver)
        except RasterioError as error:
            # The first format is the expected one, so its complaint tells most.
            reason = reason or error
            continue
        check_blocks(dataset, path)
        return dataset
    raise CovariateError(
        f"{path} cannot be read as a raster: {reason}. "
        "Give a GeoTIFF, ASCII grid, Erdas Imagine or SAGA grid; a layer of covariates may "
        "be a mosaic (.vrt), NetCDF or Zarr too."
    ) from reason


# Addresses that GDAL reads by ranges, and what it calls them.
_SCHEMES = {
    "http://": "/vsicurl/http://",
    "https://": "/vsicurl/https://",
    "s3://": "/vsis3/",
    "gs://": "/vsigs/",
    "az://": "/vsiaz/",
}
# No listing of folders, no side-car files, a few tries, and blocks read once kept for a while.
_REMOTE = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".tif",
    "GDAL_HTTP_MAX_RETRY": "5",
    "GDAL_HTTP_RETRY_DELAY": "1",
    "GDAL_HTTP_CONNECTTIMEOUT": "30",
    "GDAL_HTTP_LOW_SPEED_TIME": "60",
    "GDAL_HTTP_LOW_SPEED_LIMIT": "1",
    "VSI_CACHE": "TRUE",
}


def is_address(text: str) -> bool:
    """Return whether a text is the address of a web server or an object store.

    Examples
    --------
    >>> is_address("s3://bucket/covariates"), is_address("data/covariates")
    (True, False)
    """
    return text.startswith(tuple(_SCHEMES))


@contextmanager
def remote_reading() -> Iterator[None]:
    """Have GDAL read addresses sparingly and try again where the network fails."""
    with rasterio.Env(**_REMOTE):
        yield


def open_remote_raster(address: str) -> Any:
    """Open a GeoTIFF of a web server or an object store; a context manager.

    Only where a person has named the place: `open_raster` refuses addresses, which a table
    or a configuration of somebody else could hold. Keys of an object store are those of the
    environment, such as ``AWS_PROFILE``.

    Parameters
    ----------
    address : str
        ``https://``, ``http://``, ``s3://``, ``gs://`` or ``az://``, then host or bucket, and
        the path of a ``.tif``.

    Raises
    ------
    CovariateError
        The address is of another kind, or there is no GeoTIFF.
    """
    scheme = next((known for known in _SCHEMES if address.startswith(known)), None)
    if scheme is None or not address.endswith(".tif"):
        raise CovariateError(
            f"{address!r} is no address of a GeoTIFF. Give one that begins with "
            f"{few(_SCHEMES)} and ends with .tif."
        )
    name = _SCHEMES[scheme] + address.removeprefix(scheme)
    try:
        dataset = rasterio.open(name, driver="GTiff")
    except RasterioError as error:
        raise CovariateError(
            f"{address} cannot be read: {error}. Check that the address is right and that this "
            "machine may read it."
        ) from error
    check_blocks(dataset, Path(address))
    return dataset


def fingerprint(dataset: Any) -> tuple[str, ...]:
    """Return what tells an open GeoTIFF from one that was written anew.

    Type, nodata and codec, and where some of its compressed tiles lie and how long they are:
    other values hardly ever compress to the same lengths. Nothing but the head is read.
    """
    rows, cols = dataset.block_shapes[0]
    down, across = -(-dataset.height // rows), -(-dataset.width // cols)
    places = sorted(
        {(place * (down * across - 1)) // _LOOKED_AT for place in range(_LOOKED_AT + 1)}
    )
    tiles = [divmod(place, across) for place in places]
    return (
        f"{dataset.dtypes} {dataset.nodata} {dataset.compression}",
        *(
            f"{dataset.get_tag_item(f'BLOCK_{what}_{col}_{row}', 'TIFF', bidx=1)}"
            for row, col in tiles
            for what in ("OFFSET", "SIZE")
        ),
    )


def check_blocks(dataset: Any, path: object) -> None:
    """Close a dataset and refuse it where it cannot be read window by window.

    Raises
    ------
    CovariateError
        Its numbers are complex, or its blocks would fill the memory.
    """
    height, width = max(dataset.block_shapes, key=lambda shape: int(shape[0]) * int(shape[1]))
    if any(str(dtype).startswith("complex") for dtype in dataset.dtypes):
        dataset.close()
        raise CovariateError(
            f"{path} holds complex numbers. Give a raster of real numbers, such as amplitude."
        )
    largest = max(np.dtype(dtype).itemsize for dtype in dataset.dtypes)
    size = height * width * largest
    if size > _LARGEST_BLOCK_BYTES:
        dataset.close()
        raise CovariateError(
            f"{path} is stored in blocks of {height} x {width} cells, {size / 2**30:.0f} GiB "
            "each, which would fill the memory. Rewrite it in tiles: gdal_translate -of COG."
        )


def dataset_crs(dataset: Any) -> str | None:
    """Return the horizontal CRS of an open raster as text, or None where it has none."""
    return horizontal_crs(dataset.crs.to_string()) if dataset.crs else None


def horizontal_crs(text: str) -> str:
    """Return a CRS without its heights, as an authority code where it has one.

    Examples
    --------
    >>> horizontal_crs("EPSG:7415")  # Amersfoort / RD New + NAP height
    'EPSG:28992'
    """
    crs = CRS.from_user_input(text)
    if not crs.is_compound:
        return text
    flat = crs.sub_crs_list[0]
    authority = flat.to_authority(min_confidence=100)
    return ":".join(authority) if authority else str(flat.to_wkt())


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
        stored = dataset.read(band, window=_rasterio_window(window), masked=True)
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
            self._dataset.write(stored, window=_rasterio_window(window))

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
            compress="deflate",
            zlevel=1,
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
                found = dataset.read(window=_rasterio_window(window))
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
        reason = getattr(error, "strerror", None) or error
        raise OutputError(
            f"{path} could not be written: {reason}. Nothing half-written is left. "
            "Free space or give write permission, then run again."
        ) from error


def _default_nodata(dtype: np.dtype[Any]) -> float:
    if dtype.name in _NODATA:
        return float(_NODATA[dtype.name])
    return float(np.iinfo(dtype).min)


def _rasterio_window(window: Window) -> Any:
    return rasterio.windows.Window(window.col, window.row, window.width, window.height)
