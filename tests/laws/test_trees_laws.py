"""Laws of trees over many rows: LightGBM's sums to the last bit, shares that add up."""

from typing import Any

import lightgbm
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from hotspot.trees import Codes, LeafMasks, PatternTables
from hotspot.trees.lightgbm_text import read_trees

SEEDS = st.integers(0, 2**20)
FEW = settings(max_examples=25, deadline=None)


def planted(seed: int) -> tuple[Any, NDArray[np.float64]]:
    """Return a booster with random options on random columns, and rows as random."""
    rng = np.random.default_rng(seed)
    n, n_columns = int(rng.integers(40, 250)), int(rng.integers(1, 7))
    by_class = [column for column in range(n_columns) if rng.random() < 0.3]

    def rows_of(count: int, holes: float) -> NDArray[np.float64]:
        rows = rng.normal(size=(count, n_columns)) * 10.0 ** rng.integers(-6, 7, n_columns)
        rows[:, by_class] = rng.integers(-1, 90, (count, len(by_class)))
        rows[rng.random(rows.shape) < holes] = rng.choice([np.nan, 0.0, 1e-36])
        return rows

    rows = rows_of(n, float(rng.choice([0.0, 0.2])))
    trained_on = rows.copy()
    trained_on[:, by_class] = np.abs(trained_on[:, by_class])
    scale = np.nanmax(np.abs(trained_on), axis=0)
    label = np.nansum(trained_on / np.where(scale > 0, scale, 1.0), axis=1)
    label = label + rng.normal(size=n)
    options = {
        "objective": "regression",
        "num_leaves": int(rng.choice([2, 7, 31, 120])),
        "max_depth": int(rng.choice([2, 6, 9])),
        "min_data_in_leaf": int(rng.integers(1, 8)),
        "min_data_in_bin": 1,
        "min_data_per_group": 2,
        "cat_smooth": 1.0,
        "max_cat_to_onehot": int(rng.choice([1, 8])),
        "zero_as_missing": bool(rng.random() < 0.3),
        "use_missing": bool(rng.random() < 0.8),
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "seed": seed,
        "num_threads": 1,
        "verbose": -1,
    }
    data = lightgbm.Dataset(
        trained_on, label=label, categorical_feature=by_class, params=options
    )
    booster = lightgbm.train(options, data, num_boost_round=int(rng.integers(1, 30)))
    booster = lightgbm.Booster(model_str=booster.model_to_string())
    return booster, np.concatenate([rows, rows_of(60, 0.3)])


@FEW
@given(SEEDS)
def test_sums_have_the_bits_of_lightgbm(seed: int) -> None:
    """For any model and any rows, with holes and classes never seen."""
    booster, rows = planted(seed)
    ensemble = read_trees(booster.model_to_string())
    sums = LeafMasks.of(ensemble, Codes.of(ensemble)).sums(rows)
    np.testing.assert_array_equal(sums, booster.predict(rows, raw_score=True))


@FEW
@given(SEEDS)
def test_shares_are_those_of_lightgbm_and_add_up(seed: int) -> None:
    """Contributions are LightGBM's, alone and by group, and sum to the raw score."""
    booster, rows = planted(seed)
    ensemble = read_trees(booster.model_to_string())
    codes = Codes.of(ensemble)
    expected = booster.predict(rows, pred_contrib=True)
    near = {"atol": 1e-9 * max(1.0, float(np.abs(expected).max())), "rtol": 0.0}
    tables = PatternTables.of(ensemble, codes)
    shares = tables.contributions(rows)
    np.testing.assert_allclose(shares, expected[:, :-1], **near)
    total = tables.base + shares.sum(axis=1)
    np.testing.assert_allclose(total, booster.predict(rows, raw_score=True), **near)
    groups = np.arange(ensemble.n_columns) // 2
    grouped = PatternTables.of(ensemble, codes, groups.tolist()).contributions(rows)
    for group in range(grouped.shape[1]):
        members = shares[:, groups == group].sum(axis=1)
        np.testing.assert_allclose(grouped[:, group], members, **near)


@FEW
@given(SEEDS)
def test_a_row_is_answered_alone(seed: int) -> None:
    """The rows beside it change neither the sum nor a share of a row by a bit."""
    booster, rows = planted(seed)
    ensemble = read_trees(booster.model_to_string())
    codes = Codes.of(ensemble)
    masks, tables = LeafMasks.of(ensemble, codes), PatternTables.of(ensemble, codes)
    order = np.random.default_rng(seed).permutation(len(rows))
    for answer in (masks.sums, tables.contributions, tables.plain_contributions):
        whole = answer(rows)
        np.testing.assert_array_equal(answer(rows[order]), whole[order])
        np.testing.assert_array_equal(answer(rows[3:4]), whole[3:4])
        np.testing.assert_array_equal(answer(rows[:, :].copy(order="F")), whole)
