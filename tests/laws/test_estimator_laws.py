"""Laws of models: what must hold for any data."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotspot.estimators import (
    AreaOfApplicability,
    BoostedClassifier,
    LogisticClassifier,
    PrevalenceBaseline,
)
from hotspot.explanations import shap_values

LIMIT = 10.0
SEEDS = st.integers(0, 2**20)
FEW = settings(max_examples=15, deadline=None)


def survey(seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    generator = np.random.default_rng(seed)
    n = int(generator.integers(30, 90))
    X = pd.DataFrame(
        {
            "a": generator.normal(size=n) * 10.0 ** generator.integers(-3, 4),
            "b": generator.exponential(size=n),
            "c": generator.integers(0, 5, size=n).astype(float),
        }
    )
    concentration = 10.0 * np.exp(X["b"].to_numpy() - 0.7 + generator.normal(size=n))
    concentration[:2] = [1.0, 100.0]
    return X, concentration


def models() -> list[Any]:
    return [
        BoostedClassifier(LIMIT, ("c",), n_estimators=30, min_child_samples=5),
        LogisticClassifier(LIMIT, ("c",)),
        PrevalenceBaseline(LIMIT),
    ]


@FEW
@given(SEEDS)
def test_probabilities_lie_strictly_between_0_and_1(seed: int) -> None:
    """No model is ever certain, and none leaves [0, 1]."""
    X, y = survey(seed)
    for model in models():
        probability = model.fit(X, y, y).exceedance(X, LIMIT)
        assert ((probability > 0) & (probability < 1)).all()


@FEW
@given(SEEDS)
def test_a_row_is_predicted_alone(seed: int) -> None:
    """The order and the number of rows change no prediction by a bit."""
    X, y = survey(seed)
    shuffled = np.random.default_rng(seed).permutation(len(X))
    for model in models():
        probability = model.fit(X, y, y).exceedance(X, LIMIT)
        np.testing.assert_array_equal(
            model.exceedance(X.iloc[shuffled], LIMIT), probability[shuffled]
        )
        np.testing.assert_array_equal(model.exceedance(X.iloc[:3], LIMIT), probability[:3])


@FEW
@given(SEEDS)
def test_explanations_sum_to_the_log_odds(seed: int) -> None:
    """Base and contributions add up to the log-odds, for every model and row."""
    X, y = survey(seed)
    for model in models():
        total = shap_values(model.fit(X, y, y), X).total
        probability = model.exceedance(X, LIMIT)
        np.testing.assert_allclose(total, np.log(probability / (1 - probability)), atol=1e-6)


@FEW
@given(SEEDS)
def test_saving_changes_no_bit(seed: int) -> None:
    """A model taken apart and put together predicts the same bits."""
    X, y = survey(seed)
    for model in models():
        again = type(model).from_state(model.fit(X, y, y).to_state())
        np.testing.assert_array_equal(again.exceedance(X, LIMIT), model.exceedance(X, LIMIT))
        assert again.to_state() == model.to_state()


@FEW
@given(SEEDS)
def test_only_the_side_of_the_limit_matters(seed: int) -> None:
    """A direct classifier learns the same from values, intervals and non-detects."""
    X, y = survey(seed)
    lower = np.where(y > LIMIT, LIMIT, 0.0)
    upper = np.where(y > LIMIT, np.inf, LIMIT)
    for exact, coarse in zip(models(), models(), strict=True):
        np.testing.assert_array_equal(
            exact.fit(X, y, y).exceedance(X, LIMIT),
            coarse.fit(X, lower, upper).exceedance(X, LIMIT),
        )


@FEW
@given(SEEDS, st.floats(0.01, 100.0), st.floats(-100.0, 100.0))
def test_applicability_ignores_units(seed: int, scale: float, shift: float) -> None:
    """Another unit or origin of a covariate, or of all weights, changes no index."""
    X, _ = survey(seed)
    cells = X.sample(frac=1.0, random_state=0) * 1.1
    cells["c"] = X["c"].to_numpy()
    weights = {"a": 1.0, "b": 0.3, "c": 2.0}
    one = AreaOfApplicability(("c",)).fit(X, weights)
    changed, moved = (
        X.assign(b=X["b"] * scale + shift),
        cells.assign(b=cells["b"] * scale + shift),
    )
    heavier = {name: weight * 7 for name, weight in weights.items()}
    two = AreaOfApplicability(("c",)).fit(changed, heavier)
    assert two.threshold_ == pytest.approx(one.threshold_, rel=1e-6, abs=1e-9)
    np.testing.assert_allclose(
        two.dissimilarity(moved), one.dissimilarity(cells), rtol=1e-6, atol=1e-9
    )


@FEW
@given(SEEDS)
def test_more_samples_never_make_a_cell_less_similar(seed: int) -> None:
    """On the scale of one survey, the distance to the nearest sample can only shrink."""
    X, _ = survey(seed)
    area = AreaOfApplicability(("c",)).fit(X)
    index = area.dissimilarity(X + 0.3 * (X.columns != "c"))
    assert (index >= 0).all()
    np.testing.assert_array_equal(area.dissimilarity(X), 0.0)
    inside = area.applicable(X + 0.3 * (X.columns != "c"))
    np.testing.assert_array_equal(inside, index <= area.threshold_)
