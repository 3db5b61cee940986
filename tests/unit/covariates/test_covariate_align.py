"""Choosing a method, finding the part of the source, and warping onto the grid."""

import numpy as np
import pytest
from affine import Affine

from hotspot.covariates.align import Placement, choose_resampling
from hotspot.covariates.catalogue import Kind
from hotspot.errors import CovariateError
from hotspot.grid import Grid, Window

RD = "EPSG:28992"
GRID = Grid(RD, Affine(40, 0, 200_000, 0, -40, 500_000), (10, 12))
WHOLE = Window(0, 0, 10, 12)


def warped(values, transform, method, *, grid=GRID, crs=RD):
    """Warp a whole source onto a whole grid."""
    placement = Placement(crs, transform, values.shape, grid)
    window = Window(0, 0, *grid.shape)
    part = placement.source_window(window)
    return placement.warp(values[part.slices], part, window, method)


@pytest.mark.parametrize(
    ("kind", "ratio", "method"),
    [
        (Kind.CONTINUOUS, 1.0, "bilinear"),
        (Kind.CONTINUOUS, 1.5, "average"),
        (Kind.CATEGORICAL, 1.0, "nearest"),
        (Kind.CATEGORICAL, 1.5, "mode"),
    ],
)
def test_method_fits_kind_and_cell_size(kind, ratio, method):
    """Finer sources are summed up, coarser ones interpolated, classes never averaged."""
    assert choose_resampling(kind, ratio, None) == method


@pytest.mark.parametrize("asked", ["bilinear", "average", "cubic"])
def test_averaging_classes_is_refused(asked):
    """The mean of classes 1 and 3 is not class 2."""
    with pytest.raises(CovariateError, match="nearest, mode"):
        choose_resampling(Kind.CATEGORICAL, 2.0, asked)


def test_mistyped_method_is_answered_with_the_nearest():
    """`billinear` suggests bilinear."""
    with pytest.raises(CovariateError, match="Did you mean 'bilinear'"):
        choose_resampling(Kind.CONTINUOUS, 2.0, "billinear")


@pytest.mark.parametrize(
    ("transform", "offset"),
    [
        (GRID.transform, (0, 0)),
        (Affine(40, 0, 200_000 - 120, 0, -40, 500_000 + 80), (2, 3)),
        (Affine(40, 0, 200_000 + 80, 0, -40, 500_000 - 40), (-1, -2)),
        (Affine(40.00001, 0, 200_000, 0, -40, 500_000), (0, 0)),
        (Affine(40, 0, 200_010, 0, -40, 500_000), None),
        (Affine(20, 0, 200_000, 0, -20, 500_000), None),
        (Affine(40, 0, 200_000, 0, 40, 499_600), None),
        (Affine(40, 0.1, 200_000, 0.1, -40, 500_000), None),
    ],
)
def test_cells_in_place_are_known(transform, offset):
    """Whole shifts of equal cells are copies; a shift, size, flip or turn is not."""
    assert Placement(RD, transform, (50, 50), GRID).offset == offset


def test_average_equals_the_mean_of_the_cells_inside():
    """A source of half the cell size gives the plain mean of four, missing ones left out."""
    values = np.random.default_rng(0).normal(size=(20, 24))
    values[4:6, 4:6] = np.nan
    values[0, 0] = np.nan
    result = warped(values, Affine(20, 0, 200_000, 0, -20, 500_000), "average")
    blocks = values.reshape(10, 2, 12, 2).swapaxes(1, 2).reshape(10, 12, 4)
    expected = np.full((10, 12), np.nan)
    some = ~np.isnan(blocks).all(axis=2)
    expected[some] = np.nanmean(blocks[some], axis=1)
    np.testing.assert_allclose(result, expected, atol=1e-12)


@pytest.mark.parametrize(
    "transform",
    [
        Affine(100, 0, 199_000, 0, -70, 501_000),
        Affine(100, 0, 199_000, 0, 70, 499_000),
        Affine(43.301, -40.0, 199_741, -25.0, -69.282, 501_936),
    ],
    ids=["unequal", "south-up", "rotated"],
)
def test_plane_is_interpolated_exactly(transform):
    """Bilinear resampling of a plane gives the plane, however the source lies."""
    rows, cols = np.indices((40, 60)) + 0.5
    easting = transform.a * cols + transform.b * rows + transform.c
    northing = transform.d * cols + transform.e * rows + transform.f
    plane = 3 * (easting - 200_000) - 2 * (northing - 500_000)
    result = warped(plane, transform, "bilinear")
    places = GRID.centres(*np.indices(GRID.shape).reshape(2, -1))
    expected = 3 * (places[:, 0] - 200_000) - 2 * (places[:, 1] - 500_000)
    inside = ~np.isnan(result)
    assert inside.mean() > 0.5
    np.testing.assert_allclose(result[inside], expected.reshape(GRID.shape)[inside], atol=1e-6)


def test_values_keep_their_place_between_systems():
    """Longitude as a raster in degrees is longitude on the metric grid, to 1/8 of a cell."""
    from pyproj import Transformer

    cell = 0.0005
    transform = Affine(cell, 0, 6.0, 0, -cell, 52.5)
    longitude = np.tile(6.0 + (np.arange(200) + 0.5) * cell, (100, 1))
    result = warped(longitude, transform, "bilinear", crs="EPSG:4326")
    places = GRID.centres(*np.indices(GRID.shape).reshape(2, -1))
    expected, _ = Transformer.from_crs(RD, "EPSG:4326", always_xy=True).transform(*places.T)
    np.testing.assert_allclose(result.ravel(), expected, atol=cell / 8)


def test_codes_above_float32_survive_the_mode():
    """Parcel numbers beyond 2**24 are not rounded to their neighbours."""
    codes = np.full((20, 24), 2.0**24 + 1)
    codes[:, 12:] = 2.0**30 + 7
    result = warped(codes, Affine(20, 0, 200_000, 0, -20, 500_000), "mode")
    assert set(np.unique(result)) == {2.0**24 + 1, 2.0**30 + 7}


def test_off_the_source_is_no_window():
    """A window that touches the source at its edge only needs nothing of it."""
    west = Affine(40, 0, 200_000 - 40 * 8, 0, -40, 500_000)
    placement = Placement(RD, west, (10, 8), GRID)
    assert placement.source_window(WHOLE) is None
    assert Placement(RD, west, (10, 9), GRID).source_window(WHOLE) is not None


def test_source_window_is_small():
    """A window in the corner of a wide source needs only what lies around it."""
    placement = Placement(RD, Affine(10, 0, 190_000, 0, -10, 510_000), (4000, 4000), GRID)
    part = placement.source_window(Window(0, 0, 1, 1))
    assert part.height * part.width < 1000
    assert part.row < 1000 < part.row + part.height
