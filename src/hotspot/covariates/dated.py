"""Covariates that changed: the layer of the date of each sample."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.covariates.sampling import sample_points
from hotspot.covariates.store import read_catalogue, read_dated
from hotspot.errors import CovariateError
from hotspot.grid import Coordinates
from hotspot.rasters import open_raster


def dated_file(name: str, year: int) -> str:
    """Return the file of a year that is not on the map, relative to the folder.

    Examples
    --------
    >>> dated_file("land_use", 2000)
    'dated/land_use_2000.tif'
    """
    return f"dated/{name}_{year}.tif"


def layer_year(
    sampled: NDArray[np.float64], years: tuple[int, ...], shown: int
) -> NDArray[np.int64]:
    """Return the year of the layer that shows the world of each sample.

    That of the sample's year, or the last before it. A sample from before the first layer
    gets the first one, and a sample without a date the one on the map.

    Parameters
    ----------
    sampled : array, shape (n,)
        Year of each sample, NaN where unknown.
    years : tuple of int
        Of the layers, in any order.
    shown : int
        Year of the layer on the map.

    Examples
    --------
    >>> layer_year(np.array([1995, 2000, 2011, 2030, np.nan]), (2000, 2012), 2012)
    array([2000, 2000, 2000, 2012, 2012])
    """
    if not years:
        raise CovariateError("A dated covariate has no year. Give at least one layer.")
    ordered = np.sort(np.array(years, dtype=np.int64))
    known = np.isfinite(sampled)
    position = np.searchsorted(ordered, np.where(known, sampled, shown), side="right") - 1
    return np.where(known, ordered[np.maximum(position, 0)], shown)


def sample_dated(
    folder: Path, covariates: pd.DataFrame, coordinates: Coordinates, sampled_on: pd.Series
) -> pd.DataFrame:
    """Return covariates at points, dated ones from the layer of the date of each sample.

    Parameters
    ----------
    folder : Path
        Written by `hotspot.covariates.build.build_covariates`.
    covariates : DataFrame, shape (n, n_covariates)
        As on the map, from `hotspot.covariates.stack.Stack.sample`.
    coordinates : array, shape (n, 2)
        Of the samples, in the CRS of the grid.
    sampled_on : Series, n rows
        Dates, missing where unknown.

    Returns
    -------
    DataFrame, shape (n, n_covariates)
        The same, where no covariate is dated.

    Raises
    ------
    CovariateError
        A file of the folder is missing or damaged.

    Warns
    -----
    UserWarning
        Samples have no date, or are older than the first layer.
    """
    dated = read_dated(folder)
    if not dated:
        return covariates
    _, grid = read_catalogue(folder)
    years_of = pd.to_datetime(sampled_on).dt.year
    sampled = np.asarray(years_of.to_numpy(dtype="float64", na_value=np.nan), dtype=np.float64)
    result = covariates.copy()
    for name, (shown, years) in dated.items():
        _warn_of_dates(name, sampled, years, shown)
        wanted = layer_year(sampled, years, shown)
        values = covariates[name].to_numpy(dtype=np.float64, copy=True)
        for year in sorted(set(wanted.tolist()) - {shown}):
            there = wanted == year
            with open_raster(folder / dated_file(name, year)) as dataset:
                values[there] = sample_points([dataset], grid, coordinates[there])[:, 0]
        result[name] = values
    return result


def _warn_of_dates(
    name: str, sampled: NDArray[np.float64], years: tuple[int, ...], shown: int
) -> None:
    unknown, early = int(np.isnan(sampled).sum()), int((sampled < min(years)).sum())
    if unknown or early:
        warnings.warn(
            f"Of {len(sampled)} observations {unknown} have no date and get {name} of {shown}, "
            f"and {early} are older than its first layer and get that of {min(years)}. Give "
            "their dates or an earlier layer, or leave them out with data.exclude.",
            stacklevel=3,
        )
