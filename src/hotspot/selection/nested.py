"""Nested scores: what a way of choosing is worth on samples that the choice never saw."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from hotspot.folds.plan import FoldPlan
from hotspot.samples.sampleset import Samples
from hotspot.selection.candidate import Candidate, Scoring, part_losses
from hotspot.selection.losses import Losses

Chosen = TypeVar("Chosen")


@dataclass(frozen=True, eq=False)
class Nested(Generic[Chosen]):
    """The losses of what was chosen fold by fold.

    Parameters
    ----------
    losses : array, shape (1, n)
        In the order of the samples.
    choices : dict
        What was chosen in the training part of each fold.
    """

    losses: Losses
    choices: dict[int, Chosen]


def nested_losses(
    choose: Callable[[Samples, int], tuple[Candidate, Chosen]],
    samples: Samples,
    plan: FoldPlan,
    scoring: Scoring,
) -> Nested[Chosen]:
    """Return the losses of every sample after choosing and learning without it.

    For each fold of the plan the choice is made from its training part alone, the chosen
    candidate learns that part, and the test part is scored. So the score holds the whole
    procedure, with what the choice itself costs; a score of the winner alone is too good.

    Parameters
    ----------
    choose : callable
        From the training samples and the number of the fold to a candidate and a note.
    samples : Samples
        All of one contaminant.
    plan : FoldPlan
        One repeat of the outer plan.
    scoring : Scoring

    References
    ----------
    Varma, S., & Simon, R. (2006). Bias in error estimation when using cross-validation for
    model selection. BMC Bioinformatics 7, 91. https://doi.org/10.1186/1471-2105-7-91
    """
    own = plan.select(samples.sample_id)
    losses = np.full((1, len(samples)), np.nan)
    choices: dict[int, Chosen] = {}
    for train, test in own.splits(samples.coordinates):
        # The first period of a plan in time has nobody to learn from.
        if not len(train):
            continue
        fold = int(own.fold[test[0]])
        candidate, choices[fold] = choose(samples.take(train), fold)
        losses[0, test] = part_losses(
            candidate, samples, train=train, test=test, scoring=scoring
        )
    return Nested(losses, choices)
