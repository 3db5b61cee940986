"""Tuning: a search and its choice, on all samples and nested in the folds of a plan."""

import hashlib
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hotspot.folds.plan import FoldPlan
from hotspot.folds.score_blocks import score_blocks
from hotspot.samples.sampleset import Samples
from hotspot.seeds import child_seed
from hotspot.selection.candidate import Candidate, Scoring, candidate_losses
from hotspot.selection.choice import Choice, choose
from hotspot.selection.losses import Losses
from hotspot.selection.nested import Nested, nested_losses
from hotspot.selection.search import Forgetful, Memory, Progress, Trial, search
from hotspot.selection.space import SearchSpace, Setting

InnerPlans = Callable[[Samples, int], Sequence[FoldPlan]]
"""From the training samples of an outer fold, and its number, to folds within them."""

Memories = Callable[[int, Samples, Sequence[FoldPlan]], AbstractContextManager[Memory]]
"""From an outer fold, its training samples and their folds to the memory of its search."""


@dataclass(frozen=True)
class Tuner:
    """What is needed to tune a model on some samples.

    Parameters
    ----------
    make : callable
        From a setting to a candidate.
    space : SearchSpace
    default : dict
        The setting that the search starts from, and that is kept in doubt.
    scoring : Scoring
    seed : int
    """

    make: Callable[[Setting], Candidate]
    space: SearchSpace
    default: Setting
    scoring: Scoring
    seed: int


@dataclass(frozen=True, eq=False)
class Tuned:
    """The trials of a search, and the choice among them."""

    trials: list[Trial]
    choice: Choice
    blocks: NDArray[np.int64]

    @property
    def default_losses(self) -> Losses:
        """Losses of the default setting, shape (n_repeats, n)."""
        losses = self.trials[0].losses
        # `choose` lets no default through that has none.
        return np.empty((0, len(self.blocks))) if losses is None else losses


def tune(
    tuner: Tuner,
    samples: Samples,
    plans: Sequence[FoldPlan],
    *,
    n_trials: int,
    memory: Memory | None = None,
    progress: Progress | None = None,
) -> Tuned:
    """Return the trials on some samples, and the setting to take.

    Parameters
    ----------
    tuner : Tuner
    samples : Samples
        All of one contaminant.
    plans : sequence of FoldPlan
        The repeats of one plan.
    n_trials : int
        From 1, with the default.
    memory : Memory, optional
    progress : callable, optional

    Raises
    ------
    ConfigError
        The default lies outside the space.
    ModelError
        The model refuses its default setting, or it cannot be scored.
    """
    trials = search(
        lambda setting: candidate_losses(tuner.make(setting), samples, plans, tuner.scoring),
        tuner.space,
        tuner.default,
        n_trials=n_trials,
        seed=tuner.seed,
        memory=memory,
        progress=progress,
    )
    blocks = score_blocks(samples.coordinates)
    return Tuned(trials, choose(trials, tuner.space, blocks), blocks)


def nested_tuning(
    tuner: Tuner,
    samples: Samples,
    outer: FoldPlan,
    inner_plans: InnerPlans,
    *,
    n_trials: int,
    memories: Memories | None = None,
    progress: Progress | None = None,
) -> Nested[Choice]:
    """Return the losses of a model that is tuned anew in the training part of every fold.

    No setting is tried, chosen or fitted with a sample of the fold that it is scored on.

    Parameters
    ----------
    tuner : Tuner
    samples : Samples
        All of one contaminant.
    outer : FoldPlan
        One repeat of the plan of the scores.
    inner_plans : callable
        Makes the folds of the inner search from the training samples.
    n_trials : int
        Trials of each inner search, with the default.
    memories : callable, optional
    progress : callable, optional
        Called with the inner trials done and asked, over all folds.
    """
    n_folds = len(np.unique(outer.select(samples.sample_id).fold))
    remember = memories or _forget
    done = 0

    def chosen(train: Samples, fold: int) -> tuple[Candidate, Choice]:
        nonlocal done
        plans = inner_plans(train, fold)
        inner = Tuner(
            make=tuner.make,
            space=tuner.space,
            default=tuner.default,
            scoring=tuner.scoring,
            seed=child_seed(tuner.seed, "outer", outer.repeat, fold),
        )
        before = done

        def move(finished: int, asked: int) -> None:
            if progress is not None:
                progress(before + finished, n_folds * n_trials)

        with remember(fold, train, plans) as memory:
            found = tune(inner, train, plans, n_trials=n_trials, memory=memory, progress=move)
        done += n_trials
        return tuner.make(found.choice.setting), found.choice

    return nested_losses(chosen, samples, outer, tuner.scoring)


def samples_digest(samples: Samples) -> str:
    """Return the SHA-256 of the samples: names, covariates, intervals and places."""
    whole = hashlib.sha256("\n".join(map(str, samples.X.columns)).encode())
    whole.update("\n".join(samples.sample_id.tolist()).encode())
    for part in (samples.X.to_numpy(), samples.lower, samples.upper, samples.coordinates):
        whole.update(np.ascontiguousarray(part, dtype=np.float64).tobytes())
    return whole.hexdigest()


def plans_digest(plans: Sequence[FoldPlan], sample_id: NDArray[np.str_]) -> str:
    """Return the SHA-256 of the folds of some samples under some plans."""
    whole = hashlib.sha256()
    for plan in plans:
        own = plan.select(sample_id)
        whole.update(f"{own.plan} {own.repeat} {own.buffer_m!r} {own.training}".encode())
        whole.update(np.ascontiguousarray(own.fold, dtype=np.int64).tobytes())
    return whole.hexdigest()


def _forget(
    fold: int, samples: Samples, plans: Sequence[FoldPlan]
) -> AbstractContextManager[Memory]:
    return nullcontext(Forgetful())
