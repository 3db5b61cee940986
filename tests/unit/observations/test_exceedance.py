"""Labels say 1, 0 or unknown, and change only as knowledge does."""

from math import inf, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotspot.errors import ObservationError, ThresholdError
from hotspot.observations import (
    exceedance_labels,
    resolve_threshold,
    warn_if_outside_range,
    warn_if_reported_at_limit,
)

POSITIVE = st.floats(1e-6, 1e6)


def label(lower: float, upper: float, threshold: float) -> float:
    return float(exceedance_labels(np.array([lower]), np.array([upper]), threshold)[0])


@pytest.mark.parametrize(
    ("lower", "upper", "expected"),
    [
        (2.1, 2.1, 1.0),
        (2.0, 2.0, 0.0),
        (1.9, 1.9, 0.0),
        (0.0, 1.0, 0.0),
        (0.0, 2.0, 0.0),
        (0.0, 2.1, nan),
        (1.0, 3.0, nan),
        (2.0, 3.0, 1.0),
        (2.0, inf, 1.0),
        (1.9, inf, nan),
        (500.0, inf, 1.0),
    ],
)
def test_a_label_says_what_the_interval_knows(
    lower: float, upper: float, expected: float
) -> None:
    """Against a limit of 2: a detection limit above it is unknown, never 0."""
    np.testing.assert_equal(label(lower, upper, 2.0), expected)


@given(POSITIVE, POSITIVE, POSITIVE)
def test_a_wider_interval_never_turns_a_label_round(
    limit: float, growth: float, threshold: float
) -> None:
    """Raising a detection limit keeps a 0 or makes it unknown; it never makes a 1."""
    before, after = label(0.0, limit, threshold), label(0.0, limit + growth, threshold)
    assert after == before or np.isnan(after)
    assert after != 1.0


@given(POSITIVE, POSITIVE, POSITIVE, st.sampled_from([2.0**-10, 2.0, 1024.0]))
def test_a_change_of_unit_changes_no_label(
    lower: float, width: float, threshold: float, factor: float
) -> None:
    """Powers of two, so that the floats scale exactly."""
    upper = lower + width
    np.testing.assert_equal(
        label(lower, upper, threshold),
        label(lower * factor, upper * factor, threshold * factor),
    )


@given(POSITIVE, POSITIVE, POSITIVE)
def test_every_concentration_of_the_interval_agrees_with_its_label(
    lower: float, width: float, threshold: float
) -> None:
    """Where a label is given, the midpoint has the same."""
    known = label(lower, lower + width, threshold)
    middle = lower + width / 2
    if not np.isnan(known) and lower < middle < lower + width:
        assert label(middle, middle, threshold) == known


@pytest.mark.parametrize("threshold", [0.0, -1.0, nan, inf])
def test_a_limit_that_is_none_is_refused(threshold: float) -> None:
    """A label against it would say nothing."""
    with pytest.raises(ThresholdError, match="above 0"):
        label(1.0, 1.0, threshold)


@pytest.mark.parametrize(("lower", "upper"), [(2.0, 1.0), (nan, 1.0), (1.0, nan)])
def test_an_interval_that_is_none_is_refused(lower: float, upper: float) -> None:
    """Missing is not unknown: the table has no such rows."""
    with pytest.raises(ObservationError, match="missing or reversed"):
        label(lower, upper, 1.0)


def test_a_limit_outside_the_data_is_told() -> None:
    """Under the 10th percentile or above the maximum, and silent between."""
    values = np.arange(10.0, 111.0)
    low, inside, high = (resolve_threshold("zn", value) for value in (15, 60, 111))
    assert "under the 10th percentile" in str(warn_if_outside_range(low, values, values))
    assert warn_if_outside_range(inside, values, values) is None
    assert "above the greatest" in str(warn_if_outside_range(high, values, values))


def test_samples_reported_as_the_limit_are_told() -> None:
    """Two of twenty values are 40; a non-detect below 40 and one in two hundred are no case."""
    values = np.concatenate([np.arange(31.0, 49.0), [40.0, 40.5]])
    limit = resolve_threshold("zn", 40)
    assert "10.0% of the 20 samples" in str(warn_if_reported_at_limit(limit, values, values))
    assert warn_if_reported_at_limit(limit, np.zeros(20), np.full(20, 40.0)) is None
    many = np.concatenate([np.linspace(41.0, 60.0, 199), [40.0]])
    assert warn_if_reported_at_limit(limit, many, many) is None


def test_non_detects_and_values_over_range_are_not_taken_for_more() -> None:
    """A fifth of non-detects may lie under any limit; a value over range above any."""
    values = np.arange(10.0, 111.0)
    lower, upper = values.copy(), values.copy()
    lower[:20] = 0.0
    upper[-1] = inf
    for value in (5, 1000):
        assert warn_if_outside_range(resolve_threshold("zn", value), lower, upper) is None
