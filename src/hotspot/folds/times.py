"""Folds in time: train on the past, test on what came next."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.errors import FoldError
from hotspot.folds.plan import Training
from hotspot.folds.splitter import Labels, Splitter, checked_coordinates
from hotspot.grid import Coordinates


class TimeKFold(Splitter):
    """Periods of similar numbers of samples; each is tested by what came before it.

    `labels` cuts the samples into ``n_splits + 1`` periods, numbered from the earliest, 0.
    Samples of one time are of one period. The first period only trains: `split` yields a
    fold for each of the others, and a `FoldPlan` of these labels has no training sample for
    the first.

    Parameters
    ----------
    n_splits : int
        Number of tested periods, 1 or more.

    Examples
    --------
    >>> year = np.array([2003, 2001, 2002, 2001])
    >>> splitter = TimeKFold(2)
    >>> splitter.labels(np.zeros((4, 2)), groups=year)
    array([2, 0, 1, 0])
    >>> [(train.tolist(), test.tolist())
    ...  for train, test in splitter.split(np.zeros((4, 2)), groups=year)]
    [([1, 3], [2]), ([1, 2, 3], [0])]
    """

    def __init__(self, n_splits: int = 5) -> None:
        self.n_splits = n_splits

    @property
    def training(self) -> Training:
        """Earlier samples only."""
        return "earlier"

    def labels(
        self,
        coordinates: Coordinates,
        y: NDArray[np.float64] | None = None,
        groups: NDArray[Any] | None = None,
    ) -> Labels:
        """Return the period of each sample, from 0 for the earliest, shape (n,).

        Parameters
        ----------
        coordinates : array, shape (n, 2)
            Easting, northing.
        y : ignored
        groups : array, shape (n,)
            Time of each sample: years or other numbers, or dates.

        Raises
        ------
        FoldError
            A time is missing, or there are too few different ones.
        """
        n_samples = len(checked_coordinates(coordinates, self.n_splits + 1))
        moment = time_order(groups, n_samples)
        n_times = int(moment.max()) + 1
        if n_times < self.n_splits + 1:
            raise FoldError(
                f"{self.n_splits} tested periods asked, and one before them to train, but "
                f"there are only {n_times} different times. "
                + (
                    f"Lower n_splits to {n_times - 1} or less, or give finer times."
                    if n_times > 1
                    else "Folds in time need samples of two times or more."
                )
            )
        return _periods(np.bincount(moment), self.n_splits + 1)[moment]

    def split(
        self,
        coordinates: Coordinates,
        y: NDArray[np.float64] | None = None,
        groups: NDArray[Any] | None = None,
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Yield positions of training and test samples, from the second period on."""
        for train, test in super().split(coordinates, y, groups):
            if len(train):
                yield train, test


def time_order(times: NDArray[Any] | None, n_samples: int) -> Labels:
    """Return the rank of the time of each sample among the different times, from 0.

    Raises
    ------
    FoldError
        No times are given, not one per sample, or some are missing.

    Examples
    --------
    >>> time_order(np.array(["2001-05-01", "1999-01-01"], dtype="datetime64[D]"), 2)
    array([1, 0])
    """
    if times is None:
        raise FoldError(
            "Folds in time were asked, and no times were given. "
            "Give one per sample, such as the year of sampling."
        )
    if len(times) != n_samples:
        raise FoldError(
            f"{len(times)} times were given for {n_samples} samples. Give one per sample."
        )
    numbers, _ = pd.factorize(np.asarray(times), sort=True)
    missing = int((numbers < 0).sum())
    if missing:
        raise FoldError(
            f"{missing} of {n_samples} samples have no time. "
            "Leave the plan 'time' out, or remove these samples before making folds."
        )
    return numbers.astype(np.int64)


def _periods(counts: Labels, n_periods: int) -> Labels:
    """Return the period of each time: consecutive, none empty, of similar counts.

    A new period begins where the running count comes nearest to an equal share, but early
    enough to leave a time for each later period.
    """
    n_times = len(counts)
    middle = np.cumsum(counts) - counts / 2
    wanted = np.floor(middle / counts.sum() * n_periods).astype(np.int64)
    period = np.zeros(n_times, dtype=np.int64)
    for k in range(1, n_times):
        rising = max(period[k - 1], min(wanted[k], period[k - 1] + 1))
        period[k] = max(rising, n_periods - (n_times - k))
    return period
