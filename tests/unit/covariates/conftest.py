"""Small rasters and vector files, written as other programs write them."""

from pathlib import Path

import geopandas
import numpy as np
import pytest
import rasterio
from affine import Affine

from hotspot.covariates.catalogue import Covariate, Kind, Role

RD = "EPSG:28992"


@pytest.fixture
def write_raster(tmp_path):
    """Return a function that writes a GeoTIFF: (values, west, north, cell, …) -> path."""

    def write(values, west=200_000.0, north=500_000.0, *, cell=40.0, name="a.tif", **extra):
        values = np.asarray(values)
        profile = {
            "driver": "GTiff",
            "count": 1,
            "height": values.shape[0],
            "width": values.shape[1],
            "dtype": values.dtype,
            "crs": RD,
            "transform": Affine(cell, 0, west, 0, -cell, north),
        } | extra
        with rasterio.open(tmp_path / name, "w", **profile) as dataset:
            dataset.write(values, 1)
        return tmp_path / name

    return write


@pytest.fixture
def write_features(tmp_path):
    """Return a function that writes a vector file: (well-known texts, …) -> path."""

    def write(texts, name="a.gpkg", *, crs=RD, layer=None, **attributes) -> Path:
        series = geopandas.GeoSeries.from_wkt(texts, crs=crs)
        table = geopandas.GeoDataFrame(attributes, geometry=series.to_numpy(), crs=crs)
        if name.endswith(".parquet"):
            table.to_parquet(tmp_path / name)
        else:
            options = {} if layer is None else {"layer": layer}
            table.to_file(tmp_path / name, **options)
        return tmp_path / name

    return write


@pytest.fixture
def number():
    """Return a continuous covariate."""
    return Covariate("slope", "degree", Kind.CONTINUOUS, Role.TERRAIN)


@pytest.fixture
def rock():
    """Return a categorical covariate without declared classes."""
    return Covariate("rock", "class", Kind.CATEGORICAL, Role.GEOLOGY)
