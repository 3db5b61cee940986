"""How the error of left-out samples rises with their dissimilarity, and how surely."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression
from scipy.stats import rankdata

from hotspot.estimators.applicability.error_profile import PROFILE_COLUMNS, ErrorProfile
from hotspot.evaluation.out_of_fold import OutOfFold
from hotspot.evaluation.scores import equal_count_bins, losses_brier
from hotspot.evaluation.uncertainty import Estimate, estimate

Array = NDArray[np.float64]

# Name of a run's extra column that holds the dissimilarity of each left-out sample.
DISSIMILARITY = "dissimilarity"
# Classes of the index: at most so many, and none of fewer predictions.
_MOST_CLASSES = 12
_FEWEST_IN_CLASS = 30
_N_DRAWS = 400
_BAND = (0.05, 0.95)
# Rank correlations below these are called none, weak and moderate.
_WEAK, _MODERATE, _STRONG = 0.1, 0.3, 0.5


@dataclass(frozen=True)
class ProfileStrength:
    """How much the dissimilarity says of the error.

    Parameters
    ----------
    correlation : Estimate
        Spearman's rank correlation of dissimilarity and squared error over left-out samples,
        with its standard error by blocks.
    """

    correlation: Estimate

    @property
    def word(self) -> str:
        """One of ``none weak moderate strong opposite``, or ``unknown`` if undefined.

        A correlation that does not exceed two standard errors shows nothing. The error can
        also be smaller away from the samples, where probabilities are near 0 or 1.

        Examples
        --------
        >>> [ProfileStrength(Estimate(mean, 0.05)).word for mean in (0.2, 0.08, -0.2)]
        ['weak', 'none', 'opposite']
        """
        mean, error = self.correlation.mean, self.correlation.se
        if mean is None:
            return "unknown"
        if abs(mean) < _WEAK or (error is not None and abs(mean) < 2 * error):
            return "none"
        if mean < 0:
            return "opposite"
        if mean < _MODERATE:
            return "weak"
        return "moderate" if mean < _STRONG else "strong"

    def to_dict(self) -> dict[str, object]:
        """Return the entry of the ledger."""
        return {"spearman": self.correlation.to_dict(), "strength": self.word}


def error_profile(
    runs: Sequence[OutOfFold], blocks: NDArray[np.int64], *, random_state: int = 0
) -> ErrorProfile | None:
    """Return the expected error along the dissimilarity index.

    All plans and repeats are pooled: plans that leave out whole blocks show what happens far
    from the samples, random folds what happens near them. Predictions are put into classes of
    equal count; the mean loss of the classes is made to rise with the index, and the share
    of values within their interval to fall, by isotonic regression. The band comes from
    drawing blocks of ground anew, all predictions of a block together.

    Parameters
    ----------
    runs : sequence of OutOfFold
        One model, any plans, the same samples; each with an extra ``dissimilarity``.
    blocks : array of int, shape (n,)
        Block of ground of each sample.
    random_state : int
        Seed of the draws.

    Returns
    -------
    ErrorProfile or None
        None where fewer than 60 predictions have a known label and an index.

    References
    ----------
    Meyer, H. & Pebesma, E. (2021). Predicting into unknown space? Estimating the area of
    applicability of spatial prediction models. Methods in Ecology and Evolution 12,
    1620-1633, 10.1111/2041-210X.13650.
    """
    index, loss, covered, block = _pooled(runs, blocks)
    n_classes = min(_MOST_CLASSES, len(index) // _FEWEST_IN_CLASS)
    if n_classes < 2:
        return None
    number = equal_count_bins(index, n_classes)
    n = np.bincount(number)
    largest = np.zeros(len(n))
    np.maximum.at(largest, number, index)
    draws = _draws(block, random_state)
    columns = [
        np.bincount(number, weights=index) / n,
        largest,
        n,
        *_with_band(loss, number, block, draws, rises=1),
        *_with_band(covered, number, block, draws, rises=-1),
    ]
    return ErrorProfile(pd.DataFrame(dict(zip(PROFILE_COLUMNS, columns, strict=True))))


def profile_strength(runs: Sequence[OutOfFold], blocks: NDArray[np.int64]) -> ProfileStrength:
    """Return how closely dissimilarity and squared error go together.

    Parameters
    ----------
    runs : sequence of OutOfFold
        As for `error_profile`.
    blocks : array of int, shape (n,)
        Block of ground of each sample.
    """
    index, loss, _, block = _pooled(runs, blocks)

    def statistic(keep: NDArray[np.bool_]) -> float | None:
        if keep.sum() < 3 or not np.ptp(index[keep]) or not np.ptp(loss[keep]):
            return None
        return float(np.corrcoef(rankdata(index[keep]), rankdata(loss[keep]))[0, 1])

    reason = "too few left-out samples, or all alike"
    return ProfileStrength(estimate(statistic, block, reason))


def _pooled(
    runs: Sequence[OutOfFold], blocks: NDArray[np.int64]
) -> tuple[Array, Array, Array, NDArray[np.int64]]:
    """Return index, squared error, coverage and block of every scored prediction."""
    parts = []
    for run in runs:
        index = run.extra[DISSIMILARITY]
        known = run.is_scored & np.isfinite(index)
        covered = run.extra.get("coverage_90", np.full(len(run), np.nan))
        loss = losses_brier(run.label, run.probability)
        parts.append((index[known], loss[known], covered[known], blocks[known]))
    index, loss, covered, block = (
        np.concatenate(column) for column in zip(*parts, strict=True)
    )
    return index, loss, covered, block


def _draws(block: NDArray[np.int64], random_state: int) -> Array:
    """Return how often each block is in each draw, shape (n_draws, n_blocks)."""
    n_blocks = len(np.unique(block))
    rng = np.random.default_rng(random_state)
    return rng.multinomial(n_blocks, np.full(n_blocks, 1 / n_blocks), size=_N_DRAWS).astype(
        np.float64
    )


def _with_band(
    values: Array, number: NDArray[np.int64], block: NDArray[np.int64], draws: Array, rises: int
) -> tuple[Array, Array, Array]:
    """Return the monotone mean of each class, and the ends of its band."""
    known = np.isfinite(values)
    n_classes = int(number.max()) + 1
    _, place = np.unique(block, return_inverse=True)
    sums, counts = np.zeros((2, draws.shape[1], n_classes))
    np.add.at(sums, (place[known], number[known]), values[known])
    np.add.at(counts, (place[known], number[known]), 1.0)
    whole = _monotone(sums.sum(axis=0), counts.sum(axis=0), rises)
    drawn = [
        _monotone(total, count, rises)
        for total, count in zip(draws @ sums, draws @ counts, strict=True)
    ]
    kept = [curve for curve in drawn if np.isfinite(curve).all()]
    if not kept:
        nothing = np.full(n_classes, np.nan)
        return whole, nothing, nothing
    lower, upper = np.quantile(np.array(kept), _BAND, axis=0)
    # A rising curve is pulled up at its end; the band holds the curve that is shown.
    return whole, np.minimum(lower, whole), np.maximum(upper, whole)


def _monotone(total: Array, count: Array, rises: int) -> Array:
    """Return the weighted isotonic means of classes; NaN where no class has a value."""
    filled = count > 0
    curve = np.full(len(total), np.nan)
    if filled.any():
        means = total[filled] / count[filled]
        fitted = isotonic_regression(rises * means, weights=count[filled]).x
        # A class that a draw left empty takes the value between its neighbours.
        places = np.arange(len(total))
        curve = np.interp(places, places[filled], rises * fitted)
    return curve
