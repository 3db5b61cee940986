"""The calibration band: it holds the true frequency as often as it says."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.special import expit, logit

from hotspot.errors import ModelError
from hotspot.estimators.calibration_band import CalibrationBand, fit_calibration_band

Array = np.ndarray
Distortion = Callable[[Array], Array]

# True log-odds as a function of those that the model gives.
DISTORTIONS: dict[str, Distortion] = {
    "calibrated": lambda z: z,
    "over-confident": lambda z: 0.6 * z,
    "under-confident": lambda z: 1.6 * z,
    "shifted": lambda z: z + 0.8,
    "wrong on one side": lambda z: np.where(z > 0, 0.4 * z, 1.2 * z),
    "wavy": lambda z: z + 0.6 * np.sin(1.5 * z),
}
# Nodes and weights of the mean over a normal effect of each block.
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(40)


def _survey(
    distortion: Distortion, seed: int, *, n: int = 300, n_blocks: int = 40, effect: float = 0.5
) -> tuple[Array, Array, Array]:
    """Return labels, probabilities and blocks; samples of a block err together."""
    rng = np.random.default_rng(seed)
    block = rng.integers(0, n_blocks, n)
    z = -0.5 + 1.1 * rng.normal(size=n_blocks)[block] + 1.1 * rng.normal(size=n)
    chance = expit(distortion(z) + effect * rng.normal(size=n_blocks)[block])
    return (rng.random(n) < chance).astype(float), expit(z), block


def _truth(distortion: Distortion, p: Array, effect: float = 0.5) -> Array:
    """Return the share of samples that exceed where the model says p, over all blocks."""
    z = distortion(logit(p))[:, None] + effect * NODES
    return expit(z) @ WEIGHTS / WEIGHTS.sum()


@pytest.mark.parametrize("name", list(DISTORTIONS))
def test_each_bound_holds_as_often_as_it_says(name: str) -> None:
    """Over 200 surveys each bound holds for 9 samples of 10, however the model errs."""
    below, above = [], []
    for seed in range(200):
        y, p, block = _survey(DISTORTIONS[name], seed)
        band = fit_calibration_band(y, p, block)
        lower, upper = band.bounds(p)
        truth = _truth(DISTORTIONS[name], p)
        below.append((lower <= truth).mean())
        above.append((truth <= upper).mean())
    # Samples of one survey stand and fall together: the standard error of either is 0.008.
    assert np.mean(below) > 0.89
    assert np.mean(above) > 0.89


def test_a_wrong_shift_is_found() -> None:
    """With many samples the band leaves the probability given, and holds the truth."""
    y, p, block = _survey(DISTORTIONS["shifted"], 1, n=6000, n_blocks=300, effect=0.0)
    band = fit_calibration_band(y, p, block).at(0.999)
    lower, upper = band.bounds(np.array([0.2, 0.4]))
    truth = _truth(DISTORTIONS["shifted"], np.array([0.2, 0.4]), effect=0.0)
    assert (lower > [0.2, 0.4]).all()
    assert ((lower < truth) & (truth < upper)).all()


def test_few_samples_leave_the_probability_as_it_is_and_say_little() -> None:
    """Twelve samples, half of them above where 0.1 was said, move nothing for certain."""
    y, p = np.tile([0.0, 1.0], 6), np.full(12, 0.1)
    lower, upper = fit_calibration_band(y[:4], p[:4], np.arange(4)).bounds(np.array([0.1, 0.5]))
    assert lower[0] < 0.15
    assert (upper - lower > 0.4).all()


def test_the_band_is_wider_where_fewer_samples_are() -> None:
    """Beyond the probabilities that were given, the bounds part."""
    rng = np.random.default_rng(3)
    p = rng.uniform(0.05, 0.4, 500)
    y = (rng.random(500) < p).astype(float)
    band = fit_calibration_band(y, p, np.arange(500) // 5)
    lower, upper = band.bounds(np.array([0.2, 0.8]))
    width = logit(upper) - logit(lower)
    assert width[1] > 3 * width[0]


def test_neighbours_are_no_news() -> None:
    """Each sample four times over, in its own block, says no more than once."""
    y, p, block = _survey(DISTORTIONS["calibrated"], 5)
    once = fit_calibration_band(y, p, block)
    four = fit_calibration_band(np.tile(y, 4), np.tile(p, 4), np.tile(block, 4))
    asked = np.array([0.2, 0.5])
    widths = [np.diff(band.bounds(asked), axis=0) for band in (once, four)]
    assert (widths[1] > 0.8 * widths[0]).all()


def test_repeats_of_a_sample_count_once() -> None:
    """Rows of half the weight, twice, give the band of the rows themselves."""
    y, p, block = _survey(DISTORTIONS["over-confident"], 6)
    once = fit_calibration_band(y, p, block)
    twice = fit_calibration_band(
        np.tile(y, 2), np.tile(p, 2), np.tile(block, 2), weights=np.full(2 * len(y), 0.5)
    )
    assert twice.n_samples == once.n_samples
    np.testing.assert_allclose(twice.centre, once.centre, atol=1e-6)
    np.testing.assert_allclose(twice.error, once.error, rtol=1e-4)


def test_bounds_rise_and_hold_each_other() -> None:
    """Lower is under upper, both rise from 0 to 1, and missing stays missing."""
    y, p, block = _survey(DISTORTIONS["wavy"], 7)
    asked = np.linspace(0, 1, 400)
    lower, upper = fit_calibration_band(y, p, block).bounds(asked)
    assert (np.diff(lower) >= 0).all()
    assert (np.diff(upper) >= 0).all()
    assert (lower < upper).all()
    assert lower[0] == 0.0
    assert upper[-1] == 1.0
    assert np.isnan(fit_calibration_band(y, p, block).bounds(np.array([np.nan]))).all()


def test_more_confidence_is_a_wider_band() -> None:
    """The band of 0.99 holds that of 0.8."""
    y, p, block = _survey(DISTORTIONS["calibrated"], 8)
    band, asked = fit_calibration_band(y, p, block), np.linspace(0.05, 0.95, 10)
    (low_8, up_8), (low_99, up_99) = band.at(0.8).bounds(asked), band.at(0.99).bounds(asked)
    assert (low_99 < low_8).all()
    assert (up_99 > up_8).all()


@pytest.mark.parametrize("label", [0.0, 1.0])
def test_one_class_only_is_no_failure(label: float) -> None:
    """Where nothing, or everything, exceeds, the band is finite and one-sided."""
    p = np.linspace(0.02, 0.98, 60)
    band = fit_calibration_band(np.full(60, label), p, np.arange(60) // 4)
    lower, upper = band.bounds(np.array([0.5]))
    assert np.isfinite([lower, upper]).all()
    assert (upper[0] < 0.5) if label == 0.0 else (lower[0] > 0.5)


def test_unknown_labels_and_predictions_are_left_out() -> None:
    """NaN in either column is a row that is not there."""
    y, p, block = _survey(DISTORTIONS["calibrated"], 9)
    whole = fit_calibration_band(y[10:], p[10:], block[10:])
    holed = (y.copy(), p.copy())
    holed[0][:5], holed[1][5:10] = np.nan, np.nan
    assert fit_calibration_band(*holed, block).to_dict() == whole.to_dict()


def test_one_block_gives_no_band() -> None:
    """How far neighbours err together cannot be told from one block."""
    y, p, _ = _survey(DISTORTIONS["calibrated"], 10)
    assert fit_calibration_band(y, p, np.zeros(len(y), dtype=np.int64)) is None


def test_a_band_survives_its_state() -> None:
    """Plain values give the same bounds again, bit by bit."""
    y, p, block = _survey(DISTORTIONS["calibrated"], 11)
    band = fit_calibration_band(y, p, block).at(0.95)
    again = CalibrationBand.from_dict(band.to_dict())
    np.testing.assert_array_equal(again.bounds(p), band.bounds(p))


def test_a_confidence_that_is_none_is_refused() -> None:
    """A bound that holds half of the time or less bounds nothing."""
    with pytest.raises(ModelError, match=r"confidence 0\.4.*between 0\.5 and 1"):
        CalibrationBand(np.zeros(139), np.ones(139), 10, 5, 0.4)
