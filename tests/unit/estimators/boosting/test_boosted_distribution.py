"""Boosted distribution: the censored likelihood, what it learns, and that it repeats."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtr
from sklearn.base import clone

from hotspot.errors import ModelError
from hotspot.estimators.boosting.distribution import BoostedDistribution
from hotspot.estimators.boosting.student_likelihood import Likelihood, best_tail
from hotspot.estimators.table import UnseenClassWarning


def plant(n, seed=0):
    """One driver, one class, one noise; log C normal with spread 0.6 about the truth."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "industry": rng.normal(size=n),
            "noise": rng.normal(size=n),
            "rock": rng.choice([1.0, 4.0, 7.0], size=n),
        }
    )
    centre = 1.0 + 0.9 * X["industry"].to_numpy() + 0.6 * (X["rock"] == 4).to_numpy()
    places = rng.uniform(0, 1e4, size=(n, 2))
    return X, places, centre, np.exp(centre + 0.6 * rng.normal(size=n))


def censor(c, seed=0):
    """Two laboratories of limits 2 and 8: about six of ten samples are non-detects."""
    limit = np.where(np.random.default_rng(seed).random(len(c)) < 0.5, 2.0, 8.0)
    return np.where(c < limit, 0.0, c), np.where(c < limit, limit, c)


def boosted(**given):
    return BoostedDistribution(**{"categorical": ("rock",), **given})


@pytest.fixture(scope="module")
def fitted():
    X, places, _, c = plant(250)
    return boosted().fit(X, c, c, coordinates=places), X, places


@pytest.mark.parametrize("df", [3.0, 10.0, np.inf])
def test_slopes_are_those_of_the_likelihood(df):
    """Analytic slopes equal differences, for measured, below, above and between."""
    low = np.array([0.3, -np.inf, 1.0, -0.5, -np.inf, 3.0])
    high = np.array([0.3, 0.4, np.inf, 0.7, -2.0, np.inf])
    centre, scale, step = np.full(6, 0.1), np.full(6, 0.8), 1e-6

    def value(shift, widen):
        return Likelihood.of(low, high, centre + shift, scale * np.exp(widen), df).value

    here = Likelihood.of(low, high, centre, scale, df)
    by_centre = (value(step, 0) - value(-step, 0)) / (2 * step)
    by_scale = (value(0, step) - value(0, -step)) / (2 * step)
    assert np.allclose(here.centre_slope, by_centre, atol=1e-6)
    assert np.allclose(here.scale_slope, by_scale, atol=1e-6)


def test_the_best_tail_is_that_of_the_samples():
    """Scale and degrees of freedom planted among non-detects are found again."""
    rng = np.random.default_rng(0)
    for df, scale in ((3.0, 0.4), (np.inf, 0.7)):
        noise = rng.normal(size=3000) if np.isinf(df) else rng.standard_t(df, size=3000)
        low = scale * noise
        high = np.maximum(low, -0.1)
        found = best_tail(
            np.where(low < -0.1, -np.inf, low), high, np.zeros(3000), np.ones(3000)
        )
        assert found[0] == pytest.approx(scale, rel=0.06)
        assert found[1] == df


def test_probability_never_rises_with_the_threshold(fitted):
    """P(C > t) falls as t rises, in every row."""
    model, X, places = fitted
    answer = model.distribution(X, coordinates=places)
    p = np.array([answer.exceedance(t) for t in np.geomspace(1e-3, 1e4, 80)])
    assert (np.diff(p, axis=0) <= 0).all()


def test_finds_the_planted_truth(fitted):
    """Probabilities at new places follow the world, and the scale is that of the noise."""
    model = fitted[0]
    X, places, centre, _ = plant(400, seed=9)
    truth = ndtr((centre - np.log(5.0)) / 0.6)
    p = model.exceedance(X, 5.0, coordinates=places)
    assert np.corrcoef(p, truth)[0, 1] > 0.93
    assert abs(p.mean() - truth.mean()) < 0.04
    assert 0.55 < model.scale_ < 0.8


def test_non_detects_are_calibrated_where_substitution_is_not():
    """With six of ten non-detects of two limits P stays right; half the limit does not."""
    X, places, centre, c = plant(700, seed=2)
    lower, upper = censor(c)
    halved = np.where(lower < upper, upper / 2, c)
    new, there, centre, _ = plant(500, seed=3)
    truth = ndtr((centre - np.log(3.0)) / 0.6)
    right = boosted().fit(X, lower, upper, coordinates=places)
    wrong = boosted().fit(X, halved, halved, coordinates=places)
    p = right.exceedance(new, 3.0, coordinates=there)
    q = wrong.exceedance(new, 3.0, coordinates=there)
    assert abs(p.mean() - truth.mean()) < 0.05
    assert abs(q.mean() - truth.mean()) > 0.1
    assert np.mean((p - truth) ** 2) < 0.5 * np.mean((q - truth) ** 2)


def test_a_varying_scale_is_found_in_a_large_survey():
    """Where noise is three times as wide the scale follows; where it is even, no trees."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"old": rng.choice([0.0, 1.0], size=1200), "noise": rng.normal(size=1200)})
    wide = np.where(X["old"] == 1, 0.9, 0.3)
    c = np.exp(2 + wide * rng.normal(size=1200))
    model = BoostedDistribution(use_coordinates=False).fit(X, c, c)
    two = pd.DataFrame({"old": [0.0, 1.0], "noise": 0.0})
    narrow, broad = model.distribution(two).scale
    assert narrow == pytest.approx(0.3, abs=0.06)
    assert broad == pytest.approx(0.9, abs=0.15)
    even = np.exp(2 + 0.5 * rng.normal(size=1200))
    level = BoostedDistribution(use_coordinates=False).fit(X, even, even).distribution(X).scale
    assert level.std() < 0.05


def test_one_gross_value_does_not_carry_the_survey():
    """A value a million times too large moves the median elsewhere by less than a fifth."""
    X, places, _, c = plant(200)
    wild = c.copy()
    wild[0] *= 1e6
    one, other = (boosted().fit(X, y, y, coordinates=places) for y in (c, wild))
    new, there, _, _ = plant(100, seed=7)
    p, q = (m.quantile(new, 0.5, coordinates=there) for m in (one, other))
    assert np.median(np.abs(np.log(p / q))) < 0.2


def test_noise_gives_the_prevalence():
    """Covariates without information leave few trees, and the share of exceedances."""
    rng = np.random.default_rng(1)
    X = pd.DataFrame({"a": rng.normal(size=200), "b": rng.normal(size=200)})
    c = np.exp(rng.normal(size=200))
    p = BoostedDistribution(use_coordinates=False).fit(X, c, c).exceedance(X, 1.0)
    assert np.abs(p - (c > 1).mean()).max() < 0.2


def test_row_order_changes_nothing():
    """Trees from shuffled samples answer with the same bits."""
    X, places, _, c = plant(120)
    turn = np.random.default_rng(1).permutation(120)
    one = boosted().fit(X, c, c, coordinates=places)
    other = boosted().fit(X.iloc[turn], c[turn], c[turn], coordinates=places[turn])
    p, q = (m.exceedance(X, 4.0, coordinates=places) for m in (one, other))
    assert np.array_equal(p, q)


def test_reload_gives_the_same_bits_and_bytes():
    """A model taken apart and put together answers the same; so does a second fit."""
    X, places, _, c = plant(520)
    model = boosted(n_axes=4, max_rounds=60).fit(X, *censor(c), coordinates=places)
    state = model.to_state()
    again = BoostedDistribution.from_state(state)
    one, other = (m.distribution(X, coordinates=places) for m in (model, again))
    assert np.array_equal(one.centre, other.centre)
    assert np.array_equal(one.scale, other.scale)
    assert again.to_state() == state
    assert clone(model).fit(X, *censor(c), coordinates=places).to_state() == state


def test_threads_leave_no_trace():
    """Two threads give the bytes of one."""
    X, places, _, c = plant(80)
    one, two = (
        boosted(max_rounds=2, n_jobs=n).fit(X, c, c, coordinates=places).to_state()
        for n in (1, 2)
    )
    assert one == two


def test_contributions_add_up_to_the_centre(fitted):
    """Base, covariates and location sum to the centre of log C, and industry leads."""
    model, X, places = fitted
    values, base = model.contributions(X, coordinates=places)
    centre = model.distribution(X, coordinates=places).centre
    assert values.shape == (len(X), 4)
    assert np.allclose(base + values.sum(axis=1), centre, atol=1e-9)
    assert np.abs(values).mean(axis=0).argmax() == 0


def test_gaps_and_unseen_classes_have_no_answer(fitted):
    """A missing covariate, place or class gives NaN, and the other rows stay as they were."""
    model, X, places = fitted
    part, there = X.iloc[:5].copy(), places[:5].copy()
    whole = model.exceedance(part, 4.0, coordinates=there)
    part.iloc[0, 0], part.iloc[1, 2], there[2, 0] = np.nan, 99.0, np.nan
    with pytest.warns(UnseenClassWarning):
        p = model.exceedance(part, 4.0, coordinates=there)
    assert np.isnan(p[:3]).all()
    assert np.array_equal(p[3:], whole[3:])


@pytest.mark.parametrize("n", [3, 12, 60])
def test_nothing_to_split_leaves_the_distribution_of_all(n):
    """A survey too small to split, or with constant covariates, gets one answer for all."""
    c = np.exp(np.random.default_rng(0).normal(size=n))
    X = pd.DataFrame({"flat": np.ones(n)})
    model = BoostedDistribution(use_coordinates=False).fit(X, c, c)
    p = model.exceedance(X, 1.0)
    assert model.n_rounds_ == 0
    assert np.ptp(p) == 0
    assert abs(p[0] - (c > 1).mean()) < 0.25
    assert np.array_equal(
        BoostedDistribution.from_state(model.to_state()).exceedance(X, 1.0), p
    )


def test_what_cannot_be_learnt_is_refused():
    """No coordinates and bad parameters are told apart."""
    X, places, _, c = plant(30)
    with pytest.raises(ModelError, match="without coordinates"):
        boosted().fit(X, c, c)
    with pytest.raises(ModelError, match="learning_rate"):
        boosted(learning_rate=0.0).fit(X, c, c, coordinates=places)
