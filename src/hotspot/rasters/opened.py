"""Opening local rasters safely, and what an open one is."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from pyproj import CRS
from rasterio.errors import RasterioError

from hotspot.errors import CovariateError, nearest_name, reason_of

# Formats that hold their own values. A VRT names other files or addresses to be opened in
# its place, so it is not among them.
_DRIVERS = ("GTiff", "AAIGrid", "HFA", "SAGA")

# A block is decoded whole whatever window is asked for; real rasters stay far below.
_LARGEST_BLOCK_BYTES = 2**30

# Blocks that GDAL keeps decoded. By default that is a share of the machine's memory, which a
# long job fills whatever its windows are. Windows on the block grid need each block once, and
# were as fast with 64 MB as with 2 GB.
_CACHE_BYTES = 128 * 2**20

# Tiles of a GeoTIFF that `fingerprint` looks at.
_LOOKED_AT = 16


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
        f"{path} cannot be read as a raster: {reason_of(reason)}. "
        "Give a GeoTIFF, ASCII grid, Erdas Imagine or SAGA grid; a layer of covariates may "
        "be a mosaic (.vrt), NetCDF or Zarr too."
    ) from reason


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
