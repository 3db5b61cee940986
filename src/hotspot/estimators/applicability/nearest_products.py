"""Exact search among samples by matrix products in single precision, which are then checked."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from hotspot.one_core import one_core
from hotspot.trees.portions import over_rows

Points = NDArray[np.float64]

# Points whose products with all samples are held at once.
_ROWS = 128


@dataclass(frozen=True)
class ProductSearch:
    """Samples that are all compared with each point.

    With dozens of columns, as indicators of classes are, a tree has to look into most of its
    leaves, and a matrix product looks at all samples in less time. In single precision it
    leaves a few samples that could be the nearest; these are measured in double precision, so
    that the answer is that of a tree.

    Parameters
    ----------
    samples : array, shape (n_samples, d)
        One or more.
    factor : array of float32, shape (d + 1, n_samples)
        ``-2 s`` and ``s · s`` of each sample, about the middle of all of them.
    middle : array, shape (d,)
        That middle.
    reach : float
        Distance of the farthest sample from it.
    """

    samples: Points
    factor: NDArray[np.float32]
    middle: Points
    reach: float

    @classmethod
    def of(cls, samples: Points) -> Self:
        """Return the search among some samples."""
        middle = samples.mean(axis=0)
        centred = samples - middle
        norm = (centred**2).sum(axis=1)
        factor = np.vstack([-2 * centred.T, norm]).astype(np.float32)
        return cls(samples, np.ascontiguousarray(factor), middle, float(norm.max()) ** 0.5)

    def distance(self, points: Points, *, n_threads: int = 1) -> Points:
        """Return the distance of each point to the nearest sample, shape (n,).

        Examples
        --------
        >>> search = ProductSearch.of(np.array([[0.0, 0.0], [3.0, 4.0]]))
        >>> search.distance(np.array([[3.0, 3.0], [0.0, -2.0]]))
        array([1., 2.])
        """
        squared = np.full(len(points), np.inf)

        def work(rows: slice) -> None:
            own, found = points[rows], squared[rows]
            for part, _, off, product in self._products(own):
                most = product.min(axis=1) + 2 * off
                row, sample = self._pairs(product <= most[:, np.newaxis])
                exact = squared_distance(own[part][row], self.samples[sample])
                np.minimum.at(found[part], row, exact)

        # Rows are what is computed side by side.
        with one_core():
            over_rows(work, len(points), n_threads=n_threads)
        nearest: Points = np.sqrt(squared)
        return nearest

    def count(self, points: Points, radius: float, *, n_threads: int = 1) -> Points:
        """Return how many samples lie within a radius of each point, shape (n,).

        Examples
        --------
        >>> search = ProductSearch.of(np.array([[0.0, 0.0], [3.0, 4.0]]))
        >>> search.count(np.array([[3.0, 3.0], [0.0, 0.0]]), 5.0)
        array([1., 2.])
        """
        counted = np.empty(len(points))

        def work(rows: slice) -> None:
            own, found = points[rows], counted[rows]
            for part, norm, off, product in self._products(own):
                least, most = radius**2 - norm - off, radius**2 - norm + off
                inside = product < least[:, np.newaxis]
                found[part] = np.count_nonzero(inside, axis=1)
                row, sample = self._pairs(~inside & (product <= most[:, np.newaxis]))
                exact = squared_distance(own[part][row], self.samples[sample])
                np.add.at(found[part], row[exact <= radius**2], 1.0)

        # Rows are what is computed side by side.
        with one_core():
            over_rows(work, len(points), n_threads=n_threads)
        return counted

    def _products(
        self, points: Points
    ) -> Iterator[tuple[slice, Points, Points, NDArray[np.float32]]]:
        """Yield, a portion at a time, squared distances less the points' own squares.

        With them these squares, and what the products may be off by: as much as the numbers
        that are added up, times their count and the precision.
        """
        count = len(self.factor)
        held = np.empty((min(_ROWS, len(points)), len(self.samples)), dtype=np.float32)
        share = (count + 8) * float(np.finfo(np.float32).eps)
        for start in range(0, len(points), _ROWS):
            part = slice(start, start + _ROWS)
            centred = points[part] - self.middle
            norm = (centred**2).sum(axis=1)
            rows = np.empty((len(centred), count), dtype=np.float32)
            rows[:, :-1], rows[:, -1] = centred, 1.0
            product = np.matmul(rows, self.factor, out=held[: len(rows)])
            off = share * (np.sqrt(norm) + self.reach) ** 2
            yield part, norm, off, product

    def _pairs(self, chosen: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        place = np.flatnonzero(chosen)
        return np.divmod(place, len(self.samples))


def squared_distance(left: Points, right: Points) -> Points:
    """Return squared distances row by row, added up in the order of SciPy's trees.

    Examples
    --------
    >>> squared_distance(np.array([[0.0, 1.0]]), np.array([[2.0, 1.0]]))
    array([4.])
    """
    gap = left - right
    np.multiply(gap, gap, out=gap)
    whole = gap.shape[1] // 4 * 4
    sums = np.zeros((len(gap), 4))
    for first in range(0, whole, 4):
        sums += gap[:, first : first + 4]
    total: Points = ((sums[:, 0] + sums[:, 1]) + sums[:, 2]) + sums[:, 3]
    for column in range(whole, gap.shape[1]):
        total += gap[:, column]
    return total
