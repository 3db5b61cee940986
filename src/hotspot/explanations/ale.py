"""The shape of an effect: accumulated local effects beside partial dependence."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import logit

from hotspot.errors import CovariateError, ModelError, few, nearest_name
from hotspot.estimators.fitted import FittedModel
from hotspot.explanations.scales import LOWEST_PROBABILITY
from hotspot.grid import Coordinates

Values = NDArray[np.float64]

Predict = Callable[[pd.DataFrame, Coordinates], Values]
"""What is explained, such as log-odds, from covariates and coordinates, shape (n,)."""

SHAPE_COLUMNS = ("covariate", "value", "ale", "partial", "n", "masked")

# Samples that a stretch of values must hold for its step to be told.
_LEAST_SAMPLES = 5
# A stretch wider than this share of all values, of five or more, has a hole in it.
_WIDEST = 0.3


def log_odds_of(model: FittedModel) -> Predict:
    """Return what gives the log-odds of a model, as its contributions add up to them."""

    def predict(X: pd.DataFrame, coordinates: Coordinates) -> Values:
        chance = model.exceedance(X, coordinates)
        return np.asarray(logit(np.clip(chance, LOWEST_PROBABILITY, 1 - LOWEST_PROBABILITY)))

    return predict


def effect_shape(
    predict: Predict,
    X: pd.DataFrame,
    coordinates: Coordinates,
    covariate: str,
    *,
    n_bins: int = 10,
) -> pd.DataFrame:
    """Return how a prediction changes along the values of one covariate, told in two ways.

    Accumulated local effects add up the mean steps of the prediction over stretches of the
    covariate, each taken at the samples in the stretch, so that only places like the sampled
    ones are asked about. Partial dependence moves all samples to each value, whether or not
    such places exist; where the two differ, covariates are correlated and partial dependence
    speaks of places that are not there.

    Parameters
    ----------
    predict : callable
        From covariates and coordinates to a number per row.
    X : DataFrame, shape (n, n_covariates)
        Samples.
    coordinates : array, shape (n, 2)
        Their easting, northing; they stay as they are.
    covariate : str
        A continuous one.
    n_bins : int
        Stretches, at most, which hold about equally many samples.

    Returns
    -------
    DataFrame
        ``value``: ends of the stretches. ``ale`` and ``partial``: mean 0 over the samples;
        NaN where masked. ``n``: samples in the stretch that ends there. ``masked``: whether
        there are too few samples (5) on either side of the value, or a hole of more than
        30 % of the range. Empty for a covariate that does not vary.

    Raises
    ------
    CovariateError
        There is no such covariate.
    ModelError
        `n_bins` is below 1.

    References
    ----------
    Apley, D. W., & Zhu, J. (2020). Visualizing the effects of predictor variables in black
    box supervised learning models. Journal of the Royal Statistical Society B 82, 1059-1086,
    10.1111/rssb.12377.

    Examples
    --------
    >>> X = pd.DataFrame({"ph": np.arange(40.0)})
    >>> twice = lambda table, places: 2 * table["ph"].to_numpy()
    >>> shape = effect_shape(twice, X, np.zeros((40, 2)), "ph", n_bins=3)
    >>> shape["value"].tolist(), shape["ale"].diff().dropna().round(9).tolist()
    ([0.0, 13.0, 26.0, 39.0], [26.0, 26.0, 26.0])
    """
    names = [str(name) for name in X.columns]
    if covariate not in names:
        raise CovariateError(
            f"There is no covariate {covariate!r}.{nearest_name(covariate, names)} "
            f"The samples hold {few(names, 10)}."
        )
    if n_bins < 1:
        raise ModelError(f"{n_bins} bins cannot hold a curve. Give 1 or more.")
    value = X[covariate].to_numpy(dtype=np.float64)
    edges = np.unique(np.quantile(value, np.linspace(0, 1, n_bins + 1)))
    if len(edges) < 2:
        return pd.DataFrame({name: [] for name in SHAPE_COLUMNS})
    stretch = np.clip(np.searchsorted(edges, value, side="left"), 1, len(edges) - 1) - 1
    count = np.bincount(stretch, minlength=len(edges) - 1)
    masked = _masked(edges, count)
    frame = pd.DataFrame(
        {
            "covariate": covariate,
            "value": edges,
            "ale": _accumulated(predict, X, coordinates, covariate, (edges, stretch)),
            "partial": _partial(predict, X, coordinates, covariate, (edges, stretch)),
            "n": np.concatenate([[0], count]),
            "masked": masked,
        }
    )
    frame.loc[masked, ["ale", "partial"]] = np.nan
    return frame


def _moved(X: pd.DataFrame, covariate: str, value: Values | float) -> pd.DataFrame:
    return X.assign(**{covariate: value})


def _accumulated(
    predict: Predict,
    X: pd.DataFrame,
    coordinates: Coordinates,
    covariate: str,
    bins: tuple[Values, NDArray[np.int64]],
) -> Values:
    edges, stretch = bins
    step = predict(_moved(X, covariate, edges[stretch + 1]), coordinates) - predict(
        _moved(X, covariate, edges[stretch]), coordinates
    )
    known = np.isfinite(step)
    count = np.bincount(stretch[known], minlength=len(edges) - 1)
    total = np.bincount(stretch[known], weights=step[known], minlength=len(edges) - 1)
    curve = np.concatenate([[0.0], np.cumsum(total / np.maximum(count, 1))])
    return _centred(curve, stretch)


def _partial(
    predict: Predict,
    X: pd.DataFrame,
    coordinates: Coordinates,
    covariate: str,
    bins: tuple[Values, NDArray[np.int64]],
) -> Values:
    edges, stretch = bins
    curve = [
        float(np.nanmean(predict(_moved(X, covariate, edge), coordinates))) for edge in edges
    ]
    return _centred(np.array(curve), stretch)


def _centred(curve: Values, stretch: NDArray[np.int64]) -> Values:
    """Return a curve with mean 0 over the samples, each taken at the middle of its stretch."""
    middle = (curve[:-1] + curve[1:]) / 2
    return np.asarray(curve - middle[stretch].mean())


def _masked(edges: Values, count: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return at which ends of stretches there is nothing to tell from."""
    width = np.diff(edges) / (edges[-1] - edges[0])
    # Of few stretches each is wide without any hole.
    widest = max(_WIDEST, 1.5 / len(count))
    bad = (count < _LEAST_SAMPLES) | (width > widest)
    # An end is told of as long as one stretch beside it is.
    left, right = np.concatenate([[True], bad]), np.concatenate([bad, [True]])
    return np.asarray(left & right)
