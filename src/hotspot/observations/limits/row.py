"""One published limit with all that decides where it is the limit."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.observations.limits.conditions import Condition, condition_text, parse_condition
from hotspot.observations.limits.soil_correction import SoilCorrection
from hotspot.observations.limits.soil_inputs import SoilInputs
from hotspot.observations.limits.three_valued import all_of, any_of
from hotspot.observations.limits.threshold import Threshold

Values = NDArray[np.float64]


@dataclass(frozen=True)
class LimitRow:
    """One published number with all that decides where it is the limit.

    Parameters
    ----------
    threshold : Threshold
        In mg/kg.
    condition : Condition
        When it holds; its land use is one of the clauses.
    correction : SoilCorrection or None
        For clay and organic matter.
    partner_mg_kg : float or None
        The limit of the extractable part, where both must be exceeded.
    """

    threshold: Threshold
    condition: Condition
    correction: SoilCorrection | None = None
    partner_mg_kg: float | None = None

    @property
    def quantities(self) -> tuple[str, ...]:
        """What must be known of a soil for this limit."""
        needed = [*self.condition.quantities]
        if self.correction is not None:
            needed += self.correction.quantities
        if self.partner_mg_kg is not None:
            needed.append("extractable")
        if self.threshold.background_rule in ("addition", "replaces"):
            needed.append("background")
        return tuple(dict.fromkeys(needed))

    def truth(self, inputs: SoilInputs, frame: pd.DataFrame) -> Values:
        """Return 1 where the limit holds, 0 where not, NaN where that is not known."""
        parts = [
            all_of([inputs.truth(clause, frame) for clause in part], len(frame))
            for part in self.condition.alternatives
        ]
        return any_of(parts)

    def values(self, inputs: SoilInputs, frame: pd.DataFrame) -> Values:
        """Return the limit in mg/kg of each row, as if the condition held everywhere."""
        if self.condition.not_computable:
            return np.full(len(frame), np.nan)
        limit = np.full(len(frame), float(self.threshold.value_mg_kg or math.nan))
        if self.correction is not None:
            numbers = {q: inputs.numbers(q, frame) for q in self.correction.quantities}
            limit = limit * self.correction.factor(numbers, len(frame))
        limit = _with_background(
            limit, self.threshold.background_rule, inputs.numbers("background", frame)
        )
        if self.partner_mg_kg is not None:
            part = inputs.numbers("extractable", frame)
            if part is None:
                return np.full(len(frame), np.nan)
            # Where the extractable part is within its own limit, no total exceeds both.
            joint = np.where(part > self.partner_mg_kg, limit, np.inf)
            limit = np.where(np.isnan(part), np.nan, joint)
        return limit

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "threshold": asdict(self.threshold),
            "clauses": condition_text(self.condition.alternatives),
            "not_computable": self.condition.not_computable,
            "correction": None if self.correction is None else asdict(self.correction),
            "partner_mg_kg": self.partner_mg_kg,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the row that `to_dict` described."""
        correction = values["correction"]
        return cls(
            threshold=Threshold(**values["threshold"]),
            condition=Condition(
                parse_condition(str(values["clauses"])), str(values["not_computable"])
            ),
            correction=None if correction is None else SoilCorrection(**correction),
            partner_mg_kg=values["partner_mg_kg"],
        )


def _with_background(limit: Values, rule: str, background: Values | None) -> Values:
    if rule == "higher":
        # Without a background the value stands, and the cautions say what that leaves out.
        return limit if background is None else np.maximum(limit, background)
    if rule == "replaces":
        if background is None:
            return np.full(len(limit), np.nan)
        return np.where(np.isnan(background), limit, background)
    if rule == "addition":
        return np.full(len(limit), np.nan) if background is None else limit + background
    return limit
