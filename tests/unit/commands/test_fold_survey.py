"""What folds are made from."""

import numpy as np
import pandas as pd

from hotspot.commands.folds import survey_of
from hotspot.covariates.catalogue import Catalogue
from hotspot.samples.sampleset import SAMPLE_COLUMNS, SampleSet


def _values(lower: list[float], upper: list[float]) -> np.ndarray:
    n = len(lower)
    frame = pd.DataFrame(
        {
            "sample_id": [f"s{i}" for i in range(n)],
            "contaminant": "pb",
            "easting": np.arange(n, dtype=float),
            "northing": 0.0,
            "lower_mg_kg": lower,
            "upper_mg_kg": upper,
        }
    ).reindex(columns=SAMPLE_COLUMNS)
    survey = survey_of(SampleSet(frame, Catalogue(())), np.zeros((1, 2)))
    assert survey.values is not None
    return survey.values


def test_a_result_over_range_counts_as_its_lower_end() -> None:
    """Folds of a survey with ``>2000`` are those of a survey with 2000."""
    over = _values([20.0, 50.0, 300.0, 2000.0], [20.0, 50.0, 300.0, np.inf])
    at = _values([20.0, 50.0, 300.0, 2000.0], [20.0, 50.0, 300.0, 2000.0])
    assert over.tolist() == at.tolist()


def test_a_measured_zero_is_less_than_all_and_no_outlier() -> None:
    """Nothing found counts as half of the least amount that was found."""
    none = _values([0.0, 20.0, 50.0, 300.0], [0.0, 20.0, 50.0, 300.0])
    half = _values([10.0, 20.0, 50.0, 300.0], [10.0, 20.0, 50.0, 300.0])
    assert none.tolist() == half.tolist()
