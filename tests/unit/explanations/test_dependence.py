"""Dependence of a contribution on the covariate's value."""

import numpy as np
import pandas as pd
import pytest

from hotspot.errors import CovariateError, ModelError
from hotspot.explanations import (
    ShapValues,
    binned_dependence,
    class_dependence,
    dependence_points,
    shap_values,
)
from hotspot.samples.sampleset import Samples


def test_a_line_has_a_straight_dependence(line: object, samples: Samples) -> None:
    """For a logistic model the points lie on one line with the model's slope."""
    values = shap_values(line, samples.X)  # type: ignore[arg-type]
    points = dependence_points(values, samples.X, "industry")
    slope = np.diff(points["contribution"]) / np.diff(points["value"])
    expected = line.slope_["industry"] / line.scale_["industry"]  # type: ignore[attr-defined]
    np.testing.assert_allclose(slope, expected, rtol=1e-6)
    assert points["value"].is_monotonic_increasing


def test_rows_without_explanation_are_left_out() -> None:
    """A missing value is no point of the figure."""
    values = ShapValues(np.array([[np.nan], [1.0]]), np.zeros(2), ("ph",))
    points = dependence_points(values, pd.DataFrame({"ph": [4.0, 5.0]}), "ph")
    assert points["value"].tolist() == [5.0]


def test_bins_hold_every_point_once() -> None:
    """Counts add up, bins do not overlap, and repeated values stay together."""
    generator = np.random.default_rng(0)
    points = pd.DataFrame(
        {
            "value": generator.integers(0, 9, 200) * 1.0,
            "contribution": generator.normal(size=200),
        }
    ).sort_values("value", ignore_index=True)
    bins = binned_dependence(points, n_bins=6)
    assert bins["n"].sum() == 200
    assert (bins["low"].to_numpy()[1:] > bins["high"].to_numpy()[:-1]).all()
    weighted = (bins["mean"] * bins["n"]).sum() / 200
    assert weighted == pytest.approx(points["contribution"].mean())


def test_a_constant_covariate_has_one_bin() -> None:
    """Where nothing varies there is one bin."""
    points = pd.DataFrame({"value": [2.0, 2.0], "contribution": [0.0, 1.0]})
    assert binned_dependence(points, n_bins=5)["n"].tolist() == [2]


def test_classes_have_a_row_each() -> None:
    """A categorical covariate is summarised code by code."""
    points = pd.DataFrame({"value": [1.0, 1.0, 7.0], "contribution": [0.0, 1.0, 5.0]})
    table = class_dependence(points)
    assert table["low"].tolist() == [1.0, 7.0]
    assert table["mean"].tolist() == [0.5, 5.0]


def test_unknown_covariates_and_other_tables_are_refused() -> None:
    """The error suggests the nearest name, or asks for the table explained."""
    values = ShapValues(np.zeros((2, 1)), np.zeros(2), ("slope",))
    X = pd.DataFrame({"slope": [1.0, 2.0]})
    with pytest.raises(CovariateError, match=r"'slop'\. Did you mean 'slope'"):
        dependence_points(values, X, "slop")
    with pytest.raises(ModelError, match="2 rows but the covariates have 1"):
        dependence_points(values, X.head(1), "slope")
    with pytest.raises(ModelError, match="0 bins"):
        binned_dependence(X.assign(value=1.0, contribution=0.0), n_bins=0)
