"""The shape of effects: accumulated local effects beside partial dependence."""

import numpy as np
import pandas as pd
import pytest

from hotspot.errors import CovariateError, ModelError
from hotspot.explanations import effect_shape


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
