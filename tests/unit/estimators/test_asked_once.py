"""A model that finds the distribution of the same rows once."""

import numpy as np
import pandas as pd

from hotspot.estimators.answers import AskedOnce
from hotspot.estimators.registry import make_estimator


def test_a_window_costs_one_distribution(monkeypatch):
    """Probability and quantiles of the same rows are the same numbers, from one answer."""
    draw = np.random.default_rng(3)
    X = pd.DataFrame({"slope": draw.normal(0, 1, 60)})
    places = draw.uniform(0, 1000, (60, 2))
    y = np.exp(X["slope"].to_numpy() + draw.normal(0, 0.3, 60))
    model = make_estimator("ordinary_kriging", {}, threshold=1.0, categorical=())
    model.fit(X, y, y, coordinates=places)
    asked = []
    original = type(model).distribution

    def counted(self, X, *, coordinates=None):
        asked.append(len(X))
        return original(self, X, coordinates=coordinates)

    monkeypatch.setattr(type(model), "distribution", counted)
    once, some = AskedOnce(model), X.iloc[:20]
    where = places[:20]
    chance = once.exceedance(some, 2.0, coordinates=where)
    middle = once.quantile(some, 0.5, coordinates=where)
    assert asked == [20]
    np.testing.assert_array_equal(chance, model.exceedance(some, 2.0, coordinates=where))
    np.testing.assert_array_equal(middle, model.quantile(some, 0.5, coordinates=where))
    other = once.quantile(X.iloc[20:30], 0.5, coordinates=places[20:30])
    assert asked == [20, 20, 20, 10]
    assert not np.array_equal(other, middle[:10])
