"""Models corrected for samples that were chosen by their soil."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtr

from hotspot.errors import ModelError
from hotspot.estimators.climatology import Climatology
from hotspot.estimators.distribution import LogLocationScale, Moved
from hotspot.estimators.ensemble.model import ConcentrationModel
from hotspot.estimators.gaussian_process.model import AdditiveGaussianProcess
from hotspot.estimators.preference import can_be_corrected, corrected

N = 120
KINDS = ("gaussian_process", "quantile_forest")
GRID = np.stack(np.meshgrid(np.arange(40.0), np.arange(40.0)), axis=-1).reshape(-1, 2)
LIMIT = 10.0


def _field(seed: int) -> np.ndarray:
    """Return a smooth log concentration of every cell of the grid."""
    rng = np.random.default_rng(seed)
    angles, waves = rng.uniform(0, 2 * np.pi, (2, 30)), rng.normal(0, 0.22, (30, 2))
    waves = np.cos(GRID @ waves.T + angles[0]) @ rng.normal(0, np.sqrt(2 / 30), 30)
    return np.log(LIMIT) - 0.7 + waves


def _survey(seed: int, slope: float) -> tuple[np.ndarray, pd.DataFrame, np.ndarray, np.ndarray]:
    """Return the field, covariates of the cells, sampled cells and concentrations."""
    rng = np.random.default_rng([seed, 1])
    field = _field(seed)
    weight = np.exp(slope * field)
    rows = rng.choice(len(GRID), N, replace=False, p=weight / weight.sum())
    X = pd.DataFrame({"nothing": rng.normal(size=len(GRID))})
    return field, X, rows, np.exp(field[rows] + 0.3 * rng.normal(size=N))


@pytest.fixture(scope="module", params=["gaussian_process", "ensemble"])
def model(request: pytest.FixtureRequest) -> AdditiveGaussianProcess | ConcentrationModel:
    _, X, rows, value = _survey(2, 0.0)
    made = (
        AdditiveGaussianProcess()
        if request.param == "gaussian_process"
        else ConcentrationModel(members=KINDS)
    )
    return made.fit(X.iloc[rows], value, value, coordinates=GRID[rows])


def test_a_moved_distribution_is_the_other_times_a_factor() -> None:
    """Chances, quantiles and means are those of the multiplied concentration."""
    one = LogLocationScale(np.array([1.0, 2.0]), np.array([0.5, 0.3]))
    moved = Moved(one, np.log([0.5, 3.0]))
    assert moved.cdf(4.0) == pytest.approx(one.cdf(4.0 / np.array([0.5, 3.0])))
    assert moved.quantile(0.9) == pytest.approx(one.quantile(0.9) * [0.5, 3.0])
    assert moved.cdf(moved.quantile(0.2)) == pytest.approx([0.2, 0.2])
    assert moved.mean() == pytest.approx(one.mean() * [0.5, 3.0])
    assert len(moved) == 2
    assert moved.exceedance(np.inf).tolist() == [0.0, 0.0]


def test_gaps_move_and_samples_stay(model) -> None:
    """By the slope times the variance of the surface, which is small beside a sample."""
    _, X, rows, _ = _survey(2, 0.0)
    moved = model.against_preference(0.8)
    process = model.surface_
    told = process.distribution(X, coordinates=GRID)
    variance = process.surface_variance(told)
    shift = np.log(
        moved.quantile(X, 0.5, coordinates=GRID) / model.quantile(X, 0.5, coordinates=GRID)
    )
    if model is process:
        # In units of the response, whose rate turns it into the logarithm.
        away = process.against_preference(0.8).distribution(X, coordinates=GRID)
        shift = (away.location - told.location) * told.rate
    assert shift == pytest.approx(-0.8 * variance, abs=1e-6)
    beside, apart = shift[rows].mean(), shift.min()
    assert apart < 2 * beside < 0
    assert model.preference_ == 0
    again = moved.against_preference(0.0)
    assert (
        again.exceedance(X, LIMIT, coordinates=GRID)
        == model.exceedance(X, LIMIT, coordinates=GRID)
    ).all()


def test_the_other_sign_moves_the_other_way(model) -> None:
    """Where clean soil was preferred, soil that nobody sampled holds more."""
    X = pd.DataFrame({"nothing": np.zeros(len(GRID))})
    more = model.against_preference(-0.5).exceedance(X, LIMIT, coordinates=GRID)
    less = model.against_preference(0.5).exceedance(X, LIMIT, coordinates=GRID)
    plain = model.exceedance(X, LIMIT, coordinates=GRID)
    assert (more >= plain).all()
    assert (plain >= less).all()
    assert more.mean() > plain.mean() + 0.01 > less.mean() + 0.02


def test_a_moved_model_is_saved_and_read(model) -> None:
    """With the same answers, draws and all; a file that does not tell its slope is refused."""
    X = pd.DataFrame({"nothing": np.zeros(50)})
    moved = model.against_preference(0.8)
    state = moved.to_state()
    again = type(moved).from_state(state)
    assert again.preference_ == 0.8
    for q in (0.05, 0.5, 0.95):
        assert (
            again.quantile(X, q, coordinates=GRID[:50])
            == moved.quantile(X, q, coordinates=GRID[:50])
        ).all()
    del state.values["preference"]
    with pytest.raises(KeyError, match="preference"):
        type(moved).from_state(state)


def test_draws_move_with_the_distribution(model) -> None:
    """As many draws of a cell exceed as its moved chance says."""
    X = pd.DataFrame({"nothing": np.zeros(100)})
    moved = model.against_preference(1.0)
    places = GRID[::16]
    chance = moved.exceedance(X, LIMIT, coordinates=places)
    share = (moved.draw(X, coordinates=places, n_draws=2000) > LIMIT).mean(axis=0)
    assert share == pytest.approx(chance, abs=0.05)


def test_the_map_of_a_preferred_survey_is_nearer_to_the_truth() -> None:
    """With the planted slope, the loss of the whole map falls; the mean chance comes true."""
    losses = []
    for seed in range(3, 6):
        field, X, rows, value = _survey(seed, 1.2)
        process = AdditiveGaussianProcess().fit(
            X.iloc[rows], value, value, coordinates=GRID[rows]
        )
        truth = ndtr((field - np.log(LIMIT)) / 0.3)
        pair = []
        for each in (process, process.against_preference(1.2)):
            p = np.clip(each.exceedance(X, LIMIT, coordinates=GRID), 1e-3, 1 - 1e-3)
            pair.append(-(truth * np.log(p) + (1 - truth) * np.log1p(-p)).mean())
        losses.append(pair)
    plain, moved = np.mean(losses, axis=0)
    assert moved < 0.95 * plain


def test_only_a_model_with_a_surface_can_be_corrected() -> None:
    """Others are left as they are; asked outright, a pool without a process refuses."""
    _, X, rows, value = _survey(2, 0.0)
    learnt = (X.iloc[rows], value, value)
    pool = ConcentrationModel(members=("quantile_forest", "climatology"))
    pool.fit(*learnt, coordinates=GRID[rows])
    plain = Climatology().fit(*learnt, coordinates=GRID[rows])
    for model in (pool, plain):
        assert not can_be_corrected(model)
        assert corrected(model, 0.5) is model
    with pytest.raises(ModelError, match="Add gaussian_process"):
        pool.against_preference(0.5)
    process = AdditiveGaussianProcess().fit(*learnt, coordinates=GRID[rows])
    assert corrected(process, 0.0) is process
    assert corrected(process, 0.5).preference_ == 0.5
