"""The maps of a contaminant, small enough to draw, and what lies under them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from hotspot.errors import OutputError
from hotspot.grid import Grid
from hotspot.maps.decision import inside_applicability
from hotspot.maps.statistics import MapStatistics
from hotspot.report.content.checks import need_columns, need_shape

HOTSPOT_COLUMNS = (
    "rank",
    "area_m2",
    "mean_probability",
    "max_probability",
    "confidence",
    "n_cells",
)


@dataclass(frozen=True)
class Context:
    """A vector layer that helps the reader to find the place, such as a river."""

    label: str
    geometry: BaseGeometry


@dataclass(frozen=True)
class Areas:
    """How much land falls in each class, from the map at full resolution.

    Parameters
    ----------
    above_ha, below_ha, cannot_say_ha : float
        Hectares by decision class.
    by_class_ha : tuple of float
        Hectares in the order of the classes of `hotspot.maps.styles.probability_style`;
        empty if not counted.
    rule : str
        The decision rule in one sentence; empty if not given.
    expected_above_ha : float or None
        Sum of probability times area, inside the area of applicability where known.
    """

    above_ha: float
    below_ha: float
    cannot_say_ha: float
    by_class_ha: tuple[float, ...] = ()
    rule: str = ""
    expected_above_ha: float | None = None

    @classmethod
    def from_statistics(cls, statistics: MapStatistics, rule: str = "") -> "Areas | None":
        """Return the areas of a map's statistics; None where the map has no decision."""
        decision = [entry.area_ha for entry in statistics.of("decision")]
        if len(decision) != 3:
            return None
        return cls(
            below_ha=decision[0],
            above_ha=decision[1],
            cannot_say_ha=decision[2],
            by_class_ha=tuple(entry.area_ha for entry in statistics.of("probability")),
            rule=rule,
            expected_above_ha=statistics.expected_above_ha,
        )

    @property
    def total_ha(self) -> float:
        """Hectares that were mapped."""
        return self.above_ha + self.below_ha + self.cannot_say_ha


@dataclass(frozen=True)
class Hotspots:
    """Hotspot polygons and their table, row by row.

    Parameters
    ----------
    table : DataFrame
        Columns `HOTSPOT_COLUMNS`, by rank, as `hotspot.maps.find_hotspots` returns them.
    polygons : tuple of geometry
        In the CRS of the map, in the order of the table.
    """

    table: pd.DataFrame
    polygons: tuple[BaseGeometry, ...]

    def __post_init__(self) -> None:
        need_columns(self.table, HOTSPOT_COLUMNS, "hotspot")
        if len(self.table) != len(self.polygons):
            raise OutputError(
                f"There are {len(self.table)} hotspots and {len(self.polygons)} polygons. "
                "Give one polygon per row of the table, in its order."
            )


@dataclass(frozen=True)
class MapLayers:
    """The maps of one contaminant, small enough to draw (about a million cells at most).

    Parameters
    ----------
    grid : Grid
        Grid of every array.
    probability : array, shape (rows, cols)
        P(concentration > limit); NaN where there is no data.
    decision : array of uint8 or None
        0 below, 1 above, 2 cannot say, 255 no data.
    dissimilarity : array or None
        Dissimilarity index; NaN where there is no data.
    dissimilarity_limit : float or None
        Cells above it lie outside the area of applicability.
    areas : Areas or None
        Land in each class.
    hotspots : Hotspots or None
        None where they were not looked for; an empty table where there are none.
    """

    grid: Grid
    probability: NDArray[np.float64]
    decision: NDArray[np.uint8] | None = None
    dissimilarity: NDArray[np.float64] | None = None
    dissimilarity_limit: float | None = None
    areas: Areas | None = None
    hotspots: Hotspots | None = None

    def __post_init__(self) -> None:
        need_shape(self.grid, "probability", self.probability)
        need_shape(self.grid, "decision", self.decision)
        need_shape(self.grid, "dissimilarity", self.dissimilarity)

    @property
    def outside(self) -> NDArray[np.bool_] | None:
        """Cells outside the area of applicability; None where it was not computed."""
        if self.dissimilarity is None or self.dissimilarity_limit is None:
            return None
        inside = inside_applicability(self.dissimilarity, self.dissimilarity_limit)
        # A cell without data is outside nothing: it is left white, not hatched.
        return np.isfinite(self.dissimilarity) & ~inside
