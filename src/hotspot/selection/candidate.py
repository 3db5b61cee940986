"""A candidate: a way to learn, which is scored by samples left out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hotspot.estimators.base import ExceedanceModel
from hotspot.evaluation.out_of_fold import out_of_fold
from hotspot.folds.plan import FoldPlan
from hotspot.observations.limits.rules import Limit
from hotspot.samples.sampleset import Samples
from hotspot.selection.losses import Losses, sample_losses


@dataclass(frozen=True)
class Candidate:
    """What is chosen among: a model with its settings, and the covariates it learns from.

    Parameters
    ----------
    make_model : callable
        Returns a new, unfitted model each time.
    covariates : tuple of str or None
        Names in the order of the catalogue; None for all.
    """

    make_model: Callable[[], ExceedanceModel]
    covariates: tuple[str, ...] | None = None

    def view(self, samples: Samples) -> Samples:
        """Return the samples with the covariates of the candidate only."""
        if self.covariates is None:
            return samples
        return replace(samples, X=samples.X[list(self.covariates)])


@dataclass(frozen=True)
class Scoring:
    """By what candidates are compared.

    Parameters
    ----------
    score : str
        One of `hotspot.selection.losses.LOSSES`.
    threshold : float or LimitRule
        The limit in mg/kg.
    """

    score: str
    threshold: Limit


def candidate_losses(
    candidate: Candidate, samples: Samples, plans: Sequence[FoldPlan], scoring: Scoring
) -> Losses:
    """Return the out-of-fold losses of a candidate, shape (n_plans, n).

    Parameters
    ----------
    candidate : Candidate
    samples : Samples
        All of one contaminant.
    plans : sequence of FoldPlan
        The repeats of one plan.
    scoring : Scoring

    Raises
    ------
    ModelError
        The model refuses a training part with both classes.
    """
    seen = candidate.view(samples)
    return np.stack(
        [
            sample_losses(
                out_of_fold(candidate.make_model, seen, plan, scoring.threshold), scoring.score
            )
            for plan in plans
        ]
    )


def part_losses(
    candidate: Candidate,
    samples: Samples,
    *,
    train: NDArray[np.int64],
    test: NDArray[np.int64],
    scoring: Scoring,
) -> NDArray[np.float64]:
    """Return the losses of the test part after learning the training part, shape (n_test,)."""
    part = candidate.view(samples).take(np.concatenate([train, test]))
    # Two parts in order of time: the first has nobody to learn from, the second learns from it.
    fold = np.repeat([0, 1], [len(train), len(test)])
    split = FoldPlan("part", 0, part.sample_id, fold, training="earlier")
    run = out_of_fold(candidate.make_model, part, split, scoring.threshold)
    return sample_losses(run, scoring.score)[len(train) :]
