"""Points by blocks give what a look-up of the cell gives."""

import numpy as np
import pytest
import rasterio
from affine import Affine

from hotspot.covariates.sampling import sample_points
from hotspot.errors import CovariateError
from hotspot.grid import Grid
from hotspot.rasters import open_raster

GRID = Grid("EPSG:28992", Affine(40, 0, 200_000, 0, -40, 500_000), (300, 410))


@pytest.fixture
def rasters(write_raster):
    """Return rasters of several layouts and marks of missing cells, and what they hold."""
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=GRID.shape).astype("float32")
    numbers[rng.random(GRID.shape) < 0.1] = np.nan
    codes = rng.integers(0, 9, GRID.shape).astype("uint8")
    scaled = rng.integers(-500, 500, GRID.shape).astype("int16")
    paths = [
        write_raster(
            numbers, name="a.tif", nodata=np.nan, tiled=True, blockxsize=64, blockysize=32
        ),
        write_raster(codes, name="b.tif", nodata=0),
        write_raster(scaled, name="c.tif", tiled=True, blockxsize=128, blockysize=128),
        write_raster(numbers.astype("float64"), name="d.tif", nodata=-9999.0),
    ]
    with rasterio.open(paths[2], "r+") as dataset:
        dataset.scales, dataset.offsets = (0.1,), (3.0,)
    expected = [
        numbers,
        np.where(codes == 0, np.nan, codes),
        scaled * 0.1 + 3.0,
        numbers,
    ]
    return paths, np.array(expected, dtype=np.float64)


def test_values_are_those_of_the_cells(rasters):
    """In the order of the points, with NaN outside and where missing, bit by bit."""
    paths, expected = rasters
    rng = np.random.default_rng(1)
    points = rng.uniform([199_000, 487_000], [217_500, 501_000], (3000, 2))
    points[5] = np.nan
    datasets = [open_raster(path) for path in paths]
    found = sample_points(datasets, GRID, points)
    rows, cols, inside = GRID.cells(points)
    assert 100 < inside.sum() < 3000
    cells = expected[:, np.where(inside, rows, 0), np.where(inside, cols, 0)].T
    np.testing.assert_array_equal(found, np.where(inside[:, np.newaxis], cells, np.nan))
    order = rng.permutation(3000)
    np.testing.assert_array_equal(sample_points(datasets, GRID, points[order]), found[order])


def test_no_points_and_no_rasters(rasters):
    """Nothing asked gives an empty array of the right shape."""
    with open_raster(rasters[0][0]) as dataset:
        assert sample_points([dataset], GRID, np.empty((0, 2))).shape == (0, 1)
        assert sample_points([], GRID, np.zeros((4, 2))).shape == (4, 0)
        assert np.isnan(sample_points([dataset], GRID, np.zeros((4, 2)))).all()


def test_raster_of_another_shape_is_refused(rasters):
    """A cell of another raster is not a cell of the grid."""
    with (
        open_raster(rasters[0][0]) as dataset,
        pytest.raises(CovariateError, match="cells and"),
    ):
        sample_points([dataset], GRID.pad(1), np.zeros((1, 2)))
