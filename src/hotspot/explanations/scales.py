"""Contributions to several answers of a model at once: chance, concentration, uncertainty."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy.special import logit

from hotspot.errors import ModelError
from hotspot.estimators.answers import AnswersFromDistribution, AskedOnce, DistributionModel
from hotspot.estimators.base import ExceedanceModel
from hotspot.estimators.distinct import copies_of
from hotspot.estimators.fitted import FittedModel
from hotspot.estimators.varying_limit import exceedance_at
from hotspot.explanations.background import Background
from hotspot.explanations.contributions import ShapValues
from hotspot.explanations.shapley import Values, Worths, coalition_worths
from hotspot.explanations.traits import (
    estimator_of,
    has_distribution,
    uses_coordinates,
)
from hotspot.grid import Coordinates
from hotspot.observations.limits.rules import Limit, limits_at

Scale = Literal["log-odds", "probability", "median", "width"]

# What a number of each scale is in. The width is ln(95 % quantile) - ln(5 % quantile): +0.69
# makes the ratio of the interval's ends twice as large.
UNITS: dict[Scale, str] = {
    "log-odds": "log-odds",
    "probability": "probability",
    "median": "ln(mg/kg)",
    "width": "ln(mg/kg), width of the 90 % interval",
}
_OF_A_DISTRIBUTION: tuple[Scale, ...] = ("median", "width")

# Ends of the 90 % interval.
_TAIL = 0.05

# Probabilities are moved inside these bounds before their log-odds are taken, at most 13.8
# from even odds: beyond, differences mean nothing for a decision.
LOWEST_PROBABILITY = 1e-6


@dataclass(frozen=True)
class ScaleWorths:
    """What players are worth on each scale, from one round of questions to the model.

    Parameters
    ----------
    scales : tuple of str
        In the order of the answers.
    worths : Worths
        Of all coalitions that were asked for.
    n_background : int
        Samples whose average answer is the base.
    """

    scales: tuple[Scale, ...]
    worths: Worths
    n_background: int

    def values(self, scale: Scale) -> ShapValues:
        """Return the Shapley values of the players on a scale."""
        at = self.scales.index(scale)
        return ShapValues(
            self.worths.values(at),
            self.worths.base(at),
            self.worths.players,
            UNITS[scale],
            n_background=self.n_background,
        )


def known_scales(model: FittedModel | ExceedanceModel) -> tuple[Scale, ...]:
    """Return the scales on which a model answers: a classifier knows no concentration."""
    every: tuple[Scale, ...] = tuple(UNITS)
    return every if has_distribution(model) else every[:2]


def scale_worths(
    model: FittedModel | ExceedanceModel,
    X: pd.DataFrame,
    *,
    coordinates: Coordinates | None = None,
    background: Background | None = None,
    players: Mapping[str, Sequence[str]],
    threshold: Limit | None = None,
    scales: Sequence[Scale] | None = None,
) -> ScaleWorths:
    """Return what players, such as roles, are worth on several scales, interventionally.

    What makes a place high and what makes it uncertain are two questions (Rohmer et al.
    2024), and a share of a chance is not one of its log-odds; the model is asked once for
    all of them. Covariates that say the same move together: where several players hold them,
    these are joint owners of one player, and share what it is worth alike.

    Parameters
    ----------
    model : FittedModel or fitted estimator
        One that gives the probability of exceedance, and the distribution for the scales
        ``median`` and ``width``.
    X : DataFrame, shape (n, n_covariates)
        Rows to explain.
    coordinates : array, shape (n, 2), optional
        Their easting, northing; needed for a model that uses them.
    background : Background
        What they are compared with; always needed.
    players : mapping of str to sequence of str
        Name and covariates of each; ``"location"`` stands for both coordinates.
    threshold : float or LimitRule, mg/kg, optional
        The limit; needed for an estimator, taken from a `FittedModel`.
    scales : sequence of str, optional
        All that the model knows by default.

    Raises
    ------
    ModelError
        The model does not know a scale, something it needs is missing, and as in
        `shapley_values`.

    References
    ----------
    Rohmer, J., et al. (2024). Insights into the prediction uncertainty of machine-learning-
    based digital soil mapping through a local attribution approach. SOIL 10, 679-697,
    10.5194/soil-10-679-2024.
    """
    estimator: Any = estimator_of(model)
    asked = tuple(known_scales(model) if scales is None else scales)
    told = [scale for scale in asked if scale in _OF_A_DISTRIBUTION]
    if told and not isinstance(estimator, DistributionModel):
        raise ModelError(
            f"{type(estimator).__name__} knows one limit and no concentration, so that it has "
            "neither a median nor an interval. Explain a model with a distribution."
        )
    if isinstance(model, FittedModel):
        model.catalogue.check_names([str(name) for name in X.columns])
        threshold = model.limit
    chance_asked = len(told) < len(asked)
    limit, other = _needed(model, coordinates, background, threshold, chance_asked=chance_asked)
    located = uses_coordinates(model)
    if isinstance(estimator, AnswersFromDistribution):
        # All scales of the same rows are questions to one distribution.
        estimator = AskedOnce(estimator)

    def answer(table: pd.DataFrame, places: Coordinates) -> Values:
        given = places if located else None
        columns: dict[Scale, Values] = {}
        if chance_asked:
            limits = limits_at(limit, table)
            chance = exceedance_at(estimator, table, limits, coordinates=given)
            inside = np.clip(chance, LOWEST_PROBABILITY, 1 - LOWEST_PROBABILITY)
            columns |= {"log-odds": logit(inside), "probability": chance}
        if isinstance(estimator, DistributionModel) and told:
            found = estimator.distribution(table, coordinates=given)
            if "median" in told:
                columns["median"] = np.log(found.quantile(0.5))
            if "width" in told:
                low, high = found.quantile(_TAIL), found.quantile(1 - _TAIL)
                columns["width"] = np.log(high) - np.log(low)
        return np.column_stack([columns[scale] for scale in asked])

    if coordinates is None or not located:
        # Places that make no difference are all the same one, and asked about once.
        coordinates = np.zeros((len(X), 2))
        other = Background(other.X, np.zeros((len(other), 2)))
    joint = played_jointly(model, players)
    worths = coalition_worths(
        answer,
        X,
        coordinates,
        background=other,
        players={" and ".join(owners): held for owners, held in joint.items()},
    )
    return ScaleWorths(asked, worths.among(list(joint), list(players)), len(other))


def played_jointly(
    model: FittedModel | ExceedanceModel, players: Mapping[str, Sequence[str]]
) -> dict[tuple[str, ...], tuple[str, ...]]:
    """Return the columns that move together, by the players that hold any of them.

    They are the players themselves, each alone, unless covariates of several say the same.
    """
    copies = copies_of(estimator_of(model))
    if copies is None:
        return {(name,): tuple(held) for name, held in players.items()}
    return copies.joint(players)


def player_values(
    model: FittedModel | ExceedanceModel,
    X: pd.DataFrame,
    *,
    players: Mapping[str, Sequence[str]],
    coordinates: Coordinates | None = None,
    background: Background | None = None,
    threshold: Limit | None = None,
) -> ShapValues:
    """Return interventional Shapley values of groups of covariates, in log-odds.

    The value of a group is not the sum of the values of its covariates unless the model is a
    sum: what two groups do only together is shared between them, whatever their sizes.
    Parameters and errors are as in `scale_worths`.
    """
    found = scale_worths(
        model,
        X,
        coordinates=coordinates,
        background=background,
        players=players,
        threshold=threshold,
        scales=("log-odds",),
    )
    return found.values("log-odds")


def _needed(
    model: FittedModel | ExceedanceModel,
    coordinates: Coordinates | None,
    background: Background | None,
    threshold: Limit | None,
    *,
    chance_asked: bool,
) -> tuple[Limit, Background]:
    """Return the limit and the background, and refuse to go on without what is needed."""
    kind = type(estimator_of(model)).__name__
    if chance_asked and not hasattr(estimator_of(model), "exceedance"):
        raise ModelError(
            f"{kind} gives no probability of exceedance. Explain a model that does."
        )
    missing = [
        name
        for name, given in (
            ("background (see choose_background)", background),
            ("threshold in mg/kg", threshold if chance_asked else 0),
            ("coordinates", coordinates if uses_coordinates(model) else 0),
        )
        if given is None
    ]
    if background is None or missing:
        raise ModelError(
            f"{kind} is explained by comparison, and its {' and '.join(missing)} must be "
            f"known. Give {'them' if missing[1:] else 'it'}."
        )
    return 0.0 if threshold is None else threshold, background
