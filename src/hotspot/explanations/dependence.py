"""Dependence: how the contribution of one covariate changes with its value."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.errors import CovariateError, ModelError, few, nearest_name
from hotspot.explanations.contributions import ShapValues


def dependence_points(values: ShapValues, X: pd.DataFrame, covariate: str) -> pd.DataFrame:
    """Return value and contribution of one covariate, one row per explained row of `X`.

    Parameters
    ----------
    values : ShapValues
        Of the rows of `X`.
    X : DataFrame
        The covariates that were explained.
    covariate : str
        Its name.

    Returns
    -------
    DataFrame
        Columns ``value`` and ``contribution``, by rising value. The values are the rug of
        the figure: where they are few, the curve says little.

    Raises
    ------
    CovariateError
        There is no such covariate.
    ModelError
        `values` and `X` differ in length.
    """
    if covariate not in values.names:
        raise CovariateError(
            f"There is no covariate {covariate!r}.{nearest_name(covariate, values.names)} "
            f"The explanation holds {few(values.names, 10)}."
        )
    if len(values) != len(X):
        raise ModelError(
            f"The explanation has {len(values)} rows but the covariates have {len(X)}. "
            "Give the table that was explained."
        )
    points = pd.DataFrame(
        {
            "value": X[covariate].to_numpy(dtype=np.float64),
            "contribution": values.values[:, values.names.index(covariate)],
        }
    )
    return points.dropna().sort_values("value", kind="stable", ignore_index=True)


def binned_dependence(points: pd.DataFrame, *, n_bins: int = 10) -> pd.DataFrame:
    """Return the mean contribution in bins that hold about equally many rows.

    Parameters
    ----------
    points : DataFrame
        As of `dependence_points`, of a continuous covariate.
    n_bins : int
        At most; repeated values never straddle two bins, so that there may be fewer.

    Returns
    -------
    DataFrame
        Columns ``low``, ``high`` (the values met in the bin), ``mean``, ``sd``, ``n``.

    Examples
    --------
    >>> points = pd.DataFrame({"value": [0.0, 1.0, 2.0, 3.0], "contribution": [0, 0, 1, 3]})
    >>> binned_dependence(points, n_bins=2)[["low", "high", "mean", "n"]]
       low  high  mean  n
    0  0.0   1.0   0.0  2
    1  2.0   3.0   2.0  2
    """
    if n_bins < 1:
        raise ModelError(f"{n_bins} bins cannot hold a curve. Give 1 or more.")
    value = points["value"]
    edges = np.unique(np.quantile(value, np.linspace(0, 1, n_bins + 1)))
    position = np.searchsorted(edges[1:-1], value, side="left")
    return _summarise(points, position)


def class_dependence(points: pd.DataFrame) -> pd.DataFrame:
    """Return the mean contribution of each class, columns as of `binned_dependence`."""
    return _summarise(points, points["value"].to_numpy())


def _summarise(
    points: pd.DataFrame, key: NDArray[np.float64] | NDArray[np.int64]
) -> pd.DataFrame:
    groups = points.groupby(key, sort=True)
    return pd.DataFrame(
        {
            "low": groups["value"].min(),
            "high": groups["value"].max(),
            "mean": groups["contribution"].mean(),
            "sd": groups["contribution"].std(ddof=0),
            "n": groups["contribution"].size(),
        }
    ).reset_index(drop=True)
