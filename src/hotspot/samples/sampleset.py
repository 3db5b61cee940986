"""The sample set: what a model learns from, with names, places and intervals together."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.covariates.catalogue import Catalogue
from hotspot.errors import SampleError, few
from hotspot.grid import Coordinates

# One row per sample and contaminant; covariates follow, in the order of the catalogue.
SAMPLE_COLUMNS = (
    "sample_id",
    "site_id",
    "contaminant",
    "easting",
    "northing",
    "lower_mg_kg",
    "upper_mg_kg",
    "is_censored",
    "limit_mg_kg",
    "laboratory",
    "method",
    "campaign",
    "sampled_on",
    "source",
    "sample_weight",
)


@dataclass(frozen=True)
class Samples:
    """The samples of one contaminant.

    Parameters
    ----------
    sample_id : array of str, shape (n,)
        Shared by the contaminants measured on one sample, so that folds are shared too.
    X : DataFrame, shape (n, n_covariates)
        Covariates in the order of the catalogue, float64; no missing value.
    lower, upper : array, shape (n,), mg/kg
        The interval that holds the concentration; equal where it was measured.
    coordinates : array, shape (n, 2)
        Easting, northing in the CRS of the grid.
    weight : array, shape (n,), optional
        How much each sample counts in training; alike where not given.
    """

    sample_id: NDArray[np.str_]
    X: pd.DataFrame
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    coordinates: Coordinates
    weight: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.sample_id)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> "Samples":
        """Return the samples of some rows, given as positions or as a mask."""
        return Samples(
            sample_id=self.sample_id[rows],
            X=self.X.iloc[np.flatnonzero(rows) if rows.dtype == bool else rows],
            lower=self.lower[rows],
            upper=self.upper[rows],
            coordinates=self.coordinates[rows],
            weight=None if self.weight is None else self.weight[rows],
        )


@dataclass(frozen=True)
class SampleSet:
    """All samples of an experiment, with the catalogue of their covariates.

    Parameters
    ----------
    frame : DataFrame
        Columns `SAMPLE_COLUMNS`, then the covariates.
    catalogue : Catalogue
        Names, kinds and roles of the covariates.
    """

    frame: pd.DataFrame
    catalogue: Catalogue

    def __post_init__(self) -> None:
        wanted = [*SAMPLE_COLUMNS, *self.catalogue.names]
        if list(self.frame.columns) != wanted:
            missing = [name for name in wanted if name not in self.frame.columns]
            raise SampleError(
                f"The sample table does not have the columns it must: {few(missing)} missing "
                f"of {len(wanted)}. Run `hotspot samples` again."
            )

    @property
    def contaminants(self) -> tuple[str, ...]:
        """Ids of the contaminants, in order of appearance."""
        return tuple(dict.fromkeys(self.frame["contaminant"]))

    def of(self, contaminant: str) -> Samples:
        """Return the samples of one contaminant."""
        rows = self.frame[self.frame["contaminant"] == contaminant]
        if rows.empty:
            raise SampleError(
                f"No sample of {contaminant!r} is left; there are samples of "
                f"{few(self.contaminants) or 'nothing'}. See rejected.parquet and ledger.json."
            )
        weight = rows["sample_weight"].to_numpy(dtype=np.float64)
        return Samples(
            sample_id=rows["sample_id"].to_numpy(dtype=str),
            X=rows[list(self.catalogue.names)].astype(np.float64).reset_index(drop=True),
            lower=rows["lower_mg_kg"].to_numpy(dtype=np.float64),
            upper=rows["upper_mg_kg"].to_numpy(dtype=np.float64),
            coordinates=rows[["easting", "northing"]].to_numpy(dtype=np.float64),
            weight=None if (weight == 1).all() else weight,
        )
