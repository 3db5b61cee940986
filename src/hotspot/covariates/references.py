"""Coordinate reference systems of files: what they say, what is declared, and their words."""

from pyproj import CRS

from hotspot.errors import GridError
from hotspot.grid import same_crs


def agreed_crs(in_file: str | None, declared: str | None, name: str) -> str:
    """Return the CRS of a file, from what it says and what its layer declares.

    Raises
    ------
    GridError
        Neither says it, or both do and differ.
    """
    if in_file is None and declared is None:
        raise GridError(
            f"{name} says no coordinate reference system. Declare it with the key `crs` of "
            "the layer, such as EPSG:28992."
        )
    if in_file is not None and declared is not None and not same_crs(in_file, declared):
        raise GridError(
            f"{name} is in {CRS.from_user_input(in_file).name}, and the layer declares "
            f"{declared}. Leave the key `crs` out, or correct the file."
        )
    return in_file or declared or ""


def region_text(region: tuple[float, ...]) -> str:
    """Return a region for a message.

    Examples
    --------
    >>> region_text((0.0, 120.0, 0.0, 80.5))
    '(0, 120, 0, 80.5)'
    """
    return "(" + ", ".join(f"{value:.8g}" for value in region) + ")"
