"""Intervals as evidence about a Gaussian surface, by expectation propagation.

A non-detect says that the measurement lies below its limit, and no more. Its likelihood, a
difference of two normal distribution functions of the surface, is replaced by the normal
curve that leaves the same posterior mean and variance ("site"), found by iteration. The
likelihoods are log-concave, so that every site has a precision from 0.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, solve_triangular

from hotspot.estimators.intervals import interval_moments

Values = NDArray[np.float64]

# A site of less precision tells nothing; the floor keeps its variance finite.
LEAST_PRECISION = 1e-8
# Share of what is known of a sample that its own site may be when the site is updated.
_MOST_OWN = 1 - 1e-6
# Rounding may leave a surface without any variance at a sample, which would divide by it.
_LEAST_VARIANCE = 1e-12
_MAX_SWEEPS = 60
_TOLERANCE = 1e-7


@dataclass(frozen=True)
class Sites:
    """Normal curves in the place of the likelihoods, one per sample.

    Parameters
    ----------
    precision : array, shape (n,)
        One over the variance, from 0.
    shift : array, shape (n,)
        Precision times mean.
    """

    precision: Values
    shift: Values

    @property
    def variance(self) -> Values:
        """Of the curve, shape (n,): how far a sample is to be trusted."""
        return np.asarray(1.0 / np.maximum(self.precision, LEAST_PRECISION))

    @property
    def target(self) -> Values:
        """Mean of the curve, shape (n,)."""
        return self.shift * self.variance


@dataclass(frozen=True)
class Evidence:
    """What the intervals say under a normal prior of the surface.

    Parameters
    ----------
    sites : Sites
        At the fixed point.
    log_mass : float
        Approximate log probability of all intervals.
    noise_slope : float
        Its slope in the noise variance.
    """

    sites: Sites
    log_mass: float
    noise_slope: float


def no_sites(n: int) -> Sites:
    """Return sites that say nothing."""
    return Sites(np.zeros(n), np.zeros(n))


def match_sites(
    lower: Values, upper: Values, mean: Values, variance: Values, noise: float
) -> Sites:
    """Return the sites that give the moments of prior times interval likelihood.

    Parameters
    ----------
    lower, upper : array, shape (n,)
        Of the measurement.
    mean, variance : array, shape (n,)
        Of the surface without this sample (the cavity).
    noise : float
        Variance of a measurement about the surface.
    """
    _, slope, bend = interval_moments(lower, upper, mean, variance + noise)
    # At least noise / (variance + noise), for the likelihood is log-concave.
    left = np.maximum(1.0 - variance * bend, noise / (variance + noise))
    return Sites(bend / left, (mean * bend + slope) / left)


def updated_sites(
    lower: Values, upper: Values, mean: Values, variance: Values, old: Sites, noise: float
) -> Sites:
    """Return the sites that follow from the surface as it is with the old ones.

    Where the surface is approximated among neighbours, a sample may come out less sure than
    its own site is. Without the site nothing would be left to match, and the site stays.

    Parameters
    ----------
    lower, upper : array, shape (n,)
        Of the measurement.
    mean, variance : array, shape (n,)
        Of the surface, with the old sites.
    old : Sites
        Of these samples.
    noise : float
        Variance of a measurement about the surface.
    """
    is_proper = old.precision * variance < _MOST_OWN
    new = match_sites(lower, upper, *cavity(mean, variance, old), noise)
    return Sites(
        np.where(is_proper, new.precision, old.precision),
        np.where(is_proper, new.shift, old.shift),
    )


def cavity(mean: Values, variance: Values, sites: Sites) -> tuple[Values, Values]:
    """Return mean and variance of the surface at each sample with its own site taken out."""
    variance = np.maximum(variance, _LEAST_VARIANCE)
    without = 1.0 / np.maximum(1.0 / variance - sites.precision, 1e-12)
    return without * (mean / variance - sites.shift), without


def propagate(
    mean: Values,
    covariance: Values,
    lower: Values,
    upper: Values,
    *,
    noise: float,
    start: Sites,
) -> Evidence:
    """Return the sites of censored samples and the probability of their intervals.

    Parameters
    ----------
    mean, covariance : array, shape (n,) and (n, n)
        Of the surface at these samples, given all measured ones.
    lower, upper : array, shape (n,)
        Of the measurements.
    noise : float
        Variance of a measurement about the surface.
    start : Sites
        Where to begin; the answer does not depend on it.

    References
    ----------
    Minka (2001), Expectation propagation for approximate Bayesian inference, UAI;
    Rasmussen & Williams (2006), Gaussian Processes for Machine Learning, section 3.6.
    """
    sites, step, last = start, 1.0, np.inf
    prior = np.diag(covariance)
    for _ in range(_MAX_SWEEPS):
        root = np.sqrt(sites.precision)
        scaled = root[:, None] * covariance
        inner = scaled * root
        inner[np.diag_indices_from(inner)] += 1.0
        factor = cholesky(inner, lower=True, check_finite=False)
        reduction = solve_triangular(factor, scaled, lower=True, check_finite=False)
        spread = np.maximum(prior - np.einsum("ij,ij->j", reduction, reduction), 1e-12)
        pull = sites.shift - sites.precision * mean
        centre = mean + covariance @ pull - reduction.T @ (reduction @ pull)
        alone, without = cavity(centre, spread, sites)
        matched = match_sites(lower, upper, alone, without, noise)
        change = max(
            float(np.max(np.abs(matched.precision - sites.precision) * spread)),
            float(np.max(np.abs(matched.shift - sites.shift) * np.sqrt(spread))),
        )
        if change < _TOLERANCE:
            break
        # All sites move at once; where they overshoot together, shorter steps settle them.
        step = max(step * 0.7, 0.2) if change > 0.9 * last else step
        last = change
        sites = Sites(
            sites.precision + step * (matched.precision - sites.precision),
            sites.shift + step * (matched.shift - sites.shift),
        )
    log_mass, slope, bend = interval_moments(lower, upper, alone, without + noise)
    log_normaliser = (
        -float(np.log(np.diag(factor)).sum())
        + 0.5 * float(sites.shift @ centre)
        + 0.5 * float(mean @ (sites.shift - sites.precision * centre))
    )
    marginals = 0.5 * (centre**2 / spread + np.log(spread))
    cavities = 0.5 * (alone**2 / without + np.log(without))
    return Evidence(
        sites,
        log_normaliser + float((log_mass - marginals + cavities).sum()),
        # A normal density smooths by half its second derivative as its variance grows.
        0.5 * float((slope**2 - bend).sum()),
    )
