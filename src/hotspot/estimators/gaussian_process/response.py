"""The log concentration as a skewed function of what is Gaussian, and answers in mg/kg."""

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import ndtri

from hotspot.estimators.distribution import (
    PredictiveDistribution,
    student_cdf,
    student_quantile,
)
from hotspot.estimators.intervals import LogIntervals, interval_moments

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Response:
    """How a standard normal number w becomes the logarithm of the concentration.

    ``log C = centre + spread * sinh(asinh(w) + skew)``: far out, one side of the distribution
    is ``exp(2 skew)`` times as wide as the other. Without skew the concentration is
    lognormal. Many soils are not: what is left of the logarithm leans to the left where most
    soil is near a common level and some has little, to the right where few sites are polluted.

    Parameters
    ----------
    centre, spread : float
        Natural logarithm of mg/kg; spread above 0.
    skew : float
        0 for none.

    References
    ----------
    Jones, M. C., & Pewsey, A. (2009). Sinh-arcsinh distributions. Biometrika 96, 761-780.
    https://doi.org/10.1093/biomet/asp053
    Snelson, E., Rasmussen, C. E., & Ghahramani, Z. (2003). Warped Gaussian processes. Advances
    in Neural Information Processing Systems 16.

    Examples
    --------
    >>> response = Response(centre=3.0, spread=0.5, skew=-0.4)
    >>> w = np.array([-2.0, 0.0, 2.0])
    >>> np.allclose(response.to_gaussian(response.to_log(w)), w)
    True
    """

    centre: float
    spread: float
    skew: float = 0.0

    @classmethod
    def of(cls, bounds: LogIntervals, *, skew: float = 0.0) -> Self:
        """Return the response of a given skew that fits intervals of the log best.

        Priors of the weight of about one sample keep it finite where few were measured.
        """
        ends = np.where(np.isfinite(bounds.low), bounds.low, bounds.high)
        ends = ends[np.isfinite(ends)]
        middle, width = float(np.median(ends)), max(float(ends.std()), 0.1)

        def cost(vector: Values) -> tuple[float, Values]:
            response = cls(float(vector[0]), float(np.exp(vector[1])), skew)
            value, slopes = response.log_likelihood(bounds)
            away = (vector - [middle, np.log(width)]) / [3.0 * width, 1.0]
            return 0.5 * float(away @ away) - value, away / [3.0 * width, 1.0] - slopes

        start = np.array([middle, np.log(width)])
        end = minimize(cost, start, jac=True, method="L-BFGS-B")
        return cls(float(end.x[0]), float(np.exp(end.x[1])), skew)

    def to_gaussian(self, log: Values) -> Values:
        """Return the standard normal numbers behind some log concentrations."""
        return np.asarray(np.sinh(np.arcsinh((log - self.centre) / self.spread) - self.skew))

    def to_log(self, w: Values) -> Values:
        """Return the log concentrations of some standard normal numbers."""
        return np.asarray(self.centre + self.spread * np.sinh(np.arcsinh(w) + self.skew))

    def log_rate(self, w: Values) -> Values:
        """Return the logarithm of how fast the log concentration rises with w."""
        turned = np.cosh(np.arcsinh(w) + self.skew)
        return np.asarray(np.log(self.spread * turned) - 0.5 * np.log1p(w**2))

    def standardise(self, bounds: LogIntervals) -> LogIntervals:
        """Return intervals of w; what was measured stays so to the bit."""
        return LogIntervals(self.to_gaussian(bounds.low), self.to_gaussian(bounds.high))

    def to_dict(self) -> dict[str, Any]:
        """Return the response as JSON values."""
        return {"centre": self.centre, "spread": self.spread, "skew": self.skew}

    @classmethod
    def from_dict(cls, value: dict[str, Any]) -> Self:
        """Return what `to_dict` described."""
        return cls(float(value["centre"]), float(value["spread"]), float(value["skew"]))

    def log_likelihood(self, bounds: LogIntervals) -> tuple[float, Values]:
        """Return how likely intervals of the log are if w is standard normal.

        Returns
        -------
        value : float
            Sum of log densities of what was measured and log probabilities of intervals.
        slopes : array, shape (2,)
            In the centre and in the logarithm of the spread.
        """
        known = bounds.measured
        log = bounds.low[known]
        w, u = self.to_gaussian(log), (log - self.centre) / self.spread
        value = -0.5 * float(w @ w) - float(self.log_rate(w).sum())
        value -= 0.5 * len(w) * np.log(2.0 * np.pi)
        # Of the log density in u; turning is how fast w rises with asinh(u).
        turning, root = np.hypot(1.0, w), np.hypot(1.0, u)
        slope = (w / turning - w * turning) / root - u / root**2
        slopes = np.array([-slope.sum() / self.spread, -float(slope @ u) - len(u)])
        ends = bounds.low[~known], bounds.high[~known]
        if not len(ends[0]):
            return value, slopes
        low, high = (self.to_gaussian(end) for end in ends)
        mass, _, _ = interval_moments(low, high, np.zeros(len(low)), np.ones(len(low)))
        for sign, end, w in ((-1.0, ends[0], low), (1.0, ends[1], high)):
            at = np.isfinite(end)
            u = (end[at] - self.centre) / self.spread
            density = np.exp(-0.5 * w[at] ** 2 - mass[at]) / np.sqrt(2.0 * np.pi)
            pull = sign * density * np.hypot(1.0, w[at]) / np.hypot(1.0, u)
            slopes -= [float(pull.sum()) / self.spread, float(pull @ u)]
        return value + float(mass.sum()), slopes


@dataclass(frozen=True)
class WarpedNormal(PredictiveDistribution):
    """A normal or Student-t number behind each concentration, through one response.

    Parameters
    ----------
    location, scale : array, shape (n,)
        Of the number w of the `Response`; scale above 0.
    response : Response
    df : float
        Degrees of freedom of Student's t; ``inf`` for the normal distribution.

    Examples
    --------
    >>> one = WarpedNormal(np.array([0.0]), np.array([1.0]), Response(np.log(100.0), 0.5))
    >>> one.exceedance(100.0), one.quantile(0.5)
    (array([0.5]), array([100.]))
    """

    location: Values
    scale: Values
    response: Response
    df: float = np.inf

    def __len__(self) -> int:
        return len(self.location)

    def cdf(self, concentration: ArrayLike) -> Values:
        """Return P(C <= c), shape (n,)."""
        return student_cdf(self._deviate(concentration), self.df)

    def quantile(self, q: ArrayLike) -> Values:
        """Return the concentration with P(C <= c) = q, shape (n,)."""
        z = student_quantile(np.asarray(q, dtype=np.float64), self.df)
        return np.asarray(np.exp(self.response.to_log(self.location + self.scale * z)))

    def normal_score(self, concentration: ArrayLike) -> Values:
        """Return the standard normal quantile of P(C <= c), shape (n,)."""
        z = self._deviate(concentration)
        return z if np.isinf(self.df) else np.asarray(ndtri(student_cdf(z, self.df)))

    @property
    def median(self) -> Values:
        """Natural logarithm of the median concentration, shape (n,)."""
        return self.response.to_log(self.location)

    @property
    def rate(self) -> Values:
        """How fast the log concentration rises with w at the median, shape (n,)."""
        return np.exp(self.response.log_rate(self.location))

    def moved(self, by: Values) -> Self:
        """Return distributions whose location is moved, in units of w."""
        return replace(self, location=self.location + by)

    def _deviate(self, concentration: ArrayLike) -> Values:
        with np.errstate(divide="ignore"):
            level = np.log(np.asarray(concentration, dtype=np.float64))
        return np.asarray((self.response.to_gaussian(level) - self.location) / self.scale)
