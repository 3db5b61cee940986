"""Neyman's smooth alternatives to the uniform distribution."""

import numpy as np
import pytest

from hotspot.estimators.ensemble.smooth_tilt import SmoothTilt

PLANTED = SmoothTilt((0.3, -0.2, 0.15, 0.1))


def _drawn(n: int) -> np.ndarray:
    grid = np.linspace(0.0, 1.0, 5001)
    return np.interp(np.random.default_rng(0).uniform(size=n), PLANTED.cdf(grid), grid)


def _fit(low: np.ndarray, high: np.ndarray, prior: float = 1e-6) -> SmoothTilt:
    return SmoothTilt.fit(low, high, weight=np.ones(len(low)), prior_samples=np.full(4, prior))


def test_a_planted_density_is_found() -> None:
    """From known shares, each term to its sampling error."""
    share = _drawn(40_000)
    np.testing.assert_allclose(_fit(share, share).terms, PLANTED.terms, atol=0.025)


def test_a_planted_density_is_found_through_intervals() -> None:
    """Half of the shares are known only to lie in one of seven intervals."""
    share = _drawn(40_000)
    cuts = np.array([0.0, 0.05, 0.2, 0.35, 0.5, 0.7, 0.9, 1.0])
    at = np.searchsorted(cuts, share, side="right") - 1
    hidden = np.arange(len(share)) % 2 == 0
    low = np.where(hidden, cuts[at], share)
    high = np.where(hidden, cuts[at + 1], share)
    np.testing.assert_allclose(_fit(low, high).terms, PLANTED.terms, atol=0.04)


def test_a_weight_is_a_number_of_copies() -> None:
    """Samples of weight 3 say what three of each say."""
    share = _drawn(200)
    low, high = np.maximum(share - 0.1, 0.0), share
    thrice = np.repeat(low, 3), np.repeat(high, 3)
    weighed = SmoothTilt.fit(
        low, high, weight=np.full(200, 3.0), prior_samples=np.full(4, 100.0)
    )
    np.testing.assert_allclose(weighed.terms, _fit(*thrice, prior=100.0).terms, atol=1e-5)


def test_the_slopes_are_those_of_the_cost() -> None:
    """No small step from the answer does better."""
    share = _drawn(500)
    low, high = np.maximum(share - 0.2, 0.0), np.minimum(share + 0.1, 1.0)
    low[:250] = high[:250] = share[:250]
    found = np.array(_fit(low, high, prior=50.0).terms)

    def score(terms: np.ndarray) -> float:
        cdf = SmoothTilt(tuple(terms)).cdf
        step = 1e-4
        density = (cdf(share[:250] + step) - cdf(share[:250] - step)) / (2 * step)
        mass = cdf(high[250:]) - cdf(low[250:])
        return float(np.log(density).sum() + np.log(mass).sum() - 25.0 * terms @ terms)

    best = score(found)
    for axis in np.eye(4) * 0.05:
        assert score(found + axis) < best
        assert score(found - axis) < best


def test_few_samples_stay_near_uniform() -> None:
    """With a prior of a thousand samples, fifty cannot bend much; probabilities rise."""
    share = np.random.default_rng(1).uniform(0.8, 1.0, 50)
    grid = np.linspace(0.0, 1.0, 101)
    cdf = _fit(share, share, prior=1000.0).cdf(grid)
    assert np.abs(cdf - grid).max() < 0.05
    assert (np.diff(cdf) > 0).all()
    assert (cdf[0], cdf[-1]) == pytest.approx((0.0, 1.0), abs=1e-12)


def test_evidence_is_the_slope_at_the_uniform_distribution() -> None:
    """Of uniform shares each term has mean 0 and mean square 1; intervals tell less."""
    share = (np.arange(20_000) + 0.5) / 20_000
    pull = SmoothTilt.evidence(share, share, 4)
    np.testing.assert_allclose(pull.mean(axis=0), 0.0, atol=1e-3)
    np.testing.assert_allclose((pull**2).mean(axis=0), 1.0, atol=1e-3)
    whole = SmoothTilt.evidence(np.array([0.0]), np.array([1.0]), 4)
    np.testing.assert_allclose(whole, 0.0, atol=1e-4)
    half = SmoothTilt.evidence(np.array([0.5]), np.array([1.0]), 1)
    assert half[0, 0] == pytest.approx(np.sqrt(3) / 2, abs=1e-4)
