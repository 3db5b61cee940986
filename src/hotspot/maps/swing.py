"""Where the answer depends on the jurisdiction: decisions under several regimes."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hotspot.errors import GridError
from hotspot.grid import Grid
from hotspot.maps.decision import Decision
from hotspot.maps.styles import LayerStyle, StyleClass

Codes = NDArray[np.uint8]


class Swing(IntEnum):
    """Codes of the swing raster; they are part of the file format."""

    ALL_BELOW = 0
    ALL_ABOVE = 1
    DEPENDS = 2
    CANNOT_SAY = 3
    NO_DATA = 255


LABELS = {
    Swing.ALL_BELOW: "below the limit of every regime",
    Swing.ALL_ABOVE: "above the limit of every regime",
    Swing.DEPENDS: "depends on the regime",
    Swing.CANNOT_SAY: "cannot say",
}


def swing_codes(decisions: Codes) -> Codes:
    """Return where regimes agree, and where the answer depends on which is asked.

    One regime that says above and one that says below are enough for "depends", whatever the
    others cannot say. All must have an answer before it is "all above" or "all below".

    Parameters
    ----------
    decisions : array of uint8, shape (n_regimes, ...)
        Values of `Decision`, one array per regime.

    Returns
    -------
    array of uint8, shape (...)
        Values of `Swing`. No data only where no regime has any.

    Examples
    --------
    >>> swing_codes(np.array([[0, 1, 0, 0, 255], [0, 1, 1, 2, 255]], dtype=np.uint8))
    array([  0,   1,   2,   3, 255], dtype=uint8)
    """
    above = decisions == Decision.ABOVE
    below = decisions == Decision.BELOW
    codes = np.full(decisions.shape[1:], Swing.CANNOT_SAY, dtype=np.uint8)
    codes[above.all(axis=0)] = Swing.ALL_ABOVE
    codes[below.all(axis=0)] = Swing.ALL_BELOW
    codes[above.any(axis=0) & below.any(axis=0)] = Swing.DEPENDS
    codes[(decisions == Decision.NO_DATA).all(axis=0)] = Swing.NO_DATA
    return codes


@dataclass(frozen=True)
class SwingTable:
    """Areas of a swing map.

    Parameters
    ----------
    regimes : tuple of str
        In the order asked.
    cell_area_m2 : float
        Area of one cell.
    classes : dict of int
        Cells by class of `Swing`.
    decisions : tuple of dict of int
        Cells by decision, for each regime.
    disagree, both : array of int, shape (n_regimes, n_regimes)
        Cells where the row's regime says above and the column's below; and where both say
        either.
    """

    regimes: tuple[str, ...]
    cell_area_m2: float
    classes: dict[Swing, int]
    decisions: tuple[dict[Decision, int], ...]
    disagree: NDArray[np.int64]
    both: NDArray[np.int64]

    def class_rows(self) -> list[dict[str, Any]]:
        """Return the area of each class in km², with its share of the cells with data."""
        total = sum(self.classes.values())
        return [
            {
                "class": label,
                "code": int(code),
                "cells": self.classes[code],
                "area_km2": self._km2(self.classes[code]),
                "share": self.classes[code] / total if total else 0.0,
            }
            for code, label in LABELS.items()
        ]

    def regime_rows(self) -> list[dict[str, Any]]:
        """Return what each regime alone says, in km²."""
        return [
            {
                "regime": name,
                "above_km2": self._km2(counts[Decision.ABOVE]),
                "below_km2": self._km2(counts[Decision.BELOW]),
                "cannot_say_km2": self._km2(counts[Decision.CANNOT_SAY]),
            }
            for name, counts in zip(self.regimes, self.decisions, strict=True)
        ]

    def pair_rows(self) -> list[dict[str, Any]]:
        """Return how far each two regimes disagree, the greatest disagreement first."""
        rows = [
            {
                "first": self.regimes[one],
                "second": self.regimes[two],
                "first_above_second_below_km2": self._km2(self.disagree[one, two]),
                "first_below_second_above_km2": self._km2(self.disagree[two, one]),
                "both_decided_km2": self._km2(self.both[one, two]),
            }
            for one, two in combinations(range(len(self.regimes)), 2)
        ]
        key = "first_above_second_below_km2", "first_below_second_above_km2"
        return sorted(rows, key=lambda row: -float(row[key[0]] + row[key[1]]))

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "regimes": self.regime_rows(),
            "classes": self.class_rows(),
            "pairs": self.pair_rows(),
        }

    def _km2(self, cells: int | np.int64) -> float:
        return float(cells) * self.cell_area_m2 / 1e6


class SwingTally:
    """Counts that grow window by window."""

    def __init__(self, regimes: Sequence[str], grid: Grid) -> None:
        if not grid.is_projected:
            raise GridError(
                f"A swing map has areas, and cells of {grid.crs} have no common one. Give the "
                "grid a projected CRS."
            )
        self._regimes = tuple(regimes)
        self._area = grid.cell_area_m2
        n = len(self._regimes)
        self._classes = dict.fromkeys(LABELS, 0)
        self._decisions = [dict.fromkeys(Decision, 0) for _ in range(n)]
        self._disagree = np.zeros((n, n), dtype=np.int64)
        self._both = np.zeros((n, n), dtype=np.int64)

    def add(self, decisions: Codes, codes: Codes) -> None:
        """Count a window: decisions, shape (n_regimes, ...), and their swing codes."""
        for code in LABELS:
            self._classes[code] += int((codes == code).sum())
        above = (decisions == Decision.ABOVE).reshape(len(decisions), -1).astype(np.int64)
        below = (decisions == Decision.BELOW).reshape(len(decisions), -1).astype(np.int64)
        for counts, own in zip(self._decisions, decisions, strict=True):
            for decision in Decision:
                counts[decision] += int((own == decision).sum())
        self._disagree += above @ below.T
        decided = above + below
        self._both += decided @ decided.T

    def result(self) -> SwingTable:
        """Return the areas of all windows so far."""
        return SwingTable(
            regimes=self._regimes,
            cell_area_m2=self._area,
            classes=dict(self._classes),
            decisions=tuple(dict(counts) for counts in self._decisions),
            disagree=self._disagree.copy(),
            both=self._both.copy(),
        )


def swing_style() -> LayerStyle:
    """Return the classes of the swing map: blue, dark red and yellow, which none confuses."""
    colours = {
        Swing.ALL_BELOW: "#5b9bc4",
        Swing.ALL_ABOVE: "#8f1d14",
        Swing.DEPENDS: "#f0c419",
        Swing.CANNOT_SAY: "#d9d9d9",
    }
    classes = tuple(StyleClass(colours[code], label, code) for code, label in LABELS.items())
    return LayerStyle("swing", "Which jurisdiction's limit applies", "class", classes)
