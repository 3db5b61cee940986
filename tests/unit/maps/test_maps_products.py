"""Tags, statistics and the STAC item."""

import json
from datetime import date, datetime
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest
from affine import Affine

from hotspot.errors import GridError
from hotspot.grid import Grid
from hotspot.maps.hotspot_style import hotspots_qml
from hotspot.maps.layers import LAYERS
from hotspot.maps.stac import SamplingPeriod, stac_collection, stac_item
from hotspot.maps.statistics import map_statistics, raster_statistics
from hotspot.maps.styles import probability_style
from hotspot.maps.tags import layer_tags, meaning
from hotspot.maps.write import write_json


def test_tags_leave_out_what_is_not_known(model):
    """An unknown fact is absent, never empty."""
    model.facts = {}
    tags = layer_tags(model, "probability")
    assert "data_hash" not in tags
    assert "software" not in tags
    assert all(tags.values())


@pytest.mark.parametrize("layer", [*LAYERS, "driver", "role_land_use"])
def test_every_layer_says_what_it_means_and_what_not(model, layer):
    """One sentence, ending in a full stop, naming the contaminant and a denial."""
    text = meaning(model, layer)
    assert text.endswith(".")
    assert text.count(". ") == 0
    assert "zn" in text
    assert any(word in text for word in (" not ", " neither ", " nothing "))


def _blocks(rng):
    probability = rng.uniform(size=(8, 10))
    probability[0] = np.nan
    dissimilarity = rng.uniform(0, 1.5, (8, 10))
    decision = np.full((8, 10), 2, dtype=np.uint8)
    decision[0], decision[1], decision[2, :4] = 255, 1, 0
    layers = {
        "probability": probability,
        "decision": decision,
        "dissimilarity": dissimilarity,
    }
    return layers, [{k: v[s] for k, v in layers.items()} for s in (slice(0, 3), slice(3, 8))]


def test_areas_add_up():
    """Classes of each layer add up to the area with data, in hectares of 50 m cells."""
    grid = Grid("EPSG:28992", Affine(50, 0, 0, 0, -50, 400), (8, 10))
    layers, blocks = _blocks(np.random.default_rng(1))
    found = map_statistics(blocks, grid=grid, applicability_threshold=1.0)
    assert (found.cells, found.cells_without_data) == (80, 10)
    assert [entry.cells for entry in found.of("decision")] == [4, 10, 56]
    assert found.of("decision")[1].area_ha == pytest.approx(2.5)
    assert found.cannot_say_share == pytest.approx(0.8)
    for layer in ("decision", "probability"):
        assert sum(entry.area_ha for entry in found.of(layer)) == pytest.approx(17.5)
        assert sum(entry.share for entry in found.of(layer)) == pytest.approx(1)
    inside = (layers["dissimilarity"] <= 1) & ~np.isnan(layers["probability"])
    expected = layers["probability"][inside].sum() * 0.25
    assert found.expected_above_ha == pytest.approx(expected)
    assert found.outside_applicability.cells == 70 - inside.sum()
    assert len(found.rows()) == 3 + 6 + 1


def test_a_map_without_data_has_no_share_above():
    """Nothing mapped gives zeros, not a division by zero."""
    grid = Grid("EPSG:28992", Affine(50, 0, 0, 0, -50, 400), (2, 2))
    found = map_statistics([{"probability": np.full((2, 2), np.nan)}], grid=grid)
    assert {entry.share for entry in found.classes} == {0.0}
    assert found.cannot_say_share is None
    json.dumps(found.to_dict(), allow_nan=False)


def test_areas_in_degrees_are_refused():
    """A geographic grid has no common cell area."""
    grid = Grid("EPSG:4326", Affine(0.1, 0, 5, 0, -0.1, 52), (2, 2))
    with pytest.raises(GridError):
        map_statistics([], grid=grid)


def test_statistics_skip_the_missing_value():
    """255 of a decision is no number to average."""
    found = raster_statistics([np.uint8([0, 1, 255, 2])], nodata=255)
    assert (found.count, found.maximum, found.valid_percent) == (3, 2.0, 75.0)
    empty = raster_statistics([np.full(4, np.nan)])
    assert (empty.mean, empty.valid_percent) == (None, 0.0)


def _item(model, grid, **more):
    codes = raster_statistics([np.uint8([0, 2, 255])], nodata=255)
    numbers = raster_statistics([np.array([0.25, 0.75, np.nan, np.nan])])
    return stac_item(
        model,
        grid,
        item_id="meuse-zn",
        statistics={"probability": numbers, "decision": codes},
        companions=["hotspots.gpkg", "probability.qml", "statistics.json"],
        **more,
    )


def test_the_item_is_a_stac_item(model, grid):
    """It has the members, types and links that STAC 1.1 asks for."""
    item = _item(model, grid)
    assert item["type"] == "Feature"
    assert item["stac_version"] == "1.1.0"
    assert set(item) == {
        "type", "stac_version", "stac_extensions", "id", "geometry", "bbox", "properties",
        "links", "assets",
    }  # fmt: skip
    assert all(uri.endswith("/schema.json") for uri in item["stac_extensions"])
    ring = item["geometry"]["coordinates"][0]
    assert ring[0] == ring[-1]
    west, south, east, north = item["bbox"]
    assert [min(x for x, _ in ring), max(y for _, y in ring)] == [west, north]
    # Counter-clockwise, as GeoJSON (RFC 7946) asks of an outer ring.
    assert sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring)) > 0
    # The Meuse at Stein lies at 5.7 E, 50.98 N.
    assert 5.6 < west < east < 5.8
    assert 50.9 < south < north < 51.1
    for asset in item["assets"].values():
        assert asset["href"].startswith("./")
        assert asset["type"]
        assert asset["roles"]


def test_the_collection_names_its_items_and_spans_them(model, grid):
    """Space and time are those of the items together; an unknown end stays open."""
    known = SamplingPeriod(date(1990, 3, 1), date(1990, 9, 30))
    open_end = SamplingPeriod(date(1988, 1, 1), None)
    items = {
        f"./{name}/item.json": _item(model, grid, period=period, collection="meuse")
        for name, period in (("zn", known), ("pb", open_end))
    }
    found = stac_collection("meuse", "Floodplain", "", items)
    assert found["description"] == "Floodplain"
    assert found["extent"]["spatial"]["bbox"] == [items["./zn/item.json"]["bbox"]]
    assert found["extent"]["temporal"]["interval"] == [["1988-01-01T00:00:00Z", None]]
    linked = [link["href"] for link in found["links"] if link["rel"] == "item"]
    assert linked == list(items)
    for item in items.values():
        assert item["collection"] == found["id"]
        assert {link["href"] for link in item["links"]} == {"../collection.json"}


def test_the_item_names_grid_limit_and_statistics(model, grid):
    """Projection, raster and classification fields are those of the raster."""
    item = _item(model, grid, facts={"run_id": "r1"})
    properties = item["properties"]
    assert properties["proj:code"] == "EPSG:28992"
    assert properties["proj:shape"] == [37, 53]
    assert properties["proj:transform"] == [25.0, 0.0, 178000.0, 0.0, -25.0, 333000.0]
    assert properties["hotspot:threshold_value_mg_kg"] == 200.0
    assert properties["hotspot:run_id"] == "r1"
    probability = item["assets"]["probability"]
    assert probability["type"] == "image/tiff; application=geotiff; profile=cloud-optimized"
    assert probability["nodata"] == "nan"
    assert probability["statistics"] == {
        "minimum": 0.25, "maximum": 0.75, "mean": 0.5, "stddev": 0.25, "count": 2,
        "valid_percent": 50.0,
    }  # fmt: skip
    decision = item["assets"]["decision"]
    assert decision["nodata"] == 255
    assert "mean" not in decision["statistics"]
    assert [c["value"] for c in decision["classification:classes"]] == [0, 1, 2]
    assert all(len(c["color_hint"]) == 6 for c in decision["classification:classes"])


@pytest.mark.parametrize(
    ("period", "start", "end", "words"),
    [
        (SamplingPeriod(), "0001-01-01", "9999-12-31", "not known"),
        (
            SamplingPeriod(date(1990, 3, 1), date(1990, 9, 30)),
            "1990-03-01",
            "1990-09-30",
            "1990-03-01 to 1990-09-30",
        ),
        (
            SamplingPeriod(end=date(2001, 1, 1)),
            "0001-01-01",
            "2001-01-01",
            "start is not known",
        ),
    ],
)
def test_no_date_is_invented(model, grid, period, start, end, words):
    """With a null datetime STAC needs both ends; an unknown end is open as far as can be."""
    properties = _item(model, grid, period=period)["properties"]
    assert properties["datetime"] is None
    assert properties["start_datetime"] == f"{start}T00:00:00Z"
    assert properties["end_datetime"] == f"{end}T23:59:59Z"
    assert words in properties["hotspot:sampling_period"]
    for name in ("start_datetime", "end_datetime"):
        datetime.fromisoformat(properties[name])


def test_the_item_is_json_without_nan(model, grid, tmp_path):
    """NaN is no JSON; the file reads back as the item."""
    item = _item(model, grid)
    write_json(tmp_path / "item.json", item)
    assert json.loads((tmp_path / "item.json").read_text("utf-8")) == item


def test_a_crs_without_a_code_is_written_out(model, grid):
    """A custom CRS has a null code and its WKT."""
    wkt = "+proj=laea +lat_0=52 +lon_0=10 +ellps=GRS80 +units=m"
    custom = Grid(wkt, Affine(1000, 0, 0, 0, -1000, 0), (3, 3))
    properties = _item(model, custom)["properties"]
    assert properties["proj:code"] is None
    assert properties["proj:wkt2"].startswith("PROJCRS")


def test_a_footprint_over_the_date_line_is_refused(model):
    """A polygon round the world would be worse than none."""
    fiji = Grid("EPSG:3832", Affine(100_000, 0, 3_000_000, 0, -100_000, -1_800_000), (2, 5))
    with pytest.raises(GridError, match="date line"):
        _item(model, fiji)


def test_the_item_of_a_compact_map_names_scale_and_type(model, grid):
    """Probabilities are two bytes with their scale; codes and other numbers are as ever."""
    assets = _item(model, grid, encoding="compact")["assets"]
    probability = assets["probability"]
    assert (probability["data_type"], probability["nodata"]) == ("uint16", 65535)
    assert (probability["raster:scale"], probability["raster:offset"]) == (1e-4, 0.0)
    assert (assets["decision"]["data_type"], assets["decision"]["nodata"]) == ("uint8", 255)
    assert "raster:scale" not in assets["decision"]


def test_hotspots_are_drawn_with_the_classes_of_the_probability():
    """One range and one filled symbol for each class of the map's legend."""
    root = ElementTree.fromstring(hotspots_qml().split("\n", 1)[1])  # noqa: S314 - our own text
    classes = probability_style().classes
    ranges = root.findall("renderer-v2/ranges/range")
    assert [float(r.get("upper")) for r in ranges] == [entry.upper for entry in classes]
    assert root.find("renderer-v2").get("attr") == "mean_probability"
    symbols = {s.get("name"): s for s in root.findall("renderer-v2/symbols/symbol")}
    for entry, drawn in zip(classes, ranges, strict=True):
        colour = symbols[drawn.get("symbol")].find(".//Option[@name='color']").get("value")
        assert tuple(map(int, colour.split(","))) == entry.rgba
