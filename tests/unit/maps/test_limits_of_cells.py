"""Limits that differ from cell to cell, in models of the whole distribution and in others."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from hotspot.covariates.catalogue import Catalogue, Covariate, Kind, Role
from hotspot.errors import ModelError
from hotspot.estimators.concentration import ConcentrationModel
from hotspot.estimators.distribution import LogLocationScale, Pool, Recalibrated, Tabulated
from hotspot.estimators.fitted import FittedModel
from hotspot.estimators.logistic import LogisticClassifier
from hotspot.estimators.regression_kriging import RegressionKriging
from hotspot.estimators.stacking import stacked
from hotspot.estimators.varying_limit import check_one_limit, exceedance_at
from hotspot.grid import Grid
from hotspot.maps.limits import exceedance_of_rule, limit_of_cells, limit_style, rule_of
from hotspot.observations.regimes import regime_rule
from hotspot.observations.soil_inputs import SoilInputs

N = 60
RANDOM = np.random.default_rng(3)
X = pd.DataFrame({"ph": RANDOM.uniform(4.5, 8.5, N), "slope": RANDOM.normal(size=N)})
PLACES = RANDOM.uniform(0, 1000, (N, 2))
C = np.exp(np.log(150) + 0.5 * X["slope"].to_numpy() + RANDOM.normal(0, 0.3, N))
RULE = regime_rule("as", "cn_farmland_control", SoilInputs.read({"ph": "ph"}))


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


def test_a_direct_classifier_refuses_limits_that_differ() -> None:
    """And names models that can; one limit everywhere it answers."""
    model = LogisticClassifier(threshold=150.0).fit(X, C, C)
    with pytest.raises(ModelError, match=r"learns one limit.*100 to 200.*model=ensemble"):
        exceedance_at(model, X, RULE.values(X))
    with pytest.raises(ModelError, match="LogisticClassifier learns one limit"):
        check_one_limit(LogisticClassifier, np.array([1.0, 2.0]))
    limits = np.full(N, 150.0)
    limits[0] = np.nan
    answer = exceedance_at(model, X, limits)
    assert np.isnan(answer[0])
    np.testing.assert_array_equal(answer[1:], model.exceedance(X, 150.0)[1:])


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
        threshold={"id": RULE.id, "value_mg_kg": 120.0, "rule": RULE.to_dict()},
    )
    np.testing.assert_array_equal(limit_of_cells(model, X, PLACES), RULE.values(X))
    again = rule_of(model)
    assert again is not None
    np.testing.assert_array_equal(
        exceedance_of_rule(model, X, PLACES, again),
        exceedance_at(model.estimator, X, RULE.values(X), coordinates=PLACES),
    )
    assert limit_style(model).edges[3] == 120.0
    plain = FittedModel(
        model.estimator, model.catalogue, model.grid, "as", {"id": "x", "value_mg_kg": 7.0}
    )
    assert rule_of(plain) is None
    np.testing.assert_array_equal(limit_of_cells(plain, X, PLACES), np.full(N, 7.0))
