"""The loops of a box tree, compiled by numba; imported only when many rows are at hand."""

from functools import partial
from typing import Any

import numpy as np

from hotspot.compiled import compiled

LANES = 8
"""Boxes of a node, and samples of a block."""

# Boxes that wait in a search: more than any tree that fits the memory leaves waiting.
_WAITING = 256
# What adding up in single precision may be off by, as a share.
_ROUNDED = 1.0 + 1e-5


_rounded = partial(compiled, any_order=True)


@compiled
def _squared(point: Any, other: Any) -> Any:
    """Return the squared distance, added up in the order of SciPy's trees."""
    n = len(point)
    a = b = c = d = 0.0
    k = 0
    while k + 4 <= n:
        p, q = point[k] - other[k], point[k + 1] - other[k + 1]
        r, s = point[k + 2] - other[k + 2], point[k + 3] - other[k + 3]
        a += p * p
        b += q * q
        c += r * r
        d += s * s
        k += 4
    total = a + b + c + d
    while k < n:
        p = point[k] - other[k]
        total += p * p
        k += 1
    return total


@_rounded
def _to_samples(point: Any, blocks: Any, block: Any, out: Any) -> None:
    """Write the squared distance to each sample of a block, but for rounding."""
    for c in range(LANES):
        total = np.float32(0.0)
        for k in range(len(point)):
            gap = point[k] - blocks[block, c, k]
            total += gap * gap
        out[c] = total


@_rounded
def _to_boxes(point: Any, low: Any, high: Any, node: Any, out: Any) -> None:
    """Write the squared distance to each box of a node but for rounding, 0 inside."""
    for c in range(LANES):
        total = np.float32(0.0)
        for k in range(len(point)):
            under, over = low[node, c, k] - point[k], point[k] - high[node, c, k]
            gap = max(np.float32(0.0), max(under, over))
            total += gap * gap
        out[c] = total


@_rounded
def _across_boxes(point: Any, low: Any, high: Any, node: Any, out: Any) -> None:
    """Write the squared distance to the farthest corner of each box but for rounding."""
    for c in range(LANES):
        total = np.float32(0.0)
        for k in range(len(point)):
            gap = max(high[node, c, k] - point[k], point[k] - low[node, c, k])
            total += gap * gap
        out[c] = total


@_rounded
def _largest(point: Any) -> Any:
    """Return the largest absolute coordinate."""
    most = 0.0
    for k in range(len(point)):
        most = max(most, abs(point[k]))
    return most


@compiled
def nearest(
    points: Any,
    kind: Any,
    order: Any,
    away: Any,
    samples: Any,
    blocks: Any,
    column: Any,
    root: Any,
    child: Any,
    low: Any,
    high: Any,
    slack: Any,
    widest: Any,
    out: Any,
) -> None:
    """Write the distance of each point to the nearest sample.

    The sample nearest to the row before is tried first: cells of a map are much like their
    neighbours. Boxes and samples are looked at in single precision, sixteen coordinates at
    once, with room for what that may be off by; the few samples that remain are measured in
    double.

    Parameters
    ----------
    points : array, shape (n, d)
    kind : array of int, shape (n,)
        Row of `order` and `away` of each point.
    order : array of int, shape (n_rows, n_kinds)
        Kinds of samples, the nearest first.
    away : array of float32, shape (n_rows, n_kinds)
        Their squared distance from the point in the columns of the kinds, in this order.
    samples : array, shape (n_blocks * LANES, d)
        In the order of the blocks.
    blocks : array of float32, shape (n_blocks, LANES, padded d)
        The columns of the boxes, with zeros behind the coordinates; far away where there is
        no sample.
    column : array of int
        Columns of the boxes.
    root : array of int, shape (n_kinds,)
        Where the tree of each kind begins, in the numbers of `child`.
    child : array of int, shape (n_nodes, LANES)
        Number of another node; or ``-1 - b`` for the block b; a lane without a box is far away.
    low, high : array of float32, shape (n_nodes, LANES, padded d)
        Corners of the boxes of each node.
    slack : float
        What a distance may be off by in single precision, per unit of the largest coordinate.
    widest : float
        Largest absolute coordinate of the samples.
    out : array, shape (n,)
    """
    waiting, bound = np.empty(_WAITING, np.int64), np.empty(_WAITING, np.float32)
    single, about = np.zeros(blocks.shape[2], np.float32), np.empty(LANES, np.float32)
    found = 0
    for i in range(len(points)):
        point = points[i]
        for k in range(len(column)):
            single[k] = np.float32(point[column[k]])
        off = slack * max(widest, _largest(point))
        best = _squared(point, samples[found])
        most = np.float32((np.sqrt(best) + off) ** 2 * _ROUNDED)
        for rank in range(order.shape[1]):
            rest = away[kind[i], rank]
            if rest > most:
                break
            waiting[0], bound[0], count = root[order[kind[i], rank]], rest, 1
            while count:
                count -= 1
                node = waiting[count]
                if bound[count] > most:
                    continue
                if node < 0:
                    block = -1 - node
                    _to_samples(single, blocks, block, about)
                    for c in range(LANES):
                        if about[c] + rest <= most:
                            squared = _squared(point, samples[block * LANES + c])
                            if squared < best:
                                best, found = squared, block * LANES + c
                                most = np.float32((np.sqrt(best) + off) ** 2 * _ROUNDED)
                    continue
                _to_boxes(single, low, high, node, about)
                begin = count
                for c in range(LANES):
                    distance = about[c] + rest
                    if distance <= most:
                        # The nearest box comes last, to be looked into first.
                        at = count
                        while at > begin and bound[at - 1] < distance:
                            waiting[at], bound[at] = waiting[at - 1], bound[at - 1]
                            at -= 1
                        waiting[at], bound[at] = child[node, c], distance
                        count += 1
        out[i] = np.sqrt(best)


@compiled
def count_within(
    points: Any,
    kind: Any,
    order: Any,
    away: Any,
    samples: Any,
    blocks: Any,
    column: Any,
    root: Any,
    child: Any,
    low: Any,
    high: Any,
    slack: Any,
    widest: Any,
    held: Any,
    radius: Any,
    out: Any,
) -> None:
    """Write how many samples lie within a radius of each point.

    Boxes that lie within it as a whole are counted without a look at their samples.

    Parameters
    ----------
    held : array of int, shape (n_nodes, LANES)
        Samples in each box.
    radius : float
        A sample at the radius itself counts.
    points, kind, order, away, samples, blocks, column, root, child, low, high
        As in `nearest`, and so are
    slack, widest, out
        the others.
    """
    waiting = np.empty(_WAITING, np.int64)
    single, about = np.zeros(blocks.shape[2], np.float32), np.empty(LANES, np.float32)
    across = np.empty(LANES, np.float32)
    within = radius * radius
    for i in range(len(points)):
        point = points[i]
        for k in range(len(column)):
            single[k] = np.float32(point[column[k]])
        off = slack * max(widest, _largest(point))
        most = np.float32((radius + off) ** 2 * _ROUNDED)
        least = np.float32(max(radius - off, 0.0) ** 2 / _ROUNDED)
        total = 0
        for rank in range(order.shape[1]):
            rest = away[kind[i], rank]
            if rest > most:
                break
            waiting[0], count = root[order[kind[i], rank]], 1
            while count:
                count -= 1
                node = waiting[count]
                if node < 0:
                    block = -1 - node
                    _to_samples(single, blocks, block, about)
                    for c in range(LANES):
                        distance = about[c] + rest
                        if distance < least or (
                            distance <= most
                            and _squared(point, samples[block * LANES + c]) <= within
                        ):
                            total += 1
                    continue
                _to_boxes(single, low, high, node, about)
                _across_boxes(single, low, high, node, across)
                for c in range(LANES):
                    if across[c] + rest < least:
                        total += held[node, c]
                    elif about[c] + rest <= most:
                        waiting[count] = child[node, c]
                        count += 1
        out[i] = total
