"""Tiles: every pixel has the colour of the cell under it."""

from dataclasses import replace
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from hotspot.maps.read import read_layer
from hotspot.maps.styles import decision_style, probability_style
from hotspot.rasters import CogWriter, ScaledInteger
from hotspot.web.app import make_application
from hotspot.web.guard import Door
from hotspot.web.likeness import outside_applicability
from hotspot.web.opened import Site, bounds_wgs84
from hotspot.web.read import read_tile
from hotspot.web.tiles import HATCH_COLOUR, TILE_SIZE, WEB_MERCATOR, Tile, paint


def tile_at(longitude: float, latitude: float, zoom: int) -> Tile:
    """Return the tile over a place."""
    n = 2**zoom
    y = (1 - np.arcsinh(np.tan(np.radians(latitude))) / np.pi) / 2
    return Tile(zoom, int((longitude + 180) / 360 * n), int(y * n))


def middle(grid: Any, zoom: int) -> Tile:
    (south, west), (north, east) = bounds_wgs84(grid)
    return tile_at((west + east) / 2, (south + north) / 2, zoom)


def expected(values: np.ndarray[Any, Any], grid: Any, tile: Tile) -> np.ndarray[Any, Any]:
    """Return the cell under the centre of every pixel, worked out point by point."""
    from rasterio.warp import transform

    rows, cols = np.indices((TILE_SIZE, TILE_SIZE)).reshape(2, -1) + 0.5
    west, _, _, north = tile.bounds
    pixel = tile.side / TILE_SIZE
    x, y = west + cols * pixel, north - rows * pixel
    easting, northing = transform(WEB_MERCATOR, grid.crs, x, y)
    row, col, inside = grid.cells(np.column_stack([easting, northing]))
    found = np.full(TILE_SIZE**2, np.nan)
    found[inside] = values[row[inside], col[inside]]
    return found.reshape(TILE_SIZE, TILE_SIZE)


@pytest.mark.parametrize("zoom", [14, 16])
def test_every_pixel_is_of_the_cell_under_it(experiment: Any, zoom: int) -> None:
    """Zoomed in, a tile is the raster, pixel by pixel, but for rounding at edges of cells."""
    path = experiment.root / "maps" / "zn" / "probability.tif"
    values, grid = read_layer(path)
    tile = middle(grid, zoom)
    drawn = read_tile(path, tile, grid)
    assert drawn is not None
    wanted = expected(values, grid, tile)
    known = np.isfinite(wanted)
    assert known.mean() > 0.3
    same = (drawn == wanted) | (np.isnan(drawn) & ~known)
    # A pixel on the line between two cells may be drawn as either.
    assert same.mean() > 0.985


def test_the_map_of_a_limit_is_the_raster_at_the_model_s_own(
    experiment: Any, site: Site
) -> None:
    """P(exceed) from the saved distribution equals what `predict` wrote, bit by bit."""
    opened = site.open("zn")
    assert opened.any_limit is not None
    values, grid = opened.any_limit.block(opened.model.threshold_mg_kg, 0, 0)
    wanted, own = read_layer(experiment.root / "maps" / "zn" / "probability.tif")
    assert grid.aligned_with(own)
    np.testing.assert_array_equal(values, wanted)


def test_tiles_of_a_limit_are_drawn_like_those_of_the_raster(
    client: TestClient, experiment: Any
) -> None:
    """At the model's own limit both tiles agree, but for rounding at edges of cells."""
    tile = middle(experiment.models["zn"].grid, 15)
    place = f"{tile.z}/{tile.x}/{tile.y}"
    one = pixels(client.get(f"/api/zn/tiles/probability/{place}").content)
    other = pixels(client.get(f"/api/zn/exceedance/{place}?limit=300").content)
    assert (one == other).all(axis=-1).mean() > 0.985


def test_higher_limits_are_exceeded_less(client: TestClient, site: Site) -> None:
    """Nowhere does the probability rise with the limit."""
    opened = site.open("zn")
    assert opened.any_limit is not None
    maps = [opened.any_limit.block(limit, 0, 0)[0] for limit in (100.0, 300.0, 301.0, 800.0)]
    for lower, higher in pairwise(maps):
        known = np.isfinite(lower)
        assert (higher[known] <= lower[known]).all()
    assert np.nanmean(maps[0]) > np.nanmean(maps[-1]) + 0.1


def test_blocks_and_steps_cover_the_map(
    experiment: Any, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A map too large to compute at once is drawn from blocks, and coarser far out."""
    monkeypatch.setattr("hotspot.web.anylimit.WHOLE_CELLS", 0)
    monkeypatch.setattr("hotspot.web.anylimit.BLOCK", 8)
    opened = site.open("zn")
    assert opened.any_limit is not None
    _, grid = read_layer(experiment.root / "maps" / "zn" / "probability.tif")
    near = opened.any_limit.tile(300.0, middle(grid, 16))
    whole = read_tile(
        experiment.root / "maps" / "zn" / "probability.tif", middle(grid, 16), grid
    )
    assert near is not None
    assert whole is not None
    np.testing.assert_array_equal(np.isnan(near), np.isnan(whole))
    assert np.nanmean(np.abs(near - whole)) < 0.02
    # Far out, a cell stands for several, of which the probability is near their mean.
    far = opened.any_limit.tile(300.0, middle(grid, 11))
    coarse = read_tile(
        experiment.root / "maps" / "zn" / "probability.tif", middle(grid, 11), grid
    )
    assert far is not None
    assert coarse is not None
    both = np.isfinite(far) & np.isfinite(coarse)
    assert both.sum() > 0.8 * np.isfinite(coarse).sum()
    assert np.abs(far[both] - coarse[both]).mean() < 0.1


def test_beside_the_map_tiles_are_empty(client: TestClient) -> None:
    """A tile elsewhere is a transparent picture, not an error."""
    for path in (
        "tiles/probability/10/0/0",
        "exceedance/10/0/0?limit=200",
        "tiles/driver/0/0/0",
    ):
        answer = client.get(f"/api/zn/{path}")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "image/png"
    assert not pixels(client.get("/api/zn/tiles/probability/10/0/0").content)[..., 3].any()


def test_colours_are_those_of_the_class_table() -> None:
    """A value is drawn in the colour of its class, codes by their number, gaps not at all."""
    style = probability_style()
    values = np.full((TILE_SIZE, TILE_SIZE), np.nan)
    given = [0.0, 0.05, 0.051, 0.5, 0.8, 0.95, 1.0]
    values[0, : len(given)] = given
    drawn = pixels(paint(values, style))
    for col, value in enumerate(given):
        wanted = style.classes[int(style.classify([value])[0])].rgba
        assert tuple(drawn[0, col]) == wanted
    assert drawn[1, 0, 3] == 0
    codes = np.full((TILE_SIZE, TILE_SIZE), np.nan)
    codes[0, :3] = [0, 1, 2]
    drawn = pixels(paint(codes, decision_style()))
    assert [tuple(drawn[0, col]) for col in range(3)] == [
        entry.rgba for entry in decision_style().classes
    ]


def test_whole_numbers_with_a_scale_are_read_as_numbers(
    experiment: Any, tmp_path: Path
) -> None:
    """Probabilities stored in two bytes are drawn as the probabilities they stand for."""
    values, grid = read_layer(experiment.root / "maps" / "zn" / "probability.tif")
    path = tmp_path / "probability.tif"
    with CogWriter(path, grid, dtype=ScaledInteger("uint16", 1e-4), nodata=65535.0) as writer:
        for window in grid.windows():
            writer.write(window, values)
    tile = middle(grid, 15)
    packed = read_tile(path, tile, grid)
    plain = read_tile(experiment.root / "maps" / "zn" / "probability.tif", tile, grid)
    assert packed is not None
    assert plain is not None
    np.testing.assert_allclose(packed, plain, atol=5.1e-5)


def pixels(png: bytes) -> np.ndarray[Any, Any]:
    return np.asarray(Image.open(BytesIO(png)).convert("RGBA"))


def test_explanations_are_hatched_where_no_sample_is_alike(
    experiment: Any, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lines stand outside the area of applicability only, and on no map that is no reason."""
    tile = middle(experiment.models["zn"].grid, 15)
    area = site.open("zn").model.applicability
    assert area is not None
    monkeypatch.setattr(area, "threshold_", 0.1)
    index = read_tile(
        experiment.root / "maps" / "zn" / "dissimilarity.tif",
        tile,
        experiment.models["zn"].grid,
    )
    assert index is not None
    outside = ~(index.astype(np.float32) <= np.float32(area.threshold_))
    client = TestClient(
        make_application(site, Door("127.0.0.1", "a token")), base_url="http://127.0.0.1:8765"
    )

    def lines(layer: str) -> np.ndarray[Any, Any]:
        answer = client.get(f"/api/zn/tiles/{layer}/{tile.z}/{tile.x}/{tile.y}")
        pixels = np.asarray(Image.open(BytesIO(answer.content)).convert("RGBA"))
        return (pixels == [*HATCH_COLOUR, 255]).all(axis=-1)

    for layer in ("role_industry", "driver"):
        drawn = lines(layer)
        assert drawn.any()
        assert not (drawn & ~outside).any()
    assert not lines("probability").any()


def test_all_is_hatched_where_likeness_cannot_be_read(site: Site, experiment: Any) -> None:
    """A damaged raster takes no other layer down, and nothing passes for like the samples."""
    tile = middle(experiment.models["zn"].grid, 15)
    opened = site.open("zn")
    lost = replace(opened.layers["dissimilarity"], path=experiment.root / "none.tif")
    damaged = replace(opened, layers={**opened.layers, "dissimilarity": lost})
    assert outside_applicability(damaged, tile).all()
    assert not outside_applicability(opened, tile).all()
