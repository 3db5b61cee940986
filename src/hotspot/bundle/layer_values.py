"""What the cells of one raster tell, collected window by window."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hotspot.bundle.findings import Findings
from hotspot.bundle.layer_files import LayerFile
from hotspot.bundle.profiles import row_areas_m2
from hotspot.bundle.read import stored_nans
from hotspot.bundle.seams import SeamTally
from hotspot.bundle.tally import LayerTally
from hotspot.grid import Window

# Numbers that programs write for "missing".
_SENTINELS = (-9999.0, -99999.0, -999.0, -32768.0, -32767.0)
_HUGE = 1e30
_CODES = (0, 1, 2)
_CHANCES = ("probability", "probability_lower", "probability_upper", "probability_uncertainty")
_POSITIVE = ("lower", "median", "upper", "limit", "concentration_uncertainty")
_SMOOTH = ("probability", "median", "dissimilarity")
_RINGED = ("probability", "median", "upper", "dissimilarity")


class LayerValues:
    """Counts of one raster, and the findings that follow from them.

    Parameters
    ----------
    layer : LayerFile
        The raster.
    """

    def __init__(self, layer: LayerFile) -> None:
        self.layer = layer
        grid = layer.facts.grid
        self.tally = (
            LayerTally(layer.role or "", row_areas_m2(grid)) if grid is not None else None
        )
        self.codes: set[int] = set()
        self._low, self._high, self._count, self._above_one = np.inf, -np.inf, 0, 0
        self._sentinels: dict[float, int] = {}
        self._nans = self._negative = 0
        self._ring_cells = self._ring_zeros = self._inner_other = 0
        self._seams = SeamTally(layer.facts.shape)

    def add(self, dataset: Any, window: Window, values: NDArray[np.float64]) -> None:
        """Take in a window, NaN where missing."""
        role = self.layer.role
        nodata = self.layer.facts.nodata
        if nodata is None or not np.isnan(nodata):
            self._nans += stored_nans(dataset, window)
        kept = self._without_sentinels(values)
        known = ~np.isnan(kept)
        numbers = kept[known]
        if numbers.size:
            self._low = min(self._low, float(numbers.min()))
            self._high = max(self._high, float(numbers.max()))
            self._count += numbers.size
            self._above_one += int((numbers > 1.0).sum())
            self._negative += int((numbers < 0.0).sum())
        if role in ("decision", "mask"):
            self.codes |= {int(code) for code in np.unique(numbers)}
        if role in _RINGED:
            self._ring(window, kept)
        if role in _SMOOTH:
            self._seams.add(kept, window.row, window.col)
        if self.tally is not None and role is not None:
            filled = np.where(np.isnan(values), 255.0, values) if role == "decision" else values
            self.tally.add(window, filled)

    def _without_sentinels(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        kept = values.copy()
        wanted = [*_SENTINELS]
        # 255 is the nodata of codes; as a count or a concentration it may be true.
        wanted += [255.0] if self.layer.role in (*_CHANCES, "decision") else []
        for number in wanted:
            hit = values == number
            if hit.any():
                self._sentinels[number] = self._sentinels.get(number, 0) + int(hit.sum())
                kept[hit] = np.nan
        with np.errstate(invalid="ignore"):
            hit = np.abs(values) > _HUGE
        if hit.any():
            number = float(values[hit][0])
            self._sentinels[number] = self._sentinels.get(number, 0) + int(hit.sum())
            kept[hit] = np.nan
        return kept

    def _ring(self, window: Window, values: NDArray[np.float64]) -> None:
        rows, cols = self.layer.facts.shape
        row = np.arange(window.row, window.row + window.height)[:, np.newaxis]
        col = np.arange(window.col, window.col + window.width)
        ring = (row == 0) | (row == rows - 1) | (col == 0) | (col == cols - 1)
        self._ring_cells += int(ring.sum())
        self._ring_zeros += int((values[ring] == 0.0).sum())
        inner = values[~ring]
        self._inner_other += int(((inner != 0.0) & ~np.isnan(inner)).sum())

    def conclude(self, findings: Findings) -> None:
        """Note what the counts show."""
        file, facts, role = self.layer.file, self.layer.facts, self.layer.role
        for number, count in sorted(self._sentinels.items()):
            seen = f"{number:g} in {count} cells, declared {facts.nodata}"
            findings.add("nodata-undeclared", file, "missing cells hold a number", seen)
        if self._nans:
            seen = f"{self._nans} cells NaN, declared {facts.nodata}"
            findings.add("nan-undeclared", file, "NaN is not declared as missing", seen)
        if self._ring_cells and self._ring_zeros == self._ring_cells and self._inner_other:
            seen = f"all {self._ring_cells} cells of the border are 0"
            findings.add("nodata-zero-border", file, "the border is filled with zeros", seen)
        if not self._count:
            if role != "expected_brier":
                findings.add("layer-empty", file, "no cell has a value", facts.shape)
            return
        span = f"{self._low:.6g} to {self._high:.6g}"
        if self._low == self._high and self._count > 1 and role != "mask":
            findings.add("layer-constant", file, "every cell holds one value", span)
        if role in _CHANCES:
            self._conclude_chance(span, findings)
        if role in _POSITIVE and self._negative:
            seen = f"{self._negative} cells, lowest {self._low:.6g}"
            findings.add("concentration-negative", file, "a concentration is below 0", seen)
        if role == "decision" and self.codes - set(_CODES):
            unknown = sorted(self.codes - set(_CODES))
            findings.add(
                "decision-code-unknown", file, "a code is none of the decision", unknown
            )
        for seam in self._seams.seams() if role in _SMOOTH else []:
            seen = f"before {seam.axis} {seam.at}, {seam.ratio:.1f} times the steps beside it"
            findings.add("tile-seam", file, "the map steps along a straight line", seen)

    def _conclude_chance(self, span: str, findings: Findings) -> None:
        file, facts = self.layer.file, self.layer.facts
        if self._low >= 0.0 and self._high <= 1.0 + 1e-6:
            return
        is_whole = np.issubdtype(np.dtype(facts.dtype), np.integer)
        if is_whole and facts.scaling == (1.0, 0.0) and self._high > 100.0:
            seen = f"{facts.dtype} from {span}, scale {facts.scaling[0]:g}"
            findings.add("scale-missing", file, "whole numbers without a scale", seen)
        elif self._low >= 0.0 and self._high <= 100.0 and self._above_one > 0.1 * self._count:
            seen = f"{span}, {self._above_one} of {self._count} cells above 1"
            findings.add("probability-in-percent", file, "probabilities are in percent", seen)
        else:
            findings.add("probability-out-of-range", file, "a probability is none", span)
