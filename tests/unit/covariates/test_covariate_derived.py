"""Derived covariates: the same in every window, and what they refuse."""

from contextlib import ExitStack
from dataclasses import replace

import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from scipy.ndimage import distance_transform_edt

from hotspot.covariates import derived_rasters, euclidean, read
from hotspot.covariates.build import build_covariates
from hotspot.covariates.catalogue import Covariate, Kind, Role
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
    Weight,
)
from hotspot.covariates.derived_rasters import derive_raster
from hotspot.covariates.derived_vectors import derive_features, true_north
from hotspot.covariates.layers import DerivedLayer, Features, RasterLayer, VectorLayer
from hotspot.covariates.stack import open_stack
from hotspot.covariates.wind import WindRose
from hotspot.errors import CovariateError, GridError
from hotspot.grid import Grid, Window

RD = "EPSG:28992"
# 12 cells of the files written here lie on each side of it.
GRID = Grid(RD, Affine(40, 0, 200_480, 0, -40, 499_520), (40, 50))
WHOLE = Window(0, 0, 40, 50)
WINDOWS = [
    Window(0, 0, 40, 50),
    Window(0, 0, 1, 50),
    Window(39, 49, 1, 1),
    Window(7, 3, 20, 31),
]
SHAPE = (64, 74)


@pytest.fixture
def dem(write_raster):
    """Return an elevation model that reaches over the grid, with a hole."""
    values = np.random.default_rng(0).normal(size=SHAPE).cumsum(axis=0).cumsum(axis=1)
    values[30:33, 40:44] = np.nan
    return write_raster(values, name="dem.tif", nodata=np.nan)


@pytest.fixture
def codes(write_raster):
    """Return a map of the classes 1 to 4, of which 4 is rare, with 0 as nodata."""
    rng = np.random.default_rng(1)
    values = rng.integers(0, 4, SHAPE)
    values[rng.random(SHAPE) < 0.01] = 4
    return write_raster(values.astype("uint8"), name="codes.tif", nodata=0)


def derived(number, path, derive, window=WHOLE, *, sources=None, **options):
    layer = DerivedLayer(
        RasterLayer(replace(number, unit=""), path, **options), derive, sources
    )
    with ExitStack() as files:
        return derive_raster(layer, GRID, files).read(window)


BY_WINDOW = [
    Focal("mean", 300.0),
    Focal("sum", 85.0),
    Focal("difference", 200.0),
    Terrain("slope"),
    Terrain("northness"),
    Terrain("eastness"),
    Terrain("profile_curvature"),
    Terrain("plan_curvature"),
]


@pytest.mark.parametrize(
    ("derive", "system"),
    [
        *((derive, "in place") for derive in BY_WINDOW),
        *((derive, "other CRS") for derive in BY_WINDOW[2:4]),
    ],
    ids=str,
)
def test_windows_give_the_whole_to_the_last_bit(
    dem, number, derive, system, tmp_path, monkeypatch
):
    """Read in windows of any shape, a derivation gives exactly what it gives at once."""
    options = {}
    if system == "other CRS":
        dem = reprojected(dem, tmp_path / "degrees.tif")
        options = {"resampling": "bilinear"}
        # Several tiles, and fewer kept than are needed.
        monkeypatch.setattr(read, "_TILE", 16)
        monkeypatch.setattr(read, "_KEPT_TILES", 3)
    whole = derived(number, dem, derive, **options)
    assert np.isfinite(whole).mean() > 0.9
    for window in WINDOWS:
        part = derived(number, dem, derive, window, **options)
        np.testing.assert_array_equal(part, whole[window.slices])


def test_windows_of_shares_give_the_whole_to_the_last_bit(codes, number):
    """Shares of classes, as focal sums; distances of classes go by strips of their own."""
    derive = ClassShare((1, 4), 170.0)
    whole = derived(number, codes, derive)
    for window in WINDOWS:
        part = derived(number, codes, derive, window)
        np.testing.assert_array_equal(part, whole[window.slices])


@pytest.mark.parametrize("kind", ["upslope_area", "wetness", "outlet_distance"])
def test_windows_of_flow_give_the_whole_to_the_last_bit(dem, number, kind):
    """Water comes from anywhere: the whole is held, and a window is cut out of it."""
    whole = derived(number, dem, Flow(kind, 0.0))
    for window in WINDOWS:
        part = derived(number, dem, Flow(kind, 0.0), window)
        np.testing.assert_array_equal(part, whole[window.slices])


def reprojected(path, target):
    """Write a raster in degrees."""
    from rasterio.warp import calculate_default_transform, reproject

    with rasterio.open(path) as source:
        transform, width, height = calculate_default_transform(
            RD, "EPSG:4326", source.width, source.height, *source.bounds
        )
        values = np.full((height, width), np.nan)
        reproject(
            source.read(1),
            values,
            src_transform=source.transform,
            src_crs=RD,
            src_nodata=np.nan,
            dst_transform=transform,
            dst_crs="EPSG:4326",
            dst_nodata=np.nan,
            resampling=rasterio.warp.Resampling.bilinear,
        )
    profile = {
        "driver": "GTiff",
        "count": 1,
        "height": height,
        "width": width,
        "dtype": "float64",
        "crs": "EPSG:4326",
        "transform": transform,
        "nodata": np.nan,
    }
    with rasterio.open(target, "w", **profile) as dataset:
        dataset.write(values, 1)
    return target


def test_halo_reaches_beyond_the_grid(dem, number):
    """The file goes on where the grid ends, and its cells out there count."""
    with rasterio.open(dem) as dataset:
        values = dataset.read(1)
    found = derived(number, dem, Focal("sum", 80.0))
    rows, cols = np.mgrid[0:64, 0:74]
    inside = np.hypot(rows - 12, cols - 12) <= 2
    assert found[0, 0] == pytest.approx(values[inside].sum())


@pytest.mark.parametrize("cells", [74 * 7, 10**6])
def test_distance_to_a_class_is_that_over_the_whole_file(codes, number, cells, monkeypatch):
    """Exactly scipy's distance over the file, cut to the grid, whatever the strips."""
    monkeypatch.setattr(euclidean, "_STRIP_CELLS", cells)
    with rasterio.open(codes) as dataset:
        marked = dataset.read(1) == 4
    expected = distance_transform_edt(~marked, sampling=40.0)[12:52, 12:62]
    layer = DerivedLayer(RasterLayer(number, codes), ClassDistance((4,)))
    with ExitStack() as files:
        values = derive_raster(layer, GRID, files)
        found = np.full(GRID.shape, np.nan)
        for window in values.windows:
            found[window.slices] = values.read(window)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-9)


def test_maximum_caps_the_distance_and_nothing_else(codes, number):
    """Up to the maximum the numbers are those without one."""

    def distance(maximum):
        layer = DerivedLayer(RasterLayer(number, codes), ClassDistance((4,), maximum))
        with ExitStack() as files:
            values = derive_raster(layer, GRID, files)
            return np.vstack([values.read(window) for window in values.windows])

    free = distance(None)
    np.testing.assert_array_equal(distance(170.0), np.minimum(free, 170.0))
    assert (free > 170).any()


def test_share_of_classes_counts_known_cells(codes, number):
    """The share of two classes is the mean of being one of them, nodata left out."""
    with rasterio.open(codes) as dataset:
        values = dataset.read(1).astype(float)
    values[values == 0] = np.nan
    found = derived(number, codes, ClassShare((1, 4), 130.0))
    rows, cols = np.mgrid[0:64, 0:74]
    for row, col in [(0, 0), (11, 33), (39, 49)]:
        inside = np.hypot(rows - row - 12, cols - col - 12) * 40 <= 130
        circle = values[inside]
        circle = circle[~np.isnan(circle)]
        assert found[row, col] == pytest.approx(np.isin(circle, [1, 4]).mean())


def test_shares_of_all_classes_add_up(codes, number):
    """Class by class, shares sum to 1; a finer map is summed up before."""
    shares = [derived(number, codes, ClassShare((code,), 200.0)) for code in (1, 2, 3, 4)]
    np.testing.assert_allclose(sum(shares), 1.0, rtol=1e-12)


def test_finer_classes_keep_their_shares(number, write_raster):
    """Four source cells per cell: a class of one of them has a share of a quarter."""
    fine = np.tile([[1, 2], [2, 2]], SHAPE).astype("uint8")
    path = write_raster(fine, cell=20.0, name="fine.tif", nodata=0)
    found = derived(number, path, ClassShare((1,), 100.0), resampling="auto")
    np.testing.assert_allclose(found, 0.25, rtol=1e-6)


def test_class_that_is_nowhere_is_refused(codes, number):
    """No cell of the class is an error that names code and file."""
    with pytest.raises(CovariateError, match=r"No cell of codes\.tif has the code 9"):
        derived(number, codes, ClassDistance((9,)))


def test_source_far_beyond_the_grid_asks_for_a_maximum(number, write_raster, monkeypatch):
    """A map of the continent for a small grid is not walked through in silence."""
    monkeypatch.setattr(derived_rasters, "_MOST_GROWTH", 0)
    path = write_raster(np.ones(SHAPE, dtype="uint8"), nodata=0)
    with pytest.raises(CovariateError, match="Say with `maximum_m`"):
        derived(number, path, ClassDistance((1,)))


# Flow


def test_flow_is_that_of_the_grid_and_its_margin(number, write_raster):
    """On a slope to the west the way to the outlet grows with the margin."""
    path = write_raster(np.tile(np.arange(74.0), (64, 1)))
    found = derived(number, path, Flow("outlet_distance"))
    np.testing.assert_allclose(found[5], 40.0 * np.arange(50))
    wider = derived(number, path, Flow("outlet_distance", margin_m=400.0))
    np.testing.assert_allclose(wider[5], 40.0 * (10 + np.arange(50)))


def test_downstream_distance_is_capped(number, write_raster, write_features):
    """Below the mine the way along the flow, everywhere else the maximum."""
    dem = write_raster(np.tile(np.arange(74.0), (64, 1)))
    mine = Features(write_features(["POINT (201500 498900)"], "mine.gpkg"))
    found = derived(number, dem, FlowDistance("downstream", 600.0), sources=mine)
    row, col = 15, 25
    np.testing.assert_allclose(
        found[row, col - 16 : col + 2], [600] * 2 + list(range(560, -1, -40)) + [600]
    )
    assert (np.delete(found, row, axis=0) == 600).all()


def test_heights_in_feet_are_feet(number, write_raster):
    """`unit: ft` makes the slope that of metres; another unit is refused."""
    path = write_raster(np.tile(np.arange(74.0), (64, 1)))
    layer = RasterLayer(replace(number, unit="ft"), path)
    with ExitStack() as files:
        feet = derive_raster(DerivedLayer(layer, Terrain("slope")), GRID, files).read(WHOLE)
    np.testing.assert_allclose(feet, np.degrees(np.arctan(0.3048 / 40)))
    layer = RasterLayer(replace(number, unit="hPa"), path)
    with ExitStack() as files, pytest.raises(CovariateError, match="no unit of height"):
        derive_raster(DerivedLayer(layer, Terrain("slope")), GRID, files)


# Degrees


def test_slope_in_degrees_knows_the_latitude(number, write_raster):
    """A rise per degree east is steeper near the pole, where a degree is shorter."""
    grid = Grid.from_region((10.0, 10.5, 59.0, 61.0), 0.01, "EPSG:4326")
    values = np.tile(np.arange(50.0), (200, 1))
    path = write_raster(values, west=10.0, north=61.0, cell=0.01, crs="EPSG:4326")
    layer = DerivedLayer(RasterLayer(replace(number, unit="m"), path), Terrain("slope"))
    with ExitStack() as files:
        found = derive_raster(layer, grid, files).read(Window(0, 0, 200, 50))
    latitude = 61 - 0.01 * (np.arange(200) + 0.5)
    width = np.radians(0.01) * 6_371_008.8 * np.cos(np.radians(latitude))
    np.testing.assert_allclose(found[:, 25], np.degrees(np.arctan(1 / width)), rtol=1e-9)


@pytest.mark.parametrize(
    "derive",
    [ClassDistance((1,)), ClassShare((1,), 100.0), Focal("mean", 100.0), Flow("wetness")],
)
def test_lengths_in_degrees_are_refused(number, write_raster, derive):
    """Where a circle would be none, the message says to project."""
    grid = Grid.from_region((10.0, 10.5, 59.0, 61.0), 0.01, "EPSG:4326")
    path = write_raster(np.ones((200, 50)), west=10.0, north=61.0, cell=0.01, crs="EPSG:4326")
    layer = DerivedLayer(RasterLayer(number, path), derive)
    with ExitStack() as files, pytest.raises(GridError, match="projected CRS"):
        derive_raster(layer, grid, files)


# Vectors


def vector(number, path, derive, **options):
    return derive_features(VectorLayer(number, Features(path, **options), derive), GRID)


def test_units_say_what_is_counted(write_features, number):
    """Every derivation has the unit of what it adds up."""
    points = write_features(["POINT (200900 499000)", "POINT (201000 499100)"], mw=[10.0, 30.0])
    roads = write_features(["LINESTRING (200500 499000, 202000 499000)"], "r.gpkg", lanes=[2])
    weight = Weight("mw")
    for path, derive, unit in (
        (points, Density(500.0), "1/km2"),
        (points, Amount("count", 500.0), "1"),
        (roads, Amount("length", 500.0), "km"),
        (points, KernelDensity(500.0), "1/km2"),
        (points, KernelDensity(500.0, weight), "mw/km2"),
        (roads, KernelDensity(500.0), "km/km2"),
        (roads, KernelDensity(500.0, Weight("lanes")), "lanes km/km2"),
        (points, Emission(500.0), "1/km"),
        (points, Emission(500.0, weight, power=2.0), "mw/km^2"),
    ):
        assert vector(number, path, derive)[0] == unit


def test_emission_of_lines_is_refused(write_features, number):
    """An emission has points; a kernel of polygons is a share."""
    road = write_features(["LINESTRING (200500 499000, 202000 499000)"])
    with pytest.raises(CovariateError, match="Give points"):
        vector(number, road, Emission(500.0))
    field = write_features(
        ["POLYGON ((200500 499000, 202000 499000, 202000 499400, 200500 499000))"], "f.gpkg"
    )
    with pytest.raises(CovariateError, match="Derive `share`"):
        vector(number, field, KernelDensity(500.0))


def test_missing_and_negative_weights_are_told(write_features, number):
    """A missing capacity needs a word; a negative one is an error."""
    path = write_features(["POINT (200900 499000)", "POINT (201000 499100)"], mw=[10.0, None])
    with pytest.raises(CovariateError, match=r"missing for 1 of 2.*missing_weight"):
        vector(number, path, Emission(5000.0, Weight("mw")))
    _, values = vector(number, path, Emission(5000.0, Weight("mw", 0.0), nearest_m=10.0))
    assert values(np.array([[200_900.0, 498_000.0]]))[0] == pytest.approx(10.0)
    path = write_features(["POINT (200900 499000)"], "n.gpkg", mw=[-1.0])
    with pytest.raises(CovariateError, match="0 or above"):
        vector(number, path, Emission(5000.0, Weight("mw")))
    with pytest.raises(CovariateError, match="Did you mean 'mw'"):
        vector(number, path, Emission(5000.0, Weight("mww")))


def test_wind_blows_from_true_north(write_features, number):
    """Far from the central meridian grid north is not north; exposure follows true north."""
    grid = Grid("EPSG:5070", Affine(5000, 0, 1_900_000, 0, -5000, 2_500_000), (40, 40))
    place = grid.centres(np.array([20]), np.array([20]))
    turn = true_north(place, grid)[0]
    assert abs(np.degrees(turn)) > 10
    away = 50_000 * np.array([np.sin(turn), np.cos(turn)])
    chimney = shapely.Point(*(place[0] + away)).wkt
    path = write_features([chimney], crs="EPSG:5070")
    rose = WindRose((1.0, 0, 0, 0, 0, 0, 0, 0))
    layer = VectorLayer(number, Features(path), Emission(100_000.0, rose=rose))
    _, values = derive_features(layer, grid)
    assert values(place)[0] == pytest.approx(8 / 50, rel=1e-6)


def test_derived_layers_are_built_with_their_units(
    dem, codes, number, write_features, tmp_path
):
    """From files to a stack: units, tags and values of each derivation."""
    points = Features(write_features(["POINT (200900 499000)"], mw=[10.0]))

    def named(name, path):
        return RasterLayer(Covariate(name, "", Kind.CONTINUOUS, Role.TERRAIN), path)

    layers = [
        DerivedLayer(named("slope", dem), Terrain("slope")),
        DerivedLayer(named("relief", dem), Focal("difference", 200.0)),
        DerivedLayer(named("wet", dem), Flow("wetness")),
        DerivedLayer(named("rare", codes), ClassDistance((4,))),
        DerivedLayer(named("share", codes), ClassShare((1,), 200.0)),
        VectorLayer(replace(number, name="smoke"), points, Emission(9000.0, Weight("mw"))),
    ]
    catalogue = build_covariates(layers, GRID, tmp_path / "covariates")
    assert [c.unit for c in catalogue] == ["degree", "1", "1", "m", "1", "mw/km"]
    with open_stack(tmp_path / "covariates") as stack:
        values = stack.read(WHOLE)
    for band, layer in enumerate(layers[:3]):
        expected = derived(number, layer.raster.path, layer.derive).astype("float32")
        np.testing.assert_array_equal(values[band], expected)
