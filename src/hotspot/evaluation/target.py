"""Target-weighted scores: out-of-fold losses weighted to resemble the map.

Tests lie where samples lie, and as far from training samples as folds put them; cells of
the map lie elsewhere and at other distances. Tests are therefore weighted until their
distances and covariates have the distribution of the map's.

What remains: where samples were taken because concentrations are high, beyond what
covariates and distances tell, the score stays somewhat too high, even from starting weights
against preference. `hotspot.samples.preferential.audit_preference` says whether that is so.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.errors import SampleError
from hotspot.evaluation.scores import (
    CLIP,
    losses_brier,
    losses_log,
)
from hotspot.evaluation.target_balance import TargetWeights
from hotspot.evaluation.target_descriptors import Tasks

Array = NDArray[np.float64]


@dataclass(frozen=True)
class TargetScore:
    """A score of the map, or the reason why there is none.

    Parameters
    ----------
    mean : float or None
    se : float or None
        Standard error: jackknife over spatial blocks, balanced anew without each.
    n_effective : float
        Effective number of samples.
    reason : str
        Why `mean`, or else `se`, is None.
    balance : DataFrame
        See `TargetWeights`.
    """

    mean: float | None
    se: float | None
    n_effective: float
    reason: str
    balance: pd.DataFrame

    def to_dict(self) -> dict[str, float | str | None]:
        """Return the entry of the ledger: mean, se, n_effective, and a reason if any."""
        entry: dict[str, float | str | None] = {
            "mean": self.mean,
            "se": self.se,
            "n_effective": self.n_effective,
        }
        return {**entry, "reason": self.reason} if self.reason else entry


def target_weighted_score(
    weights: TargetWeights,
    losses: Array,
    *,
    expected_of_tasks: Array | None = None,
    expected_of_cells: Array | None = None,
) -> TargetScore:
    """Return the mean loss over the map, estimated from weighted out-of-fold losses.

    Where the map's own probabilities are given as the losses that they expect of themselves,
    the score is their mean over the cells plus the weighted mean of what tests lost beyond
    what their probabilities expected: ``mean(e_cells) + sum(w * (loss - e_tasks))``. A model
    that knows how uncertain it is has residuals near zero, however the tests are weighted; of
    one that does not, the weighted tests tell. Without expectations the score is the weighted
    mean loss, as published.

    Parameters
    ----------
    weights : TargetWeights
        Of the tests.
    losses : array, shape (n_tasks,)
        Loss of each test.
    expected_of_tasks : array, shape (n_tasks,), optional
        Loss that each test's probability expects of itself: see `expected_log_loss`.
    expected_of_cells : array, shape (m,), optional
        The same of the cells of the map, predicted by the model of all samples.

    Returns
    -------
    TargetScore
        Without a mean where the tests cannot stand for the map, with the reason.

    Raises
    ------
    SampleError
        Only one of both expectations is given, or numbers differ.

    References
    ----------
    Särndal, Swensson & Wretman (1992), Model assisted survey sampling, chapter 6: the
    difference estimator. https://doi.org/10.1007/978-1-4612-4378-6
    """
    loss = np.asarray(losses, dtype=np.float64)
    if (expected_of_tasks is None) != (expected_of_cells is None):
        raise SampleError(
            "Expected losses were given of the tests only, or of the cells only. "
            "Give both or neither."
        )
    if len(loss) != len(weights.weight):
        raise SampleError(
            f"{len(loss)} losses were given for {len(weights.weight)} weights. "
            "Give the loss of each test."
        )
    reason = weights.reason or (weights.too_far if expected_of_cells is None else "")
    if reason:
        return TargetScore(None, None, weights.n_effective, reason, weights.balance)
    offset = 0.0
    if expected_of_tasks is not None and expected_of_cells is not None:
        loss = loss - expected_of_tasks
        offset = float(np.mean(expected_of_cells))
    return _scored(lambda weight: max(offset + float(weight @ loss), 0.0), weights)


def target_scores(
    tasks: Tasks,
    weights: TargetWeights,
    *,
    cell_probability: Array | None = None,
) -> dict[str, TargetScore]:
    """Return the scores of one model over the map, by name as in the ledger.

    Parameters
    ----------
    tasks : Tasks
        Tests of the model.
    weights : TargetWeights
        Of these tests.
    cell_probability : array, shape (m,), optional
        Probabilities of the map, by the model of all samples, at the cells that were
        balanced; NaN is left out. Best given: see `target_weighted_score`.

    Returns
    -------
    dict of TargetScore
        ``log_loss``, ``brier``, ``brier_skill``.
    """
    y, p = tasks.label, tasks.probability
    cells = None if cell_probability is None else _known(cell_probability)
    given = {
        "log_loss": (losses_log(y, p), expected_log_loss),
        "brier": (losses_brier(y, p), expected_brier),
    }
    scores = {
        name: target_weighted_score(
            weights,
            losses,
            expected_of_tasks=None if cells is None else expected(p),
            expected_of_cells=None if cells is None else expected(cells),
        )
        for name, (losses, expected) in given.items()
    }
    scores["brier_skill"] = _skill(tasks, weights, cells, scores["brier"])
    return scores


def expected_log_loss(p: Array) -> Array:
    """Return the log loss that each probability expects of itself: its entropy, in nats.

    Examples
    --------
    >>> expected_log_loss(np.array([0.5, 1.0])).round(3)
    array([0.693, 0.   ])
    """
    clipped = np.clip(p, CLIP, 1 - CLIP)
    return -(clipped * np.log(clipped) + (1 - clipped) * np.log1p(-clipped))


def expected_brier(p: Array) -> Array:
    """Return the squared error that each probability expects of itself."""
    return np.asarray(p * (1 - p), dtype=np.float64)


def _known(probability: Array) -> Array:
    known = np.asarray(probability, dtype=np.float64)
    known = known[np.isfinite(known)]
    if not len(known):
        raise SampleError(
            "No cell of the map has a probability. Leave the probabilities out, or predict "
            "the cells first."
        )
    return known


def _skill(
    tasks: Tasks, weights: TargetWeights, cells: Array | None, brier: TargetScore
) -> TargetScore:
    """Return 1 - Brier score / Brier score of the training prevalences."""
    if brier.mean is None:
        return brier
    reference = losses_brier(tasks.label, tasks.prevalence)
    loss = losses_brier(tasks.label, tasks.probability)
    offset = 0.0
    if cells is not None:
        loss = loss - expected_brier(tasks.probability)
        offset = float(np.mean(expected_brier(cells)))
    if not (weights.weight @ reference > 0 and (weights.replicates @ reference > 0).all()):
        reason = "the reference has no error to improve on"
        return TargetScore(None, None, weights.n_effective, reason, weights.balance)
    return _scored(
        lambda weight: 1 - max(offset + float(weight @ loss), 0.0) / float(weight @ reference),
        weights,
    )


def _estimated(
    statistic: Callable[[Array], float], weights: TargetWeights
) -> tuple[float, float | None]:
    """Return a statistic of the weights with its standard error by blocks.

    The jackknife balances anew without each block, so that what a block does to the weights
    of all others is part of the error.
    """
    mean = statistic(weights.weight)
    n_blocks = len(weights.replicates)
    if n_blocks < 2:
        return mean, None
    found = np.array([statistic(weight) for weight in weights.replicates])
    spread = found - found.mean()
    return mean, float(np.sqrt((n_blocks - 1) / n_blocks * (spread**2).sum()))


def _scored(statistic: Callable[[Array], float], weights: TargetWeights) -> TargetScore:
    mean, error = _estimated(statistic, weights)
    reason = "" if error is not None else "no standard error: fewer than two blocks"
    return TargetScore(mean, error, weights.n_effective, reason, weights.balance)
