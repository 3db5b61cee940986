"""Rows through deep trees, and what the leaves they reach hold."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from hotspot.errors import ModelError
from hotspot.trees.ensemble import Ints, Values
from hotspot.trees.portions import over_rows

# One node beside the other in memory: a step down a tree fetches one line of the cache.
_NODE = np.dtype(
    [("limit", np.float32), ("column", np.int32), ("left", np.int32), ("right", np.int32)]
)


@dataclass(frozen=True)
class WalkedTrees:
    """A forest of deep trees whose leaves hold sparse rows of a table.

    Parameters
    ----------
    root : array of int, shape (n_trees,)
        First node of each tree.
    node : array of records, shape (n_nodes,)
        A row goes left where its single-precision value of `column` is at or below `limit`;
        at a leaf, `column` is below 0 and `left` the number of the leaf.
    start : array of int, shape (n_leaves + 1,)
        Where the entries of each leaf begin.
    entry : array of int, shape (n_entries,)
        Column of the table.
    value : array, shape (n_entries,)
        Value there.
    shape : tuple of int
        Columns of the rows and of the table.
    """

    root: Ints
    node: NDArray[np.void]
    start: Ints
    entry: NDArray[np.int32]
    value: Values
    shape: tuple[int, int]

    @classmethod
    def of(
        cls,
        nodes: tuple[Ints, NDArray[np.int32], Values, NDArray[np.int32], NDArray[np.int32]],
        table: tuple[NDArray[np.integer], NDArray[np.integer], Values],
        shape: tuple[int, int],
    ) -> Self:
        """Return a forest made ready for the compiled loop.

        Parameters
        ----------
        nodes : tuple of array
            Roots, then column, limit, left and right of each node.
        table : tuple of array
            Starts, columns and values of a compressed sparse table, one row per leaf.
        shape : tuple of int
            Columns of the rows to walk, and of the table.

        Raises
        ------
        ModelError
            A node or an entry points outside: the compiled loop would follow it.
        """
        root, column, limit, left, right = nodes
        start, entry, value = (
            table[0].astype(np.int64),
            table[1].astype(np.int32),
            np.asarray(table[2], dtype=np.float64),
        )
        n, leaf = len(column), column < 0
        at = np.arange(n)
        sound = (
            bool(((root >= 0) & (root < n)).all())
            and bool((column < shape[0]).all())
            and bool((np.where(leaf, at + 1, np.minimum(left, right)) > at).all())
            and bool((np.where(leaf, 0, np.maximum(left, right)) < n).all())
            and bool(((left >= 0) & (left < len(start) - 1))[leaf].all())
            and bool((np.diff(start) >= 0).all())
            and start[0] == 0
            and start[-1] <= min(len(entry), len(value))
            and bool(((entry >= 0) & (entry < shape[1])).all())
        )
        if not sound:
            raise ModelError(
                f"A forest of {len(root)} trees and {n} nodes points outside itself or outside "
                f"the {shape[0]} columns it was fitted on. The file is damaged; save the "
                "model again."
            )
        single = limit.astype(np.float32)
        # x <= limit and x <= (largest single at or below limit) say the same of a single x.
        high = single.astype(np.float64) > limit
        single[high] = np.nextafter(single[high], np.float32(-np.inf))
        node = np.empty(n, dtype=_NODE)
        node["limit"], node["column"], node["left"], node["right"] = single, column, left, right
        return cls(root.astype(np.int64), node, start, entry, value, shape)

    def totals(self, rows: NDArray[np.float32], *, n_threads: int = 1) -> Values:
        """Return the sum of the table's rows over the leaves that each row falls into.

        Entries are added tree by tree, as a product of sparse matrices adds them.

        Parameters
        ----------
        rows : array, shape (n, n_columns)
            No NaN.
        n_threads : int
            Threads; the totals do not depend on it.

        Returns
        -------
        array, shape (n, n_table_columns)
        """
        from hotspot.trees import kernels

        rows = np.ascontiguousarray(rows, dtype=np.float32)
        if rows.ndim != 2 or rows.shape[1] != self.shape[0]:
            raise ModelError(
                f"The trees ask tables of {self.shape[0]} columns, but an array of shape "
                f"{rows.shape} was given. Give one row per cell and one column per covariate."
            )
        total = np.zeros((len(rows), self.shape[1]))

        def work(portion: slice) -> None:
            kernels.add_entries(
                rows[portion],
                self.root,
                self.node,
                self.start,
                self.entry,
                self.value,
                total[portion],
            )

        over_rows(work, len(rows), n_threads=n_threads)
        return total
