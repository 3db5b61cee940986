"""Leave-out folds with a buffer: no training sample near a test sample."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hotspot.errors import FoldError
from hotspot.folds.plan import FoldPlan
from hotspot.folds.splitter import Labels, Splitter, checked_coordinates
from hotspot.grid import Coordinates


class BufferedLeaveOut(Splitter):
    """Folds whose training samples lie farther than a radius from every test sample.

    Parameters
    ----------
    radius : float
        Width of the buffer in the units of the coordinates, 0 or more. A sample at exactly
        this distance does not train.
    splitter : Splitter, optional
        Who forms the test parts. By default every place is one, which costs as many fits
        as there are places; with blocks it costs a fit per fold.

    References
    ----------
    Le Rest et al. (2014), Spatial leave-one-out cross-validation for variable selection in
    the presence of spatial autocorrelation. https://doi.org/10.1111/geb.12161

    Examples
    --------
    >>> coordinates = np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0], [5.0, 0.0]])
    >>> [train.tolist() for train, _ in BufferedLeaveOut(1.0).split(coordinates)]
    [[2, 3], [3], [0, 3], [0, 1, 2]]
    """

    def __init__(self, radius: float, *, splitter: Splitter | None = None) -> None:
        self.radius = radius
        self.splitter = splitter

    @property
    def buffer_m(self) -> float:
        """The radius."""
        return self.radius

    def labels(
        self,
        coordinates: Coordinates,
        y: NDArray[np.float64] | None = None,
        groups: NDArray[Any] | None = None,
    ) -> Labels:
        """Return the fold label of each sample; samples of one place share it.

        Raises
        ------
        FoldError
            The radius is negative, or leaves a test part without any training sample.
        """
        if not self.radius >= 0:
            raise FoldError(f"A buffer of {self.radius} was asked. Give 0 or more.")
        places = checked_coordinates(coordinates, 2)
        if self.splitter is None:
            _, inverse = np.unique(places, axis=0, return_inverse=True)
            fold = inverse.reshape(-1).astype(np.int64)
        else:
            fold = self.splitter.labels(places, y, groups)
        plan = FoldPlan("buffered", 0, np.arange(len(fold)).astype(str), fold, self.radius)
        empty = sum(1 for train, _ in plan.splits(places) if len(train) == 0)
        if empty:
            raise FoldError(
                f"A buffer of {self.radius:g} leaves {empty} of {len(np.unique(fold))} folds "
                "without a training sample. Lower the radius (cv.buffer_m), or form smaller "
                "test parts (cv.n_splits)."
            )
        return fold

    def get_n_splits(
        self,
        coordinates: Coordinates | None = None,
        y: NDArray[np.float64] | None = None,
        groups: NDArray[Any] | None = None,
    ) -> int:
        """Return the number of folds; the places must be known to count them.

        Raises
        ------
        FoldError
            Every place is a fold and no coordinates are given.
        """
        if self.splitter is not None:
            return self.splitter.get_n_splits(coordinates, y, groups)
        if coordinates is None:
            raise FoldError(
                "Every place is a fold of its own, and no coordinates were given to count "
                "them. Pass the coordinates to get_n_splits."
            )
        return len(np.unique(np.asarray(coordinates, dtype=np.float64), axis=0))
