"""Laws of covariates: of warping, of distance, of density, and of windows."""

import numpy as np
import pytest
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st

from hotspot.covariates.align import Placement
from hotspot.covariates.density import density_of
from hotspot.covariates.proximity import Proximity
from hotspot.grid import Grid, Window

RD = "EPSG:28992"
GRID = Grid(RD, Affine(25, 0, 200_000, 0, -40, 500_000), (23, 17))
WHOLE = Window(0, 0, *GRID.shape)
KINDS = ("points", "lines", "polygons")
SEEDS = st.integers(0, 2**31)


def features(kind, seed=0, n=25, size=2000.0):
    """Return random features of one kind in a square with its corner at the origin."""
    rng = np.random.default_rng(seed)
    centres = rng.uniform(0, size, (n, 1, 2))
    if kind == "points":
        return shapely.points(centres[:, 0])
    around = centres + rng.normal(0, size / 20, (n, 5, 2))
    if kind == "lines":
        return shapely.linestrings(around)
    return shapely.convex_hull(shapely.multipoints(around))


def places(seed=0, n=60, size=2000.0):
    return np.random.default_rng(seed + 1).uniform(-0.2 * size, 1.2 * size, (n, 2))


def warped(values, transform, method, *, grid=GRID, crs=RD):
    """Warp a whole source onto a whole grid."""
    placement = Placement(crs, transform, values.shape, grid)
    window = Window(0, 0, *grid.shape)
    part = placement.source_window(window)
    return placement.warp(values[part.slices], part, window, method)


def source_around(angle, width, height):
    """Return a turned source transform whose 80 x 80 cells have the grid in their middle."""
    turn = Affine.rotation(angle) @ Affine.scale(width, -height)
    east, north = turn @ (40, 40)
    west, right, south, top = GRID.region
    middle = ((west + right) / 2 - east, (south + top) / 2 - north)
    return Affine.translation(*middle) @ turn


# Warping


@settings(max_examples=25, deadline=None)
@given(
    method=st.sampled_from(["nearest", "bilinear", "cubic", "average", "mode", "min", "max"]),
    angle=st.floats(-180, 180),
    width=st.floats(20, 90),
    height=st.floats(30, 90),
    value=st.floats(-1e6, 1e6),
)
def test_constant_raster_stays_constant(method, angle, width, height, value):
    """Whatever the method, the turn and the cell sizes, a constant is not changed."""
    result = warped(np.full((80, 80), value), source_around(angle, width, height), method)
    inside = ~np.isnan(result)
    assert inside.any()
    np.testing.assert_allclose(result[inside], value, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("method", ["nearest", "bilinear", "cubic", "average", "mode"])
@pytest.mark.parametrize("cell", [0.0002, 0.002])
def test_constant_raster_stays_constant_between_systems(method, cell):
    """Degrees to metres, from finer and from coarser cells, around a hole of missing ones."""
    values = np.full((200, 200), 0.1)
    values[99:101, 99:101] = np.nan
    transform = Affine(cell, 0, 6.048 - 100 * cell, 0, -cell, 52.48 + 100 * cell)
    result = warped(values, transform, method, crs="EPSG:4326")
    inside = ~np.isnan(result)
    assert inside.any()
    np.testing.assert_allclose(result[inside], 0.1, rtol=1e-9)


@settings(max_examples=25, deadline=None)
@given(
    method=st.sampled_from(["nearest", "mode"]),
    angle=st.floats(-180, 180),
    width=st.floats(5, 90),
    seed=SEEDS,
)
def test_classes_are_never_invented(method, angle, width, seed):
    """Every code on the grid is a code of the source, missing cells or not."""
    codes = np.random.default_rng(seed).choice([1.0, 3.0, 200.0, np.nan], size=(80, 80))
    result = warped(codes, source_around(angle, width, 40.0), method)
    assert set(np.unique(result[~np.isnan(result)])) <= {1.0, 3.0, 200.0}


@settings(max_examples=25, deadline=None)
@given(method=st.sampled_from(["bilinear", "average"]), angle=st.floats(-180, 180), seed=SEEDS)
def test_averages_stay_between_the_extremes(method, angle, seed):
    """Interpolation and averaging invent no value beyond the smallest and largest."""
    values = np.random.default_rng(seed).normal(size=(80, 80))
    result = warped(values, source_around(angle, 30.0, 50.0), method)
    inside = ~np.isnan(result)
    assert result[inside].min() >= values.min() - 1e-12
    assert result[inside].max() <= values.max() + 1e-12


@pytest.mark.parametrize("method", ["nearest", "bilinear", "average", "mode"])
@pytest.mark.parametrize("cell", [7.0, 40.0, 90.0])
def test_warped_windows_make_up_the_whole(method, cell):
    """Window by window, one row or one cell at a time, the raster is the same."""
    values = np.random.default_rng(0).integers(0, 5, (300, 300)).astype(np.float64)
    placement = Placement(RD, Affine(cell, 0, 199_990, 0, -cell, 500_009), (300, 300), GRID)

    def warp(window):
        part = placement.source_window(window)
        return placement.warp(values[part.slices], part, window, method)

    whole = warp(WHOLE)
    for window in [*GRID.windows(6), Window(11, 0, 1, 17), Window(22, 16, 1, 1)]:
        np.testing.assert_allclose(warp(window), whole[window.slices], atol=1e-9)


@pytest.mark.parametrize("method", ["bilinear", "cubic", "average"])
def test_thin_windows_are_not_smoothed(method):
    """Between systems one row alone is the row of the whole, up to an eighth of a cell."""
    values = np.random.default_rng(0).normal(size=(120, 120))
    transform = Affine(0.0004, 0, 6.028, 0, -0.0003, 52.492)
    placement = Placement("EPSG:4326", transform, values.shape, GRID)

    def warp(window):
        part = placement.source_window(window)
        return placement.warp(values[part.slices], part, window, method)

    whole = warp(WHOLE)
    assert whole.std() > 0.3
    for window in (Window(0, 0, 1, 17), Window(22, 0, 1, 17), Window(3, 16, 20, 1)):
        np.testing.assert_allclose(warp(window), whole[window.slices], atol=0.05)


def test_missing_everywhere_stays_missing():
    """A tile of NaN gives NaN by every method, and no error."""
    for method in ("nearest", "bilinear", "average", "mode"):
        result = warped(np.full((80, 80), np.nan), source_around(10, 30, 30), method)
        assert np.isnan(result).all()


# Distance


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=15, deadline=None)
@given(seed=SEEDS)
def test_distance_equals_the_smallest_of_all(kind, seed):
    """The index finds what trying every feature finds."""
    geometries, where = features(kind, seed), places(seed)
    each = shapely.distance(shapely.points(where)[:, np.newaxis], geometries[np.newaxis])
    np.testing.assert_allclose(
        Proximity(geometries).distance(where), each.min(axis=1), atol=1e-9
    )


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=15, deadline=None)
@given(seed=SEEDS)
def test_distance_changes_no_faster_than_the_place(kind, seed):
    """|d(p) - d(q)| <= |p - q|, and no distance is negative."""
    proximity, here, there = Proximity(features(kind, seed)), places(seed), places(seed + 7)
    one, other = proximity.distance(here), proximity.distance(there)
    assert (one >= 0).all()
    assert (np.abs(one - other) <= np.hypot(*(here - there).T) + 1e-9).all()


@pytest.mark.parametrize("kind", KINDS)
def test_more_features_are_never_further(kind):
    """Adding features cannot raise a distance."""
    geometries, where = features(kind), places()
    some, all_of_them = Proximity(geometries[:10]), Proximity(geometries)
    assert (all_of_them.distance(where) <= some.distance(where)).all()


# Density


@pytest.mark.parametrize("kind", KINDS)
def test_density_integrates_to_the_whole(kind):
    """Summed over a plain that holds every circle, density gives number, length or area."""
    step, radius = 20.0, 300.0
    geometries = features(kind, n=8, size=1000.0)
    ticks = np.arange(-800, 1800, step) + step / 2
    everywhere = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
    density = density_of(geometries, radius)
    km2 = (step / 1000) ** 2
    expected = {
        "points": float(len(geometries)),
        "lines": float(shapely.length(geometries).sum()) / 1000,
        "polygons": float(shapely.area(shapely.union_all(geometries))) / 1e6,
    }
    # Counts jump at the rim of the circle, which cells of 20 m meet to a few per mille.
    total = float(density.density(everywhere).sum()) * km2
    assert total == pytest.approx(expected[kind], rel=5e-3)


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS, radius=st.floats(1, 5000))
def test_share_of_area_is_a_share(seed, radius):
    """Between 0 and 1, for circles inside, across and around the polygons."""
    share = density_of(features("polygons", seed), radius).density(places(seed))
    assert (share >= 0).all()
    assert (share <= 1).all()


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS)
def test_densities_of_apart_features_add_up(seed):
    """Lines of two halves of a set have together the density of the set."""
    lines, where = features("lines", seed), places(seed)
    whole = density_of(lines, 400.0).density(where)
    halves = [density_of(part, 400.0).density(where) for part in (lines[:9], lines[9:])]
    np.testing.assert_allclose(sum(halves), whole, atol=1e-12)


# Places


@pytest.mark.parametrize("kind", KINDS)
def test_places_are_answered_one_by_one(kind):
    """In one go, in windows, or in another order: exactly the same numbers."""
    geometries, where = features(kind, n=200), places(n=9000)
    order = np.random.default_rng(3).permutation(len(where))
    for answer in (Proximity(geometries).distance, density_of(geometries, 250.0).density):
        whole = answer(where)
        np.testing.assert_array_equal(answer(where[order]), whole[order])
        parts = [answer(part) for part in np.array_split(where[:500], 11)]
        np.testing.assert_array_equal(np.concatenate(parts), whole[:500])
        assert answer(where[:0]).shape == (0,)


@pytest.mark.parametrize("kind", KINDS)
def test_shift_of_coordinates_changes_nothing(kind):
    """Moving features and places together by whole metres keeps every number."""
    offset = np.array([200_000.0, 5_000_000.0])
    geometries, where = features(kind), places()
    moved = shapely.transform(geometries, lambda position: position + offset)
    for make in (lambda g: Proximity(g).distance, lambda g: density_of(g, 250.0).density):
        found = make(moved)(where + offset)
        np.testing.assert_allclose(found, make(geometries)(where), rtol=1e-6, atol=1e-6)
