"""How heavy the tails of the predictive distribution are, judged by leaving samples out."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import gammaln, ndtr, stdtrit

from hotspot.estimators.distribution import student_cdf
from hotspot.estimators.intervals import LogIntervals

Values = NDArray[np.float64]

# Weights of the tail that are tried, 1/df: from the normal distribution, 0, to 3 degrees of
# freedom. Their prior is exponential, with the mean of a nearly normal tail (df 20).
_WEIGHTS = np.linspace(0.0, 1.0 / 3.0, 11)
_MEAN_WEIGHT = 0.05
# Beyond these degrees of freedom Student's t is taken for normal.
_NEARLY_NORMAL = 100.0
# Prior standard deviation of the logarithm of the stretch: predictions that leave samples out
# are seldom off by more than a third.
_STRETCH_SD = 0.3


@dataclass(frozen=True)
class Tail:
    """Shape of a new measurement about its prediction.

    Parameters
    ----------
    df : float
        Degrees of freedom of Student's t; ``inf`` for the normal distribution.
    stretch : float
        Factor of the predictive standard deviation.
    """

    df: float = np.inf
    stretch: float = 1.0

    @classmethod
    def choose(cls, bounds: LogIntervals, mean: Values, sd: Values, tail: str) -> Self:
        """Return the tail that samples left out one at a time tell of.

        Parameters
        ----------
        bounds : LogIntervals
            Intervals of the samples.
        mean, sd : array, shape (n,)
            Predictions of their measurements without them.
        tail : "auto", "normal" or "t"
            With ``"auto"`` the weight of the tail, 1/df, is its posterior mean: a survey of a
            hundred samples cannot choose between normal and heavy, and a choice would flip
            with single samples. With ``"t"`` it is the best but 0, with ``"normal"`` 0 and
            nothing is stretched.
        """
        if tail == "normal":
            return cls()
        low, high = (bounds.low - mean) / sd, (bounds.high - mean) / sd
        score = np.array([cls._stretch(low, high, _df(w))[0] for w in _WEIGHTS])
        if tail == "t":
            weight = float(_WEIGHTS[1 + int(np.argmax(score[1:]))])
        else:
            density = score - _WEIGHTS / _MEAN_WEIGHT
            share = np.exp(density - density.max())
            weight = float(share @ _WEIGHTS / share.sum())
        df = _df(weight)
        return cls(df, cls._stretch(low, high, df)[1])

    @classmethod
    def _stretch(cls, low: Values, high: Values, df: float) -> tuple[float, float]:
        """Return the log posterior density of the best stretch, and the stretch."""

        def cost(log: float) -> float:
            stretched = cls(df, float(np.exp(log)))
            return 0.5 * (log / _STRETCH_SD) ** 2 - stretched.log_score(low, high)

        end = minimize_scalar(
            cost, bounds=(-1.5, 1.5), method="bounded", options={"xatol": 1e-3}
        )
        return -float(end.fun), float(np.exp(end.x))

    def to_dict(self) -> dict[str, Any]:
        """Return the tail as JSON values; None stands for infinity, which JSON lacks."""
        return {"df": None if np.isinf(self.df) else self.df, "stretch": self.stretch}

    @classmethod
    def from_dict(cls, value: dict[str, Any]) -> Self:
        """Return the tail that `to_dict` described."""
        return cls(np.inf if value["df"] is None else value["df"], value["stretch"])

    def cdf(self, z: Values) -> Values:
        """Return P(Z <= z) of a measurement in predictive standard deviations."""
        return student_cdf(z / self.stretch, self.df)

    def log_score(self, low: Values, high: Values) -> float:
        """Return the log density of measured deviates, and the log chance of intervals, summed.

        Parameters
        ----------
        low, high : array, shape (n,)
            In predictive standard deviations; equal where measured.
        """
        measured = low == high
        z = low[measured] / self.stretch
        if np.isinf(self.df):
            density = -0.5 * z**2 - 0.5 * np.log(2.0 * np.pi)
        else:
            v = self.df
            constant = gammaln((v + 1) / 2) - gammaln(v / 2) - 0.5 * np.log(v * np.pi)
            density = constant - (v + 1) / 2 * np.log1p(z**2 / v)
        total = float((density - np.log(self.stretch)).sum())
        if not measured.all():
            mass = self.cdf(high[~measured]) - self.cdf(low[~measured])
            total += float(np.log(np.maximum(mass, 1e-12)).sum())
        return total

    def from_normal(self, z: Values) -> Values:
        """Return standard normal deviates moved to this distribution, rank for rank."""
        if np.isinf(self.df):
            return z * self.stretch
        # From the lower half, whose small probabilities keep their digits.
        below = stdtrit(self.df, ndtr(-np.abs(z)))
        return np.asarray(-np.sign(z) * below * self.stretch)


def _df(weight: float) -> float:
    """Return the degrees of freedom behind a weight of the tail."""
    return 1.0 / weight if weight * _NEARLY_NORMAL > 1.0 else np.inf
