"""A Gaussian surface given all samples at once."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack, solve_triangular
from scipy.spatial.distance import cdist

from hotspot.errors import ModelError
from hotspot.estimators.expectation_propagation import Sites, no_sites, propagate
from hotspot.estimators.gaussian_process.kernel import (
    CovarianceParts,
    Hyperparameters,
    Inputs,
    covariance,
    variance,
)
from hotspot.estimators.intervals import LogIntervals

Values = NDArray[np.float64]

# Rows predicted at a time. The last portion is filled up, so that every matrix product has
# the same shape and a prediction does not depend on the rows beside it.
PORTION = 256


class Marginal:
    """The log marginal likelihood of hyper-parameters, with its slopes.

    It remembers the last sites, so that the next call begins near its answer.
    """

    def __init__(self, rows: Inputs, bounds: LogIntervals) -> None:
        self.rows, self.bounds = rows, bounds
        self._distance = cdist(rows.place, rows.place)
        self._measured = np.flatnonzero(bounds.measured)
        self._censored = np.flatnonzero(~bounds.measured)
        self._sites = no_sites(len(self._censored))

    def sites(self, kernel: Hyperparameters) -> tuple[Sites, float, float]:
        """Return all sites, the log probability of the intervals, and its slope in noise."""
        parts = CovarianceParts.of(kernel, self.rows, self._distance)
        return self._sites_of(kernel, parts.total())

    def __call__(self, kernel: Hyperparameters) -> tuple[float, Values]:
        """Return the log likelihood and its slopes in the log hyper-parameters."""
        parts = CovarianceParts.of(kernel, self.rows, self._distance)
        surface = parts.total()
        sites, log_mass, noise_slope = self._sites_of(kernel, surface)
        diagonal = np.diag_indices_from(surface)
        surface[diagonal] += sites.variance
        factor = _factor(surface)
        half, _ = lapack.dpotri(factor, lower=1)
        inverse = half + half.T
        inverse[diagonal] *= 0.5
        weight = inverse @ sites.target
        if not len(self._censored):
            log_mass = -0.5 * float(sites.target @ weight)
            log_mass -= float(np.log(np.diag(factor)).sum())
        sensitivity = np.outer(0.5 * weight, weight)
        sensitivity -= np.multiply(inverse, 0.5, out=inverse)
        slopes = parts.slopes(sensitivity)
        of_measured = float(sensitivity[diagonal][self._measured].sum())
        slopes[3] = kernel.noise_variance * (of_measured + noise_slope)
        return log_mass, slopes

    def _sites_of(self, kernel: Hyperparameters, surface: Values) -> tuple[Sites, float, float]:
        noise, known, hidden = kernel.noise_variance, self._measured, self._censored
        y = self.bounds.low[known]
        precision, shift = np.empty(len(self.rows)), np.empty(len(self.rows))
        precision[known], shift[known] = 1.0 / noise, y / noise
        if not len(hidden):
            return Sites(precision, shift), 0.0, 0.0
        mean, spread = np.zeros(len(hidden)), surface[np.ix_(hidden, hidden)]
        log_density = 0.0
        if len(known):
            inner = surface[np.ix_(known, known)]
            inner[np.diag_indices_from(inner)] += noise
            factor = _factor(inner)
            white = solve_triangular(factor, y, lower=True, check_finite=False)
            link = solve_triangular(
                factor, surface[np.ix_(known, hidden)], lower=True, check_finite=False
            )
            mean, spread = link.T @ white, spread - link.T @ link
            log_density = -0.5 * float(white @ white) - float(np.log(np.diag(factor)).sum())
        evidence = propagate(
            mean,
            spread,
            self.bounds.low[hidden],
            self.bounds.high[hidden],
            noise=noise,
            start=self._sites,
        )
        self._sites = evidence.sites
        precision[hidden], shift[hidden] = evidence.sites.precision, evidence.sites.shift
        return (
            Sites(precision, shift),
            log_density + evidence.log_mass,
            evidence.noise_slope,
        )


@dataclass(frozen=True)
class ExactPosterior:
    """The surface given every sample: a dense Gaussian process.

    Parameters
    ----------
    kernel : Hyperparameters
        Fixed.
    rows : Inputs, n rows
        The samples.
    sites : Sites
        What each says.
    weight : array, shape (n,)
        Inverse covariance of the sites times their targets.
    whitening : array, shape (n, n)
        Inverse of the lower Cholesky factor of that covariance.
    """

    kernel: Hyperparameters
    rows: Inputs
    sites: Sites
    weight: Values
    whitening: Values

    @classmethod
    def condition(cls, kernel: Hyperparameters, rows: Inputs, bounds: LogIntervals) -> Self:
        """Return the surface given samples."""
        sites, _, _ = Marginal(rows, bounds).sites(kernel)
        return cls.given(kernel, rows, sites)

    @classmethod
    def given(cls, kernel: Hyperparameters, rows: Inputs, sites: Sites) -> Self:
        """Return the surface given what each sample says."""
        total = covariance(kernel, rows, rows)
        total[np.diag_indices_from(total)] += sites.variance
        whitening, _ = lapack.dtrtri(_factor(total), lower=1)
        whitening = np.ascontiguousarray(np.tril(whitening))
        return cls(kernel, rows, sites, whitening.T @ (whitening @ sites.target), whitening)

    def predict(self, cells: Inputs) -> tuple[Values, Values]:
        """Return mean and variance of the surface at cells, without noise."""
        n = len(cells)
        mean, spread = np.empty(n), np.empty(n)
        for start in range(0, n, PORTION):
            rows = np.minimum(np.arange(start, start + PORTION), n - 1)
            some = cells.take(rows)
            link = covariance(self.kernel, some, self.rows)
            reduction = link @ self.whitening.T
            stop = min(start + PORTION, n)
            mean[start:stop] = (link @ self.weight)[: stop - start]
            left = variance(self.kernel, some) - np.einsum("ij,ij->i", reduction, reduction)
            spread[start:stop] = left[: stop - start]
        return mean, np.maximum(spread, 0.0)

    def joint(self, cells: Inputs) -> tuple[Values, Values]:
        """Return mean and covariance of the surface over cells together."""
        link = covariance(self.kernel, cells, self.rows)
        reduction = link @ self.whitening.T
        spread = covariance(self.kernel, cells, cells) - reduction @ reduction.T
        return link @ self.weight, spread

    def leave_out(self, folds: NDArray[np.int64]) -> tuple[Values, Values]:
        """Return mean and variance at the samples, each without the samples of its fold.

        References
        ----------
        Dubrule (1983), 10.1007/BF01032873; Rasmussen & Williams (2006), equations 5.11
        and 5.12, here for blocks.
        """
        mean, spread = np.empty(len(folds)), np.empty(len(folds))
        target, noise = self.sites.target, self.sites.variance
        for fold in np.unique(folds):
            out = np.flatnonzero(folds == fold)
            part = self.whitening[:, out]
            block = np.linalg.inv(part.T @ part)
            mean[out] = target[out] - block @ self.weight[out]
            spread[out] = np.diag(block) - noise[out]
        return mean, np.maximum(spread, 0.0)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return what `from_arrays` needs to give the same bits."""
        return {
            "weight": self.weight,
            "whitening": self.whitening[np.tril_indices(len(self.rows))],
        }

    @classmethod
    def from_arrays(
        cls,
        kernel: Hyperparameters,
        rows: Inputs,
        sites: Sites,
        arrays: dict[str, NDArray[Any]],
    ) -> Self:
        """Return the surface that `to_arrays` described."""
        whitening = np.zeros((len(rows), len(rows)))
        whitening[np.tril_indices(len(rows))] = arrays["whitening"]
        return cls(kernel, rows, sites, arrays["weight"], whitening)


def _factor(matrix: Values) -> Values:
    # Overwritten by LAPACK; the upper half keeps what stood there and is not read.
    factor, info = lapack.dpotrf(matrix, lower=1, clean=1)
    if info:
        raise ModelError(
            f"The covariance of {len(matrix)} samples is singular at row {info}. "
            "Drop repeated covariates, or average samples of the same place."
        )
    return np.asarray(factor)
