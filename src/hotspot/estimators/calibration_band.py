"""The band of a probability: how far left-out samples let it be taken at its word."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit
from scipy.stats import t as student_t

from hotspot.errors import ModelError

Values = NDArray[np.float64]

# Probabilities nearer to 0 or 1 than this have the bounds of the nearest one that is not.
_NEAREST = 1e-3
# Log-odds at which the band is kept.
_GRID = np.linspace(-6.9, 6.9, 139)
# What is believed before a sample is seen, in log-odds of the true frequency beside those of
# the probability given: none is the likeliest, and these are standard deviations of a common
# shift, of a slope, and of bends that are alike within about one unit of log-odds.
_SHIFT_SD, _SLOPE_SD, _BEND_SD, _BEND_LENGTH = 1.0, 0.5, 0.8, 1.2
_KNOTS = np.arange(-6.0, 6.1, 1.0)
_MOST_STEPS = 100


@dataclass(frozen=True)
class CalibrationBand:
    """Bounds on the frequency of exceedance behind each probability that a model gives.

    Where a model says 0.3, the limit may in truth be exceeded in 2 or in 5 of 10 samples.
    Each bound holds with the stated confidence, at each probability taken alone: with 0.9,
    nine bands of ten have their lower bound below the true frequency, nine of ten their upper
    bound above it, and at least eight of ten both. A decision rests on one bound.

    Parameters
    ----------
    centre : array, shape (139,)
        Log-odds of the frequency, at given log-odds from -6.9 to 6.9 in even steps.
    error : array, shape (139,)
        Standard error of the centre.
    n_samples, n_blocks : int
        Left-out samples with a known label, and the blocks of ground they lie in.
    confidence : float
        In (0.5, 1): that of each bound.

    Examples
    --------
    >>> y = np.array([0.0, 1.0] * 200)
    >>> band = fit_calibration_band(y, np.full(400, 0.5), np.arange(400) // 10)
    >>> lower, upper = band.bounds(np.array([0.5]))
    >>> bool(lower[0] < 0.5 < upper[0]), bool(upper[0] - lower[0] < 0.2)
    (True, True)
    """

    centre: Values
    error: Values
    n_samples: int
    n_blocks: int
    confidence: float = 0.9

    def __post_init__(self) -> None:
        if not 0.5 < self.confidence < 1:
            raise ModelError(
                f"A band of confidence {self.confidence} was asked. Give a number between "
                "0.5 and 1, such as 0.9 (predict.decision.confidence)."
            )

    def at(self, confidence: float) -> Self:
        """Return the band of another confidence."""
        return replace(self, confidence=confidence)

    def bounds(self, probability: Values) -> tuple[Values, Values]:
        """Return the lower and the upper bound at each probability; NaN for NaN.

        Both rise with the probability.
        """
        lower, upper = self._bounds_at_grid()
        given = np.concatenate([[0.0], expit(_GRID), [1.0]])
        asked = np.asarray(probability, dtype=np.float64)
        # At the ends the next bound holds on one side, and nothing is known on the other.
        return (
            np.interp(asked, given, [0.0, *lower, lower[-1]]),
            np.interp(asked, given, [upper[0], *upper, 1.0]),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the band as plain values."""
        return {
            "centre": self.centre.tolist(),
            "error": self.error.tolist(),
            "n_samples": self.n_samples,
            "n_blocks": self.n_blocks,
            "confidence": self.confidence,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the band that `to_dict` described."""
        return cls(
            np.array(values["centre"], dtype=np.float64),
            np.array(values["error"], dtype=np.float64),
            int(values["n_samples"]),
            int(values["n_blocks"]),
            float(values["confidence"]),
        )

    def _bounds_at_grid(self) -> tuple[Values, Values]:
        # Few blocks make an error that is itself uncertain.
        width = student_t.ppf(self.confidence, self.n_blocks - 1) * self.error
        # A model's ranking is kept: frequencies rise with the probability. Sorting the bounds
        # of a rising curve narrows a band and loses nothing of its coverage.
        return np.sort(expit(self.centre - width)), np.sort(expit(self.centre + width))


def fit_calibration_band(
    label: Values,
    probability: Values,
    blocks: NDArray[np.int64],
    *,
    weights: Values | None = None,
) -> CalibrationBand | None:
    """Return the band of a model's probabilities, from samples it has not seen.

    The log-odds of the true frequency are those of the probability plus a smooth curve: a
    shift, a slope and bends, each drawn towards none. With few samples the band stays about
    the probability as given, and is wide; with many it follows what was found. Neighbouring
    samples err together, so the errors are those of sums over blocks of ground, and never
    smaller than those of independent samples.

    Parameters
    ----------
    label : array, shape (n,)
        1 exceeds, 0 does not; NaN is left out.
    probability : array, shape (n,)
        Given by models that have not seen the sample; NaN is left out.
    blocks : array of int, shape (n,)
        Block of ground of each row. Repeats of a sample are of its block.
    weights : array, shape (n,), optional
        Weight of each row, such as one over the repeats of a sample.

    Returns
    -------
    CalibrationBand or None
        None where the rows with a label and a probability lie in fewer than two blocks: how
        sure the probabilities are cannot be told.

    References
    ----------
    Cox, D. R. (1958). Two further applications of a model for binary regression. Biometrika
    45, 562-565, 10.1093/biomet/45.3-4.562: shift and slope. Wood, S. N. (2006). On confidence
    intervals for generalized additive models based on penalized regression splines.
    Australian & New Zealand Journal of Statistics 48, 445-464,
    10.1111/j.1467-842X.2006.00450.x: errors of curves that are drawn towards none.
    Chernozhukov, V., Fernandez-Val, I. & Galichon, A. (2009). Improving point and interval
    estimators of monotone functions by rearrangement. Biometrika 96, 559-575,
    10.1093/biomet/asp030.
    """
    known = np.isfinite(label) & np.isfinite(probability)
    names, block = np.unique(blocks[known], return_inverse=True)
    if len(names) < 2:
        return None
    y = label[known]
    given = logit(np.clip(probability[known], _NEAREST, 1 - _NEAREST))
    weight = np.ones(len(y)) if weights is None else weights[known]
    design = _curves(given)
    beta = _most_likely(y, given, design, weight)
    covariance = _covariance(y, given + design @ beta, design, weight, block.reshape(-1))
    at_grid = _curves(_GRID)
    variance = np.einsum("ij,jk,ik->i", at_grid, covariance, at_grid)
    return CalibrationBand(
        centre=_GRID + at_grid @ beta,
        error=np.sqrt(variance),
        n_samples=round(float(weight.sum())),
        n_blocks=len(names),
    )


def _curves(log_odds: Values) -> Values:
    """Return shift, slope and bends at some log-odds, scaled so that each has variance 1."""
    distance = (log_odds[:, None] - _KNOTS) / _BEND_LENGTH
    between = (_KNOTS[:, None] - _KNOTS) / _BEND_LENGTH
    # A whisker on the diagonal, for near neighbours among the knots are nearly the same.
    root = np.linalg.cholesky(np.exp(-(between**2) / 2) + 1e-6 * np.eye(len(_KNOTS)))
    bends = np.linalg.solve(root, np.exp(-(distance**2) / 2).T).T
    shift = np.full((len(log_odds), 1), _SHIFT_SD)
    return np.hstack([shift, _SLOPE_SD * log_odds[:, None], _BEND_SD * bends])


def _most_likely(y: Values, given: Values, design: Values, weight: Values) -> Values:
    """Return the coefficients of greatest posterior density, by damped Newton steps."""

    def loss(beta: Values) -> float:
        eta = given + design @ beta
        return float((weight * (np.logaddexp(0.0, eta) - y * eta)).sum() + beta @ beta / 2)

    beta = np.zeros(design.shape[1])
    reached = loss(beta)
    for _ in range(_MOST_STEPS):
        chance = expit(given + design @ beta)
        slope = design.T @ (weight * (y - chance)) - beta
        step = np.linalg.solve(_curvature(chance, design, weight), slope)
        share = 1.0
        while loss(beta + share * step) > reached and share > 1e-6:
            share /= 2
        beta = beta + share * step
        before, reached = reached, loss(beta)
        if before - reached <= 1e-10 * (1 + abs(reached)):
            break
    return beta


def _curvature(chance: Values, design: Values, weight: Values) -> Values:
    """Return the information of the labels and of the prior, together."""
    own = (design * (weight * chance * (1 - chance))[:, None]).T @ design
    return np.asarray(own + np.eye(design.shape[1]))


def _covariance(
    y: Values, eta: Values, design: Values, weight: Values, block: NDArray[np.int64]
) -> Values:
    """Return the covariance of the coefficients: by blocks, and not below independence."""
    chance = expit(eta)
    both = _curvature(chance, design, weight)
    n_blocks = int(block.max()) + 1
    sums = np.zeros((n_blocks, design.shape[1]))
    np.add.at(sums, block, design * (weight * (y - chance))[:, None])
    by_block = n_blocks / (n_blocks - 1) * (sums.T @ sums)
    alone = both - np.eye(len(both))
    root = np.linalg.cholesky(both)
    # In coordinates where the curvature is 1, the excess of the blocks counts where it is
    # above 0: in every direction the larger of both.
    excess = np.linalg.solve(root, np.linalg.solve(root, by_block - alone).T)
    size, direction = np.linalg.eigh((excess + excess.T) / 2)
    whole = np.eye(len(both)) + (direction * np.maximum(size, 0.0)) @ direction.T
    return np.asarray(np.linalg.solve(root.T, np.linalg.solve(root.T, whole).T))
