"""The pooled, calibrated model of the concentration."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from scipy.special import ndtr
from sklearn.base import clone

from hotspot.errors import ModelError
from hotspot.estimators.distribution import (
    LogLocationScale,
    Pool,
    PredictiveDistribution,
    Recalibrated,
    Tabulated,
)
from hotspot.estimators.ensemble.calibration import Calibration, fit_calibration
from hotspot.estimators.ensemble.judging import judging_folds, weighing_limits
from hotspot.estimators.ensemble.model import ConcentrationModel
from hotspot.estimators.ensemble.pooling import pool_weights

N = 140


def plant(seed: int = 1) -> tuple[pd.DataFrame, NDArray[np.float64], NDArray[np.float64]]:
    """Return covariates, concentrations and places of a survey with one strong driver."""
    generator = np.random.default_rng(seed)
    places = generator.uniform(0, 3000, (N, 2))
    X = pd.DataFrame(
        {"slope": generator.normal(size=N), "rock": generator.choice([1.0, 2.0], size=N)}
    )
    trend = 0.8 * X["slope"].to_numpy() + 0.5 * (X["rock"].to_numpy() == 2)
    surface = 0.6 * np.sin(places[:, 0] / 600)
    value = np.exp(4.0 + trend + surface + 0.3 * generator.normal(size=N))
    return X, value, places


@pytest.fixture(scope="module")
def fitted() -> ConcentrationModel:
    X, value, places = plant()
    return ConcentrationModel(categorical=("rock",)).fit(X, value, value, coordinates=places)


def test_small_surveys_get_processes_and_forests(fitted: ConcentrationModel) -> None:
    """The choice is made by the size of the survey, and told in a sentence with weights."""
    kinds = [member.kind for member in fitted.members_]
    assert kinds == [
        "gaussian_process",
        "forest_kriging",
        "quantile_forest",
        "regression_kriging",
        "climatology",
    ]
    assert fitted.weights_.sum() == pytest.approx(1.0)
    assert "140 samples are few for boosted trees" in fitted.choice_


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(1.0, 2000.0), min_size=2, max_size=8))
def test_exceedance_never_rises_with_the_limit(limits: list[float]) -> None:
    """At every cell a higher limit is exceeded with no higher probability."""
    X, _, places = plant()
    model = _fitted_once()
    chances = [model.exceedance(X, limit, coordinates=places) for limit in sorted(limits)]
    assert (np.diff(chances, axis=0) <= 1e-12).all()


_CACHE: list[ConcentrationModel] = []


def _fitted_once() -> ConcentrationModel:
    if not _CACHE:
        X, value, places = plant()
        _CACHE.append(
            ConcentrationModel(categorical=("rock",)).fit(X, value, value, coordinates=places)
        )
    return _CACHE[0]


def test_quantiles_and_probabilities_are_of_one_distribution(
    fitted: ConcentrationModel,
) -> None:
    """P(C <= quantile(q)) is q."""
    X, _, places = plant()
    found = fitted.distribution(X, coordinates=places)
    for q in (0.05, 0.5, 0.95):
        np.testing.assert_allclose(found.cdf(found.quantile(q)), q, atol=1e-6)


def test_new_samples_fall_into_the_interval() -> None:
    """The 90 % interval holds about nine in ten new samples of the same ground."""
    held = []
    for seed in range(6):
        X, value, places = plant(seed)
        train = np.arange(N) % 2 == 0
        model = ConcentrationModel(categorical=("rock",), random_state=seed).fit(
            X[train], value[train], value[train], coordinates=places[train]
        )
        test = ~train
        low = model.quantile(X[test], 0.05, coordinates=places[test])
        high = model.quantile(X[test], 0.95, coordinates=places[test])
        held.append(((low <= value[test]) & (value[test] <= high)).mean())
    assert 0.84 <= np.mean(held) <= 0.96


def test_reloading_changes_no_bit(fitted: ConcentrationModel) -> None:
    """A model taken apart and put together again answers the same."""
    X, _, places = plant()
    again = ConcentrationModel.from_state(fitted.to_state())
    np.testing.assert_array_equal(
        fitted.exceedance(X, 80.0, coordinates=places),
        again.exceedance(X, 80.0, coordinates=places),
    )
    assert again.choice_ == fitted.choice_


def test_missing_covariates_give_no_answer(fitted: ConcentrationModel) -> None:
    """A cell without a covariate, or of an unseen class, is unknown: never a guess."""
    X, _, places = plant()
    X = X.copy()
    X.loc[0, "slope"] = np.nan
    X.loc[1, "rock"] = 9.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        chance = fitted.exceedance(X, 80.0, coordinates=places)
    assert np.isnan(chance[:2]).all()
    assert np.isfinite(chance[2:]).all()


def test_non_detects_do_not_pull_the_median() -> None:
    """With 75 % non-detects the median stays near that of all values; half the limit fails."""
    X, value, places = plant()
    limit = np.quantile(value, 0.75)
    lower = np.where(value < limit, 0.0, value)
    upper = np.where(value < limit, limit, value)
    halved = np.where(value < limit, limit / 2, value)
    truth = np.log(_fitted_once().quantile(X, 0.5, coordinates=places))

    def error(low: NDArray[np.float64], high: NDArray[np.float64]) -> NDArray[np.float64]:
        model = ConcentrationModel(categorical=("rock",))
        model.fit(X, low, high, coordinates=places)
        return np.log(model.quantile(X, 0.5, coordinates=places)) - truth

    as_intervals, as_numbers = error(lower, upper), error(halved, halved)
    assert abs(as_intervals.mean()) < 0.15
    assert np.sqrt(np.mean(as_intervals**2)) < 0.3
    # What substitution does to the same survey, so that the bounds above can fail.
    assert as_numbers.mean() > 0.2
    assert np.sqrt(np.mean(as_numbers**2)) > 0.45


@pytest.mark.parametrize(
    ("members", "message"),
    [
        (("lightgbm",), "knows no distribution"),
        (("ensemble",), "cannot be a member"),
        (("gaussian_process", "gaussian_process"), "repeated"),
    ],
)
def test_members_that_cannot_be(members: tuple[str, ...], message: str) -> None:
    """A direct classifier, the pool itself, or one member twice is refused."""
    X, value, places = plant()
    with pytest.raises(ModelError, match=message):
        ConcentrationModel(members).fit(X, value, value, coordinates=places)


def test_a_large_survey_is_judged_by_many_blocks() -> None:
    """A trend over the whole region makes few blocks of a small survey, not of a large one."""
    generator = np.random.default_rng(3)

    def gap(n: int) -> float:
        """Return the median distance to the nearest sample of another fold."""
        places = generator.uniform(0, 1, (n, 2))
        value = np.exp(3 * places[:, 0])
        folds = judging_folds(value, value, places, n_splits=5, random_state=0)
        apart = np.where(folds[:, None] == folds, np.inf, cdist(places, places))
        return float(np.median(apart.min(axis=1)))

    assert gap(1200) < 0.05 < gap(300)


def test_members_are_judged_at_no_reported_number() -> None:
    """Of a survey rounded to few values, limits have as many samples above as they should."""
    exact = np.exp(np.random.default_rng(3).normal(3.0, 0.6, size=400))
    rounded = np.round(exact / 5.0) * 5.0
    limits = weighing_limits(rounded, rounded)
    assert len(limits) >= 5
    assert not np.isin(limits, rounded).any()
    for limit in limits:
        assert (rounded > limit).mean() == pytest.approx((exact > limit).mean(), abs=1e-9)


def test_places_are_needed() -> None:
    """Without coordinates there is nothing to learn a surface from."""
    X, value, _ = plant()
    with pytest.raises(ModelError, match="no coordinates"):
        ConcentrationModel().fit(X, value, value)


def test_clone_and_parameters() -> None:
    """scikit-learn's manners hold."""
    model = ConcentrationModel(("gaussian_process",), n_splits=3)
    assert clone(model).get_params() == model.get_params()


def test_draws_have_the_distribution_of_each_cell_and_move_together(
    fitted: ConcentrationModel,
) -> None:
    """Shares of draws below a limit are its probabilities; near cells rise together."""
    X, _, places = plant()
    near, far = places[:1] + 1.0, places[:1] + 2500.0
    where = np.vstack([places[:20], near, far])
    rows = pd.concat([X.iloc[:20], X.iloc[[0, 0]]], ignore_index=True)
    drawn = fitted.draw(rows, coordinates=where, n_draws=2000, random_state=4)
    chance = fitted.exceedance(rows, 80.0, coordinates=where)
    assert np.abs((drawn > 80.0).mean(axis=0) - chance).max() < 0.05
    log = np.log(drawn)
    together = np.corrcoef(log[:, 0], log[:, 20])[0, 1]
    apart = np.corrcoef(log[:, 0], log[:, 21])[0, 1]
    assert together > apart + 0.2
    again = fitted.draw(rows, coordinates=where, n_draws=3, random_state=4)
    assert np.array_equal(
        again, fitted.draw(rows, coordinates=where, n_draws=3, random_state=4)
    )


def test_draws_need_a_process() -> None:
    """A pool without a Gaussian process says what is missing."""
    X, value, places = plant()
    model = ConcentrationModel(("ordinary_kriging",), n_splits=3)
    model.fit(X, value, value, coordinates=places)
    with pytest.raises(ModelError, match="Add gaussian_process"):
        model.draw(X, coordinates=places)


def test_weights_stay_near_the_prior_with_few_samples() -> None:
    """Three samples cannot tell members apart; two hundred can."""
    generator = np.random.default_rng(2)
    truth = np.exp(generator.normal(size=200))
    good = LogLocationScale(np.log(truth), np.full(200, 0.5))
    bad = LogLocationScale(np.zeros(200), np.full(200, 0.5))
    limits, prior = np.array([0.5, 1.0, 2.0]), np.array([5.0, 5.0])
    few = [LogLocationScale(m.centre[:3], m.scale[:3]) for m in (good, bad)]
    assert abs(pool_weights(few, truth[:3], truth[:3], limits, prior=prior)[0] - 0.5) < 0.15
    assert pool_weights([good, bad], truth, truth, limits, prior=prior)[0] > 0.85


def test_calibration_recovers_a_planted_error() -> None:
    """Intervals that are half as wide as they should be are mended."""
    generator = np.random.default_rng(3)
    n = 4000
    value = np.exp(generator.normal(size=n))
    narrow = LogLocationScale(np.zeros(n), np.full(n, 0.5))
    found = fit_calibration(narrow, value, value, blocks=np.arange(n))
    assert found.scale == pytest.approx(2.0, rel=0.05)
    mended = Recalibrated(narrow, found.given, found.calibrated)
    np.testing.assert_allclose(mended.cdf(np.exp(0.7)), ndtr(0.7), atol=0.02)
    np.testing.assert_allclose(mended.quantile(0.5), 1.0, rtol=0.03)


def _skewed(n: int, seed: int) -> tuple[LogLocationScale, np.ndarray]:
    """Return answers of the right spread, and samples that are skewed."""
    generator = np.random.default_rng(seed)
    logs = generator.gamma(4.0, size=n)
    logs = (logs - 4.0) / 2.0
    return LogLocationScale(np.zeros(n), np.ones(n)), np.exp(logs)


def test_calibration_mends_the_shape_of_large_surveys() -> None:
    """Skew is learnt from thousands of samples: every decile is hit."""
    answer, value = _skewed(10_000, seed=5)
    found = fit_calibration(answer, value, value, blocks=np.arange(10_000))
    assert found.scale == pytest.approx(1.0, abs=0.05)
    _, fresh = _skewed(10_000, seed=6)
    deciles = np.arange(1, 10) / 10

    def worst(told: PredictiveDistribution) -> float:
        share = (told.cdf(fresh) <= deciles[:, np.newaxis]).mean(axis=1)
        return float(np.abs(share - deciles).max())

    assert worst(answer) > 0.05
    assert worst(Recalibrated(answer, found.given, found.calibrated)) < 0.025
    again = Calibration.from_dict(found.to_dict())
    np.testing.assert_array_equal(again.calibrated, found.calibrated)


def _moved_median(value: np.ndarray, blocks: np.ndarray) -> float:
    answer = LogLocationScale(np.zeros(len(value)), np.ones(len(value)))
    found = fit_calibration(answer, value, value, blocks=blocks)
    return float(np.interp(0.5, found.given, found.calibrated) - 0.5)


def test_few_samples_do_not_move_the_median() -> None:
    """Hundreds of samples that miss on one side are taken for the luck of a region."""
    value = np.exp(0.5 + np.random.default_rng(7).normal(size=900))
    assert _moved_median(value, np.arange(900)) == pytest.approx(0.0, abs=1e-12)


def test_samples_that_err_together_count_as_one() -> None:
    """Thousands of samples in a few blocks of one sign say no more than the blocks do."""
    generator = np.random.default_rng(8)
    blocks = np.repeat(np.arange(20), 200)
    regional = 0.6 * generator.normal(size=20)[blocks]
    logs = regional + 0.8 * generator.normal(size=4000)
    logs += 0.1 - logs.mean()
    together = _moved_median(np.exp(logs), blocks)
    apart = _moved_median(np.exp(logs), np.arange(4000))
    assert apart < -0.03
    assert abs(together) < abs(apart) / 4


@pytest.mark.parametrize("planted", [0.7, 1.0, 1.4])
@pytest.mark.parametrize("share", [0.6, 0.9])
def test_calibration_sees_through_censoring(planted: float, share: float) -> None:
    """With 60 and 90 % non-detects, or values over range, the planted error is found."""
    generator = np.random.default_rng(4)
    n = 8000
    value = np.exp(planted * generator.normal(size=n))
    limit = np.quantile(value, share)
    lower = np.where(value < limit, 0.0, value)
    upper = np.where(value < limit, limit, value)
    right = LogLocationScale(np.zeros(n), np.ones(n))
    alone = np.arange(n)
    assert fit_calibration(right, lower, upper, blocks=alone).scale == pytest.approx(
        planted, rel=0.05
    )
    with np.errstate(divide="ignore"):
        mirrored = fit_calibration(right, 1 / upper, 1 / lower, blocks=alone)
    assert mirrored.scale == pytest.approx(planted, rel=0.05)


def test_no_calibration_is_the_identity() -> None:
    """The map that changes nothing survives a file."""
    assert Calibration.from_dict(Calibration.none().to_dict()).is_none


def test_a_pool_lies_between_its_members() -> None:
    """The median of a pool is between those of its members, and its CDF is their mean."""
    one = LogLocationScale(np.zeros(3), np.ones(3))
    other = LogLocationScale(np.full(3, 2.0), np.ones(3))
    pool = Pool((one, other), np.array([0.25, 0.75]))
    np.testing.assert_allclose(pool.cdf(2.0), 0.25 * one.cdf(2.0) + 0.75 * other.cdf(2.0))
    assert ((pool.quantile(0.5) > 1.0) & (pool.quantile(0.5) < np.exp(2.0))).all()
    np.testing.assert_allclose(pool.cdf(pool.quantile(0.3)), 0.3, atol=1e-9)


def test_tabulated_distributions_interpolate() -> None:
    """Between levels the share rises with the logarithm; beyond the last it is 1."""
    table = Tabulated(np.array([1.0, 10.0, 100.0]), np.array([[0.2, 0.6, 1.0]]))
    np.testing.assert_allclose(table.cdf(np.sqrt(10.0)), 0.4)
    assert table.cdf(0.5) == 0.0
    assert table.cdf(1e9) == 1.0
    np.testing.assert_allclose(table.quantile(0.8), 10**1.5)


def test_where_nothing_can_be_known_the_pool_says_what_all_samples_say() -> None:
    """With covariates of noise and no surface, log loss is about that of the prevalence."""
    ratios = []
    for seed in range(3):
        generator = np.random.default_rng(seed)
        places = generator.uniform(0, 1000, (400, 2))
        X = pd.DataFrame(generator.normal(size=(400, 8)), columns=list("abcdefgh"))
        value = np.exp(generator.normal(size=400))
        train, test = np.arange(400) < 150, np.arange(400) >= 150
        model = ConcentrationModel().fit(
            X[train], value[train], value[train], coordinates=places[train]
        )
        chance = model.exceedance(X[test], 1.5, coordinates=places[test])
        above, share = value[test] > 1.5, (value[train] > 1.5).mean()
        loss, of_share = (
            -np.mean(np.where(above, np.log(p), np.log1p(-p))) for p in (chance, share)
        )
        ratios.append(loss / of_share)
    assert np.mean(ratios) < 1.02


@pytest.mark.parametrize(("n_measured", "seed"), [(2, 3), (6, 5), (6, 8)])
def test_one_hot_spot_among_non_detects_can_be_learnt(n_measured: int, seed: int) -> None:
    """All that was measured lies together: blocks would leave nothing to judge members by."""
    rng = np.random.default_rng(seed)
    places = rng.uniform(0, 10_000, (80, 2))
    near = np.argsort(np.linalg.norm(places - places[0], axis=1))[:n_measured]
    X = pd.DataFrame({"slope": rng.normal(size=80)})
    lower, upper = np.zeros(80), np.full(80, 5.0)
    lower[near] = upper[near] = np.exp(rng.normal(4.0, 0.5, n_measured))
    model = ConcentrationModel().fit(X, lower, upper, coordinates=places)
    chance = model.exceedance(X, 20.0, coordinates=places)
    assert np.isfinite(chance).all()
    assert chance[near].mean() > 0.3 > np.delete(chance, near).mean()


def test_a_measured_zero_is_a_non_detect_to_the_pool() -> None:
    """It says less than the least that was found, and does not widen all intervals."""
    rng = np.random.default_rng(5)
    places, X = rng.uniform(0, 1000, (70, 2)), pd.DataFrame({"slope": rng.normal(size=70)})
    value = np.exp(3 + 0.4 * X["slope"].to_numpy() + 0.4 * rng.normal(size=70))
    zero = value < np.quantile(value, 0.2)
    least = value[~zero].min()
    exact = np.where(zero, 0.0, value)
    interval = np.where(zero, least, value)
    one, other = (
        ConcentrationModel()
        .fit(X, exact, upper, coordinates=places)
        .quantile(X, 0.95, coordinates=places)
        for upper in (exact, interval)
    )
    assert one.tolist() == other.tolist()
