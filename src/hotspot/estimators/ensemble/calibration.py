"""Calibration of predictive distributions on samples that were left out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from hotspot.estimators.distribution import PredictiveDistribution
from hotspot.estimators.ensemble.smooth_tilt import SmoothTilt

Values = NDArray[np.float64]

# Samples' worth of belief that the spread is right as it is, and that the shape is.
PRIOR_SAMPLES = 100.0
_PRIOR_OF_SHAPE = 500.0
# Surveys with fewer left-out samples get no shape.
_FEWEST_FOR_SHAPE = 1000
# Terms of the shape: middle, spread, and what tells ends from each other and from shoulders.
_TERMS = 4
# Knots of the map: fine in the tails, where limits and intervals lie.
_KNOTS = ndtr(np.linspace(-8.0, 8.0, 321))
_CLIP = 1e-9
# Scores nearer to each other than this are one.
_EXACT = 1e-6
_MOST_ROUNDS, _TOLERANCE = 200, 1e-6


@dataclass(frozen=True)
class Calibration:
    """A rising map from probabilities as given to probabilities as calibrated.

    Parameters
    ----------
    given, calibrated : array, shape (m,)
        Both rise from 0 to 1; empty for no change.
    scale : float
        Of the normal score: a value at the given normal score z is at ``z / scale`` of a
        distribution of the right spread.
    shape : tuple of float
        Terms of the `SmoothTilt` that follows; empty for none.
    """

    given: Values
    calibrated: Values
    scale: float = 1.0
    shape: tuple[float, ...] = ()

    @classmethod
    def none(cls) -> Self:
        """Return the map that changes nothing."""
        return cls(np.empty(0), np.empty(0))

    @property
    def is_none(self) -> bool:
        """Whether nothing is changed."""
        return self.given.size == 0

    @classmethod
    def of(cls, scale: float, shape: tuple[float, ...] = ()) -> Self:
        """Return the map of a scale of normal scores, and of a shape after it."""
        moved = ndtr(ndtri(_KNOTS) / scale)
        if shape:
            moved = SmoothTilt(shape).cdf(moved)
        given = np.concatenate([[0.0], _KNOTS, [1.0]])
        calibrated = np.concatenate([[0.0], moved, [1.0]])
        return cls(given, calibrated, scale, shape)

    def to_dict(self) -> dict[str, Any]:
        """Return the map as plain values."""
        return {"scale": self.scale, "shape": list(self.shape)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the map that `to_dict` described."""
        scale = float(values["scale"])
        shape = tuple(float(term) for term in values["shape"])
        return cls.none() if scale == 1.0 and not shape else cls.of(scale, shape)


def fit_calibration(
    left_out: PredictiveDistribution,
    lower: Values,
    upper: Values,
    *,
    blocks: NDArray[np.int64],
    sample_weight: Values | None = None,
) -> Calibration:
    """Return the map under which left-out samples lie as they were promised.

    A sample's probability integral transform u = F(c) is uniform if F is right, and its
    normal score z = Phi^-1(u) standard normal. The map scales z. A censored sample enters
    as the expected score within its interval, under the scale that is found (expectation and
    maximisation). Few samples leave the distribution nearly as it is: the scale is drawn
    towards none by `PRIOR_SAMPLES`.

    What the scale leaves is, with 1000 samples or more, the shape: a `SmoothTilt` of the
    transforms, each term drawn towards none by 500 independent samples. Samples near each
    other err together, so that the mean score of a few blocks says more of these blocks than
    of the model. How many samples are worth one that is independent (the design effect) is
    told from blocks, for each term; for the middle it is often dozens.

    Fewer samples leave the median where it is. Of sites that represent the ground a shape
    would make the log loss of small surveys hardly lower; of samples preferred by their
    concentration it would carry their excess to the whole map.

    Parameters
    ----------
    left_out : PredictiveDistribution, of n rows
        From fits that have not seen the row.
    lower, upper : array, shape (n,), mg/kg
        What was measured.
    blocks : array of int, shape (n,)
        Samples of one block may err together.
    sample_weight : array, shape (n,), optional
        How many samples each counts for; 1 where not given.

    References
    ----------
    Kish, L. (1965). Survey Sampling. Wiley, chapter 5 (design effects of clusters).

    Gneiting, T., Balabdaoui, F., & Raftery, A. E. (2007). Probabilistic forecasts,
    calibration and sharpness. Journal of the Royal Statistical Society B 69, 243-268.
    https://doi.org/10.1111/j.1467-9868.2007.00587.x
    """
    low = np.where(lower > 0, left_out.cdf(np.maximum(lower, 1e-300)), 0.0)
    high = np.where(
        np.isfinite(upper), left_out.cdf(np.where(np.isfinite(upper), upper, 1.0)), 1.0
    )
    known = np.isfinite(low) & np.isfinite(high)
    if not known.any():
        return Calibration.none()
    weight = np.ones(len(known)) if sample_weight is None else sample_weight
    weight = weight[known]
    a, b = (ndtri(np.clip(end[known], _CLIP, 1 - _CLIP)) for end in (low, high))
    n, scale = float(weight.sum()) + PRIOR_SAMPLES, 1.0
    for _ in range(_MOST_ROUNDS):
        squared = scale**2 * float(weight @ _squared_score(a / scale, b / scale))
        before, scale = scale, float(np.sqrt((squared + PRIOR_SAMPLES) / n))
        if abs(scale - before) < _TOLERANCE:
            break
    if len(a) < _FEWEST_FOR_SHAPE:
        return Calibration.of(scale)
    a, b = ndtr(a / scale), ndtr(b / scale)
    prior = _PRIOR_OF_SHAPE * _design_effects(a, b, weight, blocks[known])
    shape = SmoothTilt.fit(a, b, weight=weight, prior_samples=prior)
    return Calibration.of(scale, shape.terms)


def _design_effects(
    low: Values, high: Values, weight: Values, blocks: NDArray[np.int64]
) -> Values:
    """Return, for each term of the shape, how many samples are worth an independent one.

    The variance of what the samples together say of a term, told from blocks, over that of as
    many independent ones.
    """
    pull = weight[:, np.newaxis] * SmoothTilt.evidence(low, high, _TERMS)
    pull -= pull.mean(axis=0)
    of_block = np.zeros((blocks.max() + 1, _TERMS))
    np.add.at(of_block, blocks, pull)
    alone = np.maximum((pull**2).sum(axis=0), 1e-12)
    return np.asarray(np.maximum((of_block**2).sum(axis=0) / alone, 1.0))


def _squared_score(a: Values, b: Values) -> Values:
    """Return E[z²] of a standard normal score between two others."""
    exact = b - a < _EXACT
    # Of an interval above 0 its mirror image, whose mass keeps its digits.
    low, high = np.where(a > 0, -b, a), np.where(a > 0, -a, b)
    mass = np.where(exact, 1.0, ndtr(high) - ndtr(low))
    in_low, in_high = (np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) for z in (low, high))
    inner = 1.0 + (low * in_low - high * in_high) / mass
    return np.asarray(np.where(exact, ((a + b) / 2) ** 2, inner))
