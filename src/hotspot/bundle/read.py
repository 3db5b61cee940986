"""Reading what others sent: nothing is followed, expanded or fetched.

A bundle may come from a stranger. Names stay inside the folder, links are not followed, only
GeoTIFF is opened and only what lies in the file itself counts, sizes are known before anything
is decoded, and XML with entities is refused.
"""

import csv
import hashlib
import io
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET
from xml.parsers import expat

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from pyproj import Transformer
from rasterio.enums import Resampling
from rasterio.errors import RasterioError
from rasterio.vrt import WarpedVRT

from hotspot.errors import CovariateError, GridError, OutputError
from hotspot.grid import Grid, Window, parse_crs
from hotspot.rasters import open_raster, read_window

MOST_FILES = 20_000
_MOST_TEXT_BYTES = 64 * 2**20
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


def child(root: Path, name: str) -> Path | None:
    """Return the path of a name inside a folder, or None where the name could lead out.

    Examples
    --------
    >>> child(Path("bundle"), "./a.tif").as_posix(), child(Path("bundle"), "../a.tif")
    ('bundle/a.tif', None)
    """
    if not name or any(mark in name for mark in ("\\", "\0", ":")) or name.startswith("/"):
        return None
    parts = [part for part in name.split("/") if part != "."]
    if not parts or any(part in ("", "..") for part in parts):
        return None
    path = root
    for part in parts:
        path = path / part
        if path.is_symlink():
            return None
    return path


def list_files(root: Path) -> tuple[list[str], list[str]]:
    """Return names of files below a folder, and of links and special files, both sorted.

    Hidden files are left out; links are not followed. Stops after `MOST_FILES`.
    """
    files: list[str] = []
    others: list[str] = []
    queue = [root]
    while queue and len(files) <= MOST_FILES:
        with os.scandir(queue.pop()) as entries:
            for entry in entries:
                name = Path(entry.path).relative_to(root).as_posix()
                if entry.is_symlink():
                    others.append(name)
                elif entry.is_dir():
                    if not entry.name.startswith("."):
                        queue.append(Path(entry.path))
                elif not entry.is_file():
                    others.append(name)
                elif not entry.name.startswith("."):
                    files.append(name)
    return sorted(files), sorted(others)


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, as hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_text(path: Path) -> str:
    """Return a text file.

    Raises
    ------
    ValueError
        It is too large or no UTF-8.
    """
    size = path.stat().st_size
    if size > _MOST_TEXT_BYTES:
        raise ValueError(f"{size / 1e6:.0f} MB of text")
    return path.read_bytes().decode("utf-8")


def read_json(path: Path) -> dict[str, Any]:
    """Return a JSON object.

    Raises
    ------
    ValueError
        It is no JSON, no object, or nested too deeply.
    """
    try:
        values = json.loads(read_text(path))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(values, dict):
        # A file is wrong here, not the type of an argument.
        raise ValueError(f"a {type(values).__name__}, not an object")  # noqa: TRY004
    return values


def read_rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file with a head; ValueError where it cannot be read."""
    try:
        return list(csv.DictReader(io.StringIO(read_text(path))))
    except csv.Error as error:
        raise ValueError(str(error)) from error


class UnsafeXmlError(ValueError):
    """A document declares entities or a document type that could expand or fetch."""


def read_xml(path: Path) -> ET.Element:
    """Return the root of an XML file.

    A document type without declarations, as QGIS writes it, is passed over; nothing is
    fetched. With declarations the file is refused before anything is expanded.

    Raises
    ------
    UnsafeXmlError
        It has declarations of its own.
    ValueError
        It is not well-formed, or too large.
    """
    content = read_text(path)
    parser = expat.ParserCreate()

    def refuse(*seen: Any) -> None:
        raise UnsafeXmlError(f"the declaration of {seen[0]!r}")

    def doctype(name: str, system: str | None, public: str | None, internal: bool) -> None:
        if internal:
            raise UnsafeXmlError(f"a document type with declarations, {name!r}")

    parser.EntityDeclHandler = refuse
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(content, True)
        # Without declarations nothing can expand or be fetched.
        return ET.fromstring(content)  # noqa: S314
    except (expat.ExpatError, ET.ParseError, RecursionError) as error:
        raise ValueError(str(error)) from error


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
    paths: Mapping[str, Path], grid: Grid, *, codes: frozenset[str] = frozenset()
) -> Iterator[tuple[Window, dict[str, NDArray[Any]]]]:
    """Yield each window of a grid with the layers warped to it.

    Codes keep the nearest cell. Numbers are averaged where cells become larger, by the area
    that each takes, and drawn out bilinearly where they become smaller. Places are those of
    GDAL's warper, good to an eighth of a cell.

    Parameters
    ----------
    paths : mapping of Path
        Rasters by layer.
    grid : Grid
        Of the result.
    codes : frozenset of str
        Layers of codes; 255 where missing.
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
                        resampling=Resampling.nearest if name in codes else number,
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


def read_polygons(path: Path) -> Any:
    """Return the polygons of the first layer of a GeoPackage.

    Raises
    ------
    ValueError
        It is none, too large, or holds too many polygons.
    """
    import pyogrio

    if path.stat().st_size > 2**31:
        raise ValueError(f"{path.stat().st_size / 1e6:.0f} MB")
    with path.open("rb") as file:
        if file.read(16) != b"SQLite format 3\0":
            raise ValueError("no GeoPackage")
    try:
        return pyogrio.read_dataframe(path, max_features=1_000_000, use_arrow=False)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        raise ValueError(str(error)) from error


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
