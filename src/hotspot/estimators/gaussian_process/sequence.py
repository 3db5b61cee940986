"""Draws of a local surface, cell after cell.

Coefficients of drift and smooth part are drawn from their posterior. Given them, what is left
is a spatial process with noise: each cell is drawn given its nearest samples and its nearest
cells among those drawn before (Vecchia 1988, 10.1111/j.2517-6161.1988.tb01729.x). Weights do
not depend on the draw, so that all draws cost little more than one.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from hotspot.estimators.gaussian_process.kernel import Inputs
from hotspot.estimators.gaussian_process.local import LocalPosterior
from hotspot.estimators.gaussian_process.neighbours import Neighbours

Values = NDArray[np.float64]
Rows = NDArray[np.intp]

# Draws made side by side: their residuals at all samples are kept in memory.
_AT_A_TIME = 100
# Cells of one round do not know of each other; rounds grow by this factor.
_GROWTH = 1.1
# Samples and cells, at least, that a cell is drawn given, however few the samples are.
_LEAST_NEIGHBOURS = 30
# Cells need some noise, relative to the spatial variance, to stay apart by rounding.
_NUGGET = 1e-9


def draw_in_sequence(
    posterior: LocalPosterior, cells: Inputs, *, n_draws: int, generator: np.random.Generator
) -> Values:
    """Return joint draws of a local surface at cells, without noise, shape (n_draws, n_cells).

    Cells of one place have one spatial part, cells of the same covariates one smooth part.
    """
    columns = posterior.basis.columns(cells)
    q = columns.shape[1]
    coefficient = posterior.coefficient[:, None] + (
        posterior.coefficient_whitening.T @ generator.standard_normal((q, n_draws))
    )
    place, at = np.unique(cells.place, axis=0, return_inverse=True)
    _, like = np.unique(cells.smooth, axis=0, return_inverse=True)
    rest = np.sqrt(posterior.basis.left_over(columns))
    deviates = generator.standard_normal((int(like.max()) + 1, n_draws))
    drawn = columns @ coefficient + rest[:, None] * deviates[like.reshape(-1)]
    rounds = list(_rounds(posterior, place, generator))
    for start in range(0, n_draws, _AT_A_TIME):
        some = slice(start, start + _AT_A_TIME)
        left = posterior.residuals(coefficient[:, some])
        drawn[:, some] += _spatial(posterior, place, rounds, left, generator)[at.reshape(-1)]
    return np.ascontiguousarray(drawn.T)


@dataclass(frozen=True)
class _Round:
    """Cells drawn together, each given what was known before.

    Parameters
    ----------
    cells : array of int, shape (m,)
    near : array of int, shape (m, k)
        Rows of samples, and behind all samples those of cells.
    """

    cells: Rows
    near: Rows


def _rounds(
    posterior: LocalPosterior, place: Values, generator: np.random.Generator
) -> Iterator[_Round]:
    """Yield the cells in random order, with the nearest samples and cells before them."""
    samples = posterior.rows.place
    among_samples, k = cKDTree(samples), posterior.n_neighbours
    most = max(k, _LEAST_NEIGHBOURS)
    order, done = generator.permutation(len(place)), 0
    while done < len(place):
        cells = order[done : int(done * _GROWTH) + 1]
        away, near = among_samples.query(place[cells], k=[*range(1, k + 1)])
        if done:
            n_before = min(most, done)
            before = cKDTree(place[order[:done]])
            more, which = before.query(place[cells], k=[*range(1, n_before + 1)])
            away = np.hstack([away, more])
            near = np.hstack([near, len(samples) + order[which]])
            closest = np.argsort(away, axis=1, kind="stable")[:, :most]
            near = np.take_along_axis(near, closest, axis=1)
        yield _Round(cells, np.ascontiguousarray(near))
        done += len(cells)


def _spatial(
    posterior: LocalPosterior,
    place: Values,
    rounds: list[_Round],
    left: Values,
    generator: np.random.Generator,
) -> Values:
    """Return draws of the spatial part at places, given what is left of samples.

    Parameters
    ----------
    place : array, shape (m, 2)
        All different.
    left : array, shape (n, n_draws)
        What samples say, without drift and smooth part.
    """
    n, m, n_draws = len(left), len(place), left.shape[1]
    variance = posterior.kernel.spatial_variance
    known = Neighbours(
        np.vstack([posterior.rows.place, place]),
        np.concatenate([posterior.noise, np.full(m, _NUGGET * variance)]),
        np.vstack([left, np.zeros((m, n_draws))]),
    )
    for each in rounds:
        away = np.zeros((len(each.cells), n_draws))
        unsure = known.krige(posterior.kernel, place[each.cells], each.near, away)
        deviates = generator.standard_normal(away.shape)
        known.columns[n + each.cells] = np.sqrt(unsure)[:, None] * deviates - away
    return known.columns[n:]
