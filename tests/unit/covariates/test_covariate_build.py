"""Building the covariates of a grid and reading them back as a stack."""

import json
import warnings
from dataclasses import replace

import numpy as np
import pytest
import rasterio
from affine import Affine
from rio_cogeo import cog_validate

from hotspot.covariates.build import build_covariates
from hotspot.covariates.catalogue import Catalogue, Covariate, Kind, Role
from hotspot.covariates.derivations import Density
from hotspot.covariates.layers import CoordinateLayer, Features, RasterLayer, VectorLayer
from hotspot.covariates.stack import open_stack
from hotspot.errors import CovariateError, GridError
from hotspot.grid import Grid, Window

RD = "EPSG:28992"
GRID = Grid(RD, Affine(40, 0, 200_000, 0, -40, 500_000), (6, 8))
WHOLE = Window(0, 0, 6, 8)
POINTS = ["POINT (200100 499900)", "POINT (200200 499800)"]


def covariate(name, kind=Kind.CONTINUOUS, **options):
    return Covariate(name, options.pop("unit", "1"), kind, Role.SOIL, **options)


@pytest.fixture
def layers(write_raster, write_features):
    """Return one layer of each sort, complete on the grid."""
    numbers = write_raster(np.arange(48, dtype="float32").reshape(6, 8), name="n.tif")
    codes = write_raster(np.tile([1, 7], (6, 4)).astype("uint8"), name="c.tif", nodata=0)
    points = write_features(POINTS)
    return [
        RasterLayer(covariate("clay", unit="g/kg", description="of topsoil"), numbers),
        RasterLayer(covariate("rock", Kind.CATEGORICAL, unit="class"), codes),
        VectorLayer(covariate("mine_distance"), Features(points)),
        VectorLayer(covariate("mine_density"), Features(points), Density(200.0)),
        CoordinateLayer(covariate("northing"), "northing"),
    ]


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "interim" / "covariates"


def test_files_are_what_was_promised(layers, folder):
    """One valid COG per covariate on the grid, with its tags, and the catalogue."""
    catalogue = build_covariates(layers, GRID, folder)
    assert {path.name for path in folder.iterdir()} == {
        *(f"{name}.tif" for name in catalogue.names),
        "catalogue.json",
    }
    for name in catalogue.names:
        assert cog_validate(folder / f"{name}.tif", strict=True)[0]
    with rasterio.open(folder / "clay.tif") as dataset:
        tags = dataset.tags()
        assert dataset.nodata is not None
        assert dataset.units == ("g/kg",)
    expected = {
        "role": "soil",
        "kind": "continuous",
        "unit": "g/kg",
        "description": "of topsoil",
        "source": "n.tif",
    }
    assert expected.items() <= tags.items()
    assert not [path for path in folder.parent.iterdir() if path != folder]


def test_stack_gives_back_what_was_built(layers, folder):
    """Values, grid, catalogue and order survive the disk."""
    catalogue = build_covariates(layers, GRID, folder)
    with open_stack(folder) as stack:
        assert stack.catalogue == catalogue
        assert stack.grid == GRID
        values = stack.read(WHOLE)
    np.testing.assert_array_equal(values[0], np.arange(48).reshape(6, 8))
    np.testing.assert_array_equal(values[1], np.tile([1, 7], (6, 4)))
    assert values[2, 2, 2] == pytest.approx(0, abs=1e-6)
    assert values[2, 2, 4] == pytest.approx(80, rel=1e-6)
    assert values[3, 2, 2] == pytest.approx(2 / (np.pi * 0.04), rel=1e-6)
    np.testing.assert_array_equal(values[4, :, 0], 500_000 - 40 * (np.arange(6) + 0.5))


def test_derived_units_are_set(layers, folder):
    """A distance is in m and a density of points per km2, whatever the layer said."""
    catalogue = build_covariates(layers, GRID, folder)
    assert catalogue["mine_distance"].unit == "m"
    assert catalogue["mine_density"].unit == "1/km2"


def test_northing_keeps_its_millimetres(folder):
    """A northing of millions is stored without rounding to half a metre."""
    far = Grid(RD, Affine(0.1, 0, 0, 0, -0.1, 5_000_000.3), (2, 2))
    build_covariates([CoordinateLayer(covariate("northing"), "northing")], far, folder)
    with open_stack(folder) as stack:
        found = stack.read(Window(0, 0, 2, 2))[0, :, 0]
    np.testing.assert_allclose(found, [5_000_000.25, 5_000_000.15], rtol=0, atol=1e-6)


def test_codes_found_become_the_classes(layers, folder):
    """Classes that nobody declared are recorded, so that prediction can know them."""
    catalogue = build_covariates(layers[:2], GRID, folder)
    assert catalogue["rock"].classes == ((1, "1"), (7, "7"))
    written = json.loads((folder / "catalogue.json").read_text(encoding="utf-8"))
    assert written["covariates"][1]["classes"] == {"1": "1", "7": "7"}


def test_code_outside_the_declared_classes_is_refused(layers, folder):
    """An undeclared code is listed; declared ones keep their labels."""
    path = layers[1].path
    known = covariate("rock", Kind.CATEGORICAL, classes=((1, "chalk"), (7, "marl"), (9, "x")))
    made = build_covariates([RasterLayer(known, path)], GRID, folder)["rock"]
    assert made == replace(known, unit="class")
    unknown = covariate("rock", Kind.CATEGORICAL, classes=((1, "chalk"),))
    with pytest.raises(CovariateError, match=r"not among the classes of rock: 7\. Add"):
        build_covariates([RasterLayer(unknown, path)], GRID, folder)


def test_number_declared_as_class_is_refused(write_raster, folder):
    """A raster of thousands of whole numbers is elevation, not a map of classes."""
    grid = Grid(RD, GRID.transform, (40, 40))
    path = write_raster(np.arange(1600, dtype="int32").reshape(40, 40))
    with pytest.raises(CovariateError, match="kind continuous"):
        build_covariates([RasterLayer(covariate("dem", Kind.CATEGORICAL), path)], grid, folder)


def test_all_missing_is_refused(write_raster, folder):
    """A raster of nodata on the grid is an error, not an empty map."""
    path = write_raster(np.full((6, 8), -9999, dtype="float32"), nodata=-9999)
    with pytest.raises(CovariateError, match="nodata throughout"):
        build_covariates([RasterLayer(covariate("clay"), path)], GRID, folder)


def test_a_raster_that_covers_less_than_another_is_warned_of(write_raster, folder):
    """A raster that lacks a quarter of what another covers says so, with both shares."""
    whole = write_raster(np.ones((6, 8), dtype="float32"), name="whole.tif")
    part = write_raster(np.ones((6, 6), dtype="float32"), name="part.tif")
    layers = [
        RasterLayer(covariate("clay"), part, cover="part"),
        RasterLayer(covariate("dem"), whole),
    ]
    with pytest.warns(UserWarning, match=r"widest one, 100\.0%: clay 75\.0%"):
        build_covariates(layers, GRID, folder)


def test_rasters_of_one_extent_are_not_warned_of(write_raster, folder):
    """A study area that fills part of its grid is nothing to warn of."""
    path = write_raster(np.ones((6, 6), dtype="float32"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        build_covariates([RasterLayer(covariate("clay"), path, cover="part")], GRID, folder)


def test_error_leaves_the_old_covariates(layers, folder, tmp_path):
    """Whole or not at all: the last layer fails and the first build still stands."""
    build_covariates(layers, GRID, folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    broken = RasterLayer(covariate("lost"), tmp_path / "lost.tif")
    with pytest.raises(CovariateError, match="no file"):
        build_covariates([*layers[2:], broken], GRID, folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert not [path for path in folder.parent.iterdir() if path != folder]


def test_bytes_are_the_same_each_time(layers, folder, tmp_path):
    """Two builds give the same files."""
    build_covariates(layers, GRID, folder)
    build_covariates(layers, GRID, tmp_path / "again")
    for path in folder.iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes()


def test_progress_names_each_covariate(layers, folder):
    """The caller hears of each covariate in order."""
    heard = []
    catalogue = build_covariates(layers, GRID, folder, progress=heard.append)
    assert tuple(heard) == catalogue.names


def test_on_a_grid_in_degrees_only_points_are_measured(layers, folder, write_features):
    """Great circles to points are metres; lines among degrees are refused."""
    grid = Grid.from_region((6.0, 6.1, 52.4, 52.5), 0.01, "EPSG:4326")
    assert build_covariates(layers[2:3], grid, folder)["mine_distance"].unit == "m"
    road = write_features(["LINESTRING (200100 499900, 200200 499800)"], "road.gpkg")
    with pytest.raises(GridError, match=r"only points can be measured.*projected"):
        build_covariates([VectorLayer(covariate("road"), Features(road))], grid, folder)


def test_no_layers_or_twice_a_name_are_refused(layers, folder):
    """An empty list and a repeated name are errors before any work."""
    with pytest.raises(CovariateError, match="at least one layer"):
        build_covariates([], GRID, folder)
    with pytest.raises(CovariateError, match="share a name: clay"):
        build_covariates([layers[0], layers[0]], GRID, folder)


# The stack


def test_points_get_the_value_of_their_cell(layers, folder):
    """In the order asked, from several blocks; NaN outside the grid."""
    grid = Grid(RD, Affine(40, 0, 200_000, 0, -40, 500_000), (600, 700))
    build_covariates([layers[4], CoordinateLayer(covariate("e"), "easting")], grid, folder)
    rng = np.random.default_rng(0)
    points = rng.uniform([199_000, 475_000], [229_000, 501_000], (200, 2))
    with open_stack(folder) as stack:
        found = stack.sample(points)
    rows, cols, inside = grid.cells(points)
    assert 0 < inside.sum() < 200
    expected = np.where(inside[:, np.newaxis], grid.centres(rows, cols)[:, ::-1], np.nan)
    np.testing.assert_array_equal(found.to_numpy(), expected)
    assert list(found.columns) == ["northing", "e"]


def test_no_points_give_no_rows(layers, folder):
    """Sampling at no point is a table without rows."""
    build_covariates(layers, GRID, folder)
    with open_stack(folder) as stack:
        assert stack.sample(np.empty((0, 2))).shape == (0, 5)


@pytest.mark.filterwarnings("ignore:The covariate")
def test_frame_holds_complete_cells_with_their_places(write_raster, layers, folder):
    """A cell that lacks one covariate is left out; positions lead back to the window."""
    holes = np.arange(48, dtype="float32").reshape(6, 8)
    holes[2, 3] = holes[5, 7] = np.nan
    holed = RasterLayer(covariate("holed"), write_raster(holes, name="h.tif"))
    build_covariates([layers[0], holed], GRID, folder)
    window = Window(1, 2, 3, 4)
    with open_stack(folder) as stack:
        frame, positions = stack.frame(window)
    assert len(frame) == 11
    expected = np.arange(48).reshape(6, 8)[window.slices].ravel()
    np.testing.assert_array_equal(frame["clay"], expected[positions])
    np.testing.assert_array_equal(frame["holed"], expected[positions])


@pytest.mark.filterwarnings("ignore:The covariate")
def test_window_without_values_has_an_empty_frame(write_raster, folder):
    """A window over the sea has no rows but keeps its columns."""
    values = np.ones((6, 8), dtype="float32")
    values[:3] = np.nan
    build_covariates([RasterLayer(covariate("clay"), write_raster(values))], GRID, folder)
    with open_stack(folder) as stack:
        frame, positions = stack.frame(Window(0, 0, 3, 8))
    assert list(frame.columns) == ["clay"]
    assert len(frame) == len(positions) == 0


def test_raster_replaced_by_another_grid_is_refused(layers, folder, write_raster):
    """A file of another grid in the folder is told by name."""
    build_covariates(layers, GRID, folder)
    other = write_raster(np.ones((6, 8), dtype="float32"), west=200_020.0)
    (folder / "clay.tif").write_bytes(other.read_bytes())
    with pytest.raises(CovariateError, match=r"clay\.tif is not on the grid"):
        open_stack(folder)


def test_missing_parts_of_a_stack_name_the_command(layers, folder):
    """No catalogue, a broken one, or a lost raster are errors that say what to run."""
    with pytest.raises(CovariateError, match="Run `hotspot covariates`"):
        open_stack(folder)
    build_covariates(layers, GRID, folder)
    (folder / "rock.tif").unlink()
    with pytest.raises(
        CovariateError, match=r"rasters of rock.* Run `hotspot covariates` again"
    ):
        open_stack(folder)
    (folder / "catalogue.json").write_text('{"covariates": 3}')
    with pytest.raises(CovariateError, match="Run `hotspot covariates` again"):
        open_stack(folder)


def test_published_rasters_are_copied(shared, folder):
    """Soil classes of the Meuse and rock types of the Jura arrive as they are."""
    for place, name in (("meuse", "soil"), ("jura", "rock")):
        path = shared / "data" / place / "rasters" / f"{name}.tif"
        with rasterio.open(path) as dataset:
            grid = Grid(dataset.crs.to_string(), dataset.transform, dataset.shape)
            expected = dataset.read(1, masked=True)
        layer = RasterLayer(covariate(name, Kind.CATEGORICAL), path)
        catalogue: Catalogue = build_covariates([layer], grid, folder)
        with open_stack(folder) as stack:
            found = stack.read(Window(0, 0, *grid.shape))[0]
        np.testing.assert_array_equal(np.isnan(found), expected.mask)
        np.testing.assert_array_equal(found[~expected.mask], expected.compressed())
        assert [code for code, _ in catalogue[name].classes] == sorted(
            set(expected.compressed())
        )
