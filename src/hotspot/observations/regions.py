"""Regions of the earth that places must lie in."""

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from hotspot.errors import ObservationError, few
from hotspot.grid import Coordinates, parse_crs

Region = tuple[float, float, float, float]
"""West, east, south, north in degrees."""


def region_box(
    region: Region | str,
) -> Region:
    """Return west, east, south, north of a region, or of the area of use of a CRS."""
    if not isinstance(region, str):
        return region
    area = parse_crs(region).area_of_use
    if area is None:
        raise ObservationError(
            f"data.region={region}: this reference system has no area of use. Give west, east, "
            "south, north in degrees."
        )
    return area.west, area.east, area.south, area.north


def within_box(points: Coordinates, source: CRS, box: Region) -> NDArray[np.bool_]:
    """Return whether points of a reference system lie in a region."""
    longitude, latitude = Transformer.from_crs(source, "EPSG:4326", always_xy=True).transform(
        *points.T
    )
    west, east, south, north = box
    width = (east - west) % 360 or 360.0
    with np.errstate(invalid="ignore"):
        across = np.mod(longitude - west, 360) <= width
        return np.asarray(across & (latitude >= south) & (latitude <= north), dtype=np.bool_)


def check_region(points: Coordinates, source: CRS, box: Region) -> None:
    """Raise if most points lie outside the region that was stated."""
    within = within_box(points, source, box)
    if within.mean() >= 0.5 or len(points) == 0:
        return
    outside = points[~within]
    shown = few([f"({easting:g}, {northing:g})" for easting, northing in outside], 3)
    swapped = within_box(points[:, ::-1], source, box).mean() > 0.5
    raise ObservationError(
        f"{len(outside)} of {len(points)} points lie outside data.region "
        f"({', '.join(f'{edge:g}' for edge in box)}), such as {shown}. "
        + (
            "With easting and northing exchanged they lie inside: the two look swapped. "
            "Exchange easting and northing in data.columns."
            if swapped
            else "Correct data.region, data.crs, or the columns of the coordinates."
        )
    )
