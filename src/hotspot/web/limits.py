"""The limits that can be chosen: a scale for the slider, and the registry's as its ticks."""

from dataclasses import dataclass
from math import log10
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hotspot.observations.limits.threshold import Threshold
from hotspot.observations.limits.thresholds import Thresholds
from hotspot.web.refusal import RequestError, shown

# The slider reaches from a share of the model's limit to a multiple of it, or to the samples.
_DOWN, _UP = 0.1, 10.0


@dataclass(frozen=True)
class Tick:
    """One limit of the registry: its value, and the citations that share it.

    Parameters
    ----------
    value_mg_kg : float
        The limit.
    citations : tuple of str
        Of all rows with this value.
    """

    value_mg_kg: float
    citations: tuple[str, ...]


@dataclass(frozen=True)
class LimitScale:
    """What a slider of limits offers.

    Parameters
    ----------
    low, high : float, mg/kg
        Its ends; 1, 2 or 5 times a power of ten.
    ticks : tuple of Tick
        Limits between the ends, rising.
    """

    low: float
    high: float
    ticks: tuple[Tick, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return what the page needs to know."""
        return {
            "low": self.low,
            "high": self.high,
            "ticks": [
                {"value_mg_kg": tick.value_mg_kg, "citations": list(tick.citations)}
                for tick in self.ticks
            ],
        }

    def check(self, limit: float) -> float:
        """Return a limit, and refuse one beyond the ends.

        Raises
        ------
        RequestError
            It lies beyond.
        """
        if self.low <= limit <= self.high:
            return limit
        raise RequestError(
            422,
            wrong="The limit lies beyond the scale of this contaminant.",
            seen=f"limit={shown(limit)} mg/kg.",
            remedy=f"Give one from {self.low:g} to {self.high:g} mg/kg.",
        )


def limit_scale(
    contaminant: str, limit_mg_kg: float, measured_mg_kg: NDArray[np.float64]
) -> LimitScale:
    """Return the scale of limits of a contaminant, wide enough for its samples.

    Parameters
    ----------
    contaminant : str
        Id in the registry.
    limit_mg_kg : float
        The model's limit.
    measured_mg_kg : array
        Finite upper ends of the samples.

    Examples
    --------
    >>> scale = limit_scale("zn", 300.0, np.array([113.0, 1839.0]))
    >>> scale.low, scale.high, [tick.value_mg_kg for tick in scale.ticks][:4]
    (20.0, 5000.0, [60.0, 77.0, 100.0, 105.0])
    """
    known = measured_mg_kg[np.isfinite(measured_mg_kg) & (measured_mg_kg > 0)]
    lowest = min(_DOWN * limit_mg_kg, float(known.min(initial=np.inf)))
    highest = max(_UP * limit_mg_kg, float(known.max(initial=0.0)))
    # Not lower than a thousandth of the limit: one trace would squeeze all others together.
    low = _round_down(max(lowest, limit_mg_kg / 1000))
    high = 1 / _round_down(1 / min(highest, 1000 * limit_mg_kg))
    by_value: dict[float, list[Threshold]] = {}
    for row in Thresholds.load().select(contaminant=contaminant, medium="soil").rows:
        if row.value_mg_kg is not None and low <= row.value_mg_kg <= high:
            by_value.setdefault(row.value_mg_kg, []).append(row)
    ticks = tuple(
        Tick(value, tuple(row.citation for row in by_value[value]))
        for value in sorted(by_value)
    )
    return LimitScale(low, float(f"{high:.6g}"), ticks)


def _round_down(value: float) -> float:
    """Return the greatest of 1, 2 or 5 times a power of ten that is not above a value.

    Examples
    --------
    >>> _round_down(113.0), _round_down(0.3)
    (100.0, 0.2)
    """
    power = 10.0 ** np.floor(log10(value) + 1e-12)
    fits = [step * power for step in (1.0, 2.0, 5.0) if step * power <= value * (1 + 1e-12)]
    return float(f"{max(fits):.6g}")
