"""Regression trees grown on bootstrap samples, with scikit-learn's trees."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

# Trees that share a stream of random numbers: to seed one takes as long as a small tree.
_TREES_PER_STATE = 25


@dataclass(frozen=True)
class Bagged:
    """The trees of a random forest and what each was grown on.

    Parameters
    ----------
    trees : list
        scikit-learn's ``tree_`` of each.
    count : array of int, shape (n, n_trees)
        How often each tree drew each sample.
    """

    trees: list[Any]
    count: NDArray[np.int64]


def grow_trees(
    columns: Values,
    y: Values,
    *,
    n_trees: int,
    max_samples: int,
    random_state: int,
    n_jobs: int | None = 1,
    sample_weight: Values | None = None,
    **settings: Any,
) -> Bagged:
    """Return trees, each grown on samples drawn with replacement.

    This is what scikit-learn's forest does, tree by tree. Its forest copies and checks
    parameters and data again for every tree, which on small surveys takes more time than
    growing it; here they are checked once.

    Parameters
    ----------
    columns : array, shape (n, n_columns)
        Complete.
    y : array, shape (n,)
    n_trees : int
    max_samples : int
        Draws of each tree, at most; n if that is less.
    random_state : int
        Seed of the draws and of the trees.
    n_jobs : int
        Threads; the result does not depend on it.
    sample_weight : array, shape (n,), optional
        What a draw of each sample counts; 1 where not given.
    **settings
        Of scikit-learn's `DecisionTreeRegressor`, such as ``max_features``.

    References
    ----------
    Breiman, L. (2001). Random forests. Machine Learning 45, 5-32, 10.1023/A:1010933404324.
    """
    from sklearn import config_context
    from sklearn.tree import DecisionTreeRegressor

    n = len(y)
    rows = np.ascontiguousarray(columns, dtype=np.float32)
    target = np.ascontiguousarray(y, dtype=np.float64).reshape(-1, 1)
    generator = np.random.default_rng(random_state)
    size = min(n, max_samples)
    seeds = generator.integers(np.iinfo(np.int32).max, size=-(-n_trees // _TREES_PER_STATE))
    count = np.stack(
        [np.bincount(generator.integers(n, size=size), minlength=n) for _ in range(n_trees)],
        axis=1,
    )

    def grown(part: int) -> list[Any]:
        first = part * _TREES_PER_STATE
        numbers = range(first, min(first + _TREES_PER_STATE, n_trees))
        state = np.random.RandomState(seeds[part])
        # What is given was checked above; to check it again takes longer than the tree.
        with config_context(assume_finite=True, skip_parameter_validation=True):
            return [
                DecisionTreeRegressor(random_state=state, **settings)
                .fit(rows, target, sample_weight=weights[:, number], check_input=False)
                .tree_
                for number in numbers
            ]

    weights = np.asfortranarray(count, dtype=np.float64)
    if sample_weight is not None:
        weights *= sample_weight[:, None]
    parts = range(len(seeds))
    if n_jobs in (None, 1):
        return Bagged([tree for part in parts for tree in grown(part)], count)
    from concurrent.futures import ThreadPoolExecutor

    # Growing a tree releases the interpreter's lock. Below 0 means every core, as elsewhere.
    with ThreadPoolExecutor(n_jobs if n_jobs and n_jobs > 0 else None) as pool:
        return Bagged([tree for found in pool.map(grown, parts) for tree in found], count)
