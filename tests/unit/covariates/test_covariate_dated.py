"""Covariates that changed: each sample gets the layer of its date."""

import warnings

import numpy as np
import pandas as pd
import pytest
from affine import Affine

from hotspot.covariates.build import build_covariates
from hotspot.covariates.catalogue import Covariate, Kind, Role
from hotspot.covariates.dated import layer_year, sample_dated
from hotspot.covariates.layers import CoordinateLayer, DatedLayer, RasterLayer
from hotspot.covariates.stack import open_stack
from hotspot.errors import CovariateError
from hotspot.grid import Grid, Window

GRID = Grid("EPSG:28992", Affine(40, 0, 200_000, 0, -40, 500_000), (6, 8))


@pytest.fixture
def folder(write_raster, tmp_path):
    """Return covariates of which one has the value of its year, 2012 on the map."""
    covariate = Covariate("cover", "1", Kind.CONTINUOUS, Role.LAND_USE)
    years = tuple(
        (
            year,
            RasterLayer(
                covariate, write_raster(np.full((6, 8), float(year)), name=f"{year}.tif")
            ),
        )
        for year in (2000, 2006, 2012)
    )
    east = CoordinateLayer(Covariate("e", "m", Kind.CONTINUOUS, Role.LOCATION), "easting")
    build_covariates([DatedLayer(years, 2012), east], GRID, tmp_path / "c")
    return tmp_path / "c"


def sampled(folder, dates, coordinates=None):
    if coordinates is None:
        coordinates = np.tile([[200_100.0, 499_900.0]], (len(dates), 1))
    with open_stack(folder) as stack:
        table = stack.sample(coordinates)
    dates = pd.Series(pd.to_datetime(dates))
    return sample_dated(folder, table, coordinates, dates)


def test_sample_gets_the_last_layer_before_it(folder):
    """The layer of the year or the last one before; other covariates stay as they are."""
    dates = ["2000-06-01", "2005-12-31", "2006-01-01", "2011-07-01", "2024-01-01"]
    found = sampled(folder, dates)
    np.testing.assert_array_equal(found["cover"], [2000, 2000, 2006, 2006, 2012])
    np.testing.assert_array_equal(found["e"], 200_100.0 // 40 * 40 + 20)


def test_map_shows_the_year_stated(folder):
    """The stack holds one layer per covariate, that of the year on the map."""
    with open_stack(folder) as stack:
        assert stack.catalogue.names == ("cover", "e")
        assert (stack.read(Window(0, 0, 6, 8))[0] == 2012).all()


def test_missing_and_early_dates_are_told(folder):
    """Without a date the map's layer, before the first one the first, and a word on both."""
    with pytest.warns(
        UserWarning, match="1 have no date and get cover of 2012, and 2 are older"
    ):
        found = sampled(folder, ["1987-01-01", None, "2001-01-01", "1999-12-31"])
    np.testing.assert_array_equal(found["cover"], [2000, 2012, 2000, 2000])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sampled(folder, ["2001-01-01"])


def test_samples_outside_stay_missing(folder):
    """A place off the grid has no value whatever its date."""
    found = sampled(folder, ["2000-06-01"], np.array([[0.0, 0.0]]))
    assert found.isna().all(axis=None)


def test_stack_without_dated_layers_is_left_alone(tmp_path):
    """The table comes back as it is."""
    east = CoordinateLayer(Covariate("e", "m", Kind.CONTINUOUS, Role.LOCATION), "easting")
    build_covariates([east], GRID, tmp_path / "c")
    table = pd.DataFrame({"e": [1.0]})
    dates = pd.Series(pd.to_datetime(["2000-01-01"]))
    assert sample_dated(tmp_path / "c", table, np.zeros((1, 2)), dates) is table


def test_years_need_no_order():
    """The rule looks at years, not at the order in which they were given."""
    found = layer_year(np.array([2003.0, 2013.0]), (2012, 2000, 2006), 2006)
    np.testing.assert_array_equal(found, [2000, 2012])
    with pytest.raises(CovariateError, match="no year"):
        layer_year(np.array([2003.0]), (), 2006)


def test_classes_of_all_years_are_known(write_raster, tmp_path):
    """A class that only an old map has is a class of the covariate."""
    covariate = Covariate("cover", "class", Kind.CATEGORICAL, Role.LAND_USE)
    years = tuple(
        (
            year,
            RasterLayer(
                covariate, write_raster(np.full((6, 8), code, "uint8"), name=f"{code}.tif")
            ),
        )
        for year, code in ((2000, 7), (2012, 3))
    )
    catalogue = build_covariates([DatedLayer(years, 2012)], GRID, tmp_path / "c")
    assert catalogue["cover"].classes == ((3, "3"), (7, "7"))
