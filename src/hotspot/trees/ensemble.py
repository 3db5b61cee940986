"""Decision trees as flat arrays."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hotspot.errors import ModelError

Ints = NDArray[np.int64]
Values = NDArray[np.float64]

# LightGBM's bits of a split: by class, missing values go left, and what is missing.
BY_CLASS = 1
_MISSING_LEFT = 2
MISSING_ZERO = 1
MISSING_NAN = 2


@dataclass(frozen=True)
class Splits:
    """Inner nodes of all trees, one after the other.

    Parameters
    ----------
    column : array of int, shape (n_splits,)
        Column of the covariates that is asked.
    threshold : array, shape (n_splits,)
        A row goes left where its value is at or below this; at a split by class, the
        position of its classes in `TreeEnsemble.classes`.
    kind : array of int, shape (n_splits,)
        LightGBM's bits: 1 for a split by class; 2 where missing values go left; from 4 on
        what counts as missing: nothing (0), zero (1), or NaN (2).
    left, right : array of int, shape (n_splits,)
        Next split of all trees; below 0 the leaf ``-1 - value`` of all trees.
    count : array of int, shape (n_splits,)
        Training samples that reached the split.
    """

    column: Ints
    threshold: Values
    kind: Ints
    left: Ints
    right: Ints
    count: Ints

    @property
    def by_class(self) -> NDArray[np.bool_]:
        """Whether a split sends chosen classes left, and not values up to a threshold."""
        return (self.kind & BY_CLASS) > 0

    @property
    def missing_left(self) -> NDArray[np.bool_]:
        """Whether missing values go left."""
        return (self.kind & _MISSING_LEFT) > 0

    @property
    def missing(self) -> Ints:
        """What counts as missing: nothing (0), zero (1), or NaN (2)."""
        return self.kind >> 2


@dataclass(frozen=True)
class TreeEnsemble:
    """Trees whose leaf values add up, as flat arrays.

    Parameters
    ----------
    n_columns : int
        Columns of the table that the trees ask.
    n_outputs : int
        Sums that the trees make: one, or one per class.  Tree ``i`` adds to sum
        ``i % n_outputs``.
    splits : Splits
        Inner nodes.
    leaf_value : array, shape (n_leaves,)
        What each leaf adds.
    leaf_count : array of int, shape (n_leaves,)
        Training samples in each leaf.
    first_split, first_leaf : array of int, shape (n_trees + 1,)
        Where the splits and leaves of each tree begin; the root is the first split. A tree
        without a split has one leaf.
    classes : tuple of array of int
        The classes that go left, of each split by class.
    """

    n_columns: int
    n_outputs: int
    splits: Splits
    leaf_value: Values
    leaf_count: Ints
    first_split: Ints
    first_leaf: Ints
    classes: tuple[Ints, ...] = ()

    @property
    def n_trees(self) -> int:
        """Number of trees."""
        return len(self.first_leaf) - 1

    def leaf_order(self) -> tuple[Ints, Ints, Ints, Ints]:
        """Return the leaves below each split, when those of a tree are read left to right.

        Returns
        -------
        begin, middle, end : array of int, shape (n_splits,)
            Leaves ``begin`` to below ``middle`` of the tree lie left of the split, those to
            below ``end`` right of it.
        place : array of int, shape (n_leaves,)
            Position of each leaf in its tree.
        """
        # Plain lists: single numbers of arrays are slow to reach.
        left, right = self.splits.left.tolist(), self.splits.right.tolist()
        size = [1] * len(left)
        # A child stands behind its parent, so that sizes are known from the back.
        for split in reversed(range(len(left))):
            size[split] = sum(size[c] if c >= 0 else 1 for c in (left[split], right[split]))
        begin, middle = [0] * len(left), [0] * len(left)
        place = [0] * len(self.leaf_value)
        for split in range(len(left)):
            start = begin[split]
            below = left[split]
            middle[split] = start + (size[below] if below >= 0 else 1)
            for child, at in ((below, start), (right[split], middle[split])):
                if child >= 0:
                    begin[child] = at
                else:
                    place[-1 - child] = at
        first = np.array(begin, dtype=np.int64)
        end = first + np.array(size, dtype=np.int64)
        return first, np.array(middle, dtype=np.int64), end, np.array(place, dtype=np.int64)

    def output(self, number: int) -> "TreeEnsemble":
        """Return the trees that add to one of the sums, as an ensemble of their own."""
        if not 0 <= number < self.n_outputs:
            raise ModelError(
                f"The trees make {self.n_outputs} sums, and there is no sum {number}. "
                f"Ask for one from 0 to {self.n_outputs - 1}."
            )
        if self.n_outputs == 1:
            return self
        chosen = np.arange(number, self.n_trees, self.n_outputs)
        split, leaf = self.first_split, self.first_leaf
        kept_splits = _spans(split[chosen], split[chosen + 1])
        kept_leaves = _spans(leaf[chosen], leaf[chosen + 1])
        new_split = np.cumsum(np.isin(np.arange(split[-1]), kept_splits)) - 1
        new_leaf = np.cumsum(np.isin(np.arange(leaf[-1]), kept_leaves)) - 1

        def renumbered(child: Ints) -> Ints:
            child = child[kept_splits]
            at_leaf = child < 0
            moved = np.empty_like(child)
            moved[at_leaf] = -1 - new_leaf[-1 - child[at_leaf]]
            moved[~at_leaf] = new_split[child[~at_leaf]]
            return moved

        return TreeEnsemble(
            n_columns=self.n_columns,
            n_outputs=1,
            splits=Splits(
                column=self.splits.column[kept_splits],
                threshold=self.splits.threshold[kept_splits],
                kind=self.splits.kind[kept_splits],
                left=renumbered(self.splits.left),
                right=renumbered(self.splits.right),
                count=self.splits.count[kept_splits],
            ),
            leaf_value=self.leaf_value[kept_leaves],
            leaf_count=self.leaf_count[kept_leaves],
            first_split=np.concatenate([[0], np.cumsum(split[chosen + 1] - split[chosen])]),
            first_leaf=np.concatenate([[0], np.cumsum(leaf[chosen + 1] - leaf[chosen])]),
            classes=self.classes,
        )


def check_trees(ensemble: TreeEnsemble) -> None:
    """Refuse trees that are none, or ask for a column or class list that is not there.

    Compiled loops follow these numbers without looking, so that a wrong one would read
    foreign memory.
    """
    splits, n = ensemble.splits, len(ensemble.splits.column)
    first, leaves = ensemble.first_split, ensemble.first_leaf
    size = np.diff(first)
    tree = np.repeat(np.arange(ensemble.n_trees), size)
    roots = first[:-1][size > 0]
    children = np.concatenate([splits.left, splits.right])
    parent = np.tile(np.arange(n), 2)
    inner = children >= 0
    # Every node but the roots, and every leaf but those of trees without a split, is a child.
    expected = np.ones(n, dtype=np.int64)
    expected[roots] = 0
    lone = np.zeros(len(ensemble.leaf_value), dtype=np.int64)
    lone[leaves[:-1][size == 0]] = 1
    lists = splits.threshold[splits.by_class]
    bounded = (
        (children < n).all()
        and (children >= -len(ensemble.leaf_value)).all()
        and (splits.column >= 0).all()
        and (splits.column < ensemble.n_columns).all()
        and np.isin(lists, np.arange(len(ensemble.classes))).all()
        and not np.isnan(splits.threshold).any()
    )
    sound = bounded and (
        (np.bincount(children[inner], minlength=n) == expected).all()
        and (np.bincount(-1 - children[~inner], minlength=len(lone)) + lone == 1).all()
        # In its own tree and behind its parent, so that there is no way round.
        and (children[inner] > parent[inner]).all()
        and (tree[children[inner]] == tree[parent[inner]]).all()
    )
    if not sound:
        raise ModelError(
            f"The {ensemble.n_trees} trees of the model have children, columns or classes that "
            f"do not fit together or the {ensemble.n_columns} columns of the model. The text "
            "is damaged; save the model again."
        )


def _spans(first: Ints, last: Ints) -> Ints:
    return np.concatenate(
        [np.empty(0, np.int64), *(np.arange(a, b) for a, b in zip(first, last, strict=True))]
    ).astype(np.int64)
