"""How heavy the tails of the predictive distribution are, judged by leaving samples out."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import gammaln, ndtr, stdtr, stdtrit

from hotspot.estimators.gp_exact import Bounds

Values = NDArray[np.float64]

_CANDIDATES = (3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 15.0, 20.0, 30.0)


@dataclass(frozen=True)
class Tail:
    """Shape of a new measurement about its prediction.

    Parameters
    ----------
    df : float
        Degrees of freedom of Student's t; ``inf`` for the normal distribution.
    stretch : float
        Factor of the predictive standard deviation; 1 for the normal distribution.
    """

    df: float = np.inf
    stretch: float = 1.0

    @classmethod
    def choose(cls, bounds: Bounds, mean: Values, sd: Values, tail: str) -> Self:
        """Return the tail of the best score of samples left out one at a time.

        Parameters
        ----------
        bounds : Bounds
            Intervals of the samples.
        mean, sd : array, shape (n,)
            Predictions of their measurements without them.
        tail : "auto", "normal" or "t"
            With ``"auto"`` the t distribution must earn its two parameters by Schwarz's
            criterion: half the logarithm of the number of samples for each.
        """
        if tail == "normal":
            return cls()
        low, high = (bounds.lower - mean) / sd, (bounds.upper - mean) / sd
        found = [(cls._stretch(low, high, df), df) for df in _CANDIDATES]
        (score, stretch), df = max(found, key=lambda item: item[0][0])
        if tail == "auto" and score - _score(low, high, cls()) < np.log(len(low)):
            return cls()
        return cls(df, stretch)

    @classmethod
    def _stretch(cls, low: Values, high: Values, df: float) -> tuple[float, float]:
        end = minimize_scalar(
            lambda log: -_score(low, high, cls(df, float(np.exp(log)))),
            bounds=(-1.5, 1.5),
            method="bounded",
            options={"xatol": 1e-3},
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
        z = z / self.stretch
        return np.asarray(ndtr(z) if np.isinf(self.df) else stdtr(self.df, z))

    def from_normal(self, z: Values) -> Values:
        """Return standard normal deviates moved to this distribution, rank for rank."""
        if np.isinf(self.df):
            return z * self.stretch
        # From the lower half, whose small probabilities keep their digits.
        below = stdtrit(self.df, ndtr(-np.abs(z)))
        return np.asarray(-np.sign(z) * below * self.stretch)


def _score(low: Values, high: Values, tail: Tail) -> float:
    measured = low == high
    z = low[measured] / tail.stretch
    if np.isinf(tail.df):
        density = -0.5 * z**2 - 0.5 * np.log(2.0 * np.pi)
    else:
        v = tail.df
        constant = gammaln((v + 1) / 2) - gammaln(v / 2) - 0.5 * np.log(v * np.pi)
        density = constant - (v + 1) / 2 * np.log1p(z**2 / v)
    total = float((density - np.log(tail.stretch)).sum())
    if not measured.all():
        mass = tail.cdf(high[~measured]) - tail.cdf(low[~measured])
        total += float(np.log(np.maximum(mass, 1e-12)).sum())
    return total
