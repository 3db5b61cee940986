"""Deep forests walked by compiled loops, and their answers smoothed, to the last bit."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.special import ndtr
from sklearn.ensemble import RandomForestRegressor

from hotspot.errors import ModelError
from hotspot.estimators.forests import nodes as forest_nodes
from hotspot.estimators.forests.bagging import Bagged, ColumnScale
from hotspot.estimators.forests.nodes import Forest
from hotspot.estimators.forests.quantile import QuantileForest
from hotspot.estimators.log_intervals import Support
from hotspot.trees.patience import Patience
from hotspot.trees.smooth import compiled_smooth_rows, smooth_rows
from hotspot.trees.walk import WalkedTrees


class Impatient(Patience):
    """Prepares at once."""

    def is_over(self, plain: float, *, prepare: float = 0.0) -> bool:
        """Say so."""
        return True


class Waiting(Patience):
    """Never prepares."""

    def is_over(self, plain: float, *, prepare: float = 0.0) -> bool:
        """Deny it."""
        return False


@pytest.fixture(scope="module")
def grown() -> tuple[Forest, sparse.csr_array, Any]:
    """Return a forest, a table of its leaves, and rows, some of them on thresholds."""
    rng = np.random.default_rng(1)
    X = np.column_stack([rng.normal(size=400), rng.integers(0, 5, 400), rng.normal(size=400)])
    y = X[:, 0] + (X[:, 1] == 2) + 0.2 * rng.normal(size=400)
    grown = RandomForestRegressor(20, random_state=0).fit(X, y)
    trees = [tree.tree_ for tree in grown.estimators_]
    as_given = ColumnScale(np.zeros(3), np.ones(3))
    forest = Forest.of(Bagged(trees, np.ones((400, 20), int), as_given))
    table = sparse.random_array((forest.n_leaves, 37), density=0.1, rng=rng).tocsr()
    rows = rng.normal(size=(1001, 3))
    edges = forest.limit[forest.column == 0]
    rows[: len(edges[:500]), 0] = edges[:500]
    return forest, sparse.csr_array(table), rows


def nodes_of(forest: Forest) -> Any:
    return (forest.root, forest.column, forest.limit, forest.left, forest.right)


def table_of(table: sparse.csr_array) -> Any:
    return (table.indptr, table.indices, table.data)


def test_walked_totals_are_the_product_with_the_leaves(grown: Any) -> None:
    """Every row reaches its leaf in every tree; entries are added in the order of trees."""
    forest, table, rows = grown
    walked = WalkedTrees.of(nodes_of(forest), table_of(table), (3, 37))
    leaves = forest.leaves(rows)
    n, n_trees = leaves.shape
    picks = sparse.csr_array(
        (np.ones(leaves.size), leaves.ravel(), np.arange(n + 1) * n_trees),
        shape=(n, forest.n_leaves),
    )
    expected = (picks @ table).toarray()
    found = walked.totals(rows.astype(np.float32))
    np.testing.assert_array_equal(found, expected)
    for n in (0, 1, 2, 3, 5):
        np.testing.assert_array_equal(walked.totals(rows[:n].astype(np.float32)), found[:n])
    many = np.tile(rows, (9, 1)).astype(np.float32)
    np.testing.assert_array_equal(walked.totals(many, n_threads=2), np.tile(found, (9, 1)))


@pytest.mark.parametrize("what", ["column", "left", "right", "root", "entry", "start"])
def test_a_forest_that_points_outside_is_refused(grown: Any, what: str) -> None:
    """A damaged file is found before the compiled loop follows it."""
    forest, table, _ = grown
    given = {name: getattr(forest, name).copy() for name in ("root", "column", "left", "right")}
    start, entry = table.indptr.copy(), table.indices.copy()
    if what == "entry":
        entry[3] = 37
    elif what == "start":
        start[-1] += 1
    else:
        given[what][0] = {"column": 3, "left": 0, "right": 10**6, "root": -1}[what]
    with pytest.raises(ModelError, match="points outside"):
        WalkedTrees.of(
            (given["root"], given["column"], forest.limit, given["left"], given["right"]),
            (start, entry, table.data),
            (3, 37),
        )


def test_rows_of_another_width_are_refused(grown: Any) -> None:
    """The compiled loop never reads beyond a row."""
    forest, table, rows = grown
    walked = WalkedTrees.of(nodes_of(forest), table_of(table), (3, 37))
    with pytest.raises(ModelError, match="3 columns"):
        walked.totals(rows[:, :2].astype(np.float32))


@pytest.mark.parametrize("n_levels", [4, 60, 400])
def test_smoothing_is_the_product_with_the_kernel(n_levels: int) -> None:
    """Only near levels are asked, and nothing is lost by it."""
    rng = np.random.default_rng(n_levels)
    level = np.linspace(-2.0, 9.0, n_levels)
    support = Support(level, np.empty((0, 2), np.int64), 3.1 * (level[1] - level[0]))
    weights = rng.random((150, n_levels)) * (rng.random((150, n_levels)) < 0.3)
    weights[:, 0] += 0.01
    weights /= weights.sum(axis=1, keepdims=True)
    expected = weights @ ndtr((level[None, :] - level[:, None]) / support.bandwidth)
    found = support.smooth(weights)
    np.testing.assert_allclose(found, np.clip(expected, 0, 1), atol=1e-13, rtol=0)
    assert (np.diff(found, axis=1) >= 0).all()
    np.testing.assert_array_equal(compiled_smooth_rows(weights, support.taps), found)
    np.testing.assert_array_equal(smooth_rows(weights[70:71], support.taps), found[70:71])


@pytest.mark.parametrize("censored", [False, True])
def test_a_quantile_forest_answers_alike_either_way(
    censored: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With and without compiled loops the distributions are the same bytes."""
    rng = np.random.default_rng(5)
    n = 250
    X = pd.DataFrame({"a": rng.normal(size=n), "b": rng.normal(size=n)})
    c = np.exp(1 + X["a"] + 0.5 * rng.normal(size=n)).to_numpy()
    low, high = np.where(censored & (c < 2), 0.0, c), np.where(censored & (c < 2), 2.0, c)
    places = rng.uniform(0, 1e4, size=(n, 2))
    monkeypatch.setattr(forest_nodes, "Patience", Waiting)
    plain = QuantileForest(n_estimators=40).fit(X, low, high, coordinates=places)
    slow = plain.distribution(X, coordinates=places)
    assert not plain._held.is_walked
    monkeypatch.setattr(forest_nodes, "Patience", Impatient)
    quick = QuantileForest.from_state(plain.to_state())
    answer = quick.distribution(X, coordinates=places)
    assert quick._held.is_walked
    np.testing.assert_array_equal(answer.share, slow.share)
    # Fitted again it forgets the trees that it had walked.
    quick.fit(X, 2 * low, 2 * high, coordinates=places)
    again = quick.distribution(X, coordinates=places)
    assert again.level[-1] == pytest.approx(2 * answer.level[-1])
