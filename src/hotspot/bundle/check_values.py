"""Checks of cells: one raster by itself, and the rasters of a contaminant together."""

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hotspot.bundle.content import rule_of
from hotspot.bundle.findings import Findings
from hotspot.bundle.layer_files import LayerFile, Parcel, reference_grid, same_grid
from hotspot.bundle.layer_values import LayerValues
from hotspot.bundle.read import RefusedError, cells_of, opened
from hotspot.maps.decision import DecisionRule, decide

Block = Mapping[str, NDArray[np.float64]]
# Layers that know something in the same cells.
_SAME_MASK = (
    "probability_lower",
    "probability_upper",
    "probability_uncertainty",
)
_SAME_MASK_TOO = ("lower", "upper", "concentration_uncertainty")
_CUT = 1e-6


def check_values(parcel: Parcel, findings: Findings) -> dict[str, LayerValues]:
    """Note what is wrong with the cells; return what was counted, by file."""
    counted: dict[str, LayerValues] = {}
    together = set()
    reference = reference_grid(parcel.maps)
    mask = next((layer for layer in parcel.layers if layer.role == "mask"), None)
    for group in parcel.groups().values():
        fitting = {
            role: layer
            for role, layer in group.items()
            if reference is not None
            and layer.facts.grid is not None
            and same_grid(layer.facts.grid, reference)
        }
        area = None if mask is None else mask.facts.grid
        if mask is not None and area is not None and reference is not None:
            fitting |= {"mask": mask} if same_grid(area, reference) else {}
        rules = _Together(fitting, parcel.declared(group))
        together |= {layer.file for layer in fitting.values()}
        _read(fitting, rules, counted, findings)
    for layer in parcel.layers:
        if layer.file not in together:
            _read({layer.role or "": layer}, None, counted, findings)
    for values in counted.values():
        values.conclude(findings)
    return counted


def _read(
    group: Mapping[str, LayerFile],
    rules: "_Together | None",
    counted: dict[str, LayerValues],
    findings: Findings,
) -> None:
    """Read the rasters of a group once, window by window."""
    if not group:
        return
    with ExitStack() as files:
        sets: dict[str, Any] = {}
        for role, layer in group.items():
            try:
                sets[role] = files.enter_context(opened(layer.path))
            except RefusedError as error:
                findings.add(error.code, layer.file, "the raster is not opened", error.seen)
        new = {role for role, layer in group.items() if layer.file not in counted}
        for role in new:
            counted[group[role].file] = LayerValues(group[role])
        first = next(iter(group.values()))
        for window in first.facts.windows():
            block: dict[str, NDArray[np.float64]] = {}
            for role, dataset in list(sets.items()):
                layer = group[role]
                try:
                    values = cells_of(dataset, window)
                except RefusedError as error:
                    findings.add(error.code, layer.file, "cells cannot be read", error.seen)
                    # What was counted so far would be told as if it were the whole.
                    del sets[role]
                    counted.pop(layer.file, None)
                    continue
                if role in new:
                    counted[layer.file].add(dataset, window, values)
                block[role] = values
            if rules is not None:
                rules.add(block)
    if rules is not None:
        rules.conclude(findings)


class _Together:
    """Counts over the rasters of one contaminant."""

    def __init__(self, group: Mapping[str, LayerFile], declared: Mapping[str, Any]) -> None:
        self._group = group
        tags: dict[str, str] = {}
        for layer in group.values():
            tags = {**layer.facts.tags, **tags}
        if "decision" in group:
            tags = {**tags, **group["decision"].facts.tags}
        self._rule: DecisionRule | None = rule_of(tags)
        edge = tags.get("applicability_threshold", declared.get("applicability_threshold"))
        try:
            self._edge = None if edge is None else float(str(edge))
        except ValueError:
            self._edge = None
        self._counts: dict[tuple[str, str, str], int] = {}

    def add(self, block: Block) -> None:
        """Take in a window of all rasters."""
        for low, high in (("probability_lower", "probability_upper"), ("lower", "upper")):
            if low in block and high in block:
                with np.errstate(invalid="ignore"):
                    above = block[low] > block[high] + 1e-6 * np.abs(block[high])
                self._note("bounds-swapped", low, f"above {high}", above)
        self._order(block)
        for first, others in (("probability", _SAME_MASK), ("median", _SAME_MASK_TOO)):
            for name in others:
                if first in block and name in block:
                    differs = np.isnan(block[first]) != np.isnan(block[name])
                    self._note("mask-differs", name, f"known where {first} is not", differs)
        for name in ("dissimilarity", "median"):
            if "probability" in block and name in block:
                lacks = ~np.isnan(block["probability"]) & np.isnan(block[name])
                self._note("mask-differs", name, "missing where probability is not", lacks)
        if "mask" in block:
            outside = ~(block["mask"] > 0)
            for name, values in block.items():
                if name != "mask":
                    self._note(
                        "values-off-mask", name, "outside the mask", outside & ~np.isnan(values)
                    )
        if "decision" in block and "probability" in block:
            self._decision(block)

    def _order(self, block: Block) -> None:
        if not {"lower", "median", "upper"} <= set(block):
            return
        low, middle, high = block["lower"], block["median"], block["upper"]
        with np.errstate(invalid="ignore"):
            slack = 1e-6 * np.abs(middle)
            wrong = (low <= high) & ((middle < low - slack) | (middle > high + slack))
        self._note("estimate-outside-bounds", "median", "outside lower and upper", wrong)

    def _decision(self, block: Block) -> None:
        chance, answer = block["probability"], block["decision"]
        known = ~np.isnan(chance)
        self._note(
            "mask-differs",
            "decision",
            "missing where probability is not",
            known & np.isnan(answer),
        )
        decided = (answer == 0) | (answer == 1)
        self._note(
            "decision-contradicts-probability",
            "decision",
            "decided without one",
            ~known & decided,
        )
        inside, sure = known, known
        if self._edge is not None and "dissimilarity" in block:
            index = block["dissimilarity"]
            slack = _CUT * max(1.0, abs(self._edge))
            with np.errstate(invalid="ignore"):
                outside = known & ((index > self._edge + slack) | np.isnan(index))
                inside = known & (index <= self._edge)
                sure = inside & (index < self._edge - slack)
            self._note(
                "decision-outside-applicability",
                "decision",
                f"decided above the edge {self._edge:.4g}",
                outside & decided,
            )
        if self._rule is None:
            return
        # A probability that a writer rounded may lie on either side of its cut.
        lower = decide(np.clip(chance - _CUT, 0, 1), sure, self._rule)
        upper = decide(np.clip(chance + _CUT, 0, 1), sure, self._rule)
        wrong = sure & (answer != lower) & (answer != upper) & ~np.isnan(answer)
        rule = f"not after above {self._rule.above}, below {self._rule.below}"
        self._note("decision-contradicts-probability", "decision", rule, wrong)

    def _note(self, code: str, role: str, what: str, where: NDArray[np.bool_]) -> None:
        count = int(where.sum())
        if count:
            key = (code, role, what)
            self._counts[key] = self._counts.get(key, 0) + count

    def conclude(self, findings: Findings) -> None:
        """Note what the counts show."""
        problems = {
            "bounds-swapped": "the lower bound is above the upper",
            "estimate-outside-bounds": "the estimate is outside its bounds",
            "mask-differs": "the layers do not know the same cells",
            "values-off-mask": "there are values outside the mask",
            "decision-contradicts-probability": "the decision contradicts the probability",
            "decision-outside-applicability": "it decides where no sample resembles the cell",
        }
        for (code, role, what), count in self._counts.items():
            findings.add(code, self._group[role].file, problems[code], f"{count} cells {what}")
