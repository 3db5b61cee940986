"""Exact distance from every cell to the nearest marked one, one strip of rows at a time."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hotspot.compiled import compiled
from hotspot.errors import CovariateError
from hotspot.grid import Window

Mask = NDArray[np.bool_]
"""Which cells are marked, shape (rows, cols)."""

# Row of a marked cell above the first row, or below the last: there is none.
_NONE_ABOVE, _NONE_BELOW = -(2**30), 2**30

# Rows whose cells are nearer than this, on average, to a marked cell of their column are
# searched outwards from each cell, which then ends soon; others by envelopes.
_NEAR = 24.0

# Cells of a strip; it takes about 30 bytes of memory for each.
_STRIP_CELLS = 2**22


def cell_distance(marked: Mask, resolution: tuple[float, float]) -> NDArray[np.float64]:
    """Return the distance from each cell centre to the nearest centre of a marked cell.

    The squared Euclidean distance transform of Felzenszwalb and Huttenlocher: distances along
    columns, then the lower envelope of one parabola per column for each row.

    Parameters
    ----------
    marked : array of bool, shape (rows, cols)
        Which cells to measure to.
    resolution : tuple of float
        Width and height of a cell.

    Returns
    -------
    array, shape (rows, cols)
        In the unit of the resolution; infinite where no cell is marked.

    References
    ----------
    Felzenszwalb and Huttenlocher (2012), doi:10.4086/toc.2012.v008a019.

    Examples
    --------
    >>> marked = np.zeros((2, 3), dtype=bool)
    >>> marked[0, 0] = True
    >>> cell_distance(marked, (3.0, 4.0))
    array([[0.  , 3.  , 6.  ],
           [4.  , 5.  , 7.21]])
    """
    cols = marked.shape[1]
    above = np.full(cols, _NONE_ABOVE, dtype=np.int64)
    below = np.full(cols, _NONE_BELOW, dtype=np.int64)
    return _strip(marked, above, below, resolution)


class StripDistance:
    """Distances to marked cells of a raster of which one strip is held at a time.

    A first pass over all strips keeps, for each strip and column, the first and last marked
    row. With these, every strip knows the nearest marked cell above and below each column,
    and gives exactly what the whole array would give.

    Parameters
    ----------
    shape : tuple of int
        (rows, cols) of the raster.
    read : callable
        From a window of full rows to the mask of marked cells.
    resolution : tuple of float
        Width and height of a cell.

    Raises
    ------
    CovariateError
        No cell is marked.
    """

    def __init__(
        self,
        shape: tuple[int, int],
        read: Callable[[Window], Mask],
        *,
        resolution: tuple[float, float],
    ) -> None:
        self.shape = shape
        self._read = read
        self._resolution = resolution
        self._height = max(1, min(shape[0], 512, _STRIP_CELLS // shape[1]))
        count = -(-shape[0] // self._height)
        first = np.full((count, shape[1]), _NONE_BELOW, dtype=np.int64)
        last = np.full((count, shape[1]), _NONE_ABOVE, dtype=np.int64)
        for strip, window in enumerate(self.strips()):
            compiled(_ends)(read(window), window.row, first[strip], last[strip])
        if (first == _NONE_BELOW).all():
            raise CovariateError(
                f"None of {shape[0]} x {shape[1]} cells is marked, so there is nothing to "
                "measure the distance to. Check the codes with `of`."
            )
        # Strip s sees the last marked row of the strips before it, and the first after it.
        self._above = np.full_like(last, _NONE_ABOVE)
        self._above[1:] = np.maximum.accumulate(last, axis=0)[:-1]
        self._below = np.full_like(first, _NONE_BELOW)
        self._below[:-1] = np.minimum.accumulate(first[::-1], axis=0)[::-1][1:]

    def strips(self) -> Iterator[Window]:
        """Yield the windows of full rows by which the raster is read."""
        rows, cols = self.shape
        for row in range(0, rows, self._height):
            yield Window(row, 0, min(self._height, rows - row), cols)

    def read(self, window: Window) -> NDArray[np.float64]:
        """Return the distances of one of the strips, in the unit of the resolution."""
        strip = window.row // self._height
        above = self._above[strip] - window.row
        below = self._below[strip] - window.row
        return _strip(self._read(window), above, below, self._resolution)


def _strip(
    marked: Mask,
    above: NDArray[np.int64],
    below: NDArray[np.int64],
    resolution: tuple[float, float],
) -> NDArray[np.float64]:
    """Return the distances of a strip, given the marked rows nearest above and below it."""
    gaps = np.empty(marked.shape, dtype=np.int32)
    distances = np.empty(marked.shape)
    compiled(_column_gaps)(marked, above, below, gaps)
    sides = (float(resolution[0]), float(resolution[1]))
    compiled(_row_envelopes)(gaps, *sides, _NEAR, distances)
    return distances


def _ends(marked: Any, top: int, first: Any, last: Any) -> None:
    """Lower `first` and raise `last` to the marked rows of each column."""
    for row in range(marked.shape[0]):
        for col in range(marked.shape[1]):
            if marked[row, col]:
                last[col] = top + row
                first[col] = min(first[col], top + row)


def _column_gaps(marked: Any, above: Any, below: Any, gaps: Any) -> None:
    """Fill `gaps` with the rows between each cell and the nearest marked one of its column."""
    rows, cols = marked.shape
    far = 2**30
    for col in range(cols):
        gaps[0, col] = 0 if marked[0, col] else min(far, -above[col])
    for row in range(1, rows):
        for col in range(cols):
            gap = gaps[row - 1, col] + 1
            gaps[row, col] = 0 if marked[row, col] else min(far, gap)
    for col in range(cols):
        gap = min(far, below[col] - (rows - 1))
        if gap < gaps[rows - 1, col]:
            gaps[rows - 1, col] = gap
    for row in range(rows - 2, -1, -1):
        for col in range(cols):
            gap = gaps[row + 1, col] + 1
            if gap < gaps[row, col]:
                gaps[row, col] = gap


def _row_envelopes(gaps: Any, width: float, height: float, near: float, distances: Any) -> None:
    """Fill `distances` from the lower envelope of a parabola per column, row by row."""
    rows, cols = gaps.shape
    # No gap of a real raster comes near the mark that a column has no marked cell.
    far = 2**29
    squeeze = (height / width) ** 2
    owner = np.empty(cols, dtype=np.int64)
    base = np.empty(cols)
    start = np.empty(cols + 1)
    # 1 / 2n: a look-up is faster than a division.
    half = 0.5 / np.maximum(np.arange(cols), 1)
    for row in range(rows):
        mean = 0.0
        for col in range(cols):
            mean += gaps[row, col]
        if mean * height < near * cols * width:
            for col in range(cols):
                along = gaps[row, col] * height
                best = along * along
                step = 1
                while (step * width) ** 2 < best:
                    across = (step * width) ** 2
                    if step <= col:
                        along = gaps[row, col - step] * height
                        best = min(best, across + along * along)
                    if col + step < cols:
                        along = gaps[row, col + step] * height
                        best = min(best, across + along * along)
                    step += 1
                distances[row, col] = np.sqrt(best)
            continue
        top = -1
        for col in range(cols):
            if gaps[row, col] >= far:
                continue
            here = squeeze * float(gaps[row, col]) ** 2 + float(col) ** 2
            crossing = -np.inf
            while top >= 0:
                crossing = (here - base[top]) * half[col - owner[top]]
                if crossing > start[top]:
                    break
                top -= 1
            if top < 0:
                crossing = -np.inf
            top += 1
            owner[top] = col
            base[top] = here
            start[top] = crossing
        if top < 0:
            distances[row, :] = np.inf
            continue
        start[top + 1] = np.inf
        current = 0
        for col in range(cols):
            while start[current + 1] < col:
                current += 1
            nearest = owner[current]
            across = (col - nearest) * width
            along = gaps[row, nearest] * height
            distances[row, col] = np.sqrt(across * across + along * along)
