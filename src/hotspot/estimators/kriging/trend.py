"""Kriging of what a trend on covariates leaves: what every kind of trend shares."""

from abc import abstractmethod
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from hotspot.estimators.distribution import LogLocationScale
from hotspot.estimators.intervals import LogIntervals, check_bounds, log_intervals
from hotspot.estimators.kriging.base import (
    ConcentrationKriging,
    as_distribution,
    own_order,
)
from hotspot.estimators.kriging.predictor import Kriged
from hotspot.estimators.places import check_places
from hotspot.estimators.table import (
    Matrix,
    known_rows,
    levels_as_json,
    levels_from_json,
    prediction_table,
    seen_levels,
    training_table,
)
from hotspot.grid import Coordinates

Values = NDArray[np.float64]


class TrendKriging(ConcentrationKriging):
    """A trend of the log concentration on covariates, and kriging of what it leaves."""

    categorical: tuple[str, ...]
    levels_: dict[str, Values]
    feature_names_in_: NDArray[Any]
    n_features_in_: int
    _matrix: Matrix

    def fit(
        self,
        X: pd.DataFrame | Matrix,
        lower: Values,
        upper: Values,
        *,
        coordinates: Coordinates | None = None,
    ) -> Self:
        """Learn from intervals of concentration.

        Parameters
        ----------
        X : DataFrame, shape (n, n_covariates)
            No missing value.
        lower, upper, coordinates
            As in `OrdinaryKriging.fit`.

        Raises
        ------
        ModelError
            `X` or the coordinates are incomplete, lengths differ, a parameter is out of
            range, an interval is none, or fewer than two samples were measured.
        """
        self._check_parameters()
        names, matrix = training_table(X, tuple(self.categorical))
        places = check_places(coordinates, len(matrix), learner="Kriging", complete=True)
        intervals = log_intervals(*check_bounds(lower, upper, len(matrix)), learner="Kriging")
        order = own_order(intervals, places, matrix)
        matrix, places, intervals = matrix[order], places[order], intervals.take(order)
        self.feature_names_in_ = np.array(names, dtype=object)
        self.n_features_in_ = len(names)
        self.levels_ = seen_levels(matrix, names, self.categorical)
        self._counted(intervals, order)
        self._matrix = matrix
        self._learn(places, intervals)
        return self

    def distribution(
        self, X: pd.DataFrame | Matrix, *, coordinates: Coordinates | None = None
    ) -> LogLocationScale:
        """Return the distribution of a new measurement at each row.

        Parameters
        ----------
        X : DataFrame, shape (n, n_covariates)
            The covariates of `fit`, in their order. A missing value, a missing coordinate,
            or a class that no sample had, gives NaN: never a guess.
        coordinates : array, shape (n, 2), metres
            Easting, northing.
        """
        check_is_fitted(self)
        names = [str(name) for name in self.feature_names_in_]
        matrix = prediction_table(X, names)
        places = check_places(coordinates, len(matrix), learner="Kriging")
        known = known_rows(matrix, names, self.levels_)
        known &= np.isfinite(places).all(axis=1)
        value, variance = np.full(len(matrix), np.nan), np.full(len(matrix), np.nan)
        if known.any():
            found = self._krige(places[known], matrix[known])
            value[known], variance[known] = found.value, found.variance
        return as_distribution(Kriged(value, variance))

    @property
    def _positions(self) -> dict[int, Values]:
        names = self.feature_names_in_.tolist()
        return {names.index(name): codes for name, codes in self.levels_.items()}

    @abstractmethod
    def _learn(self, places: Coordinates, intervals: LogIntervals) -> None:
        """Learn trend and variogram from complete samples in their own order."""

    @abstractmethod
    def _krige(self, places: Coordinates, matrix: Matrix) -> Kriged:
        """Return trend and kriged residual at complete rows."""

    def _fitted_state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        fitted, arrays = super()._fitted_state()
        fitted |= {
            "names": [str(name) for name in self.feature_names_in_],
            "levels": levels_as_json(self.levels_),
        }
        return fitted, arrays | {"matrix": self._matrix}

    def _restore(self, fitted: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> None:
        super()._restore(fitted, arrays)
        self.feature_names_in_ = np.array(fitted["names"], dtype=object)
        self.n_features_in_ = len(fitted["names"])
        self.levels_ = levels_from_json(fitted["levels"])
        self._matrix = arrays["matrix"]
