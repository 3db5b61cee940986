"""Trees taken apart into parts whose few conditions have all their answers in a table.

A part is a piece of a tree: one node and everything below it. What its leaves contribute
depends on the row through few yes-or-no conditions: whether the row's value of each covariate
on the way to the node fits that way, and on which side of each split below it lies. `parts_of`
cuts a tree where the tables cost least.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from hotspot.trees.ensemble import TreeEnsemble
from hotspot.trees.quantise import Codes

# Conditions of a part, at most: patterns are kept in 16 bits.
MOST_BITS = 16
# Conditions of a part of several leaves, at most.
_MERGED_BITS = 10
# Outputs that are added at once.
STRIP = 8
# Nanoseconds that a row takes per condition, per strip of outputs, and per pattern of a strip's
# table, which is fetched once per portion of rows.
_PER_BIT, _PER_STRIP, _PER_PATTERN = 0.03, 0.65, 0.001

Members = NDArray[np.bool_]


@dataclass(frozen=True)
class Condition:
    """Whether a row's code is one of some.

    Parameters
    ----------
    place : int
        Row of the codes.
    members : array of bool, shape (n_codes,)
        The codes for which it holds.
    """

    place: int
    members: Members


@dataclass(frozen=True)
class PathLeaf:
    """A leaf of a part.

    Parameters
    ----------
    value : float
        What it adds.
    places : tuple of int
        Rows of the codes that are asked on the way from the root.
    shares : tuple of float
        For each of them, the share of training samples that its splits let through.
    cares, wants : tuple of int
        For each of them, the bits of the pattern that must be as in `wants` for the row's
        value to fit the way to the leaf.
    """

    value: float
    places: tuple[int, ...]
    shares: tuple[float, ...]
    cares: tuple[int, ...]
    wants: tuple[int, ...]


@dataclass(frozen=True)
class Part:
    """Leaves below one node.

    Parameters
    ----------
    conditions : tuple of Condition
        Bits of the pattern, the lowest first.
    leaves : tuple of PathLeaf
        All leaves below the node.
    """

    conditions: tuple[Condition, ...]
    leaves: tuple[PathLeaf, ...]


# For each row of the codes on the way to a node: codes let through, and share of samples.
_Way = dict[int, tuple[Members, float]]


def parts_of(ensemble: TreeEnsemble, codes: Codes, group: Sequence[int]) -> list[Part]:
    """Return the parts of all trees, in the order of the trees.

    Parameters
    ----------
    ensemble : TreeEnsemble
        With training samples in every node.
    codes : Codes
        Of the ensemble.
    group : sequence of int, shape (n_places,)
        Output of each row of the codes; fewer outputs allow larger parts.
    """
    return _Cut(ensemble, codes, group).parts()


class _Cut:
    def __init__(self, ensemble: TreeEnsemble, codes: Codes, group: Sequence[int]) -> None:
        splits = ensemble.splits
        self._ensemble = ensemble
        self._place = np.searchsorted(codes.column, splits.column).tolist()
        self._child = (splits.left.tolist(), splits.right.tolist())
        self._count = splits.count.tolist()
        self._leaf_count = ensemble.leaf_count.tolist()
        self._left = codes.goes_left(ensemble)
        self._output = [1 << number for number in group]
        self._ways: list[_Way] = [{} for _ in self._place]
        self._whole = [True] * len(self._place)

    def parts(self) -> list[Part]:
        first = self._ensemble.first_split.tolist()
        parts = []
        for start, end in pairwise(first):
            if start == end:
                continue
            for split in range(start, end):
                for side in (0, 1):
                    child = self._child[side][split]
                    if child >= 0:
                        self._ways[child] = self._way(split, side)
            self._choose(start, end)
            todo = [start]
            while todo:
                node = todo.pop()
                if self._whole[node]:
                    parts.append(self._part(node))
                    continue
                for side in (1, 0):
                    child = self._child[side][node]
                    if child >= 0:
                        todo.append(child)
                    else:
                        parts.append(self._lone_leaf(node, side))
        return parts

    def _way(self, split: int, side: int) -> _Way:
        """Return the way to a child."""
        place, child = self._place[split], self._child[side][split]
        count = self._count[child] if child >= 0 else self._leaf_count[-1 - child]
        passed = self._left[split] if side == 0 else ~self._left[split]
        share = count / self._count[split]
        way = self._ways[split].copy()
        if place in way:
            before, so_far = way[place]
            way[place] = (before & passed, so_far * share)
        else:
            way[place] = (passed, share)
        return way

    def _choose(self, start: int, end: int) -> None:
        """Decide from the back which nodes are parts, by the time that a row takes."""
        n = end - start
        size, asked, cost = [1] * n, [0] * n, [0.0] * n
        for split in reversed(range(start, end)):
            here = self._output[self._place[split]]
            way = 0
            for place in self._ways[split]:
                way |= self._output[place]
            apart = 0.0
            for side in (0, 1):
                child = self._child[side][split]
                if child >= 0:
                    size[split - start] += size[child - start]
                    asked[split - start] |= asked[child - start]
                    apart += cost[child - start]
                else:
                    new = self._place[split] not in self._ways[split]
                    apart += _cost(len(self._ways[split]) + new, way | here)
            asked[split - start] |= here
            bits = len(self._ways[split]) + size[split - start]
            whole = _cost(bits, way | asked[split - start])
            self._whole[split] = bits <= _MERGED_BITS and whole <= apart
            cost[split - start] = whole if self._whole[split] else apart

    def _part(self, node: int) -> Part:
        conditions = [
            Condition(place, members) for place, (members, _) in self._ways[node].items()
        ]
        fits = {c.place: (1 << bit, 1 << bit) for bit, c in enumerate(conditions)}
        leaves = []
        todo = [(node, fits)]
        while todo:
            split, fits = todo.pop()
            place, bit = self._place[split], 1 << len(conditions)
            conditions.append(Condition(place, self._left[split]))
            cares, wants = fits.get(place, (0, 0))
            for side, want in ((1, 0), (0, bit)):
                child = self._child[side][split]
                new = {**fits, place: (cares | bit, wants | want)}
                if child >= 0:
                    todo.append((child, new))
                else:
                    leaves.append(self._leaf(split, side, new))
        return Part(tuple(conditions), tuple(leaves))

    def _lone_leaf(self, split: int, side: int) -> Part:
        way = self._way(split, side)
        conditions = tuple(Condition(place, members) for place, (members, _) in way.items())
        fits = {c.place: (1 << bit, 1 << bit) for bit, c in enumerate(conditions)}
        return Part(conditions, (self._leaf(split, side, fits),))

    def _leaf(self, split: int, side: int, fits: dict[int, tuple[int, int]]) -> PathLeaf:
        way = self._way(split, side)
        return PathLeaf(
            value=float(self._ensemble.leaf_value[-1 - self._child[side][split]]),
            places=tuple(way),
            shares=tuple(share for _, share in way.values()),
            cares=tuple(fits[place][0] for place in way),
            wants=tuple(fits[place][1] for place in way),
        )


def _cost(bits: int, outputs: int) -> float:
    strips = 0
    while outputs:
        strips += outputs % (1 << STRIP) > 0
        outputs >>= STRIP
    return bits * _PER_BIT + strips * (_PER_STRIP + _PER_PATTERN * (1 << bits))
