"""Kriging on arrays: gstat's numbers, laws, and systems that would be singular."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hotspot.errors import ModelError
from hotspot.estimators.kriging.ordinary import clipped_probability
from hotspot.estimators.kriging.predictor import Kriging
from hotspot.estimators.kriging.variogram import VariogramModel

CASES = {
    "ok_lognormal_sph": "sph",
    "ok_lognormal_exp": "exp",
    "uk_lognormal_sqrtdist_exp": "exp",
    "ik_sph": "sph",
}
# gstat wrote 15 digits.
CLOSE = {"rtol": 0, "atol": 1e-10}


@pytest.fixture(scope="module")
def gstat(shared: Path) -> Path:
    """Return the folder of gstat's numbers."""
    folder = shared / "reference_vectors" / "kriging_meuse"
    if not folder.is_dir():
        pytest.skip("gstat's numbers for the Meuse survey are not there")
    return folder


def reference(folder: Path, case: str) -> tuple[Kriging, np.ndarray, np.ndarray | None]:
    """Return the samples under gstat's variogram, and the grid with its drift."""
    train, grid = pd.read_csv(folder / "train.csv"), pd.read_csv(folder / "grid.csv")
    nugget, structure = json.loads((folder / "settings.json").read_text())[case]["model"]
    drift = cells = None
    if case.startswith("uk"):
        drift, cells = np.sqrt(train[["dist"]].to_numpy()), np.sqrt(grid[["dist"]].to_numpy())
    kriging = Kriging(
        train[["x", "y"]].to_numpy(float),
        train["ind" if case == "ik_sph" else "lz"].to_numpy(float),
        VariogramModel(CASES[case], nugget["psill"], structure["psill"], structure["range"]),
        drift=drift,
    )
    return kriging, grid[["x", "y"]].to_numpy(float), cells


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("file", "n_neighbours"), [("grid", None), ("grid_nmax20", 20)])
def test_map_equals_gstat(gstat: Path, case: str, file: str, n_neighbours: int | None) -> None:
    """Values and variances of all 3103 cells are gstat's, with all samples or 20."""
    kriging, cells, drift = reference(gstat, case)
    expected = pd.read_csv(gstat / f"{case}_{file}.csv")
    found = kriging.predict(cells, drift, n_neighbours=n_neighbours)
    np.testing.assert_allclose(found.value, expected["pred"], **CLOSE)
    np.testing.assert_allclose(found.variance, expected["var"], **CLOSE)


@pytest.mark.parametrize("case", CASES)
def test_cross_validation_equals_gstat(gstat: Path, case: str) -> None:
    """The closed form gives what gstat found by kriging again without each fold."""
    kriging, _, _ = reference(gstat, case)
    alone = pd.read_csv(gstat / f"{case}_loo.csv")
    folds = pd.read_csv(gstat / f"{case}_knndmcv.csv")
    one, many = kriging.leave_out(), kriging.leave_out(folds["fold"].to_numpy())
    np.testing.assert_allclose(one.value, alone["loo_pred"], **CLOSE)
    np.testing.assert_allclose(one.variance, alone["loo_var"], **CLOSE)
    np.testing.assert_allclose(many.value, folds["pred"], **CLOSE)
    np.testing.assert_allclose(many.variance, folds["var"], **CLOSE)


def survey(n: int = 60, seed: int = 3) -> Kriging:
    """Return samples with a drift, a nugget and noise."""
    generator = np.random.default_rng(seed)
    return Kriging(
        generator.uniform(0, 1000, (n, 2)),
        generator.normal(size=n),
        VariogramModel("exp", 0.1, 0.9, 200.0),
        drift=generator.normal(size=(n, 2)),
        penalty=np.array([0.0, 5.0]),
        noise=generator.uniform(0, 0.5, n),
    )


@pytest.mark.parametrize("n_neighbours", [None, 12])
def test_left_out_folds_equal_refits(n_neighbours: int | None) -> None:
    """Leaving out equals kriging without the fold, with drift, penalty and noise."""
    kriging = survey()
    folds = np.arange(60) % 4
    found = kriging.leave_out(folds, n_neighbours=n_neighbours)
    for fold in range(4):
        test = folds == fold
        rest = Kriging(
            kriging.coordinates[~test],
            kriging.values[~test],
            kriging.variogram,
            drift=kriging.drift[~test],
            penalty=kriging.penalty,
            noise=kriging.noise[~test],
        )
        again = rest.predict(
            kriging.coordinates[test], kriging.drift[test], n_neighbours=n_neighbours
        )
        np.testing.assert_allclose(found.value[test], again.value, atol=1e-9)
        np.testing.assert_allclose(found.variance[test], again.variance, atol=1e-9)


def test_all_but_one_neighbour_is_leaving_one_out() -> None:
    """The neighbourhood of all others gives what the closed form gives."""
    kriging = survey()
    plain = Kriging(kriging.coordinates, kriging.values, kriging.variogram)
    local, closed = plain.leave_out(n_neighbours=59), plain.leave_out()
    np.testing.assert_allclose(local.value, closed.value, atol=1e-10)
    np.testing.assert_allclose(local.variance, closed.variance, atol=1e-10)


def test_some_samples_by_neighbours_are_those_of_all() -> None:
    """Whom else one asks about changes nothing, replicates at a place included."""
    found = survey()
    places = found.coordinates.copy()
    places[1] = places[0]
    kriging = replace(found, coordinates=places)
    rows = np.array([40, 0, 1, 7])
    some, every = kriging.by_neighbours(rows, 8), kriging.leave_out(n_neighbours=8)
    np.testing.assert_array_equal(some.value, every.value[rows])
    np.testing.assert_array_equal(some.variance, every.variance[rows])


def test_a_penalty_is_a_prior() -> None:
    """Penalised universal kriging equals kriging under a covariance with the prior in it."""
    kriging = survey()
    n, target = 60, np.array([[300.0, 400.0]])
    drift = np.array([[0.5, -1.0]])
    # The constant and the free column as a prior so wide that it says nothing.
    prior = np.diag([1e6, 1e6, 1 / 5.0])
    design = np.column_stack([np.ones(n), kriging.drift])
    at = np.column_stack([np.ones(1), drift])
    apart = np.linalg.norm(kriging.coordinates[:, None] - kriging.coordinates, axis=2)
    away = np.linalg.norm(kriging.coordinates - target, axis=1)
    covariance = kriging.variogram.covariance(apart) + design @ prior @ design.T
    covariance += np.diag(0.1 + kriging.noise)
    between = kriging.variogram.covariance(away) + (design @ prior @ at.T)[:, 0]
    weights = np.linalg.solve(covariance, between)
    found = kriging.predict(target, drift)
    assert found.value[0] == pytest.approx(weights @ kriging.values, abs=1e-4)
    total = 1.0 + (at @ prior @ at.T)[0, 0]
    assert found.variance[0] == pytest.approx(total - weights @ between, abs=1e-3)


def test_the_drift_is_carried_through() -> None:
    """Adding a multiple of an unpenalised drift to the values adds it to the map."""
    kriging = survey()
    cells = np.random.default_rng(1).uniform(0, 1000, (7, 2))
    drift = np.random.default_rng(2).normal(size=(7, 2))
    lifted = Kriging(
        kriging.coordinates,
        kriging.values + 4.0 + 3.0 * kriging.drift[:, 0],
        kriging.variogram,
        drift=kriging.drift,
        penalty=kriging.penalty,
        noise=kriging.noise,
    )
    for k in (None, 15):
        before = kriging.predict(cells, drift, n_neighbours=k)
        after = lifted.predict(cells, drift, n_neighbours=k)
        np.testing.assert_allclose(after.value, before.value + 4 + 3 * drift[:, 0], atol=1e-8)
        np.testing.assert_allclose(after.variance, before.variance, atol=1e-9)


def test_replicates_count_as_their_mean() -> None:
    """Two samples at one place are their mean with half the nugget, also without a nugget."""
    places = np.array([[0.0, 0.0], [0.0, 0.0], [100.0, 0.0]])
    target = np.array([[30.0, 0.0]])
    model = VariogramModel("exp", 0.2, 1.0, 80.0)
    twice = Kriging(places, np.array([1.0, 3.0, 5.0]), model).predict(target)
    # Noise can only add to the nugget: the single sample of the pair gets 0.1 in total.
    once = Kriging(
        places[1:],
        np.array([2.0, 5.0]),
        VariogramModel("exp", 0.1, 1.0, 80.0),
        noise=np.array([0.0, 0.1]),
    ).predict(target)
    assert twice.value == pytest.approx(once.value)
    assert twice.variance == pytest.approx(once.variance + 0.1)
    bare = VariogramModel("exp", 0.0, 1.0, 80.0)
    for k in (None, 2):
        exact = Kriging(places, np.array([1.0, 3.0, 5.0]), bare).predict(
            places[:1], n_neighbours=k
        )
        assert exact.value == pytest.approx(2.0, abs=1e-4)


def test_a_target_does_not_depend_on_its_company() -> None:
    """Bits of a prediction are the same alone and among others."""
    kriging = survey()
    cells = np.random.default_rng(5).uniform(0, 1000, (300, 2))
    drift = np.random.default_rng(6).normal(size=(300, 2))
    for k in (None, 10):
        together = kriging.predict(cells, drift, n_neighbours=k)
        alone = kriging.predict(cells[270:273], drift[270:273], n_neighbours=k)
        np.testing.assert_array_equal(together.value[270:273], alone.value)
        np.testing.assert_array_equal(together.variance[270:273], alone.variance)


def test_missing_places_have_no_answer() -> None:
    """NaN in the coordinates or the drift gives NaN, and only there."""
    cells = np.array([[np.nan, 0.0], [1.0, 1.0], [2.0, 2.0]])
    drift = np.array([[0.0, 0.0], [0.0, np.nan], [0.0, 0.0]])
    found = survey().predict(cells, drift)
    np.testing.assert_array_equal(np.isnan(found.value), [True, True, False])


def test_a_drift_constant_among_neighbours_is_told_or_refused() -> None:
    """Where neighbours cannot tell a slope, only their own value of the drift is predicted."""
    line = np.column_stack([np.arange(12.0), np.zeros(12)])
    drift = np.where(np.arange(12) < 6, 0.7, np.arange(12.0))[:, None]
    model = VariogramModel("exp", 0.1, 1.0, 5.0)
    kriging = Kriging(line, np.sin(np.arange(12.0)), model, drift=drift)
    found = kriging.predict(
        np.array([[1.5, 0.0], [1.5, 0.0]]), np.array([[0.7], [2.0]]), n_neighbours=4
    )
    plain = Kriging(line, np.sin(np.arange(12.0)), model).predict(
        np.array([[1.5, 0.0]]), n_neighbours=4
    )
    assert found.value[0] == pytest.approx(plain.value[0])
    assert np.isnan(found.value[1])


@pytest.mark.parametrize("seed", range(20))
def test_a_column_that_depends_on_another_is_refused(seed: int) -> None:
    """Two equal columns cannot both have a coefficient; a penalty tells them apart.

    What is left of the second is rounding, below nothing in some surveys and above in others.
    """
    kriging = survey()
    column = np.random.default_rng(seed).normal(5.0, 1.0, len(kriging.values))
    double = np.column_stack([column, column])
    parts = (kriging.coordinates, kriging.values, kriging.variogram)
    with pytest.raises(ModelError, match="Remove a covariate"):
        Kriging(*parts, drift=double).predict(np.zeros((1, 2)), np.zeros((1, 2)))
    found = Kriging(*parts, drift=double, penalty=np.ones(2)).coefficients.value
    assert found[1] == pytest.approx(found[2])


def test_a_drift_that_one_sample_shows_cannot_be_left_out() -> None:
    """Without the only sample of a class nothing is known of it, and that is said."""
    kriging = survey()
    lone = (np.arange(60) == 7).astype(float)[:, None]
    plain = Kriging(kriging.coordinates, kriging.values, kriging.variogram, drift=lone)
    for folds in (None, np.arange(60) // 6):
        with pytest.raises(ModelError, match="smaller folds"):
            plain.leave_out(folds)


def test_samples_given_others_are_kriged_from_them() -> None:
    """Mean and covariance of some samples are the conditional ones of the normal model."""
    kriging = survey(12)
    plain = Kriging(kriging.coordinates, kriging.values, kriging.variogram, noise=kriging.noise)
    apart = np.linalg.norm(plain.coordinates[:, None] - plain.coordinates, axis=2)
    # The unknown mean as a prior so wide that it says nothing.
    whole = plain.variogram.covariance(apart) + np.diag(0.1 + plain.noise) + 1e6
    some, rest = np.array([2, 7]), np.setdiff1d(np.arange(12), [2, 7])
    gain = np.linalg.solve(whole[np.ix_(rest, rest)], whole[np.ix_(rest, some)]).T
    mean, covariance = plain.given_others(some)
    np.testing.assert_allclose(mean, gain @ plain.values[rest], atol=1e-4)
    left = whole[np.ix_(some, some)] - gain @ whole[np.ix_(rest, some)]
    np.testing.assert_allclose(covariance, left, atol=1e-4)


def test_indicators_are_clipped_and_gaps_stay() -> None:
    """Outside [0, 1] is moved to the end; NaN stays NaN."""
    np.testing.assert_array_equal(
        clipped_probability(np.array([-0.2, 0.3, 1.4, np.nan])), [0.0, 0.3, 1.0, np.nan]
    )


@pytest.mark.parametrize(
    ("places", "values"),
    [(np.zeros((3, 2)), np.zeros(2)), (np.zeros((0, 2)), np.zeros(0)), ([[0, np.nan]], [1.0])],
)
def test_incomplete_samples_are_refused(places: np.ndarray, values: np.ndarray) -> None:
    """Shapes that differ, no samples, and missing coordinates are errors with a remedy."""
    with pytest.raises(ModelError, match=r"Give one row|Drop"):
        Kriging(np.asarray(places), np.asarray(values), VariogramModel("exp", 0.1, 1.0, 1.0))


def test_another_penalty_is_another_kriging() -> None:
    """Sharing what does not change gives what a new system gives, also left out singly."""
    kriging, penalty = survey(), np.array([2.0, 0.3])
    shared, fresh = kriging.with_penalty(penalty), replace(kriging, penalty=penalty)
    one, other = shared.leave_out(), fresh.leave_out()
    np.testing.assert_allclose(one.value, other.value, rtol=1e-12)
    rest = np.arange(60) != 11
    again = Kriging(
        kriging.coordinates[rest],
        kriging.values[rest],
        kriging.variogram,
        drift=kriging.drift[rest],
        penalty=penalty,
        noise=kriging.noise[rest],
    ).predict(kriging.coordinates[11:12], kriging.drift[11:12])
    assert one.value[11] == pytest.approx(again.value[0], abs=1e-10)
    assert one.variance[11] == pytest.approx(again.variance[0], abs=1e-10)
