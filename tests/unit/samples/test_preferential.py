"""The audit of preferential sampling."""

import numpy as np
import pytest

from hotspot.errors import SampleError
from hotspot.samples.preferential import audit_preference, preference_weights

SIDE = 30
CELLS = np.stack(np.meshgrid(np.arange(SIDE), np.arange(SIDE)), -1).reshape(-1, 2) * 1.0


def _field(seed: int) -> np.ndarray:
    """Return a smooth field of mean 0 and variance 1 on a grid of cells."""
    rng = np.random.default_rng(seed)
    wave = np.fft.fftfreq(SIDE)
    damping = np.exp(-((wave[:, None] ** 2 + wave[None] ** 2) * 200))
    field = np.fft.ifft2(np.fft.fft2(rng.normal(size=(SIDE, SIDE))) * damping).real.ravel()
    return (field - field.mean()) / field.std()


def _drawn(seed: int, preference: np.ndarray, n: int = 90) -> np.ndarray:
    chance = np.exp(preference)
    rng = np.random.default_rng(seed + 1000)
    return rng.choice(len(CELLS), n, replace=False, p=chance / chance.sum())


@pytest.mark.parametrize("sign", [1, -1])
def test_planted_preference_is_found(sign: int) -> None:
    """Samples drawn where a field is high, or low, are told as such."""
    field = _field(0)
    rows = _drawn(0, 1.5 * sign * field)
    found = audit_preference(CELLS[rows], field[rows], n_draws=99)
    assert found.is_preferential
    assert np.sign(found.correlation) == sign
    assert ("high" if sign > 0 else "low") in found.sentence


def test_clusters_alone_are_no_preference() -> None:
    """Clustered samples of a smooth field raise no alarm beyond the level of the test.

    A test that took samples for independent would raise it in every third of these surveys.
    """
    alarms = 0
    for seed in range(20):
        rows = _drawn(seed, 2.0 * _field(seed + 500))
        found = audit_preference(CELLS[rows], _field(seed)[rows], n_draws=39)
        alarms += found.is_preferential
    assert alarms <= 4


def test_only_ranks_count() -> None:
    """Concentrations and their logarithms give the same finding."""
    field = _field(3)
    rows = _drawn(3, field)
    first = audit_preference(CELLS[rows], field[rows], n_draws=19)
    second = audit_preference(CELLS[rows], np.exp(5 * field[rows]), n_draws=19)
    assert first == second


def test_weights_bring_the_mean_back() -> None:
    """Weights against preference take away most of what it adds to the mean."""
    plain, weighted = [], []
    for seed in range(10):
        field = _field(seed)
        rows = _drawn(seed, field)
        values = field[rows]
        plain.append(values.mean())
        weighted.append(np.average(values, weights=preference_weights(CELLS[rows], values)))
    assert np.mean(plain) > 0.5
    assert abs(np.mean(weighted)) < 0.4 * np.mean(plain)


def test_weights_without_preference_stay_near_one() -> None:
    """Random places have weights that cost next to no effective samples."""
    field = _field(4)
    rows = _drawn(4, np.zeros(len(CELLS)))
    weights = preference_weights(CELLS[rows], field[rows])
    assert weights.mean() == pytest.approx(1)
    assert 1 / (weights**2).mean() > 0.9


def test_unknown_values_get_the_mean_weight() -> None:
    """A sample without a value says nothing on preference."""
    values = np.array([np.nan, *np.random.default_rng(0).normal(size=40)])
    places = np.random.default_rng(1).uniform(0, 1, (41, 2))
    weights = preference_weights(places, values)
    assert np.isfinite(weights).all()
    few = preference_weights(places[:5], values[:5])
    assert few.tolist() == [1.0] * 5


def test_too_few_places_are_refused() -> None:
    """Five places cannot tell a preference."""
    with pytest.raises(SampleError, match="5 places"):
        audit_preference(CELLS[:5], np.arange(5.0))
