"""The local process of large surveys, against the dense one."""

import numpy as np
import pytest

from hotspot.estimators.gaussian_process.exact import ExactPosterior
from hotspot.estimators.gaussian_process.kernel import Hyperparameters, Inputs
from hotspot.estimators.gaussian_process.local import LocalPosterior
from hotspot.estimators.intervals import LogIntervals

N = 80
KERNEL = Hyperparameters(0.6, 0.4, 0.1, 0.1)
SMOOTH = Hyperparameters(0.6, 0.4, 0.1, 0.1, 0.3, (1.5,))


def survey(seed: int = 0) -> tuple[Inputs, Inputs, np.ndarray]:
    generator = np.random.default_rng(seed)

    def draw(n: int) -> Inputs:
        drift = generator.normal(size=(n, 2))
        return Inputs(generator.normal(size=(n, 2)), drift, drift[:, :1].copy())

    return draw(N), draw(11), generator.normal(size=N)


def censored(y: np.ndarray) -> LogIntervals:
    hidden = np.arange(N) % 2 == 0
    return LogIntervals(np.where(hidden, -np.inf, y), np.where(hidden, y + 0.5, y))


def local(kernel: Hyperparameters, at: Inputs, bounds: LogIntervals, k: int) -> LocalPosterior:
    return LocalPosterior.condition(kernel, at, bounds, n_neighbours=k, random_state=0)


@pytest.mark.parametrize(("kernel", "tolerance"), [(KERNEL, 1e-9), (SMOOTH, 2e-3)])
def test_all_neighbours_give_the_dense_process(
    kernel: Hyperparameters, tolerance: float
) -> None:
    """With every sample as a neighbour, predictions are exact; landmarks cost little."""
    at, cells, y = survey()
    exact = ExactPosterior.condition(kernel, at, LogIntervals(y, y))
    near = local(kernel, at, LogIntervals(y, y), N)
    np.testing.assert_allclose(near.predict(cells), exact.predict(cells), atol=tolerance)


def test_all_neighbours_give_the_dense_process_of_non_detects() -> None:
    """Sites of censored samples agree with those of dense expectation propagation."""
    at, cells, y = survey()
    exact = ExactPosterior.condition(KERNEL, at, censored(y))
    near = local(KERNEL, at, censored(y), N)
    np.testing.assert_allclose(near.predict(cells), exact.predict(cells), atol=2e-3)


@pytest.mark.parametrize("folds", [np.arange(N) % 5, np.arange(N)])
def test_leaving_out_agrees_with_the_dense_process(folds: np.ndarray) -> None:
    """Folds and single samples left out are predicted as by the dense process."""
    at, _, y = survey()
    exact = ExactPosterior.condition(KERNEL, at, LogIntervals(y, y))
    near = local(KERNEL, at, LogIntervals(y, y), N)
    np.testing.assert_allclose(near.leave_out(folds), exact.leave_out(folds), atol=1e-7)


def test_what_landmarks_do_not_carry_is_not_lost() -> None:
    """Where the smooth part is too short for the landmarks, a sample is left to neighbours.

    No sample left out is known less than before any was taken, or much better than all
    others tell of it.
    """
    generator = np.random.default_rng(2)
    drift = generator.normal(size=(200, 3))
    at = Inputs(generator.normal(size=(200, 2)), drift[:, :1], drift)
    kernel = Hyperparameters(0.6, 0.4, 0.1, 0.4, 0.7, (0.05, 0.5, 0.5))
    y = generator.normal(size=200)
    exact = ExactPosterior.condition(kernel, at, LogIntervals(y, y))
    near = local(kernel, at, LogIntervals(y, y), 200)
    assert near.basis.left_over(near.basis.columns(at)).max() > 0.4
    mean, variance = near.leave_out(np.arange(200))
    _, alone = exact.leave_out(np.arange(200))
    assert (variance > 0.9 * alone).all()
    assert (variance < 1.1 * (0.6 + 0.1 * drift[:, 0] ** 2 + 0.7)).all()
    assert np.abs(mean).max() < np.abs(y).max()
    _, joint = near.predict_samples(np.arange(200))
    np.testing.assert_allclose(joint, 1 / (1 / variance + 1 / 0.4), rtol=1e-9)


def test_many_folds_hide_their_own_samples() -> None:
    """With more than 50 folds no sample of a pair sees the other."""
    generator = np.random.default_rng(4)
    place = np.repeat(generator.normal(size=(60, 2)), 2, axis=0)
    at = Inputs(place, np.zeros((120, 0)), np.zeros((120, 0)))
    kernel = Hyperparameters(1.0, 0.001, 0.1, 0.01)
    y = np.repeat(generator.normal(size=60), 2)
    near = local(kernel, at, LogIntervals(y, y), 10)
    _, alone = near.leave_out(np.repeat(np.arange(60), 2))
    _, paired = near.leave_out(np.arange(120))
    assert (alone > 0.9).all()
    assert (paired < 0.1).all()


def test_few_neighbours_come_close() -> None:
    """Fifteen of 80 neighbours shift predictions by a fifth of their uncertainty at most."""
    at, cells, y = survey()
    mean, spread = ExactPosterior.condition(KERNEL, at, LogIntervals(y, y)).predict(cells)
    found, _ = local(KERNEL, at, LogIntervals(y, y), 15).predict(cells)
    assert np.sqrt(np.mean((found - mean) ** 2 / spread)) < 0.2


@pytest.mark.parametrize(
    "folds", [np.arange(N) % 8, np.arange(N) // 20], ids=["spread", "whole"]
)
def test_leaving_out_with_few_neighbours_is_near_a_refit(folds: np.ndarray) -> None:
    """Without a fold, few neighbours predict about as a process does that never saw it."""
    at, _, y = survey(3)
    east = np.argsort(at.place[:, 0])
    at = at.take(east)
    near = local(SMOOTH, at, LogIntervals(y, y), 15)
    mean, spread = near.leave_out(folds)
    for fold in np.unique(folds):
        out, rest = folds == fold, folds != fold
        known = LogIntervals(y[rest], y[rest])
        dense = ExactPosterior.condition(SMOOTH, at.take(rest), known)
        wanted, width = dense.predict(at.take(out))
        assert np.sqrt(np.mean((mean[out] - wanted) ** 2 / width)) < 0.25
        np.testing.assert_allclose(spread[out], width, rtol=0.35)


def test_samples_at_one_place_without_noise_agree() -> None:
    """Two samples at a place, each all but certain, tell their value and no more than that."""
    place = np.repeat(np.random.default_rng(6).normal(size=(30, 2)), 2, axis=0)
    at = Inputs(place, np.zeros((60, 0)), np.zeros((60, 0)))
    kernel = Hyperparameters(1.0, 0.5, 0.1, 1e-16)
    y = np.repeat(np.random.default_rng(7).normal(size=30), 2)
    mean, spread = local(kernel, at, LogIntervals(y, y), 10).predict(at)
    np.testing.assert_allclose(mean, y, atol=1e-4)
    assert (spread < 1e-4).all()
