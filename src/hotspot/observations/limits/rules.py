"""Limits that depend on the soil: the limit of every place."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.errors import few
from hotspot.observations.limits.conditions import QUANTITIES, Condition, condition_words
from hotspot.observations.limits.row import LimitRow
from hotspot.observations.limits.soil_inputs import Given, SoilInputs
from hotspot.observations.limits.threshold import Threshold

Values = NDArray[np.float64]


@dataclass(frozen=True)
class LimitRule:
    """The limit of one contaminant at every place.

    Parameters
    ----------
    id : str
        Every product of a map names it: a row's own id, or that of a regime.
    contaminant : str
        Id.
    rows : tuple of LimitRow
        At most one of them holds at any place.
    inputs : SoilInputs
        What is given of the soil.

    Examples
    --------
    Arsenic in Chinese farm soil: the limit falls as pH rises, and an unknown pH has none.

    >>> from hotspot.observations.limits.building import build_rule
    >>> from hotspot.observations.limits.thresholds import Thresholds
    >>> rows = Thresholds.load().select("as", instrument="GB 15618", value_kind="intervention")
    >>> rule = build_rule("as", rows, SoilInputs.read({"ph": "ph"}), rule_id="cn")
    >>> rule.values(pd.DataFrame({"ph": [5.0, 5.5, 5.6, 8.0, np.nan]}))
    array([200., 200., 150., 100.,  nan])
    """

    id: str
    contaminant: str
    rows: tuple[LimitRow, ...]
    inputs: SoilInputs = field(default_factory=SoilInputs)

    @classmethod
    def constant(cls, threshold: Threshold) -> Self:
        """Return the rule of one number that is asked for everywhere, whatever the soil."""
        row = LimitRow(replace(threshold, background_rule=""), Condition())
        return cls(threshold.id, threshold.contaminant, (row,))

    @property
    def is_constant(self) -> bool:
        """Whether the limit is the same number everywhere, and known."""
        return self.constant_mg_kg is not None

    @property
    def constant_mg_kg(self) -> float | None:
        """The limit in mg/kg where it is the same everywhere and finite, else None."""
        if self.covariates:
            return None
        value = float(self.values(pd.DataFrame(index=[0]))[0])
        return value if math.isfinite(value) else None

    @property
    def reference_mg_kg(self) -> float:
        """The middle of its published numbers: the scale of a rule that has no one number."""
        published = [float(row.threshold.value_mg_kg or math.nan) for row in self.rows]
        return float(np.median(published))

    @property
    def quantities(self) -> tuple[str, ...]:
        """All that may have to be known of a soil."""
        needed = [name for row in self.rows for name in row.quantities]
        return tuple(dict.fromkeys(needed))

    @property
    def lacking(self) -> tuple[str, ...]:
        """What some row needs and nobody gave."""
        return tuple(name for name in self.quantities if self.inputs.of(name) is None)

    @property
    def covariates(self) -> tuple[str, ...]:
        """The columns that `values` reads."""
        used = {each.covariate for name in self.quantities if (each := self.inputs.of(name))}
        if any(row.threshold.background_rule == "higher" for row in self.rows):
            background = self.inputs.of("background")
            used.add(background.covariate if background else None)
        return tuple(name for name in self.inputs.covariates if name in used)

    def values(self, frame: pd.DataFrame) -> Values:
        """Return the limit of each row in mg/kg, shape (n,).

        NaN where it is not known, ``inf`` where no total concentration can exceed it.

        Parameters
        ----------
        frame : DataFrame, shape (n, n_columns)
            Has the `covariates`.

        Raises
        ------
        CovariateError
            A covariate is missing.
        """
        limit = np.full(len(frame), np.nan)
        for row in self.rows:
            holds = row.truth(self.inputs, frame) == 1.0
            if holds.any():
                limit = np.where(holds, row.values(self.inputs, frame), limit)
        return limit

    def check_units(self, frame: pd.DataFrame) -> None:
        """Refuse samples whose `covariates` hold numbers that no soil has.

        Parameters
        ----------
        frame : DataFrame, shape (n, n_columns)
            Of samples, whose soils exist.

        Raises
        ------
        ThresholdError
            As of `SoilInputs.check_units`.
        """
        self.inputs.check_units(frame, self.covariates)

    def reasons(self, frame: pd.DataFrame) -> dict[str, int]:
        """Return why limits are not known, with the number of rows; each is counted once.

        Examples
        --------
        >>> from hotspot.observations.limits.building import build_rule
        >>> from hotspot.observations.limits.thresholds import Thresholds
        >>> rows = Thresholds.load().select("cd", "EU")
        >>> given = SoilInputs.read({"ph": "ph", "range": "upper"})
        >>> rule = build_rule("cd", rows, given, rule_id="eu")
        >>> rule.reasons(pd.DataFrame({"ph": [5.0, 6.5, np.nan]}))
        {'ph (pH) is missing': 1, 'no limit holds for such a soil': 1}
        """
        left = np.isnan(self.values(frame))
        found: dict[str, int] = {}

        def count(reason: str, where: NDArray[np.bool_]) -> None:
            nonlocal left
            here = left & where
            if here.any():
                found[reason] = found.get(reason, 0) + int(here.sum())
                left = left & ~here

        truths = [row.truth(self.inputs, frame) for row in self.rows]
        pairs = list(zip(self.rows, truths, strict=True))
        for row, truth in pairs:
            if row.condition.not_computable:
                count(row.condition.not_computable, truth == 1.0)
        for row, truth in pairs:
            for name in row.quantities:
                open_here = np.isnan(truth) | (truth == 1.0)
                given = self.inputs.of(name) is not None
                count(
                    _told(name, "is missing" if given else "is not given"),
                    open_here & self.inputs.is_missing(name, frame),
                )
        count("no limit holds for such a soil", np.all([t == 0.0 for t in truths], axis=0))
        count("the background is missing", np.ones(len(frame), dtype=np.bool_))
        return found

    @property
    def citation(self) -> str:
        """One line that says which limits these are."""
        first = self.rows[0].threshold
        if len(self.rows) == 1 and not self.quantities:
            return first.citation
        values = sorted({float(row.threshold.value_mg_kg or 0.0) for row in self.rows})
        span = f"{values[0]:g}" if len(values) == 1 else f"{values[0]:g} to {values[-1]:g}"
        needed = ", ".join(self.quantities) or "nothing"
        count = "1 limit" if len(self.rows) == 1 else f"{len(self.rows)} limits"
        return (
            f"{span} mg/kg dry: {first.jurisdiction}, {first.instrument}; "
            f"{count} by {needed} [{self.id}: "
            f"{few((row.threshold.id for row in self.rows), 12)}]"
        )

    @property
    def cautions(self) -> tuple[str, ...]:
        """What maps of the rule should carry, each sentence once."""
        found = [
            text
            for row in self.rows
            for text in row.threshold.cautions
            if not text.startswith("The limit holds under a condition")
        ]
        found += [
            f"{row.threshold.id}: {condition_words(row.condition.alternatives)}."
            for row in self.rows
            if row.condition.quantities
        ]
        return tuple(dict.fromkeys(found))

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON: all of the rule, so that no registry is needed."""
        return {
            "id": self.id,
            "contaminant": self.contaminant,
            "rows": [row.to_dict() for row in self.rows],
            "inputs": [each.to_dict() for each in self.inputs.given],
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the rule that `to_dict` described."""
        return cls(
            id=str(values["id"]),
            contaminant=str(values["contaminant"]),
            rows=tuple(LimitRow.from_dict(row) for row in values["rows"]),
            inputs=SoilInputs(tuple(Given.from_dict(each) for each in values["inputs"])),
        )


def _told(name: str, what: str) -> str:
    quantity = QUANTITIES[name]
    meaning = "pH" if name == "ph" else quantity.meaning
    hint = f": one of {few(quantity.words, 9)}" if quantity.words else ""
    return f"{name} ({meaning}{hint}) {what}"


Limit = float | LimitRule
"""A limit as it is asked about: a number of mg/kg, or the rule of the limit of every place."""


def limits_at(limit: Limit, frame: pd.DataFrame) -> float | Values:
    """Return a limit at some places: the number itself, or that of each row by its rule.

    Parameters
    ----------
    limit : float or LimitRule
        mg/kg.
    frame : DataFrame, shape (n, n_columns)
        Covariates of the places.

    Raises
    ------
    CovariateError
        A covariate of the rule is missing.
    """
    return limit.values(frame) if isinstance(limit, LimitRule) else limit


def limit_words(limit: Limit) -> str:
    """Return a limit for messages.

    Examples
    --------
    >>> limit_words(300.0)
    '300 mg/kg'
    """
    if isinstance(limit, LimitRule):
        return f"the limit {limit.id} of their place"
    return f"{limit:g} mg/kg"
