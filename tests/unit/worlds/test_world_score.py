"""The true score is the score of soil samples, expected."""

import numpy as np
import pytest

from hotspot.errors import ModelError
from hotspot.worlds import World, true_score


def test_the_truth_has_the_best_score(world: World) -> None:
    """Nothing scores better than the truth, and any other map scores worse."""
    limit = world.truth.limit_for(0.2)
    p = world.truth.probability(limit)
    best = true_score(world, p, limit)
    other = true_score(world, 0.9 * p + 0.02, limit)
    assert best.log_loss == pytest.approx(best.best_log_loss, abs=1e-12)
    assert other.log_loss > other.best_log_loss
    assert other.brier == pytest.approx(
        best.best_brier + np.mean((0.1 * p - 0.02) ** 2), abs=1e-12
    )


def test_prevalence_everywhere_has_the_entropy_of_the_prevalence(world: World) -> None:
    """A constant map scores what the formula of a coin gives."""
    score = true_score(world, np.full(world.grid.shape, 0.2), world.truth.limit_for(0.2))
    entropy = -(0.2 * np.log(0.2) + 0.8 * np.log(0.8))
    assert score.log_loss == pytest.approx(entropy, abs=1e-9)
    assert score.brier == pytest.approx(0.16, abs=1e-9)


def test_score_is_the_mean_over_soil_samples(dense: World) -> None:
    """The Brier score of 60 000 random soil samples agrees, within 4 errors."""
    limit = dense.truth.limit_for(0.3)
    q = np.random.default_rng(1).uniform(0.05, 0.95, dense.grid.shape)
    found = dense.sampling.true_values
    above = found["concentration_mg_kg"] > limit
    losses = (above - q[found["row"], found["col"]]) ** 2
    error = losses.std() / np.sqrt(len(losses))
    assert abs(losses.mean() - true_score(dense, q, limit).brier) < 4 * error


def test_cells_without_a_probability_are_left_out(world: World) -> None:
    """The share that was scored is told, and only its cells count."""
    limit = world.truth.limit_for(0.2)
    p = world.truth.probability(limit)
    half = np.where(np.arange(p.size).reshape(p.shape) % 2 == 0, p, np.nan)
    score = true_score(world, half, limit)
    assert score.scored_share == 0.5
    assert score.prevalence == pytest.approx(float(np.nanmean(half)), abs=1e-12)


@pytest.mark.parametrize(
    "bad", [np.zeros((3, 3)), np.full((50, 60), 1.5), np.full(3000, np.nan)]
)
def test_what_is_no_probability_map_is_refused(world: World, bad: np.ndarray) -> None:
    """Wrong shapes, numbers beyond 1 and empty maps are refused."""
    with pytest.raises(ModelError):
        true_score(world, bad, 100.0)
