"""kNNDM against the numbers of the R package that its authors wrote."""

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hotspot.errors import FoldError
from hotspot.folds import KNNDM, FoldPlan, separation, wasserstein
from hotspot.folds.separation import (
    held_out_distances,
    nearest_distances,
    neighbour_distances,
)

SHARED = Path(os.environ.get("HOTSPOT_SHARED", Path(__file__).parents[4] / "shared"))
VECTORS = SHARED / "reference_vectors" / "knndm_meuse"
CASES = ["extended_hier_k10", "extended_kmeans_k5", "grid_hier_k10"]

needs_vectors = pytest.mark.skipif(
    not VECTORS.is_dir(), reason="the shared folder with the reference vectors is not here"
)


def _points(name: str) -> np.ndarray:
    return pd.read_csv(VECTORS / name)[["x", "y"]].to_numpy(dtype=np.float64)


def _case(case: str) -> tuple[np.ndarray, np.ndarray, pd.DataFrame, dict]:
    settings = json.loads((VECTORS / "settings_and_W.json").read_text())[case]
    target = _points(f"domain_{case.split('_')[0]}_points.csv")
    folds = pd.read_csv(VECTORS / f"{case}_folds.csv")
    return _points("train_points.csv"), target, folds, settings


def _plan(fold: np.ndarray) -> FoldPlan:
    return FoldPlan("knndm", 0, np.arange(len(fold)).astype(str), fold)


@pytest.mark.shared
@needs_vectors
@pytest.mark.parametrize("case", CASES)
def test_distances_and_w_of_given_folds_are_those_of_cast(case: str) -> None:
    """For folds made by CAST, all three distance distributions and W agree to 1e-6."""
    samples, target, folds, settings = _case(case)
    plan = _plan(folds["fold"].to_numpy())
    to_map = pd.read_csv(VECTORS / f"{case}_Gij.csv")["nnd_prediction_Gij"]

    np.testing.assert_allclose(nearest_distances(target, samples), to_map, atol=1e-6)
    np.testing.assert_allclose(neighbour_distances(samples), folds["nnd_sample_Gj"], atol=1e-6)
    np.testing.assert_allclose(
        held_out_distances(plan, samples), folds["nnd_cv_Gjstar"], atol=1e-6
    )
    assert separation(plan, samples, target) == pytest.approx(settings["W"], abs=1e-6)


@pytest.mark.shared
@needs_vectors
@pytest.mark.parametrize("case", CASES)
def test_w_of_other_folds_is_that_of_cast(case: str) -> None:
    """W of ten fixed random folds and of leave-one-out agree to 1e-6."""
    samples, target, _, settings = _case(case)
    random = pd.read_csv(VECTORS / f"{case}_randomfolds.csv")["fold"].to_numpy()
    to_map = nearest_distances(target, samples)

    assert separation(_plan(random), samples, target) == pytest.approx(
        settings["W_random10"], abs=1e-6
    )
    assert wasserstein(neighbour_distances(samples), to_map) == pytest.approx(
        settings["W_loo"], abs=1e-6
    )


@pytest.mark.shared
@needs_vectors
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("random_state", [0, 1, 2])
def test_search_is_as_good_as_cast(case: str, random_state: int) -> None:
    """The search ends with a W of at most 1.05 times CAST's, whatever the seed."""
    samples, target, _, settings = _case(case)
    folds = KNNDM(settings["n_folds"], target, random_state=random_state)
    folds.labels(samples)

    assert settings["W"] * 1.05 >= folds.W_
    assert (folds.q_ is None) == (settings["q"] == "random CV")


@pytest.mark.shared
@needs_vectors
def test_ward_search_finds_the_folds_of_cast() -> None:
    """With Ward's clustering the folds are CAST's, up to the order of their labels."""
    samples, target, theirs, settings = _case("extended_hier_k10")
    folds = KNNDM(10, target, clustering="ward")
    pairs = set(zip(folds.labels(samples), theirs["fold"], strict=True))

    assert len(pairs) == 10
    assert pytest.approx(settings["W"], abs=1e-6) == folds.W_
    assert folds.q_ == 10


@pytest.mark.shared
@needs_vectors
def test_w_of_geographical_distances_is_that_of_geodist() -> None:
    """W between the lists of distances that CAST's geodist wrote agrees to 1e-6."""
    folder = VECTORS.parent / "geodist_meuse"
    expected = json.loads((folder / "W.json").read_text())
    table = pd.read_csv(folder / "geodist_geographical.csv")
    lists = {what: rows["dist"].to_numpy() for what, rows in table.groupby("what")}
    to_map = lists["prediction-to-sample"]

    assert wasserstein(lists["sample-to-sample"], to_map) == pytest.approx(
        expected["W_sample"], abs=1e-6
    )
    assert wasserstein(lists["CV-distances"], to_map) == pytest.approx(
        expected["W_CV"], abs=1e-6
    )


def _six_points() -> tuple[np.ndarray, np.ndarray]:
    samples = np.array([[1, 1], [1, 2], [2, 2], [2, 3], [1, 4], [5, 4]], dtype=np.float64)
    step = np.sqrt(5)
    target = np.array(
        [(0.419019 + i * step, 1.485171 + j * step) for i in range(5) for j in range(4)]
    )
    return samples, target


@pytest.mark.parametrize("clustering", ["auto", "ward"])
def test_six_points_have_the_known_w(clustering: str) -> None:
    """Six points in two folds of at most four fifths: W = 1.091896."""
    samples, target = _six_points()
    folds = KNNDM(2, target, max_share=0.8, clustering=clustering)
    fold = folds.labels(samples)

    assert pytest.approx(1.091896, abs=1e-5) == folds.W_
    assert separation(_plan(fold), samples, target) == pytest.approx(folds.W_, abs=1e-12)


def test_no_fold_is_larger_than_max_share() -> None:
    """With max_share 0.5 the six points are halved, at the price of a larger W."""
    samples, target = _six_points()
    folds = KNNDM(2, target, max_share=0.5)
    assert np.bincount(folds.labels(samples)).tolist() == [3, 3]
    assert folds.W_ > 1.1


def test_samples_spread_over_the_map_get_random_folds() -> None:
    """Samples drawn evenly from the map need no clusters: q_ is None."""
    rng = np.random.default_rng(4)
    folds = KNNDM(5, rng.uniform(0, 100, (2000, 2)))
    fold = folds.labels(rng.uniform(0, 100, (100, 2)))
    assert folds.q_ is None
    assert np.bincount(fold).tolist() == [20] * 5


def test_random_folds_of_knndm_balance_the_classes() -> None:
    """Where random folds are right, they hold equal shares of the exceedances."""
    rng = np.random.default_rng(4)
    samples, y = rng.uniform(0, 100, (100, 2)), np.arange(100) % 10 == 0
    fold = KNNDM(5, rng.uniform(0, 100, (2000, 2))).labels(samples, y.astype(float))
    assert np.bincount(fold[y]).tolist() == [2] * 5


def test_clustered_samples_get_smaller_w_than_random_folds() -> None:
    """Samples in tight groups on a wide map: W is far below that of random folds."""
    rng = np.random.default_rng(0)
    centres = rng.uniform(0, 100, (12, 2))
    samples = np.repeat(centres, 10, axis=0) + rng.normal(0, 0.5, (120, 2))
    target = rng.uniform(0, 100, (1000, 2))
    folds = KNNDM(4, target)
    folds.labels(samples)
    assert folds.q_ is not None
    assert separation(_plan(np.arange(120) % 4), samples, target) > 1.5 * folds.W_


def test_samples_of_one_place_share_a_fold() -> None:
    """Depths and replicates at one place never stand on both sides of a split."""
    rng = np.random.default_rng(0)
    places = rng.normal(0, 3, (40, 2))
    samples = np.repeat(places, 3, axis=0)
    target = rng.uniform(-100, 100, (500, 2))
    for wide in (target, target / 100):
        fold = KNNDM(4, wide).labels(samples).reshape(40, 3)
        assert (fold == fold[:, :1]).all()


def test_k_means_serves_many_places() -> None:
    """k-means alone, as above 5,000 places, also finds folds nearer than chance."""
    rng = np.random.default_rng(1)
    samples = np.repeat(rng.uniform(0, 100, (30, 2)), 20, axis=0) + rng.normal(0, 1, (600, 2))
    target = rng.uniform(0, 100, (2000, 2))
    folds = KNNDM(5, target, clustering="kmeans")
    fold = folds.labels(samples)
    by_chance = separation(_plan(np.arange(600) % 5), samples, target)
    assert by_chance * 0.7 > folds.W_
    assert pytest.approx(separation(_plan(fold), samples, target), abs=1e-9) == folds.W_


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_splits": 7}, "7 folds asked but there are only 6 samples"),
        ({"n_splits": 2, "max_share": 0.4}, "need at least 0.5"),
        ({"n_splits": 2, "clustering": "dbscan"}, "Use auto, ward or kmeans"),
        ({"n_splits": 2, "target": np.zeros((0, 2))}, "at least one cell"),
    ],
)
def test_impossible_requests_are_refused(arguments: dict, message: str) -> None:
    """A request that cannot be met is refused with the values and a remedy."""
    samples, target = _six_points()
    with pytest.raises(FoldError, match=message):
        KNNDM(**{"target": target, **arguments}).labels(samples)


def test_fewer_places_than_folds_are_refused() -> None:
    """Six samples at two places cannot make three spatial folds."""
    samples = np.repeat([[0.0, 0.0], [1.0, 0.0]], 3, axis=0)
    with pytest.raises(FoldError, match="lie at only 2 places"):
        KNNDM(3, np.zeros((1, 2))).labels(samples)
