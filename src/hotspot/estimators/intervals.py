"""Concentrations as intervals of their logarithm, and what a normal number within one is."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr

from hotspot.errors import ModelError, few

Values = NDArray[np.float64]

# Log units: an interval narrower than this is a measured value, for the moments of a
# narrower one would lose their digits.
_NARROWEST = 1e-4
FEWEST_MEASURED = 2
_HALF_LOG_2PI = 0.5 * np.log(2.0 * np.pi)


@dataclass(frozen=True)
class LogIntervals:
    """Intervals that hold the log concentration, or what was made of it by shift and scale.

    Parameters
    ----------
    low, high : array, shape (n,)
        Equal where measured; infinite where open.
    """

    low: Values
    high: Values

    def __len__(self) -> int:
        return len(self.low)

    @property
    def measured(self) -> NDArray[np.bool_]:
        """Which samples are known to the point."""
        return np.asarray(self.low == self.high)

    def take(self, rows: NDArray[np.integer] | NDArray[np.bool_]) -> Self:
        """Return some of the samples."""
        return type(self)(self.low[rows], self.high[rows])

    def minus(self, trend: Values) -> Self:
        """Return the intervals of what is left after a trend is taken away."""
        return type(self)(self.low - trend, self.high - trend)


def check_bounds(lower: Values, upper: Values, n: int) -> tuple[Values, Values]:
    """Return the bounds of n concentrations as arrays, mg/kg.

    Raises
    ------
    ModelError
        There is not one interval per row of the covariates.
    """
    lower, upper = np.asarray(lower, np.float64), np.asarray(upper, np.float64)
    if not (lower.shape == upper.shape == (n,)):
        raise ModelError(
            f"There are {n} rows of covariates but {lower.shape} lower and {upper.shape} "
            "upper bounds. Give one interval per row."
        )
    return lower, upper


def without_zeros(lower: Values, upper: Values) -> tuple[Values, Values]:
    """Return intervals, mg/kg, in which a measured 0 is a non-detect.

    It says only that less was found than the smallest amount the survey tells of: the
    interval from 0 to the smallest positive bound.

    Examples
    --------
    >>> without_zeros(np.array([0.0, 2.0]), np.array([0.0, 2.0]))
    (array([0., 2.]), array([2., 2.]))
    """
    ends = np.concatenate([lower, upper])
    positive = ends[(ends > 0) & np.isfinite(ends)]
    if not positive.size:
        return lower, upper
    return lower, np.where(upper == 0, positive.min(), upper)


def log_intervals(
    lower: Values, upper: Values, *, learner: str = "A model", fewest: int = 2
) -> LogIntervals:
    """Return the intervals of the natural logarithm of concentrations in mg/kg.

    A measured 0 is a non-detect, see `without_zeros`.

    Parameters
    ----------
    lower, upper : array, shape (n,), mg/kg
        Equal where measured.
    learner : str
        Who is to learn from them, for the error.
    fewest : int
        Samples that it needs, two of them measured.

    Raises
    ------
    ModelError
        A bound is missing or negative, the lower exceeds the upper, or too few samples were
        measured.

    Examples
    --------
    >>> found = log_intervals(np.array([1.0, 0.0, 1.0]), np.array([1.0, 1.0, 1.0]))
    >>> found.low, found.high
    (array([  0., -inf,   0.]), array([0., 0., 0.]))
    """
    wrong = ~((lower >= 0) & (upper >= lower) & (lower < np.inf))
    if wrong.any():
        seen = [f"({lower[i]:g}, {upper[i]:g})" for i in np.flatnonzero(wrong)]
        raise ModelError(
            f"{int(wrong.sum())} samples have no interval of concentration: {few(seen)}. "
            "Give bounds from 0 mg/kg, the lower not above the upper."
        )
    measured = (lower == upper) & (lower > 0)
    if len(lower) < fewest or measured.sum() < FEWEST_MEASURED:
        raise ModelError(
            f"{learner} cannot learn from {len(lower)} samples, {int(measured.sum())} of them "
            f"measured above 0 mg/kg. Give {fewest} samples or more, {FEWEST_MEASURED} or "
            "more of them measured above 0 mg/kg, or use a classifier of the limit."
        )
    with np.errstate(divide="ignore"):
        low, high = (np.log(end) for end in without_zeros(lower, upper))
    narrow = (high - low) < _NARROWEST
    middle = np.where(narrow, 0.5 * (low + high), 0.0)
    return LogIntervals(np.where(narrow, middle, low), np.where(narrow, middle, high))


def interval_moments(
    lower: Values, upper: Values, mean: Values, variance: Values
) -> tuple[Values, Values, Values]:
    """Return the log probability of intervals, its slope and minus its curvature in the mean.

    Parameters
    ----------
    lower, upper : array, shape (n,)
        ``-inf`` and ``inf`` where open; ``lower < upper``.
    mean, variance : array, shape (n,)
        Of the normal distribution.

    Examples
    --------
    >>> log_mass, slope, bend = interval_moments(
    ...     np.array([-np.inf]), np.array([0.0]), np.zeros(1), np.ones(1)
    ... )
    >>> np.exp(log_mass), slope, bend
    (array([0.5]), array([-0.79788456]), array([0.63661977]))
    """
    sd = np.sqrt(variance)
    alpha, beta = (lower - mean) / sd, (upper - mean) / sd
    # In the lower half a difference of distribution functions loses no digits.
    with np.errstate(invalid="ignore"):
        mirrored = alpha + beta > 0
    a, b = np.where(mirrored, -beta, alpha), np.where(mirrored, -alpha, beta)
    with np.errstate(divide="ignore", over="ignore"):
        log_b = log_ndtr(b)
        log_mass = log_b + np.log1p(-np.exp(log_ndtr(a) - log_b))
        at_a = np.exp(-0.5 * a * a - _HALF_LOG_2PI - log_mass)
        at_b = np.exp(-0.5 * b * b - _HALF_LOG_2PI - log_mass)
    a, b = np.where(np.isfinite(a), a, 0.0), np.where(np.isfinite(b), b, 0.0)
    slope = np.where(mirrored, -1.0, 1.0) * (at_a - at_b) / sd
    bend = (b * at_b - a * at_a + (at_b - at_a) ** 2) / variance
    return log_mass, slope, np.clip(bend, 0.0, 1.0 / variance)
