"""The card of a hotspot: why the model marks it, and what speaks for and against it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hotspot.explanations.nearby import FEW_SAMPLES, LocalScore, Neighbour, rounded


@dataclass(frozen=True)
class Removal:
    """What becomes of a hotspot where the model is learnt without a role.

    Parameters
    ----------
    role : str
        The role whose covariates were left out of the fit.
    mean_probability : float
        Of the cells asked about, by the model learnt without them.
    mean_probability_with : float
        Of the same cells, by the model itself.
    """

    role: str
    mean_probability: float
    mean_probability_with: float


@dataclass(frozen=True)
class HotspotCard:
    """Everything a reviewer needs of one hotspot.

    Parameters
    ----------
    rank, n_cells : int
        As among the hotspots of the map.
    area_m2 : float
        Its size.
    probability : dict of float
        ``mean`` and ``max`` over its cells; ``lower`` and ``upper`` where left-out samples
        tell how far a probability can be taken at its word, the mean of its cells' bounds.
    concentration_mg_kg : dict of float or None
        Median over its cells of ``lower``, ``median`` and ``upper``, the 90 % interval of a
        soil sample and its middle.
    contributions : dict of str to float
        Mean over its cells, log-odds, by role.
    nearest, similar : tuple of Neighbour
        Samples closest by distance, and by covariates.
    local : LocalScore or None
        How the model does around it.
    removals : tuple of Removal
        The model without a role.
    n_asked : int
        Cells for which removals, similar samples, bounds and concentrations were asked: all,
        or some spread over a large hotspot.
    """

    rank: int
    n_cells: int
    area_m2: float
    probability: Mapping[str, float]
    contributions: Mapping[str, float]
    nearest: tuple[Neighbour, ...]
    similar: tuple[Neighbour, ...]
    concentration_mg_kg: Mapping[str, float] | None = None
    local: LocalScore | None = None
    removals: tuple[Removal, ...] = ()
    n_asked: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return the card as plain values for JSON."""
        known = self.concentration_mg_kg
        return {
            "rank": self.rank,
            "n_cells": self.n_cells,
            "area_m2": self.area_m2,
            "probability": {name: rounded(v) for name, v in self.probability.items()},
            "concentration_mg_kg": (
                None if known is None else {name: rounded(v) for name, v in known.items()}
            ),
            "unit": "log-odds",
            "contributions": {name: rounded(v) for name, v in self.contributions.items()},
            "nearest": [each.to_dict() for each in self.nearest],
            "similar": [each.to_dict() for each in self.similar],
            "local_score": None if self.local is None else self.local.to_dict(),
            "without": [
                {
                    "role": each.role,
                    "mean_probability": rounded(each.mean_probability),
                    "mean_probability_with": rounded(each.mean_probability_with),
                }
                for each in self.removals
            ],
            "n_asked": self.n_asked,
            "sentences": list(self.sentences()),
        }

    def sentences(self) -> tuple[str, ...]:
        """Return what the card says, for people."""
        told = []
        top = sorted(self.contributions.items(), key=lambda item: -abs(item[1]))
        parts = ", ".join(f"{role.replace('_', ' ')} {value:+.2f}" for role, value in top)
        if parts:
            told.append(f"Mean contribution by role, log-odds: {parts}.")
        for each in self.removals:
            told.append(
                f"Learnt without {each.role.replace('_', ' ')}, the model gives its cells a "
                f"mean probability of {each.mean_probability:.2f} in place of "
                f"{each.mean_probability_with:.2f}."
            )
        if self.local is not None and self.local.log_loss is not None:
            enough = "" if self.local.n >= FEW_SAMPLES else ", too few to rely on"
            told.append(
                f"Of {self.local.n} left-out samples within {self.local.radius_m:.0f} m"
                f"{enough}, {self.local.share_above:.0%} exceed; log loss "
                f"{self.local.log_loss:.2f}, {self.local.log_loss_everywhere:.2f} everywhere."
            )
        elif self.local is not None:
            told.append(
                f"No left-out sample lies within {self.local.radius_m:.0f} m: nothing tells "
                "how the model does here."
            )
        return tuple(told)
