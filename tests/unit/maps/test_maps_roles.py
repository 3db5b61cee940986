"""Contributions of roles in the pass of the map, and what is made of them."""

import numpy as np
import pandas as pd
import pytest

from hotspot.commands.role_maps import computed_roles, mapped_roles
from hotspot.covariates.catalogue import Catalogue, Covariate, Kind, Role
from hotspot.covariates.stack import open_stack
from hotspot.covariates.store import write_catalogue
from hotspot.errors import ModelError
from hotspot.estimators.fitted import FittedModel
from hotspot.estimators.registry import make_estimator
from hotspot.explanations.background import Background
from hotspot.grid import Grid, Window
from hotspot.maps.decision import DecisionRule
from hotspot.maps.layers import role_layers_of
from hotspot.maps.predict import predict_stack
from hotspot.rasters import CogWriter

ROLES = (Role.ROADS, Role.TERRAIN, Role.ROADS)


@pytest.fixture
def made(tmp_path):
    """Return a folder with a stack of three covariates, two of them of one role."""
    grid = Grid.from_region((0, 40 * 25, 0, 30 * 25), 25, "EPSG:28992")
    known = Catalogue(
        tuple(Covariate(f"c{n}", "m", Kind.CONTINUOUS, role) for n, role in enumerate(ROLES))
    )
    (tmp_path / "stack").mkdir()
    for number, name in enumerate(known.names):
        values = np.random.default_rng(number).normal(0, 1, grid.shape)
        values[number, :5] = np.nan
        with CogWriter(tmp_path / "stack" / f"{name}.tif", grid) as out:
            out.write(Window(0, 0, *grid.shape), values)
    write_catalogue(tmp_path / "stack", known, grid)
    return tmp_path


def _fitted(stack, kind, model_id="m"):
    draw = np.random.default_rng(4)
    X = pd.DataFrame(draw.normal(0, 1, (80, 3)), columns=list(stack.catalogue.names))
    y = np.exp(X["c0"] - X["c1"] + draw.normal(0, 0.3, 80)).to_numpy()
    settings = {"n_estimators": 15} if kind == "lightgbm" else {}
    return FittedModel(
        estimator=make_estimator(kind, settings, threshold=1.0, categorical=()).fit(X, y, y),
        catalogue=stack.catalogue,
        grid=stack.grid,
        contaminant="zn",
        threshold={"id": "t", "value_mg_kg": 1.0},
        facts={"model_id": model_id},
    )


class _Settings:
    """What `computed_roles` asks of a configuration."""

    class predict:  # noqa: N801
        """The part on maps."""

        window_size = 16


@pytest.mark.parametrize("kind", ["lightgbm", "logistic"])
def test_roles_of_the_map_are_those_of_the_explanation(made, kind):
    """One pass for everything gives the contributions and drivers of a pass of their own."""
    with open_stack(made / "stack") as stack:
        model = _fitted(stack, kind)
        layers = ("probability", *role_layers_of(model))
        assert layers == ("probability", "role_roads", "role_terrain")
        predict_stack(model, stack, made / "map", layers=layers, rule=DecisionRule())
        none = Background(pd.DataFrame({"c0": [0.0]}), np.zeros((1, 2)))
        found = {}
        for name, windows in (
            ("mapped", mapped_roles(made / "map", model)),
            ("computed", computed_roles(_Settings, model, none, stack, 1)),
        ):
            arrays = np.full((3, *stack.grid.shape), -9.0)
            for window, layer in windows:
                arrays[(slice(None), *window.slices)] = [*layer.contributions, layer.drivers]
            found[name] = arrays
        np.testing.assert_array_equal(found["mapped"], found["computed"])
        assert set(np.unique(found["mapped"][2])) == {0, 1, 255}


def test_roles_of_another_model_are_not_taken(made):
    """Rasters of a model that was fitted again are not those of this one."""
    with open_stack(made / "stack") as stack:
        model = _fitted(stack, "logistic")
        predict_stack(
            model, stack, made / "map", layers=role_layers_of(model), rule=DecisionRule()
        )
        assert mapped_roles(made / "map", model) is not None
        assert mapped_roles(made / "map", _fitted(stack, "logistic", "other")) is None
        assert mapped_roles(made / "nowhere", model) is None


def test_a_role_that_the_model_lacks_is_refused(made, tmp_path):
    """The layers that the model gives are named, roles among them."""
    with open_stack(made / "stack") as stack:
        model = _fitted(stack, "logistic")
        with pytest.raises(ModelError, match=r"cannot give the layers role_mines.*role_roads"):
            predict_stack(
                model, stack, tmp_path / "m", layers=["role_mines"], rule=DecisionRule()
            )
