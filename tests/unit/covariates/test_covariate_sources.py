"""Formats that are read, and files that are not what they seem."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from scipy.io import netcdf_file

from hotspot.covariates.build import build_covariates
from hotspot.covariates.layers import Features, RasterLayer, VectorLayer
from hotspot.covariates.read import AlignedRaster
from hotspot.covariates.vectors.read import read_features
from hotspot.errors import CovariateError, GridError
from hotspot.grid import Grid, Window

RD = "EPSG:28992"
GRID = Grid(RD, Affine(40, 0, 200_000, 0, -40, 500_000), (6, 8))
DEGREES = Grid("EPSG:4326", Affine(0.5, 0, 5.0, 0, -0.5, 53.0), (3, 4))
OSM = """<?xml version="1.0" encoding="UTF-8"?>
<osm version="0.6">
 <node id="1" lat="52.4839" lon="6.0294" version="1"/>
 <node id="2" lat="52.4830" lon="6.0310" version="1"/>
 <node id="3" lat="52.4835" lon="6.0300" version="1"><tag k="man_made" v="chimney"/></node>
 <way id="10" version="1"><nd ref="1"/><nd ref="2"/><tag k="highway" v="motorway"/></way>
 <way id="11" version="1"><nd ref="2"/><nd ref="3"/><tag k="highway" v="path"/></way>
</osm>
"""


def aligned(layer, grid=GRID):
    with AlignedRaster(layer, grid) as raster:
        return raster.read(Window(0, 0, *grid.shape))


def features(path, grid=GRID, *, reach_m=None, weight=None, **options):
    return read_features(
        Features(path, **options), grid, name="mines", reach_m=reach_m, weight=weight
    )


# NetCDF


@pytest.fixture
def write_netcdf(tmp_path):
    """Return a function that writes a NetCDF file in degrees, rows from the south."""

    def write(name="a.nc", **variables):
        with netcdf_file(tmp_path / name, "w") as file:
            for axis, ticks in (
                ("lat", [51.75, 52.25, 52.75]),
                ("lon", [5.25, 5.75, 6.25, 6.75]),
            ):
                file.createDimension(axis, len(ticks))
                file.createVariable(axis, "d", (axis,))[:] = ticks
                file.variables[axis].units = f"degrees_{'north' if axis == 'lat' else 'east'}"
            for key, values in variables.items():
                file.createVariable(key, "f", ("lat", "lon"))[:] = values
        return tmp_path / name

    return write


def test_netcdf_variable_is_read_by_name(write_netcdf, number):
    """Rows come north first, whichever way the file has them; the CRS is declared."""
    rain, heat = np.arange(12.0).reshape(3, 4), np.ones((3, 4))
    path = write_netcdf(rain=rain, heat=heat)
    layer = RasterLayer(number, path, variable="rain", crs="EPSG:4326")
    np.testing.assert_array_equal(aligned(layer, DEGREES), rain[::-1])
    np.testing.assert_array_equal(aligned(replace(layer, variable="heat"), DEGREES), heat)


def test_netcdf_variables_are_listed(write_netcdf, write_raster, number):
    """Several variables need a name, a wrong one is answered with the nearest."""
    path = write_netcdf(rain=np.ones((3, 4)), heat=np.ones((3, 4)))
    with pytest.raises(CovariateError, match=r"2 variables: rain, heat.*key `variable`"):
        aligned(RasterLayer(number, path, crs="EPSG:4326"), DEGREES)
    with pytest.raises(CovariateError, match="Did you mean 'rain'"):
        aligned(RasterLayer(number, path, crs="EPSG:4326", variable="rian"), DEGREES)
    with pytest.raises(CovariateError, match="no NetCDF file"):
        aligned(RasterLayer(number, write_raster(np.ones((6, 8))), variable="rain"))


def test_other_content_under_a_netcdf_name_is_refused(tmp_path, number, write_raster):
    """The driver is pinned: a GeoTIFF or a virtual raster called .nc is not opened."""
    fake = tmp_path / "fake.nc"
    fake.write_bytes(write_raster(np.ones((6, 8))).read_bytes())
    with pytest.raises(CovariateError, match="cannot be read as NetCDF"):
        aligned(RasterLayer(number, fake))
    fake.write_text('<VRTDataset rasterXSize="1" rasterYSize="1"></VRTDataset>')
    with pytest.raises(CovariateError, match="cannot be read as NetCDF"):
        aligned(RasterLayer(number, fake))


# Tables of points


def table(tmp_path, text, name="plants.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_table_of_points_is_a_vector_layer(tmp_path):
    """Longitude and latitude become points of the grid's CRS, attributes choose and weigh."""
    path = table(
        tmp_path,
        "name,fuel,mw,lon,lat\na,coal,10,6.03,52.48\nb,gas,3,6.04,52.48\nc,coal,7,6.05,52.49\n",
    )
    options = {"columns": ("lon", "lat"), "crs": "EPSG:4326"}
    found = features(path, where={"fuel": "coal"}, **options)
    assert len(found.geometries) == 2
    import geopandas

    expected = geopandas.GeoSeries.from_xy([6.03, 6.05], [52.48, 52.49], crs="EPSG:4326")
    np.testing.assert_allclose(
        shapely.get_coordinates(found.geometries),
        shapely.get_coordinates(expected.to_crs(RD)),
        atol=1e-6,
    )


def test_rows_without_coordinates_are_told(tmp_path):
    """A row without a place is counted in a warning, not placed at zero."""
    path = table(tmp_path, "lon,lat\n6.03,52.48\n,\n6.04,\n")
    with pytest.warns(UserWarning, match="2 of 3 features of plants.csv have no geometry"):
        found = features(path, columns=("lon", "lat"), crs="EPSG:4326")
    assert len(found.geometries) == 1


@pytest.mark.parametrize(
    ("text", "options", "remedy"),
    [
        ("lon,lat\n6.03,52.48\n", {"crs": "EPSG:4326"}, "keys `easting` and `northing`"),
        ("lon,lat\n6.03,52.48\n", {"columns": ("lon", "lat")}, "key `crs`"),
        (
            "lon,lat\n6.03,52.48\n",
            {"columns": ("long", "lat"), "crs": RD},
            "Did you mean 'lon'",
        ),
        (
            "lon;lat\n6.03;52.48\n",
            {"columns": ("lon", "lat"), "crs": RD},
            "separated by commas",
        ),
        ("lon,lat\n6.03,N52\n", {"columns": ("lon", "lat"), "crs": RD}, "'N52'"),
    ],
)
def test_table_that_cannot_be_placed_says_why(tmp_path, text, options, remedy):
    """Missing columns or CRS, another separator, and text for a number."""
    with pytest.raises(CovariateError, match=remedy):
        features(table(tmp_path, text), **options)


def test_exchanged_columns_are_recognised(tmp_path):
    """A latitude of 120 degrees is an error that tells which columns to exchange."""
    path = table(tmp_path, "lon,lat\n41.6,-121.5\n")
    with pytest.raises(GridError, match="exchange `easting` and `northing`"):
        features(path, columns=("lon", "lat"), crs="EPSG:4326")


# OpenStreetMap


def test_openstreetmap_extract_is_read(tmp_path):
    """Lines by their highway, in the CRS of the grid; layers are named where there are many."""
    path = tmp_path / "town.osm"
    path.write_text(OSM, encoding="utf-8")
    found = features(path, layer="lines", where={"highway": "motorway"})
    assert len(found.geometries) == 1
    assert shapely.get_num_coordinates(found.geometries[0]) == 2
    with pytest.raises(CovariateError, match="Name one with the key `layer`"):
        features(path)


def number_of(value):
    """Return a number as protocol buffers write it, seven bits a byte."""
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def field(key, content):
    """Return a field: a number, or bytes with their length."""
    if isinstance(content, int):
        return number_of(key << 3) + number_of(content)
    return number_of(key << 3 | 2) + number_of(len(content)) + content


def signed(value):
    return value << 1 ^ value >> 63


def test_openstreetmap_extract_in_binary_is_read(tmp_path):
    """The same as .osm.pbf, put together by the rules of the format: extracts come as that."""
    words = [b"", b"highway", b"motorway"]
    nodes = b"".join(
        field(1, field(1, signed(name)) + field(8, signed(lat)) + field(9, signed(lon)))
        for name, lat, lon in ((1, 524_839_000, 60_294_000), (2, 524_830_000, 60_310_000))
    )
    refs = number_of(signed(1)) + number_of(signed(1))
    way = field(1, 10) + field(2, number_of(1)) + field(3, number_of(2)) + field(8, refs)
    block = field(1, b"".join(field(1, word) for word in words))
    block += field(2, nodes) + field(2, field(3, way))
    path = tmp_path / "town.osm.pbf"
    content = b""
    for kind, blob in ((b"OSMHeader", field(4, b"OsmSchema-V0.6")), (b"OSMData", block)):
        packed = field(1, blob)
        head = field(1, kind) + field(3, len(packed))
        content += len(head).to_bytes(4, "big") + head + packed
    path.write_bytes(content)
    found = features(path, layer="lines", where={"highway": "motorway"})
    xml = tmp_path / "town.osm"
    xml.write_text(OSM, encoding="utf-8")
    expected = features(xml, layer="lines", where={"highway": "motorway"})
    assert shapely.equals_exact(found.geometries, expected.geometries, 1e-6).all()


# Formats that point elsewhere


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "a.json",
            '{"type": "gdal_streamed_alg", "command_line": "gdal vector pipeline ! read x"}',
        ),
        ("a.gml", "<gml:FeatureCollection/>"),
        ("a.kml", "<kml/>"),
        ("a.xml", "<OGRWFSDataSource><URL>http://example.org</URL></OGRWFSDataSource>"),
        ("a.gpkg", '{"type": "FeatureCollection", "features": []}'),
        ("a.shp", "SQLite format 3"),
    ],
)
def test_files_that_are_not_what_they_are_called_are_refused(tmp_path, name, text):
    """Pipelines, services and disguised formats are not opened."""
    (tmp_path / name).write_text(text)
    with pytest.raises(CovariateError, match="Give a GeoPackage"):
        features(tmp_path / name)


# Rasters that do not fit


def test_other_cells_need_a_word(write_raster, number):
    """Finer, shifted, of another CRS: an error says what differs and what to say."""
    fine = write_raster(np.ones((12, 16)), cell=20.0, name="fine.tif")
    with pytest.raises(
        GridError, match=r"20 x 20, those of the grid 40 x 40.*resampling: auto"
    ):
        aligned(RasterLayer(number, fine))
    shifted = write_raster(np.ones((8, 10)), west=199_970.0, north=500_040.0, name="s.tif")
    with pytest.raises(GridError, match=r"lie 0\.75 and 0 of a cell aside"):
        aligned(RasterLayer(number, shifted))
    degrees = write_raster(
        np.ones((40, 40)),
        name="d.tif",
        crs="EPSG:4326",
        transform=Affine(0.001, 0, 6.02, 0, -0.001, 52.5),
    )
    with pytest.raises(GridError, match=r"it is in EPSG:4326, the grid in EPSG:28992"):
        aligned(RasterLayer(number, degrees))
    for path in (fine, shifted, degrees):
        np.testing.assert_allclose(
            aligned(RasterLayer(number, path, resampling="auto")), 1.0, rtol=1e-12
        )


def test_rotated_raster_is_turned(write_raster, number):
    """A turned raster needs a word, and then each cell gets the value of its place."""
    turn = Affine.translation(200_160, 499_880) @ Affine.rotation(30)
    transform = turn @ Affine.translation(-400, 400) @ Affine.scale(10, -10)
    plane = np.empty((80, 80))
    for row in range(80):
        for col in range(80):
            plane[row, col] = (transform @ (col + 0.5, row + 0.5))[0]
    path = write_raster(plane, transform=transform)
    with pytest.raises(GridError, match="it is rotated"):
        aligned(RasterLayer(number, path))
    found = aligned(RasterLayer(number, path, resampling="bilinear"))
    expected = np.tile(200_020 + 40.0 * np.arange(8), (6, 1))
    np.testing.assert_allclose(found, expected, atol=1.0)


def test_south_up_raster_is_turned(write_raster, number):
    """A raster stored from the south needs a word, and then lies the right way up."""
    values = np.arange(48.0).reshape(6, 8)
    path = write_raster(values[::-1], transform=Affine(40, 0, 200_000, 0, 40, 499_760))
    with pytest.raises(GridError, match="south-up"):
        aligned(RasterLayer(number, path))
    found = aligned(RasterLayer(number, path, resampling="nearest"))
    np.testing.assert_array_equal(found, values)


def test_scale_and_offset_are_applied(write_raster, number):
    """Whole numbers with a scale are read as what they stand for, nodata before it."""
    values = np.full((6, 8), 215, dtype="int16")
    values[0, 0] = -999
    path = write_raster(values, nodata=-999)
    with rasterio.open(path, "r+") as dataset:
        dataset.scales, dataset.offsets = (0.1,), (-20.0,)
    found = aligned(RasterLayer(number, path))
    assert np.isnan(found[0, 0])
    np.testing.assert_allclose(found[1:], 1.5)


def test_zeros_at_the_border_are_suspected(write_raster, number):
    """A collar of zeros without nodata is named; `nodata` answers, one way or the other."""
    values = np.zeros((60, 80), dtype="float32")
    values[8:-8, 8:-8] = np.random.default_rng(0).random((44, 64)) + 1
    path = write_raster(values, name="collar.tif")

    def told(**options):
        with AlignedRaster(RasterLayer(number, path, **options), GRID) as raster:
            raster.warn_of_collar()

    with pytest.warns(
        UserWarning, match=r"100% of the border of collar\.tif is 0.*`nodata: 0`"
    ):
        told()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        told(nodata=0.0)
        told(nodata="none")


@pytest.mark.parametrize("kind", ["all zero", "counts", "declared"])
def test_honest_zeros_are_not_suspected(write_raster, number, kind):
    """A flat map, rare events, and a file that declares its nodata raise no word."""
    rng = np.random.default_rng(0)
    values = np.zeros((60, 80), dtype="float32")
    if kind == "counts":
        values[:] = rng.random(values.shape) < 0.05
    if kind == "declared":
        values[8:-8, 8:-8] = 1.0
    path = write_raster(values, nodata=-1 if kind == "declared" else None)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with AlignedRaster(RasterLayer(number, path), GRID) as raster:
            raster.warn_of_collar()


def test_raster_of_part_of_the_grid_needs_a_word(write_raster, number, tmp_path):
    """Too small a file is an error with both regions; `cover: part` says that it is meant."""
    path = write_raster(np.ones((6, 6), dtype="float32"))
    with pytest.raises(GridError, match=r"reaches over 7\d\.\d% of the grid.*cover: part"):
        build_covariates([RasterLayer(number, path)], GRID, tmp_path / "c")
    build_covariates([RasterLayer(number, path, cover="part")], GRID, tmp_path / "c")


def test_units_must_agree(write_raster, number):
    """A file in feet is not a covariate in metres; without a word its own unit stands."""
    path = write_raster(np.ones((6, 8)))
    with rasterio.open(path, "r+") as dataset:
        dataset.units = ("feet",)
    with pytest.raises(CovariateError, match=r"in 'feet'.*declared in 'm'.*unit: feet"):
        aligned(RasterLayer(replace(number, unit="m"), path))
    for unit, expected in (("ft", "ft"), ("", "feet")):
        with AlignedRaster(RasterLayer(replace(number, unit=unit), path), GRID) as raster:
            assert raster.unit == expected


# Features that do not fit


def test_invalid_polygons_are_repaired_and_counted(write_features):
    """A bow tie becomes two triangles, with a word about how many and why."""
    path = write_features(
        [
            "POLYGON ((200000 499800, 200100 499900, 200100 499800, 200000 499900, "
            "200000 499800))",
            "POLYGON ((200200 499800, 200300 499800, 200300 499900, 200200 499800))",
        ]
    )
    with pytest.warns(
        UserWarning, match=r"1 of 2 features of a\.gpkg are invalid \(Self-inter"
    ):
        found = features(path)
    assert shapely.is_valid(found.geometries).all()
    assert shapely.area(found.geometries).sum() == pytest.approx(5000 + 5000)


def test_features_of_elsewhere_are_told(write_features):
    """Distances to one far point are a plane; the regions of both are shown."""
    path = write_features(["POINT (100000 400000)"])
    with pytest.warns(UserWarning, match="lies anywhere near the grid.*100000"):
        features(path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        features(write_features(["POINT (200900 499800)"], "near.gpkg"))


def test_empty_layer_is_refused(write_features):
    """A file without features is an error before anything is derived."""
    path = write_features([], name="none.gpkg")
    with pytest.raises(CovariateError, match="no feature with a geometry"):
        features(path)


def test_layers_of_several_systems_meet_on_the_grid(write_features, number, tmp_path):
    """Each file is brought to the grid from its own CRS: the same point, the same distances."""
    import geopandas

    here = geopandas.GeoSeries.from_wkt(["POINT (200100 499900)"], crs=RD)
    paths = [
        write_features(list(here.to_crs(crs).to_wkt()), f"{code}.gpkg", crs=crs)
        for code, crs in enumerate((RD, "EPSG:4326", "EPSG:32631", "EPSG:3035"))
    ]
    found = [shapely.get_coordinates(features(path).geometries) for path in paths]
    for place in found[1:]:
        np.testing.assert_allclose(place, found[0], atol=0.01)
    with pytest.raises(GridError, match="declares EPSG:3035"):
        features(paths[1], crs="EPSG:3035")
    layers = [
        VectorLayer(replace(number, name=f"mine_{n}"), Features(path))
        for n, path in enumerate(paths)
    ]
    assert len(build_covariates(layers, GRID, tmp_path / "c")) == 4
