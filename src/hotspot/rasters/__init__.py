"""The door through which rasters are opened, read and written."""

from hotspot.rasters.opened import (
    bounded_cache,
    check_blocks,
    dataset_crs,
    fingerprint,
    horizontal_crs,
    local_path,
    open_raster,
)
from hotspot.rasters.read import read_grid, read_window
from hotspot.rasters.scaled import ScaledInteger
from hotspot.rasters.write import CogWriter, Colour, cog_size

__all__ = [
    "CogWriter",
    "Colour",
    "ScaledInteger",
    "bounded_cache",
    "check_blocks",
    "cog_size",
    "dataset_crs",
    "fingerprint",
    "horizontal_crs",
    "local_path",
    "open_raster",
    "read_grid",
    "read_window",
]
