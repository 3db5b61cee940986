"""Trees see places from all sides: a pattern may run askew to easting and northing."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from hotspot.estimators.boosting.distribution import BoostedDistribution
from hotspot.estimators.forests.quantile import QuantileForest

LIMIT = np.exp(2.0)
MODELS = ((QuantileForest, {"n_estimators": 60}), (BoostedDistribution, {}))


def loss(cls: Any, degrees: float, **given: Any) -> float:
    """Return the log loss at new places of a country of stripes, turned by an angle."""
    rng = np.random.default_rng(4)
    places = rng.uniform(0.0, 10.0, size=(700, 2))
    across = places @ [np.cos(np.radians(degrees)), np.sin(np.radians(degrees))]
    log = np.where(np.sin(1.5 * across) > 0, 3.0, 1.0) + rng.normal(0.0, 0.3, size=700)
    X, c = pd.DataFrame({"noise": rng.normal(size=700)}), np.exp(log)
    model = cls(**given).fit(X[:300], c[:300], c[:300], coordinates=places[:300])
    chance = model.exceedance(X[300:], LIMIT, coordinates=places[300:])
    chance = np.clip(chance, 1e-3, 1 - 1e-3)
    above = c[300:] > LIMIT
    return float(-np.mean(np.where(above, np.log(chance), np.log1p(-chance))))


@pytest.mark.parametrize(("cls", "given"), MODELS, ids=lambda value: getattr(value, "kind", ""))
def test_stripes_that_run_askew_are_found(cls: Any, given: dict[str, Any]) -> None:
    """On an axis the loss is a fraction of that of easting and northing; between two, less."""
    assert loss(cls, 30.0, **given) < 0.6 * loss(cls, 30.0, n_axes=2, **given)
    assert loss(cls, 45.0, **given) < 0.9 * loss(cls, 45.0, n_axes=2, **given)
