"""Trees of a forest as arrays, and what the leaves that rows fall into hold."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from hotspot.errors import ModelError
from hotspot.estimators.forests.bagging import Bagged, ColumnScale
from hotspot.estimators.table import Matrix
from hotspot.trees.patience import Patience
from hotspot.trees.walk import WalkedTrees

Values = NDArray[np.float64]

_ARRAYS = ("root", "column", "limit", "left", "right", "centre", "rate")
# Seconds that a row takes per tree without compiled loops, and that a node takes to be made
# ready for them.
_PLAIN_STEP = 4.5e-7
_PREPARED_NODE = 1e-7


@dataclass(frozen=True)
class Forest:
    """Trees as arrays, evaluated here and not by the program that grew them.

    Parameters
    ----------
    root : array of int, shape (n_trees,)
        First node of each tree.
    column : array of int, shape (n_nodes,)
        Column asked at the node; below 0 at a leaf.
    limit : array, shape (n_nodes,)
        A row goes left where its value, scaled and in single precision, is at or below this.
    left, right : array of int, shape (n_nodes,)
        Next nodes; at a leaf, ``left`` is the number of the leaf in the whole forest.
    centre, rate : array, shape (n_columns,)
        Of the `ColumnScale`.
    """

    root: NDArray[np.int64]
    column: NDArray[np.int32]
    limit: Values
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    centre: Values
    rate: Values

    @classmethod
    def of(cls, grown: Bagged) -> Self:
        """Return the trees as arrays."""
        trees = grown.trees
        size = np.array([tree.node_count for tree in trees], dtype=np.int64)
        root = np.concatenate([[0], np.cumsum(size)[:-1]])
        leaf = np.concatenate([tree.children_left for tree in trees]) < 0
        shift = np.repeat(root, size)
        left = np.concatenate([tree.children_left for tree in trees]) + shift
        right = np.concatenate([tree.children_right for tree in trees]) + shift
        column = np.concatenate([tree.feature for tree in trees])
        limit = np.concatenate([tree.threshold for tree in trees])
        return cls(
            root=root,
            column=np.where(leaf, -1, column).astype(np.int32),
            limit=np.where(leaf, 0.0, limit),
            left=np.where(leaf, np.cumsum(leaf) - 1, left).astype(np.int32),
            right=np.where(leaf, -1, right).astype(np.int32),
            centre=grown.scale.centre,
            rate=grown.scale.rate,
        )

    @property
    def n_leaves(self) -> int:
        """Number of leaves of all trees together."""
        return int((self.column < 0).sum())

    def scaled(self, design: Matrix) -> NDArray[np.float32]:
        """Return rows as the trees see them."""
        return ColumnScale(self.centre, self.rate).apply(design)

    def leaves(self, design: Matrix) -> NDArray[np.int32]:
        """Return the leaf that each row falls into, shape (n, n_trees)."""
        rows = self.scaled(design)
        fallen = np.empty((len(rows), len(self.root)), dtype=np.int32)
        for tree, root in enumerate(self.root):
            node = np.full(len(rows), root, dtype=np.int64)
            moving = np.arange(len(rows))
            while moving.size:
                at = node[moving]
                inner = self.column[at] >= 0
                moving, at = moving[inner], at[inner]
                goes_left = rows[moving, self.column[at]] <= self.limit[at]
                node[moving] = np.where(goes_left, self.left[at], self.right[at])
            fallen[:, tree] = self.left[node]
        return fallen

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by name."""
        return {name: getattr(self, name) for name in _ARRAYS}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], n_columns: int) -> Self:
        """Return the forest that `to_arrays` gave.

        Raises
        ------
        ModelError
            A node points outside the forest or the columns: who asked it would walk astray.
        """
        forest = cls(**{name: arrays[name] for name in _ARRAYS})
        n, leaf = len(forest.column), forest.column < 0
        ends: dict[str, tuple[NDArray[Any], int, int]] = {
            "root": (forest.root, 0, n),
            "column": (forest.column[~leaf], 0, n_columns),
            "left": (forest.left[~leaf], 0, n),
            "right": (forest.right[~leaf], 0, n),
            "leaf": (forest.left[leaf], 0, forest.n_leaves),
        }
        if not len(forest.centre) == len(forest.rate) == n_columns:
            raise ModelError(
                f"The saved forest has scales of {len(forest.centre)} columns, and asks for "
                f"{n_columns}. Run `hotspot fit` again."
            )
        for name, (array, least, below) in ends.items():
            if array.size and (array.min() < least or array.max() >= below):
                raise ModelError(
                    f"The saved forest of {n} nodes has a {name} outside [{least}, {below}). "
                    "Run `hotspot fit` again."
                )
        return forest


class LeafMass:
    """What the leaves that rows fall into hold, by whichever way is quicker.

    Compiled loops walk down the trees where there are rows enough to wait for them. Both
    ways give the same bytes.

    Parameters
    ----------
    forest : Forest
        The trees.
    table : sparse array, shape (n_leaves, n_columns)
        Mass that each leaf puts on each column of the support.
    """

    def __init__(self, forest: Forest, table: sparse.csr_array) -> None:
        self._forest = forest
        self._table = table
        self._patience = Patience()
        self._walked: WalkedTrees | None = None

    @property
    def is_walked(self) -> bool:
        """Whether the compiled loops are ready."""
        return self._walked is not None

    def mass(self, design: Matrix) -> Values:
        """Return the mass on each column, added over the leaves of all trees."""
        n, n_trees = len(design), len(self._forest.root)
        prepare = 0.0 if self.is_walked else len(self._forest.column) * _PREPARED_NODE
        if not self._patience.is_over(n * n_trees * _PLAIN_STEP, prepare=prepare):
            return self.plain_mass(design, np.ones((n, n_trees), dtype=np.bool_))
        if self._walked is None:
            nodes = self._forest
            self._walked = WalkedTrees.of(
                (nodes.root, nodes.column, nodes.limit, nodes.left, nodes.right),
                (self._table.indptr, self._table.indices, self._table.data),
                (design.shape[1], int(self._table.shape[1])),
            )
        return self._walked.totals(self._forest.scaled(design))

    def plain_mass(self, design: Matrix, used: NDArray[np.bool_]) -> Values:
        """Return the mass added over the leaves of the trees in use for each row."""
        leaves = self._forest.leaves(design)
        n, n_trees = leaves.shape
        picks = sparse.csr_array(
            (used.ravel().astype(np.float64), leaves.ravel(), np.arange(n + 1) * n_trees),
            shape=(n, self._table.shape[0]),
        )
        return np.asarray((picks @ self._table).toarray())
