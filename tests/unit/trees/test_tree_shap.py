"""SHAP values from tables are LightGBM's, and those of the definition."""

from itertools import combinations
from math import factorial
from typing import Any

import numpy as np
import pytest

from hotspot.errors import ModelError
from hotspot.trees import patterns, shap
from hotspot.trees.lightgbm_text import read_trees
from hotspot.trees.quantise import Codes
from hotspot.trees.shap import PatternTables


def tables_of(booster: Any, groups: Any = None) -> PatternTables:
    ensemble = read_trees(booster.model_to_string())
    return PatternTables.of(ensemble, Codes.of(ensemble), groups)


def contributions(booster: Any, rows: Any) -> Any:
    return booster.predict(rows, pred_contrib=True, num_threads=1)


def test_contributions_are_those_of_lightgbm(trained: Any, rows: Any, kind: str) -> None:
    """Every kind of booster gives the same contributions and base to 1e-9 of their size."""
    booster = trained(kind)
    tables = tables_of(booster)
    expected = contributions(booster, rows)
    size = np.abs(expected).max()
    found = tables.contributions(rows)
    np.testing.assert_allclose(found, expected[:, :-1], atol=1e-9 * size, rtol=0)
    np.testing.assert_allclose(tables.base, expected[:, -1], atol=1e-9 * size, rtol=0)


def test_compiled_and_plain_give_the_same_bits(trained: Any, rows: Any, kind: str) -> None:
    """How many rows are asked at once decides who answers, and must not be seen."""
    tables = tables_of(trained(kind))
    np.testing.assert_array_equal(tables.contributions(rows), tables.plain_contributions(rows))


def test_contributions_add_up(trained: Any, rows: Any, kind: str) -> None:
    """Base and contributions are the raw score."""
    booster = trained(kind)
    tables = tables_of(booster)
    total = tables.base + tables.contributions(rows).sum(axis=1)
    raw = booster.predict(rows, raw_score=True)
    np.testing.assert_allclose(total, raw, atol=1e-9 * np.abs(raw).max(), rtol=0)


@pytest.mark.parametrize("groups", [[0, 0, 0, 1, 1, 2], [2, 0, 1, 0, 2, 1], [0] * 6, [5] * 6])
def test_groups_are_sums_of_their_covariates(trained: Any, rows: Any, groups: Any) -> None:
    """A role's contribution is what its covariates contribute together."""
    booster = trained("classes_and_nan")
    each = tables_of(booster).contributions(rows)
    grouped = tables_of(booster, groups).contributions(rows)
    expected = np.zeros((len(rows), max(groups) + 1))
    np.add.at(expected.T, groups, each.T)
    np.testing.assert_allclose(grouped, expected, atol=1e-12, rtol=0)


def test_parts_of_any_size_agree(
    trained: Any, rows: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Leaf by leaf or many leaves at once: where a tree is cut changes no contribution."""
    booster = trained("classes")
    found = tables_of(booster)
    monkeypatch.setattr(patterns, "_MERGED_BITS", 0)
    alone = tables_of(booster)
    assert alone.n_parts > 2 * found.n_parts
    np.testing.assert_allclose(
        alone.contributions(rows), found.contributions(rows), atol=1e-12, rtol=0
    )


def test_the_definition_over_all_coalitions(trained: Any, rows: Any) -> None:
    """Shapley's formula, with trees that follow both ways where a covariate is unknown."""
    booster = trained("classes_and_nan", n_trees=3)
    ensemble = read_trees(booster.model_to_string())
    codes = Codes.of(ensemble)
    left, splits = codes.goes_left(ensemble), ensemble.splits
    encoded = codes.encode(rows)

    def worth(node: int, row: int, known: frozenset[int]) -> float:
        if node < 0:
            return float(ensemble.leaf_value[-1 - node])
        column = int(splits.column[node])
        below = (int(splits.left[node]), int(splits.right[node]))
        if column in known:
            place = int(np.searchsorted(codes.column, column))
            goes_left = left[node][encoded[place, row]]
            return worth(below[0] if goes_left else below[1], row, known)
        counts = [
            splits.count[child] if child >= 0 else ensemble.leaf_count[-1 - child]
            for child in below
        ]
        parts = [worth(child, row, known) * n for child, n in zip(below, counts, strict=True)]
        return float(sum(parts) / splits.count[node])

    def game(row: int, known: frozenset[int]) -> float:
        return sum(worth(int(root), row, known) for root in ensemble.first_split[:-1])

    found = tables_of(booster).contributions(rows)
    for row in (0, 400, 555, 699):
        for column in range(6):
            others = [c for c in range(6) if c != column]
            value = sum(
                factorial(size)
                * factorial(5 - size)
                / factorial(6)
                * (game(row, frozenset(some) | {column}) - game(row, frozenset(some)))
                for size in range(6)
                for some in combinations(others, size)
            )
            assert found[row, column] == pytest.approx(value, abs=1e-12)


def test_trees_without_a_split_contribute_nothing(trained: Any, rows: Any) -> None:
    """What says the same of every row is all base."""
    booster = trained("plain", min_data_in_leaf=200)
    tables = tables_of(booster)
    assert not tables.contributions(rows).any()
    assert not tables.plain_contributions(rows).any()
    assert tables.base == pytest.approx(booster.predict(rows[:1], raw_score=True)[0])


def test_threads_and_portions_change_nothing(trained: Any, rows: Any) -> None:
    """A row's contributions are its own."""
    tables = tables_of(trained("nan"))
    many = np.tile(rows, (12, 1))
    whole = tables.contributions(many)
    np.testing.assert_array_equal(tables.contributions(many, n_threads=3), whole)
    np.testing.assert_array_equal(whole[:700], tables.contributions(rows))
    assert tables.contributions(rows[:0]).shape == (0, 6)


def test_what_tables_cannot_hold_is_refused(
    trained: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Too much memory, groups that do not fit, and counts that are not known."""
    booster = trained("plain")
    with pytest.raises(ModelError, match="Give each column a group"):
        tables_of(booster, [0, 1])
    text = booster.model_to_string()
    first = text.index("\nleaf_count=") + len("\nleaf_count=")
    none = text[:first] + "0" + text[text.index(" ", first) :]
    ensemble = read_trees(none)
    with pytest.raises(ModelError, match="no training sample"):
        PatternTables.of(ensemble, Codes.of(ensemble))
    monkeypatch.setattr(shap, "MOST_BITS", 2)
    with pytest.raises(ModelError, match="limit max_depth"):
        tables_of(booster)
    monkeypatch.setattr(shap, "_MOST_BYTES", 1000)
    with pytest.raises(ModelError, match="train fewer trees"):
        tables_of(booster)
