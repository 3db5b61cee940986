"""The baseline that every model must beat: one probability everywhere."""

import math
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from hotspot.estimators.classifier import DirectClassifier
from hotspot.estimators.table import Matrix


class PrevalenceBaseline(DirectClassifier):
    """The share of exceedances among the samples, smoothed, for every cell.

    With k exceedances among n samples the probability is ``(k + 0.5) / (n + 1)``, the mean
    of the posterior under the Jeffreys prior: never 0 or 1.

    Parameters
    ----------
    threshold : float, mg/kg
        Above 0.

    Attributes
    ----------
    log_odds_ : float
        Of the smoothed prevalence.

    References
    ----------
    Brown, L. D., Cai, T. T. & DasGupta, A. (2001). Interval estimation for a binomial
    proportion. Statistical Science 16, 101-133, 10.1214/ss/1009213286.

    Examples
    --------
    >>> import pandas as pd
    >>> X = pd.DataFrame({"slope": [1.0, 2.0, 3.0]})
    >>> cadmium = np.array([0.2, 0.4, 5.0])
    >>> PrevalenceBaseline(3.0).fit(X, cadmium, cadmium).exceedance(X, 3.0)
    array([0.375, 0.375, 0.375])
    """

    kind: ClassVar[str] = "prevalence"

    def __init__(self, threshold: float) -> None:
        self.threshold = threshold

    def _learn(
        self, matrix: Matrix, y: NDArray[np.float64], weight: NDArray[np.float64]
    ) -> None:
        above = float(weight @ y)
        self.log_odds_ = math.log((above + 0.5) / (len(y) - above + 0.5))

    def _log_odds(self, matrix: Matrix) -> NDArray[np.float64]:
        return np.full(len(matrix), self.log_odds_)

    def _contributions(self, matrix: Matrix) -> tuple[Matrix, NDArray[np.float64]]:
        return np.zeros(matrix.shape), self._log_odds(matrix)

    def _fitted_state(self) -> tuple[dict[str, Any], dict[str, bytes]]:
        return {"log_odds": self.log_odds_}, {}

    def _restore(self, fitted: dict[str, Any], files: dict[str, bytes]) -> None:
        self.log_odds_ = float(fitted["log_odds"])
