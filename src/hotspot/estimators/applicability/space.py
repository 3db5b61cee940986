"""The space in which samples and cells resemble each other: weighted, scaled covariates."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from hotspot.estimators.table import Levels, Matrix, standard_deviation

Values = NDArray[np.float64]


@dataclass(frozen=True)
class WeightedSpace:
    """One axis per numeric covariate, and one per class that occurs among the samples.

    An axis is scaled by the standard deviation (n - 1) of the samples along it and weighs as
    its covariate does. An axis along which no samples differ, or of weight 0, is left out.

    Parameters
    ----------
    names : tuple of str
        Covariates, in the order of every matrix.
    levels : dict of str to array
        Codes seen, by categorical covariate.
    weights : mapping of str to float
        Of each covariate, from 0.
    centre, scale : array, shape (n_axes,)
        Mean and standard deviation of the samples along each axis, before any is left out.
    """

    names: tuple[str, ...]
    levels: Levels
    weights: Mapping[str, float]
    centre: Values
    scale: Values

    @classmethod
    def of(
        cls,
        matrix: Matrix,
        names: tuple[str, ...],
        levels: Levels,
        weights: Mapping[str, float],
    ) -> Self:
        """Return the space of some samples."""
        design = _axes_of(matrix, names, levels)
        return cls(
            names, levels, weights, design.mean(axis=0), standard_deviation(design, ddof=1)
        )

    @cached_property
    def covariates(self) -> list[str]:
        """The covariate of each axis, before any is left out."""
        return [
            name
            for name in self.names
            for _ in range(len(self.levels[name]) if name in self.levels else 1)
        ]

    @property
    def flat(self) -> list[str]:
        """Covariates with a weight and an axis along which no samples differ, sorted."""
        axes = zip(self.covariates, self.scale, strict=True)
        return sorted({name for name, scale in axes if scale == 0 and self.weights[name] > 0})

    @property
    def class_axes(self) -> NDArray[np.int64]:
        """Positions of axes of classes among those that are not left out."""
        used = np.array(self.covariates)[self._multiplier > 0]
        return np.flatnonzero(np.isin(used, list(self.levels)))

    def place(self, matrix: Matrix) -> tuple[Matrix, NDArray[np.int64]]:
        """Return points of complete rows, and their kinds.

        Points of the same classes are of a kind; they are placed along its axes together.
        """
        used = self._multiplier > 0
        kind = self._kinds(matrix)
        _, first, which = np.unique(kind, return_index=True, return_inverse=True)
        design = _axes_of(matrix[first], self.names, self.levels)[:, used]
        placed: Matrix = ((design - self.centre[used]) * self._multiplier[used])[which]
        for place, axis in enumerate(np.flatnonzero(used)):
            name = self.covariates[axis]
            if name not in self.levels:
                own = matrix[:, self.names.index(name)]
                placed[:, place] = (own - self.centre[axis]) * self._multiplier[axis]
        return placed, which

    @cached_property
    def _multiplier(self) -> Values:
        """Weight over standard deviation of each axis, 0 where it says nothing."""
        # By name: a saved mapping may come back in another order.
        weight = np.array([self.weights[name] for name in self.covariates])
        constant = self.scale == 0
        return np.where(constant, 0.0, weight / np.where(constant, 1.0, self.scale))

    def _kinds(self, matrix: Matrix) -> NDArray[np.int64]:
        """Return a number for each row, the same for rows of the same classes."""
        kind = np.zeros(len(matrix), dtype=np.int64)
        for name, column in zip(self.names, matrix.T, strict=True):
            if name in self.levels:
                levels = self.levels[name]
                at = np.minimum(np.searchsorted(levels, column), len(levels) - 1)
                # Numbers of all kinds would be too large; those that occur are few.
                kind = kind * (len(levels) + 1) + np.where(levels[at] == column, at + 1, 0)
                kind = np.unique(kind, return_inverse=True)[1]
        return kind


def _axes_of(matrix: Matrix, names: tuple[str, ...], levels: Levels) -> Matrix:
    parts = []
    for name, column in zip(names, matrix.T, strict=True):
        if name in levels:
            parts.append((column[:, None] == levels[name]).astype(np.float64))
        else:
            parts.append(column[:, None])
    return np.hstack(parts)
