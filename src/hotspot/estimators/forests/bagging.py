"""Regression trees grown on bootstrap samples, with scikit-learn's trees."""

from dataclasses import dataclass
from typing import Any, Self

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
    scale : ColumnScale
        In which the trees ask for columns.
    """

    trees: list[Any]
    count: NDArray[np.int64]
    scale: "ColumnScale"


@dataclass(frozen=True)
class ColumnScale:
    """A scale for each column on which single precision tells its values apart.

    scikit-learn's trees see numbers in single precision, and take what differs by less than
    1e-7 for equal. A conductivity in m/s, or a year in seconds, would be constant to them.

    Parameters
    ----------
    centre, rate : array, shape (n_columns,)
        A value is asked for as ``(value - centre) * rate``; a constant column has rate 0.

    Examples
    --------
    >>> columns = 1e-9 * np.arange(5.0)[:, np.newaxis]
    >>> ColumnScale.of(columns).apply(columns)[:, 0]
    array([-1. , -0.5,  0. ,  0.5,  1. ], dtype=float32)
    """

    centre: Values
    rate: Values

    @classmethod
    def of(cls, columns: Values) -> Self:
        """Return the scale of training columns: about the median, by the middle half."""
        lower, centre, upper = np.quantile(columns, [0.25, 0.5, 0.75], axis=0)
        spread = upper - lower
        # More than half of the values are one.
        spread = np.where(spread > 0, spread, np.abs(columns - centre).mean(axis=0))
        with np.errstate(divide="ignore"):
            return cls(centre, np.where(spread > 0, 1.0 / spread, 0.0))

    def apply(self, columns: Values) -> NDArray[np.float32]:
        """Return columns as the trees see them."""
        return np.asarray((columns - self.centre) * self.rate, dtype=np.float32, order="C")


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
    scale = ColumnScale.of(columns)
    rows = scale.apply(columns)
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
        return Bagged([tree for part in parts for tree in grown(part)], count, scale)
    from concurrent.futures import ThreadPoolExecutor

    # Growing a tree releases the interpreter's lock. Below 0 means every core, as elsewhere.
    with ThreadPoolExecutor(n_jobs if n_jobs and n_jobs > 0 else None) as pool:
        trees = [tree for found in pool.map(grown, parts) for tree in found]
    return Bagged(trees, count, scale)
