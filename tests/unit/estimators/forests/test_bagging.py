"""Trees grown on bootstrap samples."""

import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor

from hotspot.estimators.forests.bagging import grow_trees

N = 200


def survey() -> tuple[np.ndarray, np.ndarray]:
    """Return columns and a target that depends on the first."""
    generator = np.random.default_rng(3)
    columns = generator.normal(size=(N, 4))
    return columns, np.sin(2 * columns[:, 0]) + 0.2 * generator.normal(size=N)


def test_trees_err_as_those_of_a_random_forest() -> None:
    """Out of bag they are as good as scikit-learn's forest of the same settings."""
    columns, y = survey()
    grown = grow_trees(
        columns, y, n_trees=300, max_samples=N, random_state=1, max_features="sqrt"
    )
    answers = np.column_stack(
        [tree.predict(grown.scale.apply(columns)).reshape(-1) for tree in grown.trees]
    )
    unseen = grown.count == 0
    ours = (answers * unseen).sum(axis=1) / unseen.sum(axis=1)
    forest = RandomForestRegressor(300, max_features="sqrt", oob_score=True, random_state=1)
    theirs = forest.fit(columns, y).oob_prediction_
    assert np.mean((ours - y) ** 2) == pytest.approx(np.mean((theirs - y) ** 2), rel=0.15)


def test_draws_are_with_replacement_and_as_many_as_asked() -> None:
    """Each tree draws `max_samples`, about 63 % of the samples where all are drawn."""
    columns, y = survey()
    whole = grow_trees(columns, y, n_trees=50, max_samples=10**6, random_state=2).count
    assert (whole.sum(axis=0) == N).all()
    assert (whole > 0).mean() == pytest.approx(1 - np.exp(-1), abs=0.02)
    few = grow_trees(columns, y, n_trees=5, max_samples=30, random_state=2).count
    assert (few.sum(axis=0) == 30).all()


def test_threads_change_nothing() -> None:
    """One seed gives one forest, whatever the number of threads; another seed another."""
    columns, y = survey()
    one, two, other = (
        grow_trees(columns, y, n_trees=8, max_samples=N, random_state=seed, n_jobs=jobs)
        for seed, jobs in ((5, 1), (5, 3), (6, 1))
    )
    for first, second in zip(one.trees, two.trees, strict=True):
        assert np.array_equal(first.threshold, second.threshold)
    assert not np.array_equal(one.count, other.count)
