"""What the tree-based models of the concentration share: names, intervals, places, state."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from hotspot.estimators.answers import AnswersFromDistribution
from hotspot.estimators.base import ModelState, params_as_json, params_from_json
from hotspot.estimators.classifier import require
from hotspot.estimators.distribution import PredictiveDistribution
from hotspot.estimators.intervals import check_bounds, log_intervals
from hotspot.estimators.places import check_places
from hotspot.estimators.table import (
    Matrix,
    known_rows,
    levels_as_json,
    levels_from_json,
    mean_one_weights,
    prediction_table,
    seen_levels,
    training_table,
)
from hotspot.grid import Coordinates

Values = NDArray[np.float64]


@dataclass(frozen=True)
class TrainingRows:
    """Samples in an order that does not depend on the order they came in.

    Parameters
    ----------
    matrix : array, shape (n, n_covariates)
        Complete.
    places : array, shape (n, 2), optional
        Easting and northing about their mean, metres.
    low, high : array, shape (n,)
        Bounds of the natural logarithm of the concentration.
    weight : array, shape (n,)
        How much each sample counts; the mean is 1.
    """

    matrix: Matrix
    places: Coordinates | None
    low: Values
    high: Values
    weight: Values


class TreeModel(AnswersFromDistribution, BaseEstimator, ABC):
    """A model of the concentration for any limit, from covariates and places.

    A subclass learns from `TrainingRows` and answers with a distribution; this class checks
    what comes in, leaves rows that it cannot know as NaN, and takes the model apart.

    Attributes
    ----------
    feature_names_in_ : array of str, shape (n_covariates,)
        Covariates in the order that every later table must have.
    n_features_in_ : int
        Their number.
    levels_ : dict of str to array
        Codes seen in training, by categorical covariate.
    n_samples_, n_censored_ : int
        Samples learnt from, and how many of them are intervals.
    centre_ : array, shape (2,)
        Mean easting and northing of the samples; NaN where none were given.
    """

    kind: ClassVar[str]
    _machine_parameters: ClassVar[frozenset[str]] = frozenset({"n_jobs"})

    categorical: tuple[str, ...]
    use_coordinates: bool
    n_axes: int

    def fit(
        self,
        X: pd.DataFrame | Matrix,
        lower: Values,
        upper: Values,
        *,
        coordinates: Coordinates | None = None,
        sample_weight: Values | None = None,
    ) -> Self:
        """Learn from intervals of concentration.

        Parameters
        ----------
        X : DataFrame, shape (n, n_covariates)
            No missing value.
        lower, upper : array, shape (n,), mg/kg
            The interval that holds each concentration; equal where it was measured.
        coordinates : array, shape (n, 2)
            Easting and northing; needed where the model uses them.
        sample_weight : array, shape (n,), optional
            How much each sample counts; only the ratios matter.

        Raises
        ------
        ModelError
            `X` or the coordinates are incomplete, lengths differ, a bound is not one, or a
            parameter is out of range.
        """
        self._check_parameters()
        names, matrix = training_table(X, tuple(self.categorical))
        lower, upper = check_bounds(lower, upper, len(matrix))
        places = self._places(coordinates, len(matrix), complete=True)
        weight = mean_one_weights(sample_weight, len(matrix))
        logs = log_intervals(lower, upper, learner="A forest or boosted trees")
        low, high = logs.low, logs.high
        keys = [weight, high, low, *([] if places is None else places.T), *matrix.T]
        order = np.lexsort(keys)
        # A sample that counts for nothing tells nothing, not even of the spread.
        order = order[weight[order] > 0]
        weight = weight * (len(order) / len(weight))
        self.centre_ = np.full(2, np.nan)
        if places is not None:
            self.centre_ = places[order].mean(axis=0)
            places = places[order] - self.centre_
        self.feature_names_in_ = np.array(names, dtype=object)
        self.n_features_in_ = len(names)
        self.levels_ = seen_levels(matrix[order], names, self.categorical)
        self.n_samples_ = len(order)
        self.n_censored_ = int((low < high)[order].sum())
        self._learn(TrainingRows(matrix[order], places, low[order], high[order], weight[order]))
        return self

    def distribution(
        self, X: pd.DataFrame | Matrix, *, coordinates: Coordinates | None = None
    ) -> PredictiveDistribution:
        """Return the distribution of a new measurement at each row.

        Parameters
        ----------
        X : DataFrame, shape (n, n_covariates)
            The covariates of `fit`, in their order. A missing value, a missing coordinate,
            or a class that no sample had, gives NaN: never a guess.
        coordinates : array, shape (n, 2)
            Easting and northing; needed where the model uses them.

        Raises
        ------
        ModelError
            Other covariates, or coordinates are wanting.
        """
        matrix, places, known = self._read(X, coordinates)
        return self._answer(matrix, places, known)

    def to_state(self) -> ModelState:
        """Return the fitted model as inert data."""
        check_is_fitted(self)
        fitted, files = self._fitted_state()
        values = {
            "params": params_as_json(self.get_params(deep=False), self._machine_parameters),
            "names": [str(name) for name in self.feature_names_in_],
            "levels": levels_as_json(self.levels_),
            "n_samples": self.n_samples_,
            "n_censored": self.n_censored_,
            "centre": None if np.isnan(self.centre_).any() else self.centre_.tolist(),
            "fitted": fitted,
        }
        return ModelState(kind=self.kind, values=values, files=files)

    @classmethod
    def from_state(cls, state: ModelState) -> Self:
        """Return the fitted model that `to_state` described."""
        values = state.values
        model = cls(**params_from_json(values["params"]))
        model.feature_names_in_ = np.array(values["names"], dtype=object)
        model.n_features_in_ = len(values["names"])
        model.levels_ = levels_from_json(values["levels"])
        model.n_samples_ = int(values["n_samples"])
        model.n_censored_ = int(values["n_censored"])
        centre = values["centre"]
        model.centre_ = np.full(2, np.nan) if centre is None else np.array(centre, np.float64)
        model._restore(values["fitted"], state.files)
        return model

    @abstractmethod
    def _learn(self, rows: TrainingRows) -> None:
        """Learn from complete rows."""

    @abstractmethod
    def _answer(
        self, matrix: Matrix, places: Coordinates | None, known: NDArray[np.bool_]
    ) -> PredictiveDistribution:
        """Return distributions of all rows, NaN where not known."""

    @abstractmethod
    def _fitted_state(self) -> tuple[dict[str, Any], dict[str, bytes]]:
        """Return what `_learn` found, as JSON values and files."""

    @abstractmethod
    def _restore(self, fitted: dict[str, Any], files: dict[str, bytes]) -> None:
        """Set what `_fitted_state` returned."""

    def _check_parameters(self) -> None:
        require("n_axes", self.n_axes, low=2, high=36)
        require("n_jobs", self.get_params()["n_jobs"], low=1)
        require("random_state", self.get_params()["random_state"], low=0, high=2**31 - 1)

    def _read(
        self, X: pd.DataFrame | Matrix, coordinates: Coordinates | None
    ) -> tuple[Matrix, Coordinates | None, NDArray[np.bool_]]:
        """Return covariates, centred places, and which rows the model may answer for."""
        check_is_fitted(self)
        names = [str(name) for name in self.feature_names_in_]
        matrix = prediction_table(X, names)
        known = known_rows(matrix, names, self.levels_)
        places = self._places(coordinates, len(matrix))
        if places is not None:
            places = places - self.centre_
            known &= np.isfinite(places).all(axis=1)
        return matrix, places, known

    def _needs_places(self) -> bool:
        return bool(self.use_coordinates)

    def _places(
        self, coordinates: Coordinates | None, n: int, *, complete: bool = False
    ) -> Coordinates | None:
        if not self._needs_places():
            return None
        return check_places(coordinates, n, learner=type(self).__name__, complete=complete)

    def _design(self, matrix: Matrix, places: Coordinates | None) -> Matrix:
        """Return the covariates and, where used, the places along `n_axes` directions.

        Easting and northing come first, then the oblique axes between them (Møller et al.
        2020, 10.5194/soil-6-269-2020).
        """
        if places is None or not self.use_coordinates:
            return matrix
        angle = np.arange(1, self.n_axes) * np.pi / self.n_axes
        oblique = angle[np.abs(np.cos(angle)) > 1e-9]
        turned = places @ np.stack([np.cos(oblique), np.sin(oblique)])
        return np.hstack([matrix, places, turned])
