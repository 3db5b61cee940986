"""The placebo band, and which covariates say the same."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from hotspot.covariates.catalogue import Catalogue, Covariate, Kind, Role
from hotspot.explanations import (
    PlaceboBand,
    associations,
    covariate_clusters,
    plant_noise,
    survey_range,
)
from hotspot.samples.sampleset import Samples


def test_noise_of_the_surveys_range_loses_its_likeness_there() -> None:
    """Structured noise with a range of 500 m is alike at 50 m and unlike at 600 m."""
    generator = np.random.default_rng(3)
    places = generator.uniform(0, 20_000, size=(1500, 2))
    whole = np.vstack([places, places + np.array([50.0, 0.0]), places + np.array([600.0, 0.0])])
    X = pd.DataFrame({"ph": np.zeros(len(whole))})
    noise = plant_noise(X, whole, n_each=1, seed=5, range_m=500.0)["placebo_structured_0"]
    here, near, far = noise.to_numpy().reshape(3, -1)
    assert np.corrcoef(here, near)[0, 1] > 0.95
    assert abs(np.corrcoef(here, far)[0, 1]) < 0.1


def test_the_range_is_that_of_the_logarithms() -> None:
    """A planted field of 2 km gives a range near it; values in random order give none."""
    generator = np.random.default_rng(4)
    places = generator.uniform(0, 10_000, size=(300, 2))
    smooth = plant_noise(
        pd.DataFrame(index=range(300)), places, n_each=1, seed=1, range_m=2000.0
    )["placebo_structured_0"].to_numpy()

    def survey(log_value: np.ndarray) -> Samples:
        value = np.exp(log_value)
        return Samples(
            np.arange(300).astype(str), pd.DataFrame(index=range(300)), value, value, places
        )

    found = survey_range(survey(smooth), seed=1)
    assert found is not None
    assert 1000 < found < 4000
    assert survey_range(survey(generator.permutation(smooth)), seed=1) is None


def test_one_useless_covariate_in_twenty_passes_the_band() -> None:
    """With half-normal noise the limit holds its promise, with few noise covariates too."""
    generator = np.random.default_rng(6)
    passed = [
        abs(generator.normal())
        > PlaceboBand(
            np.abs(generator.normal(size=6)), np.abs(generator.normal(size=6)) * 0.1, n_fits=2
        ).limit()
        for _ in range(4000)
    ]
    assert np.mean(passed) == pytest.approx(0.05, abs=0.012)


def test_several_useless_covariates_add_up_as_independent_ones() -> None:
    """The limit of four is twice that of one; the stronger sort of noise counts."""
    band = PlaceboBand(np.full(6, 0.1), np.full(6, 0.3), n_fits=2)
    assert band.limit(4) == pytest.approx(2 * band.limit())
    same = PlaceboBand(np.full(6, 0.3), np.full(6, 0.3), n_fits=2)
    assert band.limit() == pytest.approx(same.limit())


def test_associations_of_every_kind_of_pair() -> None:
    """Numbers by Spearman, classes by the correlation ratio and by V; chance gives about 0."""
    generator = np.random.default_rng(7)
    n = 400
    height = generator.normal(size=n)
    table = pd.DataFrame(
        {
            "height": height,
            "slope": np.exp(height) + generator.normal(scale=0.3, size=n),
            "rock": np.digitize(height, [-0.5, 0.5]) + 1.0,
            "soil": np.digitize(height, [-0.5, 0.5]) * 2.0,
            "luck": generator.choice([1.0, 2.0, 3.0], size=n),
            "flat": np.ones(n),
        }
    )
    kinds = {"rock", "soil", "luck"}
    catalogue = Catalogue(
        tuple(
            Covariate(
                name,
                "1",
                Kind.CATEGORICAL if name in kinds else Kind.CONTINUOUS,
                Role.TERRAIN,
            )
            for name in table.columns
        )
    )
    found = associations(table, catalogue)
    expected = abs(spearmanr(table["height"], table["slope"]).statistic)
    assert found.loc["height", "slope"] == pytest.approx(expected)
    assert found.loc["rock", "soil"] == pytest.approx(1.0)
    assert found.loc["rock", "height"] > 0.9
    assert found.loc["luck", "height"] < 0.1
    assert found.loc["luck", "rock"] < 0.1
    assert found.loc["flat", "height"] == 0
    np.testing.assert_array_equal(found, found.T)
    clusters = covariate_clusters(found)
    assert set(clusters["height"]) == {"height", "slope", "rock", "soil"}
    assert clusters["luck"] == ("luck",)
    assert covariate_clusters(found.loc[["flat"], ["flat"]]) == {"flat": ("flat",)}
