"""What the viewer answers: layers, samples, hotspots, notes, reviews; what it refuses."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from hotspot.maps.styles import style_of
from hotspot.review import read_notes

TOKEN = {"x-hotspot-token": "known-to-the-page"}


def refusal(answer: Any, *statuses: int) -> str:
    """Return the three parts as one text, after checking that they are three parts."""
    assert answer.status_code in statuses, answer.text
    parts = answer.json()
    assert set(parts) == {"wrong", "seen", "do"}, parts
    assert all(parts.values()), parts
    text = " ".join(parts.values())
    assert "Traceback" not in text
    return text


def note(opened: TestClient, **change: object) -> dict[str, object]:
    facts = opened.get("/api/zn").json()
    (south, west), (north, east) = facts["bounds"]
    body: dict[str, object] = {
        "longitude": (west + east) / 2,
        "latitude": (south + north) / 2,
        "statement": "The probability is 7 % here",
        "verdict": "disagree",
        "text": "<script>alert(1)</script> a dyke\nstands here",
        "name": "Ada",
        "date": "2026-01-31",
    }
    return {**body, **change}


def test_layers_are_those_on_disk_with_the_legend_of_the_styles(
    client: TestClient, experiment: Any
) -> None:
    """Every raster is offered once, with the class table that QGIS gets."""
    facts = client.get("/api/zn").json()
    layers = {layer["name"]: layer for layer in facts["layers"]}
    for part, group in (("maps", "map"), ("explanations", "why")):
        found = {path.stem for path in (experiment.root / part / "zn").glob("*.tif")}
        assert {name for name, layer in layers.items() if layer["group"] == group} == found
    for name in ("probability", "decision", "dissimilarity", "median"):
        wanted = style_of(experiment.models["zn"], name).legend()
        assert [(k["colour"], k["label"]) for k in layers[name]["legend"]] == wanted
    assert facts["decision"] == {"above": 0.9, "below": 0.1}


def test_a_direct_classifier_says_so(client: TestClient) -> None:
    """It offers no interval and no other limit, and refuses one with the reason."""
    facts = client.get("/api/pb").json()
    assert facts["model"]["any_limit"] is False
    assert "median" not in {layer["name"] for layer in facts["layers"]}
    asked = {"longitude": 10.0, "latitude": 50.0, "limit": 120}
    assert client.get("/api/pb/place", params=asked).json()["status"] == "beside"
    (south, west), (north, east) = facts["bounds"]
    asked = {"longitude": (west + east) / 2, "latitude": (south + north) / 2, "limit": 130}
    text = refusal(client.get("/api/pb/place", params=asked), 422)
    assert "direct classifier" in text
    assert "130" in text
    refusal(client.get("/api/pb/exceedance/3/4/2?limit=130"), 422)


def test_samples_against_a_limit(client: TestClient, experiment: Any) -> None:
    """A non-detect under the limit is below it, one that reaches across it unknown."""
    own = client.get("/api/zn/samples").json()
    samples = experiment.samples["zn"]
    assert len(own["features"]) == len(samples)
    by_site = {f["properties"]["site"]: f["properties"] for f in own["features"]}
    assert by_site["site <0>"]["concentration"] == "not detected below 20 mg/kg"
    assert by_site["site <0>"]["exceeds"] is False
    assert by_site["site <3>"]["exceeds"] is True
    assert by_site["site <3>"]["concentration"] == "2000 mg/kg or more"
    assert by_site["site <4>"]["exceeds"] is None
    low = client.get("/api/zn/samples?limit=15").json()
    assert low["counts"]["unknown"] == own["counts"]["unknown"] + 3
    assert sum(low["counts"].values()) == len(samples)


def test_hotspots_lie_where_the_map_has_them(client: TestClient, experiment: Any) -> None:
    """Polygons come in degrees, by rank, with bounds that hold them."""
    import geopandas as gpd

    found = client.get("/api/zn/hotspots").json()["features"]
    stored = gpd.read_file(experiment.root / "maps" / "zn" / "hotspots.gpkg").to_crs(4326)
    assert [f["properties"]["rank"] for f in found] == stored["rank"].tolist()
    assert found
    (south, west), (north, east) = found[0]["properties"]["bounds"]
    np.testing.assert_allclose([west, south, east, north], stored.geometry[0].bounds)


def test_the_scale_holds_the_limit_and_the_samples(client: TestClient) -> None:
    """The slider reaches from below the limit to above every finite sample."""
    scale = client.get("/api/zn").json()["scale"]
    assert scale["low"] <= 30
    assert scale["high"] >= 4000
    values = [tick["value_mg_kg"] for tick in scale["ticks"]]
    assert values == sorted(values)
    assert 300.0 in values
    refusal(client.get("/api/zn/exceedance/3/4/2?limit=1e8"), 422)


def test_a_note_is_kept_and_listed(own_client: TestClient, own: Path) -> None:
    """It is in the file, and another start of the server still lists it."""
    answer = own_client.post("/api/zn/notes", json=note(own_client), headers=TOKEN)
    assert answer.status_code == 201
    assert answer.json()["id"] == "note-1"
    assert read_notes(own / "review" / "notes.geojson")[0].contaminant == "zn"
    listed = own_client.get("/api/zn/notes").json()["features"]
    assert [feature["properties"]["name"] for feature in listed] == ["Ada"]
    assert own_client.get("/api/pb/notes").json()["features"] == []


@pytest.mark.parametrize(
    "change",
    [
        {"longitude": 0.0, "latitude": 0.0},
        {"longitude": 1e9},
        {"longitude": "5"},
        {"name": ""},
        {"name": ["Ada"]},
        {"verdict": "maybe"},
        {"date": "yesterday"},
        {"text": "x" * 5000},
        {"text": "\u0000"},
        {"unknown": 1},
        {"statement": None},
    ],
)
def test_a_note_that_is_none_is_refused(
    own_client: TestClient, own: Path, change: dict[str, object]
) -> None:
    """Nothing is written, and the part is named."""
    body = note(own_client, **change)
    text = refusal(own_client.post("/api/zn/notes", json=body, headers=TOKEN), 422)
    assert any(key in text.lower() for key in (*change, "place"))
    assert not (own / "review" / "notes.geojson").exists()


def test_reviews_come_to_a_state(own_client: TestClient, own: Path) -> None:
    """It is approved only when every statement is; a changed statement opens it again."""
    state = own_client.get("/api/zn/statements").json()
    assert state["standing"] == "open"
    for each in state["statements"]:
        body = {
            "statement": each["id"],
            "text": each["text"],
            "answer": "approve",
            "name": "Ada",
            "date": "2026-01-31",
        }
        answer = own_client.post("/api/zn/reviews", json=body, headers=TOKEN)
        assert answer.status_code == 201
    assert answer.json()["standing"] == "approved"
    stale = {**body, "text": "Something else."}
    refusal(own_client.post("/api/zn/reviews", json=stale, headers=TOKEN), 409)
    path = own / "explanations" / "zn" / "statements.json"
    content = json.loads(path.read_text())
    content["statements"][0]["text"] = "Industry drives zinc a little."
    path.write_text(json.dumps(content))
    changed = own_client.get("/api/zn/statements").json()
    assert changed["standing"] == "open"
    assert changed["statements"][0]["outdated"] == 1
    assert own_client.get("/api/pb/statements").json()["statements"] == []


def test_a_damaged_layer_takes_down_itself_only(own_client: TestClient, own: Path) -> None:
    """Its tiles say what is wrong; all other layers are served on."""
    path = own / "maps" / "zn" / "median.tif"
    path.write_bytes(path.read_bytes()[:700])
    (own / "maps" / "zn" / "upper.tif").write_bytes(b"no raster at all")
    z, x, y = 14, *_column(own_client)
    for name in ("median", "upper"):
        text = refusal(own_client.get(f"/api/zn/tiles/{name}/{z}/{x}/{y}"), 503)
        assert f"{name}.tif" in text
        assert str(own) not in text
    for name in ("probability", "decision", "role_industry"):
        assert own_client.get(f"/api/zn/tiles/{name}/{z}/{x}/{y}").status_code == 200


def test_a_vanished_layer_is_told(own_client: TestClient, own: Path) -> None:
    """A file that is removed while it is served is missing, and no more than that."""
    own_client.get("/api/zn")
    z, x, y = 14, *_column(own_client)
    (own / "maps" / "zn" / "lower.tif").unlink()
    refusal(own_client.get(f"/api/zn/tiles/lower/{z}/{x}/{y}"), 404)
    assert own_client.get(f"/api/zn/tiles/upper/{z}/{x}/{y}").status_code == 200


def test_damaged_notes_are_told_and_left(own_client: TestClient, own: Path) -> None:
    """Neither list nor new note works, and the file stays as it is."""
    path = own / "review" / "notes.geojson"
    path.parent.mkdir()
    path.write_text("[")
    refusal(own_client.get("/api/zn/notes"), 503)
    refusal(own_client.post("/api/zn/notes", json=note(own_client), headers=TOKEN), 422, 503)
    assert path.read_text() == "["


@pytest.mark.parametrize(
    "path",
    [
        "/api/xx",
        "/api/zn/tiles/nope/1/0/0",
        "/api/zn/tiles/probability/1/5/0",
        "/api/zn/tiles/probability/99/0/0",
        "/api/zn/tiles/probability/-1/0/0",
        "/api/zn/tiles/probability/1/0/0.5",
        "/api/zn/tiles/..%2F..%2Fmodels%2Fzn%2Fmanifest.json/1/0/0",
        "/api/zn/tiles/%2Fetc%2Fpasswd/1/0/0",
        "/api/zn/tiles/probability.tif/1/0/0",
        "/api/..%2F..%2Fetc",
        "/api/%00",
        "/api/zn/exceedance/1/0/0",
        "/api/zn/exceedance/1/0/0?limit=0",
        "/api/zn/exceedance/1/0/0?limit=-1",
        "/api/zn/exceedance/1/0/0?limit=nan",
        "/api/zn/exceedance/1/0/0?limit=inf",
        "/api/zn/exceedance/1/0/0?limit=1e400",
        "/api/zn/exceedance/1/0/0?limit=abc%0d%0aX:1",
        "/api/zn/samples?limit=-5",
        "/api/zn/place",
        "/api/zn/place?longitude=181&latitude=0",
        "/api/zn/place?longitude=nan&latitude=0",
        "/api/zn/place?longitude=1&latitude=" + "9" * 400,
        "/api/zn/nothing",
        "/static/..%2Fapp.py",
        "/static/../app.py",
        "/static/app.py",
        "/leaflet/..%2F..%2F__init__.py",
        "/leaflet//etc/passwd",
        "/favicon.ico",
        "/docs",
        "/openapi.json",
        "//etc/passwd",
        "/" + "a" * 5000,
    ],
)
def test_hostile_addresses_get_three_parts(client: TestClient, path: str) -> None:
    """No path, number or name from an address reaches a file; every answer is a 4xx in JSON."""
    refusal(client.get(path), 404, 405, 422)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b"[" * 60_000,
        b'{"longitude": NaN}',
        b'{"longitude": 1e999}',
        b"\xff\xfe",
        b'"' + b"a" * 1000 + b'"',
    ],
)
def test_hostile_bodies_get_three_parts(own_client: TestClient, own: Path, body: bytes) -> None:
    """What is no note is refused before anything is written."""
    headers = {**TOKEN, "content-type": "application/json"}
    refusal(own_client.post("/api/zn/notes", content=body, headers=headers), 400, 422)
    assert not (own / "review").exists()


def test_other_methods_are_refused(client: TestClient) -> None:
    """Only GET, HEAD and POST are known, and POST only where something can be written."""
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS"):
        refusal(client.request(method, "/api/zn"), 405)
    headers = {**TOKEN, "content-type": "application/json"}
    refusal(client.post("/api/zn", content=b"{}", headers=headers), 404, 405)


def test_the_page_and_its_files(client: TestClient) -> None:
    """The page escapes the title, has no inline script or style, and its files are there."""
    import re

    answer = client.get("/")
    assert answer.status_code == 200
    assert "A toy &lt;b&gt;region&lt;/b&gt;" in answer.text
    assert not re.search(r"<script(?![^>]*src=)|<style| style=| on\w+=", answer.text)
    for path in re.findall(r'(?:src|href)="(/[^"]+)"', answer.text):
        assert client.get(path).status_code == 200, path
    for name in re.findall(r'from "\./([\w.]+)"', client.get("/static/app.js").text):
        assert client.get(f"/static/{name}").status_code == 200, name


def test_static_files_name_no_other_machine(client: TestClient) -> None:
    """Nothing of ours points elsewhere, and every file of the folder is in the table."""
    from importlib.resources import files

    for file in (files("hotspot.web") / "static").iterdir():
        text = client.get(f"/static/{file.name}").text
        assert "//" not in text.replace("http://www.w3.org/2000/svg", "").replace("// ", ""), (
            file.name
        )


def _column(opened: TestClient) -> tuple[int, int]:
    """Return the column and row of the tile over the middle of the map at zoom 14."""
    (south, west), (north, east) = opened.get("/api/zn").json()["bounds"]
    longitude, latitude = (west + east) / 2, (south + north) / 2
    y = (1 - np.arcsinh(np.tan(np.radians(latitude))) / np.pi) / 2
    return int((longitude + 180) / 360 * 2**14), int(y * 2**14)
