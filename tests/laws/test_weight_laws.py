"""Weights of samples: what is true of every model that takes them."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from hotspot.errors import ModelError
from hotspot.estimators.registry import ESTIMATOR_KINDS, estimator_class, make_estimator
from hotspot.estimators.table import takes_weights
from hotspot.estimators.varying_limit import fit_at
from hotspot.samples.sampleset import Samples

LIMIT = 10.0
N = 160
WEIGHED = (
    "ensemble",
    "quantile_forest",
    "neighbour_forest",
    "climatology",
    "boosted_distribution",
    "lightgbm",
    "logistic",
    "prevalence",
)


def _survey() -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Return covariates, concentrations and places; a half of the samples is of dirty soil."""
    rng = np.random.default_rng(4)
    X = pd.DataFrame({"slope": rng.normal(size=N), "rock": rng.choice([1.0, 2.0], N)})
    dirty = np.arange(N) % 2 == 0
    value = LIMIT * np.exp(np.where(dirty, 0.5, -0.5) + 0.4 * rng.normal(size=N))
    return X, value, rng.uniform(0, 1000, (N, 2))


def _fit(kind: str, weight: np.ndarray | None, **params: Any) -> Any:
    X, value, places = _survey()
    model = make_estimator(kind, params, threshold=LIMIT, categorical=("rock",))
    return model.fit(X, value, value, coordinates=places, sample_weight=weight)


def _chance(model: Any) -> np.ndarray:
    X, _, places = _survey()
    return model.exceedance(X, LIMIT, coordinates=places)


def test_classifiers_and_trees_take_weights() -> None:
    """Kriging and Gaussian processes do not: they know which samples say the same."""
    kinds = [kind for kind in ESTIMATOR_KINDS if takes_weights(estimator_class(kind))]
    assert set(WEIGHED) == set(kinds) - {"distinct_covariates"}


@pytest.mark.parametrize("kind", WEIGHED)
def test_weights_that_are_alike_change_nothing(kind: str) -> None:
    """To the last bit; only ratios count."""
    plain = _chance(_fit(kind, None))
    assert (_chance(_fit(kind, np.full(N, 3.0))) == plain).all()


@pytest.mark.parametrize("kind", WEIGHED)
def test_what_weighs_more_is_more_of_the_map(kind: str) -> None:
    """Dirty soil counted nine times rules the chances; clean soil counted so, likewise."""
    dirty = np.arange(N) % 2 == 0
    X, places = _survey()[0], np.random.default_rng(9).uniform(0, 1000, (N, 2))

    def elsewhere(weight: np.ndarray | None) -> float:
        found = _fit(kind, weight).exceedance(X, LIMIT, coordinates=places)
        return float(found.mean())

    up, down = (elsewhere(np.where(part, 9.0, 1.0)) for part in (dirty, ~dirty))
    middle = elsewhere(None)
    assert down + 0.02 < middle < up - 0.02


@pytest.mark.parametrize("kind", ["prevalence", "logistic", "climatology"])
def test_a_weight_of_two_is_two_samples(kind: str) -> None:
    """Where no sample is drawn at random, to count twice is to be there twice."""
    X, value, places = _survey()
    twice = np.concatenate([np.arange(N), np.arange(0, N, 2)])
    repeated = make_estimator(kind, {}, threshold=LIMIT, categorical=("rock",))
    repeated.fit(X.iloc[twice], value[twice], value[twice], coordinates=places[twice])
    weight = np.where(np.arange(N) % 2 == 0, 2.0, 1.0)
    found, told = _chance(_fit(kind, weight)), _chance(repeated)
    # A prior of one sample weighs less beside 240 samples than beside 160.
    assert found == pytest.approx(told, abs=0.01)


@pytest.mark.parametrize("weight", [np.ones(3), np.full(N, -1.0), np.zeros(N)])
def test_what_is_no_weight_is_refused(weight: np.ndarray) -> None:
    """One per sample, none negative, not all of them 0."""
    with pytest.raises(ModelError, match="Give one of 0 or more per sample"):
        _fit("prevalence", weight)


def test_weights_of_samples_reach_the_model() -> None:
    """By `fit_at`, before copies of covariates as well; a process is fitted without them."""
    X, value, places = _survey()
    weight = np.where(np.arange(N) % 2 == 0, 9.0, 1.0)
    names = np.array([f"s{n}" for n in range(N)])
    samples = Samples(names, X, value, value, places, weight)
    plain = make_estimator("lightgbm", {}, threshold=LIMIT, categorical=("rock",))
    assert (_chance(fit_at(plain, samples, LIMIT)) == _chance(_fit("lightgbm", weight))).all()
    doubled = Samples(names, X.assign(again=X["slope"]), value, value, places, weight)
    copied = fit_at(plain, doubled, LIMIT)
    again = copied.exceedance(doubled.X, LIMIT, coordinates=places)
    assert (again == _chance(_fit("lightgbm", weight))).all()
    process = make_estimator("gaussian_process", {}, threshold=LIMIT, categorical=("rock",))
    assert fit_at(process, samples, LIMIT).n_samples_ == N
