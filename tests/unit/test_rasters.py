"""Raster files: what is opened, what is refused, and what a writer leaves behind."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from rio_cogeo import cog_validate

from hotspot.errors import CovariateError, GridError, OutputError
from hotspot.grid import Grid, Window
from hotspot.rasters import (
    CogWriter,
    ScaledInteger,
    bounded_cache,
    cog_size,
    open_raster,
    read_grid,
    read_window,
)

RD = "EPSG:28992"
GRID = Grid(RD, Affine(40, 0, 1000, 0, -40, 5000), (5, 7))
LARGE = Grid(RD, Affine(40, 0, 1000, 0, -40, 90000), (700, 1100))
ALL = Window(0, 0, *GRID.shape)


def plain(path, values, **extra):
    """Write a GeoTIFF as other programs do."""
    bands = values[np.newaxis] if values.ndim == 2 else values
    profile = {
        "driver": "GTiff",
        "count": len(bands),
        "height": bands.shape[1],
        "width": bands.shape[2],
        "dtype": bands.dtype,
        "crs": RD,
        "transform": GRID.transform,
    } | extra
    with rasterio.open(path, "w", **profile) as dataset:
        dataset.write(bands)
    return path


def numbers(shape=GRID.shape, dtype="float32"):
    return np.arange(np.prod(shape), dtype=dtype).reshape(shape)


def write(path, grid=GRID, values=None, **options):
    """Write one array with a `CogWriter`."""
    values = numbers(grid.shape) if values is None else values
    with CogWriter(path, grid, **options) as writer:
        writer.write(Window(0, 0, *grid.shape), values)
    return path


# What is opened


@pytest.mark.parametrize(
    "path", ["/vsicurl/http://x/a.tif", "/vsizip/a.zip/a.tif", "http://x/a.tif", "a\0.tif"]
)
def test_paths_that_gdal_would_fetch_are_refused(path):
    """Addresses, virtual file systems and NUL never reach GDAL."""
    with pytest.raises(CovariateError, match="no local file"):
        open_raster(Path(path))


def test_missing_file_names_its_neighbour(tmp_path):
    """A mistyped name is answered with the nearest file of the folder."""
    plain(tmp_path / "elevation.tif", numbers())
    with pytest.raises(CovariateError, match=r"Did you mean 'elevation\.tif'"):
        open_raster(tmp_path / "elevaton.tif")


@pytest.mark.parametrize("name", ["stack.vrt", "stack.tif"])
def test_virtual_raster_is_refused_under_any_name(tmp_path, name):
    """A VRT could name any file or address, so it is not opened."""
    target = plain(tmp_path / "a.tif", numbers())
    vrt = tmp_path / name
    vrt.write_text(
        '<VRTDataset rasterXSize="7" rasterYSize="5"><VRTRasterBand dataType="Float32" '
        f'band="1"><SimpleSource><SourceFilename>{target}</SourceFilename></SimpleSource>'
        "</VRTRasterBand></VRTDataset>"
    )
    with pytest.raises(CovariateError, match="mosaic"):
        open_raster(vrt)


@pytest.mark.parametrize("content", [b"", b"II*\0rubbish", b"not a raster at all"])
def test_damaged_file_is_refused(tmp_path, content):
    """A file without a raster in it is an error that says which formats are read."""
    path = tmp_path / "a.tif"
    path.write_bytes(content)
    with pytest.raises(CovariateError, match="Give a GeoTIFF"):
        open_raster(path)


def test_truncated_file_is_told_as_damaged(tmp_path):
    """A download that broke off opens, and reading it says that the file is damaged."""
    noise = np.random.default_rng(0).normal(size=(400, 400))
    path = plain(tmp_path / "a.tif", noise, compress="deflate")
    path.write_bytes(path.read_bytes()[:200_000])
    with open_raster(path) as dataset, pytest.raises(CovariateError, match=r"damaged.*anew"):
        read_window(dataset, Window(0, 0, 400, 400))


def test_tile_that_fills_the_memory_is_refused(tmp_path):
    """A small file that announces tiles of 8 GB is refused before anything is read."""
    path = tmp_path / "bomb.tif"
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        count=1,
        height=50_000,
        width=50_000,
        dtype="float64",
        crs=RD,
        transform=GRID.transform,
        tiled=True,
        blockxsize=32_768,
        blockysize=32_768,
        sparse_ok=True,
        bigtiff="yes",
    ):
        pass
    with pytest.raises(CovariateError, match="fill the memory"):
        open_raster(path)


def test_complex_numbers_are_refused(tmp_path):
    """A radar raster of complex numbers is no covariate."""
    with pytest.raises(CovariateError, match="complex"):
        open_raster(plain(tmp_path / "a.tif", numbers(dtype="complex64")))


def test_ascii_grid_is_read(tmp_path):
    """An Arc/Info ASCII grid, still common in soil surveys, is read."""
    path = tmp_path / "a.asc"
    path.write_text(
        "ncols 2\nnrows 2\nxllcorner 0\nyllcorner 0\ncellsize 10\nNODATA_value -9\n1 2\n-9 4\n"
    )
    with open_raster(path) as dataset:
        values = read_window(dataset, Window(0, 0, 2, 2))
    np.testing.assert_array_equal(values, [[1, 2], [np.nan, 4]])


# Grids


def test_grid_is_that_of_the_file(tmp_path):
    """CRS as its code, transform and shape come from the file."""
    assert read_grid(plain(tmp_path / "a.tif", numbers())) == GRID


def test_heights_of_the_crs_are_dropped(tmp_path):
    """A raster in RD with NAP heights lies on a grid in RD."""
    assert read_grid(plain(tmp_path / "a.tif", numbers(), crs="EPSG:7415")).crs == RD


def test_missing_crs_tells_how_to_declare_it(tmp_path):
    """A raster without a CRS is an error that names the key and the tool."""
    path = plain(tmp_path / "a.tif", numbers(), crs=None)
    with pytest.raises(GridError, match=r"key `crs`.*gdal_edit"):
        read_grid(path)


# Values


def test_nodata_of_file_and_layer_are_missing(tmp_path):
    """Both the declared nodata and a further one become NaN; NaN stays."""
    values = numbers()
    values[0, :3] = [-9999, -1, np.nan]
    path = plain(tmp_path / "a.tif", values, nodata=-9999)
    with open_raster(path) as dataset:
        row = read_window(dataset, Window(0, 0, 1, 4), nodata=-1)
    np.testing.assert_array_equal(row, [[np.nan, np.nan, np.nan, 3]])


def test_nodata_is_met_in_the_precision_of_the_file(tmp_path):
    """-3.4e38 is found in a float32 raster although float32 does not hold it exactly."""
    values = numbers()
    values[0, 0] = -3.4e38
    with open_raster(plain(tmp_path / "a.tif", values)) as dataset:
        assert np.isnan(read_window(dataset, ALL, nodata=-3.4e38)[0, 0])


def test_scale_offset_and_mask_are_applied(tmp_path):
    """Stored integers become numbers with a unit; nodata is judged before the scale."""
    path = plain(tmp_path / "a.tif", numbers(dtype="int16"), nodata=2)
    with rasterio.open(path, "r+") as dataset:
        dataset.scales, dataset.offsets = (0.5,), (10.0,)
    with open_raster(path) as dataset:
        row = read_window(dataset, Window(0, 0, 1, 4))
    np.testing.assert_array_equal(row, [[10, 10.5, np.nan, 11.5]])


def test_transparent_cells_are_missing(tmp_path):
    """Where an alpha band is 0 the value is missing."""
    colour, alpha = numbers(dtype="uint8"), np.full(GRID.shape, 255, dtype="uint8")
    alpha[1, 2] = 0
    stacked = np.stack([colour, colour, colour, alpha])
    path = plain(tmp_path / "a.tif", stacked, photometric="rgb", alpha="yes")
    with open_raster(path) as dataset:
        missing = np.isnan(read_window(dataset, ALL))
    assert missing[1, 2]
    assert missing.sum() == 1


def test_absent_band_is_told_by_number(tmp_path):
    """Asking for band 2 of 1 is an error."""
    with (
        open_raster(plain(tmp_path / "a.tif", numbers())) as dataset,
        pytest.raises(CovariateError, match=r"1 band\(s\).*no band 2"),
    ):
        read_window(dataset, ALL, 2)


# Writing


@pytest.mark.parametrize("dtype", ["float32", "float64", "uint8", "uint16", "int16", "int32"])
def test_values_and_gaps_survive(tmp_path, dtype):
    """What is written is read, and NaN is nodata, in every data type."""
    values = numbers(dtype="float64")
    values[2, 3] = np.nan
    write(tmp_path / "a.tif", values=values, dtype=dtype)
    with open_raster(tmp_path / "a.tif") as dataset:
        np.testing.assert_array_equal(read_window(dataset, ALL), values)
        assert dataset.dtypes == (dtype,)
        assert dataset.nodata is not None
    assert read_grid(tmp_path / "a.tif") == GRID


def test_file_is_a_valid_cog_that_says_what_it_holds(tmp_path):
    """The COG is valid, with overviews, tags, descriptions and units of each band."""
    path = tmp_path / "a.tif"
    tags = {"meaning": "µg, not mg"}
    both = np.stack([numbers(LARGE.shape), -numbers(LARGE.shape)])
    write(path, LARGE, both, tags=tags, descriptions=["P", "Q"], units=["1", "m"])
    assert cog_validate(path, strict=True)[0]
    with open_raster(path) as dataset:
        assert dataset.tags()["meaning"] == "µg, not mg"
        assert dataset.descriptions == ("P", "Q")
        assert dataset.units == ("1", "m")
        assert dataset.overviews(2) == [2, 4]
        np.testing.assert_array_equal(dataset.read(), both)


def test_overviews_of_classes_hold_no_new_code(tmp_path):
    """Codes 0 and 9 are not averaged; the colour table survives the overviews."""
    codes = np.random.default_rng(0).choice([0.0, 9.0], size=LARGE.shape)
    colours = {0: (1, 2, 3, 255), 9: (7, 8, 9, 255)}
    path = tmp_path / "a.tif"
    write(path, LARGE, codes, dtype="uint8", colormap=colours, categorical=True)
    assert cog_validate(path, strict=True)[0]
    with rasterio.open(path, overview_level=0) as dataset:
        assert set(np.unique(dataset.read(1))) == {0, 9}
        assert {code: dataset.colormap(1)[code] for code in colours} == colours


def test_overviews_of_numbers_are_averages_of_what_is_there(tmp_path):
    """An overview cell is the mean of its four cells, leaving out missing ones."""
    values = np.random.default_rng(0).normal(size=LARGE.shape)
    values[0, 0] = np.nan
    path = write(tmp_path / "a.tif", LARGE, values, dtype="float64")
    with rasterio.open(path, overview_level=0) as dataset:
        corner = dataset.read(1)[0, :2]
    means = [np.nanmean(values[:2, :2]), values[:2, 2:4].mean()]
    np.testing.assert_allclose(corner, means, rtol=1e-6)


def test_cells_that_nobody_wrote_are_missing(tmp_path):
    """A window that is skipped is nodata in every band, not 0."""
    with CogWriter(tmp_path / "a.tif", GRID, descriptions=["a", "b"]) as writer:
        writer.write(Window(0, 0, 2, 7), np.ones((2, 2, 7)))
    with open_raster(tmp_path / "a.tif") as dataset:
        for band in (1, 2):
            assert np.isnan(read_window(dataset, ALL, band)[2:]).all()


def test_bytes_do_not_depend_on_the_windows(tmp_path):
    """Whole, in strips, or in reverse: the same file, and no trace of its making."""
    values = numbers(LARGE.shape)
    write(tmp_path / "whole.tif", LARGE, values)
    strips = [Window(row, 0, min(233, 700 - row), 1100) for row in (0, 233, 466, 699)]
    for name, windows in (
        ("strips.tif", strips),
        ("reverse.tif", list(LARGE.windows(512))[::-1]),
    ):
        with CogWriter(tmp_path / name, LARGE) as writer:
            for window in windows:
                writer.write(window, values[window.slices])
        assert (tmp_path / name).read_bytes() == (tmp_path / "whole.tif").read_bytes()
    assert len(list(tmp_path.iterdir())) == 3


def test_error_leaves_the_old_file(tmp_path):
    """An error while writing leaves the target as it was, and nothing beside it."""
    path = write(tmp_path / "a.tif")
    before = path.read_bytes()

    def break_off():
        with CogWriter(path, GRID) as writer:
            writer.write(ALL, np.zeros(GRID.shape))
            raise KeyError

    with pytest.raises(KeyError):
        break_off()
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_two_writers_of_one_target_do_not_meet(tmp_path):
    """Both finish; the file is the whole work of the one that came last."""
    path = tmp_path / "a.tif"
    with CogWriter(path, GRID) as first:
        with CogWriter(path, GRID) as second:
            first.write(ALL, np.full(GRID.shape, 1.0))
            second.write(ALL, np.full(GRID.shape, 2.0))
        with open_raster(path) as dataset:
            assert (read_window(dataset, ALL) == 2).all()
    with open_raster(path) as dataset:
        assert (read_window(dataset, ALL) == 1).all()
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("value", [0.5, -1.0, 256.0, np.inf])
def test_number_that_does_not_fit_the_type_is_refused(tmp_path, value):
    """A value is never wrapped or cut to fit an integer type."""
    values = np.zeros(GRID.shape)
    values[1, 1] = value
    with pytest.raises(OutputError, match="whole numbers from 0 to 255"):
        write(tmp_path / "a.tif", values=values, dtype="uint8")
    assert not list(tmp_path.iterdir())


def test_array_of_another_shape_is_refused(tmp_path):
    """An array that does not fit its window is an error with both shapes."""
    with pytest.raises(OutputError, match=r"\(2, 2\).*\(5, 7\)"):
        write(tmp_path / "a.tif", values=np.zeros((2, 2)))


def test_folder_that_is_a_file_is_told(tmp_path):
    """A target that cannot be written is an output error that names it."""
    (tmp_path / "maps").write_text("in the way")
    with pytest.raises(OutputError, match=r"a\.tif could not be written"):
        write(tmp_path / "maps" / "a.tif")


def test_clearly_too_small_disk_is_told_before_the_work(tmp_path, monkeypatch):
    """4 GB with 1 MB free is refused at once."""
    usage = type("Usage", (), {"free": 1_000_000})
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage)
    grid = Grid(RD, GRID.transform, (10_000, 100_000))
    with pytest.raises(OutputError, match=r"4\.0 GB.*Free space"):
        CogWriter(tmp_path / "a.tif", grid).__enter__()
    assert not list(tmp_path.iterdir())


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
import numpy as np
from affine import Affine
from hotspot.errors import OutputError
from hotspot.grid import Grid, Window
from hotspot.rasters import CogWriter

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
grid = Grid("EPSG:28992", Affine(40, 0, 0, 0, -40, 90000), (700, 700))
values = np.random.default_rng(0).normal(size=grid.shape)
try:
    with CogWriter(Path(sys.argv[1]), grid) as writer:
        for window in grid.windows(256):
            writer.write(window, values[window.slices])
except OutputError as error:
    sys.exit(7)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits of file size are those of POSIX")
@pytest.mark.parametrize("limit", [100, 1_000, 500_000, 2_000_000])
def test_full_disk_is_told(tmp_path, limit):
    """Wherever the disk is full, in the first tile or the last, it is an output error.

    GDAL alone prints a line and leaves tiles that read as nodata.
    """
    command = [sys.executable, "-c", FULL_DISK, str(tmp_path / "a.tif"), str(limit)]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 7, done.stderr
    assert not list(tmp_path.iterdir())


# Scaled numbers


SCALED = ScaledInteger("uint16", 1e-4)


def test_scaled_numbers_read_back_as_their_values(tmp_path):
    """Every ten-thousandth is exact in float32, and NaN is nodata."""
    grid = Grid(RD, GRID.transform, (101, 100))
    values = np.full(grid.shape, np.nan)
    values.ravel()[:10001] = np.arange(10001) / 10000
    write(tmp_path / "a.tif", grid, values, dtype=SCALED)
    with open_raster(tmp_path / "a.tif") as dataset:
        assert dataset.dtypes == ("uint16",)
        assert dataset.nodata == 65535
        found = read_window(dataset, Window(0, 0, *grid.shape))
    np.testing.assert_array_equal(found.astype(np.float32), values.astype(np.float32))
    np.testing.assert_array_equal(SCALED.rounded(values).astype("f4"), values.astype("f4"))
    assert cog_validate(tmp_path / "a.tif", strict=True)[0]


def test_scaled_numbers_lose_half_a_step_at_most(tmp_path):
    """Rounding is to the nearest step, and what is read is what `rounded` says."""
    values = np.random.default_rng(1).uniform(size=GRID.shape)
    write(tmp_path / "a.tif", values=values, dtype=SCALED)
    with open_raster(tmp_path / "a.tif") as dataset:
        found = read_window(dataset, ALL)
    assert 0 < np.abs(found - values).max() <= 5e-5 * (1 + 1e-9)
    np.testing.assert_array_equal(found, SCALED.rounded(values))


@pytest.mark.parametrize("value", [-0.001, 6.5536, 6.5535])
def test_a_value_without_a_scaled_number_is_refused(tmp_path, value):
    """Neither wrapped, nor cut, nor taken for nodata."""
    values = np.full(GRID.shape, 0.5)
    values[1, 1] = value
    with pytest.raises(OutputError, match=r"times 0\.0001 beside nodata.*float32"):
        write(tmp_path / "a.tif", values=values, dtype=SCALED)
    assert not list(tmp_path.iterdir())


def test_files_know_their_statistics(tmp_path):
    """A viewer reads range and mean without reading the file; codes have none."""
    values = numbers(LARGE.shape)
    write(tmp_path / "a.tif", LARGE, values)
    with rasterio.open(tmp_path / "a.tif") as dataset:
        tags = dataset.tags(1)
    assert float(tags["STATISTICS_MAXIMUM"]) == pytest.approx(values.max())
    assert float(tags["STATISTICS_MEAN"]) == pytest.approx(values.mean())
    write(tmp_path / "b.tif", values=np.ones(GRID.shape), dtype="uint8", categorical=True)
    with rasterio.open(tmp_path / "b.tif") as dataset:
        assert "STATISTICS_MEAN" not in dataset.tags(1)


def test_the_size_of_a_cog_is_that_of_the_file(tmp_path):
    """The size told before writing is that on disk, but for tags and position."""
    values = np.random.default_rng(0).normal(size=LARGE.shape).astype(np.float32)
    write(tmp_path / "a.tif", LARGE, values)
    assert cog_size(values) == pytest.approx((tmp_path / "a.tif").stat().st_size, rel=0.01)


def test_the_cache_is_bounded_for_threads_and_comes_back(tmp_path):
    """Another thread reads under the same bound, and the setting of the caller returns."""
    from concurrent.futures import ThreadPoolExecutor

    from rasterio._env import get_gdal_config

    path = write(tmp_path / "a.tif", LARGE)
    before = get_gdal_config("GDAL_CACHEMAX")

    def read():
        with open_raster(path) as dataset:
            dataset.read()
        return get_gdal_config("GDAL_CACHEMAX")

    with bounded_cache(50_000_000), ThreadPoolExecutor(1) as pool:
        assert pool.submit(read).result() == 50_000_000
        assert pool.submit(read).result() == 50_000_000
    assert get_gdal_config("GDAL_CACHEMAX") == before
