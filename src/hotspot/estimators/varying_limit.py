"""Learning and answering for a limit that differs from row to row."""

import math
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.errors import ModelError
from hotspot.estimators.copies import find_copies
from hotspot.estimators.table import takes_weights
from hotspot.grid import Coordinates
from hotspot.observations.limits.exceedance import exceedance_labels
from hotspot.samples.sampleset import Samples

Values = NDArray[np.float64]


def fit_at(model: Any, samples: Samples, limits: float | Values) -> Any:
    """Return a model fitted so that `exceedance_at` can ask it about these limits.

    Covariates that say the same are learnt once: where there are such, what is returned is
    the model behind `DistinctCovariates`, and the model itself otherwise.

    A model of the whole distribution learns concentrations, whatever the limit. A direct
    classifier learns from labels only: where limits differ, it learns whether each sample
    exceeds the limit of its own place, and so whether other places exceed theirs.

    Samples count as their weights say, in models that have a use for weights.

    Parameters
    ----------
    model : ExceedanceModel
        Unfitted.
    samples : Samples
        Of one contaminant.
    limits : float or array, shape (n,), mg/kg
        One for all, or that of each sample; NaN where not known.

    Raises
    ------
    ModelError
        As the model's ``fit``.
    """
    lower, upper = samples.lower, samples.upper
    if isinstance(limits, np.ndarray) and not hasattr(model, "distribution"):
        lower, upper = _as_labels(lower, upper, limits, float(model.threshold))
    learner = model
    if find_copies(samples.X, getattr(model, "categorical", ())):
        # scikit-learn takes a second, and who only asks a model does not need it.
        from hotspot.estimators.distinct import distinct

        learner = distinct(model)
    weights = {}
    if samples.weight is not None and takes_weights(model):
        weights = {"sample_weight": samples.weight}
    return learner.fit(samples.X, lower, upper, coordinates=samples.coordinates, **weights)


def exceedance_at(
    model: Any,
    X: pd.DataFrame,
    limits: float | Values,
    *,
    coordinates: Coordinates | None = None,
) -> Values:
    """Return P(concentration > limit of the row), shape (n,); NaN where it cannot be known.

    Parameters
    ----------
    model : ExceedanceModel
        Fitted, by `fit_at` where limits differ. A direct classifier answers for the limits
        that it learnt and cannot tell whether others are asked; see `check_one_limit`.
    X : DataFrame, shape (n, n_covariates)
        Covariates.
    limits : float or array, shape (n,), mg/kg
        Above 0. Of a limit per row NaN is one that is not known, which gives NaN, and ``inf``
        one that no concentration exceeds, which gives 0 wherever the model has an answer.
    coordinates : array, shape (n, 2), optional
        Easting, northing.

    Raises
    ------
    ModelError
        A limit is not above 0, or there is not one for each row.
    """
    if not isinstance(limits, np.ndarray):
        single: Values = model.exceedance(X, float(limits), coordinates=coordinates)
        return single
    if limits.shape != (len(X),) or bool((limits <= 0).any()):
        least = np.nanmin(limits, initial=np.inf)
        raise ModelError(
            f"Limits of the shape {limits.shape}, the least {least:g} mg/kg, were given for "
            f"{len(X)} rows. Give each row one above 0, or NaN."
        )
    if hasattr(model, "distribution"):
        # A limit stands in where none is known, so that no member meets NaN.
        stand_in = np.where(np.isnan(limits), 1.0, limits)
        chance = model.distribution(X, coordinates=coordinates).exceedance(stand_in)
    else:
        chance = model.exceedance(X, float(model.threshold), coordinates=coordinates)
        chance = np.where(np.isinf(limits) & ~np.isnan(chance), 0.0, chance)
    return np.where(np.isnan(limits), np.nan, chance)


def check_one_limit(model: Any, limits: Values) -> None:
    """Raise `ModelError` if a classifier that learnt one limit is asked about others.

    Parameters
    ----------
    model : ExceedanceModel
        Fitted for one limit.
    limits : array, mg/kg
        NaN are passed over.
    """
    different = np.unique(limits[~np.isnan(limits)])
    if hasattr(model, "distribution") or not len(different):
        return
    own = float(model.threshold)
    if len(different) == 1 and math.isclose(different[0], own, rel_tol=1e-9):
        return
    raise ModelError(
        f"{type(model).__name__} learnt the limit of {own:g} mg/kg, and is asked about limits "
        f"from {different[0]:g} to {different[-1]:g} mg/kg. Choose a model of the whole "
        "distribution: model=ensemble, gaussian_process, regression_kriging, forest_kriging, "
        "ordinary_kriging or quantile_forest; or fit one for these limits."
    )


def _as_labels(
    lower: Values, upper: Values, limits: Values, stand_in: float
) -> tuple[Values, Values]:
    """Return intervals that say no more than whether each sample exceeds its own limit.

    They lie on the same side of one limit, the one that a direct classifier was made with.
    """
    labels = exceedance_labels(lower, upper, limits)
    return (
        np.where(labels == 1.0, stand_in, 0.0),
        np.where(labels == 0.0, stand_in, np.inf),
    )
