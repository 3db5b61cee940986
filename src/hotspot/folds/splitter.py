"""What every splitter of `hotspot` does: labels, splits, and the checks before them."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hotspot.errors import FoldError
from hotspot.folds.plan import FoldPlan, Training
from hotspot.grid import Coordinates

Labels = NDArray[np.int64]
"""Fold label of each sample, from 0."""


class Splitter(ABC):
    """A way to divide samples into folds, with the manners of scikit-learn.

    A splitter is a fold label per sample and a buffer; `split` follows from them, and so
    does the `FoldPlan` that is kept on disk.
    """

    n_splits: int

    @property
    def buffer_m(self) -> float:
        """Width of the strip around test samples that may not train, in CRS units."""
        return 0.0

    @property
    def training(self) -> Training:
        """Whether samples of all other labels train, or of lower labels only."""
        return "others"

    @abstractmethod
    def labels(
        self,
        coordinates: Coordinates,
        y: NDArray[np.float64] | None = None,
        groups: NDArray[Any] | None = None,
    ) -> Labels:
        """Return the fold label of each sample, shape (n,)."""

    def split(
        self,
        coordinates: Coordinates,
        y: NDArray[np.float64] | None = None,
        groups: NDArray[Any] | None = None,
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Yield positions of training and test samples, fold by fold.

        Parameters
        ----------
        coordinates : array, shape (n, 2)
            Easting, northing.
        y : array, shape (n,), optional
            Labels whose share the folds should have in common; NaN is a class of its own.
        groups : array, shape (n,), optional
            Taken for the sake of scikit-learn; only splitters by group read it.
        """
        fold = self.labels(coordinates, y, groups)
        names = np.arange(len(fold)).astype(str)
        plan = FoldPlan(
            type(self).__name__, 0, names, fold, self.buffer_m, training=self.training
        )
        yield from plan.splits(np.asarray(coordinates, dtype=np.float64))

    def get_n_splits(
        self,
        coordinates: Coordinates | None = None,
        y: NDArray[np.float64] | None = None,
        groups: NDArray[Any] | None = None,
    ) -> int:
        """Return the number of folds."""
        return self.n_splits


def checked_coordinates(coordinates: Coordinates, n_splits: int) -> Coordinates:
    """Return the coordinates as float64 after the checks that every splitter needs.

    Columns are easting and northing, or the three of `hotspot.folds.geographic.on_sphere`.

    Raises
    ------
    FoldError
        The shape is not (n, 2) or (n, 3), a coordinate is missing, fewer than two folds are
        asked, or there are fewer samples than folds.
    """
    checked = np.asarray(coordinates, dtype=np.float64)
    if checked.ndim != 2 or checked.shape[1] not in (2, 3):
        raise FoldError(
            f"Coordinates have the shape {checked.shape}. "
            "Give an array of shape (n, 2): easting, northing."
        )
    missing = int((~np.isfinite(checked)).any(axis=1).sum())
    if missing:
        raise FoldError(
            f"{missing} of {len(checked)} samples have no coordinates. "
            "Remove them before making folds."
        )
    if n_splits < 2:
        raise FoldError(f"{n_splits} folds asked. Ask for 2 or more.")
    if len(checked) < n_splits:
        raise FoldError(
            f"{n_splits} folds asked but there are only {len(checked)} samples. "
            f"Lower n_splits to {max(2, len(checked))} or less, or add samples."
        )
    return checked


def classes_of(y: NDArray[np.float64] | None, n_samples: int) -> Labels:
    """Return the class number of each sample, from 0; NaN (unknown) is a class of its own.

    Raises
    ------
    FoldError
        The labels do not fit the samples, or they are measured values and not classes.

    Examples
    --------
    >>> classes_of(np.array([1.0, np.nan, 0.0, np.nan]), 4)
    array([1, 2, 0, 2])
    """
    if y is None:
        return np.zeros(n_samples, dtype=np.int64)
    values = np.asarray(y, dtype=np.float64)
    if values.shape != (n_samples,):
        raise FoldError(
            f"Labels have the shape {values.shape} but there are {n_samples} samples. "
            "Give one label per sample."
        )
    found, classes = np.unique(values, return_inverse=True)
    if len(found) > 10:
        raise FoldError(
            f"y holds {len(found)} different values and is used as classes. "
            "Give labels such as 0 and 1, not concentrations."
        )
    return classes.astype(np.int64)


def distribute(member: Labels, classes: Labels, n_splits: int, random_state: int) -> Labels:
    """Return a fold per group such that sizes and class shares of the folds are balanced.

    The large groups are dealt before the small, each to the fold that holds least of what
    the group brings; groups within a factor of two in size come in random order. Rare
    classes count as much as common ones, so that the few exceedances are spread before the
    many others.

    Parameters
    ----------
    member : array of int, shape (n,)
        Group of each sample, every number from 0 to the last in use.
    classes : array of int, shape (n,)
        Class of each sample, from 0.
    n_splits : int
        At most the number of groups.
    random_state : int
        Seed.

    Returns
    -------
    array of int, shape (n_groups,)

    Examples
    --------
    >>> member = np.array([0, 0, 0, 1, 1, 2, 3])
    >>> fold = distribute(member, np.zeros(7, dtype=int), 2, random_state=0)
    >>> np.bincount(fold[member])
    array([4, 3])
    """
    n_groups = int(member.max()) + 1
    n_classes = int(classes.max()) + 1
    counts = np.zeros((n_groups, n_classes))
    np.add.at(counts, (member, classes), 1.0)
    totals = counts.sum(axis=0)
    shares = counts / np.where(totals > 0, totals, 1.0)
    rng = np.random.default_rng(random_state)
    shuffled = rng.permutation(n_groups)
    size_class = np.floor(np.log2(shares.sum(axis=1)[shuffled]))
    order = shuffled[np.argsort(-size_class, kind="stable")]
    held = np.zeros((n_splits, n_classes))
    sizes = np.zeros(n_splits)
    fold = np.zeros(n_groups, dtype=np.int64)
    for group in order:
        # What the sum of squared shares grows by, up to a constant. Ties go to the smallest
        # fold; an empty one always ties, so no fold stays empty. Rounding keeps ties ties.
        cost = np.round(held @ shares[group], 12)
        chosen = int(np.lexsort((sizes, cost))[0])
        fold[group] = chosen
        held[chosen] += shares[group]
        sizes[chosen] += counts[group].sum()
    return fold
