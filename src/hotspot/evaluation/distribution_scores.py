"""Scores of a whole predictive distribution, sample by sample."""

import numpy as np
from numpy.typing import NDArray

from hotspot.estimators.distribution import PredictiveDistribution, Tabulated
from hotspot.samples.sampleset import Samples

Values = NDArray[np.float64]

# Levels on which distributions are compared: even in the logarithm, between these quantiles.
_LEVELS = 160
_ENDS = (0.0005, 0.9995)


def distribution_scores(answer: PredictiveDistribution, samples: Samples) -> dict[str, Values]:
    """Return scores of each measured sample; NaN for a censored one.

    Parameters
    ----------
    answer : PredictiveDistribution, of n rows
        What a model that has not seen them says of the samples.
    samples : Samples
        What was measured.

    Returns
    -------
    dict of array, shape (n,)
        ``crps`` (mg/kg): continuous ranked probability score;
        ``coverage_90``: 1 where the 90 % interval holds the value; ``rmse_log``: log of the
        median minus log of the value, to be pooled as a root mean square.

    References
    ----------
    Gneiting, T., & Raftery, A. E. (2007). Strictly proper scoring rules, prediction, and
    estimation. JASA 102, 359-378. https://doi.org/10.1198/016214506000001437
    """
    measured = (samples.lower == samples.upper) & (samples.lower > 0)
    value = np.where(measured, samples.lower, np.nan)
    found = tabulated(answer, value[measured])
    if found is None:
        nothing = np.full(len(value), np.nan)
        return {"crps": nothing, "coverage_90": nothing, "rmse_log": nothing}
    low, median, high = (found.quantile(q) for q in (0.05, 0.5, 0.95))
    inside = np.where(np.isnan(value) | np.isnan(low), np.nan, (low <= value) & (value <= high))
    return {
        "crps": _crps(found, value),
        "coverage_90": inside.astype(np.float64),
        "rmse_log": np.log(median) - np.log(value),
    }


def tabulated(found: PredictiveDistribution, values: Values) -> Tabulated | None:
    """Return distributions on common levels that hold them and some values.

    Quantiles of a pool take a search each; on a table they are looked up.
    """
    ends = np.concatenate([*(found.quantile(q) for q in _ENDS), values])
    ends = ends[np.isfinite(ends) & (ends > 0)]
    if not ends.size:
        return None
    low, high = np.log(ends.min()) - 0.01, np.log(ends.max()) + 0.01
    level = np.exp(np.linspace(low, high, _LEVELS))
    share = np.column_stack([found.cdf(each) for each in level])
    return Tabulated(level, np.maximum.accumulate(share, axis=1))


def _crps(found: Tabulated, value: Values) -> Values:
    """Return the integral of (F(c) - 1[c >= value])², by trapezia between the levels."""
    above = found.level[None, :] >= value[:, None]
    squared = (found.share - above) ** 2
    total = np.asarray(np.trapezoid(squared, found.level, axis=1))
    return np.where(np.isnan(value), np.nan, total)
