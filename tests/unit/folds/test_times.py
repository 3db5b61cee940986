"""Folds in time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotspot.errors import FoldError
from hotspot.folds import (
    FoldPlan,
    Survey,
    TimeKFold,
    fold_report,
    make_plans,
    plans_of,
    read_folds,
    write_folds,
)

NAMES = np.array([f"s{number:02d}" for number in range(40)])
PLACES = np.random.default_rng(0).uniform(0, 100, (40, 2))


@given(seed=st.integers(0, 10_000), n_times=st.integers(3, 12), n_splits=st.integers(1, 6))
@settings(max_examples=60, deadline=None)
def test_only_the_past_trains(seed: int, n_times: int, n_splits: int) -> None:
    """All training samples are earlier than all test samples; every later one is tested."""
    year = np.random.default_rng(seed).integers(0, n_times, 40)
    splitter = TimeKFold(min(n_splits, len(np.unique(year)) - 1))
    splits = list(splitter.split(PLACES, groups=year))
    assert len(splits) == splitter.get_n_splits()
    assert all(year[train].max() < year[test].min() for train, test in splits)
    first = splits[0][0]
    tested = np.concatenate([test for _, test in splits])
    assert sorted([*first, *tested]) == list(range(40))


def test_periods_are_of_similar_size() -> None:
    """Twelve even years make four periods of three."""
    year = np.repeat(np.arange(2000, 2012), 3)
    fold = TimeKFold(3).labels(np.zeros((36, 2)), groups=year)
    assert np.bincount(fold).tolist() == [9, 9, 9, 9]


def test_the_first_period_has_no_training_sample() -> None:
    """A plan in time says so in its report instead of training on the future."""
    survey = Survey(NAMES, PLACES, times=np.arange(40) % 4)
    plans = make_plans(["time"], survey, n_splits=5, repeats=3)
    assert [(plan.plan, plan.repeat, plan.training) for plan in plans] == [
        ("time", 0, "earlier")
    ]
    report = fold_report(plans, (np.arange(40) % 2).astype(float), PLACES)
    assert report["n_train"].tolist() == [0, 10, 20, 30]
    assert report["warning"].str.contains("no training sample").tolist() == [True] + 3 * [False]


def test_a_plan_in_time_survives_selection_and_the_disk(tmp_path) -> None:
    """Samples chosen from it, and what is read again, still train on the past only."""
    plan = FoldPlan("time", 0, np.array(["a", "b", "c"]), np.arange(3), training="earlier")
    write_folds([plan], tmp_path / "folds.parquet")
    back = read_folds(tmp_path / "folds.parquet")[0].select(np.array(["c", "a"]))
    splits = [(train.tolist(), test.tolist()) for train, test in back.splits(np.zeros((2, 2)))]
    assert splits == [([], [1]), ([1], [0])]


def test_tables_of_older_versions_are_read() -> None:
    """A table without the newer columns is of plans that train on all other labels."""
    plan = FoldPlan("block", 1, np.array(["a", "b"]), np.array([0, 1]), 5.0)
    old = plan.to_frame().drop(columns=["training", "metric"])
    back = plans_of(old)[0]
    assert back.to_frame().equals(plan.to_frame())


def test_unknown_training_is_refused() -> None:
    """A table of a later version is not read as something else."""
    table = FoldPlan("x", 0, np.array(["a"]), np.array([0])).to_frame()
    with pytest.raises(FoldError, match="trains on 'later'"):
        plans_of(table.assign(training="later"))


def test_samples_without_a_time_are_refused() -> None:
    """An unknown time is neither past nor future."""
    times = np.where(np.arange(40) < 3, np.nan, 2001.0)
    with pytest.raises(FoldError, match="3 of 40 samples have no time"):
        make_plans(["time"], Survey(NAMES, PLACES, times=times))


def test_one_time_is_refused() -> None:
    """A survey of one year has no past."""
    with pytest.raises(FoldError, match="only 1 different times"):
        make_plans(["time"], Survey(NAMES, PLACES, times=np.full(40, 2001)))
