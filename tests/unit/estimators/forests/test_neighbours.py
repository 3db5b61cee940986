"""Neighbour covariates: what a sample may see, and what it may not."""

import numpy as np
import pandas as pd
import pytest

from hotspot.errors import ModelError
from hotspot.estimators.forests.neighbours import NeighbourCovariates, NeighbourForest
from hotspot.estimators.forests.quantile import QuantileForest


def scattered(n, seed=0):
    rng = np.random.default_rng(seed)
    return rng.uniform(0, 1000, size=(n, 2)), rng.normal(size=n)


def smooth(n, seed=0):
    """Log C waves over the region; the only covariate is noise."""
    rng = np.random.default_rng(seed)
    places = rng.uniform(0, 1000, size=(n, 2))
    wave = np.sin(places[:, 0] / 120) * np.cos(places[:, 1] / 120)
    X = pd.DataFrame({"noise": rng.normal(size=n)})
    return X, places, wave, np.exp(3 + 1.2 * wave + 0.2 * rng.normal(size=n))


def test_a_sample_never_sees_itself():
    """Changing a sample's value changes no neighbour covariate of its own."""
    places, log_c = scattered(60)
    before = NeighbourCovariates(places, log_c, 5).at_samples()
    for i in range(0, 60, 7):
        changed = log_c.copy()
        changed[i] += 100.0
        after = NeighbourCovariates(places, changed, 5).at_samples()
        assert np.array_equal(after[i], before[i])
        assert (np.abs(after - before) > 50).any()


def test_a_sample_never_sees_another_at_its_own_place():
    """Samples of one place see past all of them, and alike."""
    places, log_c = scattered(40)
    places[[3, 7, 9, 11]] = places[3]
    log_c[[3, 7, 9, 11]] = 50.0
    seen = NeighbourCovariates(places, log_c, 4).at_samples()
    assert (seen[[3, 7, 9, 11], :4] < 40).all()
    assert (seen[:, 4:] > 0).all()
    assert np.array_equal(seen[3], seen[9])


def test_nearest_samples_are_those_of_all_pairs():
    """Values and distances are those found by looking at every pair."""
    places, log_c = scattered(50)
    new, _ = scattered(20, seed=1)
    gap = np.hypot(*(new[:, None] - places[None]).transpose(2, 0, 1))
    nearest = np.argsort(gap, axis=1)[:, :3]
    expected = np.hstack([log_c[nearest], np.take_along_axis(gap, nearest, 1)])
    assert np.allclose(NeighbourCovariates(places, log_c, 3).at(new), expected)
    own = np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1))
    np.fill_diagonal(own, np.inf)
    nearest = np.argsort(own, axis=1)[:, :3]
    expected = np.hstack([log_c[nearest], np.take_along_axis(own, nearest, 1)])
    assert np.allclose(NeighbourCovariates(places, log_c, 3).at_samples(), expected)


def test_neighbours_find_a_field_that_covariates_do_not_know():
    """Only nearby samples tell the wave, and the forest follows it."""
    X, places, _, c = smooth(400)
    new, there, wave, _ = smooth(200, seed=1)
    model = NeighbourForest(n_estimators=60, use_coordinates=False)
    p = model.fit(X, c, c, coordinates=places).quantile(new, 0.5, coordinates=there)
    assert np.corrcoef(np.log(p), wave)[0, 1] > 0.9
    plain = QuantileForest(n_estimators=60, use_coordinates=False).fit(X, c, c)
    assert abs(np.corrcoef(np.log(plain.quantile(new, 0.5)), wave)[0, 1]) < 0.3


def test_noise_of_samples_is_not_learnt_by_heart():
    """Values without spatial order give training samples no sharp answer at far places."""
    places, log_c = scattered(300)
    X = pd.DataFrame({"noise": np.random.default_rng(5).normal(size=300)})
    c = np.exp(log_c)
    model = NeighbourForest(n_estimators=60, use_coordinates=False)
    p = model.fit(X, c, c, coordinates=places).exceedance(X, 1.0, coordinates=places + 0.5)
    assert abs(np.corrcoef(p, log_c > 0)[0, 1]) < 0.6


def test_the_training_part_knows_no_test_value():
    """Other values in the test part leave the model of the training part as it was."""
    X, places, _, c = smooth(120)
    train = np.arange(120) < 90
    other = np.where(train, c, c * 1000)
    states = [
        NeighbourForest(n_estimators=20)
        .fit(X[train], y[train], y[train], coordinates=places[train])
        .to_state()
        for y in (c, other)
    ]
    assert states[0] == states[1]
    model = NeighbourForest.from_state(states[0])
    assert len(model.neighbours_.places) == 90


def test_a_censored_neighbour_stands_at_its_expectation():
    """It lies below the limit, at one value per limit, and measured ones stand as they are."""
    X, places, _, c = smooth(200)
    lower, upper = np.where(c < 15, 0.0, c), np.maximum(c, 15.0)
    seen = NeighbourForest(n_estimators=5).fit(X, lower, upper, coordinates=places)
    log_c = seen.neighbours_.log_concentration
    assert (log_c < np.log(15)).sum() == (c < 15).sum()
    assert len(np.unique(log_c[log_c < np.log(15)])) == 1
    assert np.allclose(np.sort(log_c[log_c > np.log(15)]), np.sort(np.log(c[c >= 15])))


def test_row_order_changes_nothing_and_reload_gives_the_same_bits():
    """Shuffled samples, and a model put together again, answer with the same bits."""
    X, places, _, c = smooth(100)
    turn = np.random.default_rng(1).permutation(100)
    one = NeighbourForest(n_estimators=20).fit(X, c, c, coordinates=places)
    other = NeighbourForest(n_estimators=20).fit(
        X.iloc[turn], c[turn], c[turn], coordinates=places[turn]
    )
    again = NeighbourForest.from_state(one.to_state())
    there = places + 3.0
    p, q, r = (m.exceedance(X, 20.0, coordinates=there) for m in (one, other, again))
    assert np.array_equal(p, q)
    assert np.array_equal(p, r)


def test_places_are_needed_and_gaps_have_no_answer():
    """Without coordinates it refuses; a missing place is NaN."""
    X, places, _, c = smooth(60)
    model = NeighbourForest(n_estimators=5, use_coordinates=False)
    with pytest.raises(ModelError, match="without coordinates"):
        model.fit(X, c, c)
    model.fit(X, c, c, coordinates=places)
    there = places.copy()
    there[4, 1] = np.nan
    p = model.exceedance(X, 20.0, coordinates=there)
    assert np.isnan(p[4])
    assert np.isfinite(np.delete(p, 4)).all()


def test_too_few_places_are_refused_or_fewer_neighbours_taken():
    """Covariates refuse more neighbours than there are; the forest takes what there is."""
    places, log_c = scattered(5)
    with pytest.raises(ModelError, match="5 places"):
        NeighbourCovariates(places, log_c, 5)
    X = pd.DataFrame({"noise": np.arange(5.0)})
    c = np.exp(log_c)
    model = NeighbourForest(n_estimators=3).fit(X, c, c, coordinates=places)
    assert model.neighbours_.n_neighbours == 4
