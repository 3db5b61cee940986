"""Opening GeoTIFFs of web servers and object stores, where a person has named the place."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import rasterio
from rasterio.errors import RasterioError

from hotspot.covariates.remote import RangeReader, RemoteFile
from hotspot.errors import CovariateError, few, reason_of
from hotspot.rasters import check_blocks

# Read in parts by ourselves; and object stores, which GDAL knows to ask with the keys of the
# environment, and what it calls them.
_WEB = ("http://", "https://")
_STORES = {"s3://": "/vsis3/", "gs://": "/vsigs/", "az://": "/vsiaz/"}
# No listing of folders, no side-car files, a few tries, and blocks read once kept for a while.
_SPARINGLY = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".tif",
    "GDAL_HTTP_MAX_RETRY": "5",
    "GDAL_HTTP_RETRY_DELAY": "1",
    "GDAL_HTTP_CONNECTTIMEOUT": "30",
    "GDAL_HTTP_LOW_SPEED_TIME": "60",
    "GDAL_HTTP_LOW_SPEED_LIMIT": "1",
    "VSI_CACHE": "TRUE",
}
# What GDAL is told that a raster on a server is called.
_NAME = "remote.tif"


def is_address(text: str) -> bool:
    """Return whether a text is the address of a web server or an object store.

    Examples
    --------
    >>> is_address("s3://bucket/covariates"), is_address("data/covariates")
    (True, False)
    """
    return text.startswith((*_WEB, *_STORES))


@contextmanager
def remote_reading() -> Iterator[None]:
    """Have GDAL read object stores sparingly and try again where the network fails."""
    with rasterio.Env(**_SPARINGLY):
        yield


def open_remote_raster(file: RemoteFile) -> Any:
    """Open a GeoTIFF of a web server or an object store; a context manager.

    Only the parts that are read are fetched. Only where a person has named the place:
    `hotspot.rasters.open_raster` refuses addresses, which a table or a configuration of
    somebody else could hold. Keys of an object store are those of the environment, such as
    ``AWS_PROFILE``.

    Parameters
    ----------
    file : RemoteFile
        Of ``https://`` or ``http://``; or of ``s3://``, ``gs://`` or ``az://``, bucket and the
        path of a ``.tif``.

    Raises
    ------
    CovariateError
        The address is of another kind, or there is no GeoTIFF.
    """
    address = file.address
    if address.startswith(_WEB):
        return _of_a_server(file)
    store = next((known for known in _STORES if address.startswith(known)), None)
    if store is None or not address.endswith(".tif"):
        raise CovariateError(
            f"{address!r} is no address of a GeoTIFF. Give one that begins with "
            f"{few((*_WEB, *_STORES))}; in an object store one that ends with .tif."
        )
    try:
        dataset = rasterio.open(_STORES[store] + address.removeprefix(store), driver="GTiff")
    except RasterioError as error:
        raise CovariateError(
            f"{address} cannot be read: {reason_of(error)}. Check that the address is right "
            "and that this machine may read it."
        ) from error
    check_blocks(dataset, file)
    return dataset


def _of_a_server(file: RemoteFile) -> Any:
    reader = RangeReader(file)

    def opener(name: str, mode: str = "rb") -> RangeReader:
        # GDAL looks for files beside the raster; a server was asked for this one alone.
        if not name.endswith(_NAME) or "w" in mode:
            raise FileNotFoundError(name)
        reader.seek(0)
        return reader

    try:
        dataset = rasterio.open(_NAME, driver="GTiff", opener=opener, sharing=False)
    except RasterioError as error:
        raise reader.failure or CovariateError(
            f"{file} cannot be read as a raster: {reason_of(error)}. Give the address of a "
            "cloud-optimised GeoTIFF."
        ) from error
    check_blocks(dataset, file)
    return dataset
