"""Opening the raster of a layer: a file, a mosaic, a variable of a store, or on a server."""

import warnings
from pathlib import Path
from typing import Any

import rasterio
from rasterio.errors import NotGeoreferencedWarning, RasterioError

from hotspot.covariates.layers import RasterLayer
from hotspot.covariates.remote import RemoteFile
from hotspot.covariates.remote_rasters import open_remote_raster
from hotspot.covariates.virtual import virtual_sources
from hotspot.errors import CovariateError, few, nearest_name, reason_of
from hotspot.rasters import local_path, open_raster

# What holds variables, by the ending of its name, and how GDAL calls it.
_CONTAINERS = {".nc": "netCDF", ".nc4": "netCDF", ".zarr": "Zarr"}


def open_source(layer: RasterLayer) -> Any:
    """Open the raster of a layer for reading; the dataset is a context manager.

    Raises
    ------
    CovariateError
        The file cannot be read as a raster, or the variable of a NetCDF file or a Zarr store
        is missing or not named.
    """
    path = layer.path
    suffix = "" if isinstance(path, RemoteFile) else path.suffix.lower()
    if suffix not in _CONTAINERS and layer.variable is not None:
        raise CovariateError(
            f"{path.name} has no variables such as {layer.variable!r}: it is no NetCDF file "
            "(.nc) and no Zarr store (.zarr). Leave the key `variable` out; `band` chooses a "
            "band."
        )
    if isinstance(path, RemoteFile):
        return open_remote_raster(path)
    if suffix == ".vrt":
        return _open_virtual(path)
    if suffix in _CONTAINERS:
        return _open_container(layer, path, _CONTAINERS[suffix])
    return open_raster(path)


def _open_virtual(path: Path) -> Any:
    file = local_path(path)
    for tile in virtual_sources(file):
        open_raster(tile).close()
    try:
        return rasterio.open(file, driver="VRT")
    except RasterioError as error:
        raise CovariateError(
            f"{path} cannot be read as a virtual raster: {reason_of(error)}. Make it anew with "
            "gdalbuildvrt."
        ) from error


def _open_container(layer: RasterLayer, path: Path, driver: str) -> Any:
    """Open a file or store that holds variables, or one of them."""
    file = path.absolute() if path.is_dir() and driver == "Zarr" else local_path(path)
    if '"' in str(file):
        raise CovariateError(
            f"The path {str(file)!r} holds a quotation mark. Rename the file or its folder."
        )
    dataset = _open_as(f'ZARR:"{file}"' if driver == "Zarr" else str(file), path, driver)
    names = [part.rsplit(":", 1)[1].removeprefix("/") for part in dataset.subdatasets]
    if layer.variable is None and dataset.count == 0:
        dataset.close()
        raise CovariateError(
            f"{layer.path.name} has {len(names)} variables: {few(names, 12)}. "
            "Name one with the key `variable`."
        )
    if layer.variable is None:
        return dataset
    dataset.close()
    # A file with one variable has no parts; its name must be the one asked for all the same.
    if (names and layer.variable not in names) or ":" in layer.variable:
        raise CovariateError(
            f"{layer.path.name} has no variable {layer.variable!r}."
            f"{nearest_name(layer.variable, names)} It has {few(names, 12)}."
        )
    inside = f"/{layer.variable}" if driver == "Zarr" else layer.variable
    return _open_as(f'{driver.upper()}:"{file}":{inside}', path, driver)


def _open_as(name: str, path: Path, driver: str) -> Any:
    try:
        with warnings.catch_warnings():
            # A file of several variables has no place of its own; its variables have.
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            return rasterio.open(name, driver=driver)
    except RasterioError as error:
        kind = "NetCDF" if driver == "netCDF" else "a Zarr store"
        raise CovariateError(
            f"{path} cannot be read as {kind}: {reason_of(error)}. Check the key `variable`, "
            "or write the variable to a GeoTIFF with gdal_translate."
        ) from error
