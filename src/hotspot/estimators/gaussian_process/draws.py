"""Draws of the surface over many cells together."""

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, eigh

from hotspot.estimators.gaussian_process.basis import Basis
from hotspot.estimators.gaussian_process.exact import ExactPosterior
from hotspot.estimators.gaussian_process.kernel import Inputs
from hotspot.estimators.gaussian_process.local import LocalPosterior
from hotspot.estimators.gaussian_process.posterior import Posterior
from hotspot.estimators.gaussian_process.sequence import draw_in_sequence

Values = NDArray[np.float64]

# Cells drawn through their dense covariance; beyond, each is drawn given its nearest.
MOST_JOINT = 2000
# Samples and cells that a cell of a dense process is then drawn given.
_NEIGHBOURS = 50


def draw_surface(
    posterior: Posterior, cells: Inputs, *, n_draws: int, random_state: int
) -> Values:
    """Return joint draws of the surface at cells, without noise, shape (n_draws, n_cells).

    Up to 2000 cells of a dense posterior are drawn through their exact covariance. More
    cells, or a local posterior, are drawn one after the other, each given the nearest samples
    and the nearest cells before it.
    """
    generator = np.random.default_rng(random_state)
    if isinstance(posterior, LocalPosterior):
        return draw_in_sequence(posterior, cells, n_draws=n_draws, generator=generator)
    if len(cells) <= MOST_JOINT:
        mean, spread = posterior.joint(cells)
        deviates = generator.standard_normal((n_draws, len(cells)))
        joint: Values = mean + deviates @ _root(spread).T
        return joint
    local = _localised(posterior, random_state)
    field = draw_in_sequence(local, cells, n_draws=n_draws, generator=generator)
    # Each cell alone is known exactly.
    mean, spread = posterior.predict(cells)
    near, width = local.predict(cells)
    return np.asarray(mean + (field - near) * np.sqrt(spread / width))


def _localised(posterior: ExactPosterior, random_state: int) -> LocalPosterior:
    """Return the local form of a dense process."""
    return LocalPosterior.given(
        posterior.kernel,
        posterior.rows,
        posterior.sites,
        Basis.of(posterior.kernel, posterior.rows.smooth),
        n_neighbours=_NEIGHBOURS,
        random_state=random_state,
    )


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
