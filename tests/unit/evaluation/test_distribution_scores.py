"""Scores of predictive distributions against closed forms."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from hotspot.estimators.distribution import LogLocationScale
from hotspot.evaluation.distribution_scores import covered, distribution_scores
from hotspot.samples.sampleset import Samples

N = 400


def fixed(n: int, centre: float, scale: float) -> LogLocationScale:
    """Return one log-normal for every row."""
    return LogLocationScale(np.full(n, centre), np.full(n, scale))


def samples(lower: np.ndarray, upper: np.ndarray) -> Samples:
    n = len(lower)
    return Samples(
        np.array([str(i) for i in range(n)]),
        pd.DataFrame({"a": np.zeros(n)}),
        lower,
        upper,
        np.zeros((n, 2)),
    )


def test_crps_of_a_log_normal() -> None:
    """It equals the closed form of Baran & Lerch (2015, 10.1002/qj.2521)."""
    centre, scale = 3.0, 0.6
    value = np.exp(np.linspace(1.5, 4.5, 50))
    found = distribution_scores(fixed(50, centre, scale), samples(value, value))["crps"]
    omega = (np.log(value) - centre) / scale
    mean = np.exp(centre + scale**2 / 2)
    exact = value * (2 * norm.cdf(omega) - 1) - 2 * mean * (
        norm.cdf(omega - scale) + norm.cdf(scale / np.sqrt(2)) - 1
    )
    np.testing.assert_allclose(found, exact, rtol=0.02, atol=0.1)


def test_coverage_of_a_right_and_of_a_narrow_distribution() -> None:
    """A right distribution covers 90 %; one half as wide covers 59 %."""
    value = np.exp(3.0 + norm.ppf((np.arange(N) + 0.5) / N))
    right = distribution_scores(fixed(N, 3.0, 1.0), samples(value, value))["coverage_90"]
    narrow = distribution_scores(fixed(N, 3.0, 0.5), samples(value, value))["coverage_90"]
    assert right.mean() == pytest.approx(0.90, abs=0.01)
    assert narrow.mean() == pytest.approx(2 * norm.cdf(0.8224) - 1, abs=0.01)


def test_rmse_is_about_the_median() -> None:
    """The pooled error of the logarithm is that of the median."""
    value = np.exp(np.array([2.0, 3.0, 4.0]))
    found = distribution_scores(fixed(3, 3.0, 1.0), samples(value, value))["rmse_log"]
    np.testing.assert_allclose(found, [1.0, 0.0, -1.0], atol=1e-2)


def test_errors_of_what_was_not_measured_are_unknown() -> None:
    """What was not measured cannot be missed: NaN, not a guess."""
    lower, upper = np.array([0.0, 20.0]), np.array([5.0, 20.0])
    found = distribution_scores(fixed(2, 3.0, 1.0), samples(lower, upper))
    for name in ("crps", "rmse_log"):
        assert np.isnan(found[name][0])
        assert np.isfinite(found[name][1])


@pytest.mark.parametrize("scale", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("side", ["below", "over"])
def test_coverage_with_censored_samples_is_that_of_the_whole_survey(
    scale: float, side: str
) -> None:
    """Of measured values alone, a right model would seem to cover more."""
    z = norm.ppf((np.arange(N) + 0.5) / N)
    limit = np.where(np.arange(N) % 2, 0.2, -1.8)
    is_censored = z < limit
    lower = np.where(is_censored, 0.0, np.exp(3.0 + z))
    upper = np.exp(3.0 + np.maximum(z, limit))
    if side == "over":
        with np.errstate(divide="ignore"):
            lower, upper = np.exp(6.0) / upper, np.exp(6.0) / lower
    model = fixed(N, 3.0, scale)
    whole = covered(model, np.exp(3.0 + z), np.exp(3.0 + z)).mean()
    found = covered(model, lower, upper)
    assert found.mean() == pytest.approx(whole, abs=0.02)
    if scale == 1.0:
        assert found[~is_censored].mean() > whole + 0.01
