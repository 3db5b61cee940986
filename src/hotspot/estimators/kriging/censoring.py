"""Intervals in kriging: what a non-detect is worth beside measured values."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from hotspot.estimators.expectation_propagation import Sites, cavity, match_sites
from hotspot.estimators.intervals import LogIntervals, interval_moments
from hotspot.estimators.kriging.predictor import Kriging

Values = NDArray[np.float64]
System = Callable[[Values, Values], Kriging]
"""Makes the kriging of given values and noises."""

# Share of the variance below which a site of nearly exact knowledge is not resolved.
_LEAST_NOISE = 1e-6
_MOST_STEPS = 40
# In standard deviations; a centimetre on a scale of a hundred metres.
_TOLERANCE = 1e-4


@dataclass(frozen=True)
class Evidence:
    """What is known of each sample, as kriging can take it.

    Parameters
    ----------
    value, noise : array, shape (n,)
        The number to krige and its variance beside the nugget: the measured value and 0,
        or centre and spread of the normal curve that stands for an interval.
    expected : array, shape (n,)
        Mean of the sample given its interval and the samples around; the measured value
        where measured.
    spread : array, shape (n,) or (n, n)
        Variance or covariance of the samples about their means; 0 where measured.
    """

    value: Values
    noise: Values
    expected: Values
    spread: Values


def first_evidence(intervals: LogIntervals) -> Evidence:
    """Return the evidence before any map: all samples from one normal distribution.

    Its mean and variance have the highest likelihood, found by expectation maximisation.

    References
    ----------
    Dempster, A. P., Laird, N. M. & Rubin, D. B. (1977). Maximum likelihood from incomplete
    data via the EM algorithm. Journal of the Royal Statistical Society B 39, 1-38,
    10.1111/j.2517-6161.1977.tb01600.x.
    """
    measured = intervals.measured
    expected = np.where(measured, intervals.low, 0.0)
    spread = np.zeros(len(intervals))
    centre = float(expected[measured].mean())
    variance = max(float(expected[measured].var()), _LEAST_NOISE)
    if not measured.all():
        rows = np.flatnonzero(~measured)
        some = intervals.take(rows)
        for _ in range(_MOST_STEPS):
            before, width = np.full(len(rows), centre), np.full(len(rows), variance)
            expected[rows], spread[rows] = _moments(some, before, width)
            centre = float(expected.mean())
            variance = max(float(((expected - centre) ** 2 + spread).mean()), _LEAST_NOISE)
        sites = match_sites(some.low, some.high, before, width, _LEAST_NOISE * variance)
        return _combined(intervals, sites, 0.0, expected, spread)
    return Evidence(expected, spread, expected, spread)


def settle(
    evidence: Evidence,
    intervals: LogIntervals,
    system: System,
    *,
    n_neighbours: int | None = None,
) -> Evidence:
    """Return the evidence that agrees with kriging: expectation propagation.

    Each censored sample is kriged from all others; the normal distribution found is cut to
    the sample's interval, and a normal curve takes the interval's place that leads to the
    same mean and variance. This is repeated until nothing moves. Nothing is ever
    substituted: a non-detect far below what its neighbours have pulls them down, and one
    whose limit lies high above them says nothing.

    Parameters
    ----------
    evidence : Evidence
        Where to begin.
    intervals : LogIntervals
        Of the samples, less any trend that the system does not know of.
    system : callable
        Makes the kriging of given values and noises.
    n_neighbours : int, optional
        As in `Kriging.leave_out`.

    References
    ----------
    Minka, T. P. (2001). Expectation propagation for approximate Bayesian inference. UAI 17,
    362-369, 10.48550/arXiv.1301.2294.
    """
    rows = np.flatnonzero(~intervals.measured)
    if not rows.size:
        return evidence
    if n_neighbours is None or n_neighbours >= len(intervals):
        return _settle_together(evidence, intervals, system, rows)
    return _settle_by_neighbours(evidence, intervals, system, rows, n_neighbours)


def _settle_together(
    evidence: Evidence, intervals: LogIntervals, system: System, rows: NDArray[np.int64]
) -> Evidence:
    """Settle with one normal distribution of all censored samples given the measured ones."""
    some = intervals.take(rows)
    kriging = system(evidence.value, np.zeros(len(intervals)))
    least = _LEAST_NOISE * kriging.variogram.total
    mean, prior = kriging.given_others(rows)
    # A censored sample is its surface and its nugget together: its site has no noise.
    precision = np.linalg.inv(prior)
    pull = precision @ mean
    steps = _Steps.of(evidence, rows, least)
    for _ in range(_MOST_STEPS):
        joint = np.linalg.inv(precision + np.diag(steps.sites.precision))
        centre = joint @ (pull + steps.sites.shift)
        alone, without = cavity(centre, np.diag(joint), steps.sites)
        if steps.move(match_sites(some.low, some.high, alone, without, least), without):
            break
    expected = evidence.expected.copy()
    expected[rows], _ = _moments(some, alone, without)
    spread = np.zeros((len(intervals), len(intervals)))
    spread[np.ix_(rows, rows)] = joint
    return _combined(intervals, steps.sites, 0.0, expected, spread)


def _settle_by_neighbours(
    evidence: Evidence,
    intervals: LogIntervals,
    system: System,
    rows: NDArray[np.int64],
    n_neighbours: int,
) -> Evidence:
    """Settle with every sample kriged from its neighbours, in a survey too large for one."""
    some = intervals.take(rows)
    steps = None
    for _ in range(_MOST_STEPS):
        kriging = system(evidence.value, evidence.noise)
        least = _LEAST_NOISE * kriging.variogram.total
        steps = _Steps.of(evidence, rows, least) if steps is None else steps
        around = kriging.by_neighbours(rows, n_neighbours)
        mean, variance = around.value, np.maximum(around.variance, least)
        settled = steps.move(match_sites(some.low, some.high, mean, variance, least), variance)
        expected, spread = evidence.expected.copy(), own_spread(evidence).copy()
        expected[rows], spread[rows] = _moments(some, mean, variance)
        evidence = _combined(intervals, steps.sites, 0.0, expected, spread)
        if settled:
            break
    return evidence


class _Steps:
    """Sites on their way; they all move at once, and shorter where they overshoot together."""

    def __init__(self, sites: Sites) -> None:
        self.sites = sites
        self._step, self._last = 1.0, np.inf

    @classmethod
    def of(cls, evidence: Evidence, rows: NDArray[np.int64], least: float) -> Self:
        """Return the first step: the sites of what was known before."""
        precision = 1.0 / (evidence.noise[rows] + least)
        return cls(Sites(precision, evidence.value[rows] * precision))

    def move(self, matched: Sites, variance: Values) -> bool:
        """Move towards the sites that match, and say whether they are there."""
        sites = self.sites
        change = max(
            float(np.max(np.abs(matched.precision - sites.precision) * variance)),
            float(np.max(np.abs(matched.shift - sites.shift) * np.sqrt(variance))),
        )
        self._step = max(0.7 * self._step, 0.2) if change > 0.9 * self._last else self._step
        self._last = change
        self.sites = Sites(
            sites.precision + self._step * (matched.precision - sites.precision),
            sites.shift + self._step * (matched.shift - sites.shift),
        )
        return change < _TOLERANCE


def own_spread(evidence: Evidence) -> Values:
    """Return the variance of each sample about its mean, shape (n,)."""
    spread = evidence.spread
    return np.asarray(np.diag(spread) if spread.ndim == 2 else spread)


def shifted(evidence: Evidence, by: Values) -> Evidence:
    """Return the evidence on what is left after a trend is taken away."""
    return replace(evidence, value=evidence.value - by, expected=evidence.expected - by)


def _moments(intervals: LogIntervals, mean: Values, variance: Values) -> tuple[Values, Values]:
    """Return mean and variance of normal distributions cut to intervals."""
    _, slope, bend = interval_moments(intervals.low, intervals.high, mean, variance)
    expected = np.clip(mean + variance * slope, intervals.low, intervals.high)
    return expected, np.maximum(variance * (1.0 - variance * bend), 0.0)


def _combined(
    intervals: LogIntervals, sites: Sites, nugget: float, expected: Values, spread: Values
) -> Evidence:
    measured = intervals.measured
    value = np.where(measured, intervals.low, 0.0)
    noise = np.zeros(len(value))
    value[~measured] = sites.target
    noise[~measured] = np.maximum(sites.variance - nugget, 0.0)
    return Evidence(value, noise, expected, spread)
