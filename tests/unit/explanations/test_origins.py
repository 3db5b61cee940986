"""Shares of origins are told as a number, as a range or not at all."""

import numpy as np
import pandas as pd
import pytest

from hotspot.covariates.catalogue import Catalogue, Covariate, Kind, Role
from hotspot.errors import ModelError
from hotspot.explanations import share_origins
from hotspot.explanations.origins import left_out_r2, origin_covariates
from hotspot.explanations.share_trial import ShareTrial, try_shares
from hotspot.samples.sampleset import Samples

CATALOGUE = Catalogue(
    (
        Covariate("works", "m", Kind.CONTINUOUS, Role.INDUSTRY),
        Covariate("road", "m", Kind.CONTINUOUS, Role.ROADS),
    )
)
Planted = tuple[pd.DataFrame, dict[str, np.ndarray]]


@pytest.fixture(scope="module")
def survey() -> Planted:
    """Return covariates and contributions that have nothing to do with each other."""
    generator = np.random.default_rng(5)
    X = pd.DataFrame(
        {"works": generator.uniform(0, 4000, 200), "road": generator.uniform(0, 900, 200)}
    )
    credit = {
        "industry": np.exp(-X["works"].to_numpy() / 500) - 0.1,
        "roads": np.exp(-X["road"].to_numpy() / 200) - 0.2,
    }
    return X, credit


def trial_of(point: float, *, off: float) -> ShareTrial:
    """Return a trial whose judge gives a share to point origins, and is off by so much."""
    errors = np.array([[off, -off], [-off, off]])
    return ShareTrial(("point", "diffuse"), np.array([point, 1 - point]), errors)


def test_origins_that_stand_apart_share_everything(survey: Planted) -> None:
    """Credits add up to one, and each is that of the mean absolute contribution."""
    X, credit = survey
    point, diffuse = share_origins(credit, X, CATALOGUE)
    size = {name: float(np.abs(values).mean()) for name, values in credit.items()}
    assert point.credit == pytest.approx(size["industry"] / sum(size.values()))
    assert point.credit + diffuse.credit == pytest.approx(1.0)
    told = share_origins(credit, X, CATALOGUE, trial=trial_of(point.credit, off=0.02))[0]
    assert told.share == pytest.approx(point.credit)
    assert told.range == pytest.approx((point.credit - 0.04, point.credit + 0.04))
    assert told.to_dict()["share"] == round(point.credit, 6)


def test_a_share_that_is_not_tried_is_not_told(survey: Planted) -> None:
    """Nobody knows how far it can be off."""
    X, credit = survey
    point = share_origins(credit, X, CATALOGUE)[0]
    assert point.share is None
    assert not point.is_identifiable
    assert point.range is None
    assert "not tried" in point.text


def test_a_share_that_may_be_far_off_is_told_as_a_range(survey: Planted) -> None:
    """So is one of which the judge thinks otherwise: neither is believed alone."""
    X, credit = survey
    own = share_origins(credit, X, CATALOGUE)[0].credit
    for trial in (trial_of(own, off=0.06), trial_of(own - 0.2, off=0.01)):
        point = share_origins(credit, X, CATALOGUE, trial=trial)[0]
        assert point.share is None
        assert not point.is_identifiable
        low, high = point.range or (1.0, 0.0)
        assert low < min(own, trial.share("point"))
        assert high > own
        assert point.to_dict()["share"] is None
        assert f"Between {100 * low:.0f} and {100 * high:.0f} % of the credit" in point.text


def test_origins_that_say_the_same_get_neither_share_nor_range(survey: Planted) -> None:
    """Works along the roads could have what is credited to the roads."""
    X, credit = survey
    along = X.assign(works=X["road"] + np.linspace(0, 1, len(X)))
    same = {**credit, "industry": credit["roads"] * 0.5}
    told = share_origins(same, along, CATALOGUE, trial=trial_of(0.3, off=0.01))
    for origin in told:
        assert origin.confused_with
        assert origin.share is None
        assert origin.range is None
        assert "cannot tell them apart" in origin.text


def test_a_single_origin_is_no_share_of_anything(survey: Planted) -> None:
    """All of the credit of one origin says nothing of the others."""
    X, credit = survey
    only = Catalogue((CATALOGUE["works"],))
    (point,) = share_origins({"industry": credit["industry"]}, X[["works"]], only)
    assert not point.is_identifiable
    assert "nothing to compare with" in point.text


def test_covariates_are_held_by_their_origin() -> None:
    """Land use and the place count to none."""
    catalogue = Catalogue((*CATALOGUE, Covariate("use", "", Kind.CONTINUOUS, Role.LAND_USE)))
    held = origin_covariates(["industry", "land_use", "roads", "location"], catalogue)
    assert held == {"point": ["works"], "diffuse": ["road"]}


@pytest.mark.parametrize("surface", [0.05, 1.0])
def test_a_strong_surface_makes_shares_uncertain(surface: float) -> None:
    """Where much is told by no covariate, covariates take some of it by luck."""
    generator = np.random.default_rng(2)
    n = 120
    places = generator.uniform(0, 5000, size=(n, 2))
    X = pd.DataFrame(
        {"works": generator.uniform(0, 3000, n), "road": places[:, 0] / 5 + places[:, 1] / 9}
    )
    hidden = np.sin(places[:, 0] / 900) + np.cos(places[:, 1] / 700)
    log = 3 - X["works"] / 1500 - X["road"] / 800 + surface * hidden
    value = np.exp(log.to_numpy() + generator.normal(0, 0.1, n))
    samples = Samples(np.arange(n).astype(str), X, value, value, places)
    held = {"point": ["works"], "diffuse": ["road"]}
    trial = try_shares(samples, CATALOGUE, held, seed=1, n_draws=6)
    assert trial.shares.sum() == pytest.approx(1.0)
    np.testing.assert_allclose(trial.errors.sum(axis=1), 0.0, atol=1e-12)
    if surface < 0.1:
        parts = np.array([(X["works"] / 1500).std(), (X["road"] / 800).std()])
        assert abs(trial.shares[0] - parts[0] / parts.sum()) < 0.1
        assert trial.tolerance("point") < 0.1
    else:
        assert trial.tolerance("point") > 0.1
    again = try_shares(samples, CATALOGUE, held, seed=1, n_draws=6)
    np.testing.assert_array_equal(again.errors, trial.errors)


def test_one_origin_cannot_be_tried(survey: Planted) -> None:
    """There is nothing to share."""
    X, _ = survey
    places = np.zeros((len(X), 2))
    samples = Samples(
        np.arange(len(X)).astype(str), X, np.ones(len(X)), np.ones(len(X)), places
    )
    with pytest.raises(ModelError, match="Give two origins or more"):
        try_shares(samples, CATALOGUE, {"point": ["works"]}, seed=1)
    with pytest.raises(ModelError, match="unknown covariates: rail"):
        try_shares(samples, CATALOGUE, {"point": ["works"], "diffuse": ["rail"]}, seed=1)


def test_rows_left_out_do_not_flatter() -> None:
    """Many useless columns tell nothing; the columns that made the values tell all."""
    generator = np.random.default_rng(1)
    values = generator.normal(size=60)
    noise = np.column_stack([np.ones(60), generator.normal(size=(60, 25))])
    assert left_out_r2(noise, values) == 0.0
    design = np.column_stack([np.ones(60), values * 2 + 1])
    assert left_out_r2(design, values) == pytest.approx(1.0)
