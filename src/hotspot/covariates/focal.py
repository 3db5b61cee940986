"""Sums and means of the cells within a radius, the same in every window."""

from math import floor, sqrt

import numpy as np
from numpy.typing import NDArray

from hotspot.errors import CovariateError

Values = NDArray[np.float64]
"""Values of cells, shape (rows, cols), NaN where missing."""


def half_chords(radius: float, resolution: tuple[float, float]) -> tuple[int, ...]:
    """Return how many cells a circle reaches to either side, for each row from its middle.

    A cell belongs to the circle if its centre does.

    Parameters
    ----------
    radius : float
        In the unit of the resolution.
    resolution : tuple of float
        Width and height of a cell.

    Raises
    ------
    CovariateError
        The circle holds no cell but its own.

    Examples
    --------
    >>> half_chords(2.0, (1.0, 1.0))
    (2, 1, 0)
    """
    width, height = resolution
    # A whisker of tolerance: a radius of exactly n cells must not lose one by rounding.
    reach = radius * (1 + 1e-9)
    rows = floor(reach / height)
    chords = tuple(
        floor(sqrt(max(reach**2 - (row * height) ** 2, 0.0)) / width) for row in range(rows + 1)
    )
    if rows == 0 and chords[0] == 0:
        raise CovariateError(
            f"A radius of {radius:g} holds no neighbour of a cell of {width:g} x {height:g}. "
            "Give a radius of at least the side of a cell."
        )
    return chords


def halo(chords: tuple[int, ...]) -> int:
    """Return by how many cells a window has to be grown on each side."""
    return max(len(chords) - 1, *chords)


def circle_sum(values: Values, chords: tuple[int, ...]) -> tuple[Values, Values]:
    """Return the sum and the number of the known cells within a circle about each cell.

    The sum of a chord is put together from sums over 1, 2, 4 … cells, each of two halves.
    The additions of a cell therefore always come in the same order, so that a window gives
    to the last bit what the whole raster gives, which running sums do not.

    Parameters
    ----------
    values : array, shape (rows + 2 halo, cols + 2 halo)
        A window grown on each side by `halo`.
    chords : tuple of int
        From `half_chords`.

    Returns
    -------
    tuple of array, shape (rows, cols)
        Sum, and number of known cells.

    Examples
    --------
    >>> total, count = circle_sum(np.ones((5, 5)), (2, 1, 0))
    >>> total, count
    (array([[13.]]), array([[13.]]))
    """
    known = ~np.isnan(values)
    total = _chord_sums(np.where(known, values, 0.0), chords)
    count = _chord_sums(known.astype(np.float64), chords)
    return total, count


def circle_mean(values: Values, chords: tuple[int, ...]) -> Values:
    """Return the mean of the known cells within a circle; NaN where it holds none."""
    total, count = circle_sum(values, chords)
    empty = np.full(total.shape, np.nan)
    return np.asarray(np.divide(total, count, out=empty, where=count > 0))


def _chord_sums(values: Values, chords: tuple[int, ...]) -> Values:
    reach = halo(chords)
    rows, cols = values.shape[0] - 2 * reach, values.shape[1] - 2 * reach
    powers = [values]
    while 2 ** len(powers) <= 2 * max(chords) + 1:
        half = powers[-1]
        step = 2 ** (len(powers) - 1)
        powers.append(half[:, :-step] + half[:, step:])
    total = np.zeros((rows, cols))
    for distance in range(len(chords)):
        chord = _chord(powers, chords[distance], reach, cols)
        for row in sorted({reach - distance, reach + distance}):
            total += chord[row : row + rows]
    return total


def _chord(powers: list[Values], half: int, reach: int, cols: int) -> Values:
    """Return, for each row and inner column, the sum over ``2 half + 1`` cells about it."""
    length = 2 * half + 1
    position = reach - half
    chord = np.zeros((powers[0].shape[0], cols))
    for level in reversed(range(len(powers))):
        if length & (1 << level):
            chord += powers[level][:, position : position + cols]
            position += 1 << level
    return chord
