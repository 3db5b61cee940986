"""Intervals of log concentration: their log-normal, expectations and product limit."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize
from scipy.special import ndtr, ndtri

from hotspot.errors import ModelError
from hotspot.estimators.intervals import interval_moments
from hotspot.trees.smooth import smooth_rows

Values = NDArray[np.float64]

# Scatter of the logarithm that no laboratory goes below: 1 %.
_LEAST_SPREAD = 0.01
_FEWEST_MEASURED = 2
# Levels of a support: enough for 0.02 log units over a factor of 3000.
_MOST_LEVELS = 400
# Standard deviations beyond which the normal distribution is 0 or 1 in double precision.
_REACH = 8.3
# Rounds of expectation and maximisation, at most; each row ends for itself, so that its answer
# does not depend on the rows beside it.
_EM_ROUNDS = 100
# Share of a row's mass that may still move in the last round.
_SETTLED = 1e-8


@dataclass(frozen=True)
class LogNormal:
    """The normal distribution of log concentrations that were seen as intervals.

    Parameters
    ----------
    centre, spread : float
        Mean and standard deviation of the natural logarithm; spread above 0.
    """

    centre: float
    spread: float

    @classmethod
    def fit(cls, low: Values, high: Values, weight: Values | None = None) -> Self:
        """Return the distribution of greatest likelihood for intervals of the logarithm.

        Parameters
        ----------
        low, high : array, shape (n,)
            Bounds of the natural logarithm.
        weight : array, shape (n,), optional
            How much each sample counts; 1 where not given.

        Examples
        --------
        Half of the samples lie below log concentration 0, at an unknown depth:

        >>> low = np.array([-np.inf, -np.inf, 0.5, 1.0])
        >>> LogNormal.fit(low, np.array([0.0, 0.0, 0.5, 1.0])).centre < 0.25
        True
        """
        exact = low == high
        weight = np.ones(len(low)) if weight is None else weight
        w, share = weight[exact], weight[~exact]
        y, a, b = low[exact], low[~exact], high[~exact]
        if y.size == 0:
            raise ModelError(
                f"None of {len(low)} samples was measured: every one is an interval. "
                "Give measured samples too."
            )
        start = float(np.average(y, weights=w))
        width = max(float(np.sqrt(np.average((y - start) ** 2, weights=w))), _LEAST_SPREAD)

        def loss(point: Values) -> float:
            centre, spread = start + width * point[0], width * np.exp(point[1])
            missed = w.sum() * point[1] + 0.5 * w @ ((y - centre) / spread) ** 2
            if a.size:
                mass = interval_moments(
                    a, b, np.full(a.size, centre), np.full_like(a, spread**2)
                )
                missed -= share @ np.maximum(mass[0], -1e6)
            return float(missed / weight.sum())

        floor = np.log(_LEAST_SPREAD / width)
        found = minimize(
            loss, np.zeros(2), method="L-BFGS-B", bounds=[(-50, 50), (floor, floor + 20)]
        ).x
        return cls(start + width * float(found[0]), width * float(np.exp(found[1])))

    def expectation(self, low: Values, high: Values) -> Values:
        """Return the expected log concentration given each interval, shape (n,).

        A measured value is itself.
        """
        open_ = low < high
        result = low.copy()
        if open_.any():
            a, b = low[open_], high[open_]
            mean, variance = np.full(a.size, self.centre), np.full(a.size, self.spread**2)
            # Tweedie: the mean of a truncated normal is its centre moved by the slope of
            # the log probability of the interval.
            moved = mean + variance * interval_moments(a, b, mean, variance)[1]
            result[open_] = np.clip(moved, a, b)
        return result


@dataclass(frozen=True)
class Support:
    """Levels of log concentration on which distributions are built from intervals.

    A measured value puts its mass on the two levels about it; an interval keeps its mass in
    a column of its own until `resolve` shares it out.

    Parameters
    ----------
    level : array, shape (m,)
        Evenly spaced logarithms of mg/kg.
    spans : array of int, shape (n_spans, 2)
        First and last level of each kind of interval.
    bandwidth : float
        Standard deviation, in log units, of the normal kernel that smooths the answer.
    """

    level: Values
    spans: NDArray[np.int64]
    bandwidth: float

    @classmethod
    def of(cls, low: Values, high: Values, marginal: LogNormal, bandwidth: float) -> Self:
        """Return a support that holds the intervals and the smoothing about them.

        Below the lowest detection limit (above the highest upper limit) it goes on to where
        the log-normal of all samples has 1 % of what it has there.
        """
        ends = np.concatenate([low, high])
        ends = ends[np.isfinite(ends)]
        first, last = float(ends.min()), float(ends.max())
        if np.isneginf(low).any():
            limit = (high[np.isneginf(low)].min() - marginal.centre) / marginal.spread
            first = min(first, marginal.centre + marginal.spread * ndtri(0.01 * ndtr(limit)))
        if np.isposinf(high).any():
            limit = (low[np.isposinf(high)].max() - marginal.centre) / marginal.spread
            last = max(last, marginal.centre - marginal.spread * ndtri(0.01 * ndtr(-limit)))
        bandwidth = max(bandwidth, 3.0 * (last - first) / _MOST_LEVELS)
        first, last = first - 4.0 * bandwidth, last + 4.0 * bandwidth
        count = int(np.ceil((last - first) / (bandwidth / 3.0))) + 1
        support = cls(np.linspace(first, last, count), np.empty((0, 2), np.int64), bandwidth)
        pairs = support._pairs(low, high)
        spans = np.unique(pairs[pairs[:, 0] < pairs[:, 1]], axis=0)
        return cls(support.level, spans, bandwidth)

    def columns(self, low: Values, high: Values) -> sparse.csr_array:
        """Return where each sample's mass of 1 lies, shape (n, m + n_spans)."""
        n, m, step = len(low), len(self.level), self.level[1] - self.level[0]
        pairs = self._pairs(low, high)
        span = pairs[:, 0] < pairs[:, 1]
        with np.errstate(invalid="ignore"):
            middle = np.where(
                span, self.level[0], np.where(low == high, low, 0.5 * (low + high))
            )
        place = np.clip((middle - self.level[0]) / step, 0.0, m - 1.000001)
        left = place.astype(np.int64)
        part = place - left
        code = np.zeros(n, dtype=np.int64)
        if span.any():
            keys = self.spans[:, 0] * m + self.spans[:, 1]
            code[span] = np.searchsorted(keys, pairs[span, 0] * m + pairs[span, 1])
        rows = np.concatenate(
            [np.flatnonzero(~span), np.flatnonzero(~span), np.flatnonzero(span)]
        )
        cols = np.concatenate([left[~span], left[~span] + 1, m + code[span]])
        mass = np.concatenate([1.0 - part[~span], part[~span], np.ones(int(span.sum()))])
        return sparse.csr_array((mass, (rows, cols)), shape=(n, m + len(self.spans)))

    def pooled(self, columns: sparse.csr_array, marginal: LogNormal, weight: Values) -> Values:
        """Return the distribution of all samples together, of sum 1, shape (m,).

        It is begun from a log-normal that weighs one sample.

        Parameters
        ----------
        columns : sparse array, shape (n, m + n_spans)
            Where each sample's mass lies, see `columns`.
        marginal : LogNormal
            Of all samples.
        weight : array, shape (n,)
            How much each sample counts; the mean is 1.
        """
        n = columns.shape[0]
        mass = np.asarray(columns.T @ weight, dtype=np.float64).reshape(1, -1)
        shape = np.exp(-0.5 * ((self.level - marginal.centre) / marginal.spread) ** 2)
        shape = np.maximum(shape / shape.sum(), 1e-12)
        return np.asarray(self.resolve(mass / n, shape / n)[0])

    def resolve(self, mass: Values, base: Values) -> Values:
        """Return the distribution over the levels, rows of sum 1, shape (n, m).

        The nonparametric distribution of greatest likelihood, with `base` counted as so much
        measured mass (a Dirichlet prior): the mass of an interval goes where the measured
        mass inside it lies. Non-detects alone, or values over range alone, or both where the
        limits do not cross, have the product limit as closed form; other mixtures take up to
        100 rounds of expectation and maximisation.

        Parameters
        ----------
        mass : array, shape (n, m + n_spans)
            What a row weighs of each column.
        base : array, shape (m,)
            Above 0 everywhere.

        References
        ----------
        Turnbull (1976), The empirical distribution function with arbitrarily grouped,
        censored and truncated data. https://doi.org/10.1111/j.2517-6161.1976.tb01597.x
        Susarla & Van Ryzin (1976), Nonparametric Bayesian estimation of survival curves from
        incomplete observations. https://doi.org/10.1080/01621459.1976.10480393
        """
        m = len(self.level)
        measured, held = mass[:, :m] + base, mass[:, m:]
        below = self.spans[:, 0] == 0
        above = (self.spans[:, 1] == m - 1) & ~below
        answer: Values = measured
        if above.any():
            upper = np.zeros_like(measured)
            upper[:, self.spans[above, 0]] = held[:, above]
            answer = _product_limit(answer[:, ::-1], upper[:, ::-1])[:, ::-1]
        if below.any():
            lower = np.zeros_like(measured)
            lower[:, self.spans[below, 1]] = held[:, below]
            answer = _product_limit(answer, lower)
        crossed = (
            above.any()
            and below.any()
            and (self.spans[below, 1].max() >= self.spans[above, 0].min())
        )
        if crossed or not (below | above).all():
            answer = self._iterate(measured, held, answer)
        resolved: Values = answer / answer.sum(axis=1, keepdims=True)
        return resolved

    @property
    def taps(self) -> Values:
        """The kernel's share at or below a level, by its distance from the mass in levels.

        From so far below that there is none of it, to so far above that it is all there, in
        double precision.
        """
        step = (self.level[-1] - self.level[0]) / (len(self.level) - 1)
        reach = int(np.ceil(_REACH * self.bandwidth / step))
        return np.asarray(ndtr(np.arange(1 - reach, reach) * (step / self.bandwidth)))

    def smooth(self, weights: Values) -> Values:
        """Return P(log C <= level) after smoothing with the kernel, shape (n, m)."""
        return smooth_rows(weights, self.taps)

    def _iterate(self, measured: Values, held: Values, start: Values) -> Values:
        # Mass moves between the levels of intervals only; the others keep what was measured.
        touched = slice(self.spans[:, 0].min(), self.spans[:, 1].max() + 1)
        level = np.arange(touched.start, touched.stop)
        inside = (level >= self.spans[:, :1]) & (level <= self.spans[:, 1:])
        inside = inside.astype(np.float64)
        answer = measured.copy()
        fixed, found = measured[:, touched], (start + measured)[:, touched]
        settled = _SETTLED * (measured.sum(axis=1) + held.sum(axis=1))
        moving = np.arange(len(answer))
        for _ in range(_EM_ROUNDS):
            before = found[moving]
            after = fixed[moving] + before * ((held[moving] / (before @ inside.T)) @ inside)
            found[moving] = after
            # Row by row, so that none depends on what stands beside it.
            change = np.abs(after - before).sum(axis=1)
            moving = moving[change > settled[moving]]
            if not moving.size:
                break
        answer[:, touched] = found
        return answer

    def _pairs(self, low: Values, high: Values) -> NDArray[np.int64]:
        """Return the first and last level of each interval; equal where it has none.

        A value measured at the limit or just above it leaves mass on the level below the
        limit, and one over range likewise: an interval keeps clear of the levels about its
        ends, or it would follow mass that lies outside it.
        """
        top = len(self.level) - 1
        step = self.level[1] - self.level[0]
        with np.errstate(invalid="ignore"):
            first = np.ceil((low - self.level[0]) / step) + 1.0
            last = np.floor((high - self.level[0]) / step) - 1.0
        pairs: NDArray[np.int64] = np.stack(
            [np.clip(first, 0, top), np.clip(last, 0, top)], axis=1
        ).astype(np.int64)
        # A measured value is no interval, nor is one that is narrower than the levels.
        narrow = (low == high) | (pairs[:, 0] >= pairs[:, 1])
        pairs[narrow] = 0
        return pairs


def _product_limit(measured: Values, below: Values) -> Values:
    """Share out mass that lies at or below its level, from the top down (Kaplan-Meier).

    Mass known to lie at or below a level does not tell the two apart: it joins those at risk
    one level further down.
    """
    at_risk = np.cumsum(measured + below, axis=1) - below
    hazard = measured / at_risk
    left = np.cumprod((1.0 - hazard)[:, ::-1], axis=1)[:, ::-1]
    total = (measured + below).sum(axis=1, keepdims=True)
    reached = np.concatenate([left[:, 1:], np.ones_like(total)], axis=1)
    answer: Values = total * reached * hazard
    return answer
