"""Groups and times of samples, and the leaks that the fold report finds."""

import numpy as np
import pandas as pd
import pytest

from hotspot.errors import FoldError
from hotspot.folds import FoldPlan, Survey, fold_report, make_plans
from hotspot.folds.membership import (
    groups_of_samples,
    row_groups,
    row_times,
    times_of_samples,
)


@pytest.fixture
def table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "sample_id": ["b", "a", "a", "c", "d"],
            "laboratory": ["North", "South", "North", "", "South"],
            "sampled_on": ["2003-07-01", "2001", "2001", "2002-05", "2001-12-31"],
            "soil": [1.0, 2.0, 2.0, 1.0, np.nan],
        }
    )


def test_a_sample_of_two_laboratories_is_of_both(table: pd.DataFrame) -> None:
    """Contaminants from several laboratories make a group of their own; none is none."""
    groups = groups_of_samples(table, "laboratory")
    assert groups.index.tolist() == ["a", "b", "c", "d"]
    assert groups.dropna().to_dict() == {"a": "North + South", "b": "North", "d": "South"}


def test_years_and_classes_are_groups(table: pd.DataFrame) -> None:
    """The year of sampling and any column of the samples can group them."""
    assert row_groups(table, "year").tolist() == ["2003", "2001", "2001", "2002", "2001"]
    assert row_groups(table, "soil").tolist() == ["1.0", "2.0", "2.0", "1.0", None]


def test_an_unknown_column_is_refused_with_the_nearest_name(table: pd.DataFrame) -> None:
    """A misspelt column is met with the name that was meant."""
    with pytest.raises(FoldError, match=r"'labratory'.*cv\.groups.*Did you mean 'laboratory'"):
        row_groups(table, "labratory")


@pytest.mark.parametrize(("name", "says"), [("North", "'North'"), ("", "no laboratory")])
def test_one_laboratory_cannot_be_left_out(table: pd.DataFrame, name: str, says: str) -> None:
    """With one group nothing would be left to train on, and the remedy is named."""
    with pytest.raises(FoldError, match=rf"All 4 samples have .*{says}.*cv\.groups.*cv\.plans"):
        groups_of_samples(table.assign(laboratory=name), "laboratory")


def test_dates_of_any_precision_are_in_order(table: pd.DataFrame) -> None:
    """A year and a month stand for their first day."""
    days = times_of_samples(table)
    assert days.index[np.argsort(days.to_numpy(), kind="stable")].tolist() == list("adcb")
    assert row_times(table).dtype == np.dtype("datetime64[D]")


def test_missing_and_equal_dates_are_refused(table: pd.DataFrame) -> None:
    """Folds in time need a date of every sample, and two different ones."""
    with pytest.raises(FoldError, match=r"1 of 4 samples have no date.*sampled_on.*cv\.plans"):
        times_of_samples(table.assign(sampled_on=["", "2001", "2001", "2002", "2003"]))
    with pytest.raises(FoldError, match=r"All 4 samples were taken on 2001-01-01"):
        times_of_samples(table.assign(sampled_on="2001"))


def _survey(n: int = 60) -> Survey:
    rng = np.random.default_rng(4)
    return Survey(
        sample_id=np.array([f"s{number:02d}" for number in range(n)]),
        coordinates=rng.uniform(0, 1000, (n, 2)),
        groups=np.array(["North", "South", "West"], dtype=object)[np.arange(n) % 3],
        times=np.datetime64("2000-01-01") + np.arange(n) * 100,
    )


def test_plans_by_group_and_in_time_do_not_leak() -> None:
    """The report has no leak to tell of the plans as they are made."""
    survey = _survey()
    plans = make_plans(["group", "time", "buffered"], survey, n_splits=3, buffer=60.0)
    labels = (np.arange(60) % 2).astype(float)
    report = fold_report(
        plans, labels, survey.coordinates, groups=survey.groups, times=survey.times
    )
    first = (report["plan"] == "time") & (report["fold"] == 0)
    assert report.loc[first, "warning"].tolist() == ["no training sample"]
    assert not report["warning"].str.contains("test sample").any()


@pytest.mark.parametrize(
    ("plan", "says"),
    [
        ({"plan": "group"}, "4 test samples of a group that trains"),
        ({"plan": "time", "training": "earlier"}, "3 test samples not later than a training"),
    ],
)
def test_leaking_folds_are_told(plan: dict[str, str], says: str) -> None:
    """A plan that parts a group, or trains on what came later, is found out."""
    names = np.arange(8).astype(str)
    fold = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    groups = np.array(["N", "N", None, "S", "N", "S", "S", "N"], dtype=object)
    times = np.array([2000, 2001, 2002, 2005, 2003, 2006, 2004, 2005])
    report = fold_report(
        [FoldPlan(repeat=0, sample_id=names, fold=fold, **plan)],  # type: ignore[arg-type]
        np.tile([0.0, 1.0], 4),
        np.arange(16.0).reshape(8, 2),
        groups=groups,
        times=times,
    )
    assert says in report["warning"].iloc[1]


def test_a_single_class_is_told_of_groups_too() -> None:
    """A laboratory whose samples all exceed cannot be ranked, and the report says so."""
    survey = _survey()
    plan = make_plans(["group"], survey, n_splits=3)
    labels = (survey.groups == "North").astype(float)
    report = fold_report(plan, labels, survey.coordinates, groups=survey.groups)
    assert report["warning"].str.contains("one class in test").all()
    assert report["warning"].str.contains("one class in training").sum() == 1
