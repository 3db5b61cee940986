"""Limits that differ from cell to cell, in models of the whole distribution and in others."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from hotspot.covariates.catalogue import Catalogue, Covariate, Kind, Role
from hotspot.errors import ModelError
from hotspot.estimators.distribution import LogLocationScale, Pool, Recalibrated, Tabulated
from hotspot.estimators.ensemble.model import ConcentrationModel
from hotspot.estimators.fitted import FittedModel
from hotspot.estimators.kriging.regression import RegressionKriging
from hotspot.estimators.logistic import LogisticClassifier
from hotspot.estimators.stacking import stacked
from hotspot.estimators.varying_limit import check_one_limit, exceedance_at, fit_at
from hotspot.grid import Grid
from hotspot.maps.layers import LAYERS, available_layers
from hotspot.maps.limits import exceedance_of_rule
from hotspot.maps.styles import style_of
from hotspot.maps.tags import layer_tags
from hotspot.observations.limits.exceedance import exceedance_labels
from hotspot.observations.limits.regimes import regime_rule
from hotspot.observations.limits.rules import LimitRule
from hotspot.observations.limits.soil_inputs import SoilInputs
from hotspot.samples.sampleset import Samples

N = 60
RANDOM = np.random.default_rng(3)
X = pd.DataFrame({"ph": RANDOM.uniform(4.5, 8.5, N), "slope": RANDOM.normal(size=N)})
PLACES = RANDOM.uniform(0, 1000, (N, 2))
C = np.exp(np.log(150) + 0.5 * X["slope"].to_numpy() + RANDOM.normal(0, 0.3, N))
RULE = regime_rule("as", "cn_farmland_control", SoilInputs.read({"ph": "ph"}))


def survey(X: pd.DataFrame, c: np.ndarray) -> Samples:
    """Return measured samples without places."""
    ids = np.arange(len(X)).astype(str)
    return Samples(ids, X, c, c, np.zeros((len(X), 2)))


class OneDistribution:
    """Answers with a given distribution."""

    def __init__(self, found):
        self.found = found

    def distribution(self, X, *, coordinates=None):
        """Return it."""
        return self.found


def distributions(n):
    centre, scale = np.linspace(0, 2, n), np.linspace(0.3, 1, n)
    plain = LogLocationScale(centre, scale)
    heavy = LogLocationScale(centre, scale, df=4.0)
    level = np.geomspace(0.01, 1000, 400)
    share = np.stack([plain.cdf(each) for each in level], axis=1)
    knots = np.array([0.0, 0.5, 1.0])
    yield plain
    yield heavy
    yield Tabulated(level, share)
    yield Pool((plain, heavy), np.array([0.3, 0.7]))
    yield Recalibrated(plain, knots, np.array([0.0, 0.4, 1.0]))
    half = np.arange(n) < n // 2
    parts = [(np.flatnonzero(k), LogLocationScale(centre[k], scale[k])) for k in (half, ~half)]
    yield stacked(parts, n)


@pytest.mark.parametrize("found", list(distributions(12)), ids=lambda f: type(f).__name__)
def test_an_array_of_limits_asks_each_row_about_its_own(found) -> None:
    """The same as the single limit; unknown stays unknown, infinite is never passed."""
    limits = np.geomspace(0.2, 20, 12)
    limits[3], limits[5] = np.nan, np.inf
    answer = exceedance_at(OneDistribution(found), pd.DataFrame(index=range(12)), limits)
    for row, limit in enumerate(limits):
        if np.isnan(limit):
            assert np.isnan(answer[row])
        elif np.isinf(limit):
            assert answer[row] == 0.0
        else:
            assert answer[row] == pytest.approx(found.exceedance(float(limit))[row], abs=1e-15)


def test_the_probability_is_that_of_the_law_of_each_cell() -> None:
    """A log-normal with known centre, against the survival function of SciPy."""
    found = LogLocationScale(np.full(4, np.log(150.0)), np.full(4, 0.5))
    ph = pd.DataFrame({"ph": [5.0, 6.0, 7.0, 8.0]})
    answer = exceedance_at(OneDistribution(found), ph, RULE.values(ph))
    expected = norm.sf(np.log([200.0, 150.0, 120.0, 100.0]), np.log(150.0), 0.5)
    np.testing.assert_allclose(answer, expected, rtol=1e-12)


def test_fitted_models_answer_for_a_rule() -> None:
    """Kriging and a pool of it: each row as if it had been asked about its limit alone."""
    limits = RULE.values(X)
    kriged = RegressionKriging().fit(X, C, C, coordinates=PLACES)
    pool = ConcentrationModel(
        members=("regression_kriging", "ordinary_kriging"), n_splits=2, random_state=0
    ).fit(X, C, C, coordinates=PLACES)
    for model in (kriged, pool):
        answer = exceedance_at(model, X, limits, coordinates=PLACES)
        for limit in np.unique(limits):
            alone = model.exceedance(X, float(limit), coordinates=PLACES)
            here = limits == limit
            np.testing.assert_allclose(answer[here], alone[here], rtol=1e-12)


def test_a_direct_classifier_that_learnt_one_limit_refuses_others() -> None:
    """And names models that can; its own limit everywhere it answers."""
    model = LogisticClassifier(threshold=150.0).fit(X, C, C)
    with pytest.raises(
        ModelError, match=r"learnt the limit of 150.*100 to 200.*model=ensemble"
    ):
        check_one_limit(model, RULE.values(X))
    with pytest.raises(ModelError, match="learnt the limit of 150"):
        check_one_limit(model, np.array([120.0, np.nan]))
    check_one_limit(model, np.array([150.0, np.nan]))


def test_a_direct_classifier_learns_the_limits_of_places() -> None:
    """The labels are those of each sample's own limit; unknown ones teach and get nothing."""
    limits = RULE.values(X)
    limits[:5], limits[5] = np.nan, np.inf
    model = fit_at(LogisticClassifier(threshold=3.0), survey(X, C), limits)
    labels = exceedance_labels(C, C, limits)
    assert model.n_samples_ == N - 5
    assert model.prevalence_ == pytest.approx(np.nanmean(labels))
    answer = exceedance_at(model, X, limits)
    assert np.isnan(answer[:5]).all()
    assert answer[5] == 0.0
    # As if the labels had been written by hand, against any one limit.
    by_hand = LogisticClassifier(threshold=1.0).fit(X[5:], 2 * labels[5:], 2 * labels[5:])
    np.testing.assert_allclose(answer[6:], by_hand.exceedance(X[6:], 1.0), rtol=1e-9)


def test_a_law_that_follows_the_soil_is_no_hotspot() -> None:
    """Where concentration and limit rise together, the probability stays about the same."""
    random = np.random.default_rng(4)
    soil = pd.DataFrame({"ph": random.uniform(4.5, 8.5, 2000)})
    level = RULE.values(soil)
    c = level * np.exp(random.normal(0, 0.2, len(soil)))
    fitted = fit_at(LogisticClassifier(threshold=1.0), survey(soil, c), level)
    assert np.abs(exceedance_at(fitted, soil, level) - 0.5).max() < 0.1
    fixed = LogisticClassifier(threshold=150.0).fit(soil, c, c).exceedance(soil, 150.0)
    assert np.abs(fixed - 0.5).max() > 0.4


@pytest.mark.parametrize("limits", [np.full(N, 0.0), np.full(N, -1.0), np.full(3, 1.0)])
def test_limits_that_are_none_are_refused(limits) -> None:
    """Not above 0, or not one for each row."""
    with pytest.raises(ModelError, match="Give each row one above 0"):
        exceedance_at(OneDistribution(None), X, limits)


def test_a_model_carries_its_rule_to_the_map() -> None:
    """Saved facts give limits and probabilities again; without a rule, one number."""
    soil = [Covariate(n, "1", Kind.CONTINUOUS, Role.SOIL) for n in ("ph", "slope")]
    model = FittedModel(
        estimator=RegressionKriging().fit(X, C, C, coordinates=PLACES),
        catalogue=Catalogue(tuple(soil)),
        grid=Grid.from_region((0, 1000, 0, 1000), 100, "EPSG:28992"),
        contaminant="as",
        threshold={
            "id": RULE.id,
            "value_mg_kg": 120.0,
            "rule": RULE.to_dict(),
            "lowest_mg_kg": 100.0,
            "highest_mg_kg": 200.0,
        },
    )
    np.testing.assert_array_equal(LAYERS["limit"].compute(model, X, PLACES), RULE.values(X))
    assert model.rule is not None
    np.testing.assert_array_equal(
        exceedance_of_rule(model, X, PLACES, model.rule), model.exceedance(X, PLACES)
    )
    np.testing.assert_array_equal(
        model.exceedance(X, PLACES),
        exceedance_at(model.estimator, X, RULE.values(X), coordinates=PLACES),
    )
    tags = layer_tags(model, "probability")
    assert tags["threshold_value"] == "by place"
    assert LimitRule.from_dict(json.loads(tags["threshold_rule"])).to_dict() == RULE.to_dict()
    assert "the limit of its place (cn_farmland_control.as)" in tags["meaning"]
    assert style_of(model, "limit").edges[3] == 120.0
    plain = FittedModel(
        model.estimator, model.catalogue, model.grid, "as", {"id": "x", "value_mg_kg": 7.0}
    )
    assert plain.rule is None
    assert "limit" not in available_layers(plain)
    assert "limit" in available_layers(model)
