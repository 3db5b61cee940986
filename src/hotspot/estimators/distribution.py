"""Predictive distributions of the concentration, one per row, in one set of words.

Every model of the concentration answers with one of these, so that the probability of any
limit, every quantile and every draw come from the same fit, and the probability of
exceedance never rises with the limit.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from hotspot.estimators.roots import rising_root

Values = NDArray[np.float64]

# Probabilities beyond these have the normal scores of these.
_LEAST, _MOST = 1e-300, 1.0 - 1e-16


class PredictiveDistribution(ABC):
    """Distributions of the concentration of n rows, mg/kg dry mass.

    NaN stands for a row that the model has no answer for.
    """

    @abstractmethod
    def __len__(self) -> int:
        """Return the number of rows."""

    @abstractmethod
    def cdf(self, concentration: ArrayLike) -> Values:
        """Return P(C <= c), shape (n,), for one ``c`` above 0 or one per row.

        It never falls as ``c`` rises; at ``inf`` it is 1.
        """

    @abstractmethod
    def quantile(self, q: ArrayLike) -> Values:
        """Return the concentration with P(C <= c) = q, shape (n,), for ``q`` in (0, 1)."""

    def exceedance(self, threshold: ArrayLike) -> Values:
        """Return P(C > threshold), shape (n,)."""
        chance: Values = 1.0 - self.cdf(threshold)
        return chance

    def mean(self, n_points: int = 199) -> Values:
        """Return the mean, by the mean of quantiles at the middles of equal shares.

        A heavy upper tail beyond the last point is left out: ``n_points`` quantiles miss
        what lies above the share ``1 - 1 / (2 n_points)``.
        """
        shares = (np.arange(n_points) + 0.5) / n_points
        return np.asarray(np.mean([self.quantile(share) for share in shares], axis=0))


@dataclass(frozen=True)
class LogLocationScale(PredictiveDistribution):
    """The logarithm of the concentration is normal or Student-t about a centre.

    Parameters
    ----------
    centre, scale : array, shape (n,)
        Of the natural logarithm of the concentration in mg/kg; scale above 0.
    df : float
        Degrees of freedom of Student's t; ``inf`` for the normal distribution.

    Examples
    --------
    >>> one = LogLocationScale(np.array([np.log(100.0)]), np.array([0.5]))
    >>> one.exceedance(100.0), one.quantile(0.5)
    (array([0.5]), array([100.]))
    """

    centre: Values
    scale: Values
    df: float = np.inf

    def __len__(self) -> int:
        return len(self.centre)

    def cdf(self, concentration: ArrayLike) -> Values:
        """Return P(C <= c), shape (n,)."""
        with np.errstate(divide="ignore"):
            level = np.log(np.asarray(concentration, dtype=np.float64))
        z = (level - self.centre) / self.scale
        return student_cdf(z, self.df)

    def quantile(self, q: ArrayLike) -> Values:
        """Return the concentration with P(C <= c) = q, shape (n,)."""
        share = np.asarray(q, dtype=np.float64)
        z = student_quantile(share, self.df)
        return np.asarray(np.exp(self.centre + self.scale * z))


@dataclass(frozen=True)
class Tabulated(PredictiveDistribution):
    """Distributions given at common levels, linear in the logarithm between them.

    Parameters
    ----------
    level : array, shape (m,), mg/kg
        Rising, above 0. The distribution ends there: P(C <= level[-1]) is 1.
    share : array, shape (n, m)
        P(C <= level), not falling along a row, in [0, 1]. What is given at the first level
        is mass at or below it.
    """

    level: Values
    share: Values

    def __len__(self) -> int:
        return len(self.share)

    def cdf(self, concentration: ArrayLike) -> Values:
        """Return P(C <= c), shape (n,)."""
        c = np.broadcast_to(np.asarray(concentration, dtype=np.float64), (len(self),))
        log_level = np.log(self.level)
        with np.errstate(divide="ignore"):
            log_c = np.log(c)
        right = np.clip(np.searchsorted(log_level, log_c, side="right"), 1, len(log_level) - 1)
        left = right - 1
        rows = np.arange(len(self))
        step = np.clip((log_c - log_level[left]) / (log_level[right] - log_level[left]), 0, 1)
        low, high = self.share[rows, left], self.share[rows, right]
        high = np.where(right == len(log_level) - 1, 1.0, high)
        value = low + step * (high - low)
        below = np.where(c < self.level[0], 0.0, value)
        return np.where(c >= self.level[-1], np.where(np.isnan(low), np.nan, 1.0), below)

    def quantile(self, q: ArrayLike) -> Values:
        """Return the smallest concentration with P(C <= c) >= q, shape (n,)."""
        share = np.broadcast_to(np.asarray(q, dtype=np.float64), (len(self),))
        log_level = np.log(self.level)
        ended = self.share.copy()
        ended[:, -1] = np.where(np.isnan(ended[:, -1]), np.nan, 1.0)
        right = np.clip((ended < share[:, None]).sum(axis=1), 0, len(log_level) - 1)
        left = np.maximum(right - 1, 0)
        rows = np.arange(len(self))
        low, high = ended[rows, left], ended[rows, right]
        gap = np.where(high > low, high - low, 1.0)
        step = np.clip((share - low) / gap, 0.0, 1.0)
        value = np.exp(log_level[left] + step * (log_level[right] - log_level[left]))
        return np.where(np.isnan(ended[:, 0]), np.nan, value)


@dataclass(frozen=True)
class Pool(PredictiveDistribution):
    """A linear pool: the weighted mean of several distributions of the same rows.

    Parameters
    ----------
    members : sequence of PredictiveDistribution
        Of the same rows.
    weights : array, shape (n_members,)
        From 0, with sum 1.
    """

    members: Sequence[PredictiveDistribution]
    weights: Values

    def __len__(self) -> int:
        return len(self.members[0])

    def cdf(self, concentration: ArrayLike) -> Values:
        """Return P(C <= c), shape (n,)."""
        parts = [
            weight * member.cdf(concentration)
            for weight, member in zip(self.weights, self.members, strict=True)
            if weight > 0
        ]
        return np.asarray(np.sum(parts, axis=0))

    def quantile(self, q: ArrayLike) -> Values:
        """Return the concentration with P(C <= c) = q, found in the logarithm."""
        return mixture_quantile(self, q, self.members, self.weights)


@dataclass(frozen=True)
class Recalibrated(PredictiveDistribution):
    """A distribution whose probabilities were moved by a rising map.

    Parameters
    ----------
    member : PredictiveDistribution
        As the model gave it.
    given, calibrated : array, shape (m,)
        Knots of the map from P(C <= c) as given to as calibrated; both rise from 0 to 1.
    """

    member: PredictiveDistribution
    given: Values
    calibrated: Values

    def __len__(self) -> int:
        return len(self.member)

    def cdf(self, concentration: ArrayLike) -> Values:
        """Return P(C <= c), shape (n,)."""
        return np.interp(self.member.cdf(concentration), self.given, self.calibrated)

    def quantile(self, q: ArrayLike) -> Values:
        """Return the concentration with P(C <= c) = q, shape (n,)."""
        share = np.interp(np.asarray(q, dtype=np.float64), self.calibrated, self.given)
        return self.member.quantile(np.clip(share, 1e-9, 1 - 1e-9))


@dataclass(frozen=True)
class Moved(PredictiveDistribution):
    """A distribution whose every concentration is multiplied by a factor of its row.

    Parameters
    ----------
    member : PredictiveDistribution
        As the model gave it.
    shift : array, shape (n,)
        Natural logarithm of the factor.

    Examples
    --------
    >>> one = LogLocationScale(np.array([np.log(100.0)]), np.array([0.5]))
    >>> Moved(one, np.log([0.5])).quantile(0.5)
    array([50.])
    """

    member: PredictiveDistribution
    shift: Values

    def __len__(self) -> int:
        return len(self.member)

    def cdf(self, concentration: ArrayLike) -> Values:
        """Return P(C <= c), shape (n,)."""
        return self.member.cdf(np.asarray(concentration, dtype=np.float64) / np.exp(self.shift))

    def quantile(self, q: ArrayLike) -> Values:
        """Return the concentration with P(C <= c) = q, shape (n,)."""
        return np.asarray(self.member.quantile(q) * np.exp(self.shift))


def _score(share: Values) -> Values:
    """Return normal scores, finite also of 0 and 1."""
    return np.asarray(ndtri(np.clip(share, _LEAST, _MOST)))


def student_cdf(z: Values, df: float) -> Values:
    """Return P(Z <= z) of Student's t; of the normal distribution where `df` is infinite."""
    return np.asarray(ndtr(z) if np.isinf(df) else stdtr(df, z))


def student_quantile(share: Values, df: float) -> Values:
    """Return the z with P(Z <= z) = share of the same distribution."""
    return np.asarray(ndtri(share) if np.isinf(df) else stdtrit(df, share))


def mixture_quantile(
    whole: PredictiveDistribution,
    q: ArrayLike,
    members: Sequence[PredictiveDistribution],
    weights: Values,
) -> Values:
    """Return the quantile of a mixture, which lies between those of its members."""
    used = [member for member, weight in zip(members, weights, strict=True) if weight > 0]
    each = np.log([member.quantile(q) for member in used])
    share = np.asarray(q, dtype=np.float64)
    wanted = _score(share)

    def excess(log: Values) -> Values:
        # Normal scores are nearly straight in the logarithm; what reaches the share is not
        # below it, so that of a level stretch the lower end is found.
        reached = whole.cdf(np.exp(log))
        away = _score(reached) - wanted
        return np.where(reached < share, np.minimum(away, -_LEAST), np.maximum(away, _LEAST))

    return np.asarray(np.exp(rising_root(excess, each.min(axis=0), each.max(axis=0))))
