"""Folds of whole groups."""

import numpy as np
import pytest

from hotspot.errors import FoldError
from hotspot.folds import GroupKFold, Survey, make_plans

NAMES = np.array([f"s{number:02d}" for number in range(30)])
PLACES = np.random.default_rng(0).uniform(0, 100, (30, 2))


def test_no_group_is_cut() -> None:
    """Every group has one fold, every fold a group, and folds are of similar size."""
    groups = np.random.default_rng(1).integers(0, 9, 30)
    fold = GroupKFold(3).labels(PLACES, groups=groups)
    assert all(len(set(fold[groups == name])) == 1 for name in np.unique(groups))
    assert set(fold) == {0, 1, 2}
    assert np.bincount(fold).max() <= 15


def test_samples_without_a_group_are_held_out_together() -> None:
    """Missing names form one group: nothing says that they are not of one laboratory."""
    groups = np.array(["a", None, "b", "a", None, "b"] * 5, dtype=object)
    plan = make_plans(["group"], Survey(NAMES, PLACES, groups=groups), n_splits=5)[0]
    unknown = plan.fold[[name is None for name in groups]]
    assert set(plan.fold) == {0, 1, 2}
    assert len(set(unknown)) == 1
    assert set(unknown) & set(plan.fold[groups == "a"]) == set()


def test_too_few_groups_are_refused_with_numbers() -> None:
    """Three laboratories make no five folds."""
    with pytest.raises(FoldError, match="5 folds asked but there are only 3 groups"):
        GroupKFold(5).labels(PLACES, groups=np.arange(30) % 3)


def test_one_group_is_refused() -> None:
    """The plan says what is missing where all samples are of one laboratory."""
    survey = Survey(NAMES, PLACES, groups=np.zeros(30))
    with pytest.raises(FoldError, match="only 1 group"):
        make_plans(["group"], survey)


def test_a_group_plan_without_groups_is_refused() -> None:
    """The plan needs names."""
    with pytest.raises(FoldError, match="no groups were given"):
        make_plans(["group"], Survey(NAMES, PLACES))
