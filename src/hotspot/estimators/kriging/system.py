"""All samples in one system: whitened once, solved for the drift under any penalty."""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, solve_triangular

from hotspot.errors import ModelError
from hotspot.estimators.kriging.algebra import DEPENDENT, dependence, from_factor, inverse

Values = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Coefficients:
    """What the drift is worth: generalised least squares, and how sure it is.

    Parameters
    ----------
    value : array, shape (1 + n_drift,)
        Of the constant and the columns of the drift.
    covariance : array, shape (1 + n_drift, 1 + n_drift)
    """

    value: Values
    covariance: Values


@dataclass(frozen=True)
class Whitened:
    """The Cholesky factor of all samples, and drift and values divided by it.

    Parameters
    ----------
    lower : array, shape (n, n)
    drift : array, shape (n, 1 + n_drift)
    values : array, shape (n,)
    """

    lower: Values
    drift: Values
    values: Values

    @classmethod
    def of(cls, covariance: Values, design: Values, values: Values) -> Self:
        """Return values and design made independent of each other's covariance."""
        lower = cho_factor(covariance, lower=True)[0]
        drift = solve_triangular(lower, design, lower=True)
        return cls(lower, drift, solve_triangular(lower, values, lower=True))

    @cached_property
    def inverted(self) -> Values:
        """Inverse of the covariance of the values, shape (n, n)."""
        return from_factor(self.lower)

    def solved(self, penalty: Values) -> "Solved":
        """Return the system solved for the drift.

        Parameters
        ----------
        penalty : array, shape (1 + n_drift,)
            From 0.
        """
        known = inverse(self.drift.T @ self.drift + np.diag(penalty))
        beta = known @ (self.drift.T @ self.values)
        return Solved(self, self.values - self.drift @ beta, Coefficients(beta, known))


@dataclass(frozen=True)
class Solved:
    """The system of all samples, solved for the drift.

    Parameters
    ----------
    white : Whitened
    residual : array, shape (n,)
        What the drift leaves of the whitened values.
    coefficients : Coefficients
    """

    white: Whitened
    residual: Values
    coefficients: Coefficients

    def at(self, link: Values, design: Values) -> tuple[Values, Values]:
        """Return value and variance at targets, the variance less that of the field.

        Parameters
        ----------
        link : array, shape (n, m)
            Covariance of samples and targets; overwritten.
        design : array, shape (m, 1 + n_drift)
            At the targets.
        """
        near = solve_triangular(
            self.white.lower, link, lower=True, overwrite_b=True, check_finite=False
        )
        value = design @ self.coefficients.value + self.residual @ near
        variance = -np.einsum("ij,ij->j", near, near)
        beyond = design - near.T @ self.white.drift
        variance += np.einsum("ij,jk,ik->i", beyond, self.coefficients.covariance, beyond)
        return value, variance

    @cached_property
    def errors(self) -> Values:
        """The precision that remains after the drift, times the values, shape (n,)."""
        return np.asarray(
            solve_triangular(self.white.lower, self.residual, lower=True, trans="T")
        )

    def left_out_one_by_one(self, total: float) -> tuple[Values, Values]:
        """Return how each value differs from its prediction by all others, and the variance.

        Parameters
        ----------
        total : float
            Variance of a new sample, beside which a precision counts as none.

        Raises
        ------
        ModelError
            The drift cannot be told without some sample.
        """
        own = np.diag(self.white.inverted) - (self._drift_of_precision**2).sum(axis=1)
        if not own.min() * total > DEPENDENT:
            raise ModelError(dependence(len(own)))
        return self.errors / own, 1.0 / own

    def left_out(self, rows: Rows) -> tuple[Values, Values]:
        """Return how values differ from their prediction by all others, and the covariance."""
        covariance = inverse(self._precision[np.ix_(rows, rows)])
        return covariance @ self.errors[rows], covariance

    @cached_property
    def _precision(self) -> Values:
        """Precision of the values that remains after the drift, shape (n, n)."""
        drift = self._drift_of_precision
        return np.asarray(self.white.inverted - drift @ drift.T)

    @cached_property
    def _drift_of_precision(self) -> Values:
        """What the drift takes from the precision, as a factor, shape (n, 1 + n_drift)."""
        of_drift = solve_triangular(self.white.lower, self.white.drift, lower=True, trans="T")
        return np.asarray(of_drift @ np.linalg.cholesky(self.coefficients.covariance))
