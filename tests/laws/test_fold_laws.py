"""Laws that hold for every way to divide samples into folds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import wasserstein_distance

from hotspot.folds import (
    KNNDM,
    BlockKFold,
    BufferedLeaveOut,
    FoldPlan,
    RandomKFold,
    Splitter,
    separation,
    wasserstein,
)

TARGET = np.random.default_rng(9).uniform(-50, 150, (200, 2))


def _splitters(seed: int) -> list[Splitter]:
    return [
        RandomKFold(3, random_state=seed),
        BlockKFold(3, spacing=20.0, random_state=seed),
        KNNDM(3, TARGET, random_state=seed),
        BufferedLeaveOut(2.0, splitter=BlockKFold(3, spacing=20.0, random_state=seed)),
    ]


def _places(seed: int, n: int = 60) -> np.ndarray:
    rng = np.random.default_rng(seed)
    centres = rng.uniform(0, 100, (6, 2))
    return centres[rng.integers(0, 6, n)] + rng.normal(0, 6, (n, 2))


def _as_parts(labels: np.ndarray) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(labels == name)) for name in np.unique(labels)}


@pytest.mark.parametrize("which", range(4))
@given(seed=st.integers(0, 10_000))
@settings(max_examples=10, deadline=None)
def test_folds_partition_the_samples(which: int, seed: int) -> None:
    """Every sample is tested exactly once, and never while it trains."""
    places = _places(seed)
    splitter = _splitters(seed)[which]
    splits = list(splitter.split(places))
    tested = np.concatenate([test for _, test in splits])
    assert sorted(tested) == list(range(len(places)))
    assert all(not np.intersect1d(train, test).size for train, test in splits)
    assert len(splits) == splitter.get_n_splits(places) == 3


@given(seed=st.integers(0, 10_000), radius=st.floats(0.0, 25.0))
@settings(max_examples=25, deadline=None)
def test_no_training_sample_is_in_the_buffer(seed: int, radius: float) -> None:
    """The training part is exactly the other samples beyond the radius."""
    places = _places(seed)
    fold = np.random.default_rng(seed).integers(0, 4, len(places))
    plan = FoldPlan("x", 0, np.arange(len(places)).astype(str), fold, radius)
    for train, test in plan.splits(places):
        gaps = np.linalg.norm(places[:, None] - places[test], axis=-1).min(axis=1)
        beyond = (gaps > radius) & (fold != fold[test[0]])
        assert train.tolist() == np.flatnonzero(beyond).tolist()


@pytest.mark.parametrize("which", range(4))
def test_a_shift_of_coordinates_changes_no_fold(which: int) -> None:
    """Folds depend on where samples lie to each other, not on the origin."""
    places, shift = np.round(_places(1), 2), np.array([250_000.0, 6_700_000.0])
    splitter = _splitters(1)[which]
    before = splitter.labels(places)
    if isinstance(splitter, KNNDM):
        splitter = KNNDM(3, TARGET + shift, random_state=1)
    assert (splitter.labels(places + shift) == before).all()


@pytest.mark.parametrize("which", [1, 2, 3])
def test_row_order_changes_no_spatial_fold(which: int) -> None:
    """Spatial folds hold the same samples in whatever order the rows come.

    Random folds are made by name in `make_plans`, and keep this law there.
    """
    places = _places(2)
    order = np.random.default_rng(3).permutation(len(places))
    splitter = _splitters(2)[which]
    before = _as_parts(splitter.labels(places))
    after = splitter.labels(places[order])
    unshuffled = np.empty_like(after)
    unshuffled[order] = after
    assert _as_parts(unshuffled) == before


samples_of_distances = arrays(
    np.float64, st.integers(1, 30), elements=st.floats(0, 1e5, allow_subnormal=False)
)


@given(first=samples_of_distances, second=samples_of_distances)
@settings(max_examples=100, deadline=None)
def test_w_equals_scipy(first: np.ndarray, second: np.ndarray) -> None:
    """W through quantile functions is the W of scipy, ties and all."""
    expected = wasserstein_distance(first, second)
    assert wasserstein(first, second) == pytest.approx(expected, rel=1e-9, abs=1e-6)


@given(values=samples_of_distances, times=st.integers(1, 4))
@settings(max_examples=50, deadline=None)
def test_w_of_a_distribution_to_itself_is_zero(values: np.ndarray, times: int) -> None:
    """W is 0 between a sample and its repetition, in any order."""
    assert wasserstein(np.tile(values, times), values[::-1]) == pytest.approx(0, abs=1e-6)


def test_w_is_zero_when_the_map_is_as_far_as_the_test_samples() -> None:
    """Cells that lie one step from the samples, and folds that test at one step: W = 0."""
    samples = np.column_stack([np.arange(10.0), np.zeros(10)])
    plan = FoldPlan("x", 0, np.arange(10).astype(str), np.arange(10) % 2)
    assert separation(plan, samples, samples + np.array([0.0, 1.0])) == pytest.approx(
        0.0, abs=1e-12
    )
