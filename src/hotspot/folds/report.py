"""What each fold holds, and what is wrong with it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from hotspot.errors import FoldError
from hotspot.folds.geographic import in_metric
from hotspot.folds.plan import FoldPlan
from hotspot.grid import Coordinates

REPORT_COLUMNS = (
    "plan",
    "repeat",
    "fold",
    "n_train",
    "n_test",
    "train_positives",
    "test_positives",
    "n_test_unknown",
    "warning",
)


def fold_report(
    plans: Sequence[FoldPlan],
    y: NDArray[np.float64],
    coordinates: Coordinates,
    *,
    groups: NDArray[Any] | None = None,
    times: NDArray[Any] | None = None,
) -> pd.DataFrame:
    """Return one row per fold: its sizes, its exceedances, and a warning or nothing.

    Parameters
    ----------
    plans : sequence of FoldPlan
        Each with the same samples in the same order.
    y : array, shape (n,)
        Exceedance of each sample in the order of the plans: 1, 0, NaN for unknown.
    coordinates : array, shape (n, 2)
        Easting, northing, in the order of the plans.
    groups : array, shape (n,), optional
        Group of each sample, for plans by group; None where a sample has none.
    times : array, shape (n,), optional
        Time of each sample, for plans in time.

    Returns
    -------
    DataFrame
        Columns `REPORT_COLUMNS`. Warnings, separated by "; ": ``no training sample``,
        ``no known label in training``, ``one class in training``, ``no known test label``,
        ``one class in test``, and leaks: ``k test samples at the place of a training
        sample``, ``of a group that trains``, ``not later than a training sample`` and
        ``within the buffer of a training sample``. The first period of a plan in time trains
        only, and has no training sample of its own.

    Raises
    ------
    FoldError
        A plan, the labels and the coordinates differ in length.

    Examples
    --------
    >>> plan = FoldPlan("random", 0, np.array(["a", "b", "c"]), np.array([0, 1, 1]))
    >>> same_place = np.array([[0.0, 0.0], [0.0, 0.0], [1.0, 0.0]])
    >>> fold_report([plan], np.array([1.0, 0.0, 1.0]), same_place)["warning"].tolist()
    ['one class in test; 1 test sample at the place of a training sample',
     'one class in training; 1 test sample at the place of a training sample']
    """
    rows = []
    for plan in plans:
        if not len(plan.fold) == len(y) == len(coordinates):
            raise FoldError(
                f"The plan {plan.plan!r} has {len(plan.fold)} samples, but there are {len(y)} "
                f"labels and {len(coordinates)} coordinates. Bring all into the order of the "
                "plan."
            )
        _, inverse = np.unique(coordinates, axis=0, return_inverse=True)
        place = inverse.reshape(-1)
        labels = np.unique(plan.fold).tolist()
        for label, (train, test) in zip(labels, plan.splits(coordinates), strict=True):
            leaks = {"at the place of a training sample": np.isin(place[test], place[train])}
            if plan.plan == "group" and groups is not None:
                own = np.array([name is not None for name in groups[test]], dtype=np.bool_)
                leaks["of a group that trains"] = own & pd.Index(groups[test]).isin(
                    groups[train]
                )
            if plan.training == "earlier" and times is not None and len(train):
                leaks["not later than a training sample"] = times[test] <= times[train].max()
            if plan.buffer_m > 0:
                leaks["within the buffer of a training sample"] = _within(
                    in_metric(coordinates, plan.metric), train, test, plan.buffer_m
                )
            rows.append(
                (
                    plan.plan,
                    plan.repeat,
                    label,
                    len(train),
                    len(test),
                    int((y[train] == 1).sum()),
                    int((y[test] == 1).sum()),
                    int(np.isnan(y[test]).sum()),
                    "; ".join(_warnings(y[train], y[test], leaks)),
                )
            )
    return pd.DataFrame(rows, columns=list(REPORT_COLUMNS))


def _within(
    places: Coordinates, train: NDArray[np.int64], test: NDArray[np.int64], buffer: float
) -> NDArray[np.bool_]:
    """Return whether each test sample lies within the buffer of a training sample."""
    if not len(train):
        return np.zeros(len(test), dtype=np.bool_)
    distance, _ = cKDTree(places[train]).query(places[test])
    return np.asarray(distance <= buffer, dtype=np.bool_)


def _warnings(
    train: NDArray[np.float64],
    test: NDArray[np.float64],
    leaks: dict[str, NDArray[np.bool_]],
) -> list[str]:
    found = []
    n_train, n_test = (len(np.unique(part[~np.isnan(part)])) for part in (train, test))
    if not len(train):
        found.append("no training sample")
    elif n_train == 0:
        found.append("no known label in training")
    elif n_train == 1:
        found.append("one class in training")
    if n_test == 0:
        found.append("no known test label")
    elif n_test == 1:
        found.append("one class in test")
    for how, is_leaking in leaks.items():
        count = int(is_leaking.sum())
        if count:
            found.append(f"{count} test {'sample' if count == 1 else 'samples'} {how}")
    return found
