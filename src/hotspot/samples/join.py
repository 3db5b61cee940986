"""Observations meet the covariates of their cell."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.covariates.catalogue import Catalogue
from hotspot.errors import SampleError, few
from hotspot.grid import Coordinates, Grid
from hotspot.observations.ledger import Ledger
from hotspot.samples.sampleset import SAMPLE_COLUMNS, SampleSet


@dataclass(frozen=True)
class JoinedSamples:
    """Samples, the observations that did not become one, and the ledger of both.

    Parameters
    ----------
    samples : SampleSet
        One row per sample and contaminant.
    dropped : DataFrame
        The observations that were left out, with the column ``reason``.
    ledger : Ledger
        The steps of the observations, then those of the join.
    """

    samples: SampleSet
    dropped: pd.DataFrame
    ledger: Ledger


def join_samples(
    observations: pd.DataFrame,
    covariates: pd.DataFrame,
    catalogue: Catalogue,
    *,
    grid: Grid,
    contaminants: list[str],
    ledger: Ledger,
) -> JoinedSamples:
    """Return the samples of some contaminants, and what was dropped on the way.

    Parameters
    ----------
    observations : DataFrame, n rows
        Canonical observation table, in the CRS of the grid.
    covariates : DataFrame, shape (n, n_covariates)
        Values of the cell of each observation; NaN where missing or outside.
    catalogue : Catalogue
        Names and kinds of the covariates.
    grid : Grid
        The grid of the covariates.
    contaminants : list of str
        Ids to keep.
    ledger : Ledger
        The ledger of the observations so far.

    Raises
    ------
    SampleError
        No observation is left, or most lie outside the grid.
    """
    reason = np.full(len(observations), "", dtype=object)
    wanted = observations["contaminant"].isin(contaminants).to_numpy(dtype=bool)
    _check_any(observations, wanted, contaminants)
    others = observations["contaminant"].to_numpy(dtype=str)
    reason[~wanted] = [f"contaminant {name} is not mapped" for name in others[~wanted]]
    ledger = ledger.then("contaminants", len(observations), reason[~wanted])

    coordinates = observations[["easting", "northing"]].to_numpy(dtype=np.float64)
    _, _, inside = grid.cells(coordinates)
    _check_inside(coordinates[wanted], inside[wanted], grid)
    outside = wanted & ~inside
    reason[outside] = "outside the grid"
    ledger = ledger.then("grid", int(wanted.sum()), reason[outside])

    missing = covariates.isna().to_numpy()
    incomplete = wanted & inside & missing.any(axis=1)
    names = np.array(catalogue.names)
    reason[incomplete] = [
        f"covariate missing: {few(names[row], 3)}" for row in missing[incomplete]
    ]
    ledger = ledger.then("covariates", int((wanted & inside).sum()), reason[incomplete])

    kept = reason == ""
    if not kept.any():
        raise SampleError(
            f"None of {int(wanted.sum())} observations became a sample: "
            f"{few(f'{count} {why}' for why, count in ledger.reasons().items())}. "
            "Check the extent of the rasters and their nodata against the observations."
        )
    frame = observations[kept].reset_index(drop=True)
    frame = frame.assign(sample_id=_sample_ids(frame))
    if "campaign" not in frame.columns:
        frame["campaign"] = ""
    frame["sample_weight"] = 1.0
    values = covariates[kept].reset_index(drop=True)
    table = pd.concat([frame[list(SAMPLE_COLUMNS)], values[list(catalogue.names)]], axis=1)
    dropped = observations[~kept].assign(reason=reason[~kept]).reset_index(drop=True)
    return JoinedSamples(SampleSet(table, catalogue), dropped, ledger)


def _check_any(
    observations: pd.DataFrame, wanted: NDArray[np.bool_], contaminants: list[str]
) -> None:
    present = sorted(set(observations["contaminant"]))
    absent = [name for name in contaminants if name not in present]
    if absent:
        raise SampleError(
            f"No observation of {few(absent)}; the table holds {few(present, 12)}. "
            "Take them out of `contaminants`, or check `data.contaminant_names` and "
            "rejected.parquet."
        )


def _check_inside(coordinates: Coordinates, inside: NDArray[np.bool_], grid: Grid) -> None:
    """Refuse a table of which most lies off the grid: the place is wrong, not the rows."""
    if inside.mean() >= 0.5:
        return
    low, high = coordinates.min(axis=0), coordinates.max(axis=0)
    _, _, swapped = grid.cells(coordinates[:, ::-1])
    hint = (
        "Easting and northing look swapped: exchange data.columns.easting and "
        "data.columns.northing."
        if swapped.mean() >= 0.5
        else "Check data.crs, the columns of the coordinates, and the region of the grid."
    )
    west, east, south, north = grid.region
    raise SampleError(
        f"{int((~inside).sum())} of {len(inside)} observations lie outside the grid: easting "
        f"{low[0]:.0f} to {high[0]:.0f}, northing {low[1]:.0f} to {high[1]:.0f}, where the "
        f"grid ({grid.crs}) has {west:.0f} to {east:.0f} and {south:.0f} to {north:.0f}. {hint}"
    )


def _sample_ids(frame: pd.DataFrame) -> NDArray[np.str_]:
    """Return one id per site, depth and date, shared by the contaminants measured on it."""
    parts = frame[["site_id", "depth_top_cm", "depth_bottom_cm", "sampled_on"]]
    key = pd.Series(list(parts.astype(str).itertuples(index=False, name=None)))
    # Rows that repeat a contaminant on one sample (`duplicates: keep`) are their own samples.
    repeat = frame.groupby([key, frame["contaminant"]]).cumcount()
    full = pd.Series(list(zip(key, repeat, strict=True)))
    number = full.groupby(frame["site_id"]).transform(lambda group: pd.factorize(group)[0])
    site = frame["site_id"].astype(str).to_numpy(dtype=str)
    return np.array(
        [
            name if index == 0 else f"{name}#{index + 1}"
            for name, index in zip(site, number, strict=True)
        ],
        dtype=str,
    )
