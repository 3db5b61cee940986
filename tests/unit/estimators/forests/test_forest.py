"""Quantile forest: censoring by the product limit, own traversal, honest out-of-bag."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.special import ndtr
from sklearn.base import clone
from sklearn.ensemble import RandomForestRegressor

from hotspot.errors import ModelError
from hotspot.estimators.forests.bagging import Bagged, ColumnScale
from hotspot.estimators.forests.nodes import Forest
from hotspot.estimators.forests.quantile import QuantileForest
from hotspot.estimators.intervals import log_intervals
from hotspot.estimators.log_intervals import LogNormal, Support
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


def forest(**given):
    return QuantileForest(**{"categorical": ("rock",), "n_estimators": 60, **given})


@pytest.fixture(scope="module")
def fitted():
    X, places, _, c = plant(250)
    return forest().fit(X, c, c, coordinates=places), X, places, c


def test_probability_never_rises_with_the_threshold(fitted):
    """P(C > t) falls from 1 to 0 as t rises, in every row."""
    model, X, places, _ = fitted
    answer = model.distribution(X, coordinates=places)
    p = np.array([answer.exceedance(t) for t in np.geomspace(1e-3, 1e4, 80)])
    assert (np.diff(p, axis=0) <= 1e-12).all()
    assert (p[0] == 1).all()
    assert (p[-1] == 0).all()


def test_finds_the_planted_truth(fitted):
    """Probabilities at new places follow those of the world they were planted in."""
    model, _, _, _ = fitted
    X, places, centre, _ = plant(400, seed=9)
    truth = ndtr((centre - np.log(5.0)) / 0.6)
    p = model.exceedance(X, 5.0, coordinates=places)
    assert np.corrcoef(p, truth)[0, 1] > 0.87
    assert abs(p.mean() - truth.mean()) < 0.04


def test_non_detects_are_calibrated_where_substitution_is_not():
    """With six of ten non-detects of two limits P stays right; half the limit does not."""
    X, places, centre, c = plant(700, seed=2)
    lower, upper = censor(c)
    assert 0.55 < (lower < upper).mean() < 0.7
    halved = np.where(lower < upper, upper / 2, c)
    new, there, centre, _ = plant(500, seed=3)
    truth = ndtr((centre - np.log(3.0)) / 0.6)
    right = forest().fit(X, lower, upper, coordinates=places)
    wrong = forest().fit(X, halved, halved, coordinates=places)
    p = right.exceedance(new, 3.0, coordinates=there)
    q = wrong.exceedance(new, 3.0, coordinates=there)
    assert abs(p.mean() - truth.mean()) < 0.05
    assert abs(q.mean() - truth.mean()) > 0.12
    assert np.mean((p - truth) ** 2) < 0.6 * np.mean((q - truth) ** 2)


@pytest.mark.parametrize(("limit", "above"), [(4.0, False), (4.0, True)])
def test_values_beside_a_limit_do_not_draw_its_mass(limit, above):
    """Where nothing is measured beyond a limit the log-normal says how mass lies there."""
    X, places, _, c = plant(500, seed=6)
    beyond = c > limit if above else c < limit
    lower = np.where(beyond, limit if above else 0.0, c)
    upper = np.where(beyond, np.inf if above else limit, c)
    model = forest().fit(X, lower, upper, coordinates=places)
    new, there, centre, _ = plant(400, seed=8)
    t = 6.0 if above else 2.5
    truth = ndtr((centre - np.log(t)) / 0.6).mean()
    assert abs(model.exceedance(new, t, coordinates=there).mean() - truth) < 0.05


def test_over_range_values_keep_their_mass_above():
    """Values known only to pass 20 mg/kg leave the probability of 10 mg/kg as it was."""
    X, places, _, c = plant(300, seed=4)
    cut = forest().fit(X, np.minimum(c, 20.0), np.where(c > 20, np.inf, c), coordinates=places)
    whole = forest().fit(X, c, c, coordinates=places)
    p, q = (m.exceedance(X, 10.0, coordinates=places) for m in (cut, whole))
    assert abs(p.mean() - q.mean()) < 0.01
    assert np.abs(p - q).max() < 0.2


def test_row_order_changes_nothing():
    """A forest from shuffled samples answers with the same bits."""
    X, places, _, c = plant(120)
    turn = np.random.default_rng(1).permutation(120)
    one = forest().fit(X, c, c, coordinates=places)
    other = forest().fit(X.iloc[turn], c[turn], c[turn], coordinates=places[turn])
    new = plant(50, seed=5)
    p, q = (m.exceedance(new[0], 4.0, coordinates=new[1]) for m in (one, other))
    assert np.array_equal(p, q)


def test_a_shift_of_coordinates_changes_nothing():
    """Places far from the origin keep their digits."""
    X, places, _, c = plant(120)
    far = np.array([500_000.0, 6_700_000.0])
    one = forest().fit(X, c, c, coordinates=places)
    other = forest().fit(X, c, c, coordinates=places + far)
    p = one.exceedance(X, 4.0, coordinates=places)
    assert np.allclose(p, other.exceedance(X, 4.0, coordinates=places + far), atol=1e-9)


def test_reload_gives_the_same_bits_and_bytes():
    """A forest taken apart and put together answers the same, censored classes and all."""
    X, places, _, c = plant(150)
    model = forest(n_axes=6).fit(X, *censor(c), coordinates=places)
    state = model.to_state()
    again = QuantileForest.from_state(state)
    levels = np.array([1.0, 3.0, 20.0])
    for level in levels:
        p, q = (m.exceedance(X, level, coordinates=places) for m in (model, again))
        assert np.array_equal(p, q)
    assert again.to_state() == state
    assert clone(model).fit(X, *censor(c), coordinates=places).to_state() == state


def test_threads_leave_no_trace():
    """Two threads give the bytes of one."""
    X, places, _, c = plant(80)
    one, two = (forest(n_jobs=n).fit(X, c, c, coordinates=places).to_state() for n in (1, 2))
    assert one == two


def test_gaps_and_unseen_classes_have_no_answer(fitted):
    """A missing covariate, place or class gives NaN, and the other rows stay as they were."""
    model, X, places, _ = fitted
    part, there = X.iloc[:5].copy(), places[:5].copy()
    whole = model.exceedance(part, 4.0, coordinates=there)
    part.iloc[0, 0], part.iloc[1, 2], there[2, 0] = np.nan, 99.0, np.nan
    with pytest.warns(UnseenClassWarning):
        p = model.exceedance(part, 4.0, coordinates=there)
    assert np.isnan(p[:3]).all()
    assert np.allclose(p[3:], whole[3:], atol=1e-12)
    assert np.isnan(model.quantile(part.iloc[:1], 0.5, coordinates=there[:1])).all()


def test_own_traversal_is_that_of_the_program_that_grew_the_trees():
    """Rows fall into the leaves that scikit-learn says, ties and single precision included."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 4)).round(2) * 1e5
    grown = RandomForestRegressor(20, random_state=0).fit(X, rng.normal(size=300))
    trees = [tree.tree_ for tree in grown.estimators_]
    as_given = ColumnScale(np.zeros(4), np.ones(4))
    fallen = Forest.of(Bagged(trees, np.ones((300, 20), int), as_given)).leaves(X)
    theirs = grown.apply(X)
    for tree in range(20):
        pairs = {*zip(fallen[:, tree].tolist(), theirs[:, tree].tolist(), strict=True)}
        assert len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})


def test_intervals_of_ninety_percent_hold_about_ninety(fitted):
    """The 5 % and 95 % quantiles hold nine of ten new samples."""
    model = fitted[0]
    X, places, _, c = plant(500, seed=11)
    answer = model.distribution(X, coordinates=places)
    inside = (c > answer.quantile(0.05)) & (c < answer.quantile(0.95))
    assert 0.85 < inside.mean() < 0.97


def test_what_cannot_be_learnt_is_refused():
    """No coordinates, too few measured values, and bad parameters are told apart."""
    X, places, _, c = plant(30)
    with pytest.raises(ModelError, match="without coordinates"):
        forest().fit(X, c, c)
    with pytest.raises(ModelError, match="measured"):
        forest().fit(X, np.zeros(30), c, coordinates=places)
    with pytest.raises(ModelError, match="max_features"):
        forest(max_features=2.0).fit(X, c, c, coordinates=places)


def test_product_limit_is_kaplan_meier_by_hand():
    """Values 1, 2, 4 and non-detects up to 3 and up to 2: the shares worked out by hand."""
    support = Support(np.log(np.arange(1.0, 6.0)), np.array([[0, 1], [0, 2]]), 0.1)
    # Columns: five levels, then at or below level 1 (2 mg/kg) and level 2 (3 mg/kg).
    mass = np.array([[1.0, 1.0, 0.0, 1.0, 0.0, 1.0, 1.0]]) / 5
    found = support.resolve(mass, np.full(5, 1e-12))[0]
    # One of five lies at 4. The rest lie at or below 2, where two measured values say that
    # half is at 2; neither non-detect can tell 2 from 1.
    expected = np.array([0.4, 0.4, 0.0, 0.2, 0.0])
    assert np.allclose(found, expected, atol=1e-9)


def test_iteration_agrees_with_the_product_limit():
    """Expectation and maximisation end where the closed form starts."""
    rng = np.random.default_rng(3)
    support = Support(np.linspace(0, 1, 12), np.array([[0, 4], [0, 7], [9, 11]]), 0.1)
    mass, base = rng.random((4, 15)), np.full(12, 0.05)
    closed = support.resolve(mass, base)
    uneven = rng.random((4, 12))
    slow = support._iterate(mass[:, :12] + base, mass[:, 12:], uneven)
    assert np.allclose(closed, slow / slow.sum(axis=1, keepdims=True), atol=1e-4)


def test_crossed_and_bounded_intervals_keep_their_mass_inside():
    """The fixed point of bounded and crossing intervals satisfies self-consistency."""
    rng = np.random.default_rng(4)
    spans = np.array([[0, 6], [2, 5], [4, 11]])
    support = Support(np.linspace(0, 1, 12), spans, 0.1)
    mass, base = rng.random((3, 15)), np.full(12, 0.05)
    p = support.resolve(mass, base)
    total = (mass.sum(axis=1) + base.sum())[:, None]
    expected = mass[:, :12] + base
    for j, (a, b) in enumerate(spans):
        inside = p[:, a : b + 1] / p[:, a : b + 1].sum(axis=1, keepdims=True)
        expected[:, a : b + 1] += mass[:, 12 + j, None] * inside
    assert np.allclose(p, expected / total, atol=1e-6)


def test_the_log_normal_of_intervals_is_found():
    """Six of ten below two limits, and the centre and spread are those planted."""
    c = np.exp(np.random.default_rng(0).normal(1.0, 0.8, size=4000))
    lower, upper = censor(c)
    logs = log_intervals(lower, upper)
    found = LogNormal.fit(logs.low, logs.high)
    assert found.centre == pytest.approx(1.0, abs=0.05)
    assert found.spread == pytest.approx(0.8, abs=0.04)
    # Below 2 mg/kg the expectation is the mean of what really lies there.
    below = found.expectation(np.array([-np.inf]), np.log([2.0]))[0]
    assert below == pytest.approx(np.log(c[c < 2]).mean(), abs=0.05)


def test_columns_hold_each_sample_once():
    """Every row of the support's columns has mass 1, and measured values keep their mean."""
    c = np.array([1.0, 2.0, 3.0, 7.0, 5.0])
    low, high = np.log(c), np.log(c)
    low[4], high[3] = -np.inf, np.inf
    support = Support.of(low, high, LogNormal(1.0, 1.0), 0.2)
    columns = support.columns(low, high)
    assert sparse.issparse(columns)
    assert np.allclose(columns.sum(axis=1), 1.0)
    dense = columns.toarray()[:3, : len(support.level)]
    assert np.allclose(dense @ support.level, np.log(c[:3]))
