"""Linear algebra on one core: for all threads inside, and never with bits of its own."""

from threading import Event, Thread

import numpy as np
import pandas as pd
import pytest
import scipy.linalg  # noqa: F401 - brings a library of its own
from threadpoolctl import threadpool_info, threadpool_limits

from hotspot.estimators.registry import ESTIMATOR_KINDS, make_estimator
from hotspot.one_core import one_core

LIMIT = 10.0
QUICK = {
    "quantile_forest": {"n_estimators": 10},
    "neighbour_forest": {"n_estimators": 10},
    "lightgbm": {"n_estimators": 20, "min_child_samples": 5},
}


def _cores() -> set[int]:
    return {each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"}


def test_cores_come_back_after_the_last_one_inside():
    """Who is inside keeps one core although another, who entered first, has left."""
    entered, leave, left = Event(), Event(), Event()

    def first() -> None:
        with one_core():
            entered.set()
            leave.wait(10)
        left.set()

    with threadpool_limits(2, user_api="blas"):
        thread = Thread(target=first)
        thread.start()
        entered.wait(10)
        with one_core():
            leave.set()
            left.wait(10)
            assert _cores() == {1}
            with one_core():
                assert _cores() == {1}
            assert _cores() == {1}
        assert _cores() == {2}
        thread.join()


def test_cores_come_back_after_a_failure():
    """An error inside gives the cores back as well."""
    with threadpool_limits(2, user_api="blas"):
        with pytest.raises(ZeroDivisionError), one_core():
            _ = 1 / 0
        assert _cores() == {2}


@pytest.mark.filterwarnings("ignore:The variogram rises on")
@pytest.mark.parametrize(
    ("kind", "n"),
    [(kind, 220) for kind in ESTIMATOR_KINDS]
    + [(kind, 700) for kind in ("gaussian_process", "regression_kriging")],
)
def test_bits_do_not_depend_on_the_number_of_cores(kind, n):
    """Each model learns and answers the same bits on one core and on two."""
    rng = np.random.default_rng(0)
    width = 12
    places = rng.uniform(0, 4000, (n, 2))
    X = pd.DataFrame(rng.normal(size=(n, width)), columns=[f"x{i}" for i in range(width)])
    y = 10 * np.exp(0.5 * X["x0"] + np.sin(places[:, 0] / 700) + rng.normal(0, 0.3, n))
    y = y.to_numpy()
    cells = X.sample(1500, replace=True, random_state=1).reset_index(drop=True)
    asked = rng.uniform(0, 4000, (len(cells), 2))

    def answers() -> np.ndarray:
        model = make_estimator(kind, QUICK.get(kind, {}), threshold=LIMIT)
        model.fit(X, y, y, coordinates=places)
        return model.exceedance(cells, LIMIT, coordinates=asked)

    with threadpool_limits(1, user_api="blas"):
        alone = answers()
    with threadpool_limits(2, user_api="blas"):
        np.testing.assert_array_equal(answers(), alone)
