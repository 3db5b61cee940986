"""Patches of touching cells of a map of any size, found window by window."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hotspot.grid import Window

# Cells that touch along an edge or at a corner belong together.
_EIGHT_NEIGHBOURS = np.ones((3, 3), dtype=np.int64)
# Probabilities are added as whole multiples of 2**-28, less than the last digit of a float32
# near 1. Whole numbers add up to the same sum in any order, and so whatever the windows.
_ONE = 1 << 28
_NOWHERE = np.int64(-1)

Ids = NDArray[np.int64]


@dataclass(frozen=True)
class Patch:
    """One set of cells that touch each other at edges or corners.

    Parameters
    ----------
    n_cells : int
        Its size.
    total : float
        Sum of the probability of its cells.
    highest : float
        Largest probability.
    first : int
        Its first cell in the order of rows, ``row * columns + column``.
    shape : Polygon or MultiPolygon
        In cells from the upper left corner of the map: x is the column, y the row. Parts
        that meet at a corner only are parts of a multipolygon.
    codes : tuple of (int, int)
        Class and number of cells, where classes were given; by class.
    """

    n_cells: int
    total: float
    highest: float
    first: int
    shape: Any
    codes: tuple[tuple[int, int], ...] = ()


@dataclass
class _Nodes:
    """Patches, or parts of them, that may go on in a window still to come.

    Arrays by node, and the parts of each as a list of well-known binaries, which take less
    memory than polygons. `codes` holds rows of node, class and number of cells.
    """

    n_cells: Ids = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    total: Ids = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    highest: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    first: Ids = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    codes: Ids = field(default_factory=lambda: np.zeros((0, 3), dtype=np.int64))
    parts: list[list[bytes]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.n_cells)

    def take(self, chosen: NDArray[np.bool_]) -> "_Nodes":
        """Return some of the nodes, numbered anew."""
        number = np.cumsum(chosen) - 1
        codes = self.codes[chosen[self.codes[:, 0]]]
        codes[:, 0] = number[codes[:, 0]]
        return _Nodes(
            self.n_cells[chosen],
            self.total[chosen],
            self.highest[chosen],
            self.first[chosen],
            codes,
            [self.parts[node] for node in np.flatnonzero(chosen)],
        )

    def merged(self, group: Ids, count: int) -> "_Nodes":
        """Return the nodes of each group as one."""
        found = _Nodes(
            np.zeros(count, dtype=np.int64),
            np.zeros(count, dtype=np.int64),
            np.full(count, -np.inf),
            np.full(count, np.iinfo(np.int64).max),
        )
        np.add.at(found.n_cells, group, self.n_cells)
        np.add.at(found.total, group, self.total)
        np.maximum.at(found.highest, group, self.highest)
        np.minimum.at(found.first, group, self.first)
        codes = self.codes.copy()
        codes[:, 0] = group[codes[:, 0]]
        pairs, back = np.unique(codes[:, :2], axis=0, return_inverse=True)
        sums = np.zeros(len(pairs), dtype=np.int64)
        np.add.at(sums, back.ravel(), codes[:, 2])
        found.codes = np.column_stack([pairs, sums])
        parts: list[list[bytes]] = [[] for _ in range(count)]
        for node, into in enumerate(group):
            # The longer list takes in the shorter, or a patch that crosses the whole map
            # would copy its list at every window.
            short, long = sorted((self.parts[node], parts[into]), key=len)
            long.extend(short)
            parts[into] = long
        found.parts = parts
        return found


class PatchFinder:
    """Joins patches over the borders of windows, holding one row of windows.

    Windows come row by row, as `Grid.windows` gives them. In each, touching cells are
    labelled; labels that reach the border to a neighbour are kept as nodes, and touching
    nodes of both sides as edges. At the end of a row of windows connected nodes become one,
    and what does not reach the next row is complete. Memory is that of a window, of the
    nodes along one row of windows, and of the outlines of unfinished patches.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns of the map.
    minimum_cells : float
        Smaller patches are left out.
    """

    def __init__(self, shape: tuple[int, int], minimum_cells: float = 0.0) -> None:
        self._shape = shape
        self._minimum = minimum_cells
        self._complete: list[Patch] = []
        # Nodes of the rows of windows above; then those of this row, after them.
        self._parts: list[_Nodes] = [_Nodes()]
        self._count = 0
        self._edges: list[Ids] = []
        self._above = np.full(shape[1], _NOWHERE)
        self._below = np.full(shape[1], _NOWHERE)
        self._left = np.full(0, _NOWHERE)
        self._row = 0

    def add(
        self,
        window: Window,
        cells: NDArray[np.bool_],
        probability: NDArray[Any],
        codes: NDArray[Any] | None = None,
    ) -> None:
        """Take in the next window.

        Parameters
        ----------
        window : Window
            To the right of the last, or the first of the next row.
        cells : array of bool, shape of the window
            The cells that belong to patches.
        probability : array, shape of the window
            In [0, 1]; read where `cells` is True.
        codes : array, shape of the window, optional
            Classes, to be counted by patch; NaN where there is none.
        """
        from scipy import ndimage

        if window.row != self._row:
            self._end_row()
            self._row = window.row
        labels = np.zeros(window.shape, dtype=np.int32)
        count = int(ndimage.label(cells, structure=_EIGHT_NEIGHBOURS, output=labels))
        nodes = self._tally(window, labels, count, probability, codes)
        is_open = np.zeros(count, dtype=np.bool_)
        for border in self._shared_borders(window, labels):
            is_open[border[border > 0] - 1] = True
        wanted = is_open | (nodes.n_cells >= self._minimum)
        for label, outline in _outlines(labels, wanted, window):
            nodes.parts[label].append(outline)
        self._finish(nodes.take(wanted & ~is_open))

        numbers = np.append(np.where(is_open, np.cumsum(is_open) - 1 + self._count, -1), -1)
        # Label 0, no cell, finds the -1 at the end.
        ids = numbers[labels - 1]
        self._join(window, ids)
        self._parts.append(nodes.take(is_open))
        self._count += int(is_open.sum())

    def patches(self) -> Iterator[Patch]:
        """End the map, and yield its patches by their first cell."""
        self._end_row()
        self._finish(self._parts[0])
        self._parts = [_Nodes()]
        yield from sorted(self._complete, key=lambda patch: patch.first)

    def _shared_borders(self, window: Window, labels: NDArray[np.int32]) -> list[Any]:
        rows, cols = self._shape
        return [
            border
            for border, is_shared in (
                (labels[0], window.row > 0),
                (labels[-1], window.row + window.height < rows),
                (labels[:, 0], window.col > 0),
                (labels[:, -1], window.col + window.width < cols),
            )
            if is_shared
        ]

    def _tally(
        self,
        window: Window,
        labels: NDArray[np.int32],
        count: int,
        probability: NDArray[Any],
        codes: NDArray[Any] | None,
    ) -> _Nodes:
        rows, cols = np.nonzero(labels)
        label = labels[rows, cols].astype(np.int64) - 1
        chance = probability[rows, cols].astype(np.float64)
        place = (rows + window.row) * self._shape[1] + cols + window.col
        nodes = _Nodes(
            np.bincount(label, minlength=count),
            np.zeros(count, dtype=np.int64),
            np.zeros(count),
            np.full(count, np.iinfo(np.int64).max),
            parts=[[] for _ in range(count)],
        )
        np.add.at(nodes.total, label, np.rint(chance * _ONE).astype(np.int64))
        np.maximum.at(nodes.highest, label, chance)
        np.minimum.at(nodes.first, label, place)
        if codes is not None:
            found = codes[rows, cols].astype(np.float64)
            known = np.isfinite(found)
            pairs = np.column_stack([label[known], found[known].astype(np.int64)])
            kinds, numbers = np.unique(pairs, axis=0, return_counts=True)
            nodes.codes = np.column_stack([kinds, numbers]).astype(np.int64)
        return nodes

    def _join(self, window: Window, ids: Ids) -> None:
        """Note which nodes of this window touch those above and to the left."""
        start, stop = window.col, window.col + window.width
        for step in (-1, 0, 1):
            low, high = max(0, start + step), min(self._shape[1], stop + step)
            self._touch(self._above[low:high], ids[0, low - step - start : high - step - start])
        if window.col > 0:
            column, left = ids[:, 0], self._left
            self._touch(left, column)
            self._touch(left[:-1], column[1:])
            self._touch(left[1:], column[:-1])
        self._left = ids[:, -1]
        self._below[start:stop] = ids[-1]

    def _touch(self, one: Ids, other: Ids) -> None:
        both = (one >= 0) & (other >= 0)
        if both.any():
            self._edges.append(np.unique(np.column_stack([one[both], other[both]]), axis=0))

    def _end_row(self) -> None:
        """Make connected nodes one; keep those that reach the next row of windows."""
        from scipy.sparse import coo_matrix
        from scipy.sparse.csgraph import connected_components

        nodes = _together(self._parts)
        if len(nodes):
            edges = np.concatenate([np.zeros((0, 2), dtype=np.int64), *self._edges])
            size = (len(nodes), len(nodes))
            graph = coo_matrix((np.ones(len(edges), np.int8), (edges[:, 0], edges[:, 1])), size)
            count, group = connected_components(graph, directed=False)
            nodes = nodes.merged(group.astype(np.int64), int(count))
            reaching = np.zeros(count, dtype=np.bool_)
            reaches = self._below >= 0
            group_below = group[self._below[reaches]]
            reaching[group_below] = True
            self._finish(nodes.take(~reaching))
            self._below[reaches] = (np.cumsum(reaching) - 1)[group_below]
            nodes = nodes.take(reaching)
        self._parts, self._count, self._edges = [nodes], len(nodes), []
        self._above, self._below = self._below, np.full(self._shape[1], _NOWHERE)

    def _finish(self, nodes: _Nodes) -> None:
        """Turn nodes that nothing can touch any more into patches."""
        import shapely

        large = nodes.take(nodes.n_cells >= self._minimum)
        order = np.argsort(large.codes[:, 0], kind="stable")
        codes = large.codes[order]
        bounds = np.searchsorted(codes[:, 0], np.arange(len(large) + 1))
        whole = np.empty(len(large), dtype=object)
        for node, parts in enumerate(large.parts):
            polygons = shapely.from_wkb(parts)
            whole[node] = polygons[0] if len(parts) == 1 else shapely.unary_union(polygons)
        for node, shape in enumerate(_canonical(whole)):
            own = codes[bounds[node] : bounds[node + 1], 1:]
            self._complete.append(
                Patch(
                    n_cells=int(large.n_cells[node]),
                    total=int(large.total[node]) / _ONE,
                    highest=float(large.highest[node]),
                    first=int(large.first[node]),
                    shape=shape,
                    codes=tuple(sorted((int(code), int(n)) for code, n in own)),
                )
            )


def _outlines(
    labels: NDArray[np.int32], wanted: NDArray[np.bool_], window: Window
) -> Iterator[tuple[int, bytes]]:
    """Yield (label from 0, polygon) of the wanted labels, in cells of the map."""
    import shapely
    from affine import Affine
    from rasterio.features import shapes
    from shapely.geometry import shape

    chosen = np.append(False, wanted)[labels]
    place = Affine.translation(window.col, window.row)
    # Traced through edges only: a ring that crosses itself at a corner is no valid polygon,
    # two polygons that meet at one are a valid multipolygon. Whole numbers of cells keep the
    # joining of windows exact.
    for geometry, label in shapes(labels, mask=chosen, connectivity=4, transform=place):
        yield int(label) - 1, shapely.to_wkb(shape(geometry))


def _together(parts: list[_Nodes]) -> _Nodes:
    """Return nodes of several windows in one numbering."""
    starts = np.cumsum([0, *(len(part) for part in parts)])
    codes = [
        part.codes + np.array([start, 0, 0])
        for part, start in zip(parts, starts[:-1], strict=True)
    ]
    return _Nodes(
        np.concatenate([part.n_cells for part in parts]),
        np.concatenate([part.total for part in parts]),
        np.concatenate([part.highest for part in parts]),
        np.concatenate([part.first for part in parts]),
        np.concatenate(codes),
        [polygons for part in parts for polygons in part.parts],
    )


def _canonical(shapes: NDArray[Any]) -> Any:
    """Return shapes with corners only, from a fixed first one, whatever they were joined of."""
    import shapely

    # The first corner after `normalize` is extreme, so that simplifying cannot leave it in
    # the middle of an edge.
    corners = shapely.simplify(shapely.normalize(shapes), 0, preserve_topology=False)
    return shapely.normalize(corners)
