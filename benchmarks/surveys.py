"""The developers' surveys as arrays, with limits and folds that every benchmark shares.

Not part of the project: set ``HOTSPOT_SHARED`` to the folder of the developers' data sets.
"""

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.estimators.registry import estimator_class
from hotspot.folds.blocks import BlockKFold
from hotspot.folds.make import Survey as Places
from hotspot.folds.make import make_plans

Values = NDArray[np.float64]
Rows = NDArray[np.intp]

ROOT = Path(__file__).parent.parent
SHARED = Path(os.environ.get("HOTSPOT_SHARED", ROOT.parent / "shared"))
KEPT = ROOT / "experiments" / "benchmarks"
N_SPLITS = 5
# Limits: shares of the samples below them, so that each contaminant has the same three.
SHARES = (0.5, 0.75, 0.9)
CONTAMINANTS = {
    "meuse": ("cd", "cu", "pb", "zn"),
    "jura": ("cd", "co", "cr", "cu", "ni", "pb", "zn"),
    "ds801": ("as", "cd", "hg", "pb", "zn"),
    "ngs": ("pb",),
}
US_BLOCK_M = 200_000.0
_US_TABLES = {
    "ds801": "us_soil_ds801/ds801_top5cm_model_table.csv",
    "ngs": "us_ngs_lead/ngs_lead_model_table.csv",
}
_MEUSE = {"cd": "cadmium", "cu": "copper", "pb": "lead", "zn": "zinc"}


@dataclass(frozen=True)
class Survey:
    """One contaminant: covariates, intervals in mg/kg, places in metres and folds."""

    X: pd.DataFrame
    lower: Values
    upper: Values
    places: Values
    fold: NDArray[np.int64]
    categorical: tuple[str, ...]

    def limits(self) -> Values:
        """Return three limits, which a half, a quarter and a tenth of the samples exceed.

        Each lies in the middle between two numbers of the table. Laboratories round: where a
        quarter of the samples are reported as 0.2, a limit of 0.2 asks which of them were
        0.19 and which 0.21, and the table does not know.
        """
        reported = np.unique(self.upper[np.isfinite(self.upper)])
        below = np.searchsorted(reported, np.quantile(self.upper, SHARES), side="right") - 1
        below = np.minimum(below, len(reported) - 2)
        return (reported[below] + reported[below + 1]) / 2

    def folds(self) -> Iterator[tuple[Rows, Rows]]:
        """Yield training and test rows."""
        for number in np.unique(self.fold):
            yield np.flatnonzero(self.fold != number), np.flatnonzero(self.fold == number)

    def make(self, kind: str, **given: Any) -> Any:
        """Return an unfitted model with its defaults."""
        cls = estimator_class(kind)
        given = {"categorical": self.categorical, "random_state": 0, **given}
        return cls(**{k: v for k, v in given.items() if k in cls._get_param_names()})

    def fitted(self, model: Any, rows: Rows) -> Any:
        """Return the model after learning from some rows."""
        return model.fit(
            self.X.iloc[rows],
            self.lower[rows],
            self.upper[rows],
            coordinates=self.places[rows],
        )


def survey(name: str, contaminant: str) -> Survey:
    """Return one contaminant of one survey, complete cases only."""
    if not (SHARED / "data").is_dir():
        sys.exit("The developers' data sets are not here; set HOTSPOT_SHARED to their folder.")
    if name in _US_TABLES:
        return _of_states(name, contaminant)
    return _small(name, contaminant)


def _of_states(name: str, contaminant: str) -> Survey:
    table = pd.read_csv(SHARED / "data" / _US_TABLES[name])
    first = table.columns.get_loc("dairp")
    names = [column for column in table.columns[first:] if column != "block"]
    complete = table[[*names, contaminant]].notna().all(axis=1) & (table[contaminant] > 0)
    table = table[complete].reset_index(drop=True)
    value = table[contaminant].to_numpy(dtype=np.float64)
    if name == "ngs":
        # Half of the detection limit stands in place of a non-detect.
        is_below = table["pb_substituted"].to_numpy() == 1
        upper = np.where(is_below, 2 * value, value)
    else:
        is_below = table[f"{contaminant}_below_dl"].to_numpy() == 1
        upper = value
    places = table[["x", "y"]].to_numpy(dtype=np.float64)
    return Survey(
        X=table[names].astype(np.float64),
        lower=np.where(is_below, 0.0, value),
        upper=upper,
        places=places,
        fold=BlockKFold(N_SPLITS, US_BLOCK_M, random_state=0).labels(places),
        categorical=("geomap", "minotype"),
    )


def _small(name: str, contaminant: str) -> Survey:
    if name == "meuse":
        table = pd.read_csv(SHARED / "data" / "meuse" / "meuse.csv")
        X, value = table[["dist", "soil", "ffreq"]], table[_MEUSE[contaminant]]
        categorical = ("soil", "ffreq")
    else:
        table = pd.read_csv(SHARED / "data" / "jura" / "jura_prediction.csv")
        categorical = ("landuse", "rock")
        codes = {k: table[k].astype("category").cat.codes for k in categorical}
        X, value = pd.DataFrame(codes), table[contaminant]
    places = table[["x", "y"]].to_numpy(dtype=np.float64)
    concentration = value.to_numpy(dtype=np.float64)
    names = np.array([f"{number:06d}" for number in range(len(X))])
    where = Places(names, places, values=np.log(concentration))
    plan = make_plans(["block"], where, n_splits=N_SPLITS, seed=0)[0].select(names)
    return Survey(
        X.astype(np.float64), concentration, concentration, places, plan.fold, categorical
    )
