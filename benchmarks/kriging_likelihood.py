"""Kriging with a straight drift, its covariance by maximum likelihood.

The model behind one row of the other programs' scores (GPBoost's Gaussian process with a
linear mean), written out so that the covariates behind that row can be told.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve, cholesky, solve_triangular
from scipy.optimize import minimize
from scipy.spatial.distance import cdist

Values = NDArray[np.float64]


class MaternDrift:
    """A Matérn 3/2 surface with a nugget about a straight drift.

    Range and nugget have the highest likelihood, drift and variance being profiled out;
    the variance is that of maximum likelihood, which divides by the number of samples.

    Parameters
    ----------
    drift : array, shape (n, n_drift)
        Covariates with a column of ones.
    places : array, shape (n, 2)
        Coordinates, metres.
    y : array, shape (n,)
        Logarithms of concentrations.
    """

    def __init__(self, drift: Values, places: Values, y: Values) -> None:
        self._drift, self._places, self._y = drift, places, y
        self._distance = cdist(places, places)
        unit = float(np.median(self._distance))
        ends = [
            minimize(lambda v: self._profile(v)[0], np.log([share * unit, 1.0]), method="BFGS")
            for share in (0.03, 0.1, 0.3)
        ]
        self._log = min(ends, key=lambda end: float(end.fun)).x
        _, self._slopes, self._variance, self._factor = self._profile(self._log)

    def predict(self, drift: Values, places: Values) -> tuple[Values, Values]:
        """Return mean and standard deviation of new measurements, shape (m,) each."""
        reach, nugget = np.exp(self._log)
        link = _matern(cdist(self._places, places), reach)
        left = self._y - self._drift @ self._slopes
        mean = drift @ self._slopes + link.T @ cho_solve((self._factor, True), left)
        told = solve_triangular(self._factor, link, lower=True)
        share = 1.0 + nugget - np.einsum("ij,ij->j", told, told)
        return mean, np.sqrt(self._variance * share)

    def _profile(self, vector: Values) -> tuple[float, Values, float, Values]:
        reach, nugget = np.exp(vector)
        n = len(self._y)
        factor = cholesky(_matern(self._distance, reach) + nugget * np.eye(n), lower=True)
        columns = solve_triangular(factor, self._drift, lower=True)
        y = solve_triangular(factor, self._y, lower=True)
        slopes = np.linalg.lstsq(columns, y)[0]
        variance = float(np.mean((y - columns @ slopes) ** 2))
        cost = n * np.log(variance) + 2.0 * float(np.log(np.diag(factor)).sum())
        return cost, slopes, variance, factor


def _matern(distance: Values, reach: float) -> Values:
    scaled = np.sqrt(3.0) * distance / reach
    return np.asarray((1.0 + scaled) * np.exp(-scaled))
