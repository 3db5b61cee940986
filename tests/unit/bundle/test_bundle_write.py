"""Bundles that we write: whole, on the receiver's grid, the same bytes each time."""

import hashlib
import json
import re
from dataclasses import replace

import numpy as np
import pytest

from hotspot.bundle.check import check_bundle
from hotspot.bundle.check_tags import REQUIRED
from hotspot.bundle.codes import CODES
from hotspot.bundle.content import rule_of
from hotspot.bundle.countries import ISO3
from hotspot.bundle.names import PARTNERS, LayerName, check_tokens
from hotspot.bundle.profiles import PROFILES, row_areas_m2
from hotspot.bundle.seams import SeamTally
from hotspot.bundle.write import write_bundle
from hotspot.commands.bundle import main
from hotspot.errors import ConfigError
from hotspot.grid import Grid, same_crs
from hotspot.maps.decision import decide, inside_applicability
from hotspot.maps.read import read_layer
from hotspot.observations.limits.regimes import regime_rule
from hotspot.observations.limits.soil_inputs import SoilInputs

CHANCE = "NLD_Cd-exceedance_0-20cm_mean.tif"
DECISION = "NLD_Cd-decision_0-20cm_class.tif"
INDEX = "NLD_Cd-dissimilarity_0-20cm_index.tif"


@pytest.mark.parametrize("name", list(PROFILES))
def test_a_clean_bundle_has_no_finding(clean, name) -> None:
    """The checker says nothing of a bundle that was made from a consistent map."""
    assert check_bundle(clean[name]) == []


def test_the_methods_page_shows_one_curve_of_reliability(clean) -> None:
    """That of all samples; those inside and outside the area of applicability are others."""
    page = (clean["stac"] / "methods.md").read_text()
    table = page.split("### Reliability of Cadmium")[1].split("##")[0].strip()
    assert table.splitlines()[4:] == ["| 0.1 | 0.12 | 0 to 0.3 | 15 |"]


@pytest.mark.parametrize("name", list(PROFILES))
def test_rasters_lie_on_the_grid_of_the_profile(clean, name) -> None:
    """CRS, resolution and corner are those of the receiver's template."""
    profile = PROFILES[name]
    _, grid = read_layer(clean[name] / CHANCE)
    if profile.crs is not None:
        assert same_crs(grid.crs, profile.crs)
        assert grid.resolution == pytest.approx((profile.resolution,) * 2)
        assert profile.off_template(grid) < 1e-6


def test_every_estimate_has_its_uncertainty(clean) -> None:
    """The pair that FAO's product table asks for is there, in the unit of the estimate."""
    stems = {LayerName.read(path.stem).role for path in clean["gsp"].glob("*.tif")}
    for role, partner in PARTNERS.items():
        assert role in stems
        assert partner in stems


def test_a_warped_decision_follows_from_its_probability(clean) -> None:
    """It is made anew from the warped layers, not moved by the nearest cell."""
    chance, _ = read_layer(clean["gsp"] / CHANCE)
    index, _ = read_layer(clean["gsp"] / INDEX)
    answer, _ = read_layer(clean["gsp"] / DECISION)
    rule = rule_of({"decision_above": "0.6", "decision_below": "0.2"})
    assert np.array_equal(answer, decide(chance, inside_applicability(index, 1.0), rule))


def test_averaging_keeps_the_mean_probability(clean) -> None:
    """The area expected above the limit changes by little when cells grow."""
    before = _measure(clean["stac"], CHANCE, "expected_above_ha")
    after = _measure(clean["gsp"], CHANCE, "expected_above_ha")
    # Cells on the edge are taken whole, so that the area itself grows.
    grown = _measure(clean["gsp"], CHANCE, "area_ha") / _measure(
        clean["stac"], CHANCE, "area_ha"
    )
    assert 1.0 <= grown < 1.2
    assert after / before == pytest.approx(grown, rel=0.05)


def _measure(root, file: str, measure: str) -> float:
    for line in (root / "statistics.csv").read_text().splitlines():
        parts = line.split(",")
        if parts[:3] == [file, measure, ""]:
            return float(parts[3])
    raise AssertionError(measure)


def test_the_same_run_gives_the_same_bytes(maps, statement, page, tmp_path) -> None:
    """Every file of two bundles has the same bytes, and no file has a time of day."""
    found = []
    for name in ("one", "two"):
        write_bundle(tmp_path / name, [maps], statement, PROFILES["gsp"], page=page("gsp"))
        files = sorted((tmp_path / name).iterdir())
        found.append({p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in files})
    assert found[0] == found[1]


def test_a_failure_leaves_the_old_bundle(maps, statement, page, tmp_path) -> None:
    """What was there stays, whole, and nothing half-written beside it."""
    folder = tmp_path / "gsp"
    write_bundle(folder, [maps], statement, PROFILES["stac"], page=page("stac"))
    before = sorted(path.name for path in folder.iterdir())

    def broken(meanings):
        raise KeyError("page")

    with pytest.raises(KeyError):
        write_bundle(folder, [maps], statement, PROFILES["stac"], page=broken)
    assert sorted(path.name for path in folder.iterdir()) == before
    assert [path.name for path in tmp_path.iterdir()] == ["gsp"]


def test_the_manifest_is_that_of_sha256sum(clean) -> None:
    """Each line holds the digest of a file, and every file has a line."""
    root = clean["stac"]
    lines = (root / "checksums.sha256").read_text().splitlines()
    named = {line.split("  ")[1]: line.split("  ")[0] for line in lines}
    assert set(named) == {p.name for p in root.iterdir()} - {"checksums.sha256"}
    for name, digest in named.items():
        assert hashlib.sha256((root / name).read_bytes()).hexdigest() == digest


def test_dates_come_from_the_samples(clean) -> None:
    """A record is dated by the last day of sampling; it holds the period, too."""
    text = (clean["gsp"] / CHANCE.replace(".tif", ".xml")).read_text()
    assert text.count("1991-05-31") == 3
    assert "1990-03-01" in text


def test_samples_are_published_without_places(clean) -> None:
    """Nobody can read from a bundle where samples were taken."""
    head = (clean["stac"] / "NLD_Cd_0-20cm_samples.csv").read_text().splitlines()[0]
    assert head == "probability,exceeds"


def test_areas_in_degrees_add_up_to_the_ellipsoid() -> None:
    """All cells of the world have the area of WGS 84, 510 065 622 km2 (NIMA TR8350.2)."""
    world = Grid.from_region((-180, 180, -90, 90), 1, "EPSG:4326")
    assert row_areas_m2(world).sum() * 360 == pytest.approx(510_065_622e6, rel=1e-7)


@pytest.mark.parametrize(
    ("key", "value"),
    [("country", "XKX"), ("country", "NL"), ("depth", (20.0, 0.0)), ("licence", "")],
)
def test_a_statement_that_no_receiver_takes_is_refused(statement, key, value) -> None:
    """Country, depth and licence are checked before anything is written."""
    with pytest.raises(ConfigError, match=rf"bundle\.{key}"):
        replace(statement, **{key: value})


def test_profiles_take_the_cells_of_their_receiver() -> None:
    """Others are refused, and the grid of the run has none to choose."""
    assert PROFILES["gsp"].with_resolution(1 / 120).resolution == pytest.approx(0.0083333333)
    with pytest.raises(ConfigError, match=r"0\.1"):
        PROFILES["gsp"].with_resolution(0.1)
    with pytest.raises(ConfigError, match="keeps the grid"):
        PROFILES["stac"].with_resolution(100.0)


def test_two_contaminants_cannot_share_a_name() -> None:
    """Chromium and hexavalent chromium need names of their own."""
    with pytest.raises(ConfigError, match=r"bundle\.tokens"):
        check_tokens({"cr": "Cr", "cr6": "CR"})


def test_there_are_249_countries() -> None:
    """ISO 3166-1 has 249 officially assigned codes; user-assigned ones are none."""
    assert len(ISO3) == 249
    assert {"NLD", "COD", "TLS", "SSD"} <= ISO3
    assert not {"XKX", "EUR", "SUN"} & ISO3


def test_smooth_maps_and_steps_elsewhere_are_no_seams() -> None:
    """Noise, a slope and a border that wanders are not straight steps; a column is."""
    rng = np.random.default_rng(1)
    y, x = np.mgrid[0:60, 0:80]
    wander = x > 40 + 6 * np.sin(y / 5.0)
    for plain in (rng.random(x.shape), x + 0.1 * rng.random(x.shape), 1.0 * wander):
        tally = SeamTally(x.shape)
        tally.add(plain, 0, 0)
        assert tally.seams() == []
    tally = SeamTally(x.shape)
    tally.add(0.1 * rng.random(x.shape) + (x >= 64), 0, 0)
    assert [(seam.axis, seam.at) for seam in tally.seams()] == [("column", 64)]


@pytest.mark.parametrize("profile", list(PROFILES))
def test_a_limit_that_depends_on_the_place_is_clean(bundle_of, profile: str) -> None:
    """Each file says so, the checker takes the rule from the tags, no limit is averaged."""
    rule = regime_rule("cd", "nl_soil_quality", SoilInputs.read({"clay": "soil_clay"}))
    limit = {
        "id": rule.id,
        "value_mg_kg": 0.5,
        "citation": rule.citation,
        "rule": rule.to_dict(),
        "lowest_mg_kg": 0.4,
        "highest_mg_kg": 0.7,
    }
    folder = bundle_of(limit, profile)
    assert check_bundle(folder) == []
    limits, _ = read_layer(folder / "NLD_Cd-limit_0-20cm_value.tif")
    found = set(np.unique(limits[~np.isnan(limits)]).tolist())
    assert found == {np.float32(0.4), np.float32(0.7)}
    (record,) = folder.glob("*exceedance*mean.xml")
    assert f"Limit: by place, id {rule.id};" in record.read_text(encoding="utf-8")


def test_a_regime_that_comes_to_one_number_is_clean(bundle_of) -> None:
    """Its id is that of regime and contaminant, and in no registry."""
    rule = regime_rule("cd", "eu_sludge_86_278", SoilInputs.read({"ph": 6.5}))
    limit = {"id": rule.id, "value_mg_kg": rule.constant_mg_kg, "citation": rule.citation}
    assert check_bundle(bundle_of(limit)) == []


def test_every_code_is_documented(project_root) -> None:
    """docs/bundles.md lists each code with its severity."""
    text = (project_root / "docs" / "bundles.md").read_text(encoding="utf-8")
    for code in CODES.values():
        assert f"| `{code.name}` | {code.severity} |" in text


def test_the_page_lists_the_tags_and_keys_to_which_remedies_send(project_root, clean) -> None:
    """Those of rasters, and those of bundle.json and of each of its properties."""
    text = (project_root / "docs" / "bundles.md").read_text(encoding="utf-8")
    told = text.partition("## Files")[2].partition("## The check")[0]
    declared = json.loads((clean["gsp"] / "bundle.json").read_text(encoding="utf-8"))
    names = {*REQUIRED, "data_hash", "software", *declared, *declared["properties"][0]}
    assert names <= set(re.findall(r"`(\w+)`", told))


def test_the_command_ends_with_1_where_there_are_errors(clean, tmp_path, capsys) -> None:
    """0 for a clean bundle, 1 for errors; JSON holds each finding in its parts."""
    assert main(["check", str(clean["gsp"]), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["findings"] == []
    assert main(["check", str(tmp_path), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["errors"] == sum(f["severity"] == "error" for f in told["findings"]) > 0
    assert set(told["findings"][0]) == {
        "code", "severity", "file", "problem", "seen", "remedy",
    }  # fmt: skip


@pytest.mark.parametrize("arguments", [[], ["a", "b"], ["--jsn"], ["nowhere"]])
def test_the_command_refuses_what_is_no_folder(arguments) -> None:
    """One folder is checked, and it must be there."""
    with pytest.raises(ConfigError):
        main(["check", *arguments])
