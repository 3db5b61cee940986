"""Opening GeoTIFFs of web servers and object stores, where a person has named the place."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import rasterio
from rasterio.errors import RasterioError

from hotspot.errors import CovariateError, few
from hotspot.rasters.opened import check_blocks

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
