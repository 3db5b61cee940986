"""Intervals in the likelihood, against numerical integration."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import multivariate_normal, norm

from hotspot.estimators.expectation_propagation import (
    LEAST_PRECISION,
    Sites,
    cavity,
    match_sites,
    no_sites,
    propagate,
    updated_sites,
)
from hotspot.estimators.intervals import interval_moments

INTERVALS = [
    (-np.inf, 0.3),
    (0.5, np.inf),
    (-0.4, 1.2),
    (2.5, 2.6),
    (-3.0, -2.0),
    (-np.inf, 40.0),
]


@pytest.mark.parametrize(("lower", "upper"), INTERVALS)
def test_interval_moments_are_those_of_quadrature(lower: float, upper: float) -> None:
    """Log probability, slope and curvature agree with differences of the exact mass."""
    variance, step = 1.7, 1e-3

    def log_mass(mean: float) -> float:
        ends = max(lower, -15.0), min(upper, 15.0)
        mass, _ = quad(lambda y: norm.pdf(y, mean, np.sqrt(variance)), *ends)
        return float(np.log(mass))

    low, middle, high = (log_mass(0.2 + move) for move in (-step, 0.0, step))
    found = interval_moments(
        np.array([lower]), np.array([upper]), np.array([0.2]), np.array([variance])
    )
    expected = middle, (high - low) / (2 * step), -(high - 2 * middle + low) / step**2
    np.testing.assert_allclose(np.ravel(found), expected, rtol=1e-4, atol=2e-5)


def test_far_tails_stay_finite() -> None:
    """An interval a hundred standard deviations away has a finite mass and a full pull."""
    lower, upper = np.array([-np.inf, 100.0, 100.0]), np.array([-100.0, np.inf, 101.0])
    log_mass, slope, bend = interval_moments(lower, upper, np.zeros(3), np.ones(3))
    np.testing.assert_allclose(log_mass, norm.logcdf(-100.0), rtol=1e-6)
    np.testing.assert_allclose(slope, [-100.01, 100.01, 100.01], rtol=1e-5)
    assert ((bend > 0.99) & (bend <= 1.0)).all()


def test_propagation_agrees_with_integration_over_two_non_detects() -> None:
    """Mean, variance and probability of two censored samples come close to the exact ones."""
    mean = np.array([0.4, -0.2])
    covariance = np.array([[0.9, 0.6], [0.6, 1.1]])
    lower, upper, noise = np.array([-np.inf, 0.5]), np.array([-0.3, np.inf]), 0.2

    nodes, weights = np.polynomial.legendre.leggauss(120)
    first, second = (7.0 * part for part in np.meshgrid(nodes, nodes, indexing="ij"))
    at = np.stack([first, second], axis=-1)
    density = 49.0 * np.outer(weights, weights) * multivariate_normal(mean, covariance).pdf(at)
    density *= norm.cdf((-0.3 - first) / np.sqrt(noise))
    density *= norm.sf((0.5 - second) / np.sqrt(noise))
    mass = density.sum()
    exact_mean = np.tensordot(density, at, 2) / mass
    exact_spread = np.tensordot(density, at**2, 2) / mass - exact_mean**2

    found = propagate(mean, covariance, lower, upper, noise=noise, start=no_sites(2))
    precision = np.diag(found.sites.precision)
    spread = np.linalg.inv(np.linalg.inv(covariance) + precision)
    centre = spread @ (np.linalg.solve(covariance, mean) + found.sites.shift)
    assert found.log_mass == pytest.approx(np.log(mass), abs=0.01)
    np.testing.assert_allclose(centre, exact_mean, atol=0.01)
    np.testing.assert_allclose(np.diag(spread), exact_spread, rtol=0.02)


def test_the_start_of_the_iteration_does_not_matter() -> None:
    """Sites found from nothing and from the answer of another problem are the same."""
    generator = np.random.default_rng(3)
    half = generator.normal(size=(12, 12))
    covariance = half @ half.T / 12 + 0.5
    mean, upper = generator.normal(size=12), generator.normal(size=12)
    lower = np.full(12, -np.inf)
    one = propagate(mean, covariance, lower, upper, noise=0.1, start=no_sites(12))
    other = propagate(mean, covariance, lower, upper - 1, noise=0.1, start=no_sites(12))
    again = propagate(mean, covariance, lower, upper, noise=0.1, start=other.sites)
    np.testing.assert_allclose(again.sites.shift, one.sites.shift, atol=1e-5)
    assert again.log_mass == pytest.approx(one.log_mass, abs=1e-6)


def test_a_limit_far_above_tells_nothing() -> None:
    """The site of a non-detect whose limit is far above any likely value has no weight."""
    found = propagate(
        np.zeros(1),
        np.eye(1),
        np.array([-np.inf]),
        np.array([30.0]),
        noise=0.1,
        start=no_sites(1),
    )
    assert found.sites.precision[0] <= LEAST_PRECISION
    assert found.log_mass == pytest.approx(0.0, abs=1e-12)


def test_a_site_surer_than_its_sample_stays() -> None:
    """An approximated surface can say so; matching nothing would give no number at all."""
    lower, upper = np.full(2, -np.inf), np.array([-1.5, -1.5])
    mean, variance = np.array([-3.3, -3.2]), np.array([0.24, 0.343])
    old = Sites(np.array([3.0, 2.925]), np.array([-11.0, -10.9]))
    assert (old.precision * variance < 1).tolist() == [True, False]
    found = updated_sites(lower, upper, mean, variance, old, 0.31)
    assert (found.precision[1], found.shift[1]) == (old.precision[1], old.shift[1])
    matched = match_sites(lower, upper, *cavity(mean, variance, old), 0.31)
    assert (found.precision[0], found.shift[0]) == (matched.precision[0], matched.shift[0])
    assert np.isfinite(found.precision).all()


def test_a_surface_without_variance_has_a_cavity() -> None:
    """What rounding took for certain stays a number, and where it was."""
    sites = Sites(np.array([0.0, 2.0]), np.array([0.0, 1.0]))
    mean, variance = cavity(np.array([3.0, 0.7]), np.zeros(2), sites)
    assert mean == pytest.approx([3.0, 0.7], abs=1e-6)
    assert (variance > 0).all()
