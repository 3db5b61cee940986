"""Straight steps in a map, as windows that were fitted or filled apart leave them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Of natural steps, two of three are smaller than one of their neighbours; along a seam nearly
# all are larger than both.
_LEAST_SHARE = 0.8
_LEAST_RATIO = 3.0
_LEAST_CELLS = 20
_ABOUT = 8


@dataclass(frozen=True)
class Seam:
    """A line along which a map steps.

    Parameters
    ----------
    axis : str
        ``column`` or ``row``.
    at : int
        The step lies before this column or row.
    ratio : float
        Mean step over that of the lines about it.
    """

    axis: str
    at: int
    ratio: float


class SeamTally:
    """Steps between neighbouring columns and rows, window by window.

    Parameters
    ----------
    shape : tuple of int
        (rows, cols) of the whole raster.
    """

    def __init__(self, shape: tuple[int, int]) -> None:
        # Sum of steps, number of steps, comparisons, and those that the step has won.
        self._lines = {
            "column": np.zeros((4, shape[1] + 1)),
            "row": np.zeros((4, shape[0] + 1)),
        }

    def add(self, values: NDArray[np.float64], row: int, col: int) -> None:
        """Take in a window whose upper-left cell is (row, col)."""
        _add(self._lines["column"], values, col)
        _add(self._lines["row"], values.T, row)

    def seams(self) -> list[Seam]:
        """Return the lines along which nearly every cell steps far more than beside it."""
        found = []
        for axis, (total, count, tried, won) in self._lines.items():
            with np.errstate(invalid="ignore", divide="ignore"):
                mean, share = total / count, won / tried
            for at in np.flatnonzero((tried >= _LEAST_CELLS) & (share >= _LEAST_SHARE)):
                near = np.r_[mean[max(0, at - _ABOUT) : at], mean[at + 1 : at + 1 + _ABOUT]]
                near = near[np.isfinite(near)]
                usual = float(np.median(near)) if near.size else 0.0
                # Every k-th line of a raster that was drawn out by nearest cells steps, and
                # those about it do not at all: that is grain, not a seam.
                if usual > 0 and mean[at] >= _LEAST_RATIO * usual:
                    found.append(Seam(axis, int(at), float(mean[at] / usual)))
        return found


def _add(lines: NDArray[np.float64], values: NDArray[np.float64], first: int) -> None:
    steps = np.abs(np.diff(values, axis=1))
    known = np.isfinite(steps)
    at = slice(first + 1, first + 1 + steps.shape[1])
    lines[0, at] += np.where(known, steps, 0.0).sum(axis=0)
    lines[1, at] += known.sum(axis=0)
    if steps.shape[1] < 3:
        return
    middle, before, after = steps[:, 1:-1], steps[:, :-2], steps[:, 2:]
    compared = np.isfinite(middle) & np.isfinite(before) & np.isfinite(after)
    with np.errstate(invalid="ignore"):
        largest = compared & (middle > np.maximum(before, after))
    at = slice(first + 2, first + 2 + middle.shape[1])
    lines[2, at] += compared.sum(axis=0)
    lines[3, at] += largest.sum(axis=0)
