"""Statistics of the rasters of a bundle, as its table holds them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hotspot.grid import Window
from hotspot.maps.statistics import RasterStatistics, RasterTally
from hotspot.maps.styles import LayerStyle, decision_style, probability_style

_CLASSES: dict[str, LayerStyle] = {
    "decision": decision_style(),
    "probability": probability_style(),
}


class LayerTally:
    """Numbers of one raster that grow window by window.

    Parameters
    ----------
    role : str
        Of the layer; the decision and the probability have areas per class.
    row_areas : array, shape (rows,), m2
        Area of a cell of each row.
    """

    def __init__(self, role: str, row_areas: NDArray[np.float64]) -> None:
        self._role, self._areas = role, row_areas
        self._tally = RasterTally(nodata=255.0 if role == "decision" else float("nan"))
        self._style = _CLASSES.get(role)
        self._classes = np.zeros(len(self._style.classes) if self._style else 0)
        self._with_data = self._expected = 0.0

    def add(self, window: Window, values: NDArray[Any]) -> None:
        """Take in a window: NaN where missing, or 255 in codes."""
        self._tally.add(values)
        areas = np.broadcast_to(self._areas[window.slices[0], np.newaxis], values.shape)
        known = values != 255 if self._role == "decision" else ~np.isnan(values)
        self._with_data += float(areas[known].sum())
        if self._role == "probability":
            self._expected += float((areas[known] * values[known].astype(np.float64)).sum())
        if self._style is not None:
            index = self._style.classify(values).ravel()
            kept = index >= 0
            self._classes += np.bincount(
                index[kept], weights=areas.ravel()[kept], minlength=self._classes.size
            )

    @property
    def statistics(self) -> RasterStatistics:
        """Count, range, mean and spread."""
        return self._tally.result()

    def numbers(self) -> dict[tuple[str, str], float]:
        """Return every number of the table by measure and class."""
        found = self.statistics
        values: dict[tuple[str, str], float | None] = {
            ("cells", ""): found.cells,
            ("count", ""): found.count,
            ("minimum", ""): found.minimum,
            ("maximum", ""): found.maximum,
            ("area_ha", ""): self._with_data / 10_000,
        }
        if self._role != "decision":
            # The mean of codes means nothing.
            values["mean", ""] = found.mean
            values["stddev", ""] = found.stddev
        if self._role == "probability":
            values["expected_above_ha", ""] = self._expected / 10_000
        if self._style is not None:
            for entry, area in zip(self._style.classes, self._classes, strict=True):
                values["area_ha", entry.label] = float(area) / 10_000
        return {key: float(value) for key, value in values.items() if value is not None}

    def rows(self, file: str) -> list[tuple[str, str, str, str]]:
        """Return the rows of the table: file, measure, class, value."""
        return [
            (file, measure, label, f"{value:.9g}")
            for (measure, label), value in self.numbers().items()
        ]
