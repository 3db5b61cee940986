"""Out-of-fold predictions read back from their table, with what is known of their samples."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.errors import FoldError, few
from hotspot.evaluation.out_of_fold import OutOfFold
from hotspot.evaluation.scores import PER_SAMPLE_SCORES
from hotspot.folds.plan import FoldPlan
from hotspot.grid import Coordinates

# Place and interval of a sample: what makes it the same one in two runs.
KNOWN = ("easting", "northing", "lower_mg_kg", "upper_mg_kg")


@dataclass(frozen=True)
class Predictions:
    """All out-of-fold predictions of one model and contaminant, with their samples.

    Parameters
    ----------
    runs : tuple of OutOfFold
        One per plan and repeat.
    samples : DataFrame
        Columns `KNOWN`, indexed by the name of the sample.
    limit_mg_kg : float, mg/kg
        What the labels are of.
    """

    runs: tuple[OutOfFold, ...]
    samples: pd.DataFrame
    limit_mg_kg: float

    @classmethod
    def read(cls, table: pd.DataFrame, samples: pd.DataFrame, limit_mg_kg: float) -> Self:
        """Return the predictions of one model and contaminant from the rows of the table.

        Parameters
        ----------
        table : DataFrame
            Rows of `predictions_table`, in any order.
        samples : DataFrame
            As above.
        limit_mg_kg : float
            As above.

        Raises
        ------
        FoldError
            There is no row, a sample stands twice under a plan and repeat, or is unknown.
        """
        if table.empty:
            raise FoldError(
                "There is no out-of-fold prediction of this contaminant and model. "
                "Run `hotspot evaluate` again."
            )
        without = table.loc[~table["sample_id"].isin(samples.index), "sample_id"].unique()
        twice = table.duplicated(["plan", "repeat", "sample_id"])
        if len(without) or twice.any():
            raise FoldError(
                f"{int(twice.sum())} predictions stand twice, and {len(without)} samples are "
                f"not those of the run: {few(without.tolist()) or 'none'}. Run `hotspot "
                "evaluate` again: samples and predictions must come from one run."
            )
        runs = tuple(
            _run_of(rows.sort_values("sample_id"))
            for _, rows in table.groupby(["plan", "repeat"], sort=False)
        )
        return cls(runs, samples[list(KNOWN)], limit_mg_kg)

    def under(self, plan: str) -> list[OutOfFold]:
        """Return the repeats of a plan."""
        return [run for run in self.runs if run.plan.plan == plan]

    @property
    def plans(self) -> list[str]:
        """Names of the plans, in order."""
        return list(dict.fromkeys(run.plan.plan for run in self.runs))

    def known_of(self, sample_id: NDArray[np.str_]) -> pd.DataFrame:
        """Return place and interval of some samples, in their order."""
        return self.samples.reindex(pd.Index(sample_id))

    def coordinates(self, sample_id: NDArray[np.str_]) -> Coordinates:
        """Return the places of some samples, shape (n, 2)."""
        return self.known_of(sample_id)[["easting", "northing"]].to_numpy(dtype=np.float64)


def selected(run: OutOfFold, names: NDArray[np.str_]) -> OutOfFold:
    """Return a run of some of its samples, in the order of their names."""
    rows = pd.Index(run.plan.sample_id).get_indexer(pd.Index(names))
    return replace(
        run,
        plan=run.plan.select(names),
        label=run.label[rows],
        probability=run.probability[rows],
        prevalence=run.prevalence[rows],
        extra={name: values[rows] for name, values in run.extra.items()},
    )


def in_all(runs: Sequence[OutOfFold]) -> NDArray[np.str_]:
    """Return the samples, sorted, that every run has."""
    return np.array(
        sorted(set.intersection(*(set(run.plan.sample_id.tolist()) for run in runs))), dtype=str
    )


def _run_of(rows: pd.DataFrame) -> OutOfFold:
    """Return one plan and repeat of the table of predictions."""
    first = rows.iloc[0]
    names = rows["sample_id"].to_numpy(dtype=str)
    fold = rows["fold"].to_numpy(dtype=np.int64)

    def column(name: str) -> NDArray[np.float64]:
        return rows[name].to_numpy(dtype=np.float64)

    return OutOfFold(
        plan=FoldPlan(str(first["plan"]), int(first["repeat"]), names, fold),
        label=column("label"),
        probability=column("probability"),
        prevalence=column("prevalence"),
        # Of a model without a distribution, a common table holds NaN only.
        extra={
            name: column(name)
            for name in PER_SAMPLE_SCORES
            if name in rows and rows[name].notna().any()
        },
    )
