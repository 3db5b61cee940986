"""Making plans by name, reporting on them, and keeping them on disk."""

import numpy as np
import pandas as pd
import pytest

from hotspot.errors import FoldError
from hotspot.folds import (
    PLANS,
    BlockKFold,
    BufferedLeaveOut,
    FoldPlan,
    Survey,
    fold_report,
    make_plans,
    read_folds,
    write_folds,
)
from hotspot.folds.make import PlanRequest


def _survey(n: int = 80) -> Survey:
    rng = np.random.default_rng(0)
    centres = rng.uniform(0, 1000, (8, 2))
    coordinates = centres[np.arange(n) % 8] + rng.normal(0, 20, (n, 2))
    return Survey(
        sample_id=np.array([f"s{number:03d}" for number in range(n)]),
        coordinates=coordinates,
        y=(np.arange(n) % 4 == 0).astype(float),
        target=rng.uniform(0, 1000, (300, 2)),
    )


def _same(first: FoldPlan, second: FoldPlan) -> bool:
    return first.to_frame().equals(second.to_frame())


def test_all_known_plans_are_made_in_order() -> None:
    """Names, repeats and samples come in the order promised; every sample has a fold."""
    plans = make_plans(["random", "block", "knndm"], _survey(), n_splits=4, repeats=2)
    assert [(plan.plan, plan.repeat) for plan in plans] == [
        (name, repeat) for name in ("random", "block", "knndm") for repeat in (0, 1)
    ]
    assert all(set(plan.fold) == {0, 1, 2, 3} for plan in plans)


def test_repeats_differ() -> None:
    """No repeat of a plan is the same folds again."""
    plans = make_plans(["random", "block", "knndm"], _survey(), n_splits=4, repeats=3)
    for name in ("random", "block", "knndm"):
        folds = [plan.fold.tolist() for plan in plans if plan.plan == name]
        assert folds[0] != folds[1] != folds[2]


def test_a_plan_keeps_its_folds_when_others_join() -> None:
    """The folds of a plan depend on its own name, repeat and the seed."""
    alone = make_plans(["block"], _survey(), n_splits=4, seed=5)[0]
    joined = make_plans(["random", "block"], _survey(), n_splits=4, repeats=2, seed=5)[2]
    other = make_plans(["block"], _survey(), n_splits=4, seed=6)[0]
    assert _same(alone, joined)
    assert not _same(alone, other)


def test_row_order_changes_no_fold() -> None:
    """A shuffled survey gives the same fold table."""
    survey = _survey()
    order = np.random.default_rng(1).permutation(80)
    shuffled = Survey(
        sample_id=survey.sample_id[order],
        coordinates=survey.coordinates[order],
        y=survey.y[order],
        target=survey.target,
    )
    names = ["random", "block", "knndm"]
    for first, second in zip(
        make_plans(names, survey, n_splits=4),
        make_plans(names, shuffled, n_splits=4),
        strict=True,
    ):
        assert _same(first, second)


def test_auto_spacing_always_fills_enough_blocks() -> None:
    """Automatic blocks shrink until there are two per fold."""
    request = PlanRequest(_survey(), 20, "auto", 0, 0)
    fold = BlockKFold(20, request.block_side()).labels(request.survey.coordinates)
    assert set(fold) == set(range(20))


def test_an_unknown_plan_is_refused_with_the_nearest_name() -> None:
    """A misspelt plan is met with the name that was meant."""
    with pytest.raises(FoldError, match="Did you mean 'block'"):
        make_plans(["blok"], _survey())


def test_knndm_without_cells_is_refused() -> None:
    """The plan knndm needs to know the map."""
    with pytest.raises(FoldError, match="no prediction cell"):
        make_plans(["knndm"], Survey(np.array(["a", "b"]), np.eye(2)), n_splits=2)


def test_repeated_names_are_refused() -> None:
    """A sample that is named twice would get two folds."""
    with pytest.raises(FoldError, match="1 of 3 sample names are repeated: a"):
        Survey(np.array(["a", "a", "b"]), np.zeros((3, 2)))


def test_a_further_plan_plugs_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry in the registry is all that a new plan needs; its buffer is kept."""

    def buffered(request: PlanRequest) -> BufferedLeaveOut:
        blocks = BlockKFold(request.n_splits, request.block_side())
        return BufferedLeaveOut(30.0, splitter=blocks)

    monkeypatch.setitem(PLANS, "buffered", buffered)
    plan = make_plans(["buffered"], _survey(), n_splits=4)[0]
    assert plan.buffer_m == 30.0


def test_plans_survive_the_disk(tmp_path) -> None:
    """What is read is what was written, buffers included."""
    ids = np.array(["a", "b", "c"])
    plans = [
        FoldPlan("block", 0, ids, np.array([0, 1, 1])),
        FoldPlan("block", 1, ids, np.array([1, 0, 1])),
        FoldPlan("buffered", 0, ids, np.array([0, 1, 2]), 250.0),
    ]
    write_folds(plans, tmp_path / "new" / "folds.parquet")
    back = read_folds(tmp_path / "new" / "folds.parquet")
    assert all(_same(mine, theirs) for mine, theirs in zip(plans, back, strict=True))
    assert back[2].buffer_m == 250.0
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["folds.parquet"]


def test_the_fold_table_is_the_same_bytes_again(tmp_path) -> None:
    """Two writings of the same plans are equal byte by byte."""
    for name in ("one", "two"):
        plans = make_plans(["random", "knndm"], _survey(), n_splits=4)
        write_folds(plans, tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_plan_given_twice_is_refused(tmp_path) -> None:
    """Two plans of one name and repeat would become one plan of double length."""
    plan = FoldPlan("block", 0, np.array(["a", "b"]), np.array([0, 1]))
    with pytest.raises(FoldError, match="2 plans were given, 1 of them different"):
        write_folds([plan, plan], tmp_path / "folds.parquet")


def test_missing_and_foreign_tables_are_refused(tmp_path) -> None:
    """Neither an absent file nor another table is read as folds."""
    with pytest.raises(FoldError, match="Run `hotspot folds` first"):
        read_folds(tmp_path / "folds.parquet")
    pd.DataFrame({"sample_id": ["a"]}).to_parquet(tmp_path / "other.parquet")
    with pytest.raises(FoldError, match="plan, repeat, fold, buffer_m missing"):
        read_folds(tmp_path / "other.parquet")


def test_the_report_counts_what_each_fold_holds() -> None:
    """Sizes, exceedances and unknown labels of a fold are counted."""
    plan = FoldPlan("block", 0, np.array(list("abcdef")), np.array([0, 0, 0, 1, 1, 1]))
    y = np.array([1.0, 0, np.nan, 1, 0, 0])
    places = np.column_stack([np.arange(6.0), np.zeros(6)])
    row = fold_report([plan], y, places).iloc[0]
    assert row.drop("warning").tolist() == ["block", 0, 0, 3, 3, 1, 1, 1]
    assert row["warning"] == ""


@pytest.mark.parametrize(
    ("y", "places", "buffer_m", "warning"),
    [
        ([1, 1, 0, 1], [0, 1, 2, 3], 0.0, "one class in test"),
        ([1, 0, 1, 1], [0, 1, 2, 3], 0.0, "one class in training"),
        ([np.nan, np.nan, 0, 1], [0, 1, 2, 3], 0.0, "no known test label"),
        ([1, 0, np.nan, np.nan], [0, 1, 2, 3], 0.0, "no known label in training"),
        ([1, 0, 0, 1], [0, 1, 1, 3], 0.0, "1 test sample at the place of a training sample"),
        ([1, 0, 0, 1], [0, 1, 2, 3], 9.0, "no training sample"),
    ],
)
def test_the_report_warns_of_what_is_wrong(y, places, buffer_m, warning) -> None:
    """Empty, single-class and leaking folds are named."""
    plan = FoldPlan("x", 0, np.array(list("abcd")), np.array([0, 0, 1, 1]), buffer_m)
    coordinates = np.column_stack([np.array(places, dtype=float), np.zeros(4)])
    report = fold_report([plan], np.array(y, dtype=float), coordinates)
    assert report["warning"].iloc[0] == warning
