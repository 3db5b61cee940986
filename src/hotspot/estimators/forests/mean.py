"""A random forest that answers with a mean."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from hotspot.errors import ModelError
from hotspot.estimators.forests.bagging import grow_trees
from hotspot.estimators.forests.nodes import Forest, LeafMass

Values = NDArray[np.float64]

# As ranger has it for regression: the square root of the number of covariates per split,
# and nodes that stay small.
_LEAST_IN_LEAF = 2


@dataclass(frozen=True)
class MeanForest:
    """A random forest of regression trees as plain arrays.

    Parameters
    ----------
    forest : Forest
        The trees.
    value : array, shape (n_leaves,)
        Mean of each leaf.

    References
    ----------
    Breiman, L. (2001). Random forests. Machine Learning 45, 5-32, 10.1023/A:1010933404324.
    """

    forest: Forest
    value: Values

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
        leaves = [tree.value.reshape(-1)[tree.children_left < 0] for tree in grown.trees]
        found = cls(Forest.of(grown), np.concatenate(leaves).astype(np.float64))
        return found, found._unseen(columns, grown.count == 0)

    def predict(self, columns: Values) -> Values:
        """Return the mean of the trees for complete rows, shape (n,)."""
        return np.asarray(self._held.mass(columns)[:, 0] / len(self.forest.root))

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by name."""
        arrays = {**self.forest.to_arrays(), "value": self.value}
        return {f"forest_{name}": array for name, array in arrays.items()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], n_columns: int) -> Self:
        """Return the forest that `to_arrays` gave.

        Raises
        ------
        ModelError
            A node points outside the forest or the table, or leaves have no value.
        """
        own = {
            name.removeprefix("forest_"): array
            for name, array in arrays.items()
            if name.startswith("forest_")
        }
        forest = Forest.from_arrays(own, n_columns)
        if len(own["value"]) != forest.n_leaves:
            raise ModelError(
                f"The saved forest of {forest.n_leaves} leaves has {len(own['value'])} values. "
                "Run `hotspot fit` again."
            )
        return cls(forest, own["value"])

    @cached_property
    def _held(self) -> LeafMass:
        """What the leaves hold: a table of one column."""
        n = len(self.value)
        starts, columns = np.arange(n + 1), np.zeros(n, dtype=np.int32)
        return LeafMass(
            self.forest, sparse.csr_array((self.value, columns, starts), shape=(n, 1))
        )

    def _unseen(self, columns: Values, is_out: NDArray[np.bool_]) -> Values:
        # With few trees some sample may be in all of them: the forest itself is all there is.
        used = is_out | ~is_out.any(axis=1, keepdims=True)
        total = self._held.plain_mass(columns, used)[:, 0]
        return np.asarray(total / used.sum(axis=1))
