"""Distributions of different rows, put together as those of one table."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hotspot.estimators.distribution import PredictiveDistribution

Values = NDArray[np.float64]
Part = tuple[NDArray[np.int64], PredictiveDistribution]


@dataclass(frozen=True)
class Stacked(PredictiveDistribution):
    """Distributions of parts of a table, each with the positions of its rows."""

    parts: Sequence[Part]
    n: int

    def __len__(self) -> int:
        return self.n

    def cdf(self, concentration: ArrayLike) -> Values:
        """Return P(C <= c), shape (n,)."""
        each = np.broadcast_to(np.asarray(concentration, dtype=np.float64), (self.n,))
        answer = np.full(self.n, np.nan)
        for rows, part in self.parts:
            answer[rows] = part.cdf(each[rows])
        return answer

    def quantile(self, q: ArrayLike) -> Values:
        """Return the concentration with P(C <= c) = q, shape (n,)."""
        each = np.broadcast_to(np.asarray(q, dtype=np.float64), (self.n,))
        answer = np.full(self.n, np.nan)
        for rows, part in self.parts:
            answer[rows] = part.quantile(each[rows])
        return answer


def stacked(parts: Sequence[Part], n: int) -> Stacked:
    """Return the distributions of n rows from those of parts of them."""
    return Stacked(tuple(parts), n)
