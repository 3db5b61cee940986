"""Exact search among samples: how far the nearest one is, and how many are near."""

from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from hotspot.estimators.applicability.nearest_boxes import BoxTree, kinds_of
from hotspot.estimators.applicability.nearest_products import ProductSearch

Points = NDArray[np.float64]
Ints = NDArray[np.int64]

# Rows below which SciPy's tree is done before anything else is ready.
_FEW = 2048
# Numbers of all samples up to which looking at all of them is quickest: 5,000 samples of 44
# columns took 6 us a row by products and 24 by boxes, of 12 columns 3 and 6.
_PRODUCTS = 400_000
# Boxes take so many times as long as products for a number of the samples that they look at.
_BOXES = 4
# Kinds of points times kinds of samples up to which sorting these is quicker than looking at
# all samples, per point.
_SORTED = 30


class NearestSamples:
    """Samples that are asked how near they are, by whichever way is quickest.

    SciPy's tree answers few rows, matrix products those of a map, and trees of boxes where
    the samples are too many for products, or fall apart into kinds by their classes. All are
    exact, and add up squares in the same order.

    Parameters
    ----------
    samples : array, shape (n_samples, d)
        One or more.
    classes : array of int, optional
        Columns that are indicators of classes.
    """

    def __init__(self, samples: Points, classes: Ints | None = None) -> None:
        self.samples = samples
        self.classes = np.empty(0, np.int64) if classes is None else classes
        self._plain = cKDTree(samples)

    @cached_property
    def _products(self) -> ProductSearch:
        return ProductSearch.of(self.samples)

    @cached_property
    def _boxes(self) -> BoxTree:
        return BoxTree.of(self.samples)

    @cached_property
    def _boxes_by_kind(self) -> BoxTree:
        return BoxTree.of(self.samples, self.classes)

    @cached_property
    def _count(self) -> Ints:
        """How many samples are of each kind."""
        return kinds_of(self.samples[:, self.classes])[2]

    def _fall_apart(self, kind: Ints | None) -> bool:
        """Whether samples of a kind, and kinds of points, are few enough to search by kind."""
        n, d = self.samples.shape
        alike = float((self._count**2).sum()) / n * (d - len(self.classes))
        if kind is None or _BOXES * alike >= n * d:
            return False
        return len(np.unique(kind)) * len(self._count) < _SORTED * len(kind)

    def _search(self, kind: Ints | None) -> "tuple[BoxTree | ProductSearch, tuple[Ints, ...]]":
        """Return who is quickest, and what it is told of kinds."""
        if kind is not None and self._fall_apart(kind):
            return self._boxes_by_kind, (kind,)
        return (self._boxes if self.samples.size > _PRODUCTS else self._products), ()

    def distance(
        self, points: Points, kind: Ints | None = None, *, n_threads: int = 1
    ) -> Points:
        """Return the distance of each point to the nearest sample, shape (n,).

        Parameters
        ----------
        points : array, shape (n, d)
            Of the columns of the samples.
        kind : array of int, shape (n,), optional
            The same number for points of the same classes. Without it kinds are not used.
        n_threads : int
            Threads; the distances do not depend on it.
        """
        if len(points) < _FEW:
            found: Points = self._plain.query(points, workers=n_threads)[0]
            return found
        search, kinds = self._search(kind)
        return search.distance(points, *kinds, n_threads=n_threads)

    def count(
        self, points: Points, radius: float, kind: Ints | None = None, *, n_threads: int = 1
    ) -> Points:
        """Return how many samples lie within a radius of each point, shape (n,)."""
        if len(points) < _FEW:
            found = self._plain.query_ball_point(
                points, radius, workers=n_threads, return_length=True
            )
            return np.asarray(found, dtype=np.float64)
        search, kinds = self._search(kind)
        return search.count(points, radius, *kinds, n_threads=n_threads)
