"""Contributions to the median concentration, and to how wide its interval is."""

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
import pandas as pd

from hotspot.errors import ModelError
from hotspot.estimators.base import ExceedanceModel
from hotspot.estimators.distribution import PredictiveDistribution
from hotspot.estimators.fitted import FittedModel
from hotspot.explanations.background import Background
from hotspot.explanations.shapley import Values, shapley_values
from hotspot.explanations.values import ShapValues, estimator_of, uses_coordinates
from hotspot.grid import Coordinates

MEDIAN_UNIT = "ln(mg/kg)"
WIDTH_UNIT = "ln(mg/kg), width of the 90 % interval"


@runtime_checkable
class DistributionModel(Protocol):
    """A model that answers with distributions of the concentration."""

    def distribution(
        self, X: pd.DataFrame, *, coordinates: Coordinates | None = None
    ) -> PredictiveDistribution:
        """Return the distribution of a new measurement at each row."""
        ...


def has_distribution(model: FittedModel | ExceedanceModel) -> bool:
    """Return whether a model knows the concentration, and not one limit only."""
    return isinstance(estimator_of(model), DistributionModel)


def median_values(
    model: FittedModel | ExceedanceModel,
    X: pd.DataFrame,
    *,
    coordinates: Coordinates,
    background: Background,
    players: Mapping[str, Sequence[str]],
) -> ShapValues:
    """Return what players, such as roles, add to the logarithm of the median concentration.

    Parameters
    ----------
    model : FittedModel or fitted estimator
        One that knows the distribution of the concentration.
    X : DataFrame, shape (n, n_covariates)
        Rows to explain.
    coordinates : array, shape (n, 2)
        Their easting, northing.
    background : Background
        What they are compared with.
    players : mapping of str to sequence of str
        Name and covariates of each; ``"location"`` stands for both coordinates.

    Returns
    -------
    ShapValues
        In ``ln(mg/kg)``: +0.69 doubles the median concentration.

    Raises
    ------
    ModelError
        The model knows no distribution; and as in `shapley_values`.
    """

    def target(found: PredictiveDistribution) -> Values:
        return np.log(found.quantile(0.5))

    return _values(model, X, coordinates, background, (players, target, MEDIAN_UNIT))


def width_values(
    model: FittedModel | ExceedanceModel,
    X: pd.DataFrame,
    *,
    coordinates: Coordinates,
    background: Background,
    players: Mapping[str, Sequence[str]],
) -> ShapValues:
    """Return what players add to the width of the 90 % interval of the log concentration.

    What makes a place high and what makes it uncertain are two questions (Rohmer et al.
    2024); this is the second. Parameters and errors are as in `median_values`.

    Returns
    -------
    ShapValues
        Of ln(95 % quantile) - ln(5 % quantile): +0.69 makes the ratio of the interval's ends
        twice as large.
    """

    def target(found: PredictiveDistribution) -> Values:
        return np.log(found.quantile(0.95)) - np.log(found.quantile(0.05))

    return _values(model, X, coordinates, background, (players, target, WIDTH_UNIT))


def _values(
    model: FittedModel | ExceedanceModel,
    X: pd.DataFrame,
    coordinates: Coordinates,
    background: Background,
    asked: tuple[Mapping[str, Sequence[str]], object, str],
) -> ShapValues:
    estimator = estimator_of(model)
    if not isinstance(estimator, DistributionModel):
        raise ModelError(
            f"{type(estimator).__name__} knows one limit and no concentration, so that it has "
            "neither a median nor an interval. Explain a model with a distribution."
        )
    players, target, unit = asked
    located = uses_coordinates(model)

    def answer(table: pd.DataFrame, places: Coordinates) -> Values:
        found = estimator.distribution(table, coordinates=places if located else None)
        return np.asarray(target(found), dtype=np.float64)  # type: ignore[operator]

    if not located:
        # Places that make no difference are all the same one, and asked about once.
        coordinates = np.zeros((len(X), 2))
        background = Background(background.X, np.zeros((len(background), 2)))
    values, base = shapley_values(
        answer, X, coordinates, background=background, players=players
    )
    return ShapValues(values, base, tuple(players), unit, n_background=len(background))
