"""Losses of single samples: what candidates are compared by."""

import numpy as np
from numpy.typing import NDArray

from hotspot.errors import ConfigError
from hotspot.evaluation.out_of_fold import OutOfFold
from hotspot.evaluation.scores import losses_brier, losses_log
from hotspot.evaluation.uncertainty import Estimate, estimate

Losses = NDArray[np.float64]
"""Shape (n_repeats, n): the loss of every sample in every repeat; NaN where not scored."""

# Lower is better in each, and each is a mean over samples.
LOSSES = ("log_loss", "brier", "crps")


def sample_losses(run: OutOfFold, score: str) -> NDArray[np.float64]:
    """Return the loss of every sample under a score; NaN where it is not scored.

    Parameters
    ----------
    run : OutOfFold
        Predictions of one repeat.
    score : str
        One of `LOSSES`. ``log_loss`` and ``brier`` are those of exceedance, of samples with
        a known label; ``crps`` (mg/kg) is that of the concentration, of measured samples.

    Raises
    ------
    ConfigError
        The score is unknown, or ``crps`` is asked of a model that knows exceedance only.
    """
    if score == "crps":
        if "crps" not in run.extra:
            raise ConfigError(
                "tune.score=crps: the score needs a model of the whole concentration, and this "
                "one answers with exceedance only. Give tune.score=log_loss, or another model."
            )
        return run.extra["crps"]
    if score not in LOSSES:
        raise ConfigError(
            f"tune.score={score}: there is no such loss. Give one of {', '.join(LOSSES)}."
        )
    loss = losses_log if score == "log_loss" else losses_brier
    found = np.full(len(run), np.nan)
    known = run.is_scored
    found[known] = loss(run.label[known], run.probability[known])
    return found


def mean_loss(losses: Losses, blocks: NDArray[np.int64]) -> Estimate:
    """Return the mean loss with its standard error.

    All folds of a repeat are pooled, and repeats are averaged. A block is left out of every
    repeat at once; what the draw of folds adds, the variance between repeats over their
    number, is added. It is what `hotspot.evaluation.pooled_score` gives.

    Parameters
    ----------
    losses : array, shape (n_repeats, n)
    blocks : array of int, shape (n,)
        Spatial block of each sample.

    Examples
    --------
    >>> mean_loss(np.array([[0.1, 0.3, 0.2]]), np.array([0, 1, 2])).to_dict()
    {'mean': 0.200, 'se': 0.0577}
    """
    scored = np.isfinite(losses)

    def statistic(keep: NDArray[np.bool_]) -> float | None:
        kept = scored & keep
        if not kept.any(axis=1).all():
            return None
        total = np.where(kept, losses, 0.0).sum(axis=1)
        return float((total / kept.sum(axis=1)).mean())

    found = estimate(statistic, blocks, "no sample is scored")
    if found.se is None or len(losses) < 2:
        return found
    drawn = [float(row[np.isfinite(row)].mean()) for row in losses]
    variance = float(np.var(drawn, ddof=1)) / len(drawn)
    return Estimate(found.mean, float(np.sqrt(found.se**2 + variance)))


def scored_by_both(first: Losses, second: Losses) -> tuple[Losses, Losses]:
    """Return both losses without those of samples that only one of them has, by repeat.

    A set without a covariate answers where that covariate is missing or of a new class, so
    the means of all that each has scored would be of different samples.

    Examples
    --------
    >>> one, two = scored_by_both(np.array([[0.2, np.nan]]), np.array([[0.1, 0.9]]))
    >>> two.tolist()
    [[0.1, nan]]
    """
    both = np.isfinite(first) & np.isfinite(second)
    return np.where(both, first, np.nan), np.where(both, second, np.nan)


def loss_difference(first: Losses, second: Losses, blocks: NDArray[np.int64]) -> Estimate:
    """Return the mean loss of the first minus that of the second, with its standard error.

    In each repeat, samples that both have scored in it are compared. What makes a sample hard
    for both cancels. It is what `hotspot.evaluation.paired_difference` gives for two runs of
    the same plans.
    """
    return mean_loss(first - second, blocks)
