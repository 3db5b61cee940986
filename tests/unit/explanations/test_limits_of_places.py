"""Explanations of exceedance of a limit that depends on the place."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import logit

from hotspot.covariates.catalogue import Catalogue
from hotspot.estimators import FittedModel, LogisticClassifier
from hotspot.estimators.kriging.regression import RegressionKriging
from hotspot.estimators.varying_limit import fit_at
from hotspot.explanations.background import choose_background, with_known_limit
from hotspot.explanations.layers import role_layers
from hotspot.explanations.refits import Refitter
from hotspot.explanations.values import shap_values
from hotspot.observations.limits.regimes import registry_rule
from hotspot.observations.limits.rules import LimitRule
from hotspot.observations.limits.soil_inputs import SoilInputs
from hotspot.samples.sampleset import Samples

# Rock of the classes 1 and 4 is farm land and industry; of class 7 nothing is said.
GIVEN = SoilInputs.read({"land_use": "rock"}, {1: "agricultural", 4: "industrial"})
RULE = registry_rule("pb", "CA", GIVEN)


def with_rule(estimator: object, fitted: FittedModel) -> FittedModel:
    threshold = {"id": RULE.id, "value_mg_kg": 70.0, "rule": RULE.to_dict()}
    return replace(fitted, estimator=estimator, threshold=threshold)


def test_a_background_has_known_limits(samples: Samples) -> None:
    """So that every average of it is a number; one number leaves all samples in."""
    assert set(with_known_limit(samples, RULE).X["rock"]) == {1.0, 4.0}
    assert with_known_limit(samples, 300.0) is samples


@pytest.mark.parametrize("kind", [LogisticClassifier, RegressionKriging])
def test_values_add_up_to_the_log_odds_of_the_own_limit(
    samples: Samples, fitted: FittedModel, catalogue: Catalogue, kind: type
) -> None:
    """Of a sum and of a model that is none; where the limit is unknown there is no story."""
    given = {"threshold": 1.0} if kind is LogisticClassifier else {}
    estimator = kind(categorical=("rock",), **given)
    limits = RULE.values(samples.X)
    fit_at(estimator, samples, limits)
    model, asked = with_rule(estimator, fitted), samples.take(np.arange(12))
    background = choose_background(with_known_limit(samples, RULE), 4, seed=1)
    found = shap_values(model, asked.X, coordinates=asked.coordinates, background=background)
    unknown = (asked.X["rock"] == 7).to_numpy()
    assert 0 < unknown.sum() < 12
    chance = np.clip(model.exceedance(asked.X, asked.coordinates), 1e-6, 1 - 1e-6)
    np.testing.assert_allclose(found.total[~unknown], logit(chance[~unknown]), atol=1e-6)
    assert np.isnan(found.values[unknown]).all()
    layers = role_layers(
        model,
        asked.X,
        np.arange(12),
        (3, 4),
        coordinates=asked.coordinates,
        background=background,
    )
    np.testing.assert_array_equal(layers.drivers.ravel() == 255, unknown)


def test_refits_learn_the_limits_of_places(samples: Samples) -> None:
    """A classifier fitted again learns from the labels of its samples' own limits."""
    limits = RULE.values(samples.X)
    labels = np.where(np.isnan(limits), np.nan, samples.lower > limits)

    def make(seed: int) -> LogisticClassifier:
        return LogisticClassifier(5.0, ("rock",))

    refitter = Refitter(make, samples, RULE, seed=1)
    model = refitter.fit(samples, "seed")
    assert isinstance(model, LogisticClassifier)
    assert model.prevalence_ == pytest.approx(np.nanmean(labels))
    assert refitter.has_both(np.arange(len(samples)))
    assert not refitter.has_both(np.flatnonzero(labels == 1))
    assert isinstance(refitter.threshold, LimitRule)
