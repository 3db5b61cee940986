"""Sums by role, the dominant role, and their place on the map."""

import numpy as np
import pytest

from hotspot.covariates.catalogue import Catalogue
from hotspot.errors import CovariateError, ModelError
from hotspot.estimators import FittedModel
from hotspot.explanations import (
    NO_DRIVER,
    ShapValues,
    dominant_role,
    driver_codes,
    role_contributions,
    role_layers,
    shap_values,
)
from hotspot.samples.sampleset import Samples

NAMES = ("industry", "slope", "rock", "height")


def explained(rows: list[list[float]]) -> ShapValues:
    return ShapValues(np.array(rows), np.zeros(len(rows)), NAMES)


def test_roles_sum_their_covariates(catalogue: Catalogue) -> None:
    """Terrain is slope plus height, wherever they stand."""
    roles, sums = role_contributions(explained([[1.0, 2.0, 4.0, -0.5]]), catalogue)
    assert roles == ("industry", "terrain", "geology")
    np.testing.assert_allclose(sums, [[1.0, 1.5, 4.0]])


def test_roles_keep_the_total(fitted: FittedModel, samples: Samples) -> None:
    """Grouping loses nothing: roles add up to what covariates add up to."""
    values = shap_values(fitted, samples.X)
    _, sums = role_contributions(values, fitted.catalogue)
    np.testing.assert_allclose(values.base + sums.sum(axis=1), values.total, atol=1e-12)


def test_names_must_be_those_of_the_catalogue(catalogue: Catalogue) -> None:
    """Values of other covariates are not summed by position."""
    other = ShapValues(np.zeros((1, 4)), np.zeros(1), NAMES[::-1])
    with pytest.raises(CovariateError, match="another order"):
        role_contributions(other, catalogue)


def test_the_dominant_role_may_lower_the_odds() -> None:
    """Size decides, not sign; the first wins a tie; zeros and gaps have none."""
    dominant = dominant_role(
        np.array([[0.2, -0.9, 0.1], [0.5, -0.5, 0.1], [0.0, 0.0, 0.0], [np.nan, 1.0, 1.0]])
    )
    np.testing.assert_array_equal(dominant, [1.0, 0.0, np.nan, np.nan])


def test_layers_put_cells_where_they_belong(fitted: FittedModel, samples: Samples) -> None:
    """Each complete cell has its contributions at its place, the others none."""
    cells = samples.X.head(3)
    layers = role_layers(fitted, cells, np.array([5, 0, 3]), (2, 3))
    roles, sums = role_contributions(shap_values(fitted, cells), fitted.catalogue)
    assert layers.roles == roles
    assert layers.contributions.shape == (3, 2, 3)
    np.testing.assert_array_equal(layers.contributions[:, 1, 2], sums[0].astype(np.float32))
    np.testing.assert_array_equal(layers.contributions[:, 0, 0], sums[1].astype(np.float32))
    empty = [(0, 1), (0, 2), (1, 1)]
    assert all(np.isnan(layers.contributions[:, r, c]).all() for r, c in empty)
    assert all(layers.drivers[r, c] == NO_DRIVER for r, c in empty)
    assert layers.drivers[1, 2] == np.abs(sums[0]).argmax()
    assert layers.drivers.dtype == np.uint8


def test_an_empty_window_is_all_missing(fitted: FittedModel, samples: Samples) -> None:
    """A window without a complete cell gives layers without data."""
    layers = role_layers(fitted, samples.X.iloc[:0], np.empty(0, dtype=np.int64), (2, 2))
    assert np.isnan(layers.contributions).all()
    assert (layers.drivers == NO_DRIVER).all()


@pytest.mark.parametrize("positions", [[0], [0, 6], [-1, 0]])
def test_positions_must_fit_the_window(positions: list[int]) -> None:
    """A missing position, or one beyond the window, is refused."""
    with pytest.raises(ModelError, match="2 cells were given"):
        driver_codes(np.array([0.0, 1.0]), np.array(positions), (2, 3))
