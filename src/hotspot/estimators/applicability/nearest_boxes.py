"""Trees of boxes about samples, for the exact search of the nearest one."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from hotspot.trees.portions import over_rows

Points = NDArray[np.float64]
Ints = NDArray[np.int64]

# Boxes of a node, and samples of a block.
_LANES = 8
# Numbers that a processor adds up at once; coordinates are filled up to a multiple of it.
_WIDTH = 16
# A node's boxes come of so many halvings.
_HALVED = 3
# Where there is no sample: its square is still a number in single precision.
_FAR = 1e18
# Memory of the orders of kinds that are kept for further rows.
_MOST_BYTES = 32 << 20


@dataclass(frozen=True)
class BoxTree:
    """Trees of boxes, each about the samples that it holds, eight to a node.

    Tighter than the half-spaces of a k-d tree, which matters with a dozen covariates, most of
    whose corners are empty.

    Columns of few values, as indicators of classes are, stay out of the boxes. Samples that
    are alike in all of them are a kind and have a tree of their own. How far kinds are in
    these columns is found once for all points that are alike in them, and a kind that is
    farther than the nearest sample so far is not looked into. Where all columns are such, the
    last one is in the boxes.

    Parameters
    ----------
    samples : array, shape (n_blocks * 8, d)
        In the order of the blocks; rows far away stand for none.
    column, classes : array of int
        Columns of the boxes, and those of the kinds.
    kinds : array, shape (n_kinds, n_classes)
        Values of each kind.
    root : array of int, shape (n_kinds,)
        Where the tree of each kind begins, in the numbers of `child`.
    child : array of int, shape (n_nodes, 8)
        Number of the node of each box; or ``-1 - b`` for the samples of the block b.
    held : array of int, shape (n_nodes, 8)
        Samples in each box.
    low, high : array of float32, shape (n_nodes, 8, n_columns)
        Corners of the boxes, with zeros behind the coordinates up to a multiple of 16; far away
        where there is none.
    """

    samples: Points
    column: Ints
    classes: Ints
    kinds: Points
    root: Ints
    child: Ints
    held: Ints
    low: NDArray[np.float32]
    high: NDArray[np.float32]

    @classmethod
    def of(cls, samples: Points, classes: Ints | None = None) -> Self:
        """Return the trees of some samples, halved along the widest side again and again.

        Parameters
        ----------
        samples : array, shape (n, d)
            One or more.
        classes : array of int, optional
            Columns of few values; by default none.

        Examples
        --------
        >>> tree = BoxTree.of(np.arange(30.0).reshape(15, 2))
        >>> tree.child[0, :3], tree.held[0, :3], tree.low[0, :3, 0]
        (array([-1, -2,  0]), array([8, 7, 0]), array([0.e+00, 1.6e+01, 1.e+18], dtype=float32))
        """
        named = np.empty(0, np.int64) if classes is None else np.asarray(classes, np.int64)
        if len(named) == samples.shape[1]:
            # A box without a side is everywhere; the last class is one.
            named = named[:-1]
        column = np.setdiff1d(np.arange(samples.shape[1]), named)
        kinds, kind, count = kinds_of(samples[:, named])
        # A block holds samples of one kind.
        first = np.concatenate([[0], np.cumsum(-(-count // _LANES) * _LANES)])
        before = np.repeat(first[:-1] - (np.cumsum(count) - count), count)
        place = np.arange(len(samples)) + before
        order = np.full(first[-1], -1)
        order[place] = np.argsort(kind, kind="stable")
        boxes = _Boxes(samples[:, column], order)
        root = [boxes.add(int(a), int(a + n)) for a, n in zip(first, count, strict=False)]
        padded = np.full((len(order), samples.shape[1]), _FAR)
        padded[place] = samples[order[place]]
        child, held = _table(boxes.child), _table(boxes.held)
        return cls(padded, column, named, kinds, np.array(root), child, held, *boxes.corners())

    @cached_property
    def _arrays(self) -> tuple[Any, ...]:
        width, d = len(self.column), self.samples.shape[1]
        blocks = np.zeros(
            (len(self.samples) // _LANES, _LANES, self.low.shape[2]), dtype=np.float32
        )
        blocks[:, :, :width] = self.samples[:, self.column].reshape(-1, _LANES, width)
        there = np.abs(self.samples[(self.samples < _FAR).all(axis=1)])
        # Each coordinate, of point, sample and corner, is off by half a unit in the last place
        # of the largest one, and so is their difference; four units hold all of it.
        slack = 4.0 * float(np.finfo(np.float32).eps) * d**0.5
        widest = float(there.max(initial=0.0))
        column, root = self.column, self.root
        return (
            self.samples,
            blocks,
            column,
            root,
            self.child,
            self.low,
            self.high,
            slack,
            widest,
        )

    @cached_property
    def _orders(self) -> dict[bytes, tuple[NDArray[np.int32], NDArray[np.float32]]]:
        return {}

    def distance(
        self, points: Points, kind: Ints | None = None, *, n_threads: int = 1
    ) -> Points:
        """Return the distance of each point to the nearest sample, shape (n,).

        Parameters
        ----------
        points : array, shape (n, d)
            Of the columns of the samples.
        kind : array of int, shape (n,), optional
            The same number for points that are alike in the columns of few values; found
            where it is not given, which takes longer than the search.
        n_threads : int
            Threads; the distances do not depend on it.
        """
        from hotspot.estimators.applicability import nearest_kernels

        return self._each(nearest_kernels.nearest, points, kind, (), n_threads)

    def count(
        self, points: Points, radius: float, kind: Ints | None = None, *, n_threads: int = 1
    ) -> Points:
        """Return how many samples lie within a radius of each point, shape (n,).

        Parameters
        ----------
        points, kind, n_threads
            As in `distance`.
        radius : float
            A sample at the radius itself counts.
        """
        from hotspot.estimators.applicability import nearest_kernels

        more = (self.held, radius)
        return self._each(nearest_kernels.count_within, points, kind, more, n_threads)

    def _each(
        self,
        loop: Callable[..., None],
        points: Points,
        kind: Ints | None,
        more: tuple[Any, ...],
        threads: int,
    ) -> Points:
        points = np.ascontiguousarray(points, dtype=np.float64)
        if kind is None or not len(self.classes):
            kind = kinds_of(points[:, self.classes])[1]
        out = np.empty(len(points))

        def work(rows: slice) -> None:
            own = points[rows]
            _, first, which = np.unique(kind[rows], return_index=True, return_inverse=True)
            order, bound = self._nearest_kinds(own[first][:, self.classes])
            loop(own, which, order, bound, *self._arrays, *more, out[rows])

        over_rows(work, len(points), n_threads=threads)
        return out

    def _nearest_kinds(self, values: Points) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return kinds of samples, the nearest first, and their squared distance at least.

        Both have the shape (n, n_kinds), for as many kinds of points.
        """
        known = self._orders
        keys = [value.tobytes() for value in values]
        if len(known) * 8 * len(self.kinds) > _MOST_BYTES:
            known.clear()
        new = [row for row, key in enumerate(keys) if key not in known]
        # Off by far less than what the search allows for.
        norm = (values[new] ** 2).sum(axis=1, keepdims=True) + (self.kinds**2).sum(axis=1)
        squared = norm - 2 * values[new] @ self.kinds.T
        away = np.maximum(squared, 0.0).astype(np.float32)
        nearest = np.argsort(away, axis=1).astype(np.int32)
        away = np.take_along_axis(away, nearest, axis=1)
        known.update(
            zip((keys[row] for row in new), zip(nearest, away, strict=True), strict=True)
        )
        order, bound = zip(*(known[key] for key in keys), strict=True)
        return np.stack(order), np.stack(bound)


class _Boxes:
    """Nodes that are added span by span."""

    def __init__(self, samples: Points, order: Ints) -> None:
        self._samples, self._order = samples, order
        self._spans: list[list[tuple[int, int]]] = []
        self.child: list[list[int]] = []
        self.held: list[list[int]] = []

    def add(self, first: int, last: int) -> int:
        """Add the tree of a span that begins with a block; return where it begins."""
        if last - first <= _LANES:
            return -1 - first // _LANES
        node = len(self.child)
        todo = [(first, last)]
        # Nodes are made in the order of the list, which grows meanwhile.
        for span in todo:
            parts = [span]
            for _ in range(_HALVED):
                cut = [(a, b, self._halved(a, b)) for a, b in parts if b - a > _LANES]
                whole = [(a, b) for a, b in parts if b - a <= _LANES]
                parts = sorted(whole + [p for a, b, at in cut for p in ((a, at), (at, b))])
            links = []
            for a, b in parts:
                if b - a <= _LANES:
                    links.append(-1 - a // _LANES)
                else:
                    links.append(node + len(todo))
                    todo.append((a, b))
            self.child.append(links)
            self.held.append([b - a for a, b in parts])
            self._spans.append(parts)
        return node

    def corners(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the corners of all boxes."""
        d = self._samples.shape[1]
        shape = (len(self._spans), _LANES, max(1, -(-d // _WIDTH)) * _WIDTH)
        low = np.zeros(shape, dtype=np.float32)
        low[:, :, :d] = _FAR
        high = low.copy()
        for node, parts in enumerate(self._spans):
            for lane, (first, last) in enumerate(parts):
                inside = self._samples[self._order[first:last]]
                low[node, lane, :d] = inside.min(axis=0)
                high[node, lane, :d] = inside.max(axis=0)
        return low, high

    def _halved(self, first: int, last: int) -> int:
        """Sort a span along its widest side; return where it is cut, in whole blocks."""
        order = self._order
        span = self._samples[order[first:last]]
        if span.shape[1]:
            widest = int(np.argmax(span.max(axis=0) - span.min(axis=0)))
            order[first:last] = order[first:last][np.argsort(span[:, widest], kind="stable")]
        return first + -(-(last - first) // (2 * _LANES)) * _LANES


def kinds_of(values: Points) -> tuple[Points, Ints, Ints]:
    """Return the rows that differ, which of them each row is, and how many rows each is.

    Examples
    --------
    >>> rows, which, count = kinds_of(np.array([[1.0, 0.0], [0.0, 0.0], [1.0, 0.0]]))
    >>> which.tolist(), count.tolist()
    ([1, 0, 1], [1, 2])
    """
    if not values.shape[1]:
        n = len(values)
        return values[:1], np.zeros(n, dtype=np.int64), np.array([n], dtype=np.int64)
    rows, which, count = np.unique(values, axis=0, return_inverse=True, return_counts=True)
    return rows, which.ravel().astype(np.int64), count.astype(np.int64)


def _table(rows: list[list[int]]) -> Ints:
    """Return lists as rows of eight, with 0 where there is none."""
    table = np.zeros((len(rows), _LANES), dtype=np.int64)
    for number, row in enumerate(rows):
        table[number, : len(row)] = row
    return table
