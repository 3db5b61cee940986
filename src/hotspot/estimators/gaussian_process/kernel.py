"""The additive covariance: place, straight drift of all covariates, smooth bend of some."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

Values = NDArray[np.float64]

# Prior variance of the constant, in units of the variance of the response: wide enough that
# the data choose the mean, narrow enough to stay well conditioned.
CONSTANT_VARIANCE = 10.0


@dataclass(frozen=True)
class Inputs:
    """Rows as the covariance sees them, all in standardised units.

    Parameters
    ----------
    place : array, shape (n, 2)
        Coordinates divided by one common factor.
    drift : array, shape (n, n_drift)
        All covariates, classes as indicators.
    smooth : array, shape (n, n_smooth)
        Numeric covariates that may bend the response.
    """

    place: Values
    drift: Values
    smooth: Values

    def __len__(self) -> int:
        return len(self.place)

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_] | slice) -> Self:
        """Return some of the rows."""
        return type(self)(self.place[rows], self.drift[rows], self.smooth[rows])


@dataclass(frozen=True)
class Hyperparameters:
    """Variances and ranges of the additive covariance, in standardised units.

    Parameters
    ----------
    spatial_variance, spatial_range : float
        Of the exponential (Matérn 1/2) covariance of the coordinates; at a distance of
        three ranges 5 % of the correlation is left.
    linear_variance : float
        Of each slope of the straight drift.
    noise_variance : float
        Of one measurement about the surface: laboratory error and what varies below the
        distance of the samples.
    smooth_variance : float
        Of the squared-exponential covariance of the numeric covariates; 0 without one.
    smooth_range : tuple of float
        One per covariate of that term; a long range means that it hardly bends.
    """

    spatial_variance: float
    spatial_range: float
    linear_variance: float
    noise_variance: float
    smooth_variance: float = 0.0
    smooth_range: tuple[float, ...] = ()

    def to_log(self) -> Values:
        """Return the logarithms as one vector; what does not exist is left out."""
        smooth = (self.smooth_variance, *self.smooth_range) if self.smooth_range else ()
        return np.log(
            [
                self.spatial_variance,
                self.spatial_range,
                self.linear_variance,
                self.noise_variance,
                *smooth,
            ]
        )

    @classmethod
    def from_log(cls, vector: Values) -> Self:
        """Return what `to_log` described."""
        value = [float(v) for v in np.exp(vector)]
        spatial, reach, linear, noise = value[:4]
        if len(value) == 4:
            return cls(spatial, reach, linear, noise)
        return cls(spatial, reach, linear, noise, value[4], tuple(value[5:]))


def covariance(kernel: Hyperparameters, left: Inputs, right: Inputs) -> Values:
    """Return the covariance of the surface between two sets of rows, without noise."""
    total = spatial_covariance(kernel, cdist(left.place, right.place))
    total += straight_covariance(kernel, left.drift, right.drift)
    if kernel.smooth_range:
        total += smooth_covariance(kernel, left.smooth, right.smooth)
    return total


def variance(kernel: Hyperparameters, rows: Inputs) -> Values:
    """Return the prior variance of the surface, without noise, shape (n,)."""
    straight = kernel.linear_variance * np.einsum("ij,ij->i", rows.drift, rows.drift)
    rest = kernel.spatial_variance + CONSTANT_VARIANCE + kernel.smooth_variance
    return np.asarray(straight + rest)


def spatial_covariance(kernel: Hyperparameters, distance: Values) -> Values:
    """Return the exponential covariance at distances of places."""
    total = distance / -kernel.spatial_range
    np.exp(total, out=total)
    total *= kernel.spatial_variance
    return np.asarray(total)


def straight_covariance(kernel: Hyperparameters, left: Values, right: Values) -> Values:
    """Return the covariance of the constant and the straight drift."""
    return np.asarray(kernel.linear_variance * (left @ right.T) + CONSTANT_VARIANCE)


def smooth_covariance(kernel: Hyperparameters, left: Values, right: Values) -> Values:
    """Return the squared-exponential covariance of the numeric covariates."""
    ranges = np.array(kernel.smooth_range)
    total = cdist(left / ranges, right / ranges, "sqeuclidean")
    total *= -0.5
    np.exp(total, out=total)
    total *= kernel.smooth_variance
    return np.asarray(total)


@dataclass(frozen=True)
class CovarianceParts:
    """The covariance of one set of rows with itself, part by part.

    Parameters
    ----------
    kernel : Hyperparameters
        Where it is taken.
    rows : Inputs, n rows
        On both sides.
    distance : array, shape (n, n)
        Between their places.
    spatial, smooth : array, shape (n, n)
        The parts that are not straight; `smooth` is None without such a covariate.
    """

    kernel: Hyperparameters
    rows: Inputs
    distance: Values
    spatial: Values
    smooth: Values | None

    @classmethod
    def of(cls, kernel: Hyperparameters, rows: Inputs, distance: Values) -> Self:
        """Return the parts for the known distances between places."""
        smooth = None
        if kernel.smooth_range:
            smooth = smooth_covariance(kernel, rows.smooth, rows.smooth)
        return cls(kernel, rows, distance, spatial_covariance(kernel, distance), smooth)

    def total(self) -> Values:
        """Return the covariance of the surface, without noise."""
        total = straight_covariance(self.kernel, self.rows.drift, self.rows.drift)
        total += self.spatial
        if self.smooth is not None:
            total += self.smooth
        return total

    def slopes(self, sensitivity: Values) -> Values:
        """Return the slopes of a function of the covariance in the log hyper-parameters.

        Parameters
        ----------
        sensitivity : array, shape (n, n)
            Symmetric: the slope of the function in each entry of the covariance.

        Returns
        -------
        array
            In the order of `Hyperparameters.to_log`; 0 stands in the place of the noise.
        """
        kernel, drift = self.kernel, self.rows.drift
        spatial = sensitivity * self.spatial
        slopes = [
            float(spatial.sum()),
            float(np.vdot(spatial, self.distance)) / kernel.spatial_range,
            kernel.linear_variance * float(np.vdot(sensitivity @ drift, drift)),
            0.0,
        ]
        if self.smooth is not None:
            z = self.rows.smooth
            bend = sensitivity * self.smooth
            by_row = bend.sum(axis=1)
            # The sum of bend_ij (z_i - z_j)², without an n x n array for each covariate.
            spread = 2.0 * (by_row @ z**2 - np.einsum("ij,ij->j", bend @ z, z))
            slopes += [float(by_row.sum()), *(spread / np.square(kernel.smooth_range)).tolist()]
        return np.array(slopes)
