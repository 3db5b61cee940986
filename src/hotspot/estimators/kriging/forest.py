"""Forest kriging: the trend of a random forest, and kriging of what it leaves."""

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from hotspot.estimators.classifier import require
from hotspot.estimators.forests.mean import MeanForest
from hotspot.estimators.intervals import LogIntervals
from hotspot.estimators.kriging.base import N_ROUNDS, Folds, make_system
from hotspot.estimators.kriging.censoring import first_evidence, settle, shifted
from hotspot.estimators.kriging.predictor import Kriged, Kriging
from hotspot.estimators.kriging.trend import TrendKriging
from hotspot.estimators.kriging.trend_columns import dummies
from hotspot.estimators.table import Matrix
from hotspot.grid import Coordinates

Values = NDArray[np.float64]

# Trees of the forests that a fold is left out of: they judge the model, and are not kept.
_TREES_OF_A_FOLD = 25


class ForestKriging(TrendKriging):
    """A random forest of the log concentration on covariates, and kriging of what it leaves.

    The residuals kriged are those of trees that did not see the sample: their variogram is
    not over-fitted, and their variance holds the error of the forest.

    Parameters
    ----------
    categorical : tuple of str
        Covariates that hold codes of classes.
    model : "sph", "exp" or "mat"
        Family of the variogram of the residuals.
    n_neighbours : int, optional
        As in `OrdinaryKriging`.
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
    n_samples_, n_censored_ : int
        Samples learnt from, and how many of them are no measured values.

    References
    ----------
    Hengl, T., Heuvelink, G. B. M., Kempen, B., et al. (2015). Mapping soil properties of Africa
    at 250 m resolution: random forests significantly improve current predictions. PLoS ONE
    10, e0125814, 10.1371/journal.pone.0125814.

    Examples
    --------
    >>> import pandas as pd
    >>> place = np.column_stack([np.arange(60.0), np.zeros(60)])
    >>> X = pd.DataFrame({"slope": np.cos(np.arange(60.0))})
    >>> zinc = np.exp(5 + X["slope"].to_numpy() + 0.1 * np.sin(np.arange(60.0) ** 2))
    >>> model = ForestKriging(n_trees=50).fit(X, zinc, zinc, coordinates=place)
    >>> new = pd.DataFrame({"slope": [0.0, np.nan]})
    >>> low, gap = np.log(model.quantile(new, 0.5, coordinates=place[:2] + 0.5))
    >>> bool(abs(low - 5) < 0.2), bool(np.isnan(gap))
    (True, True)
    """

    kind: ClassVar[str] = "forest_kriging"

    def __init__(
        self,
        categorical: tuple[str, ...] = (),
        model: str = "exp",
        n_neighbours: int | None = None,
        *,
        n_trees: int = 200,
        random_state: int = 0,
        n_jobs: int | None = 1,
    ) -> None:
        self.categorical = categorical
        self.model = model
        self.n_neighbours = n_neighbours
        self.n_trees = n_trees
        self.random_state = random_state
        self.n_jobs = n_jobs

    def _check_parameters(self) -> None:
        super()._check_parameters()
        require("n_trees", self.n_trees, low=1)

    def _learn(self, places: Coordinates, intervals: LogIntervals) -> None:
        reach = self._reach(len(places))
        evidence = first_evidence(intervals)
        for _ in range(N_ROUNDS if self.n_censored_ else 1):
            self._targets = evidence.expected
            self._forest, trend = self._grow(self._matrix, self._targets, int(self.n_trees))
            left = shifted(evidence, trend)
            fit = self._fit_variogram(places, left.expected, left.spread)
            system = make_system(places, fit.model)
            left = settle(left, intervals.minus(trend), system, n_neighbours=reach)
            evidence = shifted(left, -trend)
        self._use(fit)
        self._trend = trend
        self._kriging = system(left.value, left.noise)

    def _krige(self, places: Coordinates, matrix: Matrix) -> Kriged:
        # The residual depends on the place alone, and explanations ask for one place often.
        where, of = np.unique(places, axis=0, return_inverse=True)
        found = self._kriging.predict(where, n_neighbours=self._reach(self.n_samples_))
        of = of.reshape(-1)
        trend = self._forest.predict(dummies(matrix, self._positions))
        return Kriged(found.value[of] + trend, found.variance[of])

    def _grow(self, matrix: Matrix, targets: Values, n_trees: int) -> tuple[MeanForest, Values]:
        return MeanForest.grow(
            dummies(matrix, self._positions),
            targets,
            n_trees=n_trees,
            random_state=int(self.random_state),
            n_jobs=self.n_jobs,
        )

    def _left_out(self, folds: Folds) -> Kriged:
        """Return samples kriged without their fold; the forest is grown again for each."""
        reach = self._reach(self.n_samples_)
        kriging, value, variance = self._kriging, np.empty(len(folds)), np.empty(len(folds))
        noise = np.zeros(len(folds)) if kriging.noise is None else kriging.noise
        n_trees = min(int(self.n_trees), _TREES_OF_A_FOLD)
        for label in np.unique(folds):
            test = folds == label
            forest, trend = self._grow(self._matrix[~test], self._targets[~test], n_trees)
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
        arrays |= {"targets": self._targets, "trend": self._trend}
        return fitted, arrays | self._forest.to_arrays()

    def _restore(self, fitted: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> None:
        super()._restore(fitted, arrays)
        self._targets, self._trend = arrays["targets"], arrays["trend"]
        n_columns = dummies(self._matrix[:1], self._positions).shape[1]
        self._forest = MeanForest.from_arrays(arrays, n_columns)
