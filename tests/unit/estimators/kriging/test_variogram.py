"""Variograms: gstat's numbers, planted models, and fits that the data cannot carry."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hotspot.errors import ModelError
from hotspot.estimators.kriging.variogram import (
    VariogramModel,
    empirical_variogram,
    fit_variogram,
    longest_range,
)
from hotspot.folds.autocorrelation import Variogram

CASES = {
    "ok_lognormal_sph": "sph",
    "ok_lognormal_exp": "exp",
    "uk_lognormal_sqrtdist_exp": "exp",
    "ik_sph": "sph",
}


@pytest.fixture(scope="module")
def gstat(shared: Path) -> Path:
    """Return the folder of gstat's numbers."""
    folder = shared / "reference_vectors" / "kriging_meuse"
    if not folder.is_dir():
        pytest.skip("gstat's numbers for the Meuse survey are not there")
    return folder


def meuse(folder: Path, case: str) -> tuple[np.ndarray, np.ndarray]:
    """Return places and what is kriged: log zinc, its residuals, or the indicator."""
    train = pd.read_csv(folder / "train.csv")
    values = train["ind" if case == "ik_sph" else "lz"].to_numpy(float)
    if case.startswith("uk"):
        design = np.column_stack([np.ones(len(train)), np.sqrt(train["dist"])])
        values = values - design @ np.linalg.lstsq(design, values, rcond=None)[0]
    return train[["x", "y"]].to_numpy(float), values


@pytest.mark.parametrize("case", CASES)
def test_empirical_variogram_equals_gstat(gstat: Path, case: str) -> None:
    """Pairs, lags and semivariances are those of gstat to 1e-10."""
    expected = pd.read_csv(gstat / f"{case}_empirical_variogram.csv")
    found = empirical_variogram(*meuse(gstat, case), cutoff=1500, width=100)
    np.testing.assert_array_equal(found.n_pairs, expected["np"])
    np.testing.assert_allclose(found.lag, expected["dist"], rtol=0, atol=1e-10)
    np.testing.assert_allclose(found.semivariance, expected["gamma"], rtol=0, atol=1e-10)


@pytest.mark.parametrize("case", CASES)
def test_fit_is_gstats_or_nearer(gstat: Path, case: str) -> None:
    """Parameters agree to 2 in 1000, as far as gstat's iteration went; the misfit is less."""
    settings = json.loads((gstat / "settings.json").read_text())[case]
    nugget, structure = settings["model"]
    places, values = meuse(gstat, case)
    seen = empirical_variogram(places, values, cutoff=1500, width=100)
    found = fit_variogram(seen, CASES[case], longest=longest_range(places))
    assert found.problem is None
    assert found.misfit <= settings["SSErr"] * (1 + 1e-9)
    assert found.misfit == pytest.approx(settings["SSErr"], rel=1e-5)
    assert found.model.nugget == pytest.approx(nugget["psill"], rel=2e-3)
    assert found.model.sill == pytest.approx(structure["psill"], rel=2e-3)
    assert found.model.range == pytest.approx(structure["range"], rel=2e-3)


@pytest.mark.parametrize("family", ["sph", "exp", "mat"])
@pytest.mark.parametrize("nugget", [0.0, 0.3])
def test_fit_finds_a_planted_model(family: str, nugget: float) -> None:
    """From a model's own semivariances the fit returns the model."""
    planted = VariogramModel(family, nugget, 0.8, 220.0, nu=1.5)
    lag = np.linspace(40.0, 1200.0, 15)
    seen = Variogram(lag, planted.semivariance(lag), np.arange(15) + 50)
    found = fit_variogram(seen, family, nu=1.5).model
    np.testing.assert_allclose(
        [found.nugget, found.sill, found.range], [nugget, 0.8, 220.0], rtol=1e-4, atol=1e-5
    )


def test_matern_of_one_half_is_exponential() -> None:
    """The Matérn correlation with nu 0.5 is exp(-h / range), with 1 at the origin."""
    distance = np.array([0.0, 1e-12, 10.0, 300.0, 5000.0])
    matern = VariogramModel("mat", 0.1, 1.0, 100.0, nu=0.5)
    exponential = VariogramModel("exp", 0.1, 1.0, 100.0)
    np.testing.assert_allclose(
        matern.covariance(distance), exponential.covariance(distance), atol=1e-10
    )
    assert matern.practical_range == pytest.approx(exponential.practical_range, rel=0.002)


def test_range_beyond_the_survey_is_held_and_reported() -> None:
    """A variogram that only rises is not believed: its range is held, and that is said."""
    lag = np.linspace(50.0, 500.0, 10)
    found = fit_variogram(Variogram(lag, 1e-3 * lag, np.full(10, 30)), "exp", longest=600.0)
    assert found.model.practical_range == pytest.approx(600.0)
    assert found.problem is not None
    assert "600 m" in found.problem


def test_flat_variogram_is_nugget() -> None:
    """Without structure the sill is 0, whatever the range, and nothing is wrong."""
    lag = np.linspace(50.0, 500.0, 10)
    found = fit_variogram(Variogram(lag, np.full(10, 0.7), np.full(10, 30)), "sph")
    assert found.problem is None
    np.testing.assert_allclose(found.model.semivariance(lag), 0.7, rtol=1e-6)


def test_two_lags_are_all_nugget() -> None:
    """Fewer than three lags carry no model; the mean semivariance becomes the nugget."""
    seen = Variogram(np.array([10.0, 20.0]), np.array([1.0, 4.0]), np.array([3, 1]))
    found = fit_variogram(seen, "sph")
    assert (found.model.nugget, found.model.sill) == (1.75, 0.0)
    assert found.problem is not None


def test_rows_in_chunks_give_the_same_variogram(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounded memory changes no pair."""
    generator = np.random.default_rng(1)
    places, values = generator.uniform(0, 100, (80, 2)), generator.normal(size=80)
    whole = empirical_variogram(places, values)
    monkeypatch.setattr("hotspot.estimators.kriging.variogram._CHUNK", 700)
    parts = empirical_variogram(places, values)
    np.testing.assert_array_equal(whole.n_pairs, parts.n_pairs)
    np.testing.assert_allclose(whole.semivariance, parts.semivariance, rtol=1e-12)


def test_replicates_inform_the_first_lag() -> None:
    """Pairs at one place count with the first lag, as in gstat."""
    places = np.array([[0.0, 0.0], [0.0, 0.0], [100.0, 0.0]])
    found = empirical_variogram(places, np.array([1.0, 3.0, 1.0]), cutoff=100, width=50)
    np.testing.assert_array_equal(found.n_pairs, [1, 2])
    np.testing.assert_allclose(found.semivariance, [2.0, 1.0])


def test_noise_is_added_pair_by_pair() -> None:
    """A pair gains half of both variances, less what the two have in common."""
    places = np.array([[0.0, 0.0], [1.0, 0.0]])
    noise = np.array([[0.4, 0.1], [0.1, 0.2]])
    alone = empirical_variogram(places, np.zeros(2), cutoff=2, width=2, noise=np.diag(noise))
    joint = empirical_variogram(places, np.zeros(2), cutoff=2, width=2, noise=noise)
    assert alone.semivariance[0] == pytest.approx(0.3)
    assert joint.semivariance[0] == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("family", "nugget", "sill", "reach"),
    [("gau", 0.1, 1.0, 1.0), ("sph", -0.1, 1.0, 1.0), ("sph", 0.0, 0.0, 1.0), ("sph", 0, 1, 0)],
)
def test_impossible_models_are_refused(
    family: str, nugget: float, sill: float, reach: float
) -> None:
    """Unknown families, negative variances and no range are errors."""
    with pytest.raises(ModelError, match=r"Choose|Give"):
        VariogramModel(family, nugget, sill, reach)


def test_missing_values_are_refused() -> None:
    """A NaN is no sample: the error says to drop it."""
    with pytest.raises(ModelError, match="Drop"):
        empirical_variogram(np.zeros((3, 2)), np.array([1.0, np.nan, 2.0]))
