"""Stability and placebo: planted drivers pass, planted noise does not."""

import numpy as np
import pandas as pd
import pytest

from hotspot.covariates.catalogue import Catalogue
from hotspot.errors import CovariateError, ModelError
from hotspot.estimators import BoostedClassifier, LogisticClassifier
from hotspot.explanations import STABILITY_COLUMNS, explanation_stability, plant_noise
from hotspot.folds.plan import FoldPlan
from hotspot.samples.sampleset import Samples

LIMIT = 500.0


def make_trees(seed: int) -> BoostedClassifier:
    return BoostedClassifier(LIMIT, ("rock",), n_estimators=100, random_state=seed)


def plan_of(samples: Samples, n_folds: int = 4) -> FoldPlan:
    west_to_east = samples.coordinates[:, 0].argsort().argsort()
    fold = west_to_east * n_folds // len(samples)
    return FoldPlan("stripes", 0, samples.sample_id, fold)


@pytest.fixture(scope="module")
def table(samples: Samples, catalogue: Catalogue) -> pd.DataFrame:
    return explanation_stability(
        make_trees, samples, plan_of(samples), catalogue=catalogue, threshold=LIMIT, seed=11
    )


def test_has_a_row_per_covariate_by_rank(table: pd.DataFrame, catalogue: Catalogue) -> None:
    """Columns are the published ones, rows stand by rank."""
    assert tuple(table.columns) == STABILITY_COLUMNS
    assert sorted(table["covariate"]) == sorted(catalogue.names)
    assert table["rank"].tolist() == [1, 2, 3, 4]
    assert table["mean_abs"].is_monotonic_decreasing


def test_planted_drivers_beat_the_placebo_and_noise_does_not(table: pd.DataFrame) -> None:
    """Industry and rock stand above the band, slope and height below it."""
    above = table.set_index("covariate")["above_placebo"]
    assert above.to_dict() == {"industry": True, "rock": True, "slope": False, "height": False}
    # The band is drawn from the same models that the covariates are compared in.
    assert (table["above_placebo"] == (table["mean_abs_planted"] > table["placebo_95"])).all()


def test_planted_drivers_keep_their_sign(table: pd.DataFrame) -> None:
    """Models that did not see a sample agree with the final one on real drivers."""
    sign = table.set_index("covariate")["sign_agreement"]
    assert sign["industry"] > 0.9
    assert sign["rock"] > 0.9
    assert table["sign_agreement"].between(0, 1).all()
    assert (table["sd"] < 0.5 * table["mean_abs"])[:2].all()


def test_ranks_agree_in_one_figure(table: pd.DataFrame) -> None:
    """The agreement of rankings belongs to the table as a whole."""
    assert len(set(table["rank_agreement"])) == 1
    assert 0.3 < table["rank_agreement"].iloc[0] <= 1


def test_is_repeatable(table: pd.DataFrame, samples: Samples, catalogue: Catalogue) -> None:
    """The same seed gives the same table, and the order of the plan's rows is nothing."""
    plan = plan_of(samples)
    turned = FoldPlan("stripes", 0, plan.sample_id[::-1], plan.fold[::-1])
    again = explanation_stability(
        make_trees, samples, turned, catalogue=catalogue, threshold=LIMIT, seed=11
    )
    pd.testing.assert_frame_equal(again, table)


def test_a_line_agrees_with_itself(samples: Samples, catalogue: Catalogue) -> None:
    """A logistic model's strong slope never changes sign."""
    table = explanation_stability(
        lambda seed: LogisticClassifier(LIMIT, ("rock",), random_state=seed),
        samples,
        plan_of(samples),
        catalogue=catalogue,
        threshold=LIMIT,
        seed=1,
    ).set_index("covariate")
    assert table.loc["industry", "sign_agreement"] > 0.95
    assert table.loc["industry", "above_placebo"]


def test_many_samples_are_explained_in_part(
    samples: Samples, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With more samples than the cap the drivers are still found."""
    monkeypatch.setattr("hotspot.explanations.stability.MAX_EXPLAINED", 60)
    table = explanation_stability(
        make_trees, samples, plan_of(samples), catalogue=catalogue, threshold=LIMIT, seed=2
    )
    assert table["covariate"].tolist()[:2] == ["industry", "rock"]


def test_a_fold_of_one_label_is_left_out_with_a_warning(
    samples: Samples, catalogue: Catalogue
) -> None:
    """A training part without exceedances is skipped and named."""
    clean = samples.lower < LIMIT
    # Fold 1 holds every exceedance, so that its training part has none.
    fold = np.where(clean, np.arange(len(samples)) % 3 * 2, 1)
    fold = np.unique(fold, return_inverse=True)[1]
    plan = FoldPlan("unlucky", 0, samples.sample_id, fold)
    with pytest.warns(UserWarning, match=r"folds 1 of the plan 'unlucky'"):
        explanation_stability(
            make_trees, samples, plan, catalogue=catalogue, threshold=LIMIT, seed=2
        )
    two = FoldPlan("hopeless", 0, samples.sample_id, clean.astype(np.int64))
    with pytest.raises(ModelError, match="Only 0 folds"):
        explanation_stability(
            make_trees, samples, two, catalogue=catalogue, threshold=LIMIT, seed=2
        )


def test_other_covariates_are_refused(samples: Samples, catalogue: Catalogue) -> None:
    """The catalogue must be that of the samples."""
    with pytest.raises(CovariateError, match=r"not in the model|missing"):
        explanation_stability(
            make_trees,
            samples,
            plan_of(samples),
            catalogue=Catalogue(catalogue.covariates[:2]),
            threshold=LIMIT,
            seed=2,
        )


def test_noise_is_standard_and_structured_noise_is_smooth() -> None:
    """Both sorts have unit variance; only the structured one is alike for neighbours."""
    generator = np.random.default_rng(0)
    places = generator.uniform(0, 1000, size=(800, 2))
    near = places + 2.0
    X = pd.DataFrame({"ph": np.zeros(1600)})
    noise = plant_noise(X, np.vstack([places, near]), n_each=3, seed=4)
    assert list(noise.columns[1:4]) == [f"placebo_white_{number}" for number in range(3)]
    for number in range(3):
        white = noise[f"placebo_white_{number}"].to_numpy()
        smooth = noise[f"placebo_structured_{number}"].to_numpy()
        assert abs(np.corrcoef(white[:800], white[800:])[0, 1]) < 0.15
        assert np.corrcoef(smooth[:800], smooth[800:])[0, 1] > 0.95
        assert white.std() == pytest.approx(1.0, abs=0.1)
    # A long range holds few independent patches, so that its spread varies more.
    assert noise["placebo_structured_0"].std() == pytest.approx(1.0, abs=0.25)
    pd.testing.assert_frame_equal(noise[["ph"]], X)
