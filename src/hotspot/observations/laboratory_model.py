"""The mixed model that tells offsets of laboratories from what lies in the ground."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.linalg import cho_solve, cholesky, solve_triangular
from scipy.optimize import brentq
from scipy.spatial.distance import pdist, squareform
from scipy.special import logsumexp, ndtr, ndtri, stdtr

from hotspot.errors import ObservationError
from hotspot.one_core import one_core
from hotspot.seeds import child_seed

Array = NDArray[np.float64]

# Samples that take part at most; more are thinned within each laboratory.
MOST_SAMPLES = 500
# Ranges as shares of the diagonal of the extent, nuggets as shares of the variance, and
# standard deviations of the offsets as multiples of the residual one, over which is averaged.
_RANGES = np.array([0.03, 0.07, 0.15, 0.3, 0.6, 1.2])
_NUGGETS = np.array([0.03, 0.1, 0.25, 0.5, 0.75, 0.97])
_SPREADS = np.geomspace(0.01, 10.0, 13)
# Completions of the non-detects, and sweeps of the sampler between them.
_COMPLETIONS, _SWEEPS = 4, 10


def estimate_offsets(
    coordinates: Array,
    lower: Array,
    upper: Array,
    *,
    laboratory: NDArray[np.int64],
    seed: int,
) -> tuple[Array, Array, Array]:
    """Return the mean and the 95 % interval of each laboratory's offset, in natural logs.

    A mixed model, fitted by residual likelihood: trend and offsets above a field of
    exponential covariance with nugget. Offsets are normal around their mean; the spread, the
    range and the nugget are averaged over, so that the intervals carry their uncertainty too.
    Non-detects and values over range are completed several times within their intervals.

    Parameters
    ----------
    coordinates : array, shape (n, 2)
        Easting, northing.
    lower, upper : array, shape (n,), mg/kg
        Bounds of the results.
    laboratory : array of int, shape (n,)
        Which laboratory gave a result, from 0 without gaps.
    seed : int
        Of the experiment.

    Returns
    -------
    mean, low, high : array, shape (n_laboratories,)
        Compared with the mean offset of all results.

    Raises
    ------
    ObservationError
        There is one laboratory only, or all results are alike.

    References
    ----------
    Patterson & Thompson (1971), Recovery of inter-block information when block sizes are
    unequal. https://doi.org/10.1093/biomet/58.3.545

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> places, who = rng.uniform(0, 1, (120, 2)), rng.integers(2, size=120)
    >>> value = np.exp(places[:, 0] + np.where(who == 1, 0.5, 0.0) + rng.normal(0, 0.1, 120))
    >>> mean, low, high = estimate_offsets(places, value, value, laboratory=who, seed=0)
    >>> bool(low[1] - high[0] < 0.5 < high[1] - low[0]), round(float(mean[1] - mean[0]), 1)
    (True, 0.5)
    """
    count = int(laboratory.max()) + 1 if len(laboratory) else 0
    if count < 2 or len(np.unique(lower)) < 3:
        raise ObservationError(
            f"{count} laboratories with {len(np.unique(lower))} different results cannot be "
            "compared. Give two laboratories or more, and results that differ."
        )
    weights = np.bincount(laboratory) / len(laboratory)
    kept = _thinned(laboratory, seed)
    coordinates, lower, upper = coordinates[kept], lower[kept], upper[kept]
    laboratory = laboratory[kept]
    low, high = (_log(bound) for bound in (lower, upper))
    centred = coordinates - coordinates.mean(axis=0)
    scale = float(np.linalg.norm(np.ptp(centred, axis=0))) or 1.0
    design = np.column_stack([np.eye(count)[laboratory], centred / scale])
    distance = squareform(pdist(centred / scale))
    values = np.where(low == high, low, _first_guess(low, high))
    censored = np.flatnonzero(low != high)
    contrast = np.eye(count) - weights
    # Many small systems one after the other: threads that wait for each other cost most of it.
    with one_core():
        parts = [_posterior(distance, design, values, contrast)]
        if len(censored):
            rng = np.random.default_rng(child_seed(seed, "completions"))
            for _ in range(_COMPLETIONS):
                bounds = (low, high, censored)
                values = _completed(distance, design, values, parts[-1].best, bounds, rng)
                parts.append(_posterior(distance, design, values, contrast))
            parts = parts[1:]
    weight = np.concatenate([part.weight for part in parts]) / len(parts)
    mean = np.concatenate([part.mean for part in parts])
    spread = np.concatenate([part.spread for part in parts])
    freedom = parts[0].freedom
    edges = [
        _quantiles(weight, mean[:, place], spread[:, place], freedom) for place in range(count)
    ]
    return (weight @ mean, *np.array(edges).T)


@dataclass(frozen=True, eq=False)
class _Posterior:
    """A mixture of t distributions of the contrasts; one part per setting of the model."""

    weight: Array
    mean: Array
    spread: Array
    freedom: float
    best: tuple[float, float]


def _posterior(distance: Array, design: Array, values: Array, contrast: Array) -> _Posterior:
    """Return the offsets for every setting of the model, each weighed by its likelihood.

    In the notation of mixed models: D is the design of offsets and trend, made independent;
    V the covariance of the offsets that the results leave, over the variance of a result; t
    the standard deviation of the offsets among laboratories, over that of a result; S the
    inverse of V + t^2 I, the precision of the offsets found around their common mean.
    """
    n, count = len(values), contrast.shape[0]
    # One degree for the mean offset, one for each coefficient of the trend.
    freedom = n - (design.shape[1] - count) - 1
    log_weights, means, spreads = [], [], []
    best, best_at = -np.inf, (0.0, 0.0)
    for reach in _RANGES:
        smooth = np.exp(-distance / reach)
        for nugget in _NUGGETS:
            matrix = (1 - nugget) * smooth
            matrix[np.diag_indices(n)] = 1.0
            root = cholesky(matrix, lower=True)
            turned = solve_triangular(root, np.column_stack([design, values]), lower=True)
            D, y = turned[:, :-1], turned[:, -1]
            inverse = np.linalg.inv(D.T @ D)
            coefficient = inverse @ (D.T @ y)
            rest = float(y @ y - coefficient @ (D.T @ y))
            V, found = inverse[:count, :count], coefficient[:count]
            common = -np.log(np.diag(root)).sum() + 0.5 * np.linalg.slogdet(inverse)[1]
            total = -np.inf
            for t in _SPREADS:
                S = np.linalg.inv(V + t**2 * np.eye(count))
                middle = S.sum(axis=0) @ found / S.sum()
                fit = rest + float((found - middle) @ S @ (found - middle))
                fitting = common + 0.5 * np.linalg.slogdet(S)[1] - 0.5 * np.log(S.sum())
                fitting -= 0.5 * freedom * np.log(fit)
                # A half-Cauchy prior of the spread, on a logarithmic scale.
                fitting += np.log(t / (1 + t**2))
                precision = np.linalg.inv(V) + (np.eye(count) - 1 / count) / t**2
                covariance = np.linalg.inv(precision)
                offsets = covariance @ np.linalg.solve(V, found)
                variance = np.diag(contrast @ covariance @ contrast.T) * fit / freedom
                log_weights.append(fitting)
                means.append(contrast @ offsets)
                spreads.append(np.sqrt(np.clip(variance, 1e-24, None)))
                total = np.logaddexp(total, fitting)
            if total > best:
                best, best_at = total, (float(reach), float(nugget))
    weight = np.exp(np.array(log_weights) - logsumexp(log_weights))
    return _Posterior(weight, np.array(means), np.array(spreads), float(freedom), best_at)


def _completed(
    distance: Array,
    design: Array,
    values: Array,
    best: tuple[float, float],
    censored: tuple[Array, Array, NDArray[np.int64]],
    rng: np.random.Generator,
) -> Array:
    """Return values with non-detects drawn within their bounds, given all other values."""
    low, high, places = censored
    reach, nugget = best
    matrix = (1 - nugget) * np.exp(-distance / reach)
    matrix[np.diag_indices(len(values))] = 1.0
    precision = cho_solve((cholesky(matrix, lower=True), True), np.eye(len(values)))
    inverse = np.linalg.inv(design.T @ precision @ design)
    values = values.copy()
    freedom = len(values) - design.shape[1]
    for _ in range(_SWEEPS):
        coefficient = inverse @ (design.T @ (precision @ values))
        rest = values - design @ coefficient
        variance = float(rest @ precision @ rest) / rng.chisquare(freedom)
        coefficient = rng.multivariate_normal(coefficient, variance * inverse)
        rest = values - design @ coefficient
        for place in places.tolist():
            own = precision[place, place]
            spread = np.sqrt(variance / own)
            middle = values[place] - float(precision[place] @ rest) / own
            bounds = (low[place] - middle) / spread, (high[place] - middle) / spread
            fresh = middle + spread * _normal_within(*bounds, float(rng.random()))
            rest[place] += fresh - values[place]
            values[place] = fresh
    return values


def _normal_within(low: float, high: float, share: float) -> float:
    """Return the quantile of a standard normal number that lies between two bounds."""
    if low > 0:
        # The lower tail has the digits.
        return -_normal_within(-high, -low, 1 - share)
    first, last = ndtr(low), ndtr(high)
    found = float(ndtri(first + share * (last - first)))
    # So far out that no digit is left the nearer bound is all that can be said.
    return float(np.clip(found, low, high)) if np.isfinite(found) else max(low, min(high, 0.0))


def _thinned(laboratory: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """Return which results take part: all, or an equal share of each laboratory's."""
    if len(laboratory) <= MOST_SAMPLES:
        return np.arange(len(laboratory))
    order = np.random.default_rng(child_seed(seed, "thinning")).permutation(len(laboratory))
    rank = pd.Series(order).groupby(laboratory[order]).cumcount().to_numpy()
    size = np.bincount(laboratory)[laboratory[order]]
    # A small laboratory keeps what tells its offset.
    share = np.maximum(MOST_SAMPLES / len(laboratory) * size, np.minimum(size, 30))
    return np.sort(order[rank < share])


def _log(bound: Array) -> Array:
    with np.errstate(divide="ignore"):
        return np.log(bound)


def _first_guess(low: Array, high: Array) -> Array:
    """Return a value within each interval to start from."""
    below, above = np.isinf(low), np.isinf(high)
    # Half of a limit, half as much again over range, the middle of what has two bounds.
    with np.errstate(invalid="ignore"):
        return np.where(below, high - np.log(2), np.where(above, low + 0.4, (low + high) / 2))


def _quantiles(weight: Array, mean: Array, spread: Array, freedom: float) -> list[float]:
    """Return the 2.5 and 97.5 per cent quantiles of a mixture of t distributions."""

    def beyond(edge: float, share: float) -> float:
        return float(weight @ stdtr(freedom, (edge - mean) / spread)) - share

    width = 40 * float(spread.max()) + float(np.ptp(mean))
    bounds = float(mean.min()) - width, float(mean.max()) + width
    return [float(brentq(beyond, *bounds, args=(share,))) for share in (0.025, 0.975)]
