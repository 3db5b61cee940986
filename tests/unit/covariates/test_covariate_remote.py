"""Rasters on a server, mosaics and Zarr stores: read as a plain file of the same values is."""

import re
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine

from hotspot.config.paths import DATA_HOSTS_VARIABLE, raster_source
from hotspot.covariates.build import build_covariates
from hotspot.covariates.cache import recipe_digest
from hotspot.covariates.catalogue import Catalogue
from hotspot.covariates.layers import RasterLayer
from hotspot.covariates.read import AlignedRaster
from hotspot.covariates.remote import RangeReader, RemoteFile
from hotspot.covariates.remote_rasters import open_remote_raster
from hotspot.covariates.source_files import source_files
from hotspot.covariates.stack import StackElsewhere, open_stack
from hotspot.covariates.store import write_catalogue
from hotspot.covariates.virtual import virtual_sources
from hotspot.errors import ConfigError, CovariateError
from hotspot.grid import Grid, Window

RD = "EPSG:28992"
CELLS = np.random.default_rng(8).normal(size=(1024, 1024)).astype("float32")
WHOLE = Grid(RD, Affine(40, 0, 200_000, 0, -40, 500_000), (1024, 1024))


def aligned(layer, grid, window=None):
    with AlignedRaster(layer, grid) as raster:
        return raster.read(window or Window(0, 0, *grid.shape))


class Server:
    """Sends parts of one file, and remembers how much it sent."""

    def __init__(self, content: bytes) -> None:
        self.content, self.sent, self.etag = content, 0, '"one"'
        self.parts, self.fails, self.leads_to = True, 0, None
        told = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                told.answer(self)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.http.server_address[1]}"
        self.file = RemoteFile(f"http://{self.host}/maps/clay.tif")

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Send what was asked for, or what the test wants instead."""
        if self.leads_to is not None:
            handler.send_response(302)
            handler.send_header("Location", self.leads_to)
            handler.end_headers()
            return
        if self.fails:
            self.fails -= 1
            handler.send_error(503)
            return
        wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", handler.headers.get("Range", ""))
        body, total = self.content, len(self.content)
        handler.send_response(206 if wanted and self.parts else 200)
        if wanted and self.parts:
            first, last = int(wanted[1]), min(int(wanted[2]), total - 1)
            body = self.content[first : last + 1]
            handler.send_header("Content-Range", f"bytes {first}-{last}/{total}")
        handler.send_header("Content-Length", str(len(body)))
        if self.etag:
            handler.send_header("ETag", self.etag)
        handler.end_headers()
        self.sent += len(body)
        handler.wfile.write(body)


@pytest.fixture
def server(tmp_path):
    """Return a server of a cloud-optimised GeoTIFF of 4 MB in tiles of 128 cells."""
    path = tmp_path / "made.tif"
    profile = {"driver": "COG", "count": 1, "height": 1024, "width": 1024, "dtype": "float32"}
    place = {"crs": RD, "transform": WHOLE.transform, "blocksize": 128, "overviews": "NONE"}
    with rasterio.open(path, "w", **profile, **place, nodata=-99.0, compress="NONE") as file:
        file.write(CELLS, 1)
    made = Server(path.read_bytes())
    thread = threading.Thread(target=made.http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.http.shutdown()
    made.http.server_close()
    thread.join()


# On a server


def test_a_window_fetches_its_part_only(server, number):
    """Values are those of the file, and most of it stays where it is."""
    window = Window(300, 500, 60, 70)
    found = aligned(RasterLayer(number, server.file), WHOLE, window)
    np.testing.assert_array_equal(found, CELLS[300:360, 500:570])
    assert server.sent < len(server.content) / 5


def test_the_whole_is_the_whole(server, number):
    """Window by window as at once, each byte fetched about once."""
    np.testing.assert_array_equal(aligned(RasterLayer(number, server.file), WHOLE), CELLS)
    assert server.sent < 1.2 * len(server.content)


def test_a_covariate_is_built_once_for_each_edition(server, number, tmp_path):
    """An unchanged file is taken over; another edition is made anew."""
    layer = RasterLayer(number, server.file)
    grid = WHOLE.crop(Window(0, 0, 64, 64))
    build_covariates([layer], grid, tmp_path / "a")
    before = server.sent
    build_covariates([layer], grid, tmp_path / "a")
    assert server.sent - before <= 2 * 2**16
    digest = recipe_digest(layer, grid)
    server.etag = '"two"'
    assert recipe_digest(layer, grid) != digest
    server.etag = None
    assert recipe_digest(layer, grid) != recipe_digest(layer, grid)


def test_a_stack_of_a_server_is_that_of_the_folder(server, number, tmp_path):
    """A worker that is given an address reads what lies there, and refuses another edition."""
    write_catalogue(tmp_path, Catalogue((replace(number, name="clay"),)), WHOLE)
    (tmp_path / "clay.tif").write_bytes(server.content)
    window = Window(10, 20, 30, 40)
    with open_stack(tmp_path) as stack:
        elsewhere = StackElsewhere.of(stack, server.file.address.rsplit("/", 1)[0] + "/")
    with elsewhere.open() as found:
        np.testing.assert_array_equal(found.read(window)[0], CELLS[10:40, 20:60])
    assert server.sent < len(server.content) / 5
    changed = replace(elsewhere, fingerprints=(("another",),))
    with pytest.raises(CovariateError, match="not those of this experiment"), changed.open():
        pass


def test_only_rasters_of_object_stores_are_opened():
    """Another scheme is refused before anything is asked for."""
    for address in ("ftp://a/b.tif", "s3://bucket/b.nc"):
        with pytest.raises(CovariateError, match="no address of a GeoTIFF"):
            open_remote_raster(RemoteFile(address))


def test_a_busy_server_is_asked_again(server):
    """Two refusals that pass."""
    server.fails = 2
    assert RangeReader(server.file, pause_s=0.0).read(4) == server.content[:4]


def test_a_file_that_changes_while_it_is_read_is_refused(server, number):
    """Parts of two editions would make a raster that never was."""
    with AlignedRaster(RasterLayer(number, server.file), WHOLE) as raster:
        server.etag = '"two"'
        with pytest.raises(CovariateError, match="was changed while it was read"):
            raster.read(Window(900, 900, 100, 100))


def test_what_a_server_cannot_do_is_told(server, number):
    """No parts, another place, no raster, no file."""
    layer = RasterLayer(number, server.file)
    server.parts = False
    with pytest.raises(CovariateError, match="sends whole files only"):
        aligned(layer, WHOLE)
    server.parts, server.leads_to = True, "http://169.254.169.254/latest"
    with pytest.raises(CovariateError, match=r"leads on to http://169\.254\.169\.254"):
        aligned(layer, WHOLE)
    server.leads_to, server.content = None, b"<html>" * 500
    with pytest.raises(CovariateError, match="cannot be read as a raster"):
        aligned(layer, WHOLE)
    server.content = b'<VRTDataset rasterXSize="1" rasterYSize="1"></VRTDataset>'
    with pytest.raises(CovariateError, match="cannot be read as a raster"):
        aligned(layer, WHOLE)


@pytest.mark.parametrize(
    ("hosts", "address"),
    [
        ("", "http://data.example.org/a.tif"),
        ("data.example.org", "http://data.example.org:81/a.tif"),
        ("data.example.org", "http://data.example.org@evil.example/a.tif"),
        ("data.example.org", "http://me:secret@data.example.org/a.tif"),
        ("data.example.org", "http://evil-data.example.org/a.tif"),
        ("data.example.org", "/vsicurl/http://data.example.org/a.tif"),
        ("data.example.org", "ftp://data.example.org/a.tif"),
    ],
)
def test_only_hosts_that_the_user_names_are_asked(monkeypatch, hosts, address):
    """A configuration from a stranger makes no request."""
    monkeypatch.setenv(DATA_HOSTS_VARIABLE, hosts)
    with pytest.raises(ConfigError):
        raster_source(address, "covariates.layers.clay.path")


def test_a_named_host_is_asked(monkeypatch):
    """Several stand with commas or blanks between."""
    monkeypatch.setenv(DATA_HOSTS_VARIABLE, "a.example, b.example:8000")
    for address in ("https://a.example/x.tif", "http://b.example:8000/y.tif?v=1"):
        assert raster_source(address, "k") == RemoteFile(address)


# Mosaics


def mosaic(folder: Path, sources: str, bands: str = "") -> Path:
    path = folder / "mosaic.vrt"
    path.write_text(
        '<VRTDataset rasterXSize="8" rasterYSize="6"><SRS>EPSG:28992</SRS>'
        "<GeoTransform>200000, 40, 0, 500000, 0, -40</GeoTransform>"
        f'<VRTRasterBand dataType="Float32" band="1"{bands}><NoDataValue>-9</NoDataValue>'
        f"{sources}</VRTRasterBand></VRTDataset>"
    )
    return path


def tile(name: str, at: int, width: int, *, relative: int = 1) -> str:
    return (
        f'<SimpleSource><SourceFilename relativeToVRT="{relative}">{name}</SourceFilename>'
        f'<SourceBand>1</SourceBand><SrcRect xOff="0" yOff="0" xSize="{width}" ySize="6"/>'
        f'<DstRect xOff="{at}" yOff="0" xSize="{width}" ySize="6"/></SimpleSource>'
    )


SMALL = WHOLE.crop(Window(0, 0, 6, 8))


def test_a_mosaic_is_its_tiles(write_raster, tmp_path, number):
    """Cells that no tile covers are missing; tiles belong to the sources of the covariate."""
    values = np.arange(30.0, dtype="float32").reshape(6, 5)
    left = write_raster(values[:, :3], name="left.tif")
    right = write_raster(values[:, 3:], name="right.tif", west=200_120.0)
    path = mosaic(tmp_path, tile("left.tif", 0, 3) + tile("right.tif", 3, 2))
    found = aligned(RasterLayer(number, path), SMALL)
    np.testing.assert_array_equal(found[:, :5], values)
    assert np.isnan(found[:, 5:]).all()
    assert source_files(path) == [path, left, right]
    before = recipe_digest(RasterLayer(number, path), SMALL)
    write_raster(values[:, 3:] + 1, name="right.tif", west=200_120.0)
    assert recipe_digest(RasterLayer(number, path), SMALL) != before


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (tile("../secret.tif", 0, 3), "does not lie in its folder"),
        (tile("/etc/passwd", 0, 3, relative=0), "does not lie in its folder"),
        (tile("link.tif", 0, 3), "does not lie in its folder"),
        (tile("/vsicurl/http://a/b.tif", 0, 3, relative=0), "it names '/vsicurl"),
        (tile("http://a/b.tif", 0, 3, relative=0), "it names 'http"),
        (tile("vrt://a.tif", 0, 3), "it names 'vrt"),
        (tile("a.tif", 0, 3, relative=0), "it names 'a.tif'"),
        (tile("nowhere.tif", 0, 3), "there is no file"),
        (tile("fake.tif", 0, 3), "is no GeoTIFF"),
        (tile("both.tif", 0, 3), "is no GeoTIFF"),
        ("<PixelFunctionType>f</PixelFunctionType>", "it holds PixelFunctionType"),
        (tile("a.tif", 0, 3).replace("</SimpleS", "<OpenOptions/></SimpleS"), "OpenOptions"),
        ("", "it names no file"),
        ("</VRTRasterBand>", "it is no XML"),
        ("<!DOCTYPE a><x/>", "it declares entities"),
    ],
)
def test_what_else_a_virtual_raster_can_do_is_refused(
    write_raster, tmp_path, number, text, words
):
    """Files elsewhere, addresses, disguised files, functions: nothing of it is opened."""
    folder = tmp_path / "in"
    folder.mkdir()
    secret = write_raster(np.ones((6, 3), dtype="float32"), name="secret.tif")
    (folder / "a.tif").write_bytes(secret.read_bytes())
    (folder / "link.tif").symlink_to(secret)
    (folder / "fake.tif").write_text("<VRTDataset/>")
    (folder / "both.tif").write_bytes(b"II*\0" + b"<VRTDataset>" + secret.read_bytes())
    path = mosaic(folder, text)
    with pytest.raises(CovariateError, match=words):
        aligned(RasterLayer(number, path), SMALL)


def test_a_declaration_in_two_bytes_a_letter_is_refused(tmp_path):
    """An entity hides its name from who looks for it letter by letter, not from a parser."""
    path = tmp_path / "wide.vrt"
    path.write_text('<!DOCTYPE a [<!ENTITY e "/etc/passwd">]><VRTDataset/>', encoding="utf-16")
    with pytest.raises(CovariateError, match="it declares entities"):
        virtual_sources(path)


def test_a_computed_band_is_refused(write_raster, tmp_path, number):
    """Derived and raw bands run code or read any bytes of any file."""
    write_raster(np.ones((6, 3), dtype="float32"))
    path = mosaic(tmp_path, tile("a.tif", 0, 3), ' subClass="VRTDerivedRasterBand"')
    with pytest.raises(CovariateError, match="it is computed by VRTDerivedRasterBand"):
        aligned(RasterLayer(number, path), SMALL)


# Zarr


@pytest.fixture
def store(tmp_path):
    """Return a Zarr store with one variable, as GDAL writes it."""
    path = tmp_path / "soil.zarr"
    values = np.arange(48.0, dtype="float32").reshape(6, 8)
    values[0, 0] = -1
    profile = {"driver": "Zarr", "height": 6, "width": 8, "count": 1, "dtype": "float32"}
    options = {"crs": RD, "transform": SMALL.transform, "nodata": -1.0}
    with rasterio.open(path, "w", **profile, **options) as file:
        file.write(values, 1)
    return path


def test_a_zarr_store_is_read(store, number, monkeypatch):
    """With and without the name of its one variable; nodata is missing; all files count."""
    expected = np.arange(48.0).reshape(6, 8)
    expected[0, 0] = np.nan
    np.testing.assert_array_equal(aligned(RasterLayer(number, store), SMALL), expected)
    named = RasterLayer(number, store, variable="soil")
    np.testing.assert_array_equal(aligned(named, SMALL), expected)
    assert {file.name for file in source_files(store)} >= {".zarray", ".zattrs", "0.0"}
    monkeypatch.chdir(store.parent)
    assert raster_source("soil.zarr", "k") == Path("soil.zarr")


def test_a_wrong_variable_and_a_false_store_are_told(store, number, tmp_path):
    """As for NetCDF; another folder under the name is no store."""
    with pytest.raises(CovariateError, match=r"has no variable 'clay'|as a Zarr store"):
        aligned(RasterLayer(number, store, variable="clay"), SMALL)
    (tmp_path / "false.zarr").mkdir()
    with pytest.raises(CovariateError, match="cannot be read as a Zarr store"):
        aligned(RasterLayer(number, tmp_path / "false.zarr"), SMALL)
