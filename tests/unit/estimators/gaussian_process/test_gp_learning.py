"""The likelihood and its slopes, and the search for hyper-parameters."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from hotspot.estimators.gaussian_process.exact import Marginal
from hotspot.estimators.gaussian_process.kernel import Hyperparameters, Inputs, covariance
from hotspot.estimators.gaussian_process.learning import learn, log_prior
from hotspot.estimators.intervals import LogIntervals

KERNEL = Hyperparameters(0.5, 0.4, 0.1, 0.15, 0.3, (1.2, 2.5))


def rows(n: int, seed: int = 0) -> Inputs:
    generator = np.random.default_rng(seed)
    drift = generator.normal(size=(n, 3))
    return Inputs(generator.normal(size=(n, 2)), drift, drift[:, :2].copy())


def surface(at: Inputs, kernel: Hyperparameters, seed: int = 1) -> np.ndarray:
    total = covariance(kernel, at, at) + kernel.noise_variance * np.eye(len(at))
    return np.linalg.cholesky(total) @ np.random.default_rng(seed).normal(size=len(at))


def bounds(censored: bool) -> tuple[Inputs, LogIntervals]:
    at = rows(40)
    y = surface(at, KERNEL)
    lower, upper = y.copy(), y.copy()
    if censored:
        lower[:15], upper[:15] = -np.inf, y[:15] + 0.3
        lower[15], upper[15] = y[15] - 0.2, np.inf
        lower[16], upper[16] = y[16] - 0.5, y[16] + 0.4
    return at, LogIntervals(lower, upper)


def test_the_likelihood_of_measured_samples_is_the_normal_density() -> None:
    """Without censoring the marginal likelihood is SciPy's multivariate normal density."""
    at, known = bounds(censored=False)
    total = covariance(KERNEL, at, at) + KERNEL.noise_variance * np.eye(len(at))
    exact = multivariate_normal.logpdf(known.low, np.zeros(len(at)), total)
    found, _ = Marginal(at, known)(KERNEL)
    assert found - 0.5 * len(at) * np.log(2 * np.pi) == pytest.approx(exact, abs=1e-9)


@pytest.mark.parametrize("censored", [False, True])
def test_slopes_are_those_of_finite_differences(censored: bool) -> None:
    """Analytic slopes in every hyper-parameter equal central differences."""
    at, known = bounds(censored)
    marginal, vector, step = Marginal(at, known), KERNEL.to_log(), 1e-4
    differences = []
    for move in step * np.eye(len(vector)):
        high, _ = marginal(Hyperparameters.from_log(vector + move))
        low, _ = marginal(Hyperparameters.from_log(vector - move))
        differences.append((high - low) / (2 * step))
    np.testing.assert_allclose(marginal(KERNEL)[1], differences, rtol=1e-4, atol=1e-5)


def test_hyperparameters_survive_the_logarithm() -> None:
    """Hyper-parameters with and without a smooth part come back from one vector."""
    for kernel in (KERNEL, Hyperparameters(0.5, 0.4, 0.1, 0.15)):
        back = Hyperparameters.from_log(kernel.to_log())
        np.testing.assert_allclose(back.to_log(), kernel.to_log(), rtol=1e-12)
        assert len(back.smooth_range) == len(kernel.smooth_range)


def test_planted_hyperparameters_are_found() -> None:
    """From 300 samples the noise and the spatial range come back within a factor of two."""
    at = rows(300, seed=5)
    y = surface(at, KERNEL, seed=6)
    found = learn(at, LogIntervals(y, y))
    assert 0.5 < found.noise_variance / KERNEL.noise_variance < 2
    assert 0.5 < found.spatial_range / KERNEL.spatial_range < 2


def test_no_samples_worth_the_name_leave_the_prior() -> None:
    """Intervals that say nothing give the medians of the priors."""
    at = rows(8)
    nothing = LogIntervals(np.full(8, -np.inf), np.full(8, np.inf))
    centre, sd = log_prior(at)
    away = (learn(at, nothing).to_log() - centre) / sd
    np.testing.assert_allclose(away, 0.0, atol=0.02)


def test_a_warm_start_ends_where_the_cold_one_does() -> None:
    """The search from the answer of nearly the same samples finds the same hyper-parameters."""
    at = rows(120, seed=2)
    y = surface(at, KERNEL, seed=3)
    cold = learn(at, LogIntervals(y, y))
    fewer = learn(at.take(np.arange(110)), LogIntervals(y[:110], y[:110]))
    warm = learn(at, LogIntervals(y, y), start=fewer)
    np.testing.assert_allclose(warm.to_log(), cold.to_log(), atol=0.05)


def bent_survey(seed: int) -> tuple[Inputs, LogIntervals]:
    """Return 150 samples of five covariates, two alike; one bends the response sharply."""
    generator = np.random.default_rng(seed)
    n = 150
    places, drift = generator.uniform(-1.7, 1.7, (n, 2)), generator.normal(size=(n, 5))
    drift[:, 1] = 0.9 * drift[:, 0] + 0.43 * drift[:, 1]
    y = np.exp(-2.0 * (drift[:, 0] + 0.5) ** 2) + 0.3 * drift[:, 2]
    y += 0.4 * generator.normal(size=n)
    y = (y - y.mean()) / y.std()
    return Inputs(places, drift, drift.copy()), LogIntervals(y, y)


@pytest.mark.parametrize("seed", range(6))
def test_no_search_from_anywhere_ends_higher(seed: int) -> None:
    """Searches from twenty draws of the prior find no likelier hyper-parameters."""
    at, known = bent_survey(seed)
    centre, sd = log_prior(at)

    def height(kernel: Hyperparameters) -> float:
        z = (kernel.to_log() - centre) / sd
        return Marginal(at, known)(kernel)[0] - 0.5 * float(z @ z)

    generator = np.random.default_rng(seed)
    draws = centre + sd * generator.normal(size=(20, len(centre)))
    others = [learn(at, known, start=Hyperparameters.from_log(draw)) for draw in draws]
    assert height(learn(at, known)) > max(height(kernel) for kernel in others) - 0.1


@pytest.mark.parametrize("n_smooth", [1, 2, 5])
def test_a_bend_costs_more_where_many_covariates_were_looked_at(n_smooth: int) -> None:
    """From straight to a bend the log prior falls by log(40) more among 40 candidates."""
    generator = np.random.default_rng(0)
    drift = generator.normal(size=(30, 5))
    at = Inputs(generator.normal(size=(30, 2)), drift, drift[:, :n_smooth].copy())

    def cost(n_candidates: int) -> float:
        centre, sd = log_prior(at, n_candidates)
        return 0.5 * float((centre[-1] - np.log(1.2)) / sd[-1]) ** 2

    assert cost(40) - cost(1) == pytest.approx(np.log(40))
