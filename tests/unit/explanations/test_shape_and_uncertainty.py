"""The shape of effects, and contributions to the median and to the interval."""

import numpy as np
import pandas as pd
import pytest

from hotspot.errors import CovariateError, ModelError
from hotspot.estimators import LogisticClassifier
from hotspot.estimators.distribution import LogLocationScale
from hotspot.explanations import (
    Background,
    effect_shape,
    has_distribution,
    median_values,
    width_values,
)


class Interval:
    """A model whose median follows one covariate and whose width follows the other."""

    uses_coordinates = False

    def distribution(self, X: pd.DataFrame, *, coordinates: object = None) -> LogLocationScale:
        """Return a normal log concentration."""
        return LogLocationScale(
            (2 * X["signal"]).to_numpy(), (0.5 + 0.1 * X["doubt"]).to_numpy()
        )


def rows(n: int = 30) -> tuple[pd.DataFrame, Background, np.ndarray]:
    generator = np.random.default_rng(2)
    X = pd.DataFrame(
        {"signal": generator.normal(size=n), "doubt": generator.uniform(0, 5, size=n)}
    )
    places = generator.uniform(0, 100, size=(n, 2))
    return X, Background(X.head(8), places[:8]), places


def test_the_median_and_its_doubt_have_different_reasons() -> None:
    """Signal moves the logarithm of the median by 2 a unit, doubt only the interval."""
    X, background, places = rows()
    given = {
        "coordinates": places,
        "background": background,
        "players": {"signal": ["signal"], "doubt": ["doubt"]},
    }
    median = median_values(Interval(), X, **given)  # type: ignore[arg-type]
    expected = 2 * (X["signal"] - background.X["signal"].mean())
    np.testing.assert_allclose(median.values[:, 0], expected, atol=1e-9)
    np.testing.assert_allclose(median.values[:, 1], 0, atol=1e-9)
    assert median.unit == "ln(mg/kg)"
    width = width_values(Interval(), X, **given)  # type: ignore[arg-type]
    each = 2 * 1.6448536 * 0.1 * (X["doubt"] - background.X["doubt"].mean())
    np.testing.assert_allclose(width.values[:, 1], each, atol=1e-6)
    np.testing.assert_allclose(width.values[:, 0], 0, atol=1e-9)
    assert "90 % interval" in width.unit
    np.testing.assert_allclose(width.total, 2 * 1.6448536 * (0.5 + 0.1 * X["doubt"]), atol=1e-6)


def test_a_classifier_has_no_median() -> None:
    """It knows one limit, and says so."""
    X, background, places = rows()
    model = LogisticClassifier(1.0)
    assert has_distribution(Interval())  # type: ignore[arg-type]
    assert not has_distribution(model)
    with pytest.raises(ModelError, match="neither a median nor an interval"):
        median_values(
            model, X, coordinates=places, background=background, players={"a": ["signal"]}
        )


def test_ale_recovers_a_curve_where_partial_dependence_fails() -> None:
    """Two nearly equal covariates; the model is wild where no sample is, and only there."""
    generator = np.random.default_rng(8)
    one = generator.uniform(0, 1, size=600)
    X = pd.DataFrame({"one": one, "two": one + generator.normal(scale=0.02, size=600)})

    def predict(table: pd.DataFrame, places: np.ndarray) -> np.ndarray:
        curve = table["one"].to_numpy() ** 2
        away = np.abs(table["one"] - table["two"]).to_numpy()
        return curve + np.where(away > 0.2, 30.0 * table["one"].to_numpy(), 0.0)

    shape = effect_shape(predict, X, np.zeros((600, 2)), "one", n_bins=10)
    truth = shape["value"] ** 2
    truth = truth - np.mean(one**2)
    assert np.abs(shape["ale"] - truth).max() < 0.03
    assert np.abs(shape["partial"] - truth).max() > 1.0
    assert shape["n"].sum() == 600
    assert not shape["masked"].any()


def test_a_hole_in_the_data_is_masked_only_where_nothing_is_told() -> None:
    """Values of few samples are NaN; a constant covariate has no shape."""
    value = np.concatenate([np.linspace(0, 1, 60), [9.0, 9.5, 10.0]])
    X = pd.DataFrame({"ph": value, "flat": 1.0})
    places = np.zeros((63, 2))

    def predict(table: pd.DataFrame, at: np.ndarray) -> np.ndarray:
        return table["ph"].to_numpy()

    shape = effect_shape(predict, X, places, "ph", n_bins=10)
    assert shape["masked"].iloc[-1]
    assert np.isnan(shape["ale"].iloc[-1])
    assert np.isfinite(shape["ale"].iloc[:-1]).all()
    assert effect_shape(predict, X, places, "flat").empty
    with pytest.raises(CovariateError, match="Did you mean 'ph'"):
        effect_shape(predict, X, places, "pH")
    with pytest.raises(ModelError, match="0 bins"):
        effect_shape(predict, X, places, "ph", n_bins=0)
