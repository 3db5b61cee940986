"""A planted truth under a law whose limit depends on the soil."""

import numpy as np
import pytest
from scipy.special import ndtr

from hotspot.estimators.boosting.classifier import BoostedClassifier
from hotspot.estimators.kriging.regression import RegressionKriging
from hotspot.estimators.varying_limit import exceedance_at, fit_at
from hotspot.observations.limits.conditions import Condition, parse_condition
from hotspot.observations.limits.row import LimitRow
from hotspot.observations.limits.rules import LimitRule
from hotspot.observations.limits.soil_inputs import SoilInputs
from hotspot.observations.limits.threshold import Threshold
from hotspot.worlds import Region, Survey, World


@pytest.fixture(scope="module")
def world() -> World:
    return World.simulate(3, region=Region(shape=(40, 40)), survey=Survey(250))


def law(world: World) -> LimitRule:
    """Return a strict limit where there is little clay and a mild one where there is much."""
    name = world.options.field.contaminant
    middle = float(np.median(world.samples().of(name).X["clay"]))
    rows = []
    for number, (clause, share) in enumerate(
        ((f"clay <= {middle}", 0.7), (f"clay > {middle}", 0.1))
    ):
        value = world.truth.limit_for(share)
        limit = Threshold(
            id=f"law_{number}",
            contaminant=name,
            value=value,
            unit="mg/kg",
            value_mg_kg=value,
            medium="soil",
        )
        rows.append(LimitRow(limit, Condition(parse_condition(clause))))
    return LimitRule("law", name, tuple(rows), SoilInputs.read({"clay": "clay"}))


@pytest.mark.parametrize("kind", [RegressionKriging, BoostedClassifier])
def test_the_map_follows_the_law_of_each_cell(world: World, kind: type) -> None:
    """In both parts the mean probability is the true share; one limit for all is far off."""
    rule, samples = law(world), world.samples().of(world.options.field.contaminant)
    given = {"threshold": 1.0} if kind is BoostedClassifier else {}
    model = kind(categorical=world.covariates.catalogue.categorical, **given)
    limits = rule.values(samples.X)
    fit_at(model, samples, limits)
    cells = world.covariates.at(world.covariates.centres())
    asked = rule.values(cells)
    found = exceedance_at(model, cells, asked, coordinates=world.covariates.centres())
    above = world.truth.log_field.ravel() - np.log(asked)
    truth = ndtr(above / np.sqrt(world.truth.nugget))
    for limit in np.unique(asked):
        here = asked == limit
        assert found[here].mean() == pytest.approx(truth[here].mean(), abs=0.1)
    error = np.mean((found - truth) ** 2)
    assert error < 0.5 * np.mean((truth.mean() - truth) ** 2)
    if kind is RegressionKriging:
        middle = float(np.exp(np.log(np.unique(asked)).mean()))
        one = exceedance_at(model, cells, middle, coordinates=world.covariates.centres())
        assert error < 0.5 * np.mean((one - truth) ** 2)
