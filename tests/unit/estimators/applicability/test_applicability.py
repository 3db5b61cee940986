"""The area of applicability: CAST's numbers, and its laws."""

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist
from sklearn.base import clone

from hotspot.errors import ModelError
from hotspot.estimators import AreaOfApplicability

CASES = (
    "A_numeric_noweight_nocv",
    "B_numeric_noweight_cv",
    "C_numeric_weight_cv",
    "D_mixed_weight_cv",
    "E_mixed_weight_nocv",
)


@pytest.fixture
def samples() -> pd.DataFrame:
    generator = np.random.default_rng(2)
    return pd.DataFrame(
        {
            "slope": generator.normal(size=60),
            "clay": generator.normal(5, 2, size=60),
            "rock": generator.choice([1.0, 2.0], size=60),
        }
    )


@pytest.mark.shared
@pytest.mark.parametrize("case", CASES)
def test_equals_cast(shared: Path, case: str) -> None:
    """Index, area, point density and threshold are those of CAST 1.1.0."""
    folder = shared / "reference_vectors/aoa_meuse"
    params = json.loads((folder / f"{case}_params.json").read_text())
    names = params["variables"]
    fold = pd.read_csv(folder / "cv_folds.csv")["fold"] if params["use_cv"] else None
    area = AreaOfApplicability(tuple(n for n in names if n in {"soil", "ffreq"}))
    area.fit(pd.read_csv(folder / "train.csv")[names], params["weight"], fold)
    train = pd.read_csv(folder / f"{case}_train.csv")
    grid = pd.read_csv(folder / f"{case}_grid.csv")
    cells = pd.read_csv(folder / "newdata.csv")[names]

    # The vectors carry 15 digits.
    assert area.threshold_ == pytest.approx(params["threshold"], abs=1e-12)
    assert area.mean_distance_ == pytest.approx(params["trainDist_avrgmean"], abs=1e-12)
    np.testing.assert_allclose(area.mean_distance_train_, train["trainDist_avrg"], atol=1e-12)
    np.testing.assert_allclose(area.dissimilarity_train_, train["trainDI"], atol=1e-12)
    np.testing.assert_allclose(area.dissimilarity(cells), grid["DI"], atol=1e-12)
    np.testing.assert_array_equal(area.applicable(cells), grid["AOA"] == 1)
    np.testing.assert_array_equal(area.local_point_density(cells), grid["LPD"])


def test_a_brute_force_search_agrees(samples: pd.DataFrame) -> None:
    """The index is the least weighted distance over the mean of all pairs, by definition."""
    weights = {"slope": 2.0, "clay": 0.5, "rock": 1.0}
    fold = np.arange(60) % 4
    area = AreaOfApplicability().fit(samples, weights, fold)
    scaled = (samples / samples.std(ddof=1)).to_numpy() * np.array([2.0, 0.5, 1.0])
    distance = np.linalg.norm(scaled[:, None] - scaled[None], axis=2)
    mean = distance[~np.eye(60, dtype=bool)].mean()
    np.testing.assert_allclose(area.mean_distance_, mean, rtol=1e-12)
    outside = np.where(fold[:, None] == fold[None], np.inf, distance)
    np.testing.assert_allclose(area.dissimilarity_train_, outside.min(axis=1) / mean, rtol=1e-9)


def test_the_mean_distance_does_not_depend_on_blocks(
    samples: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Small blocks of rows give the mean of one large block."""
    whole = AreaOfApplicability().fit(samples).mean_distance_train_
    monkeypatch.setattr("hotspot.estimators.applicability.mean_distances._BLOCK", (7, 9))
    parts = AreaOfApplicability().fit(samples).mean_distance_train_
    np.testing.assert_allclose(parts, whole, rtol=1e-12)


def test_the_mean_distance_keeps_its_digits() -> None:
    """Near twins, duplicates and outliers cost the matrix products no digit that counts."""
    generator = np.random.default_rng(9)
    points = generator.normal(size=(700, 6))
    points[100:200] = points[:100] + 1e-9 * generator.normal(size=(100, 6))
    points[200:230] = points[0]
    points[300:303] *= 1e6
    X = pd.DataFrame(points, columns=list("abcdef"))
    area = AreaOfApplicability().fit(X)
    scaled = (points - points.mean(axis=0)) / points.std(axis=0, ddof=1)
    expected = cdist(scaled, scaled).sum(axis=1) / 699
    np.testing.assert_allclose(area.mean_distance_train_, expected, rtol=1e-12)


def test_left_out_indices_are_those_of_the_folds(samples: pd.DataFrame) -> None:
    """Splits of whole folds give the index and the threshold that the folds give."""
    fold = np.arange(60) % 4
    splits = [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(4)]
    by_fold = AreaOfApplicability().fit(samples, folds=fold)
    by_split = AreaOfApplicability().fit(samples, splits=splits)
    np.testing.assert_array_equal(by_split.dissimilarity_train_, by_fold.dissimilarity_train_)
    np.testing.assert_array_equal(
        AreaOfApplicability().fit(samples).held_out_dissimilarity(splits),
        by_fold.dissimilarity_train_,
    )
    assert by_split.threshold_ == by_fold.threshold_


def test_a_buffer_makes_left_out_samples_more_unlike(samples: pd.DataFrame) -> None:
    """Fewer training samples never bring one nearer; without any the index is missing."""
    fold = np.arange(60) % 4
    splits = [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(4)]
    buffered = [(train[::3], test) for train, test in splits]
    area = AreaOfApplicability().fit(samples)
    near, far = (area.held_out_dissimilarity(each) for each in (splits, buffered))
    assert (far >= near).all()
    assert (far > near).any()
    empty = [(splits[0][0][:0], splits[0][1]), *splits[1:]]
    index = area.held_out_dissimilarity(empty)
    np.testing.assert_array_equal(np.isnan(index), fold == 0)
    assert np.isfinite(AreaOfApplicability().fit(samples, splits=empty).threshold_)


def test_splits_that_train_nobody_are_refused(samples: pd.DataFrame) -> None:
    """Without a training sample there is no threshold."""
    nobody = [(np.arange(0), np.arange(60))]
    with pytest.raises(ModelError, match="None of 60 samples is tested"):
        AreaOfApplicability().fit(samples, splits=nobody)


def test_a_sample_itself_is_applicable(samples: pd.DataFrame) -> None:
    """Samples have index 0 and at least themselves nearby."""
    area = AreaOfApplicability(("rock",)).fit(samples)
    np.testing.assert_array_equal(area.dissimilarity(samples), 0.0)
    assert (area.local_point_density(samples) >= 1).all()


def test_far_cells_are_outside(samples: pd.DataFrame) -> None:
    """A cell far beyond the samples is not applicable and has no sample nearby."""
    area = AreaOfApplicability(("rock",)).fit(samples)
    far = pd.DataFrame({"slope": [40.0], "clay": [90.0], "rock": [1.0]})
    assert not area.applicable(far)[0]
    assert area.local_point_density(far)[0] == 0


def test_missing_covariates_give_no_index(samples: pd.DataFrame) -> None:
    """NaN in, NaN out, and never applicable."""
    area = AreaOfApplicability(("rock",)).fit(samples)
    cells = samples.head(3).copy()
    cells.loc[1, "clay"] = np.nan
    assert np.isnan(area.dissimilarity(cells)).tolist() == [False, True, False]
    assert np.isnan(area.local_point_density(cells)).tolist() == [False, True, False]
    assert area.applicable(cells).tolist() == [True, False, True]


def test_an_unseen_class_is_farther_than_a_seen_one(samples: pd.DataFrame) -> None:
    """A class no sample had adds distance, whichever sample is nearest."""
    area = AreaOfApplicability(("rock",)).fit(samples)
    assert (area.dissimilarity(samples.assign(rock=8.0)) > 0.1).all()


def test_weights_turn_an_axis_off(samples: pd.DataFrame) -> None:
    """A covariate of weight 0, or of negative importance, does not count."""
    off = {"slope": 1.0, "clay": 0.0, "rock": -0.2}
    area = AreaOfApplicability(("rock",)).fit(samples, off)
    alone = AreaOfApplicability().fit(samples[["slope"]])
    moved = samples.assign(clay=500.0, rock=2.0)
    np.testing.assert_allclose(
        area.dissimilarity(moved), alone.dissimilarity(samples[["slope"]]), atol=1e-12
    )
    assert area.threshold_ == pytest.approx(alone.threshold_)


def test_a_constant_covariate_is_left_out_with_a_warning(samples: pd.DataFrame) -> None:
    """Nothing can be measured along it, and the user is told."""
    with pytest.warns(UserWarning, match="same value of clay"):
        area = AreaOfApplicability(("rock",)).fit(samples.assign(clay=3.0))
    assert np.isfinite(area.dissimilarity(samples)).all()


@pytest.mark.parametrize(
    ("weights", "says"),
    [
        ({"slope": 1.0}, "missing clay, rock"),
        ({"slope": 1.0, "clay": 1.0, "rock": 1.0, "ph": 1.0}, "of no covariate ph"),
        ({"slope": 0.0, "clay": -1.0, "rock": 0.0}, "leave no covariate"),
        ({"slope": np.nan, "clay": 1.0, "rock": 0.0}, "leave no covariate"),
    ],
)
def test_unusable_weights_are_refused(
    samples: pd.DataFrame, weights: dict[str, float], says: str
) -> None:
    """Every covariate needs one weight, and one of them above 0."""
    with pytest.raises(ModelError, match=says):
        AreaOfApplicability().fit(samples, weights)


def test_unusable_samples_and_folds_are_refused(samples: pd.DataFrame) -> None:
    """One fold, folds of another length, and identical samples have no threshold."""
    with pytest.raises(ModelError, match="are in fold 3"):
        AreaOfApplicability().fit(samples, folds=np.full(60, 3))
    with pytest.raises(ModelError, match="60 samples but folds"):
        AreaOfApplicability().fit(samples, folds=[1, 2])
    same = pd.concat([samples.head(1)] * 5)
    with (
        pytest.warns(UserWarning, match="same value"),
        pytest.raises(ModelError, match="same covariates"),
    ):
        AreaOfApplicability().fit(same)


def test_a_fold_per_sample_is_no_folds(samples: pd.DataFrame) -> None:
    """Leave-one-out folds mean the nearest other sample."""
    one = AreaOfApplicability().fit(samples, folds=np.arange(60))
    none = AreaOfApplicability().fit(samples)
    assert one.threshold_ == none.threshold_


def test_state_round_trip_is_bit_equal(samples: pd.DataFrame) -> None:
    """Taken apart and put together again, it measures the same, and warns no second time."""
    area = AreaOfApplicability(("rock",))
    with pytest.warns(UserWarning, match="same value"):
        area.fit(samples.assign(clay=1.0), {"slope": 0.3, "clay": 1.0, "rock": 0.1})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = AreaOfApplicability.from_state(area.to_state())
    cells = samples * 1.3 + 0.1
    cells["rock"] = samples["rock"]
    np.testing.assert_array_equal(again.dissimilarity(cells), area.dissimilarity(cells))
    np.testing.assert_array_equal(again.dissimilarity_train_, area.dissimilarity_train_)
    assert again.threshold_ == area.threshold_
    assert again.to_state() == area.to_state()


def test_can_be_cloned(samples: pd.DataFrame) -> None:
    """A clone has the parameters and nothing learnt."""
    area = AreaOfApplicability(("rock",), n_jobs=2).fit(samples)
    fresh = clone(area)
    assert fresh.get_params() == {"categorical": ("rock",), "n_jobs": 2}
    assert not hasattr(fresh, "threshold_")
