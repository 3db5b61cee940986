"""Raster layers on a grid, features in its CRS, and the grid itself."""

from dataclasses import replace

import numpy as np
import pytest
import shapely
from affine import Affine

from hotspot.covariates import read
from hotspot.covariates.grids import resolve_grid
from hotspot.covariates.layers import Features, RasterLayer
from hotspot.covariates.read import AlignedRaster
from hotspot.covariates.vectors.read import read_features
from hotspot.errors import CovariateError, GridError
from hotspot.grid import Grid, Window

RD = "EPSG:28992"
GRID = Grid(RD, Affine(40, 0, 200_000, 0, -40, 500_000), (6, 8))
WHOLE = Window(0, 0, 6, 8)
# Two points on the grid, one 10 km away.
POINTS = ["POINT (200100 499900)", "POINT (200200 499800)", "POINT (210000 499800)"]


def aligned(layer, grid=GRID):
    with AlignedRaster(layer, grid) as raster:
        return raster.read(Window(0, 0, *grid.shape))


# Rasters


def test_raster_in_place_is_copied_bit_by_bit(write_raster, number):
    """Values on the cells of the grid come back unchanged, doubles as doubles."""
    values = np.random.default_rng(0).normal(size=(6, 8))
    with AlignedRaster(RasterLayer(number, write_raster(values)), GRID) as raster:
        assert raster.is_in_place
        assert raster.dtype == "float64"
        np.testing.assert_array_equal(raster.read(WHOLE), values)


def test_raster_shifted_by_whole_cells_is_copied(write_raster, number):
    """A raster two cells west and one south is copied; what it lacks is missing."""
    values = np.arange(48, dtype="float32").reshape(6, 8)
    path = write_raster(values, west=200_000 - 80, north=500_000 - 40)
    result = aligned(RasterLayer(number, path))
    np.testing.assert_array_equal(result[1:, :-2], values[:-1, 2:])
    assert np.isnan(result[0]).all()
    assert np.isnan(result[:, -2:]).all()


def test_infinite_values_are_missing(write_raster, number):
    """Infinity, the mark of a division by zero, is missing; so is NaN."""
    values = np.ones((6, 8), dtype="float32")
    values[0, :3] = [np.inf, -np.inf, np.nan]
    missing = np.isnan(aligned(RasterLayer(number, write_raster(values))))
    assert missing[0, :3].all()
    assert missing.sum() == 3


def test_declared_nodata_takes_no_part_in_averages(write_raster, number):
    """A -9999 that the file does not declare does not pull an average down."""
    values = np.ones((12, 16), dtype="float32")
    values[0, 0] = -9999
    path = write_raster(values, cell=20.0)
    np.testing.assert_allclose(
        aligned(RasterLayer(number, path, nodata=-9999, resampling="auto")), 1.0
    )


def test_second_band_is_read(tmp_path, write_raster, number):
    """`band` counts from 1."""
    path = write_raster(np.ones((6, 8)), count=2)
    import rasterio

    with rasterio.open(path, "r+") as dataset:
        dataset.write(np.full((6, 8), 2.0), 2)
    assert (aligned(RasterLayer(number, path, band=2)) == 2).all()
    with pytest.raises(CovariateError, match="no band 3"):
        aligned(RasterLayer(number, path, band=3))


def test_large_source_is_read_in_halves(write_raster, number, monkeypatch):
    """A window that needs too many source cells is read in parts, with the same result."""
    values = np.random.default_rng(0).normal(size=(65, 81))
    path = write_raster(values, west=199_997.0, north=500_004.0, cell=4.0)
    layer = RasterLayer(number, path, resampling="auto")
    whole = aligned(layer)
    monkeypatch.setattr(read, "_SOURCE_CELLS", 600)
    np.testing.assert_allclose(aligned(layer), whole, rtol=1e-12)


def test_source_too_fine_for_the_memory_is_refused(write_raster, number, monkeypatch):
    """One cell over more source cells than fit is an error that says to aggregate."""
    monkeypatch.setattr(read, "_SOURCE_CELLS", 10)
    monkeypatch.setattr(read, "_SOURCE_CELLS_OF_ONE", 50)
    path = write_raster(np.ones((60, 80)), cell=4.0)
    with pytest.raises(CovariateError, match="Aggregate the raster"):
        aligned(RasterLayer(number, path, resampling="auto"))


def test_missing_crs_is_declared_by_the_layer(write_raster, number):
    """A raster without a CRS is refused, and read once the layer declares it."""
    path = write_raster(np.ones((6, 8)), crs=None)
    with pytest.raises(GridError, match="key `crs`"):
        aligned(RasterLayer(number, path))
    assert (aligned(RasterLayer(number, path, crs=RD)) == 1).all()


def test_contradicting_crs_is_refused(write_raster, number):
    """A layer cannot declare another CRS than the file; the same one is fine."""
    path = write_raster(np.ones((6, 8)))
    assert (aligned(RasterLayer(number, path, crs=RD)) == 1).all()
    with pytest.raises(GridError, match=r"Amersfoort.*declares EPSG:32631"):
        aligned(RasterLayer(number, path, crs="EPSG:32631"))


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_raster_without_a_position_is_refused(write_raster, number):
    """A CRS alone does not say where a raster lies."""
    path = write_raster(np.ones((6, 8)), transform=Affine.identity())
    with pytest.raises(GridError, match="no position"):
        aligned(RasterLayer(number, path))


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"west": 300_000.0},
        {"crs": "EPSG:4326", "transform": Affine(0.001, 0, 5.0, 0, -0.001, 50.0)},
        # Easting and northing exchanged.
        {"west": 500_000.0, "north": 200_000.0},
    ],
)
def test_raster_elsewhere_is_told_with_both_regions(write_raster, number, elsewhere):
    """No overlap is an error that shows both regions in the CRS of the grid."""
    path = write_raster(np.ones((6, 8)), **elsewhere)
    with pytest.raises(GridError, match=r"no cell in common.*covers \(\d.*200000, 200320"):
        aligned(RasterLayer(number, path))


def test_categorical_raster_of_fractions_is_refused(write_raster, rock):
    """A code of 1.5 is no code; declared as nodata it is missing."""
    values = np.ones((6, 8))
    values[2, 2] = 1.5
    path = write_raster(values)
    with pytest.raises(CovariateError, match=r"1\.5, which are no codes"):
        aligned(RasterLayer(rock, path))
    assert np.isnan(aligned(RasterLayer(rock, path, nodata=1.5))[2, 2])


@pytest.mark.parametrize("unit", ["", "1", "class"])
def test_codes_are_in_no_unit(write_raster, rock, unit):
    """A layer of classes carries `class`, whether or not the configuration gives a unit."""
    layer = RasterLayer(replace(rock, unit=unit), write_raster(np.ones((6, 8))))
    with AlignedRaster(layer, GRID) as raster:
        assert raster.unit == "class"


# Features


def read_points(path, number, *, reach_m=None, **options):
    features = Features(path, **options)
    return read_features(features, GRID, name=number.name, reach_m=reach_m).geometries


@pytest.mark.parametrize("name", ["a.gpkg", "a.parquet", "a.geojson", "a.fgb", "a.shp"])
def test_features_are_read_from_every_format(write_features, number, name):
    """The usual formats give the same places in the CRS of the grid."""
    crs = "EPSG:4326" if name == "a.geojson" else RD
    points = shapely.from_wkt(POINTS)
    if crs != RD:
        import geopandas

        points = geopandas.GeoSeries(points, crs=RD).to_crs(crs).to_numpy()
    path = write_features(shapely.to_wkt(points, rounding_precision=-1), name, crs=crs)
    found = shapely.get_coordinates(read_points(path, number))
    expected = shapely.get_coordinates(shapely.from_wkt(POINTS))
    # FlatGeobuf orders features in space.
    np.testing.assert_allclose(found[np.argsort(found[:, 0])], expected, atol=0.01)


def test_features_are_chosen_by_attribute(write_features, number):
    """`where` takes a value or a list, and all conditions must hold."""
    path = write_features(POINTS, kind=["mine", "mine", "road"], year=[1900, 1950, 1950])
    assert len(read_points(path, number, where={"kind": "mine"})) == 2
    assert len(read_points(path, number, where={"kind": ["mine", "road"]})) == 3
    assert len(read_points(path, number, where={"kind": "mine", "year": 1950})) == 1


def test_unmet_attribute_shows_what_there_is(write_features, number):
    """An unknown attribute or value is answered with the known ones."""
    path = write_features(POINTS, kind=["mine", "mine", "road"])
    with pytest.raises(CovariateError, match=r"Did you mean 'kind'"):
        read_points(path, number, where={"knd": "mine"})
    with pytest.raises(CovariateError, match=r"It is mine, road there"):
        read_points(path, number, where={"kind": "Mine"})


def test_layer_of_several_must_be_named(write_features, number):
    """Two layers need a choice; a wrong name is answered with the nearest."""
    write_features(POINTS, layer="mines")
    path = write_features(POINTS[:1], layer="roads")
    with pytest.raises(CovariateError, match="2 layers: mines, roads"):
        read_points(path, number)
    with pytest.raises(CovariateError, match="Did you mean 'roads'"):
        read_points(path, number, layer="road")
    assert len(read_points(path, number, layer="roads")) == 1


def test_distance_reads_all_and_density_the_near(write_features, number):
    """The far point counts for a distance; a density of 1 km leaves it out."""
    path = write_features(POINTS)
    assert len(read_points(path, number)) == 3
    assert len(read_points(path, number, reach_m=1000.0)) == 2


def test_density_without_a_feature_near_is_refused(write_features, number):
    """A density that would be 0 throughout is an error with both regions."""
    path = write_features(["POINT (300000 400000)"])
    with pytest.raises(CovariateError, match=r"0 throughout.*300000.*200000"):
        read_points(path, number, reach_m=1000.0)


def test_features_without_crs_need_a_declaration(write_features, number):
    """A vector file without a CRS is refused, and read once the layer declares it."""
    path = write_features(POINTS, crs=None)
    with pytest.raises(GridError, match="key `crs`"):
        read_points(path, number)
    assert len(read_points(path, number, crs=RD)) == 3
    with pytest.raises(GridError, match="declares EPSG:4326"):
        read_points(write_features(POINTS, "b.gpkg"), number, crs="EPSG:4326")


def test_metres_called_degrees_are_refused(write_features, number):
    """Coordinates that no transformation can place are an error, not infinity."""
    path = write_features(POINTS, crs="EPSG:4326")
    with pytest.raises(GridError, match="cannot be placed"):
        read_points(path, number)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_layer_without_geometry_is_refused(write_features, number, tmp_path):
    """Empty geometries alone are no layer; a plain table is none either."""
    path = write_features(["POINT EMPTY", None])
    with pytest.raises(CovariateError, match="no feature with a geometry"):
        read_points(path, number)
    table = tmp_path / "t.csv"
    table.write_text("kind,length\nroad,1\n")
    with pytest.raises(CovariateError, match="without geometries"):
        read_points(table, number)


@pytest.mark.parametrize("name", ["a.vrt", "a.gpkg", "a.geojson"])
def test_virtual_layer_is_refused_under_any_name(tmp_path, number, name):
    """A virtual layer could name any file or address, so it is not opened."""
    (tmp_path / name).write_text(
        '<OGRVRTDataSource><OGRVRTLayer name="a"><SrcDataSource>/etc/hosts</SrcDataSource>'
        "</OGRVRTLayer></OGRVRTDataSource>"
    )
    with pytest.raises(CovariateError, match="Give a GeoPackage"):
        read_points(tmp_path / name, number)


@pytest.mark.parametrize("name", ["a.gpkg", "a.parquet", "a.geojson"])
def test_damaged_vector_file_is_refused(tmp_path, number, name):
    """Rubbish is an error that says which formats are read."""
    (tmp_path / name).write_bytes(b"rubbish")
    with pytest.raises(CovariateError, match="Give a GeoPackage"):
        read_points(tmp_path / name, number)


def test_missing_vector_file_names_its_neighbour(write_features, number, tmp_path):
    """A mistyped file name suggests the right one."""
    write_features(POINTS, "roads.gpkg")
    with pytest.raises(CovariateError, match=r"Did you mean 'roads\.gpkg'"):
        read_points(tmp_path / "raods.gpkg", number)


# The grid


def test_grid_comes_from_a_raster_or_from_numbers(write_raster):
    """`like` alone, or CRS with cell size and region, make the grid."""
    assert resolve_grid(like=write_raster(np.ones((6, 8)))) == GRID
    region = (200_000.0, 200_320.0, 499_760.0, 500_000.0)
    assert resolve_grid(crs=RD, resolution=40, region=region) == GRID


def test_half_a_grid_is_refused(write_raster):
    """Neither, both, or a part of it is an error that says what belongs together."""
    path = write_raster(np.ones((6, 8)))
    for options in ({}, {"crs": RD}, {"like": path, "crs": RD}):
        with pytest.raises(GridError, match="`like` alone"):
            resolve_grid(**options)
