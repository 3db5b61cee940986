"""Layers and the catalogue refuse what could not be read later."""

from pathlib import Path

import pytest

from hotspot.covariates.catalogue import Catalogue, Covariate, Kind, Role
from hotspot.covariates.layers import CoordinateLayer, VectorLayer
from hotspot.errors import CovariateError

PATH = Path("roads.gpkg")


@pytest.mark.parametrize(
    ("options", "remedy"),
    [
        ({"derive": "density"}, "Give the radius"),
        ({"derive": "density", "radius_m": 0.0}, "above 0"),
        ({"derive": "density", "radius_m": float("nan")}, "above 0"),
        ({"derive": "distance", "radius_m": 100.0}, "Leave the radius out"),
        ({"derive": "count"}, "distance or density"),
    ],
)
def test_derivation_and_radius_must_fit(number, options, remedy):
    """A density has a radius above 0, a distance none."""
    with pytest.raises(CovariateError, match=remedy):
        VectorLayer(number, PATH, **options)


def test_derived_covariate_is_a_number(rock):
    """Neither a distance nor a coordinate can be categorical."""
    with pytest.raises(CovariateError, match="kind continuous"):
        VectorLayer(rock, PATH)
    with pytest.raises(CovariateError, match="kind continuous"):
        CoordinateLayer(rock, "easting")


def test_axis_is_easting_or_northing(number):
    """Another axis is an error."""
    with pytest.raises(CovariateError, match="easting or northing"):
        CoordinateLayer(number, "height")


@pytest.mark.parametrize("name", ["../slope", "a b", "1st", ""])
def test_covariate_name_is_a_file_name(name):
    """A name that could leave the folder is refused."""
    with pytest.raises(CovariateError, match="letters, digits and underscores"):
        Covariate(name, "1", Kind.CONTINUOUS, Role.SOIL)


def test_catalogue_survives_json(number):
    """`from_json` undoes `to_json`, classes and umlauts included."""
    kinds = ((1, "Löss"), (7, "granite"))
    rock = Covariate("rock", "class", Kind.CATEGORICAL, Role.GEOLOGY, "of the map", kinds)
    catalogue = Catalogue((number, rock))
    assert Catalogue.from_json(catalogue.to_json()) == catalogue


def test_unknown_covariate_is_answered_with_the_nearest(number, rock):
    """`catalogue["slop"]` suggests slope."""
    with pytest.raises(CovariateError, match="Did you mean 'slope'"):
        _ = Catalogue((number, rock))["slop"]


def test_names_must_be_those_of_the_model_in_order(number, rock):
    """Missing and extra names are listed; a changed order is told as such."""
    catalogue = Catalogue((number, rock))
    catalogue.check_names(["slope", "rock"])
    with pytest.raises(CovariateError, match="missing rock; not in the model age"):
        catalogue.check_names(["slope", "age"])
    with pytest.raises(CovariateError, match="another order"):
        catalogue.check_names(["rock", "slope"])
