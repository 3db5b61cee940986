"""Samples whose interval holds the limit: a planted truth is found where leaving out fails."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import norm

from hotspot.evaluation.scores import auc, brier, ece, log_loss
from hotspot.evaluation.self_consistency import expected_labels, self_consistent
from hotspot.observations.limits.exceedance import exceedance_labels

Values = NDArray[np.float64]
LIMIT = 1.0


def survey(n: int, seed: int = 0) -> tuple[Values, Values, Values, Values]:
    """Return concentrations, the bounds that laboratories gave, and the true probability.

    Three laboratories in ten have a detection limit above the limit of interest.
    """
    rng = np.random.default_rng(seed)
    centre, sd = rng.normal(-0.3, 0.8, n), 0.7
    value = np.exp(centre + sd * rng.normal(size=n))
    detection = rng.choice([0.1, 0.6, 1.6, 3.0], n, p=[0.3, 0.3, 0.2, 0.2])
    is_below = value < detection
    truth = 1 - norm.cdf((np.log(LIMIT) - centre) / sd)
    return (
        value,
        np.where(is_below, 0.0, value),
        np.where(is_below, detection, value),
        truth,
    )


@pytest.mark.parametrize("shift", [0.0, 0.8])
def test_calibration_is_that_of_labels_without_non_detects(shift: float) -> None:
    """Of a right model and of one that says too much; leaving out is wrong about both."""
    value, lower, upper, truth = survey(20_000)
    said = norm.cdf(norm.ppf(truth) + shift)
    whole = (value > LIMIT).astype(float)
    found = expected_labels(lower, upper, LIMIT, said)
    kept = exceedance_labels(lower, upper, LIMIT)
    known = np.isfinite(kept)
    assert known.mean() < 0.8
    assert not np.isnan(found).any()
    assert ece(found, said) == pytest.approx(ece(whole, said), abs=0.01)
    assert abs(ece(kept[known], said[known]) - ece(whole, said)) > 0.02


@pytest.mark.parametrize("score", [log_loss, brier, auc])
def test_scores_are_those_of_labels_without_non_detects(score: object) -> None:
    value, lower, upper, truth = survey(20_000)
    whole = (value > LIMIT).astype(float)
    found = expected_labels(lower, upper, LIMIT, truth)
    assert callable(score)
    assert score(found, truth) == pytest.approx(score(whole, truth), rel=0.02)


def test_what_is_known_stays() -> None:
    _, lower, upper, truth = survey(500)
    labels = exceedance_labels(lower, upper, LIMIT)
    found = expected_labels(lower, upper, LIMIT, truth)
    known = np.isfinite(labels)
    np.testing.assert_array_equal(found[known], labels[known])
    assert ((found[~known] >= 0) & (found[~known] <= 1)).all()


def test_a_limit_below_all_detection_limits_leaves_labels_unknown() -> None:
    """Nobody saw a sample below the limit: how many there are is not told by any."""
    value = np.linspace(0.5, 3.0, 40)
    lower, upper = np.where(value < 2.0, 0.0, value), np.maximum(value, 2.0)
    found = expected_labels(lower, upper, LIMIT, np.full(40, 0.5))
    assert np.isnan(found[value < 2.0]).all()
    assert (found[value > 2.0] == 1).all()


def test_values_over_range_are_shared_out_by_those_above_the_limit() -> None:
    """Above 1, of those told apart, one in two exceeds 2."""
    lower = np.array([0.5, 1.5, 3.0, 1.0])
    upper = np.array([0.5, 1.5, 3.0, np.inf])
    found = expected_labels(lower, upper, 2.0, np.full(4, 0.5))
    assert found[3] == pytest.approx(0.5, abs=0.01)


def test_limits_of_rows_and_missing_answers() -> None:
    """Each row is asked about its own limit; no limit or no probability is no label."""
    lower = np.array([0.0, 1.0, 4.0, 0.0, 0.0])
    upper = np.array([3.0, 1.0, 4.0, 3.0, 3.0])
    limit = np.array([2.0, 2.0, 2.0, np.nan, 2.0])
    found = expected_labels(lower, upper, limit, np.array([0.5, 0.5, 0.5, 0.5, np.nan]))
    np.testing.assert_allclose(found, [0.0, 0.0, 1.0, np.nan, np.nan], atol=1e-3)


def test_the_distribution_is_the_product_limit() -> None:
    """Kaplan & Meier, turned round for values below detection limits."""
    rng = np.random.default_rng(1)
    value, limit = rng.integers(0, 12, 60), rng.integers(0, 12, 60)
    first, last = np.where(value <= limit, 0, value), np.maximum(value, limit)
    found = self_consistent(first, last, np.full(12, 1e-12))
    measured = first == last
    below = 1.0
    for level in range(11, 0, -1):
        events = (measured & (last == level)).sum()
        # Non-detects that reach to this level do not tell it from those below.
        at_risk = (last <= level).sum() - ((last == level) & ~measured).sum()
        after = below * (1 - events / at_risk)
        assert found[level] == pytest.approx(below - after, abs=2e-3)
        below = after
