"""A map holds, in every cell, what the model says of that row alone: for every estimator."""

from typing import get_args

import numpy as np
import pandas as pd
import pytest

from hotspot.config.schema.node import ModelKind
from hotspot.covariates.catalogue import Catalogue, Covariate, Kind, Role
from hotspot.estimators import fitted
from hotspot.estimators.applicability.area import AreaOfApplicability
from hotspot.estimators.fitted import FittedModel
from hotspot.estimators.registry import make_estimator
from hotspot.grid import Grid
from hotspot.maps.decision import DecisionRule
from hotspot.maps.layers import available_layers, layer_named, role_layers_of
from hotspot.maps.predict import predict_stack
from hotspot.maps.read import read_layer

LIMIT = 2.0
FEW = {
    "ensemble": {"members": ("ordinary_kriging", "quantile_forest"), "n_splits": 2},
    "quantile_forest": {"n_estimators": 20},
    "neighbour_forest": {"n_estimators": 20},
    "lightgbm": {"n_estimators": 20},
    "boosted_distribution": {"max_rounds": 20},
}
CATALOGUE = Catalogue(
    (
        Covariate("slope", "degree", Kind.CONTINUOUS, Role.TERRAIN),
        Covariate("cover", "class", Kind.CATEGORICAL, Role.LAND_USE),
    )
)


class Stack:
    """Covariates in memory, with a gap."""

    catalogue = CATALOGUE

    def __init__(self, grid):
        self.grid = grid
        draw = np.random.default_rng(11)
        self.bands = np.stack(
            [draw.normal(0, 1, grid.shape), draw.integers(1, 4, grid.shape).astype(float)]
        )
        self.bands[0, 4:9, 6:20] = np.nan

    def frame(self, window):
        """Return the complete cells of a window and where they lie."""
        flat = self.bands[(slice(None), *window.slices)].reshape(2, -1)
        positions = np.flatnonzero(~np.isnan(flat).any(axis=0))
        return pd.DataFrame(flat[:, positions].T, columns=list(CATALOGUE.names)), positions


@pytest.mark.parametrize("kind", get_args(ModelKind))
@pytest.mark.filterwarnings("ignore")
def test_every_cell_has_the_number_of_its_row_alone(kind, tmp_path, monkeypatch):
    """Windows, their portions, and several layers at once change nothing beyond 1e-6."""
    monkeypatch.setattr(fitted, "_WITH_DISTRIBUTIONS", 100)
    monkeypatch.setattr(fitted, "_OTHERWISE", 100)
    grid = Grid.from_region((0, 34 * 25, 0, 22 * 25), 25, "EPSG:28992")
    stack, draw = Stack(grid), np.random.default_rng(5)
    places = draw.uniform((0, 0), (34 * 25, 22 * 25), (80, 2))
    X = pd.DataFrame(
        {"slope": draw.normal(0, 1, 80), "cover": draw.integers(1, 4, 80).astype(float)}
    )
    y = (
        2
        * np.exp(0.7 * X["slope"] + 0.3 * X["cover"] - 0.6 + draw.normal(0, 0.3, 80)).to_numpy()
    )
    estimator = make_estimator(
        kind, FEW.get(kind, {}), threshold=LIMIT, categorical=("cover",)
    ).fit(X, y, y, coordinates=places)
    model = FittedModel(
        estimator=estimator,
        catalogue=CATALOGUE,
        grid=grid,
        contaminant="zn",
        threshold={"id": "t", "value_mg_kg": LIMIT},
        applicability=AreaOfApplicability(("cover",)).fit(X),
    )
    layers = [name for name in available_layers(model) if name != "decision"]
    layers += role_layers_of(model)
    assert ("role_terrain" in layers) == hasattr(estimator, "log_odds")
    assert {"probability", "dissimilarity"} <= set(layers)
    paths = predict_stack(
        model, stack, tmp_path / "map", layers=layers, rule=DecisionRule(), window_size=16
    )
    maps = {name: read_layer(path)[0] for name, path in paths.items()}
    missing = np.isnan(stack.bands).any(axis=0)
    for name in layers:
        np.testing.assert_array_equal(np.isnan(maps[name]), missing, err_msg=name)
    for row, col in [(0, 0), (9, 7), (15, 16), (16, 15), (21, 33), (12, 20)]:
        one = pd.DataFrame([stack.bands[:, row, col]], columns=list(CATALOGUE.names))
        centre = grid.centres(np.array([row]), np.array([col]))
        for name in layers:
            alone = layer_named(name).compute(model, one, centre)
            np.testing.assert_allclose(
                maps[name][row, col],
                alone[0],
                rtol=1e-6,
                atol=1e-9,
                err_msg=f"{name} at {row}, {col}",
            )
