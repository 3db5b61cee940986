"""Trees read from the text that LightGBM writes."""

from itertools import pairwise

import numpy as np

from hotspot.errors import ModelError
from hotspot.trees.ensemble import BY_CLASS, Ints, Splits, TreeEnsemble, Values, check_trees


def read_trees(text: str) -> TreeEnsemble:
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
        ensemble = _read(text)
    except ModelError:
        raise
    except (KeyError, ValueError) as error:
        raise ModelError(
            f"A text of {len(text)} characters cannot be read as trees: {error}. It is cut "
            "or damaged; save the model again."
        ) from error
    check_trees(ensemble)
    return ensemble


def _read(text: str) -> TreeEnsemble:
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
    by_class = (kind.astype(np.int64) & BY_CLASS) > 0
    threshold[by_class] += np.repeat(first_class, n_splits)[by_class]
    leaf_count = np.ones(int(first_leaf[-1]), dtype=np.int64)
    leaf_count[np.repeat(n_splits > 0, n_leaves)] = _numbers(
        grown, "leaf_count", n_leaves[n_splits > 0]
    )
    shift, back = (np.repeat(first[:-1], n_splits) for first in (first_split, first_leaf))
    return TreeEnsemble(
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


def _fields(block: str) -> dict[str, str]:
    pairs = (line.partition("=") for line in block.splitlines())
    return {name: value for name, equals, value in pairs if equals}
