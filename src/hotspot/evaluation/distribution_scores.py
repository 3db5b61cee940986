"""Scores of a whole predictive distribution, sample by sample."""

import numpy as np
from numpy.typing import NDArray

from hotspot.estimators.distribution import PredictiveDistribution, Tabulated
from hotspot.evaluation.self_consistency import self_consistent, share_within
from hotspot.samples.sampleset import Samples

Values = NDArray[np.float64]

# The interval whose coverage is told: shares at its ends.
_INTERVAL = (0.05, 0.95)
# Cells of probability in which censored samples are shared out.
_CELLS = 200
# Levels on which distributions are compared: even in the logarithm, between these quantiles.
_LEVELS = 160
_ENDS = (0.0005, 0.9995)


def distribution_scores(answer: PredictiveDistribution, samples: Samples) -> dict[str, Values]:
    """Return scores of each sample; a censored one has a coverage and no error.

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
        ``coverage_90``: 1 where the 90 % interval holds the value, see `covered`;
        ``rmse_log``: log of the median minus log of the value, to be pooled as a root mean
        square.

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
    return {
        "crps": _crps(found, value),
        "coverage_90": covered(found, samples.lower, samples.upper),
        "rmse_log": np.log(found.quantile(0.5)) - np.log(value),
    }


def covered(found: PredictiveDistribution, lower: Values, upper: Values) -> Values:
    """Return how much of each sample its 90 % interval holds, shape (n,).

    1 or 0 for a measured value. A censored one is known to lie between two probabilities,
    F(lower) and F(upper); it counts by the share of the samples from there that lie between
    0.05 and 0.95, by the distribution that all samples together come to. To count measured
    values only would flatter: a value below its 90 % interval is a non-detect more often than
    others are.

    Parameters
    ----------
    found : PredictiveDistribution, of n rows
        Of models that have not seen the samples.
    lower, upper : array, shape (n,), mg/kg
        What was measured; NaN is the answer where both are 0.

    References
    ----------
    Czado, C., Gneiting, T., & Held, L. (2009). Predictive model assessment for count data.
    Biometrics 65, 1254-1261. https://doi.org/10.1111/j.1541-0420.2009.01191.x (the
    probability integral transform of a value known by an interval); see also
    `self_consistent`.

    Examples
    --------
    >>> from hotspot.estimators.distribution import LogLocationScale
    >>> found = LogLocationScale(np.zeros(4), np.ones(4))
    >>> covered(found, np.array([1.0, 9.0, 0.5, 0.0]), np.array([1.0, 9.0, 0.5, 0.1]))
    array([1., 0., 1., 0.])
    """
    at_least = np.where(lower > 0, found.cdf(np.maximum(lower, np.finfo(float).tiny)), 0.0)
    at_most = np.where(np.isposinf(upper), 1.0, found.cdf(np.where(upper > 0, upper, 1.0)))
    known = (upper > 0) & np.isfinite(at_least) & np.isfinite(at_most)
    low, high = at_least[known], at_most[known]
    first = np.minimum((low * _CELLS).astype(np.int64), _CELLS - 1)
    last = np.clip(np.ceil(high * _CELLS).astype(np.int64) - 1, first, _CELLS - 1)
    mass = self_consistent(first, last, np.full(_CELLS, 1.0 / _CELLS))
    inner = (round(_INTERVAL[0] * _CELLS), round(_INTERVAL[1] * _CELLS))
    share = np.full(len(lower), np.nan)
    share[known] = share_within(mass, first, last, inner)
    return share


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
