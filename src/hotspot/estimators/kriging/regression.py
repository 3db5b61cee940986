"""Regression kriging: a ridge trend on covariates, in one system with the residuals."""

import math
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from hotspot.estimators.intervals import LogIntervals
from hotspot.estimators.kriging.base import Folds, make_system, thinned
from hotspot.estimators.kriging.censoring import Evidence, first_evidence, own_spread, settle
from hotspot.estimators.kriging.predictor import Kriged
from hotspot.estimators.kriging.trend import TrendKriging
from hotspot.estimators.kriging.trend_columns import DriftBasis
from hotspot.estimators.kriging.variogram import VariogramFit, VariogramModel
from hotspot.estimators.sampled_range import SampledRange
from hotspot.estimators.table import Matrix
from hotspot.grid import Coordinates

Values = NDArray[np.float64]

# Samples that a penalty is found from, evenly chosen from west to east.
_MOST_TUNED = 1000
# Prior variance of a coefficient, as one over so many times the variance of the samples.
_PENALTIES = tuple(float(10**power) for power in np.arange(-1.0, 3.01, 0.5))


class RegressionKriging(TrendKriging):
    """A straight trend of the log concentration on covariates, and kriging of what it leaves.

    Trend and residuals form one system, universal kriging with a penalised drift: the
    predictive variance holds the residual's and the coefficients'. The drift is each numeric
    covariate, the square root of its height above the least sampled value, and a column per
    class. The penalty is the one under which samples left out one at a time have the highest
    density. Beyond the sampled values of a covariate the trend is level and its doubt grows
    (`SampledRange`).

    Parameters
    ----------
    categorical : tuple of str
        Covariates that hold codes of classes.
    model : "sph", "exp" or "mat"
        Family of the variogram of the residuals.
    n_neighbours : int, optional
        As in `OrdinaryKriging`; the coefficients are those of the whole survey.

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
        Of the standardised columns.
    n_samples_, n_censored_ : int
        Samples learnt from, and how many of them are no measured values.

    References
    ----------
    Hengl, T., Heuvelink, G. B. M. & Rossiter, D. G. (2007). About regression-kriging: from
    equations to case studies. Computers & Geosciences 33, 1301-1315,
    10.1016/j.cageo.2007.05.001.

    Examples
    --------
    >>> import pandas as pd
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
        model: str = "exp",
        n_neighbours: int | None = None,
    ) -> None:
        self.categorical = categorical
        self.model = model
        self.n_neighbours = n_neighbours

    def _learn(self, places: Coordinates, intervals: LogIntervals) -> None:
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

    def _krige(self, places: Coordinates, matrix: Matrix) -> Kriged:
        found = self._along_trend(places, matrix)
        sampled = SampledRange.of(self._matrix, self._positions)
        beyond = sampled.beyond(matrix)
        if not beyond.any():
            return found
        level = self._along_trend(places[beyond], sampled.nearest(matrix[beyond]))
        value, variance = found.value.copy(), found.variance.copy()
        value[beyond] = level.value
        variance[beyond] = np.maximum(variance[beyond], level.variance)
        return Kriged(value, variance)

    def _along_trend(self, places: Coordinates, matrix: Matrix) -> Kriged:
        columns = self._basis.columns(matrix)
        return self._kriging.predict(places, columns, n_neighbours=self._reach(self.n_samples_))

    def _left_out(self, folds: Folds) -> Kriged:
        return self._kriging.leave_out(folds, n_neighbours=self._reach(self.n_samples_))

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

    def _fitted_state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        fitted, arrays = super()._fitted_state()
        return fitted | {"penalty": self.penalty_}, arrays

    def _restore(self, fitted: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> None:
        super()._restore(fitted, arrays)
        self.penalty_ = float(fitted["penalty"])
        self._basis = DriftBasis.of(self._matrix, self._positions)
        system = make_system(
            self._kriging.coordinates,
            self.variogram_,
            self._basis.columns(self._matrix),
            self.penalty_,
        )
        self._kriging = system(arrays["values"], arrays["noise"])
