"""Random folds: the yardstick that spatial folds are compared with."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hotspot.folds.splitter import Labels, Splitter, checked_coordinates, classes_of
from hotspot.grid import Coordinates


class RandomKFold(Splitter):
    """Folds drawn at random, with the share of each class kept equal.

    Places are not looked at: samples of one place may fall on both sides of a split, and
    neighbours will. Its scores tell how well gaps between samples are filled, not how well
    the map is predicted.

    Parameters
    ----------
    n_splits : int
        Number of folds, 2 or more.
    random_state : int
        Seed.

    Examples
    --------
    >>> y = np.array([1, 1, 1, 0, 0, 0, 0, 0, 0])
    >>> fold = RandomKFold(3, random_state=0).labels(np.zeros((9, 2)), y)
    >>> [int(y[fold == label].sum()) for label in range(3)], np.bincount(fold)
    ([1, 1, 1], array([3, 3, 3]))
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
            Fewer samples than folds, or labels that are not classes.
        """
        n_samples = len(checked_coordinates(coordinates, self.n_splits))
        classes = classes_of(y, n_samples)
        shuffled = np.random.default_rng(self.random_state).permutation(n_samples)
        # Dealt like cards, class after class: every class and every fold even within one.
        order = shuffled[np.argsort(classes[shuffled], kind="stable")]
        fold = np.empty(n_samples, dtype=np.int64)
        fold[order] = np.arange(n_samples) % self.n_splits
        return fold
