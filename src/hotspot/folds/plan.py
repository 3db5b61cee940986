"""A fold plan: which sample is tested when, and which samples may train for it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from hotspot.errors import FoldError, few
from hotspot.grid import Coordinates

FOLD_COLUMNS = ("sample_id", "plan", "repeat", "fold", "buffer_m")


@dataclass(frozen=True)
class FoldPlan:
    """Fold labels of some samples under one plan and repeat.

    Every plan is a label per sample and a buffer: the training set of a fold is every
    sample of another label that lies farther than the buffer from all its test samples.
    Leave-one-out, blocks, groups and buffered plans are all of this form.

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
        In the units of the CRS; 0 for none.

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

    def splits(
        self, coordinates: Coordinates
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Yield positions of training and test samples, fold by fold."""
        for label in np.unique(self.fold):
            test = np.flatnonzero(self.fold == label)
            train = np.flatnonzero(self.fold != label)
            if self.buffer_m > 0:
                distance, _ = cKDTree(coordinates[test]).query(coordinates[train])
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
        return FoldPlan(self.plan, self.repeat, sample_id, fold, self.buffer_m)

    def to_frame(self) -> pd.DataFrame:
        """Return the rows of the fold table."""
        return pd.DataFrame(
            {
                "sample_id": self.sample_id,
                "plan": self.plan,
                "repeat": self.repeat,
                "fold": self.fold,
                "buffer_m": self.buffer_m,
            }
        )


def plans_of(table: pd.DataFrame) -> list[FoldPlan]:
    """Return the plans that a fold table holds, in its order."""
    return [
        FoldPlan(
            plan=str(plan),
            repeat=int(rows["repeat"].iloc[0]),
            sample_id=rows["sample_id"].to_numpy(dtype=str),
            fold=rows["fold"].to_numpy(dtype=np.int64),
            buffer_m=float(rows["buffer_m"].iloc[0]),
        )
        for (plan, _), rows in table.groupby(["plan", "repeat"], sort=False)
    ]
