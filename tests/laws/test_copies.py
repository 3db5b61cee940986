"""Covariates that say the same are learnt once: the model is that without copies."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hotspot.covariates.catalogue import Catalogue, Covariate, Kind, Role
from hotspot.estimators import AreaOfApplicability, FittedModel, load_model, make_estimator
from hotspot.estimators.copies import Copies, find_copies
from hotspot.estimators.distinct import DistinctCovariates, copies_of
from hotspot.estimators.store import save_model
from hotspot.estimators.varying_limit import exceedance_at, fit_at
from hotspot.explanations import (
    choose_background,
    group_values,
    role_contributions,
    scale_worths,
    shap_values,
)
from hotspot.explanations.interactions import interaction_table
from hotspot.explanations.layers import role_layers
from hotspot.explanations.shapley import LOCATION
from hotspot.grid import Grid
from hotspot.samples.sampleset import Samples

N = 90
LIMIT = 40.0
ONCE = Catalogue(
    (
        Covariate("works", "m", Kind.CONTINUOUS, Role.INDUSTRY),
        Covariate("soil", "", Kind.CATEGORICAL, Role.SOIL, classes=((1, "clay"), (2, "sand"))),
        Covariate("road", "m", Kind.CONTINUOUS, Role.ROADS),
    )
)
# The same covariates with copies: in another unit, in other codes, and in another role.
TWICE = Catalogue(
    (
        *ONCE,
        Covariate("works_km", "km", Kind.CONTINUOUS, Role.INDUSTRY),
        Covariate(
            "ground", "", Kind.CATEGORICAL, Role.SOIL, classes=((4, "clay"), (7, "sand"))
        ),
        Covariate("road_again", "m", Kind.CONTINUOUS, Role.INDUSTRY),
    )
)
ACROSS = ("gaussian_process", "regression_kriging", "quantile_forest", "lightgbm", "logistic")


def with_copies(X: pd.DataFrame) -> pd.DataFrame:
    """Return a table with the copies of its covariates."""
    codes = X["soil"].map({1.0: 7.0, 2.0: 4.0})
    return X.assign(works_km=X["works"] / 1000, ground=codes, road_again=X["road"])


@pytest.fixture(scope="module")
def once() -> Samples:
    """Return a survey in which works and the soil act."""
    generator = np.random.default_rng(11)
    X = pd.DataFrame(
        {
            "works": generator.uniform(0, 4000, N).astype(np.float32).astype(float),
            "soil": generator.integers(1, 3, N).astype(float),
            "road": generator.uniform(0, 900, N),
        }
    )
    log = 4 - X["works"] / 1500 + 0.5 * (X["soil"] == 1) + generator.normal(0, 0.3, N)
    value = np.exp(log.to_numpy())
    places = generator.uniform(0, 6000, size=(N, 2))
    return Samples(np.arange(N).astype(str), X, value, value, places)


@pytest.fixture(scope="module")
def twice(once: Samples) -> Samples:
    """Return the same survey with copies of all its covariates."""
    return replace(once, X=with_copies(once.X))


def fitted(kind: str, samples: Samples, catalogue: Catalogue) -> Any:
    """Return a model of a kind that learnt some samples."""
    make = make_estimator(
        kind, {}, threshold=LIMIT, categorical=catalogue.categorical, random_state=3
    )
    return fit_at(make, samples, LIMIT)


def whole(kind: str, samples: Samples, catalogue: Catalogue) -> FittedModel:
    """Return such a model with all that belongs to it."""
    grid = Grid.from_region((0, 6000, 0, 6000), 100.0, "EPSG:32631")
    estimator = fitted(kind, samples, catalogue)
    return FittedModel(estimator, catalogue, grid, "pb", {"value_mg_kg": LIMIT})


def test_units_and_codes_make_no_difference_and_curves_do() -> None:
    """A straight line and a recoding are copies; a curve, a constant and a class are not."""
    x = np.array([1.0, 2.0, 5.0, 3.0, 8.0])
    X = pd.DataFrame(
        {
            "flat": np.full(5, 2.0),
            "x": x,
            "rounded": (273.15 - 0.1 * x).astype(np.float32),
            "log": np.log(x),
            "near": x + np.array([0, 0, 0, 0, 1e-4]),
            "code": [1, 1, 2, 3, 2],
            "other_code": [8, 8, 0, 5, 0],
            "finer_code": [1, 4, 2, 3, 2],
            "empty": np.full(5, 2.0),
        }
    )
    copies = find_copies(X, ("code", "other_code", "finer_code"))
    assert copies.classes == (("x", "rounded"), ("code", "other_code"))
    assert not find_copies(X[["x", "log", "near"]])


@pytest.mark.parametrize("kind", ACROSS)
def test_a_model_with_copies_is_the_model_without(
    kind: str, once: Samples, twice: Samples
) -> None:
    """The same answers to the last bit, and the same credit of all copies together."""
    plain, copied = fitted(kind, once, ONCE), fitted(kind, twice, TWICE)
    assert isinstance(copied, DistinctCovariates)
    assert copies_of(plain) is None
    asked = replace(once, X=once.X.add([7.0, 0.0, -3.0]))
    np.testing.assert_array_equal(
        exceedance_at(copied, with_copies(asked.X), LIMIT, coordinates=asked.coordinates),
        exceedance_at(plain, asked.X, LIMIT, coordinates=asked.coordinates),
    )
    told = [
        shap_values(
            model,
            samples.X.head(20),
            coordinates=samples.coordinates[:20],
            background=choose_background(samples, 6, seed=1),
            threshold=LIMIT,
        )
        for model, samples in ((plain, once), (copied, twice))
    ]
    own, found = (pd.DataFrame(each.values, columns=each.names) for each in told)
    for name, copy in (("works", "works_km"), ("soil", "ground"), ("road", "road_again")):
        np.testing.assert_array_equal(found[name], found[copy])
        np.testing.assert_allclose(found[name] + found[copy], own[name], rtol=1e-15)
    if LOCATION in own:
        np.testing.assert_array_equal(found[LOCATION], own[LOCATION])


@pytest.mark.parametrize("kind", ["gaussian_process", "lightgbm"])
def test_roles_with_copies_keep_their_totals(kind: str, once: Samples, twice: Samples) -> None:
    """A role that holds all copies has what it had; one copy elsewhere takes its half along."""
    within = Catalogue(TWICE.covariates[:-1])
    samples = replace(twice, X=twice.X[list(within.names)])
    layers = {}
    for catalogue, survey in ((ONCE, once), (within, samples), (TWICE, twice)):
        model = whole(kind, survey, catalogue)
        found = role_layers(
            model,
            survey.X.head(12),
            np.arange(12),
            (3, 4),
            coordinates=survey.coordinates[:12],
            background=choose_background(survey, 6, seed=1),
        )
        layers[len(catalogue)] = dict(zip(found.roles, found.contributions, strict=True))
    plain, own, across = layers.values()
    for role in plain:
        np.testing.assert_array_equal(own[role], plain[role])
    half = plain["roads"] / 2
    np.testing.assert_allclose(across["roads"], half, rtol=1e-5)
    np.testing.assert_allclose(
        across["industry"], plain["industry"] + half, rtol=1e-4, atol=1e-6
    )


def test_interactions_add_up_where_two_roles_hold_one_covariate(twice: Samples) -> None:
    """What roles do alone and in pairs makes up the values, whoever owns what jointly."""
    model = fitted("gaussian_process", twice, TWICE)
    players = {**{k: tuple(v) for k, v in TWICE.by_role().items()}, LOCATION: (LOCATION,)}
    found = scale_worths(
        model,
        twice.X.head(8),
        coordinates=twice.coordinates[:8],
        background=choose_background(twice, 5, seed=2),
        players=players,
        threshold=LIMIT,
    )
    assert found.worths.players == tuple(players)
    parts = interaction_table(found)
    values = found.values("log-odds")
    assert parts["mean"].sum() == pytest.approx(values.values.sum(axis=1).mean())
    np.testing.assert_allclose(values.values.sum(axis=1) + values.base, values.total)
    pair = parts[(parts["first"] == "industry") & (parts["second"] == "roads")]
    assert len(pair) == 1


def test_groups_of_a_sum_share_a_joint_covariate(twice: Samples) -> None:
    """Groups add up to what their covariates have, quick way or not."""
    model = fitted("lightgbm", twice, TWICE)
    by_covariate = shap_values(model, twice.X)
    roles, summed = role_contributions(by_covariate, TWICE)
    grouped = group_values(model, twice.X, groups=TWICE.by_role())
    assert grouped.names == roles
    np.testing.assert_allclose(grouped.values, summed, atol=1e-12)


def test_a_model_with_copies_is_saved_and_opened(tmp_path: Path, twice: Samples) -> None:
    """The folder holds what was left out, and answers as before."""
    for kind in ("lightgbm", "gaussian_process"):
        model = whole(kind, twice, TWICE)
        save_model(model, tmp_path / kind)
        opened = load_model(tmp_path / kind)
        assert type(opened.estimator) is type(model.estimator)
        assert copies_of(opened.estimator) == copies_of(model.estimator)
        np.testing.assert_array_equal(
            opened.exceedance(twice.X, twice.coordinates),
            model.exceedance(twice.X, twice.coordinates),
        )


def test_a_gap_in_a_copy_is_a_gap(twice: Samples) -> None:
    """A missing covariate is never guessed from another that was like it."""
    model = fitted("lightgbm", twice, TWICE)
    X = twice.X.head(3).copy()
    X.loc[1, "works_km"] = np.nan
    found = exceedance_at(model, X, LIMIT)
    assert np.isnan(found).tolist() == [False, True, False]


def test_the_area_of_applicability_measures_copies_once(once: Samples, twice: Samples) -> None:
    """With copies that share a weight as without; a place where copies differ is far."""
    weights = {"works": 0.9, "soil": 0.4, "road": 0.2}
    halves = {"works": 0.6, "works_km": 0.3, "soil": 0.2, "ground": 0.2, "road": 0.2}
    folds = np.arange(N) % 4
    for own, shared in ((weights, {**halves, "road_again": 0.0}), (None, None)):
        plain = AreaOfApplicability(ONCE.categorical).fit(once.X, own, folds)
        copied = AreaOfApplicability(TWICE.categorical).fit(twice.X, shared, folds)
        assert copied.threshold_ == pytest.approx(plain.threshold_, rel=1e-6)
        asked = once.X.add([50.0, 0.0, 9.0])
        np.testing.assert_allclose(
            copied.dissimilarity(with_copies(asked)), plain.dissimilarity(asked), rtol=1e-5
        )
        apart = twice.X.head(1).assign(works_km=40.0)
        assert not copied.applicable(apart)[0]


def test_copies_that_nobody_holds_go_with_the_others() -> None:
    """A player that holds one of two copies moves both."""
    copies = Copies(("a", "b", "c"), (0, 1, 0))
    assert copies.joint({"one": ["c"], LOCATION: [LOCATION]}) == {
        ("one",): ("a", "c"),
        (LOCATION,): (LOCATION,),
    }
