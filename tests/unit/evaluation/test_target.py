"""Weights of tests that make them resemble the map: balance and refusals."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotspot.errors import FoldError, SampleError
from hotspot.evaluation.target_balance import target_weights
from hotspot.evaluation.target_calibration import calibrated_weights, effective_number
from hotspot.evaluation.target_descriptors import (
    CovariateSpace,
    Descriptors,
    task_descriptors,
)
from hotspot.folds import FoldPlan


def _bare(distance: np.ndarray) -> Descriptors:
    return Descriptors(np.asarray(distance, dtype=float), np.zeros((len(distance), 0)))


@given(seed=st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_calibrated_weights_meet_reachable_means(seed: int) -> None:
    """Means inside the tasks are met within the softness; weights are positive, sum to 1."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(200, 4))
    wanted = rng.uniform(-0.5, 0.5, 4)
    weights = calibrated_weights(values, wanted, softness=np.full(4, 0.001))
    assert weights.sum() == pytest.approx(1)
    assert (weights > 0).all()
    assert weights @ values == pytest.approx(wanted, abs=0.003)


def test_calibration_changes_nothing_that_is_balanced() -> None:
    """Where the starting weights already meet the means, they stay."""
    rng = np.random.default_rng(0)
    values, start = rng.normal(size=(50, 3)), rng.uniform(0.5, 2, 50)
    wanted = start @ values / start.sum()
    weights = calibrated_weights(values, wanted, softness=np.full(3, 0.01), start=start)
    assert weights == pytest.approx(start / start.sum(), rel=1e-6)


def test_no_weight_grows_beyond_its_bound() -> None:
    """Means out of reach pile weight on no single task."""
    values = np.concatenate([np.zeros(199), [1.0]])[:, None]
    weights = calibrated_weights(values, np.ones(1), softness=np.full(1, 0.01), growth=5.0)
    assert weights.max() <= 5.0 / 200 * 1.05
    assert weights.sum() == pytest.approx(1)


def test_weights_equal_those_of_the_share_of_each_class() -> None:
    """With one yes-or-no value, raking is the ratio of shares, as every textbook says."""
    values = np.repeat([[0.0], [1.0]], [30, 10], axis=0)
    weights = calibrated_weights(values, np.array([0.6]), softness=np.full(1, 1e-7))
    assert weights[:30] == pytest.approx(0.4 / 30, rel=1e-4)
    assert weights[30:] == pytest.approx(0.6 / 10, rel=1e-4)


def test_tests_of_one_sample_are_one_sample() -> None:
    """Five tests of each of ten samples are worth ten."""
    unit = np.repeat(np.arange(10), 5)
    assert effective_number(np.full(50, 0.02), unit) == pytest.approx(10)


def test_components_ignore_units_and_skewness() -> None:
    """A covariate and its exponential, in other units, are one component."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 1))
    first = CovariateSpace.of(X)
    second = CovariateSpace.of(7 * np.exp(3 * X))
    asked = rng.normal(size=(40, 1))
    assert first.components(asked) == pytest.approx(second.components(7 * np.exp(3 * asked)))
    assert first.components(X).std() == pytest.approx(1)


def test_components_are_few_and_uncorrelated() -> None:
    """Ten copies of two covariates are two components; a constant is none."""
    rng = np.random.default_rng(1)
    base = rng.normal(size=(400, 2))
    X = np.column_stack([np.repeat(base, 5, axis=1), np.ones(400)])
    found = CovariateSpace.of(X).components(X)
    assert found.shape == (400, 2)
    assert np.corrcoef(found.T)[0, 1] == pytest.approx(0, abs=1e-9)
    assert CovariateSpace.of(np.ones((5, 2))).components(np.ones((3, 2))).shape == (3, 0)


def test_without_numbers_there_are_places_alone() -> None:
    """Covariates that are all classes make no component, and tests are weighed by distance."""
    space = CovariateSpace.of(np.zeros((50, 0)))
    assert space.components(np.zeros((7, 0))).shape == (7, 0)
    assert space.scores(np.zeros((7, 0))).shape == (7, 0)


def test_other_covariates_are_refused() -> None:
    """Components of a map are not asked of other covariates."""
    with pytest.raises(SampleError, match="the map has 2"):
        CovariateSpace.of(np.zeros((4, 2))).components(np.zeros((4, 3)))


def test_balanced_tests_have_the_distances_of_the_map() -> None:
    """Near tests are weighted down until shares at all quantiles agree."""
    rng = np.random.default_rng(2)
    tests, cells = _bare(rng.uniform(0, 100, 600)), _bare(100 * np.sqrt(rng.random(2000)))
    weights = target_weights(tests, cells)
    assert not weights.reason
    assert np.abs(weights.balance["imbalance"]).max() < 0.05
    reached = weights.weight @ (tests.distance > 50)
    assert reached == pytest.approx((cells.distance > 50).mean(), abs=0.03)
    assert (weights.balance["tests"] - weights.balance["map"]).abs().max() > 0.1


def test_starting_weights_are_kept_where_nothing_else_is_known() -> None:
    """Two samples of equal descriptors keep the ratio of their starting weights."""
    tests = _bare(np.tile([1.0, 1.0, 5.0, 5.0], 20))
    cells = _bare(np.tile([1.0, 5.0, 5.0], 20))
    start = np.tile([1.0, 3.0, 1.0, 3.0], 20)
    weights = target_weights(tests, cells, start=start).weight
    assert weights[1] / weights[0] == pytest.approx(3)
    assert weights[3] / weights[2] == pytest.approx(3)
    assert weights[2] > weights[0]


def test_a_map_beyond_all_tests_is_refused() -> None:
    """Where a fifth of the map is farther than any test, there is a reason and no number."""
    cells = np.where(np.arange(500) % 5 == 0, 300.0, 50.0)
    weights = target_weights(_bare(np.linspace(0, 100, 200)), _bare(cells))
    assert weights.reason.startswith("20% of the map lie farther than 100 m from any sample")


def test_covariates_unlike_those_of_any_sample_are_refused() -> None:
    """A map of other land than was sampled has no score."""
    rng = np.random.default_rng(3)
    tests = Descriptors(rng.uniform(0, 10, 300), rng.normal(-1, 0.3, (300, 1)))
    cells = Descriptors(rng.uniform(0, 10, 900), rng.normal(0, 1, (900, 1)))
    assert "covariates unlike those of any sample" in target_weights(tests, cells).reason


def test_too_few_effective_samples_are_refused() -> None:
    """Hundreds of tests of ten samples carry no score."""
    rng = np.random.default_rng(4)
    tests = _bare(rng.uniform(0, 10, 300))
    found = target_weights(tests, tests, sample=np.arange(300) % 10)
    assert found.n_effective < 10 + 1e-9
    assert "worth 10 samples" in found.reason


def test_lengths_have_their_unit() -> None:
    """Distances are told in metres, or in degrees where coordinates are degrees."""
    rng = np.random.default_rng(2)
    near, cells = _bare(rng.uniform(0, 10, 600)), _bare(100 * np.sqrt(rng.random(2000)))
    assert " m from any sample" in target_weights(near, cells).reason
    few = _bare(np.append(rng.uniform(0, 30, 600), 100.0))
    assert re.search(
        r"lie farther than \d+ m from a training", target_weights(few, cells).reason
    )
    told = target_weights(few, cells, unit_of_length="degrees")
    assert "degrees from a training sample" in told.reason
    assert told.balance["descriptor"].iloc[0].endswith(" degrees")


def test_weights_without_each_block_are_balanced_anew() -> None:
    """A replicate has no weight in its block, and meets the distances of the map as well."""
    rng = np.random.default_rng(6)
    tests, cells = _bare(rng.uniform(0, 10, 300)), _bare(10 * np.sqrt(rng.random(900)))
    blocks = np.arange(300) % 5
    weights = target_weights(tests, cells, blocks=blocks)
    far = (cells.distance > 5).mean()
    for block, weight in enumerate(weights.replicates):
        assert weight[blocks == block].sum() == 0
        assert weight @ (tests.distance > 5) == pytest.approx(far, abs=0.04)


def test_descriptors_of_tests_are_those_of_their_plans() -> None:
    """Every sample is a test of every plan, as far as the plan holds others away from it."""
    line = np.column_stack([[0.0, 1.0, 3.0, 7.0], np.zeros(4)])
    plans = [
        FoldPlan("tasks", 0, np.array(list("abcd")), np.array([0, 1, 2, 3])),
        FoldPlan("tasks", 1, np.array(list("abcd")), np.array([0, 0, 1, 1])),
    ]
    sample, found = task_descriptors(plans, line, np.arange(4.0)[:, None])
    assert sample.tolist() == [0, 1, 2, 3, 0, 1, 2, 3]
    assert found.distance.tolist() == [1.0, 1.0, 2.0, 4.0, 3.0, 2.0, 2.0, 6.0]
    assert found.components[:, 0].tolist() == [0, 1, 2, 3, 0, 1, 2, 3]
    with pytest.raises(FoldError, match="A plan has 4 samples"):
        task_descriptors(plans, line[:3], np.zeros((3, 0)))
