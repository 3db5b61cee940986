"""A fold plan: which sample is tested when, and which samples may train for it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from hotspot.errors import FoldError, few
from hotspot.folds.geographic import Metric, in_metric
from hotspot.grid import Coordinates

FOLD_COLUMNS = ("sample_id", "plan", "repeat", "fold", "buffer_m")

Training = Literal["others", "earlier"]
"""Who may train for a fold: samples of all other labels, or of lower labels only."""


@dataclass(frozen=True)
class FoldPlan:
    """Fold labels of some samples under one plan and repeat.

    Every plan is a label per sample and a buffer: the training set of a fold is every
    sample of another label that lies farther than the buffer from all its test samples.
    Leave-one-out, blocks, groups and buffered plans are all of this form. Plans in time
    train on lower labels only, and their first fold has no training sample.

    Parameters
    ----------
    plan : str
        Name, such as ``block``.
    repeat : int
        From 0.
    sample_id : array of str, shape (n,)
        The samples.
    fold : array of int, shape (n,)
        Label of each sample, from 0.
    buffer_m : float
        In the units of the CRS, metres on the sphere; 0 for none.
    training : {"others", "earlier"}
        Whether samples of all other labels train, or of lower labels only.
    metric : {"plane", "sphere"}
        Whether coordinates are eastings and northings, or longitudes and latitudes in
        degrees with distances along great circles.

    Examples
    --------
    >>> plan = FoldPlan("block", 0, np.array(["a", "b", "c"]), np.array([0, 0, 1]))
    >>> [(train.tolist(), test.tolist()) for train, test in plan.splits(np.zeros((3, 2)))]
    [([2], [0, 1]), ([0, 1], [2])]
    """

    plan: str
    repeat: int
    sample_id: NDArray[np.str_]
    fold: NDArray[np.int64]
    buffer_m: float = 0.0
    training: Training = "others"
    metric: Metric = "plane"

    def splits(
        self, coordinates: Coordinates
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Yield positions of training and test samples, fold by fold."""
        places = in_metric(coordinates, self.metric) if self.buffer_m > 0 else coordinates
        for label in np.unique(self.fold):
            test = np.flatnonzero(self.fold == label)
            if self.training == "earlier":
                train = np.flatnonzero(self.fold < label)
            else:
                train = np.flatnonzero(self.fold != label)
            if self.buffer_m > 0 and len(train):
                distance, _ = cKDTree(places[test]).query(places[train])
                train = train[distance > self.buffer_m]
            yield train, test

    def select(self, sample_id: NDArray[np.str_]) -> "FoldPlan":
        """Return the plan of some samples, in their order.

        Raises
        ------
        FoldError
            A sample has no fold.
        """
        label = dict(zip(self.sample_id.tolist(), self.fold.tolist(), strict=True))
        missing = [name for name in sample_id.tolist() if name not in label]
        if missing:
            raise FoldError(
                f"{len(missing)} samples have no fold in the plan {self.plan!r}: "
                f"{few(missing)}. Run `hotspot folds` again."
            )
        fold = np.array([label[name] for name in sample_id.tolist()], dtype=np.int64)
        return replace(self, sample_id=sample_id, fold=fold)

    def to_frame(self) -> pd.DataFrame:
        """Return the rows of the fold table."""
        return pd.DataFrame(
            {
                "sample_id": self.sample_id,
                "plan": self.plan,
                "repeat": self.repeat,
                "fold": self.fold,
                "buffer_m": self.buffer_m,
                "training": self.training,
                "metric": self.metric,
            }
        )


def plans_of(table: pd.DataFrame) -> list[FoldPlan]:
    """Return the plans that a fold table holds, in its order.

    Tables without the columns ``training`` and ``metric`` are of plans that train on all
    other labels, in the plane.

    Raises
    ------
    FoldError
        A plan trains or measures distances in a way that is not known.
    """
    plans = []
    for (plan, _), rows in table.groupby(["plan", "repeat"], sort=False):
        first = rows.iloc[0]
        training, metric = str(first.get("training", "others")), first.get("metric", "plane")
        if training not in ("others", "earlier") or metric not in ("plane", "sphere"):
            raise FoldError(
                f"The plan {plan!r} trains on {training!r} and measures in the {metric!r}. "
                "Known are others and earlier, plane and sphere; run `hotspot folds` again."
            )
        plans.append(
            FoldPlan(
                plan=str(plan),
                repeat=int(first["repeat"]),
                sample_id=rows["sample_id"].to_numpy(dtype=str),
                fold=rows["fold"].to_numpy(dtype=np.int64),
                buffer_m=float(first["buffer_m"]),
                training="earlier" if training == "earlier" else "others",
                metric="sphere" if metric == "sphere" else "plane",
            )
        )
    return plans
