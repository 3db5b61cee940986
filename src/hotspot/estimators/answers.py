"""What follows from a distribution, the same for every model of the concentration."""

from abc import ABC, abstractmethod
from typing import Protocol, runtime_checkable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.estimators.classifier import require
from hotspot.estimators.distribution import PredictiveDistribution
from hotspot.estimators.table import Matrix
from hotspot.grid import Coordinates

Values = NDArray[np.float64]


@runtime_checkable
class DistributionModel(Protocol):
    """A model that answers with distributions of the concentration."""

    def distribution(
        self, X: pd.DataFrame | Matrix, *, coordinates: Coordinates | None = None
    ) -> PredictiveDistribution:
        """Return the distribution of a new measurement at each row."""
        ...


class AnswersFromDistribution(ABC):
    """Probability of any limit, and any quantile, from one predictive distribution."""

    @abstractmethod
    def distribution(
        self, X: pd.DataFrame | Matrix, *, coordinates: Coordinates | None = None
    ) -> PredictiveDistribution:
        """Return the distribution of a new measurement at each row."""

    def exceedance(
        self,
        X: pd.DataFrame | Matrix,
        threshold: float,
        *,
        coordinates: Coordinates | None = None,
    ) -> Values:
        """Return P(concentration > threshold), shape (n,); NaN where it cannot be known.

        Parameters
        ----------
        X, coordinates
            As in `distribution`.
        threshold : float, mg/kg
            Any limit above 0.
        """
        require("threshold", threshold, low=np.nextafter(0.0, 1.0))
        return self.distribution(X, coordinates=coordinates).exceedance(threshold)

    def quantile(
        self, X: pd.DataFrame | Matrix, q: float, *, coordinates: Coordinates | None = None
    ) -> Values:
        """Return the concentration in mg/kg with P(C <= c) = q, shape (n,).

        Parameters
        ----------
        X, coordinates
            As in `distribution`.
        q : float
            Between 0 and 1.
        """
        require("q", q, low=np.nextafter(0.0, 1.0), high=np.nextafter(1.0, 0.0))
        return self.distribution(X, coordinates=coordinates).quantile(q)


class AskedOnce(AnswersFromDistribution):
    """A model that finds the distribution of the same rows once, however often it is asked.

    Probability and quantiles of a window of a map are questions to one distribution. The rows
    asked last are known again by identity: who changes them in place gets a stale answer.

    Parameters
    ----------
    member : DistributionModel
        The fitted model.
    """

    def __init__(self, member: DistributionModel) -> None:
        self._member = member
        self._asked: tuple[object, object] | None = None

    def distribution(
        self, X: pd.DataFrame | Matrix, *, coordinates: Coordinates | None = None
    ) -> PredictiveDistribution:
        """Return the distribution of a new measurement at each row."""
        if self._asked is None or self._asked[0] is not X or self._asked[1] is not coordinates:
            self._answer = self._member.distribution(X, coordinates=coordinates)
            self._asked = (X, coordinates)
        return self._answer
