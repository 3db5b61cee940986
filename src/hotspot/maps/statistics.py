"""What a map adds up to: areas per class, the share without an answer, the spread."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from hotspot.grid import Grid
from hotspot.maps.decision import Decision, inside_applicability
from hotspot.maps.styles import decision_style, probability_style

Block = Mapping[str, NDArray[Any]]
"""Layers of one window by name, NaN or 255 where missing."""


@dataclass(frozen=True)
class RasterStatistics:
    """Statistics of one raster over its cells with data; None where there are none.

    Parameters
    ----------
    cells : int
        All cells, with and without data.
    count : int
        Cells with data.
    minimum, maximum, mean, stddev : float or None
        Over the cells with data; the standard deviation divides by the count.
    """

    cells: int
    count: int
    minimum: float | None
    maximum: float | None
    mean: float | None
    stddev: float | None

    @property
    def valid_percent(self) -> float:
        """Share of cells with data, in percent."""
        return 100.0 * self.count / self.cells if self.cells else 0.0


class RasterTally:
    """Statistics of a raster that grow block by block.

    Means and squares of blocks are merged after Chan et al. (1979), which loses no digits
    where the mean is large beside the spread.

    Parameters
    ----------
    nodata : float
        Value of a cell without data, beside NaN.
    """

    def __init__(self, *, nodata: float = float("nan")) -> None:
        self._nodata = nodata
        self._cells = self._count = 0
        self._low, self._high, self._mean, self._squares = np.inf, -np.inf, 0.0, 0.0

    def add(self, block: NDArray[Any]) -> None:
        """Take in a part of the raster that was not yet in."""
        self._cells += block.size
        values = block[(block == block) & (block != self._nodata)].astype(np.float64)
        if not values.size:
            return
        count = self._count + values.size
        self._low = min(self._low, float(values.min()))
        self._high = max(self._high, float(values.max()))
        step = float(values.mean()) - self._mean
        self._squares += float(((values - values.mean()) ** 2).sum())
        self._squares += step**2 * self._count * values.size / count
        self._mean += step * values.size / count
        self._count = count

    def result(self) -> RasterStatistics:
        """Return the statistics of what was taken in."""
        if not self._count:
            return RasterStatistics(self._cells, 0, None, None, None, None)
        spread = sqrt(self._squares / self._count)
        return RasterStatistics(
            self._cells, self._count, self._low, self._high, self._mean, spread
        )


def raster_statistics(
    blocks: Iterable[NDArray[Any]], *, nodata: float = float("nan")
) -> RasterStatistics:
    """Return the statistics of a raster given in blocks, in one pass.

    Parameters
    ----------
    blocks : iterable of array
        The raster, cut in any way.
    nodata : float
        Value of a cell without data, beside NaN.

    Examples
    --------
    >>> raster_statistics([np.array([1.0, np.nan]), np.array([3.0])])
    RasterStatistics(cells=3, count=2, minimum=1.0, maximum=3.0, mean=2.0, stddev=1.0)
    """
    tally = RasterTally(nodata=nodata)
    for block in blocks:
        tally.add(block)
    return tally.result()


@dataclass(frozen=True)
class ClassArea:
    """The area of one class.

    Parameters
    ----------
    layer, label : str
        Layer and class, as in the legend.
    cells : int
        Number of cells.
    area_ha : float
        Hectares.
    share : float
        Of the area with data, in [0, 1]; 0 where there is none.
    """

    layer: str
    label: str
    cells: int
    area_ha: float
    share: float


@dataclass(frozen=True)
class MapStatistics:
    """Areas of a map.

    Parameters
    ----------
    cell_area_m2 : float
        Area of one cell.
    cells, cells_without_data : int
        All cells, and those where a covariate is missing.
    classes : tuple of ClassArea
        Of the decision (if the map has one), then of the probability.
    outside_applicability : ClassArea or None
        Where no sample resembles the ground or the model knows no probability, if the map
        says so.
    expected_above_ha : float
        Sum of P(exceed) times the cell area, over the cells inside the area of
        applicability (all cells with data where that is unknown).
    """

    cell_area_m2: float
    cells: int
    cells_without_data: int
    classes: tuple[ClassArea, ...]
    outside_applicability: ClassArea | None
    expected_above_ha: float

    def of(self, layer: str) -> tuple[ClassArea, ...]:
        """Return the classes of one layer; empty if the map lacks it."""
        return tuple(entry for entry in self.classes if entry.layer == layer)

    @property
    def cannot_say_share(self) -> float | None:
        """Share of the area with data that has no answer; None without a decision."""
        decisions = self.of("decision")
        return decisions[2].share if decisions else None

    def rows(self) -> list[dict[str, str | int | float]]:
        """Return one row per class, for a table: layer, class, cells, area_ha, share."""
        outside = [self.outside_applicability] if self.outside_applicability else []
        entries = [*self.classes, *outside]
        rows: list[dict[str, str | int | float]] = [
            {
                "layer": entry.layer,
                "class": entry.label,
                "cells": entry.cells,
                "area_ha": entry.area_ha,
                "share": entry.share,
            }
            for entry in entries
        ]
        return rows

    def to_dict(self) -> dict[str, Any]:
        """Return the statistics as plain values for JSON."""
        hectare = self.cell_area_m2 / 10_000
        return {
            "cell_area_m2": self.cell_area_m2,
            "cells": self.cells,
            "cells_without_data": self.cells_without_data,
            "area_with_data_ha": (self.cells - self.cells_without_data) * hectare,
            "area_without_data_ha": self.cells_without_data * hectare,
            "cannot_say_share": self.cannot_say_share,
            "expected_above_ha": self.expected_above_ha,
            "classes": self.rows(),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the statistics that `to_dict` described."""
        entries = [
            ClassArea(
                layer=str(row["layer"]),
                label=str(row["class"]),
                cells=int(row["cells"]),
                area_ha=float(row["area_ha"]),
                share=float(row["share"]),
            )
            for row in values["classes"]
        ]
        styled = ("decision", "probability")
        outside = [entry for entry in entries if entry.layer not in styled]
        return cls(
            cell_area_m2=float(values["cell_area_m2"]),
            cells=int(values["cells"]),
            cells_without_data=int(values["cells_without_data"]),
            classes=tuple(entry for entry in entries if entry.layer in styled),
            outside_applicability=outside[0] if outside else None,
            expected_above_ha=float(values["expected_above_ha"]),
        )


class MapTally:
    """Areas of a map that grow block by block.

    Parameters
    ----------
    grid : Grid
        Of the whole map; projected.
    applicability_threshold : float, optional
        Dissimilarity up to which a cell is inside the area of applicability.

    Raises
    ------
    GridError
        The grid is not projected, so that its cells have no common area.
    """

    def __init__(self, grid: Grid, *, applicability_threshold: float | None = None) -> None:
        self._cell_area = grid.cell_area_m2
        self._threshold = applicability_threshold
        self._styles = {"decision": decision_style(), "probability": probability_style()}
        self._classes: dict[str, NDArray[np.int64]] = {}
        self._cells = self._missing = self._outside = 0
        self._expected = 0.0
        self._knows_outside = False

    def add(self, block: Block) -> None:
        """Take in a window: ``probability`` and, if the map has them, the other layers."""
        chance = np.asarray(block["probability"])
        known = inside = ~np.isnan(chance)
        # A cell with data but without a probability has a decision, "cannot say".
        present = block["decision"] != Decision.NO_DATA if "decision" in block else known
        self._cells += chance.size
        self._missing += int(chance.size - present.sum())
        for name, style in self._styles.items():
            if name in block:
                index = style.classify(block[name]).ravel()
                counts = np.bincount(index[index >= 0], minlength=len(style.classes))
                self._classes[name] = self._classes.get(name, 0) + counts
        if self._threshold is not None and "dissimilarity" in block:
            self._knows_outside = True
            inside = known & inside_applicability(block["dissimilarity"], self._threshold)
            self._outside += int(present.sum() - inside.sum())
        self._expected += float(chance[inside].astype(np.float64).sum())

    def result(self) -> MapStatistics:
        """Return the areas of what was taken in."""
        hectare = self._cell_area / 10_000
        with_data = max(1, self._cells - self._missing)

        def area(layer: str, label: str, cells: int) -> ClassArea:
            return ClassArea(layer, label, cells, cells * hectare, cells / with_data)

        outside = "outside the area of applicability"
        return MapStatistics(
            cell_area_m2=self._cell_area,
            cells=self._cells,
            cells_without_data=self._missing,
            classes=tuple(
                area(name, entry.label, int(cells))
                for name, style in self._styles.items()
                if name in self._classes
                for entry, cells in zip(style.classes, self._classes[name], strict=True)
            ),
            outside_applicability=(
                area("dissimilarity", outside, self._outside) if self._knows_outside else None
            ),
            expected_above_ha=self._expected * hectare,
        )


def map_statistics(
    blocks: Iterable[Block], *, grid: Grid, applicability_threshold: float | None = None
) -> MapStatistics:
    """Return the areas of a map given in blocks, in one pass.

    Parameters
    ----------
    blocks : iterable of mapping
        Each window once, with ``probability`` and, if the map has them, ``decision`` and
        ``dissimilarity``.
    grid, applicability_threshold
        As in `MapTally`.

    Raises
    ------
    GridError
        The grid is not projected, so that its cells have no common area.
    """
    tally = MapTally(grid, applicability_threshold=applicability_threshold)
    for block in blocks:
        tally.add(block)
    return tally.result()
