"""Nested scores have seen nothing of what they are scored on."""

from collections.abc import Callable
from typing import Any

import numpy as np

from hotspot.folds.make import Survey, make_plans
from hotspot.folds.plan import FoldPlan
from hotspot.samples.sampleset import Samples
from hotspot.selection import (
    Candidate,
    Choice,
    Nested,
    Scoring,
    Tuner,
    candidate_losses,
    nested_losses,
    nested_tuning,
)


def inner_plans(train: Samples, fold: int) -> list[FoldPlan]:
    survey = Survey(train.sample_id, train.coordinates)
    return make_plans(["block"], survey, n_splits=3, spacing=200.0, seed=fold)


def tuned(tuner: Tuner, samples: Samples, outer: FoldPlan) -> Nested[Choice]:
    return nested_tuning(tuner, samples, outer, inner_plans, n_trials=4)


def test_no_model_saw_the_fold_it_is_scored_on(
    samples: Samples, plans: list[FoldPlan], make_tuner: Callable[..., Tuner]
) -> None:
    """Every fit and every answer before the score of a fold is without its test samples.

    The spy notes who was fitted and who was asked. The outer score is the only time that
    samples of the test fold are asked, and everything since the score before it, which is the
    whole inner search and the last fit, was on other samples.
    """
    diary: list[tuple[str, frozenset[int]]] = []
    outer = plans[0]
    tuned(make_tuner(diary), samples, outer)
    own = outer.select(samples.sample_id)
    position = 0
    for train, test in own.splits(samples.coordinates):
        tested = frozenset(test.tolist())
        end = diary.index(("asked", tested), position)
        before = diary[position:end]
        assert len(before) == 2 * 3 * 4 + 1
        assert all(not (seen & tested) for _, seen in before)
        # The last fit before the score is on the whole training part.
        assert before[-1] == ("fit", frozenset(train.tolist()))
        position = end + 1
    assert position == len(diary)


def test_labels_of_a_fold_change_nothing_that_is_chosen_for_it(
    samples: Samples, plans: list[FoldPlan], make_tuner: Callable[..., Tuner]
) -> None:
    """Turn all labels of fold 0 round: its choice stays, its score does not."""
    outer = plans[0].select(samples.sample_id)
    first = tuned(make_tuner(), samples, outer)
    mine = outer.fold == 0
    value = np.where(mine, 200.0 - samples.lower, samples.lower)
    turned = Samples(samples.sample_id, samples.X, value, value, samples.coordinates)
    second = tuned(make_tuner(), turned, outer)
    assert first.choices[0].setting == second.choices[0].setting
    assert np.nanmean(first.losses[0][mine]) != np.nanmean(second.losses[0][mine])


def test_without_a_choice_it_is_the_out_of_fold_score(
    samples: Samples,
    plans: list[FoldPlan],
    scoring: Scoring,
    make_tuner: Callable[..., Tuner],
) -> None:
    """A chooser that always takes one candidate has the losses of that candidate, exactly."""
    candidate = make_tuner().make({"slope": 1.5})
    nested = nested_losses(lambda train, fold: (candidate, fold), samples, plans[0], scoring)
    plain = candidate_losses(candidate, samples, plans[:1], scoring)
    np.testing.assert_array_equal(nested.losses, plain)
    assert list(nested.choices) == [0, 1, 2, 3]


def test_a_buffer_and_a_plan_in_time_are_kept(
    samples: Samples, plans: list[FoldPlan], scoring: Scoring, make_tuner: Callable[..., Tuner]
) -> None:
    """The choice is made from what the plan lets train, and the first period is not scored."""
    fold = np.repeat([0, 1, 2, 3], 20)
    plan = FoldPlan("time", 0, samples.sample_id, fold, 50.0, training="earlier")
    seen: dict[int, Any] = {}

    def choose(train: Samples, number: int) -> tuple[Candidate, int]:
        seen[number] = set(train.sample_id)
        return make_tuner().make({"slope": 1.0}), number

    nested = nested_losses(choose, samples, plan, scoring)
    assert sorted(seen) == [1, 2, 3]
    assert np.isnan(nested.losses[0, :20]).all()
    assert np.isfinite(nested.losses[0, 20:]).all()
    for number, names in seen.items():
        allowed = {
            str(name)
            for train, test in plan.splits(samples.coordinates)
            if fold[test[0]] == number
            for name in samples.sample_id[train]
        }
        assert names == allowed


def test_the_same_seed_chooses_the_same(
    samples: Samples, plans: list[FoldPlan], make_tuner: Callable[..., Tuner]
) -> None:
    """Twice the same settings and losses."""
    first, second = (tuned(make_tuner(), samples, plans[0]) for _ in range(2))
    assert first.choices == second.choices
    np.testing.assert_array_equal(first.losses, second.losses)


def test_tuning_a_bad_default_pays_on_unseen_samples(
    samples: Samples, plans: list[FoldPlan], make_tuner: Callable[..., Tuner], scoring: Scoring
) -> None:
    """With the default pointing the wrong way, the nested loss falls by a third or more."""
    tuner = make_tuner()
    nested = nested_tuning(tuner, samples, plans[0], inner_plans, n_trials=8)
    default = candidate_losses(tuner.make(tuner.default), samples, plans[:1], scoring)
    assert nested.losses.mean() < 0.67 * default.mean()
