"""Trends on covariates for regression kriging: the columns of a ridge drift, and a forest."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from hotspot.errors import ModelError
from hotspot.estimators.bagging import grow_trees
from hotspot.estimators.table import Matrix

Values = NDArray[np.float64]
Levels = Mapping[int, Values]
"""Codes of the categorical columns, by position."""

# Rows that go down one tree together: small enough to stay in the processor's cache.
_ROWS = 8192
# As ranger has it for regression: the square root of the number of covariates per split,
# and nodes that stay small.
_LEAST_IN_LEAF = 2


@dataclass(frozen=True)
class DriftBasis:
    """From covariates to the standardised columns of a drift.

    A numeric covariate gives itself and the square root of its height above the least
    sampled value, since the effect of a source fades ever more slowly with distance; below
    that value the root is 0. A class gives a column, without its mean.

    Parameters
    ----------
    levels : dict of int to array
        Codes seen in training, by position of the column.
    least : array, shape (n_covariates,)
        Least sampled value of each covariate.
    centre, scale : array, shape (n_columns,)
        Of the columns; the scale of a column of a class is 1.
    """

    levels: Levels
    least: Values
    centre: Values
    scale: Values

    @classmethod
    def of(cls, matrix: Matrix, levels: Levels) -> Self:
        """Return the basis of complete training covariates.

        Examples
        --------
        >>> basis = DriftBasis.of(np.array([[0.0, 1.0], [1.0, 2.0]]), {1: np.array([1.0, 2.0])})
        >>> basis.columns(np.array([[0.0, 1.0]]))
        array([[-1. , -1. ,  0.5, -0.5]])
        """
        least = matrix.min(axis=0)
        raw = _expanded(matrix, levels, least)
        scale = raw.std(axis=0)
        n_classes = sum(len(codes) for codes in levels.values())
        scale[raw.shape[1] - n_classes :] = 1.0
        # A column that does not vary in training can say nothing later.
        scale[scale <= 1e-12 * np.abs(raw).max(axis=0, initial=1e-300)] = np.inf
        return cls(levels, least, raw.mean(axis=0), scale)

    def columns(self, matrix: Matrix) -> Values:
        """Return the columns of complete rows, shape (n, n_columns)."""
        raw = _expanded(matrix, self.levels, self.least)
        return np.ascontiguousarray((raw - self.centre) / self.scale)


@dataclass(frozen=True)
class Forest:
    """A random forest of regression trees as plain arrays.

    Parameters
    ----------
    covariate : array of int, shape (n_nodes,)
        Which column a node asks; any for a leaf.
    split : array, shape (n_nodes,)
        At most this goes left; ``inf`` for a leaf.
    child : array of int, shape (n_nodes, 2)
        The nodes for more and for at most; a leaf is its own child.
    value : array, shape (n_nodes,)
        Mean of a node.
    root, depth : array of int, shape (n_trees,)
        First node and number of questions of each tree.

    References
    ----------
    Breiman, L. (2001). Random forests. Machine Learning 45, 5-32, 10.1023/A:1010933404324.
    """

    covariate: NDArray[np.int64]
    split: Values
    child: NDArray[np.int64]
    value: Values
    root: NDArray[np.int64]
    depth: NDArray[np.int64]

    @classmethod
    def grow(
        cls,
        columns: Values,
        y: Values,
        *,
        n_trees: int,
        random_state: int,
        n_jobs: int | None = 1,
    ) -> tuple[Self, Values]:
        """Return a forest, and the prediction of each sample by trees that did not see it.

        Parameters
        ----------
        columns : array, shape (n, n_columns)
            Complete; classes as `dummies`.
        y : array, shape (n,)
        n_trees, random_state, n_jobs : int
            As in scikit-learn.
        """
        grown = grow_trees(
            columns,
            y,
            n_trees=n_trees,
            max_samples=len(y),
            random_state=random_state,
            n_jobs=n_jobs,
            max_features="sqrt",
            min_samples_leaf=_LEAST_IN_LEAF,
        )
        trees = grown.trees
        counts = np.array([tree.node_count for tree in trees])
        root = np.concatenate([[0], np.cumsum(counts)[:-1]])
        parts = []
        for first, tree in zip(root, trees, strict=True):
            is_leaf = tree.children_left < 0
            own = np.arange(tree.node_count)
            sides = (tree.children_right, tree.children_left)
            child = np.column_stack([np.where(is_leaf, own, side) for side in sides]) + first
            parts.append(
                (
                    np.where(is_leaf, 0, tree.feature).astype(np.int64),
                    np.where(is_leaf, np.inf, tree.threshold),
                    child.astype(np.int64),
                    tree.value.reshape(-1).astype(np.float64),
                )
            )
        covariate, split, child, value = (
            np.concatenate(column) for column in zip(*parts, strict=True)
        )
        depth = np.array([tree.max_depth for tree in trees], dtype=np.int64)
        found = cls(covariate, split, child, value, root.astype(np.int64), depth)
        return found, found._unseen(columns, grown.count)

    def predict(self, columns: Values) -> Values:
        """Return the mean of the trees for complete rows, shape (n,)."""
        total = np.zeros(len(columns))
        for start in range(0, len(columns), _ROWS):
            rows = slice(start, start + _ROWS)
            for tree in range(len(self.root)):
                total[rows] += self._answers(columns[rows], tree)
        return total / len(self.root)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by name."""
        return {f"forest_{part.name}": getattr(self, part.name) for part in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], n_columns: int) -> Self:
        """Return the forest that `to_arrays` gave.

        Raises
        ------
        ModelError
            A node points outside the forest or the table.
        """
        parts: dict[str, Any] = {
            part.name: arrays[f"forest_{part.name}"] for part in fields(cls)
        }
        forest = cls(**parts)
        n = len(forest.value)
        for name, array, least, below in (
            ("child", forest.child, 0, n),
            ("root", forest.root, 0, n),
            ("covariate", forest.covariate, 0, n_columns),
            ("depth", forest.depth, 0, n + 1),
        ):
            if array.size == 0 or array.min() < least or array.max() >= below:
                raise ModelError(
                    f"The saved forest of {n} nodes has a {name} outside [{least}, {below}). "
                    "Run `hotspot fit` again."
                )
        return forest

    def _answers(self, columns: Values, tree: int) -> Values:
        # Trees were grown on single precision, and are asked in it.
        flat = np.ascontiguousarray(columns, dtype=np.float32).reshape(-1)
        first = np.arange(len(columns)) * columns.shape[1]
        node = np.full(len(columns), self.root[tree])
        child = self.child.reshape(-1)
        for _ in range(self.depth[tree]):
            at_most = flat.take(first + self.covariate.take(node)) <= self.split.take(node)
            node = child.take(2 * node + at_most)
        return self.value.take(node)

    def _unseen(self, columns: Values, drawn: NDArray[np.int64]) -> Values:
        total, count = np.zeros(len(columns)), np.zeros(len(columns))
        for tree in range(len(self.root)):
            out = drawn[:, tree] == 0
            total[out] += self._answers(columns[out], tree)
            count[out] += 1
        # With few trees some sample may be in all of them: the forest itself is all there is.
        inside = count == 0
        total[inside], count[inside] = self.predict(columns[inside]), 1
        return total / count


def dummies(matrix: Matrix, levels: Levels) -> Values:
    """Return numeric covariates, then a column of 0 and 1 per class.

    Examples
    --------
    >>> dummies(np.array([[5.0, 2.0]]), {1: np.array([1.0, 2.0])})
    array([[5., 0., 1.]])
    """
    numeric = [k for k in range(matrix.shape[1]) if k not in levels]
    parts = [matrix[:, numeric]]
    parts += [(matrix[:, [k]] == codes).astype(np.float64) for k, codes in levels.items()]
    return np.concatenate(parts, axis=1)


def _expanded(matrix: Matrix, levels: Levels, least: Values) -> Values:
    numeric = [k for k in range(matrix.shape[1]) if k not in levels]
    plain = dummies(matrix, levels)
    height = np.maximum(matrix[:, numeric] - least[numeric], 0.0)
    return np.concatenate(
        [plain[:, : len(numeric)], np.sqrt(height), plain[:, len(numeric) :]], axis=1
    )
