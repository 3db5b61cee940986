"""The background: spread, unbiased, complete."""

import numpy as np
import pandas as pd
import pytest

from hotspot.errors import ModelError
from hotspot.explanations import Background, choose_background
from hotspot.samples.sampleset import Samples


def test_a_small_survey_is_taken_whole(samples: Samples) -> None:
    """Where there are no more samples than asked for, all are the background."""
    few = samples.take(np.arange(20))
    chosen = choose_background(few, 24, seed=1)
    pd.testing.assert_frame_equal(chosen.X, few.X)
    np.testing.assert_array_equal(chosen.coordinates, few.coordinates)


def test_is_of_the_samples_and_repeatable(samples: Samples) -> None:
    """24 different samples with their own places; another seed gives others."""
    chosen = choose_background(samples, seed=1)
    assert len(chosen) == 24
    joint = np.column_stack([samples.X, samples.coordinates])
    mine = np.column_stack([chosen.X, chosen.coordinates])
    assert len(np.unique(mine, axis=0)) == 24
    assert {tuple(row) for row in mine} <= {tuple(row) for row in joint}
    pd.testing.assert_frame_equal(choose_background(samples, seed=1).X, chosen.X)
    assert not choose_background(samples, seed=2).X.equals(chosen.X)


def test_every_quarter_of_the_survey_is_in_it(samples: Samples) -> None:
    """Quarters of the extent get their share, within two samples, whatever the seed."""
    for seed in range(10):
        chosen = choose_background(samples, 24, seed=seed)
        for east in (False, True):
            for north in (False, True):
                mine, all_of_them = (
                    (((c[:, 0] > 5000) == east) & ((c[:, 1] > 5000) == north)).sum()
                    for c in (chosen.coordinates, samples.coordinates)
                )
                assert abs(mine - all_of_them / 10) <= 2


def test_no_sample_is_likelier_than_another(samples: Samples) -> None:
    """Over 2000 seeds each of 40 samples is taken a quarter of the time."""
    forty = samples.take(np.arange(40))
    marked = Samples(
        sample_id=forty.sample_id,
        X=pd.DataFrame({"number": np.arange(40.0)}),
        lower=forty.lower,
        upper=forty.upper,
        coordinates=forty.coordinates,
    )
    taken = np.zeros(40)
    for seed in range(2000):
        taken[choose_background(marked, 10, seed=seed).X["number"].astype(int)] += 1
    # Five standard errors of a share of 2000.
    np.testing.assert_allclose(taken / 2000, 0.25, atol=5 * np.sqrt(0.25 * 0.75 / 2000))


def test_incomplete_rows_are_refused(samples: Samples) -> None:
    """A missing value, other numbers of places, and nothing at all."""
    X = samples.X.head(3).copy()
    places = samples.coordinates[:3]
    with pytest.raises(ModelError, match="came with coordinates"):
        Background(X, places[:2])
    X.iloc[1, 0] = np.nan
    with pytest.raises(ModelError, match="1 of 3 rows"):
        Background(X, places)
    with pytest.raises(ModelError, match="0 out of 240"):
        choose_background(samples, 0, seed=1)
