"""Kriging without covariates, as models of the concentration and of one limit."""

import math
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from hotspot.errors import ModelError, few
from hotspot.estimators.distribution import LogLocationScale
from hotspot.estimators.intervals import check_bounds, log_intervals
from hotspot.estimators.kriging.base import (
    N_ROUNDS,
    ConcentrationKriging,
    Folds,
    KrigingModel,
    as_distribution,
    make_system,
    own_order,
)
from hotspot.estimators.kriging.censoring import first_evidence, settle
from hotspot.estimators.kriging.predictor import Kriged, Kriging
from hotspot.estimators.places import check_places
from hotspot.estimators.table import Matrix
from hotspot.grid import Coordinates
from hotspot.observations.limits.exceedance import exceedance_labels

Values = NDArray[np.float64]


class OrdinaryKriging(ConcentrationKriging):
    """Log-normal ordinary kriging: what the samples around say, without any covariate.

    It is the baseline that covariates have to beat. The logarithm of the concentration is
    normal about the kriged value with the kriging variance of a new sample. Numbers equal
    those of gstat with the same variogram.

    Parameters
    ----------
    model : "sph", "exp" or "mat"
        Family of the variogram; Matérn with a smoothness of 0.5 is the exponential.
    n_neighbours : int, optional
        Krige with so many nearest samples; by default with all up to 2000 samples, with 40
        beyond.

    Attributes
    ----------
    variogram_ : VariogramModel
        Of the logarithm of the concentration.
    n_samples_, n_censored_ : int
        Samples learnt from, and how many of them are no measured values.

    References
    ----------
    Pebesma, E. J. (2004). Multivariable geostatistics in S: the gstat package. Computers &
    Geosciences 30, 683-691, 10.1016/j.cageo.2004.03.012.

    Examples
    --------
    >>> easting, northing = np.meshgrid(np.arange(8.0), np.arange(8.0))
    >>> places = 100 * np.column_stack([easting.ravel(), northing.ravel()])
    >>> zinc = np.exp(5 + np.sin(places[:, 0] / 200))
    >>> model = OrdinaryKriging().fit(None, zinc, zinc, coordinates=places)
    >>> median = model.quantile(None, 0.5, coordinates=np.array([[350.0, 350.0]]))
    >>> bool(abs(median[0] / np.exp(5 + np.sin(1.75)) - 1) < 0.05)
    True
    """

    kind: ClassVar[str] = "ordinary_kriging"

    def __init__(self, model: str = "sph", n_neighbours: int | None = None) -> None:
        self.model = model
        self.n_neighbours = n_neighbours

    def fit(
        self,
        X: pd.DataFrame | Matrix | None,
        lower: Values,
        upper: Values,
        *,
        coordinates: Coordinates | None = None,
    ) -> Self:
        """Learn from intervals of concentration.

        Parameters
        ----------
        X : DataFrame, optional
            Not used.
        lower, upper : array, shape (n,), mg/kg
            The interval that holds each concentration; equal where it was measured. A
            measured 0 counts as a non-detect at the smallest positive bound of the survey.
        coordinates : array, shape (n, 2), metres
            Easting, northing.

        Raises
        ------
        ModelError
            Coordinates are missing, lengths differ, a parameter is out of range, an interval
            is none, or fewer than two samples were measured.
        """
        self._check_parameters()
        lower, upper = np.asarray(lower, np.float64), np.asarray(upper, np.float64)
        places = check_places(coordinates, len(lower), learner="Kriging", complete=True)
        intervals = log_intervals(*check_bounds(lower, upper, len(places)), learner="Kriging")
        order = own_order(intervals, places)
        places, intervals = places[order], intervals.take(order)
        self._counted(intervals, order)
        reach = self._reach(len(places))
        evidence = first_evidence(intervals)
        for _ in range(N_ROUNDS if self.n_censored_ else 1):
            fit = self._fit_variogram(places, evidence.expected, evidence.spread)
            system = make_system(places, fit.model)
            evidence = settle(evidence, intervals, system, n_neighbours=reach)
        self._use(fit)
        self._kriging = system(evidence.value, evidence.noise)
        return self

    def distribution(
        self,
        X: pd.DataFrame | Matrix | None,
        *,
        coordinates: Coordinates | None = None,
    ) -> LogLocationScale:
        """Return the distribution of a new measurement at each place.

        Parameters
        ----------
        X : DataFrame, optional
            Not used, also where values are missing.
        coordinates : array, shape (n, 2), metres
            Easting, northing; NaN gives NaN.
        """
        check_is_fitted(self)
        places = check_places(coordinates, _length(X, coordinates), learner="Kriging")
        return as_distribution(
            self._kriging.predict(places, n_neighbours=self._reach(self.n_samples_))
        )

    def _left_out(self, folds: Folds) -> Kriged:
        return self._kriging.leave_out(folds, n_neighbours=self._reach(self.n_samples_))


class IndicatorKriging(KrigingModel):
    """Kriging of 'exceeds' as 1 and 'does not' as 0: a probability without a distribution.

    Samples whose interval straddles the limit are left out and counted. Kriged indicators
    outside [0, 1] are moved to its ends, as is usual.

    Parameters
    ----------
    threshold : float, mg/kg
        The one limit, above 0.
    model : "sph", "exp" or "mat"
        Family of the variogram of the indicator.
    n_neighbours : int, optional
        As in `OrdinaryKriging`.

    Attributes
    ----------
    variogram_ : VariogramModel
        Of the indicator.
    n_samples_, n_unknown_ : int
        Samples learnt from, and samples left out because their label is unknown.
    prevalence_ : float
        Share of exceedances among the samples learnt from.
    classes_ : array
        ``[0, 1]``: at or below, above the threshold.

    References
    ----------
    Journel, A. G. (1983). Nonparametric estimation of spatial distributions. Mathematical
    Geology 15, 445-468, 10.1007/BF01031292.

    Examples
    --------
    >>> places = np.column_stack([np.arange(40.0), np.zeros(40)])
    >>> zinc = np.where(places[:, 0] < 20, 100.0, 900.0)
    >>> model = IndicatorKriging(500.0).fit(None, zinc, zinc, coordinates=places)
    >>> model.exceedance(None, 500.0, coordinates=np.array([[2.5, 0.0], [37.5, 0.0]]))
    array([0., 1.])
    """

    kind: ClassVar[str] = "indicator_kriging"

    def __init__(
        self, threshold: float, model: str = "sph", n_neighbours: int | None = None
    ) -> None:
        self.threshold = threshold
        self.model = model
        self.n_neighbours = n_neighbours

    def fit(
        self,
        X: pd.DataFrame | Matrix | None,
        lower: Values,
        upper: Values,
        *,
        coordinates: Coordinates | None = None,
    ) -> Self:
        """Learn from intervals of concentration.

        Parameters
        ----------
        X : DataFrame, optional
            Not used.
        lower, upper : array, shape (n,), mg/kg
            The interval that holds each concentration; equal where it was measured.
        coordinates : array, shape (n, 2), metres
            Easting, northing.

        Raises
        ------
        ModelError
            Coordinates are missing, lengths differ, a parameter is out of range, or the
            labels are all alike or all unknown.
        """
        self._check_parameters()
        if not 0 < self.threshold < math.inf:
            raise ModelError(
                f"A threshold of {self.threshold} mg/kg cannot be kriged. "
                "Give a limit above 0 mg/kg."
            )
        lower, upper = np.asarray(lower, np.float64), np.asarray(upper, np.float64)
        places = check_places(coordinates, len(lower), learner="Kriging", complete=True)
        labels = exceedance_labels(*check_bounds(lower, upper, len(places)), self.threshold)
        known = np.flatnonzero(np.isfinite(labels))
        found = np.unique(labels[known])
        if len(found) < 2:
            raise ModelError(
                f"The labels of {len(known)} samples at {self.threshold:g} mg/kg are "
                f"{few(found.tolist()) or 'unknown'}, and {len(labels) - len(known)} samples "
                "have no label: kriging needs both classes. Choose another limit, or krige "
                "the concentration."
            )
        order = known[np.lexsort((labels[known], *places[known].T[::-1]))]
        self.classes_ = np.array([0, 1])
        self.n_samples_, self.n_unknown_ = len(known), int(len(labels) - len(known))
        self.prevalence_ = float(labels[known].mean())
        self._use(self._fit_variogram(places[order], labels[order]))
        self._kriging = Kriging(places[order], labels[order], self.variogram_)
        return self

    def indicator(self, coordinates: Coordinates) -> Kriged:
        """Return the kriged indicator as it is, also outside [0, 1], and its variance."""
        check_is_fitted(self)
        places = check_places(coordinates, len(coordinates), learner="Kriging")
        return self._kriging.predict(places, n_neighbours=self._reach(self.n_samples_))

    def exceedance(
        self,
        X: pd.DataFrame | Matrix | None,
        threshold: float,
        *,
        coordinates: Coordinates | None = None,
    ) -> Values:
        """Return P(concentration > threshold), shape (n,), in [0, 1].

        Parameters
        ----------
        X : DataFrame, optional
            Not used.
        threshold : float, mg/kg
            The threshold that the model was made with.
        coordinates : array, shape (n, 2), metres
            Easting, northing; NaN gives NaN.

        Raises
        ------
        ModelError
            Another threshold, or no coordinates.
        """
        if not math.isclose(threshold, self.threshold, rel_tol=1e-9):
            raise ModelError(
                f"IndicatorKriging was made for {self.threshold:g} mg/kg and knows nothing of "
                f"{threshold:g} mg/kg. Fit one for that threshold, or use OrdinaryKriging."
            )
        places = check_places(coordinates, _length(X, coordinates), learner="Kriging")
        return clipped_probability(self.indicator(places).value)

    def _fitted_state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        fitted = {"n_unknown": self.n_unknown_}
        return fitted, {
            "coordinates": self._kriging.coordinates,
            "labels": self._kriging.values,
        }

    def _restore(self, fitted: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> None:
        labels = arrays["labels"]
        self.classes_ = np.array([0, 1])
        self.n_samples_, self.n_unknown_ = len(labels), int(fitted["n_unknown"])
        self.prevalence_ = float(labels.mean())
        self._kriging = Kriging(arrays["coordinates"], labels, self.variogram_)


def _length(X: pd.DataFrame | Matrix | None, coordinates: Coordinates | None) -> int:
    if X is not None:
        return len(X)
    return 0 if coordinates is None else len(coordinates)


def clipped_probability(indicator: Values) -> Values:
    """Return a kriged indicator as a probability: what lies outside [0, 1] is moved there.

    Kriging weights can be negative, so that indicators of 0 and 1 may give -0.03 or 1.1.

    References
    ----------
    Journel, A. G. (1983). Nonparametric estimation of spatial distributions. Mathematical
    Geology 15, 445-468, 10.1007/BF01031292.

    Examples
    --------
    >>> clipped_probability(np.array([-0.03, 0.4, 1.1, np.nan]))
    array([0. , 0.4, 1. , nan])
    """
    return np.asarray(np.clip(indicator, 0.0, 1.0))
