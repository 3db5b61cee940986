"""The viewer in a real browser, at the width of a desk and of a telephone."""

import json
from collections.abc import Callable
from math import exp, log
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hotspot.estimators import load_model
from hotspot.maps.read import read_layer

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser")]

Open = Callable[..., Any]
WIDTHS = (1440, 375)
# A cell of the map, in the flood plain.
CELL = (40, 40)


def lonlat(root: Path, cell: tuple[int, int]) -> tuple[float, float]:
    """Return longitude and latitude of the centre of a cell."""
    from rasterio.warp import transform

    _, grid = read_layer(root / "experiments/meuse/maps/zn/probability.tif")
    place = grid.centres(np.array([cell[0]]), np.array([cell[1]]))[0]
    longitude, latitude = transform(grid.crs, "EPSG:4326", [place[0]], [place[1]])
    return float(longitude[0]), float(latitude[0])


def centred(viewer: Any, cell: tuple[int, int], more: str = "") -> str:
    """Return the address of a view with a cell in the middle of the map."""
    longitude, latitude = lonlat(viewer.root, cell)
    return f"{viewer.address}/#c=zn&view=15,{latitude:.7f},{longitude:.7f}{more}"


def stored(viewer: Any, part: str, layer: str) -> float:
    path = viewer.root / f"experiments/meuse/{part}/zn/{layer}.tif"
    return float(read_layer(path)[0][CELL])


def click_centre(page: Any) -> None:
    box = page.locator("#map").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_selector("#place-probability")


def test_a_short_card_is_as_wide_as_a_narrow_screen(viewer: Any, open_page: Open) -> None:
    """Beside the map there is little to say; the card still spans the page below it."""
    page = open_page(f"{viewer.address}/#c=zn&at=50.9743,5.7019", width=375)
    until(page, "document.querySelector('#place').innerText.includes('beside the map')")
    card = page.locator("#place").bounding_box()
    assert card["width"] == pytest.approx(375, abs=1)


def until(page: Any, condition: str) -> None:
    """Wait for a condition; the page itself allows no code from outside, so it is asked."""
    for _ in range(200):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(50)
    pytest.fail(f"{condition} did not come about at {page.url}")


def data(page: Any, selector: str) -> float:
    return float(page.locator(selector).get_attribute("value"))


@pytest.mark.parametrize("width", WIDTHS)
def test_it_loads_and_fits(viewer: Any, open_page: Open, width: int) -> None:
    """Tiles are drawn, nothing is wider than the screen, every control is in sight."""
    page = open_page(viewer.address, width=width, height=812)
    assert "Meuse" in page.title()
    drawn = "[...document.querySelectorAll('.leaflet-tile')].map(t => t.naturalWidth)"
    assert set(page.evaluate(drawn)) == {256}
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    if width > 760:
        assert page.evaluate("document.documentElement.scrollHeight") == 812
    assert page.locator("#contaminants label").all_inner_texts() == ["Zinc"]
    assert page.locator("#limit").is_enabled()


@pytest.mark.parametrize("width", WIDTHS)
def test_a_clicked_cell_tells_the_numbers_of_the_rasters(
    viewer: Any, open_page: Open, width: int
) -> None:
    """Probability, interval, dissimilarity and roles are those on disk, and add up."""
    page = open_page(centred(viewer, CELL), width=width)
    click_centre(page)
    chance = data(page, "#place-probability")
    assert chance == pytest.approx(stored(viewer, "maps", "probability"), rel=1e-6)
    assert page.locator("#place-probability").inner_text() == f"{100 * chance:.1f} %"
    for name in ("lower", "median", "upper", "dissimilarity"):
        wanted = stored(viewer, "maps", name)
        assert data(page, f"#place-{name}") == pytest.approx(wanted, rel=1e-6), name
    parts = page.locator("#place-sum .part")
    contributions = {
        part.get_attribute("data-role"): float(part.get_attribute("value"))
        for part in parts.all()
    }
    for role, contribution in contributions.items():
        wanted = stored(viewer, "explanations", f"role_{role}")
        assert contribution == pytest.approx(wanted, abs=1e-6)
    total = data(page, "#place-sum .base") + sum(contributions.values())
    assert total == pytest.approx(data(page, "#place-sum .total"), abs=1e-9)
    assert 1 / (1 + exp(-total)) == pytest.approx(chance, abs=1e-9)
    page.click("#place-doubt summary")
    doubt = [
        float(part.get_attribute("value")) for part in page.locator("#place-doubt .part").all()
    ]
    width = data(page, "#place-doubt .base") + sum(doubt)
    wanted = log(data(page, "#place-upper") / data(page, "#place-lower"))
    assert width == pytest.approx(wanted, abs=1e-6)


def test_layers_are_switched(viewer: Any, open_page: Open, watch: Any) -> None:
    """Another layer brings its own tiles and legend, and its own name into the link."""
    page = open_page(viewer.address)
    before = len(watch.asked)
    page.check("input[name=layer][value=decision]")
    page.wait_for_load_state("networkidle")
    assert page.locator("#legend .keys li").all_inner_texts() == [
        "below the limit",
        "above the limit",
        "cannot say",
    ]
    assert any("/tiles/decision/" in url for url in watch.asked[before:])
    assert page.locator(".leaflet-tile-pane .leaflet-layer").count() == 1
    page.check("input[name=layer][value=driver]")
    page.wait_for_load_state("networkidle")
    assert "water" in page.locator("#legend").inner_text()
    assert "hatched: outside the area of applicability" in page.locator("#legend").inner_text()
    until(page, "location.hash.includes('layer=driver')")
    page.check("input[name=layer][value=width_water]")
    until(page, "location.hash.includes('layer=width_water')")
    assert "times wider" in page.locator("#legend").inner_text()


def test_the_opacity_slider_fades_the_layer(viewer: Any, open_page: Open) -> None:
    """What the slider says is what the layer has."""
    page = open_page(viewer.address)
    page.locator("#opacity").fill("40")
    layer = "getComputedStyle(document.querySelector('.leaflet-tile-pane .cells')).opacity"
    assert float(page.evaluate(layer)) == pytest.approx(0.4)


def test_the_slider_redraws_the_probability(viewer: Any, open_page: Open, watch: Any) -> None:
    """Another limit brings other tiles, and the place tells the model's answer for it."""
    page = open_page(centred(viewer, CELL))
    click_centre(page)
    before = data(page, "#place-probability")
    page.focus("#limit")
    for _ in range(60):
        page.keyboard.press("ArrowRight")
    until(page, "location.hash.includes('limit=')")
    page.wait_for_load_state("networkidle")
    limit = float(page.evaluate("new URLSearchParams(location.hash.slice(1)).get('limit')"))
    assert limit > 300
    assert any("/exceedance/15/" in url and f"limit={limit:g}" in url for url in watch.asked)
    assert f"{limit:g} mg/kg" in page.locator("#legend h2").inner_text()
    until(page, f"Number(document.querySelector('#place-probability').value) !== {before!r}")
    model = load_model(viewer.root / "models/meuse/zn")
    values = _row(viewer.root)
    wanted = model.estimator.exceedance(values[0], limit, coordinates=values[1])
    assert data(page, "#place-probability") == pytest.approx(float(wanted[0]), abs=1e-9)
    total = data(page, "#place-sum .total")
    assert total == pytest.approx(log(wanted[0] / (1 - wanted[0])), abs=1e-6)
    page.click("#limit-back")
    until(page, "!location.hash.includes('limit=')")
    assert page.locator("#limit-told").inner_text() == "300 mg/kg"


def _row(root: Path) -> Any:
    from hotspot.covariates.stack import open_stack
    from hotspot.grid import Window

    with open_stack(root / "data/interim/meuse/covariates") as stack:
        frame, _ = stack.frame(Window(*CELL, 1, 1))
        places = stack.grid.centres(np.array([CELL[0]]), np.array([CELL[1]]))
    return frame, places


def test_a_published_limit_is_chosen(viewer: Any, open_page: Open) -> None:
    """The registry's limits stand in the list, and choosing one moves the slider to it."""
    page = open_page(viewer.address)
    page.select_option("#limit-list", "500")
    until(page, "location.hash.includes('limit=500')")
    assert page.locator("#limit-told").inner_text() == "500 mg/kg"


def test_a_direct_classifier_has_no_slider(direct_viewer: Any, open_page: Open) -> None:
    """It is disabled, and a sentence says why."""
    page = open_page(direct_viewer.address)
    assert page.locator("#limit").is_disabled()
    assert "direct classifier" in page.locator("#limit-why").inner_text()
    assert page.locator("input[name=layer][value=median]").count() == 0


def test_contaminants_are_switched(direct_viewer: Any, open_page: Open) -> None:
    """The map, the limit and the link go over to the other one; the layer stays."""
    page = open_page(f"{direct_viewer.address}/#c=zn&layer=role_water")
    with page.expect_request("**/api/pb/tiles/role_water/**"):
        page.locator("#contaminants label", has_text="Lead").click()
    until(page, "location.hash.startsWith('#c=pb&layer=role_water')")
    assert page.locator("#limit-told").inner_text() == "300 mg/kg"


def test_a_link_restores_the_view(viewer: Any, open_page: Open) -> None:
    """Contaminant, layer, opacity, limit, place and view come back from the address."""
    page = open_page(centred(viewer, CELL, "&layer=probability&opacity=60&limit=450"))
    click_centre(page)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(400)
    address = page.url
    for part in ("c=zn", "layer=probability", "opacity=60", "limit=450", "at=", "view=15,"):
        assert part in address
    again = open_page(address)
    again.wait_for_selector("#place-probability")
    again.wait_for_timeout(400)
    assert again.url == address
    assert again.locator("#limit-told").inner_text() == "450 mg/kg"
    assert again.locator("#opacity").input_value() == "60"
    assert data(again, "#place-probability") == data(page, "#place-probability")


def test_a_broken_link_opens_the_map(viewer: Any, open_page: Open) -> None:
    """What a link says that cannot be is passed over."""
    page = open_page(
        f"{viewer.address}/#c=../x&layer=<b>&opacity=999&limit=-3&view=a,b,c&at=9999,0&tab=no"
    )
    assert page.locator("input[name=layer]:checked").get_attribute("value") == "probability"
    assert page.locator("#place").is_hidden()


def test_a_note_survives_a_reload(viewer: Any, open_page: Open) -> None:
    """It is kept in the experiment, listed with its words as they are, and marked."""
    page = open_page(centred(viewer, CELL))
    click_centre(page)
    page.click("#note-box summary")
    words = "<img src=x onerror=alert(1)> A dyke stands here."
    page.check("#note-form input[value=disagree]")
    page.fill("#note-form textarea", words)
    page.fill("#note-form input[name=name]", "Ada <b>Reviewer</b>")
    page.fill("#note-form input[name=date]", "2026-01-31")
    page.click("#note-form [type=submit]")
    page.wait_for_selector(".kept")
    # The form is gone, and keys go on where it was.
    assert page.evaluate("document.activeElement.className") == "kept"
    page.reload()
    page.wait_for_selector(".note-mark")
    page.click("#tab-review")
    listed = page.locator(".note-list li").first.inner_text()
    assert words in listed
    assert "Ada <b>Reviewer</b>, 2026-01-31: disagree" in listed
    path = viewer.root / "experiments/meuse/review/notes.geojson"
    feature = json.loads(path.read_text())["features"][0]
    longitude, latitude = lonlat(viewer.root, CELL)
    assert feature["geometry"]["coordinates"] == pytest.approx([longitude, latitude], abs=1e-4)
    page.locator(".note-list button").first.click()
    page.wait_for_selector("#place-probability")


def test_a_statement_is_reviewed(viewer: Any, open_page: Open) -> None:
    """An answer is kept with its name, and the whole stays open while one is."""
    path = viewer.root / "experiments/meuse/explanations/zn/statements.json"
    before = path.read_bytes() if path.is_file() else None
    path.write_text(
        json.dumps(
            {
                "statements": [
                    {"id": "a", "text": "Water drives zinc.", "verdict": "supported"},
                    {"id": "b", "text": "Soil does not.", "verdict": "unstable"},
                ]
            }
        )
    )
    try:
        page = open_page(f"{viewer.address}/#c=zn&tab=review")
        first = page.locator(".statement").first
        first.locator("summary").click()
        first.locator("input[value=approve]").check()
        first.locator("input[name=name]").fill("Ada")
        first.locator("[type=submit]").click()
        page.wait_for_selector(".statement .chip.approved")
        assert page.locator("#standing").inner_text() == (
            "Of 2 statements: 1 approved, 1 open."
        )
        focused = "document.activeElement.closest('.statement').querySelector('p').innerText"
        assert page.evaluate(focused) == "Water drives zinc."
        kept = json.loads((viewer.root / "experiments/meuse/review.json").read_text())
        assert [(r["statement"], r["answer"], r["name"]) for r in kept["reviews"]] == [
            ("a", "approve", "Ada")
        ]
    finally:
        path.unlink()
        if before is not None:
            path.write_bytes(before)


@pytest.mark.parametrize("width", WIDTHS)
def test_everything_is_reached_by_keys(viewer: Any, open_page: Open, width: int) -> None:
    """From the top of the page on, Tab alone reaches map, contaminants, layers and tabs."""
    page = open_page(centred(viewer, CELL), width=width)
    reached = []
    for _ in range(24):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate("document.activeElement.id || document.activeElement.name || ''")
        )
    for wanted in ("map", "contaminant", "tab-layers", "layer", "limit", "opacity"):
        assert wanted in reached, (wanted, reached)


def test_the_centre_is_read_by_keys(viewer: Any, open_page: Open) -> None:
    """Enter on the map reads its centre, visibly; Escape closes the card and goes back."""
    page = open_page(centred(viewer, CELL))
    page.keyboard.press("Tab")
    page.locator("#map").focus()
    assert page.locator(".crosshair").is_visible()
    outline = "getComputedStyle(document.querySelector('#map')).outlineStyle"
    assert page.evaluate(outline) == "solid"
    page.keyboard.press("Enter")
    page.wait_for_selector("#place-probability")
    assert data(page, "#place-probability") == pytest.approx(
        stored(viewer, "maps", "probability"), rel=1e-6
    )
    assert "probability" in page.locator("#spoken").inner_text()
    page.keyboard.press("Escape")
    assert page.locator("#place").is_hidden()
    assert page.evaluate("document.activeElement.id") == "map"


def test_hotspots_are_flown_to_by_keys(viewer: Any, open_page: Open) -> None:
    """Arrow keys change the tab, and Enter on a row brings the polygon into view."""
    page = open_page(f"{viewer.address}/#c=zn")
    page.locator("#tab-layers").focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.id") == "tab-hotspots"
    before = page.url
    rows = page.locator("#hotspots button")
    rows.nth(rows.count() - 1).focus()
    page.keyboard.press("Enter")
    until(page, f"location.href !== {json.dumps(before)}")
    page.wait_for_selector(".hotspot.chosen", state="attached")


def test_a_damaged_layer_is_told(viewer: Any, browser: Any) -> None:
    """The page says which layer cannot be read, and goes on with the others."""
    path = viewer.root / "experiments/meuse/maps/zn/upper.tif"
    whole = path.read_bytes()
    page = browser.new_page()
    try:
        page.goto(viewer.address)
        page.wait_for_selector("input[name=layer]:checked", state="attached")
        path.write_bytes(whole[:600])
        page.check("input[name=layer][value=upper]")
        page.wait_for_selector("#trouble:not([hidden])")
        assert "upper.tif" in page.locator("#trouble").inner_text()
        page.check("input[name=layer][value=median]")
        page.wait_for_selector("#trouble", state="hidden")
    finally:
        path.write_bytes(whole)
        page.close()
