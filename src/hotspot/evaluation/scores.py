"""Scores of predicted probabilities, as pure functions of labels and probabilities.

Labels are 1 and 0 without NaN, or between them the expectation of a label that is not known
(`hotspot.evaluation.self_consistency`): scores are then expected ones. A score that the
samples do not define is None, never 0; `why_undefined` says why.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

Array = NDArray[np.float64]

# Probabilities are moved this far from 0 and 1 before a logarithm is taken: one certain
# mistake costs 13.8, as much as 20 coin tosses, and not infinitely much.
CLIP = 1e-6
# Bins of the expected calibration error and of the reliability curve.
N_BINS = 10
# Labels drawn at once for the calibration error by chance, 8 bytes each.
_DRAWN_AT_ONCE = 2_000_000
# Share of the area that could be inspected.
BUDGET = 0.1


def losses_log(y: Array, p: Array) -> Array:
    """Return the log loss of each sample, in nats, after clipping to [1e-6, 1 - 1e-6]."""
    clipped = np.clip(p, CLIP, 1 - CLIP)
    return -(y * np.log(clipped) + (1 - y) * np.log1p(-clipped))


def losses_brier(y: Array, p: Array) -> Array:
    """Return the squared error of the probability of each sample."""
    return y * (1 - p) ** 2 + (1 - y) * p**2


def log_loss(y: Array, p: Array) -> float | None:
    """Return the mean log loss in nats; probabilities are clipped to [1e-6, 1 - 1e-6].

    Examples
    --------
    >>> log_loss(np.array([1.0, 0.0]), np.array([0.5, 0.5]))
    0.693
    """
    return float(losses_log(y, p).mean()) if len(y) else None


def brier(y: Array, p: Array) -> float | None:
    """Return the Brier score: the mean squared error of the probability.

    Examples
    --------
    >>> brier(np.array([1.0, 0.0]), np.array([0.5, 0.0]))
    0.125
    """
    return float(losses_brier(y, p).mean()) if len(y) else None


def brier_skill(y: Array, p: Array, reference: Array) -> float | None:
    """Return 1 - Brier score / Brier score of the reference.

    0 is no better than the reference, 1 is perfect, below 0 is worse than the reference.

    Parameters
    ----------
    y, p : array, shape (n,)
        Labels and probabilities.
    reference : array, shape (n,)
        For every sample the prevalence of the training part that `p` came from: what one
        knows without covariates, and without looking at the test part.

    Examples
    --------
    >>> y = np.array([1.0, 0.0])
    >>> brier_skill(y, np.array([0.5, 0.0]), np.array([0.5, 0.5]))
    0.5
    """
    known = np.isfinite(reference)
    if not known.any():
        return None
    base = losses_brier(y[known], reference[known]).mean()
    return float(1 - losses_brier(y[known], p[known]).mean() / base) if base > 0 else None


def auc(y: Array, p: Array) -> float | None:
    """Return the area under the ROC curve; None unless both classes are there.

    It is the chance that an exceedance has a higher probability than a sample below the
    limit, ties counting half.

    Examples
    --------
    >>> auc(np.array([1.0, 0.0, 0.0]), np.array([0.8, 0.8, 0.1]))
    0.75
    >>> auc(np.array([0.0, 0.0]), np.array([0.8, 0.1])) is None
    True
    """
    _, group = np.unique(p, return_inverse=True)
    above = np.bincount(group.reshape(-1), weights=y)
    below = np.bincount(group.reshape(-1), weights=1 - y)
    # A sample whose label is an expectation is not compared with itself.
    with_itself = float((y * (1 - y)).sum())
    pairs = float(above.sum() * below.sum()) - with_itself
    if pairs <= 0:
        return None
    won = (above * (np.cumsum(below) - below / 2)).sum() - with_itself / 2
    return float(won / pairs)


def average_precision(y: Array, p: Array) -> float | None:
    """Return the average precision; None unless both classes are there.

    The sum over thresholds of precision times the recall gained, without interpolation.
    A model that knows nothing has the prevalence.

    Examples
    --------
    >>> average_precision(np.array([1.0, 0.0, 1.0]), np.array([0.9, 0.8, 0.7]))
    0.833
    """
    above = float(y.sum())
    if above in (0, len(y)):
        return None
    order = np.argsort(-p, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(p[order])), len(p) - 1)
    found = np.cumsum(y[order])[ends]
    gained = np.diff(found, prepend=0.0) / above
    return float((gained * found / (ends + 1)).sum())


def equal_count_bins(p: Array, n_bins: int = N_BINS) -> NDArray[np.int64]:
    """Return the bin of each probability, from 0; equal probabilities share a bin.

    Bins are cut by rank and hold equal counts but for ties, which go where their mean rank
    does: a model that says one probability has one bin.

    Examples
    --------
    >>> equal_count_bins(np.array([0.1, 0.2, 0.3, 0.4]), 2)
    array([0, 0, 1, 1])
    >>> equal_count_bins(np.array([0.3, 0.3, 0.3]), 2)
    array([0, 0, 0])
    """
    if not len(p):
        return np.zeros(0, dtype=np.int64)
    wanted = np.floor((rankdata(p) - 0.5) / len(p) * n_bins)
    _, number = np.unique(wanted, return_inverse=True)
    return number.reshape(-1).astype(np.int64)


def ece(y: Array, p: Array, n_bins: int = N_BINS) -> float | None:
    """Return the expected calibration error over ten bins of equal count.

    The mean over bins, weighted by count, of the difference between the share
    of exceedances and the mean probability.
    It is above 0 by chance alone: compare it with `ece_by_chance`.

    Examples
    --------
    >>> ece(np.array([1.0, 0.0, 0.0, 0.0]), np.full(4, 0.25))
    0.0
    """
    if not len(y):
        return None
    number = equal_count_bins(p, n_bins)
    return float(np.abs(np.bincount(number, weights=y - p)).sum() / len(y))


def ece_by_chance(
    p: Array, n_bins: int = N_BINS, *, n_draws: int = 200, random_state: int = 0
) -> float | None:
    """Return the mean calibration error of a perfectly calibrated model of these `p`.

    Labels are drawn with exactly the probabilities `p`, `n_draws` times.

    Examples
    --------
    >>> ece_by_chance(np.array([0.0, 1.0]))
    0.0
    >>> ece_by_chance(np.full(400, 0.5)) < ece_by_chance(np.full(100, 0.5))
    True
    """
    if not len(p):
        return None
    number = equal_count_bins(p, n_bins)
    in_bin = (number[:, None] == np.arange(number.max() + 1)).astype(np.float64)
    rng = np.random.default_rng(random_state)
    total, done = 0.0, 0
    while done < n_draws:
        several = min(n_draws - done, max(1, _DRAWN_AT_ONCE // len(p)))
        labels = rng.random((several, len(p))) < p
        total += float(np.abs((labels - p) @ in_bin).sum())
        done += several
    return total / (len(p) * n_draws)


def sensitivity_at_budget(y: Array, p: Array, budget: float = BUDGET) -> float | None:
    """Return the share of exceedances found in the top `budget` of the probabilities.

    Samples of equal probability at the edge of the budget count by the share of them that
    still fits: the expectation over their random order. None without an exceedance.

    Parameters
    ----------
    y, p : array, shape (n,)
        Labels and probabilities.
    budget : float
        Share of the samples that is inspected, above 0, at most 1.

    Examples
    --------
    >>> y = np.array([1.0, 0.0, 1.0, 0.0])
    >>> sensitivity_at_budget(y, np.array([0.9, 0.8, 0.1, 0.0]), 0.25)
    0.5
    >>> sensitivity_at_budget(y, np.full(4, 0.5), 0.25)
    0.25
    """
    above = float(y.sum())
    if above == 0:
        return None
    affordable = budget * len(p)
    values, group, counts = np.unique(-p, return_inverse=True, return_counts=True)
    found = np.bincount(group.reshape(-1), weights=y, minlength=len(values))
    before = np.cumsum(counts) - counts
    share = np.clip((affordable - before) / counts, 0.0, 1.0)
    return float((share * found).sum() / above)


def why_undefined(y: Array) -> str:
    """Return why a score of these labels is undefined.

    Examples
    --------
    >>> why_undefined(np.zeros(3))
    'none of 3 samples exceeds the limit'
    """
    if not len(y):
        return "no sample has both a known label and a prediction"
    if y.sum() == 0:
        return f"none of {len(y)} samples exceeds the limit"
    if y.sum() == len(y):
        return f"every one of {len(y)} samples exceeds the limit"
    return "the reference has no error to improve on"


ScoreFunction = Callable[[Array, Array, Array], float | None]
"""A score of (labels, probabilities, training prevalences)."""

SCORES: dict[str, ScoreFunction] = {
    "log_loss": lambda y, p, _: log_loss(y, p),
    "brier": lambda y, p, _: brier(y, p),
    "brier_skill": brier_skill,
    "auc": lambda y, p, _: auc(y, p),
    "average_precision": lambda y, p, _: average_precision(y, p),
    "ece": lambda y, p, _: ece(y, p),
    "sensitivity_at_budget": lambda y, p, _: sensitivity_at_budget(y, p),
}
"""Scores of the ledger by name."""


def _mean(values: Array) -> float | None:
    return float(values.mean()) if len(values) else None


def _root_mean_square(values: Array) -> float | None:
    return float(np.sqrt((values**2).mean())) if len(values) else None


PER_SAMPLE_SCORES: dict[str, Callable[[Array], float | None]] = {
    "crps": _mean,
    "coverage_90": _mean,
    "rmse_log": _root_mean_square,
}
"""How per-sample numbers of distribution models are pooled: the continuous ranked
probability score, whether the 90 % interval held the value (1 or 0), and the error of the
log concentration."""
