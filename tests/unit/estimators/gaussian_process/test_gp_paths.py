"""Draws of the surface over cells together."""

import numpy as np
import pytest

from hotspot.estimators.gaussian_process.exact import ExactPosterior
from hotspot.estimators.gaussian_process.kernel import Hyperparameters, Inputs
from hotspot.estimators.gaussian_process.paths import draw_surface
from hotspot.estimators.intervals import LogIntervals

KERNEL = Hyperparameters(0.3, 0.5, 0.2, 0.1)


def _inputs(places: np.ndarray, drift: np.ndarray) -> Inputs:
    return Inputs(places, drift, np.empty((len(places), 0)))


def _surface() -> ExactPosterior:
    rng = np.random.default_rng(0)
    y = rng.normal(size=60)
    rows = _inputs(rng.normal(size=(60, 2)), rng.normal(size=(60, 3)))
    return ExactPosterior.condition(KERNEL, rows, LogIntervals(y, y))


@pytest.mark.parametrize("far", [1.0, 1e3, 1e5, 1e7])
def test_cells_of_one_place_are_drawn_alike(far: float) -> None:
    """Also where a trend that is drawn out far rounds their covariance to none."""
    surface = _surface()
    cells = _inputs(np.zeros((300, 2)), np.full((300, 3), far))
    mean, variance = surface.predict(cells)
    drawn = draw_surface(surface, cells, n_draws=400, random_state=1)
    deviates = (drawn - mean) / np.sqrt(variance)
    assert deviates.std() == pytest.approx(1.0, abs=0.15)
    assert abs(deviates.mean()) < 0.2
    assert np.ptp(deviates, axis=1).max() < 1e-2


def test_a_far_cell_does_not_spoil_the_others() -> None:
    """One cell of a variance of 1e30 leaves near cells the draws that they have alone."""
    surface = _surface()
    rng = np.random.default_rng(2)
    places, drift = rng.normal(size=(200, 2)), rng.normal(size=(200, 3))
    cells = _inputs(places, drift)
    drift = drift.copy()
    drift[-1] = 1e15
    alone = draw_surface(surface, cells, n_draws=50, random_state=1)
    with_far = draw_surface(surface, _inputs(places, drift), n_draws=50, random_state=1)
    np.testing.assert_allclose(with_far[:, :-1], alone[:, :-1], atol=1e-6)
    assert with_far[:, -1].std() > 1e14
