"""What a raster holds under a polygon."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hotspot.grid import Grid, Window

ReadWindow = Callable[[Window], NDArray[np.float64]]
# Cells under one polygon that are held at a time.
_ROWS = 512


def mean_under(polygon: Any, grid: Grid, read: ReadWindow) -> tuple[float, int]:
    """Return the mean of the cells whose middle lies in a polygon, and their number.

    Parameters
    ----------
    polygon : shapely geometry
        In the CRS of the grid.
    grid : Grid
        Of the raster.
    read : callable
        Gives the values of a window, NaN where missing.
    """
    import shapely

    west, south, east, north = polygon.bounds
    width, height = grid.resolution
    left, top = grid.transform.c, grid.transform.f
    first = max(0, int(np.floor((west - left) / width)))
    last = min(grid.shape[1], int(np.ceil((east - left) / width)))
    upper = max(0, int(np.floor((top - north) / height)))
    lower = min(grid.shape[0], int(np.ceil((top - south) / height)))
    total, count = 0.0, 0
    shapely.prepare(polygon)
    for row in range(upper, lower, _ROWS):
        window = Window(row, first, min(_ROWS, lower - row), last - first)
        if window.width < 1:
            break
        x = left + (np.arange(first, last) + 0.5) * width
        y = top - (np.arange(row, row + window.height) + 0.5) * height
        across, down = np.meshgrid(x, y)
        values = read(window)
        inside = shapely.contains_xy(polygon, across.ravel(), down.ravel())
        kept = values[inside.reshape(values.shape)]
        kept = kept[~np.isnan(kept)]
        total, count = total + float(kept.sum()), count + int(kept.size)
    return (total / count if count else float("nan")), count
