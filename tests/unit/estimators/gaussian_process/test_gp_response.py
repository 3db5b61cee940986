"""Laws of the skewed response: its inverse, its fit, its answers, and how a skew is chosen."""

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.optimize import approx_fprime
from scipy.special import ndtri

from hotspot.errors import ModelError
from hotspot.estimators.distribution import LogLocationScale
from hotspot.estimators.gaussian_process.model import AdditiveGaussianProcess
from hotspot.estimators.gaussian_process.response import Response, WarpedNormal
from hotspot.estimators.intervals import LogIntervals

SKEWS = (-1.1, -0.3, 0.0, 0.6)
W = np.array([-np.inf, -40.0, -2.0, -1e-3, 0.0, 0.7, 3.0, 40.0, np.inf])


@pytest.mark.parametrize("skew", SKEWS)
def test_there_and_back(skew: float) -> None:
    """Every number comes back, in order, and open ends stay open."""
    response = Response(3.0, 0.7, skew)
    log = response.to_log(W)
    assert (np.diff(log) > 0).all()
    np.testing.assert_allclose(response.to_gaussian(log), W, rtol=1e-9, atol=1e-12)
    rate = np.exp(response.log_rate(W[1:-1]))
    numeric = (response.to_log(W[1:-1] + 1e-6) - response.to_log(W[1:-1] - 1e-6)) / 2e-6
    np.testing.assert_allclose(rate, numeric, rtol=1e-6)


def test_one_side_is_wider_by_the_skew() -> None:
    """Far out, the upper side is exp(2 skew) times as wide as the lower one."""
    response = Response(2.0, 0.5, 0.4)
    upper, lower = response.to_log(np.array([1e6, -1e6])) - 2.0
    assert -upper / lower == pytest.approx(np.exp(0.8), rel=1e-6)


def test_without_skew_answers_are_lognormal() -> None:
    """Probabilities and quantiles are those of the plain location and scale of the log."""
    response, location, scale = Response(3.0, 0.7), np.array([-1.0, 0.2]), np.array([0.5, 1.2])
    for df in (np.inf, 5.0):
        warped = WarpedNormal(location, scale, response, df)
        plain = LogLocationScale(3.0 + 0.7 * location, 0.7 * scale, df)
        for c in (0.5, 20.0, 400.0):
            np.testing.assert_allclose(warped.cdf(c), plain.cdf(c), rtol=1e-9)
        np.testing.assert_allclose(warped.quantile(0.9), plain.quantile(0.9), rtol=1e-9)


@pytest.mark.parametrize("skew", SKEWS)
def test_answers_agree_with_themselves(skew: float) -> None:
    """Quantiles invert probabilities, scores are their deviates, the ends are 0 and 1."""
    told = WarpedNormal(
        np.array([-1.0, 2.0]), np.array([0.5, 1.5]), Response(1.0, 0.8, skew), 4
    )
    for q in (0.001, 0.3, 0.5, 0.97):
        np.testing.assert_allclose(told.cdf(told.quantile(q)), q, rtol=1e-9)
        np.testing.assert_allclose(
            told.normal_score(told.quantile(q)), ndtri(q), rtol=1e-9, atol=1e-12
        )
    np.testing.assert_allclose(np.log(told.quantile(0.5)), told.median)
    assert told.cdf(0.0).tolist() == [0.0, 0.0]
    assert told.cdf(np.inf).tolist() == [1.0, 1.0]
    assert (
        np.diff([told.exceedance(c) for c in np.geomspace(1e-3, 1e4, 80)], axis=0) <= 0
    ).all()


@pytest.mark.parametrize("skew", SKEWS)
def test_the_density_is_one(skew: float) -> None:
    """The normal density behind the log, divided by the rate, integrates to 1."""
    response = Response(0.0, 0.8, skew)

    def density(log: float) -> float:
        w = response.to_gaussian(np.array([log]))
        value = -0.5 * w**2 - 0.5 * np.log(2 * np.pi) - response.log_rate(w)
        return float(np.exp(value)[0])

    assert quad(density, -30.0, 30.0, points=[-1.0, 0.0, 1.0], limit=300)[0] == pytest.approx(1)


@pytest.mark.parametrize("skew", SKEWS)
def test_the_fit_is_the_likeliest(skew: float) -> None:
    """With intervals beside measured values: slopes are right, planted numbers come back."""
    generator = np.random.default_rng(3)
    planted = Response(2.0, 0.6, skew)
    log = planted.to_log(generator.standard_normal(4000))
    lower, upper = log.copy(), log.copy()
    # Laboratories with a detection limit, with a largest value, and with whole numbers only.
    hidden, over, whole = (np.arange(4000) // 600 == k for k in range(3))
    lower[hidden & (log < 2.0)], upper[hidden & (log < 2.0)] = -np.inf, 2.0
    lower[over & (log > 2.5)], upper[over & (log > 2.5)] = 2.5, np.inf
    lower[whole], upper[whole] = np.floor(log[whole]), np.ceil(log[whole])
    found = Response.of(LogIntervals(lower, upper), skew=skew)
    assert found.skew == skew
    assert found.centre == pytest.approx(2.0, abs=0.06)
    assert found.spread == pytest.approx(0.6, rel=0.06)

    def value(vector: np.ndarray) -> float:
        other = Response(vector[0], np.exp(vector[1]), skew)
        return other.log_likelihood(LogIntervals(lower, upper))[0]

    at = np.array([2.2, -0.4])
    slopes = Response(2.2, float(np.exp(-0.4)), skew).log_likelihood(
        LogIntervals(lower, upper)
    )[1]
    np.testing.assert_allclose(slopes, approx_fprime(at, value, 1e-7), rtol=1e-4)


def _survey(skew: float, n: int, seed: int) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Return a surface of a covariate and of places, seen through a skewed response."""
    generator = np.random.default_rng(seed)
    places = generator.uniform(0, 1000.0, size=(n, 2))
    X = pd.DataFrame({"slope": generator.normal(size=n)})
    surface = 0.6 * X["slope"].to_numpy() + 0.4 * np.sin(places[:, 0] / 150.0)
    w = surface + 0.7 * generator.standard_normal(n)
    return X, np.exp(Response(3.0, 0.8, skew).to_log(w)), places


@pytest.mark.parametrize("skew", [-0.5, 0.0, 0.5])
def test_a_planted_skew_is_found(skew: float) -> None:
    """Of its sign and about its size, over five surveys."""
    found = []
    for seed in range(5):
        X, y, places = _survey(skew, 300, seed)
        model = AdditiveGaussianProcess().fit(X, y, y, coordinates=places)
        found.append(model.response_.skew)
    assert np.mean(found) == pytest.approx(0.75 * skew, abs=0.15)
    assert (np.array(found) * skew >= 0).all()


def test_rounding_is_no_skew() -> None:
    """A laboratory that rounds to some twenty values changes what is chosen little."""
    for seed in range(5):
        X, y, places = _survey(0.0, 250, seed)
        rounded = np.maximum(np.round(y / 5.0), 1.0) * 5.0
        one, other = (
            AdditiveGaussianProcess().fit(X, c, c, coordinates=places).response_.skew
            for c in (y, rounded)
        )
        assert other == pytest.approx(one, abs=0.1)


def test_rare_exceedance_comes_as_often_as_said_where_logs_lean() -> None:
    """Where the log leans to the left, a process without skew says that rare is common."""
    said: dict[str, list[float]] = {"auto": [], "none": []}
    seen = []
    for seed in range(5):
        X, y, places = _survey(-0.5, 900, seed)
        learnt, kept = slice(0, 300), slice(300, None)
        limit = np.quantile(y, 0.95)
        seen.append((y[kept] > limit).mean())
        for choice, chances in said.items():
            model = AdditiveGaussianProcess(skew=choice)
            model.fit(X[learnt], y[learnt], y[learnt], coordinates=places[learnt])
            told = model.exceedance(X[kept], limit, coordinates=places[kept])
            chances.append(told.mean())
    assert np.mean(said["none"]) > 1.25 * np.mean(seen)
    assert np.mean(said["auto"]) == pytest.approx(np.mean(seen), rel=0.12)


def test_a_handful_of_samples_has_no_skew() -> None:
    """Ten samples that lean by chance are hardly believed."""
    skews = []
    for seed in range(12):
        X, y, places = _survey(0.0, 10, seed)
        skews.append(AdditiveGaussianProcess().fit(X, y, y, coordinates=places).response_.skew)
    assert np.abs(skews).max() < 0.3
    assert np.abs(np.mean(skews)) < 0.1


def test_a_wrong_choice_is_refused() -> None:
    """In words that name what was given."""
    X, y, places = _survey(0.0, 10, 0)
    with pytest.raises(ModelError, match="skew is 'much'"):
        AdditiveGaussianProcess(skew="much").fit(X, y, y, coordinates=places)
