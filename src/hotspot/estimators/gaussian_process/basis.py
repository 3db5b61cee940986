"""Columns whose regression stands for what is not local in a large Gaussian process."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, solve_triangular

from hotspot.estimators.gaussian_process.kernel import (
    CONSTANT_VARIANCE,
    Hyperparameters,
    Inputs,
    smooth_covariance,
)

Values = NDArray[np.float64]

# Landmarks stop when no sample has more than this share of the smooth variance left.
_LEAST_SHARE = 1e-3
_MOST_LANDMARKS = 100


@dataclass(frozen=True)
class Basis:
    """Columns whose regression is the drift and the smooth part.

    Parameters
    ----------
    kernel : Hyperparameters
        Fixed.
    landmarks : array, shape (m, n_smooth)
        Where the smooth part is tied.
    whitening : array, shape (m, m)
        Inverse Cholesky factor of their covariance.
    """

    kernel: Hyperparameters
    landmarks: Values
    whitening: Values

    @classmethod
    def of(cls, kernel: Hyperparameters, smooth: Values) -> Self:
        """Return the basis of samples; the next landmark is the least explained sample."""
        chosen: list[int] = []
        if kernel.smooth_range:
            most = min(_MOST_LANDMARKS, len(smooth))
            columns = np.zeros((len(smooth), most))
            left = np.full(len(smooth), kernel.smooth_variance)
            while len(chosen) < most:
                pivot = int(np.argmax(left))
                if left[pivot] < _LEAST_SHARE * kernel.smooth_variance:
                    break
                m = len(chosen)
                column = smooth_covariance(kernel, smooth, smooth[pivot : pivot + 1])[:, 0]
                column -= columns[:, :m] @ columns[pivot, :m]
                columns[:, m] = column / np.sqrt(left[pivot])
                left = np.maximum(left - columns[:, m] ** 2, 0.0)
                chosen.append(pivot)
        landmarks = np.ascontiguousarray(smooth[chosen])
        if not chosen:
            return cls(kernel, landmarks, np.empty((0, 0)))
        factor = cholesky(smooth_covariance(kernel, landmarks, landmarks), lower=True)
        inverse = solve_triangular(factor, np.eye(len(chosen)), lower=True)
        return cls(kernel, landmarks, np.ascontiguousarray(inverse))

    def columns(self, rows: Inputs) -> Values:
        """Return the columns, each with a coefficient of prior variance 1."""
        constant = np.full((len(rows), 1), np.sqrt(CONSTANT_VARIANCE))
        straight = np.sqrt(self.kernel.linear_variance) * rows.drift
        if not len(self.landmarks):
            return np.asarray(np.hstack([constant, straight]))
        link = smooth_covariance(self.kernel, rows.smooth, self.landmarks)
        return np.asarray(np.hstack([constant, straight, link @ self.whitening.T]))

    def left_over(self, columns: Values) -> Values:
        """Return the smooth variance that the landmarks do not carry, shape (n,)."""
        m = len(self.landmarks)
        if not m:
            return np.zeros(len(columns))
        carried = np.einsum("ij,ij->i", columns[:, -m:], columns[:, -m:])
        return np.asarray(np.maximum(self.kernel.smooth_variance - carried, 0.0))
