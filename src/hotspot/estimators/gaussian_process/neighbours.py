"""What neighbours tell: an order of conditioning, and kriging from the nearest."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from hotspot.compiled import compiled
from hotspot.estimators.gaussian_process.kernel import Hyperparameters
from hotspot.estimators.gaussian_process.neighbour_kernels import krige

Values = NDArray[np.float64]
Rows = NDArray[np.intp]

# Each round of predecessors has this many times the samples of the round before.
_GROWTH = 1.3


@dataclass(frozen=True)
class Neighbourhoods:
    """An order of the samples, and for each its nearest among those well before it.

    Parameters
    ----------
    order : array, shape (n,)
        The first ``k + 1`` condition on all before them.
    near : array, shape (n - k - 1, k)
        Of each later sample.
    """

    order: Rows
    near: Rows

    @classmethod
    def of(cls, place: Values, k: int, random_state: int) -> Self:
        """Return neighbourhoods of `k` samples in a random order."""
        n = len(place)
        order = np.random.default_rng(random_state).permutation(n)
        found = []
        done = min(k + 1, n)
        while done < n:
            stop = min(int(done * _GROWTH) + 1, n)
            _, near = cKDTree(place[order[:done]]).query(place[order[done:stop]], k=k)
            found.append(order[near.reshape(stop - done, k)])
            done = stop
        return cls(order, np.vstack(found) if found else np.empty((0, k), np.intp))

    @property
    def first(self) -> Rows:
        """The samples that condition on all before them."""
        return self.order[: len(self.order) - len(self.near)]

    @property
    def later(self) -> Rows:
        """The samples that condition on their neighbours, one for each row of `near`."""
        return self.order[len(self.order) - len(self.near) :]


@dataclass(frozen=True)
class Neighbours:
    """Rows from which others are kriged.

    Parameters
    ----------
    place : array, shape (n, 2)
    noise : array, shape (n,)
        Variance that each has for itself.
    columns : array, shape (n, q)
        What is known of each.
    """

    place: Values
    noise: Values
    columns: Values

    def krige(
        self,
        kernel: Hyperparameters,
        place: Values,
        near: Rows,
        away: Values,
        extra: Values | None = None,
    ) -> Values:
        """Take from `away` what neighbours tell of it; return the spatial variance left.

        Parameters
        ----------
        kernel : Hyperparameters
            Whose spatial part counts.
        place : array, shape (m, 2)
            Of the cells.
        near : array of int, shape (m, k)
            Neighbours of each.
        away : array, shape (m, q)
            Columns of the cells; changed in place.
        extra : array, shape (m, k), optional
            Noise that a neighbour has for this cell only.
        """
        left = np.empty(len(place))
        compiled(krige)(
            self.place,
            self.noise,
            self.columns,
            kernel.spatial_variance,
            kernel.spatial_range,
            np.ascontiguousarray(place),
            near,
            np.empty((0, 0)) if extra is None else extra,
            away,
            left,
        )
        return left
