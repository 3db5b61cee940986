"""The grid, its windows, and where points fall."""

import numpy as np
import pytest
from affine import Affine
from pyproj import CRS

from hotspot.errors import GridError
from hotspot.grid import Grid, Window, parse_crs, same_crs

RD = "EPSG:28992"
METRES = Grid.from_region((1000.0, 1400.0, 2000.0, 2240.0), 40.0, RD)
OBLONG = Grid(RD, Affine(30, 0, 7, 0, -10, 91), (6, 4))


def test_region_of_whole_cells_gains_none():
    """A region of exactly n cells makes n cells, although 0.3 / 0.1 is not 3 in floats."""
    grid = Grid.from_region((0.0, 0.3, 0.0, 0.7), 0.1, RD)
    assert grid.shape == (7, 3)


def test_region_is_covered():
    """The grid reaches the east and south of a region that its cells do not divide."""
    west, east, south, north = Grid.from_region((0, 100, 0, 80), 30, RD).region
    assert (west, north) == (0, 80)
    assert east >= 100
    assert south <= 0


@pytest.mark.parametrize(
    ("region", "resolution"),
    [
        ((0, 0, 0, 10), 1),
        ((10, 0, 0, 10), 1),
        ((0, 10, 10, 0), 1),
        ((0, 10, 0, 10), 0),
        ((0, 10, 0, 10), -1),
        ((0, np.nan, 0, 10), 1),
        ((0, np.inf, 0, 10), 1),
        ((0, 10, 0, 10), np.inf),
    ],
)
def test_region_without_cells_is_refused(region, resolution):
    """An empty, turned or endless region is an error that names the order of its sides."""
    with pytest.raises(GridError, match="west, east, south, north"):
        Grid.from_region(region, resolution, RD)


@pytest.mark.parametrize(
    "transform",
    [
        Affine(40, 1, 0, 0, -40, 0),
        Affine(40, 0, 0, 1, -40, 0),
        Affine(40, 0, 0, 0, 40, 0),
        Affine(-40, 0, 0, 0, -40, 0),
    ],
)
def test_rotated_or_mirrored_grid_is_refused(transform):
    """A grid is north-up."""
    with pytest.raises(GridError, match="north-up"):
        Grid(RD, transform, (2, 2))


def test_empty_grid_is_refused():
    """A grid without rows is an error."""
    with pytest.raises(GridError, match="0 rows"):
        Grid(RD, Affine(40, 0, 0, 0, -40, 0), (0, 3))


@pytest.mark.parametrize("text", ["", "EPSG:0", "moon"])
def test_unknown_crs_is_refused(text):
    """A text that names no CRS is an error that shows an example."""
    with pytest.raises(GridError, match="EPSG:28992"):
        parse_crs(text)


def test_crs_is_the_same_in_any_spelling():
    """The WKT of a file and the code in a configuration are one system."""
    assert same_crs(RD, CRS(RD).to_wkt("WKT1_ESRI"))
    assert same_crs("EPSG:4326", "OGC:CRS84")
    assert not same_crs(RD, "EPSG:31370")


@pytest.mark.parametrize("grid", [METRES, OBLONG])
def test_centres_lie_in_their_cells(grid):
    """The centre of each cell is found in that cell, for square and oblong cells."""
    rows, cols = np.indices(grid.shape).reshape(2, -1)
    found_rows, found_cols, inside = grid.cells(grid.centres(rows, cols))
    np.testing.assert_array_equal(found_rows, rows)
    np.testing.assert_array_equal(found_cols, cols)
    assert inside.all()


def test_edges_belong_to_the_next_cell():
    """The west and north edge are inside; the east and south edge are outside."""
    west, east, south, north = OBLONG.region
    edges = np.array([[west, north], [east, north], [west, south]])
    np.testing.assert_array_equal(OBLONG.cells(edges)[2], [True, False, False])


@pytest.mark.filterwarnings("error")
def test_points_without_coordinates_lie_outside():
    """NaN, infinite and astronomically far points are outside, without a warning."""
    points = np.array([[np.nan, 2100], [np.inf, 2100], [1e300, 2100], [1100, -1e300]])
    assert not METRES.cells(points)[2].any()


@pytest.mark.parametrize("size", [1, 4, 5, 100])
def test_windows_tile_the_grid(size):
    """Every cell lies in exactly one window."""
    hits = np.zeros(METRES.shape, dtype=int)
    for window in METRES.windows(size):
        assert hits[window.slices].shape == window.shape
        hits[window.slices] += 1
    assert (hits == 1).all()


def test_crop_keeps_the_cells_in_place():
    """Cell (0, 1) of a crop is the cell one right of the corner of its window."""
    part = OBLONG.crop(Window(2, 1, 3, 2))
    here = part.centres(np.array([0]), np.array([1]))
    np.testing.assert_allclose(here, OBLONG.centres(np.array([2]), np.array([2])))


def test_padding_is_undone_by_cropping():
    """A padded grid without its margin is the grid."""
    rows, cols = OBLONG.shape
    assert OBLONG.pad(3).crop(Window(3, 3, rows, cols)).aligned_with(OBLONG)


@pytest.mark.parametrize(
    ("transform", "aligned"),
    [
        (Affine(40, 0, 1000, 0, -40, 2240), True),
        (Affine(40, 0, 1000 + 1e-6, 0, -40, 2240), True),
        (Affine(40, 0, 1000.01, 0, -40, 2240), False),
        # A hundred-thousandth of a cell per cell adds up to more over ten columns.
        (Affine(40.0004, 0, 1000, 0, -40, 2240), False),
    ],
)
def test_alignment_is_judged_at_the_corners(transform, aligned):
    """Grids are the same if no corner is off by more than a millionth of a cell."""
    assert METRES.aligned_with(Grid(RD, transform, METRES.shape)) is aligned


def test_far_origin_does_not_loosen_alignment():
    """A shift of a millimetre counts for cells of 1 cm, however far from the origin."""
    far = Grid(RD, Affine(0.01, 0, 6e6, 0, -0.01, 6e6), (2, 2))
    shifted = Grid(RD, Affine(0.01, 0, 6e6 + 1e-3, 0, -0.01, 6e6), (2, 2))
    assert not far.aligned_with(shifted)


def test_grid_survives_json():
    """`from_dict` undoes `to_dict`."""
    assert Grid.from_dict(OBLONG.to_dict()) == OBLONG


def test_lengths_of_a_geographic_grid_are_refused():
    """Degrees are no lengths: area and unit of a geographic grid are errors."""
    grid = Grid.from_region((5, 6, 50, 51), 0.5, "EPSG:4326")
    with pytest.raises(GridError, match="projected"):
        _ = grid.cell_area_m2
    with pytest.raises(GridError, match="projected"):
        _ = grid.metres_per_unit


def test_area_is_in_square_metres_for_a_grid_in_feet():
    """A cell of 10 by 10 US survey feet has 9.29 m2."""
    grid = Grid.from_region((0, 100, 0, 100), 10, "EPSG:2263")
    assert grid.cell_area_m2 == pytest.approx((10 * 1200 / 3937) ** 2)
