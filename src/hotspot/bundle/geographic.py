"""Bounding boxes in longitude and latitude."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from pyproj import Transformer

from hotspot.grid import Grid

Box = tuple[float, float, float, float]
"""West, south, east, north in degrees."""

# Records hold four to six digits.
_SLACK = 2e-4


def box_of(grid: Grid | None) -> Box | None:
    """Return the bounding box of a grid, or None where it has none.

    Examples
    --------
    >>> box_of(Grid.from_region((5, 6, 50, 51), 0.5, "EPSG:4326"))
    (5.0, 50.0, 6.0, 51.0)
    """
    if grid is None:
        return None
    west, east, south, north = grid.region
    box = _to_degrees(grid.crs).transform_bounds(west, south, east, north, densify_pts=51)
    if not np.isfinite(box).all():
        return None
    return (float(box[0]), float(box[1]), float(box[2]), float(box[3]))


@lru_cache(maxsize=64)
def _to_degrees(crs: str) -> Transformer:
    # Looking for the best transformation takes longer than all of a small raster.
    return Transformer.from_crs(crs, "OGC:CRS84", always_xy=True)


def far_apart(one: Sequence[float], other: Sequence[float], grid: Grid | None) -> bool:
    """Whether two boxes differ by more than a cell or the digits of a record."""
    slack = _SLACK
    if grid is not None:
        side = max(grid.resolution)
        # A degree of latitude is about 111 km, one of longitude less.
        degrees = side * grid.metres_per_unit / 60_000 if grid.is_projected else side
        slack = max(slack, degrees)
    return any(abs(a - b) > slack for a, b in zip(one, other, strict=True))
