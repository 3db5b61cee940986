"""The likelihood of intervals under Student's t, with its slopes and its best tail."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import gammaln, ndtr, stdtr

Values = NDArray[np.float64]

# Tails tried for the predictive distribution; infinity is the normal one.
_TAILS = (3.0, 5.0, 10.0, np.inf)
_LEAST_SCALE = 0.01


@dataclass(frozen=True)
class Likelihood:
    """Log likelihood of intervals under Student's t about a centre, and its slopes.

    Parameters
    ----------
    value : array, shape (n,)
        Log density where measured, log probability where an interval.
    centre_slope, scale_slope : array, shape (n,)
        Slopes in the centre, and in the logarithm of the scale.
    """

    value: Values
    centre_slope: Values
    scale_slope: Values

    @classmethod
    def of(
        cls, low: Values, high: Values, centre: Values, scale: Values, df: float
    ) -> "Likelihood":
        """Return the likelihood of intervals of log concentration.

        Examples
        --------
        A non-detect at the centre has probability one half, and pulls downwards:

        >>> half = Likelihood.of(
        ...     np.array([-np.inf]), np.zeros(1), np.zeros(1), np.ones(1), np.inf
        ... )
        >>> np.exp(half.value), half.centre_slope
        (array([0.5]), array([-0.79788456]))
        """
        exact = low == high
        z = np.where(exact, (low - centre) / scale, 0.0)
        weight = 1.0 if np.isinf(df) else (df + 1.0) / (df + z * z)
        value = _log_density(z, df) - np.log(scale)
        pull, widen = weight * z, weight * z * z - 1.0
        # Distribution functions are slow; few samples of a large survey need them.
        rows = np.flatnonzero(~exact)
        if rows.size:
            at, width = centre[rows], scale[rows]
            value[rows], pull[rows], widen[rows] = _of_intervals(
                (low[rows] - at) / width, (high[rows] - at) / width, df
            )
        return cls(value=value, centre_slope=pull / scale, scale_slope=widen)


def _of_intervals(a: Values, b: Values, df: float) -> tuple[Values, Values, Values]:
    """Return log probability, and slopes in the standardised centre and the log scale."""
    # The lower half of a distribution function loses no digits.
    with np.errstate(invalid="ignore"):
        mirrored = a + b > 0
    c, d = np.where(mirrored, -b, a), np.where(mirrored, -a, b)
    mass = np.maximum(_distribution(d, df) - _distribution(c, df), 1e-300)
    at_c, at_d = _density(c, df), _density(d, df)
    # An open end has density 0; its product with infinity is 0 too.
    ends = np.where(np.isfinite(c), c, 0.0) * at_c - np.where(np.isfinite(d), d, 0.0) * at_d
    sign = np.where(mirrored, -1.0, 1.0)
    return np.log(mass), sign * (at_c - at_d) / mass, ends / mass


def best_tail(low: Values, high: Values, centre: Values, weight: Values) -> tuple[float, float]:
    """Return the scale and the degrees of freedom of greatest likelihood.

    Parameters
    ----------
    low, high : array, shape (n,)
        Intervals of log concentration.
    centre : array, shape (n,)
        Predicted without the sample itself, or the scale will flatter.
    weight : array, shape (n,)
        How much each sample counts; not 0 for all measured ones.
    """
    best = (np.inf, 1.0, np.inf)
    measured = low == high
    rough = 1.0
    if measured.sum() > 1:
        missed, w = (low - centre)[measured], weight[measured]
        missed = missed - np.average(missed, weights=w)
        rough = float(np.sqrt(np.average(missed**2, weights=w)))
    middle = np.log(max(rough, _LEAST_SCALE))
    for df in _TAILS[::-1]:

        def loss(log_scale: float, df: float = df) -> float:
            scale = np.full(len(low), np.exp(log_scale))
            return -float(weight @ Likelihood.of(low, high, centre, scale, df).value)

        found = minimize_scalar(loss, bounds=(middle - 3.0, middle + 3.0), method="bounded")
        # Heavier tails must pay for themselves: two log units, one parameter's worth.
        if found.fun < best[0] - 2.0:
            best = (float(found.fun), max(float(np.exp(found.x)), _LEAST_SCALE), df)
    return best[1], best[2]


def _log_density(z: Values, df: float) -> Values:
    if np.isinf(df):
        return np.asarray(-0.5 * z * z - 0.5 * np.log(2.0 * np.pi))
    constant = gammaln(0.5 * (df + 1)) - gammaln(0.5 * df) - 0.5 * np.log(df * np.pi)
    return np.asarray(constant - 0.5 * (df + 1) * np.log1p(z * z / df))


def _density(z: Values, df: float) -> Values:
    return np.asarray(np.exp(_log_density(z, df)))


def _distribution(z: Values, df: float) -> Values:
    return np.asarray(ndtr(z) if np.isinf(df) else stdtr(df, z))
