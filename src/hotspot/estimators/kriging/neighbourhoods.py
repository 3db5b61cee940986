"""Ordinary and universal kriging from a few neighbours: one small system for each target."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hotspot.estimators.kriging.algebra import length, solve_each
from hotspot.estimators.kriging.variogram import VariogramModel
from hotspot.grid import Coordinates

Values = NDArray[np.float64]
Rows = NDArray[np.int64]

# Numbers held at once per array of a chunk: 32 MB.
_CHUNK = 4_000_000


@dataclass(frozen=True)
class Neighbourhood:
    """Some targets with their neighbours.

    Parameters
    ----------
    rows : array of int, shape (m,)
        The targets.
    samples : array of int, shape (m, k)
        Neighbours of each.
    weights : array, shape (m, k)
    variance : array, shape (m,)
        Of a new sample.
    """

    rows: Rows
    samples: Rows
    weights: Values
    variance: Values


@dataclass(frozen=True)
class Surroundings:
    """Samples that targets are kriged from, some to each.

    Parameters
    ----------
    coordinates : array, shape (n, 2), metres
    variogram : VariogramModel
    own : array, shape (n,)
        Variance that each sample has for itself.
    design : array, shape (n, p)
        Constant and drift, found anew in each neighbourhood.
    """

    coordinates: Coordinates
    variogram: VariogramModel
    own: Values
    design: Values

    def of(self, places: Coordinates, design: Values, near: Rows) -> Iterator[Neighbourhood]:
        """Yield the solved systems, some thousand at a time: [[C, F], [F', 0]].

        Parameters
        ----------
        places : array, shape (m, 2)
        design : array, shape (m, p)
            Constant and drift there.
        near : array of int, shape (m, k)
            Samples around each.
        """
        k, p = near.shape[1], self.design.shape[1]
        step = max(1, _CHUNK // (k + p) ** 2)
        for start in range(0, len(places), step):
            rows = np.arange(start, min(start + step, len(places)))
            samples = near[rows]
            at = self.coordinates[samples]
            between = at[:, :, None, :] - at[:, None, :, :]
            system = np.zeros((len(rows), k + p, k + p))
            system[:, :k, :k] = self.variogram.covariance(length(between))
            diagonal = np.arange(k)
            system[:, diagonal, diagonal] += self.own[samples]
            drift = self.design[samples]
            system[:, :k, k:] = drift
            system[:, k:, :k] = drift.transpose(0, 2, 1)
            away = at - places[rows][:, None, :]
            right = np.concatenate(
                [self.variogram.covariance(length(away)), design[rows]],
                axis=1,
            )
            solution = solve_each(system, right)
            variance = self.variogram.total - np.einsum("mk,mk->m", solution, right)
            yield Neighbourhood(rows, samples, solution[:, :k], variance)
