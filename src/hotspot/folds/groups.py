"""Folds of whole groups: laboratories, campaigns, regions, years."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.errors import FoldError
from hotspot.folds.splitter import (
    Labels,
    Splitter,
    checked_coordinates,
    classes_of,
    distribute,
)
from hotspot.grid import Coordinates


def group_numbers(groups: NDArray[Any] | None, n_samples: int) -> Labels:
    """Return the number of the group of each sample, in sorted order of the names, from 0.

    Samples without a group form one of their own: nothing says that they are not of one.

    Raises
    ------
    FoldError
        No groups are given, or not one per sample.

    Examples
    --------
    >>> group_numbers(np.array(["b", "a", None, "b"], dtype=object), 4)
    array([1, 0, 2, 1])
    """
    if groups is None:
        raise FoldError(
            "Folds by group were asked, and no groups were given. "
            "Give one name per sample, such as its laboratory or campaign."
        )
    if len(groups) != n_samples:
        raise FoldError(
            f"{len(groups)} groups were given for {n_samples} samples. Give one per sample."
        )
    numbers, names = pd.factorize(np.asarray(groups), sort=True)
    return np.where(numbers < 0, len(names), numbers).astype(np.int64)


class GroupKFold(Splitter):
    """Folds of whole groups, balanced in size and in the share of each class.

    With as many folds as groups, each group is left out alone. The scores tell what a model
    is worth for a laboratory, a campaign or a region that it has not learnt from.

    Parameters
    ----------
    n_splits : int
        Number of folds, 2 or more, at most the number of groups.
    random_state : int
        Seed of the order in which groups of similar size are dealt.

    Examples
    --------
    >>> groups = np.array(["a", "a", "b", "b", "c", "c"])
    >>> fold = GroupKFold(3).labels(np.zeros((6, 2)), groups=groups)
    >>> [len(set(fold[groups == name])) for name in "abc"], np.unique(fold)
    ([1, 1, 1], array([0, 1, 2]))
    """

    def __init__(self, n_splits: int = 5, *, random_state: int = 0) -> None:
        self.n_splits = n_splits
        self.random_state = random_state

    def labels(
        self,
        coordinates: Coordinates,
        y: NDArray[np.float64] | None = None,
        groups: NDArray[Any] | None = None,
    ) -> Labels:
        """Return the fold label of each sample, shape (n,).

        Raises
        ------
        FoldError
            No groups are given, or there are fewer of them than folds.
        """
        n_samples = len(checked_coordinates(coordinates, self.n_splits))
        group = group_numbers(groups, n_samples)
        _, member = np.unique(group, return_inverse=True)
        n_groups = int(member.max()) + 1
        if n_groups < self.n_splits:
            remedy = (
                f"Lower n_splits to {n_groups} or less."
                if n_groups > 1
                else "Give the samples two groups or more, or use another plan."
            )
            raise FoldError(
                f"{self.n_splits} folds asked but there are only {n_groups} "
                f"group{'s' if n_groups > 1 else ''}. {remedy}"
            )
        fold = distribute(member, classes_of(y, n_samples), self.n_splits, self.random_state)
        return fold[member]
