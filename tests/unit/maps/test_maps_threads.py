"""Every model may be asked by several threads at once, as a map with threads does."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest

from hotspot.estimators.applicability.area import AreaOfApplicability
from hotspot.estimators.registry import ESTIMATOR_KINDS, estimator_class, make_estimator

LIMIT = 10.0
QUICK = {
    "quantile_forest": {"n_estimators": 20},
    "neighbour_forest": {"n_estimators": 20},
    "lightgbm": {"n_estimators": 40, "min_child_samples": 5},
}


def _survey():
    rng = np.random.default_rng(0)
    n = 60
    places = rng.uniform(0, 4000, (n, 2))
    X = pd.DataFrame(
        {"a": places[:, 0] / 1000 + rng.normal(0, 0.3, n), "b": rng.exponential(size=n)}
    )
    y = 10 * np.exp(0.5 * (X["a"] - 2) + 0.3 * X["b"] + rng.normal(0, 0.4, n)).to_numpy()
    return X, y, places


@pytest.mark.parametrize("kind", ESTIMATOR_KINDS)
def test_threads_get_what_one_alone_gets(kind):
    """A model just loaded, asked by four threads at once, gives every bit as in turn."""
    X, y, places = _survey()
    params = QUICK.get(kind, {})
    fitted = make_estimator(kind, params, threshold=LIMIT).fit(X, y, y, coordinates=places)
    state = fitted.to_state()
    rng = np.random.default_rng(1)
    windows = []
    for _ in range(8):
        cells = rng.integers(0, len(X), 400)
        windows.append((X.iloc[cells].reset_index(drop=True), places[cells] + 10.0))

    def ask(model, window):
        return model.exceedance(window[0], LIMIT, coordinates=window[1])

    alone = estimator_class(kind).from_state(state)
    expected = [ask(alone, window) for window in windows]
    # Loaded anew, so that whatever is worked out at the first call is worked out in the race.
    shared = estimator_class(kind).from_state(state)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda window: ask(shared, window), windows))
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_area_of_applicability_bears_threads():
    """Dissimilarities asked for at once are those asked for in turn."""
    X, _, _ = _survey()
    area = AreaOfApplicability().fit(X)
    windows = [X * (1 + 0.1 * step) for step in range(8)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(area.dissimilarity, windows))
    for one, window in zip(found, windows, strict=True):
        np.testing.assert_array_equal(one, area.dissimilarity(window))
