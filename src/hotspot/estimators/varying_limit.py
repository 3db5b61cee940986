"""Exceedance of a limit that differs from row to row."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.errors import ModelError
from hotspot.grid import Coordinates

Values = NDArray[np.float64]


def exceedance_at(
    model: Any, X: pd.DataFrame, limits: Values, *, coordinates: Coordinates | None = None
) -> Values:
    """Return P(concentration > limit of the row), shape (n,); NaN where it cannot be known.

    Parameters
    ----------
    model : ExceedanceModel
        Fitted. One that knows a single limit can answer only if all limits are that one.
    X : DataFrame, shape (n, n_covariates)
        Covariates.
    limits : array, shape (n,), mg/kg
        Above 0; NaN where not known, which gives NaN; ``inf`` where no concentration exceeds
        it, which gives 0 wherever the model has an answer.
    coordinates : array, shape (n, 2), optional
        Easting, northing.

    Raises
    ------
    ModelError
        The model is a direct classifier and the limits differ, or a limit is not above 0.
    """
    given = np.asarray(limits, dtype=np.float64)
    bad = given.shape != (len(X),) or bool((given <= 0).any())
    if bad:
        least = np.nanmin(given, initial=np.inf)
        raise ModelError(
            f"Limits of the shape {given.shape}, the least {least:g} mg/kg, were given for "
            f"{len(X)} rows. Give each row one above 0, or NaN."
        )
    known = given[~np.isnan(given)]
    if not hasattr(model, "distribution"):
        check_one_limit(model, known)
        answer = np.full(len(X), np.nan)
        if len(known):
            chance = model.exceedance(X, float(known[0]), coordinates=coordinates)
            answer = np.where(np.isnan(given), np.nan, chance)
        return answer
    # A limit stands in where none is known, so that no member meets NaN.
    stand_in = np.where(np.isnan(given), 1.0, given)
    chance = model.distribution(X, coordinates=coordinates).exceedance(stand_in)
    return np.where(np.isnan(given), np.nan, chance)


def check_one_limit(model: Any, limits: Values) -> None:
    """Raise `ModelError` if a model that knows one limit is asked about several.

    Parameters
    ----------
    model : ExceedanceModel
        Or its class.
    limits : array, mg/kg
        NaN are passed over.
    """
    different = np.unique(limits[~np.isnan(limits)])
    if hasattr(model, "distribution") or (len(different) <= 1 and np.isfinite(different).all()):
        return
    name = getattr(model, "__name__", type(model).__name__)
    raise ModelError(
        f"{name} learns one limit, and the limits here go from {different[0]:g} to "
        f"{different[-1]:g} mg/kg from place to place. Choose a model of the whole "
        "distribution: model=ensemble, gaussian_process, regression_kriging, forest_kriging, "
        "ordinary_kriging or quantile_forest; or give a limit that is one number."
    )
