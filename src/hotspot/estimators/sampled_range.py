"""Between which values covariates were sampled, and what lies beyond."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from hotspot.estimators.table import Matrix

Values = NDArray[np.float64]


@dataclass(frozen=True)
class SampledRange:
    """The least and the largest sampled value of each covariate.

    A straight trend says nothing of what lies beyond them, but drawn out it says so with
    certainty: along roads, where samples are near them, it makes the country behind as clean
    as no sample was. So a model with a trend answers there as at the nearest sampled value,
    with the doubt that the trend drawn out would have.

    Parameters
    ----------
    low, high : array, shape (n_covariates,)
        Infinite for codes of classes.

    Examples
    --------
    >>> sampled = SampledRange.of(np.array([[1.0, 7.0], [3.0, 8.0]]), categorical=[1])
    >>> asked = np.array([[2.0, 7.0], [9.0, 8.0]])
    >>> sampled.beyond(asked), sampled.nearest(asked)[1]
    (array([False,  True]), array([3., 8.]))
    """

    low: Values
    high: Values

    @classmethod
    def of(cls, matrix: Matrix, categorical: Collection[int] = ()) -> Self:
        """Return the range of training covariates; `categorical` are positions."""
        classes = np.isin(np.arange(matrix.shape[1]), list(categorical))
        return cls(
            np.where(classes, -np.inf, matrix.min(axis=0)),
            np.where(classes, np.inf, matrix.max(axis=0)),
        )

    def beyond(self, matrix: Matrix) -> NDArray[np.bool_]:
        """Return which rows have a covariate outside of what was sampled, shape (n,)."""
        return np.asarray(((matrix < self.low) | (matrix > self.high)).any(axis=1))

    def nearest(self, matrix: Matrix) -> Matrix:
        """Return rows whose every covariate is the nearest sampled value."""
        return np.clip(matrix, self.low, self.high)

    def to_dict(self) -> dict[str, Any]:
        """Return the range as JSON values; None stands for infinity, which JSON lacks."""
        ends = {"low": self.low, "high": self.high}
        return {
            name: [value if np.isfinite(value) else None for value in end.tolist()]
            for name, end in ends.items()
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Return the range that `to_dict` described."""
        low, high = (
            [end if value is None else value for value in values[name]]
            for name, end in (("low", -np.inf), ("high", np.inf))
        )
        return cls(np.array(low, np.float64), np.array(high, np.float64))
