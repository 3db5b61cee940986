"""Draws of the surface over cells together."""

import numpy as np
import pytest

from hotspot.estimators.gaussian_process.draws import draw_surface
from hotspot.estimators.gaussian_process.exact import ExactPosterior
from hotspot.estimators.gaussian_process.kernel import Hyperparameters, Inputs
from hotspot.estimators.gaussian_process.local import LocalPosterior
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


def _bending(n: int, seed: int) -> Inputs:
    rng = np.random.default_rng(seed)
    drift = rng.normal(size=(n, 2))
    return Inputs(rng.normal(size=(n, 2)), drift, drift[:, :1].copy())


def test_cells_in_sequence_have_the_covariance_of_the_dense_process() -> None:
    """Given all neighbours, cells drawn one after the other are those drawn together."""
    kernel = Hyperparameters(0.6, 0.4, 0.1, 0.1, 0.3, (1.5,))
    rows, cells = _bending(80, 1), _bending(12, 2)
    y = np.random.default_rng(3).normal(size=80)
    mean, spread = ExactPosterior.condition(kernel, rows, LogIntervals(y, y)).joint(cells)
    local = LocalPosterior.condition(
        kernel, rows, LogIntervals(y, y), n_neighbours=80, random_state=0
    )
    n = 20_000
    drawn = draw_surface(local, cells, n_draws=n, random_state=1)
    sd = np.sqrt(np.diag(spread))
    np.testing.assert_allclose(drawn.mean(axis=0), mean, atol=4.5 * sd.max() / np.sqrt(n))
    np.testing.assert_allclose(
        np.cov(drawn.T) / np.outer(sd, sd), spread / np.outer(sd, sd), atol=4.5 * np.sqrt(2 / n)
    )


def test_soils_of_one_cell_share_their_surface() -> None:
    """Rows of one place and the same covariates are equal in every draw of a local process.

    Also where landmarks do not carry all of the smooth part.
    """
    kernel = Hyperparameters(0.6, 0.4, 0.1, 0.4, 0.7, (0.05,))
    rows, cells = _bending(200, 4), _bending(300, 5)
    y = np.random.default_rng(6).normal(size=200)
    local = LocalPosterior.condition(
        kernel, rows, LogIntervals(y, y), n_neighbours=20, random_state=0
    )
    assert local.basis.left_over(local.basis.columns(cells)).max() > 0.1
    twice = Inputs(
        *(np.vstack([part, part]) for part in (cells.place, cells.drift, cells.smooth))
    )
    drawn = draw_surface(local, twice, n_draws=20, random_state=1)
    np.testing.assert_array_equal(drawn[:, :300], drawn[:, 300:])


@pytest.mark.parametrize("n_samples", [1, 40])
def test_neighbouring_cells_move_together(n_samples: int) -> None:
    """Of a grid of a local process, cells side by side correlate as the covariance says.

    However few samples there are to be told from.
    """
    kernel = Hyperparameters(1.0, 2.0, 0.1, 0.1)
    rows = _inputs(
        1e4 + np.random.default_rng(7).normal(size=(n_samples, 2)), np.zeros((n_samples, 0))
    )
    local = LocalPosterior.condition(
        kernel,
        rows,
        LogIntervals(np.zeros(n_samples), np.zeros(n_samples)),
        n_neighbours=30,
        random_state=0,
    )
    east, north = np.meshgrid(np.arange(30.0), np.arange(30.0))
    cells = _inputs(np.column_stack([east.ravel(), north.ravel()]), np.zeros((900, 0)))
    drawn = draw_surface(local, cells, n_draws=400, random_state=1).reshape(400, 30, 30)
    for lag in (1, 2, 4):
        rises = 0.5 * np.mean((drawn[:, :, lag:] - drawn[:, :, :-lag]) ** 2)
        assert rises == pytest.approx(1 - np.exp(-lag / 2.0), rel=0.03)
