"""What a trend says of covariates that no sample had."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from hotspot.estimators.gaussian_process.model import AdditiveGaussianProcess
from hotspot.estimators.kriging.regression import RegressionKriging
from hotspot.estimators.sampled_range import SampledRange

MODELS = (AdditiveGaussianProcess, RegressionKriging)


def _learnt(cls: type) -> tuple[Any, np.ndarray, float]:
    """Return a model of what falls with the distance from a road, a place, the last sample."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"road_m": rng.uniform(0, 100, 90), "rock": rng.choice([1.0, 2.0], 90)})
    value = np.exp(5 - 0.02 * X["road_m"] + 0.2 * rng.normal(size=90)).to_numpy()
    places = rng.uniform(0, 1000, (90, 2))
    model = cls(categorical=("rock",))
    fitted = model.fit(X, value, value, coordinates=places)
    return fitted, places[:1] + 300, float(X["road_m"].max())


def _asked(road_m: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"road_m": road_m, "rock": 1.0})


@pytest.mark.parametrize("cls", MODELS)
def test_the_trend_is_level_where_no_sample_was(cls: type) -> None:
    """Behind the last sample it says what it says there, and not that soil is cleaner yet."""
    model, place, last = _learnt(cls)
    X = _asked([0.5 * last, last, 2 * last, 20 * last])
    median = model.quantile(X, 0.5, coordinates=np.repeat(place, 4, axis=0))
    assert median[0] > 1.5 * median[1]
    assert median[2:] == pytest.approx(median[1], rel=1e-9)


@pytest.mark.parametrize("cls", MODELS)
def test_doubt_grows_where_no_sample_was(cls: type) -> None:
    """The interval widens the farther the trend would have to be drawn out."""
    model, place, _ = _learnt(cls)
    X, at = _asked([50.0, 100.0, 300.0, 900.0]), np.repeat(place, 4, axis=0)
    width = np.log(
        model.quantile(X, 0.95, coordinates=at) / model.quantile(X, 0.05, coordinates=at)
    )
    assert (np.diff(width) > 0).all()
    assert width[3] > 1.2 * width[0]


def test_rows_within_are_answered_alike_beside_rows_beyond() -> None:
    """To the last bit: a map does not depend on its windows."""
    model, place, _ = _learnt(AdditiveGaussianProcess)
    alone = model.exceedance(_asked([50.0]), 40.0, coordinates=place)
    beside = model.exceedance(
        _asked([900.0, 50.0, -5.0]), 40.0, coordinates=np.repeat(place, 3, axis=0)
    )
    assert beside[1] == alone[0]


def test_draws_are_level_too() -> None:
    """Draws have the distribution of the answer, beyond the samples as within."""
    model, place, _ = _learnt(AdditiveGaussianProcess)
    X, at = _asked([50.0, 300.0]), np.concatenate([place, place + 50])
    drawn = np.log(model.draw(X, coordinates=at, n_draws=4000))
    told = model.distribution(X, coordinates=at)
    assert np.median(drawn, axis=0) == pytest.approx(told.median, abs=0.03)
    width = np.log(told.quantile(0.9) / told.quantile(0.1))
    assert np.ptp(np.quantile(drawn, [0.1, 0.9], axis=0), axis=0) == pytest.approx(
        width, rel=0.05
    )


def test_a_saved_process_knows_what_was_sampled() -> None:
    model, place, _ = _learnt(AdditiveGaussianProcess)
    again = AdditiveGaussianProcess.from_state(model.to_state())
    X = _asked([900.0])
    assert (
        again.quantile(X, 0.5, coordinates=place) == model.quantile(X, 0.5, coordinates=place)
    ).all()


def test_classes_have_no_range() -> None:
    """A code is no number: nothing lies between or beyond."""
    sampled = SampledRange.of(np.array([[1.0, 7.0], [3.0, 8.0]]), categorical=[1])
    assert not sampled.beyond(np.array([[2.0, 900.0]]))[0]
    again = SampledRange.from_dict(sampled.to_dict())
    assert (again.low == sampled.low).all()
    assert (again.high == sampled.high).all()
