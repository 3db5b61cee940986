"""The audit of preferential sampling."""

import numpy as np
import pytest

from hotspot.errors import SampleError
from hotspot.samples.preferential import audit_preference

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


def test_too_few_places_are_refused() -> None:
    """Five places cannot tell a preference."""
    with pytest.raises(SampleError, match="5 places"):
        audit_preference(CELLS[:5], np.arange(5.0))


def test_equal_values_are_refused() -> None:
    """Values that are all the same are high nowhere."""
    with pytest.raises(SampleError, match="All 30 places have the same value"):
        audit_preference(CELLS[:30], np.ones(30))
