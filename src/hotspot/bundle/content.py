"""What a bundle is made of, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hotspot.bundle.countries import ISO3
from hotspot.errors import ConfigError, nearest_name
from hotspot.maps.decision import DecisionRule, decide, inside_applicability
from hotspot.maps.model import MapModel
from hotspot.maps.stac import SamplingPeriod

if TYPE_CHECKING:
    import pandas as pd

FORMAT = "hotspot-bundle/1"
_BAND = "half the width of the calibration band"
_BERNOULLI = "standard deviation of exceedance in one sample, sqrt(p (1 - p))"
_INTERVAL = "width of the 90 % interval of one sample"


@dataclass(frozen=True)
class Contact:
    """Who answers for a bundle."""

    organisation: str
    email: str
    role: str = "pointOfContact"


@dataclass(frozen=True)
class Statement:
    """What a bundle states of itself, beside its rasters.

    Parameters
    ----------
    country : str
        ISO 3166-1 alpha-3.
    depth : tuple of float, cm
        Top and bottom.
    title, abstract, licence : str
        For people; the licence as an SPDX id where it has one.
    contact : Contact
        Who answers for it.
    published_on : str
        ``YYYY-MM-DD``, or empty: then the last day of sampling is its date.
    keywords : tuple of str
        Beside those that every record has.

    Raises
    ------
    ConfigError
        The country is unknown, or the depth is none.
    """

    country: str
    depth: tuple[float, float]
    title: str
    abstract: str
    licence: str
    contact: Contact
    published_on: str = ""
    keywords: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.country not in ISO3:
            raise ConfigError(
                f"bundle.country: {self.country!r} is no code of ISO 3166-1 alpha-3."
                f"{nearest_name(self.country, sorted(ISO3))} Give three capital letters, "
                "such as NLD."
            )
        if not 0 <= self.depth[0] < self.depth[1]:
            raise ConfigError(
                f"bundle.depth: the layer from {self.depth[0]:g} to {self.depth[1]:g} cm is "
                "empty. Give top and bottom in cm, such as [0, 20]."
            )
        if not self.licence or not self.contact.organisation or not self.contact.email:
            raise ConfigError(
                f"bundle.licence is {self.licence!r}, bundle.contact.organisation "
                f"{self.contact.organisation!r} and bundle.contact.email "
                f"{self.contact.email!r}. Nothing is published without a licence and a "
                "contact; give all three."
            )


@dataclass(frozen=True)
class PropertySource:
    """The maps of one contaminant, and what goes with them.

    Parameters
    ----------
    model : MapModel
        Contaminant, limit, identity and reach are read; nothing is predicted.
    name, token : str
        For people, and for file names.
    layers : mapping of Path
        Rasters by layer, on one grid.
    decision : mapping of str
        Tags of the decision rule.
    period : SamplingPeriod
        When samples were taken.
    hotspots : Path, optional
        Polygons.
    samples : DataFrame, optional
        Left-out predictions: ``probability`` and ``exceeds``. Without places, since samples
        may lie on private land.
    """

    model: MapModel
    name: str
    token: str
    layers: Mapping[str, Path]
    decision: Mapping[str, str]
    period: SamplingPeriod
    hotspots: Path | None = None
    samples: "pd.DataFrame | None" = field(default=None, compare=False)

    @property
    def rule(self) -> DecisionRule | None:
        """The cuts of the decision, or None where they are not stated."""
        return rule_of(self.decision)

    @property
    def reach(self) -> float | None:
        """The edge of the area of applicability."""
        area = self.model.applicability
        return None if area is None else float(area.threshold_)

    @property
    def roles(self) -> tuple[str, ...]:
        """Layers of the bundle: those of the map, and the uncertainties made from them."""
        made = []
        if "probability" in self.layers:
            made.append("probability_uncertainty")
        if {"lower", "median", "upper"} <= set(self.layers):
            made.append("concentration_uncertainty")
        return (*self.layers, *made)


def rule_of(tags: Mapping[str, str]) -> DecisionRule | None:
    """Return the decision rule that tags state, or None where they state none.

    Examples
    --------
    >>> rule_of({"decision_above": "0.8", "decision_below": "never"})
    DecisionRule(above=0.8, below=None)
    """
    cuts: list[float | None] = []
    for name in ("decision_above", "decision_below"):
        text = tags.get(name)
        if text is None:
            return None
        try:
            cuts.append(None if text == "never" else float(text))
        except ValueError:
            return None
    try:
        return DecisionRule(above=cuts[0], below=cuts[1])
    except ConfigError:
        return None


def uncertainty_kind(role: str, layers: Mapping[str, Any]) -> str:
    """Return what an uncertainty layer states, in words."""
    if role == "concentration_uncertainty":
        return _INTERVAL
    has_band = {"probability_lower", "probability_upper"} <= set(layers)
    return _BAND if has_band else _BERNOULLI


def completed(
    source: PropertySource, block: Mapping[str, NDArray[Any]], *, warped: bool
) -> dict[str, NDArray[Any]]:
    """Return a window with its uncertainty layers, and a decision that fits its probability.

    A decision that was warped cell by cell would contradict a probability that was averaged;
    it is made anew from the warped layers.

    Parameters
    ----------
    source : PropertySource
        Gives the rule and the reach.
    block : mapping of array
        Layers of the window.
    warped : bool
        Whether the window was warped to another grid.
    """
    layers = dict(block)
    chance = layers.get("probability")
    if chance is not None:
        if {"probability_lower", "probability_upper"} <= set(layers):
            spread = (layers["probability_upper"] - layers["probability_lower"]) / 2
        else:
            spread = np.sqrt(np.clip(chance * (1 - chance), 0, None))
        layers["probability_uncertainty"] = np.where(np.isnan(chance), np.nan, spread).astype(
            np.float32
        )
    if {"lower", "median", "upper"} <= set(layers):
        layers["concentration_uncertainty"] = layers["upper"] - layers["lower"]
    if warped and chance is not None and "decision" in layers and source.rule is not None:
        inside = np.isfinite(chance)
        if source.reach is not None and "dissimilarity" in layers:
            inside = inside_applicability(layers["dissimilarity"], source.reach)
        answer = decide(chance, inside, source.rule)
        # A cell with data but without a probability is "cannot say" before and after.
        unknown = np.isnan(chance) & (layers["decision"] != 255)
        answer[unknown] = 2
        layers["decision"] = answer
    return layers
