"""A place that is read: the model's numbers are the map's, and contributions add up."""

import json
import shutil
from dataclasses import replace
from math import exp, isfinite, log
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from hotspot.commands.limit_rules import rule_facts
from hotspot.estimators.store import save_model
from hotspot.maps.read import read_layer
from hotspot.observations.limits.regimes import registry_rule
from hotspot.observations.limits.soil_inputs import SoilInputs
from hotspot.web.opened import from_wgs84, to_wgs84

CELLS = [(8, 10), (3, 30), (15, 19), (15, 20), (28, 2), (20, 37)]


def place(client: TestClient, contaminant: str, lonlat: Any, **more: float) -> dict[str, Any]:
    longitude, latitude = (float(value) for value in lonlat)
    answer = client.get(
        f"/api/{contaminant}/place",
        params={"longitude": longitude, "latitude": latitude, **more},
    )
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def centre(experiment: Any, row: int, col: int) -> Any:
    grid = experiment.models["zn"].grid
    return to_wgs84(grid, grid.centres(np.array([row]), np.array([col])))[0]


def stored(experiment: Any, contaminant: str, part: str, layer: str, cell: Any) -> float:
    values, _ = read_layer(experiment.root / part / contaminant / f"{layer}.tif")
    return float(values[cell])


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("contaminant", ["zn", "pb"])
def test_numbers_are_those_of_the_rasters(
    client: TestClient, experiment: Any, contaminant: str, cell: tuple[int, int]
) -> None:
    """Probability, interval, dissimilarity, decision and roles equal the files' float32."""
    answer = place(client, contaminant, centre(experiment, *cell))
    assert (answer["row"], answer["col"], answer["status"]) == (*cell, "answered")
    assert answer["same_as_map"] is True
    names = ["probability", "dissimilarity"]
    names += ["lower", "median", "upper"] if contaminant == "zn" else []
    for name in names:
        assert np.float32(answer[name]) == pytest.approx(
            stored(experiment, contaminant, "maps", name, cell), rel=1e-6, abs=1e-9
        )
    codes = {0: "below", 1: "above", 2: "cannot say"}
    assert (
        answer["decision"] == codes[stored(experiment, contaminant, "maps", "decision", cell)]
    )
    roles = {r["role"]: r["contribution"] for r in answer["explanation"]["roles"]}
    assert set(roles) >= {"industry", "terrain", "geology"}
    for role, contribution in roles.items():
        assert contribution == pytest.approx(
            stored(experiment, contaminant, "explanations", f"role_{role}", cell),
            rel=1e-5,
            abs=1e-6,
        )


@pytest.mark.parametrize("contaminant", ["zn", "pb"])
@pytest.mark.parametrize("cell", CELLS)
def test_base_and_roles_add_up_to_the_probability(
    client: TestClient, experiment: Any, contaminant: str, cell: tuple[int, int]
) -> None:
    """The logistic function of base plus contributions is the probability."""
    explanation = (answer := place(client, contaminant, centre(experiment, *cell)))[
        "explanation"
    ]
    total = explanation["base"] + sum(r["contribution"] for r in explanation["roles"])
    assert total == pytest.approx(explanation["total"], abs=1e-9)
    chance = min(max(answer["probability"], 1e-6), 1 - 1e-6)
    assert 1 / (1 + exp(-total)) == pytest.approx(chance, abs=1e-9)


def test_the_doubt_adds_up_to_the_interval(client: TestClient, experiment: Any) -> None:
    """Base and roles give ln(upper / lower) of the cell; a classifier has no interval."""
    cell = (12, 18)
    answer = place(client, "zn", centre(experiment, *cell))
    doubt = answer["uncertainty"]
    total = doubt["base"] + sum(role["contribution"] for role in doubt["roles"])
    assert total == pytest.approx(log(answer["upper"] / answer["lower"]), abs=1e-9)
    assert "90 % interval" in doubt["unit"]
    assert place(client, "pb", centre(experiment, *cell))["uncertainty"] is None


def test_another_limit_adds_up_too(client: TestClient, experiment: Any) -> None:
    """At any limit the contributions explain that limit's probability, which falls with it."""
    before = 1.0
    for limit in (100.0, 300.0, 500.0, 900.0):
        answer = place(client, "zn", centre(experiment, 8, 10), limit=limit)
        explanation = answer["explanation"]
        total = explanation["base"] + sum(r["contribution"] for r in explanation["roles"])
        assert 1 / (1 + exp(-total)) == pytest.approx(answer["probability"], abs=1e-9)
        expected = experiment.models["zn"].estimator.exceedance(
            *_row(experiment, 8, 10)[:1], limit, coordinates=_row(experiment, 8, 10)[1]
        )
        assert answer["probability"] == pytest.approx(float(expected[0]), abs=1e-12)
        assert answer["probability"] <= before
        before = answer["probability"]


def _row(experiment: Any, row: int, col: int) -> Any:
    from hotspot.covariates.stack import open_stack
    from hotspot.grid import Window

    with open_stack(experiment.root / "covariates") as stack:
        frame, _ = stack.frame(Window(row, col, 1, 1))
    return frame, experiment.models["zn"].grid.centres(np.array([row]), np.array([col]))


def test_places_without_an_answer_say_why(client: TestClient, experiment: Any) -> None:
    """Beside the map, with a gap, and on rock that no sample had, no number is made up."""
    assert place(client, "zn", (0.0, 0.0))["status"] == "beside"
    gap = place(client, "zn", centre(experiment, 0, 0))
    assert gap["status"] == "incomplete"
    assert [c["value"] for c in gap["covariates"] if c["name"] == "slope"] == [None]
    with pytest.warns(UserWarning, match=r"rock.*9"):
        unseen = place(client, "zn", centre(experiment, 29, 39))
    assert unseen["status"] == "unknown"
    assert "probability" not in unseen


def test_covariates_and_nearest_samples(client: TestClient, experiment: Any) -> None:
    """Classes come with their meaning; samples rise in distance and tell what is known."""
    answer = place(client, "zn", centre(experiment, 15, 20))
    rock = next(c for c in answer["covariates"] if c["name"] == "rock")
    assert (rock["value"], rock["class"], rock["role"]) == (2.0, "chalk", "geology")
    distances = [s["distance_m"] for s in answer["nearest"]]
    assert distances == sorted(distances)
    samples = experiment.samples["zn"]
    here = np.array([answer["easting"], answer["northing"]])
    nearest = np.hypot(*(samples.coordinates - here).T)
    assert distances[0] == pytest.approx(nearest.min())


def test_the_outline_is_the_cell(client: TestClient, experiment: Any) -> None:
    """Its corners lie half a cell from the centre, on the grid of the map."""
    answer = place(client, "zn", centre(experiment, 15, 20))
    corners = np.array([[longitude, latitude] for latitude, longitude in answer["outline"]])
    back = from_wgs84(experiment.models["zn"].grid, corners)
    np.testing.assert_allclose(
        np.abs(back - [answer["easting"], answer["northing"]]), 50.0, atol=1e-3
    )


def test_a_map_of_another_model_is_told(own_client: TestClient, own: Path) -> None:
    """Where the raster on disk is not what the model says, the page can say so."""
    from hotspot.rasters import CogWriter

    path = own / "maps" / "zn" / "probability.tif"
    values, grid = read_layer(path)
    with CogWriter(path, grid) as writer:
        for window in grid.windows():
            writer.write(window, np.clip(values + 0.2, 0, 1))
    lonlat = to_wgs84(grid, grid.centres(np.array([8]), np.array([30])))[0]
    assert place(own_client, "zn", lonlat)["same_as_map"] is False


def test_what_only_the_map_tells(own_client: TestClient, own: Path, experiment: Any) -> None:
    """Band and decision of the map's own limit are read; another limit has no band."""
    from hotspot.rasters import CogWriter

    folder = own / "maps" / "zn"
    values, grid = read_layer(folder / "probability.tif")
    for name, shift in (("probability_lower", -0.1), ("probability_upper", 0.1)):
        with CogWriter(folder / f"{name}.tif", grid) as writer:
            for window in grid.windows():
                writer.write(window, np.clip(values + shift, 0, 1))
    for limit, has_band in ((300.0, True), (310.0, False)):
        answer = place(own_client, "zn", centre(experiment, 15, 19), limit=limit)
        assert (answer["band"] is not None) is has_band
    answer = place(own_client, "zn", centre(experiment, 15, 19))
    chance = answer["probability"]
    wanted = np.clip([chance - 0.1, chance + 0.1], 0, 1)
    assert answer["band"] == pytest.approx(wanted, abs=1e-6)


def test_cuts_that_no_probability_reaches() -> None:
    """A map that never says above tells so in words, and the rule is read back from them."""
    from hotspot.web.opened import _cut

    assert _cut("never") is None
    assert _cut("0.8") == 0.8


def test_a_limit_that_depends_on_the_place(
    experiment: Any, own: Path, own_client: TestClient
) -> None:
    """Clay has the Canadian limit of farm land, chalk was given none; samples follow."""
    model = experiment.models["zn"]
    given = SoilInputs.read({"land_use": "rock"}, {1: "agricultural"})
    rule = replace(registry_rule("pb", "CA", given), contaminant="zn")
    facts = rule_facts(rule, experiment.samples["zn"].X)
    shutil.rmtree(own / "models" / "zn")
    save_model(replace(model, threshold=facts), own / "models" / "zn")
    told = own_client.get("/api/zn").json()
    assert told["limit_text"] == "the limit of its place (CA.pb)"
    assert told["limit_by_place"] is True
    limit = rule.rows[0].threshold.value_mg_kg
    on_clay = place(own_client, "zn", centre(experiment, 8, 10))
    assert (on_clay["status"], on_clay["limit_mg_kg"]) == ("answered", limit)
    asked = place(own_client, "zn", centre(experiment, 8, 10), limit=limit)
    assert asked["probability"] == on_clay["probability"]
    on_chalk = place(own_client, "zn", centre(experiment, 3, 30))
    assert on_chalk["status"] == "unknown"
    assert on_chalk["reason"].startswith("land_use")
    # One number can be asked about everywhere.
    assert place(own_client, "zn", centre(experiment, 3, 30), limit=300.0)["probability"] > 0
    counts = own_client.get("/api/zn/samples").json()["counts"]
    chalk = (experiment.samples["zn"].X["rock"] == 2).sum()
    assert counts["unknown"] >= chalk
    assert own_client.get("/api/zn/samples?limit=300").json()["counts"]["unknown"] == 1


def test_a_damaged_manifest_closes_one_contaminant(own_client: TestClient, own: Path) -> None:
    """The other contaminant is served on."""
    manifest = own / "models" / "zn" / "manifest.json"
    content = json.loads(manifest.read_text())
    content["threshold"]["value_mg_kg"] = 1.0
    manifest.write_text(json.dumps(content))
    answer = own_client.get("/api/zn")
    assert answer.status_code == 503
    assert set(answer.json()) == {"wrong", "seen", "do"}
    assert own_client.get("/api/pb").status_code == 200


def test_what_is_costly_is_done_once(
    experiment: Any, monkeypatch: pytest.MonkeyPatch, own_client: TestClient, own: Path
) -> None:
    """Model and background are made for the first reading, and again only for new files."""
    from hotspot.web import opened

    made: list[str] = []
    original = opened.open_contaminant
    monkeypatch.setattr(
        opened,
        "open_contaminant",
        lambda *given: (made.append(given[1]), original(*given))[1],
    )
    for col in (11, 12, 13):
        place(own_client, "zn", centre(experiment, 8, col))
    assert made == ["zn"]
    manifest = own / "models" / "zn" / "manifest.json"
    text = manifest.read_text()
    manifest.unlink()
    manifest.write_text(text)
    place(own_client, "zn", centre(experiment, 8, 14))
    assert made == ["zn", "zn"]


def test_every_number_is_json(client: TestClient, experiment: Any) -> None:
    """Nothing that JSON does not know is sent, whatever the cell."""

    def numbers(values: Any) -> Any:
        if isinstance(values, dict):
            for value in values.values():
                yield from numbers(value)
        elif isinstance(values, list):
            for value in values:
                yield from numbers(value)
        elif isinstance(values, float):
            yield values

    for cell in CELLS:
        for contaminant in ("zn", "pb"):
            answer = place(client, contaminant, centre(experiment, *cell))
            assert all(isfinite(value) for value in numbers(answer))
