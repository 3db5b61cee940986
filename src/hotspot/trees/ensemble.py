"""Decision trees as flat arrays, read from the text that LightGBM writes."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import NDArray

from hotspot.errors import ModelError

Ints = NDArray[np.int64]
Values = NDArray[np.float64]

# LightGBM's bits of a split: by class, missing values go left, and what is missing.
_BY_CLASS = 1
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
        return (self.kind & _BY_CLASS) > 0

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

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Return the trees of a model in LightGBM's own text format.

        Parameters
        ----------
        text : str
            What ``Booster.model_to_string`` returns and a saved model holds.

        Raises
        ------
        ModelError
            The text holds no such model, or one whose answer is no plain sum of leaf values:
            linear trees, or the mean of a random forest; or the text is damaged.
        """
        try:
            ensemble = cls._from_text(text)
        except ModelError:
            raise
        except (KeyError, ValueError) as error:
            raise ModelError(
                f"A text of {len(text)} characters cannot be read as trees: {error}. It is cut "
                "or damaged; save the model again."
            ) from error
        _check(ensemble)
        return ensemble

    @classmethod
    def _from_text(cls, text: str) -> Self:
        # Behind the trees stand lines that begin with names of covariates.
        body, end, _ = text.partition("\nend of trees")
        head, *blocks = body.split("\nTree=")
        header = _fields(head)
        if "max_feature_idx" not in header:
            raise ModelError(
                f"A text of {len(text)} characters is no model of LightGBM: it does not say "
                "how many columns it has. Save the model again."
            )
        if not end:
            raise ModelError(
                f"The text of {len(blocks)} trees does not say where they end. It is cut or "
                "damaged; save the model again."
            )
        if "average_output" in head.splitlines():
            raise ModelError(
                "The model is LightGBM's random forest, whose answer is a mean over trees and "
                "no sum. Predict with LightGBM itself, or train with boosting: gbdt."
            )
        n_columns = int(header["max_feature_idx"]) + 1
        trees = [_fields(block) for block in blocks]
        if any(tree.get("is_linear", "0") != "0" for tree in trees):
            raise ModelError(
                "The model has linear trees, whose leaves hold equations and no numbers. "
                "Predict with LightGBM itself, or train without linear_tree."
            )
        n_leaves = np.array([tree["num_leaves"] for tree in trees], dtype=np.int64)
        n_splits = n_leaves - 1
        first_split = np.concatenate([[0], np.cumsum(n_splits)]).astype(np.int64)
        first_leaf = np.concatenate([[0], np.cumsum(n_leaves)]).astype(np.int64)
        classes, first_class = _class_lists(trees)
        # A tree of one leaf has no line, or an empty one, of anything but the leaf's value.
        grown = [tree for tree, n in zip(trees, n_splits, strict=True) if n]
        column, threshold, kind, left, right, count = (
            _numbers(grown, name, n_splits[n_splits > 0])
            for name in (
                "split_feature",
                "threshold",
                "decision_type",
                "left_child",
                "right_child",
                "internal_count",
            )
        )
        by_class = (kind.astype(np.int64) & _BY_CLASS) > 0
        threshold[by_class] += np.repeat(first_class, n_splits)[by_class]
        leaf_count = np.ones(int(first_leaf[-1]), dtype=np.int64)
        leaf_count[np.repeat(n_splits > 0, n_leaves)] = _numbers(
            grown, "leaf_count", n_leaves[n_splits > 0]
        )
        shift, back = (np.repeat(first[:-1], n_splits) for first in (first_split, first_leaf))
        return cls(
            n_columns=n_columns,
            n_outputs=int(header.get("num_tree_per_iteration", "1")),
            splits=Splits(
                column=column.astype(np.int64),
                threshold=threshold,
                kind=kind.astype(np.int64),
                left=np.where(left < 0, left - back, left + shift).astype(np.int64),
                right=np.where(right < 0, right - back, right + shift).astype(np.int64),
                count=count.astype(np.int64),
            ),
            leaf_value=_numbers(trees, "leaf_value", n_leaves),
            leaf_count=leaf_count,
            first_split=first_split,
            first_leaf=first_leaf,
            classes=classes,
        )

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


def _class_lists(trees: list[dict[str, str]]) -> tuple[tuple[Ints, ...], Ints]:
    """Return the classes of all splits by class, and where those of each tree begin."""
    classes: list[Ints] = []
    first = []
    for tree in trees:
        first.append(len(classes))
        if int(tree.get("num_cat", "0")):
            bounds = np.array(tree["cat_boundaries"].split(), dtype=np.int64)
            words = np.array(tree["cat_threshold"].split(), dtype="<u4")
            for start, end in pairwise(bounds.tolist()):
                bits = np.unpackbits(words[start:end].view(np.uint8), bitorder="little")
                classes.append(np.flatnonzero(bits).astype(np.int64))
    return tuple(classes), np.array(first, dtype=np.int64)


def _numbers(trees: list[dict[str, str]], name: str, size: Ints) -> Values:
    """Return the numbers that all trees have under a name, so many of each."""
    words = [tree.get(name, "").split() for tree in trees]
    for found, wanted in zip(words, size.tolist(), strict=True):
        if len(found) != wanted:
            raise ModelError(
                f"A tree of the model has {len(found)} numbers {name} where it needs {wanted}. "
                "The text is cut or damaged; save the model again."
            )
    return np.array([word for found in words for word in found], dtype=np.float64)


def _check(ensemble: TreeEnsemble) -> None:
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


def _fields(block: str) -> dict[str, str]:
    pairs = (line.partition("=") for line in block.splitlines())
    return {name: value for name, equals, value in pairs if equals}


def _spans(first: Ints, last: Ints) -> Ints:
    return np.concatenate(
        [np.empty(0, np.int64), *(np.arange(a, b) for a, b in zip(first, last, strict=True))]
    ).astype(np.int64)
