"""Draws of the surface over many cells together."""

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, eigh

from hotspot.estimators.gaussian_process.exact import ExactPosterior
from hotspot.estimators.gaussian_process.kernel import (
    CONSTANT_VARIANCE,
    Hyperparameters,
    Inputs,
)
from hotspot.estimators.gaussian_process.posterior import Posterior

Values = NDArray[np.float64]

# Cells drawn through their dense covariance; beyond, a draw is a sum of waves.
MOST_JOINT = 2000
_WAVES = 512
_CELLS_AT_A_TIME = 8192


def draw_surface(
    posterior: Posterior, cells: Inputs, *, n_draws: int, random_state: int
) -> Values:
    """Return joint draws of the surface at cells, without noise, shape (n_draws, n_cells).

    Up to 2000 cells of a dense posterior are drawn through their exact covariance. More
    cells, or a local posterior, are drawn by conditioning draws of the prior: each is a sum
    of 512 random waves of its own and a random drift, moved by kriging the difference from
    the samples. Its covariance is right on average over draws.

    References
    ----------
    Wilson et al. (2020), Efficiently sampling functions from Gaussian process posteriors,
    arXiv 2002.09309.
    """
    generator = np.random.default_rng(random_state)
    if isinstance(posterior, ExactPosterior) and len(cells) <= MOST_JOINT:
        mean, spread = posterior.joint(cells)
        deviates = generator.standard_normal((n_draws, len(cells)))
        joint: Values = mean + deviates @ _root(spread).T
        return joint
    found = np.empty((n_draws, len(cells)))
    wanted = np.empty((n_draws, len(posterior.rows)))
    sd = np.sqrt(posterior.sites.variance)
    for draw in range(n_draws):
        path = _PriorPath(posterior.kernel, posterior.rows, generator)
        found[draw] = path(cells)
        noise = sd * generator.standard_normal(len(sd))
        wanted[draw] = posterior.sites.target - path(posterior.rows) - noise
    return found + posterior.extend(cells, wanted)


def _root(covariance: Values) -> Values:
    """Return a matrix that gives the covariance times its own transpose.

    Cells of one place have one value, so the covariance is singular, and rounding may make it
    a little less than that.
    """
    # A cell where a trend is drawn out far may have a variance of 1e30: by correlations its
    # rounding stays its own.
    spread = np.sqrt(np.maximum(np.diag(covariance), 1e-12))
    correlation = covariance / spread / spread[:, np.newaxis]
    raised = correlation.copy()
    raised[np.diag_indices_from(raised)] += 1e-8
    try:
        root = cholesky(raised, lower=True)
    except np.linalg.LinAlgError:
        # Ten times as long, and always an answer.
        values, vectors = eigh(correlation)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
    return np.asarray(spread[:, np.newaxis] * root)


class _PriorPath:
    """One surface of the prior, at any rows."""

    def __init__(
        self, kernel: Hyperparameters, like: Inputs, generator: np.random.Generator
    ) -> None:
        self._constant = np.sqrt(CONSTANT_VARIANCE) * generator.standard_normal()
        slopes = generator.standard_normal(like.drift.shape[1])
        self._slopes = np.sqrt(kernel.linear_variance) * slopes
        # The exponential covariance in the plane has a bivariate Cauchy spectrum.
        stretch = np.abs(generator.standard_normal((_WAVES, 1)))
        reach = kernel.spatial_range * np.maximum(stretch, 1e-9)
        self._waves = [self._wave(generator.standard_normal((_WAVES, 2)) / reach, generator)]
        self._heights = [
            np.sqrt(2.0 * kernel.spatial_variance / _WAVES) * generator.standard_normal(_WAVES)
        ]
        if kernel.smooth_range:
            frequency = generator.standard_normal((_WAVES, len(kernel.smooth_range)))
            self._waves.append(self._wave(frequency / np.array(kernel.smooth_range), generator))
            self._heights.append(
                np.sqrt(2.0 * kernel.smooth_variance / _WAVES)
                * generator.standard_normal(_WAVES)
            )

    @staticmethod
    def _wave(frequency: Values, generator: np.random.Generator) -> tuple[Values, Values]:
        return frequency, generator.uniform(0.0, 2.0 * np.pi, _WAVES)

    def __call__(self, rows: Inputs) -> Values:
        height = self._constant + rows.drift @ self._slopes
        for start in range(0, len(rows), _CELLS_AT_A_TIME):
            part = slice(start, start + _CELLS_AT_A_TIME)
            for where, (frequency, phase), heights in zip(
                (rows.place, rows.smooth), self._waves, self._heights, strict=False
            ):
                height[part] += np.cos(where[part] @ frequency.T + phase) @ heights
        return np.asarray(height)
