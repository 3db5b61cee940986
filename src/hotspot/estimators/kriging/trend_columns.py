"""The columns that trends on covariates are made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from hotspot.estimators.table import Matrix

Values = NDArray[np.float64]
Levels = Mapping[int, Values]
"""Codes of the categorical columns, by position."""


@dataclass(frozen=True)
class DriftBasis:
    """From covariates to the standardised columns of a drift.

    A numeric covariate gives itself and the square root of its height above the least
    sampled value, since the effect of a source fades ever more slowly with distance; below
    that value the root is 0. A class gives a column, without its mean.

    Parameters
    ----------
    levels : dict of int to array
        Codes seen in training, by position of the column.
    least : array, shape (n_covariates,)
        Least sampled value of each covariate.
    centre, scale : array, shape (n_columns,)
        Of the columns; the scale of a column of a class is 1.
    """

    levels: Levels
    least: Values
    centre: Values
    scale: Values

    @classmethod
    def of(cls, matrix: Matrix, levels: Levels) -> Self:
        """Return the basis of complete training covariates.

        Examples
        --------
        >>> basis = DriftBasis.of(np.array([[0.0, 1.0], [1.0, 2.0]]), {1: np.array([1.0, 2.0])})
        >>> basis.columns(np.array([[0.0, 1.0]]))
        array([[-1. , -1. ,  0.5, -0.5]])
        """
        least = matrix.min(axis=0)
        raw = _expanded(matrix, levels, least)
        scale = raw.std(axis=0)
        n_classes = sum(len(codes) for codes in levels.values())
        scale[raw.shape[1] - n_classes :] = 1.0
        # A column that does not vary in training can say nothing later.
        scale[scale <= 1e-12 * np.abs(raw).max(axis=0, initial=1e-300)] = np.inf
        return cls(levels, least, raw.mean(axis=0), scale)

    def columns(self, matrix: Matrix) -> Values:
        """Return the columns of complete rows, shape (n, n_columns)."""
        raw = _expanded(matrix, self.levels, self.least)
        return np.ascontiguousarray((raw - self.centre) / self.scale)


def dummies(matrix: Matrix, levels: Levels) -> Values:
    """Return numeric covariates, then a column of 0 and 1 per class.

    Examples
    --------
    >>> dummies(np.array([[5.0, 2.0]]), {1: np.array([1.0, 2.0])})
    array([[5., 0., 1.]])
    """
    numeric = [k for k in range(matrix.shape[1]) if k not in levels]
    parts = [matrix[:, numeric]]
    parts += [(matrix[:, [k]] == codes).astype(np.float64) for k, codes in levels.items()]
    return np.concatenate(parts, axis=1)


def _expanded(matrix: Matrix, levels: Levels, least: Values) -> Values:
    numeric = [k for k in range(matrix.shape[1]) if k not in levels]
    plain = dummies(matrix, levels)
    height = np.maximum(matrix[:, numeric] - least[numeric], 0.0)
    return np.concatenate(
        [plain[:, : len(numeric)], np.sqrt(height), plain[:, len(numeric) :]], axis=1
    )
