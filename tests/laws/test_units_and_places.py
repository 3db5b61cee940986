"""What must not depend on units, on where north is, on order, or on what counts for nothing."""

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hotspot.estimators import AreaOfApplicability
from hotspot.estimators.registry import ESTIMATOR_KINDS, estimator_class, make_estimator
from hotspot.estimators.table import takes_weights

N = 120
LIMIT = 20.0
# Members of an ensemble that take no weights learn from all samples.
WEIGHED = sorted(
    kind
    for kind in ESTIMATOR_KINDS
    if kind != "ensemble" and takes_weights(estimator_class(kind))
)


def survey(seed: int = 0) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Return covariates, concentrations and places: a surface, a covariate and noise."""
    rng = np.random.default_rng(seed)
    places = rng.uniform(0, 10_000, (N, 2))
    apart = np.linalg.norm(places[:, None] - places[None], axis=2)
    surface = np.linalg.cholesky(np.exp(-apart / 2000) + 1e-9 * np.eye(N)) @ rng.normal(size=N)
    X = pd.DataFrame({"slope": rng.normal(size=N), "rock": rng.integers(1, 4, N).astype(float)})
    log = 3 + 0.5 * X["slope"] + 0.5 * surface + 0.2 * rng.normal(size=N)
    return X, np.exp(log).to_numpy(), places


def chance(
    kind: str,
    X: pd.DataFrame,
    value: np.ndarray,
    places: np.ndarray,
    *,
    limit: float = LIMIT,
    asked: tuple[pd.DataFrame, np.ndarray] | None = None,
    **fitted: Any,
) -> np.ndarray:
    """Return P(C > limit) of a model at rows, by default its own samples moved a little."""
    model = make_estimator(kind, {}, threshold=limit, categorical=("rock",))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X, value, value, coordinates=places, **fitted)
    table, at = asked or (X, places + 1.0)
    return model.exceedance(table, limit, coordinates=at)


@pytest.mark.parametrize("kind", ["quantile_forest", "neighbour_forest", "forest_kriging"])
@pytest.mark.parametrize(("rate", "offset"), [(1e-9, 0.0), (1.0, 1e8), (1e40, 0.0)])
def test_trees_do_not_see_the_unit_of_a_covariate(
    kind: str, rate: float, offset: float
) -> None:
    """A conductivity in m/s counts as in mm/day, and a year as since the survey began."""
    X, value, places = survey()
    other = X.assign(slope=X["slope"] * rate + offset)
    np.testing.assert_allclose(
        chance(kind, other, value, places), chance(kind, X, value, places), atol=0.02
    )


@pytest.mark.parametrize("kind", ["quantile_forest", "neighbour_forest"])
def test_trees_do_not_see_the_unit_of_the_concentration(kind: str) -> None:
    """In µg/kg the chance to exceed the limit is what it is in mg/kg."""
    X, value, places = survey()
    finer = chance(kind, X, 1000 * value, places, limit=1000 * LIMIT)
    np.testing.assert_allclose(finer, chance(kind, X, value, places), atol=1e-6)


@pytest.mark.parametrize("kind", ["ordinary_kriging", "regression_kriging"])
def test_kriging_does_not_see_where_north_is(kind: str) -> None:
    """A survey turned about a corner has the variogram that it had."""
    X, value, places = survey()
    turn = np.array([[np.cos(0.6), -np.sin(0.6)], [np.sin(0.6), np.cos(0.6)]])
    turned = chance(kind, X, value, places @ turn, asked=(X, (places + 1.0) @ turn))
    np.testing.assert_allclose(turned, chance(kind, X, value, places), atol=1e-6)


@pytest.mark.parametrize("kind", ["ordinary_kriging", "regression_kriging", "forest_kriging"])
def test_one_far_sample_changes_little(kind: str) -> None:
    """A sample a hundred extents away does not make all that was seen of space noise."""
    X, value, places = survey()
    more = pd.concat([X, X[:1]], ignore_index=True)
    far = chance(
        kind,
        more,
        np.r_[value, value[0]],
        np.vstack([places, [[1e6, 5e3]]]),
        asked=(X, places + 1.0),
    )
    here = chance(kind, X, value, places)
    assert np.abs(far - here).mean() < 0.05


@pytest.mark.parametrize("kind", ESTIMATOR_KINDS)
def test_order_changes_no_bit(kind: str) -> None:
    """Rows in another order give the model that they gave."""
    X, value, places = survey()
    turn = np.random.default_rng(1).permutation(N)
    shuffled = chance(kind, X.iloc[turn], value[turn], places[turn], asked=(X, places + 1.0))
    np.testing.assert_allclose(shuffled, chance(kind, X, value, places), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("kind", WEIGHED)
def test_what_counts_for_nothing_is_not_there(kind: str) -> None:
    """Samples of weight 0, however odd, leave no trace in centre, spread or tail."""
    X, value, places = survey()
    odd = pd.concat([X, X.sample(60, random_state=1)], ignore_index=True)
    values = np.r_[value, np.exp(np.random.default_rng(2).normal(6.0, 3.0, 60))]
    at = np.vstack([places, places[:60] + 500.0])
    weight = np.r_[np.ones(N), np.zeros(60)]
    beside = chance(kind, odd, values, at, asked=(X, places + 1.0), sample_weight=weight)
    np.testing.assert_array_equal(beside, chance(kind, X, value, places))


def test_a_constant_covariate_bounds_nothing() -> None:
    """Whatever the constant: 0.1 has a rounded spread that is not 0."""
    X = pd.DataFrame({"slope": np.random.default_rng(0).normal(size=50), "level": 0.1})
    with pytest.warns(UserWarning, match="same value of level"):
        area = AreaOfApplicability().fit(X)
    asked = pd.DataFrame({"slope": [0.0, 0.0], "level": [0.1, 0.2]})
    found = area.dissimilarity(asked)
    assert found[0] == found[1] < 1.0
    lead = np.exp(3 + X["slope"]).to_numpy()
    model = make_estimator("logistic", {}, threshold=20.0).fit(X, lead, lead)
    one, other = model.exceedance(asked, 20.0)
    assert one == pytest.approx(other, abs=1e-9)
