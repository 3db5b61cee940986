"""Exact search among samples: how far the nearest one is, and how many are near."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from hotspot.estimators.nearest_products import ProductSearch
from hotspot.trees.portions import over_rows

Points = NDArray[np.float64]

# Boxes of a node, and samples of a block.
_LANES = 8
# Numbers that a processor adds up at once; coordinates are filled up to a multiple of it.
_WIDTH = 16
# A node's boxes come of so many halvings.
_HALVED = 3
# Where there is no sample: its square is still a number in single precision.
_FAR = 1e18
# Rows below which SciPy's tree is done before anything else is ready.
_FEW = 2048
# Numbers of all samples up to which looking at all of them is quickest: 5,000 samples of 44
# columns took 6 us a row by products and 24 by boxes, of 12 columns 3 and 6.
_PRODUCTS = 400_000


@dataclass(frozen=True)
class BoxTree:
    """A tree of boxes, each about the samples that it holds, eight to a node.

    Tighter than the half-spaces of a k-d tree, which matters with a dozen covariates, most of
    whose corners are empty.

    Parameters
    ----------
    samples : array, shape (n_blocks * 8, d)
        In the order of the blocks; the last ones are far away and stand for none.
    child : array of int, shape (n_nodes, 8)
        Number of the node of each box; or ``-1 - b`` for the samples of the block b.
    held : array of int, shape (n_nodes, 8)
        Samples in each box.
    low, high : array of float32, shape (n_nodes, 8, d)
        Corners of the boxes, with zeros behind the coordinates up to a multiple of 16; far away
        where there is none.
    """

    samples: Points
    child: NDArray[np.int64]
    held: NDArray[np.int64]
    low: NDArray[np.float32]
    high: NDArray[np.float32]

    @classmethod
    def of(cls, samples: Points) -> Self:
        """Return the tree of some samples, halved along the widest side again and again.

        Examples
        --------
        >>> tree = BoxTree.of(np.arange(30.0).reshape(15, 2))
        >>> tree.child[0, :3], tree.held[0, :3], tree.low[0, :3, 0]
        (array([-1, -2,  0]), array([8, 7, 0]), array([0.e+00, 1.6e+01, 1.e+18], dtype=float32))
        """
        n, d = samples.shape
        order = np.arange(n)

        def halved(first: int, last: int) -> int:
            """Sort a span along its widest side; return where it is cut, in whole blocks."""
            span = samples[order[first:last]]
            widest = int(np.argmax(span.max(axis=0) - span.min(axis=0)))
            order[first:last] = order[first:last][np.argsort(span[:, widest], kind="stable")]
            return first + -(-(last - first) // (2 * _LANES)) * _LANES

        child: list[list[int]] = []
        held: list[list[int]] = []
        spans = [(0, n)]
        boxes: list[list[tuple[int, int]]] = []
        # Nodes are made in the order of the list, which grows meanwhile.
        for span in spans:
            parts = [span]
            for _ in range(_HALVED):
                cut = [
                    (first, last, halved(first, last))
                    for first, last in parts
                    if last - first > _LANES
                ]
                whole = [part for part in parts if part[1] - part[0] <= _LANES]
                parts = sorted(
                    whole + [p for first, last, at in cut for p in ((first, at), (at, last))]
                )
            links = []
            for first, last in parts:
                if last - first <= _LANES:
                    links.append(-1 - first // _LANES)
                else:
                    links.append(len(spans))
                    spans.append((first, last))
            child.append(links)
            held.append([last - first for first, last in parts])
            boxes.append(parts)
        low = np.zeros((len(boxes), _LANES, -(-d // _WIDTH) * _WIDTH), dtype=np.float32)
        low[:, :, :d] = _FAR
        high = low.copy()
        for node, parts in enumerate(boxes):
            for lane, (first, last) in enumerate(parts):
                inside = samples[order[first:last]]
                low[node, lane, :d], high[node, lane, :d] = (
                    inside.min(axis=0),
                    inside.max(axis=0),
                )
        padded = np.full((-(-n // _LANES) * _LANES, d), _FAR)
        padded[:n] = samples[order]
        return cls(padded, _table(child), _table(held), low, high)

    @cached_property
    def _arrays(self) -> tuple[Any, ...]:
        n, d = self.samples.shape
        blocks = np.zeros((n // _LANES, _LANES, self.low.shape[2]), dtype=np.float32)
        blocks[:, :, :d] = self.samples.reshape(n // _LANES, _LANES, d)
        there = np.abs(self.samples[(self.samples < _FAR).all(axis=1)])
        # Each coordinate, of point, sample and corner, is off by half a unit in the last place
        # of the largest one, and so is their difference; four units hold all of it.
        slack = 4.0 * float(np.finfo(np.float32).eps) * d**0.5
        return (
            self.samples,
            blocks,
            self.child,
            self.low,
            self.high,
            slack,
            float(there.max(initial=0.0)),
        )

    def distance(self, points: Points, *, n_threads: int = 1) -> Points:
        """Return the distance of each point to the nearest sample, shape (n,)."""
        from hotspot.estimators import nearest_kernels

        return self._each(nearest_kernels.nearest, points, (), n_threads)

    def count(self, points: Points, radius: float, *, n_threads: int = 1) -> Points:
        """Return how many samples lie within a radius of each point, shape (n,)."""
        from hotspot.estimators import nearest_kernels

        return self._each(nearest_kernels.count_within, points, (self.held, radius), n_threads)

    def _each(
        self, loop: Callable[..., None], points: Points, more: tuple[Any, ...], threads: int
    ) -> Points:
        points = np.ascontiguousarray(points, dtype=np.float64)
        out = np.empty(len(points))

        def work(rows: slice) -> None:
            loop(points[rows], *self._arrays, *more, out[rows])

        over_rows(work, len(points), n_threads=threads)
        return out


def _table(rows: list[list[int]]) -> NDArray[np.int64]:
    """Return lists as rows of eight, with 0 where there is none."""
    table = np.zeros((len(rows), _LANES), dtype=np.int64)
    for number, row in enumerate(rows):
        table[number, : len(row)] = row
    return table


class NearestSamples:
    """Samples that are asked how near they are, by whichever way is quickest.

    SciPy's tree answers few rows, matrix products those of a map, and a tree of boxes where
    the samples are too many for products. All are exact, and add up squares in the same order.

    Parameters
    ----------
    samples : array, shape (n_samples, d)
        One or more.
    """

    def __init__(self, samples: Points) -> None:
        self.samples = samples
        self._plain = cKDTree(samples)

    @cached_property
    def _products(self) -> ProductSearch:
        return ProductSearch.of(self.samples)

    @cached_property
    def _boxes(self) -> BoxTree:
        return BoxTree.of(self.samples)

    def distance(self, points: Points, *, n_threads: int = 1) -> Points:
        """Return the distance of each point to the nearest sample, shape (n,)."""
        if len(points) < _FEW:
            found: Points = self._plain.query(points, workers=n_threads)[0]
            return found
        if self.samples.size <= _PRODUCTS:
            return self._products.distance(points, n_threads=n_threads)
        return self._boxes.distance(points, n_threads=n_threads)

    def count(self, points: Points, radius: float, *, n_threads: int = 1) -> Points:
        """Return how many samples lie within a radius of each point, shape (n,)."""
        if len(points) < _FEW:
            found = self._plain.query_ball_point(
                points, radius, workers=n_threads, return_length=True
            )
            return np.asarray(found, dtype=np.float64)
        if self.samples.size <= _PRODUCTS:
            return self._products.count(points, radius, n_threads=n_threads)
        return self._boxes.count(points, radius, n_threads=n_threads)
