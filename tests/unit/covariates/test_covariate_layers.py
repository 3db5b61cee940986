"""Layers and the catalogue refuse what could not be read later."""

from pathlib import Path

import pytest

from hotspot.covariates.catalogue import Catalogue, Covariate, Kind, Role
from hotspot.covariates.derivations import (
    Amount,
    ClassDistance,
    ClassShare,
    Density,
    Emission,
    Flow,
    FlowDistance,
    Focal,
    KernelDensity,
    Terrain,
)
from hotspot.covariates.layers import (
    CoordinateLayer,
    DatedLayer,
    DerivedLayer,
    Features,
    RasterLayer,
    VectorLayer,
)
from hotspot.errors import CovariateError

PATH = Path("roads.gpkg")


@pytest.mark.parametrize(
    ("make", "remedy"),
    [
        (lambda: Density(0.0), "radius_m as a number above 0"),
        (lambda: Amount("count", float("nan")), "radius_m as a number above 0"),
        (lambda: KernelDensity(-5.0), "radius_m as a number above 0"),
        (lambda: Emission(100.0, power=0.0), "power as a number above 0"),
        (lambda: Emission(100.0, nearest_m=100.0), "smaller nearest_m"),
        (lambda: ClassDistance((1,), maximum_m=0.0), "maximum_m as a number above 0"),
        (lambda: ClassShare((), 100.0), "Give the codes"),
        (lambda: Focal("mean", float("inf")), "radius_m as a number above 0"),
        (lambda: Flow("wetness", margin_m=-1.0), "0 or above"),
        (lambda: FlowDistance("downstream", 0.0), "maximum_m as a number above 0"),
    ],
)
def test_lengths_of_derivations_are_lengths(make, remedy):
    """A radius, a maximum and a power are above 0; a class is named."""
    with pytest.raises(CovariateError, match=remedy):
        make()


def test_derived_covariate_is_a_number(rock):
    """Neither a distance, nor a slope, nor a coordinate can be categorical."""
    with pytest.raises(CovariateError, match="kind continuous"):
        VectorLayer(rock, Features(PATH))
    with pytest.raises(CovariateError, match="kind continuous"):
        DerivedLayer(RasterLayer(rock, PATH), Terrain("slope"))
    with pytest.raises(CovariateError, match="kind continuous"):
        CoordinateLayer(rock, "easting")


def test_sources_belong_to_distances_along_the_flow(number):
    """A distance along the flow needs sources; nothing else may have them."""
    with pytest.raises(CovariateError, match="Give `sources`"):
        DerivedLayer(RasterLayer(number, PATH), FlowDistance("upstream", 1000.0))
    with pytest.raises(CovariateError, match="for nothing else"):
        DerivedLayer(RasterLayer(number, PATH), Terrain("slope"), Features(PATH))


def test_dated_covariate_has_each_year_once_and_shows_one(number, rock):
    """Years repeat, the year shown is missing, or the names differ: each is an error."""
    layer = RasterLayer(number, PATH)
    with pytest.raises(CovariateError, match="each year once"):
        DatedLayer(((2000, layer), (2000, layer)), 2000)
    with pytest.raises(CovariateError, match="shows 2012"):
        DatedLayer(((2000, layer),), 2012)
    with pytest.raises(CovariateError, match="Give one name"):
        DatedLayer(((2000, layer), (2012, RasterLayer(rock, PATH))), 2012)


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
    """`from_list` undoes `to_list`, classes and umlauts included."""
    kinds = ((1, "Löss"), (7, "granite"))
    rock = Covariate("rock", "class", Kind.CATEGORICAL, Role.GEOLOGY, "of the map", kinds)
    catalogue = Catalogue((number, rock))
    assert Catalogue.from_list(catalogue.to_list()) == catalogue


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
