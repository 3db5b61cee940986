"""Regression kriging: a trend on covariates, and kriging of what it leaves."""

import math
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from hotspot.errors import ModelError, few
from hotspot.estimators.classifier import require
from hotspot.estimators.distribution import LogLocationScale
from hotspot.estimators.kriging import Kriged, Kriging
from hotspot.estimators.kriging_base import (
    N_ROUNDS,
    ConcentrationKriging,
    Folds,
    as_distribution,
    check_bounds,
    check_places,
    make_system,
    own_order,
    thinned,
)
from hotspot.estimators.kriging_censoring import (
    Evidence,
    LogIntervals,
    first_evidence,
    log_intervals,
    own_spread,
    settle,
    shifted,
)
from hotspot.estimators.kriging_trend import DriftBasis, Forest, dummies
from hotspot.estimators.table import Matrix, known_rows, prediction_table, training_table
from hotspot.estimators.variogram import VariogramFit, VariogramModel
from hotspot.grid import Coordinates

Values = NDArray[np.float64]

TRENDS = ("ridge", "forest")
# Samples that a penalty is found from, evenly chosen from west to east.
_MOST_TUNED = 1000
# Prior variance of a coefficient, as one over so many times the variance of the samples.
_PENALTIES = tuple(float(10**power) for power in np.arange(-1.0, 3.01, 0.5))


class RegressionKriging(ConcentrationKriging):
    """A trend of the log concentration on covariates, and kriging of what it leaves.

    With ``trend="ridge"`` trend and residuals form one system, universal kriging with a
    penalised drift: the predictive variance holds the residual's and the coefficients'. The
    drift is each numeric covariate, the square root of its height above the least sampled
    value, and a column per class. The penalty is the one under which samples left out one at
    a time have the highest density. With ``trend="forest"`` a random forest learns the
    trend, and the residuals kriged are those of trees that did not see the sample: their
    variogram is not over-fitted, and their variance holds the error of the forest.

    Parameters
    ----------
    categorical : tuple of str
        Covariates that hold codes of classes.
    trend : "ridge" or "forest"
    model : "sph", "exp" or "mat"
        Family of the variogram of the residuals.
    n_neighbours : int, optional
        As in `OrdinaryKriging`; a ridge trend keeps the coefficients of the whole survey.
    n_trees : int
        Of the forest.
    random_state : int
        Seed of the forest.
    n_jobs : int
        Threads that grow the forest; the result does not depend on it.

    Attributes
    ----------
    feature_names_in_ : array of str, shape (n_covariates,)
        Covariates in the order that every later table must have.
    n_features_in_ : int
        Their number.
    levels_ : dict of str to array
        Codes seen in training, by categorical covariate.
    variogram_ : VariogramModel
        Of the residuals.
    penalty_ : float
        Of the standardised columns of a ridge trend; NaN for a forest.
    n_samples_, n_censored_ : int
        Samples learnt from, and how many of them are no measured values.

    References
    ----------
    Hengl, T., Heuvelink, G. B. M. & Rossiter, D. G. (2007). About regression-kriging: from
    equations to case studies. Computers & Geosciences 33, 1301-1315,
    10.1016/j.cageo.2007.05.001.

    Examples
    --------
    >>> place = np.column_stack([np.arange(60.0), np.zeros(60)])
    >>> X = pd.DataFrame({"slope": np.cos(np.arange(60.0))})
    >>> zinc = np.exp(5 + X["slope"].to_numpy() + 0.1 * np.sin(np.arange(60.0) ** 2))
    >>> model = RegressionKriging().fit(X, zinc, zinc, coordinates=place)
    >>> new = pd.DataFrame({"slope": [0.0, np.nan]})
    >>> low, gap = np.log(model.quantile(new, 0.5, coordinates=place[:2] + 0.5))
    >>> bool(abs(low - 5) < 0.1), bool(np.isnan(gap))
    (True, True)
    """

    kind: ClassVar[str] = "regression_kriging"

    def __init__(
        self,
        categorical: tuple[str, ...] = (),
        trend: str = "ridge",
        model: str = "exp",
        n_neighbours: int | None = None,
        n_trees: int = 500,
        random_state: int = 0,
        n_jobs: int | None = 1,
    ) -> None:
        self.categorical = categorical
        self.trend = trend
        self.model = model
        self.n_neighbours = n_neighbours
        self.n_trees = n_trees
        self.random_state = random_state
        self.n_jobs = n_jobs

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
        require("n_trees", self.n_trees, low=1)
        if self.trend not in TRENDS:
            raise ModelError(
                f"There is no trend {self.trend!r} for kriging. Choose one of {few(TRENDS)}."
            )
        names, matrix = training_table(X, tuple(self.categorical))
        places = check_places(coordinates, len(matrix), complete=True)
        intervals = log_intervals(*check_bounds(lower, upper, len(matrix)))
        order = own_order(intervals, places, matrix)
        matrix, places, intervals = matrix[order], places[order], intervals.take(order)
        self.feature_names_in_ = np.array(names, dtype=object)
        self.n_features_in_ = len(names)
        self.levels_ = {
            name: np.unique(matrix[:, names.index(name)]) for name in self.categorical
        }
        self._counted(intervals, order)
        self._matrix = matrix
        if self.trend == "ridge":
            self._learn_ridge(places, intervals)
        else:
            self._learn_forest(places, intervals)
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
        places = check_places(coordinates, len(matrix), complete=False)
        known = known_rows(matrix, names, self.levels_)
        value, variance = np.full(len(matrix), np.nan), np.full(len(matrix), np.nan)
        if known.any():
            reach = self._reach(self.n_samples_)
            if self.trend == "ridge":
                columns = self._basis.columns(matrix[known])
                found = self._kriging.predict(places[known], columns, n_neighbours=reach)
                value[known], variance[known] = found.value, found.variance
            else:
                found = self._kriging.predict(places[known], n_neighbours=reach)
                trend = self._forest.predict(dummies(matrix[known], self._positions))
                value[known], variance[known] = found.value + trend, found.variance
        return as_distribution(Kriged(value, variance))

    @property
    def _positions(self) -> dict[int, Values]:
        names = self.feature_names_in_.tolist()
        return {names.index(name): codes for name, codes in self.levels_.items()}

    def _learn_ridge(self, places: Coordinates, intervals: LogIntervals) -> None:
        self._basis = DriftBasis.of(self._matrix, self._positions)
        drift = self._basis.columns(self._matrix)
        design = np.column_stack([np.ones(len(drift)), drift])
        reach = self._reach(len(places))
        evidence = first_evidence(intervals)
        # At first all is nugget, and the drift a plain ridge regression.
        whole = max(float(np.var(evidence.expected) + own_spread(evidence).mean()), 1e-12)
        fit = VariogramFit(VariogramModel(self.model, whole, 0.0, 1.0), math.nan)
        for last in (False, False, False, True):
            self.penalty_ = self._tuned_penalty(places, evidence, drift, fit.model)
            system = make_system(places, fit.model, drift, self.penalty_)
            evidence = settle(evidence, intervals, system, n_neighbours=reach)
            if last:
                break
            known = system(evidence.value, evidence.noise).coefficients
            residual = evidence.expected - design @ known.value
            # Residuals at the samples vary less than elsewhere, by the leverage.
            leverage = np.einsum("ij,jk,ik->i", design, known.covariance, design)
            share = np.minimum(leverage / fit.model.total, 0.9)
            fit = self._fit_variogram(places, residual / np.sqrt(1.0 - share), evidence.spread)
        self._use(fit)
        self._kriging = system(evidence.value, evidence.noise)

    def _tuned_penalty(
        self,
        places: Coordinates,
        evidence: Evidence,
        drift: Values,
        variogram: VariogramModel,
    ) -> float:
        """Return the penalty of the highest leave-one-out density of measured samples."""
        kept = thinned(places, _MOST_TUNED)
        measured = evidence.noise[kept] == 0
        best, lowest = math.nan, math.inf
        system = make_system(places[kept], variogram, drift[kept], 1.0)
        kriging = system(evidence.value[kept], evidence.noise[kept])
        for share in _PENALTIES:
            penalty = share / variogram.total
            found = kriging.with_penalty(np.full(drift.shape[1], penalty)).leave_out()
            variance = np.maximum(found.variance[measured], 1e-12)
            error = evidence.value[kept][measured] - found.value[measured]
            loss = float((np.log(variance) + error**2 / variance).mean())
            if loss < lowest:
                best, lowest = penalty, loss
        return best

    def _learn_forest(self, places: Coordinates, intervals: LogIntervals) -> None:
        reach = self._reach(len(places))
        self.penalty_ = math.nan
        evidence = first_evidence(intervals)
        for _ in range(N_ROUNDS if self.n_censored_ else 1):
            self._targets = evidence.expected
            self._forest, trend = self._grow(self._matrix, self._targets)
            left = shifted(evidence, trend)
            fit = self._fit_variogram(places, left.expected, left.spread)
            system = make_system(places, fit.model)
            left = settle(left, intervals.shifted(trend), system, n_neighbours=reach)
            evidence = shifted(left, -trend)
        self._use(fit)
        self._trend = trend
        self._kriging = system(left.value, left.noise)

    def _grow(self, matrix: Matrix, targets: Values) -> tuple[Forest, Values]:
        return Forest.grow(
            dummies(matrix, self._positions),
            targets,
            n_trees=int(self.n_trees),
            random_state=int(self.random_state),
            n_jobs=self.n_jobs,
        )

    def _left_out(self, folds: Folds) -> Kriged:
        reach = self._reach(self.n_samples_)
        if self.trend == "ridge":
            return self._kriging.leave_out(folds, n_neighbours=reach)
        # No closed form for a forest: it is grown again without each fold.
        kriging, value, variance = self._kriging, np.empty(len(folds)), np.empty(len(folds))
        noise = np.zeros(len(folds)) if kriging.noise is None else kriging.noise
        for label in np.unique(folds):
            test = folds == label
            forest, trend = self._grow(self._matrix[~test], self._targets[~test])
            whole = kriging.values + self._trend
            rest = Kriging(
                kriging.coordinates[~test],
                whole[~test] - trend,
                self.variogram_,
                noise=noise[~test],
            )
            found = rest.predict(kriging.coordinates[test], n_neighbours=reach)
            at = forest.predict(dummies(self._matrix[test], self._positions))
            value[test], variance[test] = found.value + at, found.variance
        return Kriged(value, variance)

    def _fitted_state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        fitted, arrays = super()._fitted_state()
        fitted |= {
            "names": [str(name) for name in self.feature_names_in_],
            "levels": {name: codes.tolist() for name, codes in self.levels_.items()},
        }
        arrays["matrix"] = self._matrix
        if self.trend == "ridge":
            fitted["penalty"] = self.penalty_
        else:
            arrays |= {"targets": self._targets, "trend": self._trend}
            arrays |= self._forest.to_arrays()
        return fitted, arrays

    def _restore(self, fitted: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> None:
        super()._restore(fitted, arrays)
        self.feature_names_in_ = np.array(fitted["names"], dtype=object)
        self.n_features_in_ = len(fitted["names"])
        self.levels_ = {
            name: np.array(codes, dtype=np.float64) for name, codes in fitted["levels"].items()
        }
        self._matrix = arrays["matrix"]
        if self.trend == "ridge":
            self.penalty_ = float(fitted["penalty"])
            self._basis = DriftBasis.of(self._matrix, self._positions)
            system = make_system(
                self._kriging.coordinates,
                self.variogram_,
                self._basis.columns(self._matrix),
                self.penalty_,
            )
            self._kriging = system(arrays["values"], arrays["noise"])
        else:
            self.penalty_ = math.nan
            self._targets, self._trend = arrays["targets"], arrays["trend"]
            n_columns = dummies(self._matrix[:1], self._positions).shape[1]
            self._forest = Forest.from_arrays(arrays, n_columns)
