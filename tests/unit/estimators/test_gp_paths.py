"""Draws of the surface over cells together."""

import numpy as np
import pytest

from hotspot.estimators.gp_exact import Bounds, ExactPosterior
from hotspot.estimators.gp_kernel import Hyperparameters, Inputs
from hotspot.estimators.gp_paths import draw_surface

KERNEL = Hyperparameters(0.3, 0.5, 0.2, 0.1)


def _inputs(places: np.ndarray, drift: np.ndarray) -> Inputs:
    return Inputs(places, drift, np.empty((len(places), 0)))


@pytest.mark.parametrize("far", [1.0, 1e3, 1e5, 1e7])
def test_cells_of_one_place_are_drawn_alike(far: float) -> None:
    """Also where a trend that is drawn out far rounds their covariance to none."""
    rng = np.random.default_rng(0)
    y = rng.normal(size=60)
    rows = _inputs(rng.normal(size=(60, 2)), rng.normal(size=(60, 3)))
    surface = ExactPosterior.condition(KERNEL, rows, Bounds(y, y))
    cells = _inputs(np.zeros((300, 2)), np.full((300, 3), far))
    mean, variance = surface.predict(cells)
    drawn = draw_surface(surface, cells, n_draws=400, random_state=1)
    deviates = (drawn - mean) / np.sqrt(variance)
    assert deviates.std() == pytest.approx(1.0, abs=0.15)
    assert abs(deviates.mean()) < 0.2
    assert np.ptp(deviates, axis=1).max() < 1e-2
