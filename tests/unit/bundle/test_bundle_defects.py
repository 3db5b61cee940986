"""Planted defects: each is put alone into a clean bundle, and the checker finds it."""

import csv
import hashlib
import json
import re
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from rasterio.enums import Resampling
from rasterio.transform import Affine

from hotspot.bundle.check import check_bundle
from hotspot.bundle.codes import CODES

CHANCE = "NLD_Cd-exceedance_0-20cm_mean"
SPREAD = "NLD_Cd-exceedance_0-20cm_uncertainty"
LOWER = "NLD_Cd-concentration_0-20cm_q05"
MEDIAN = "NLD_Cd-concentration_0-20cm_median"
UPPER = "NLD_Cd-concentration_0-20cm_q95"
DECISION = "NLD_Cd-decision_0-20cm_class"
INDEX = "NLD_Cd-dissimilarity_0-20cm_index"
ITEM = "NLD_Cd_0-20cm.json"
Plant = Callable[[Path], None]
DEFECTS: list[tuple[str, str, Plant]] = []


def defect(code: str, title: str = "") -> Callable[[Plant], Plant]:
    """Register a defect under the code that it must be found with."""

    def register(plant: Plant) -> Plant:
        DEFECTS.append((code, title or plant.__name__, plant))
        return plant

    return register


def rewrite(
    path: Path, change=None, *, tags=None, unit=..., overviews=False, **profile
) -> None:
    """Write a raster again with other values, tags, unit or profile; all else is kept."""
    with rasterio.open(path) as old:
        values, kept = old.read(1), dict(old.profile)
        said, units = old.tags(), old.units[0]
    values = values if change is None else change(values)
    said = {k: v for k, v in {**said, **(tags or {})}.items() if v is not None}
    for key in ("blockxsize", "blockysize", "tiled", "interleave"):
        kept.pop(key, None)
    kept |= {"height": values.shape[0], "width": values.shape[1], **profile}
    path.unlink()
    with rasterio.open(path, "w", **kept) as new:
        new.write(values.astype(kept["dtype"]), 1)
        new.update_tags(**said)
        wanted = units if unit is ... else unit
        if wanted:
            new.set_band_unit(1, wanted)
    if overviews:
        with rasterio.open(path, "r+") as new:
            new.build_overviews([2], Resampling.average)


def tif(root: Path, stem: str) -> Path:
    """Return the path of a raster."""
    return root / f"{stem}.tif"


def edit_json(path: Path, change: Callable[[dict], None]) -> None:
    """Change a JSON file."""
    values = json.loads(path.read_text())
    change(values)
    path.write_text(json.dumps(values))


def edit_text(path: Path, old: str, new: str) -> None:
    """Replace a text that is there."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def everywhere(root: Path, **keys) -> None:
    """Write every raster again alike."""
    for path in sorted(root.glob("*.tif")):
        rewrite(path, **keys)


def manifest(root: Path) -> None:
    """Write checksums that fit, so that only the planted defect is left."""
    path = root / "checksums.sha256"
    if not path.exists():
        return
    text = path.read_text()
    for file in sorted(root.rglob("*")):
        if file.is_file() and file != path and not file.is_symlink():
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            text = re.sub(rf"[0-9a-f]{{64}}(?=  {re.escape(file.name)}\n)", digest, text)
    path.write_text(text)


def set_cells(rows, cols, value):
    """Return a change of a block of cells."""

    def change(values):
        values = values.copy()
        values[rows, cols] = value
        return values

    return change


# Grids.
@defect("crs-missing")
def no_crs(root):
    rewrite(tif(root, INDEX), crs=None)


@defect("crs-unknown")
def local_crs(root):
    rewrite(tif(root, INDEX), crs='LOCAL_CS["field",UNIT["metre",1]]')


@defect("crs-differs")
def other_crs(root):
    rewrite(tif(root, INDEX), crs="EPSG:32631")


@defect("resolution-differs")
def wrong_cells(root):
    rewrite(tif(root, INDEX), transform=Affine(90, 0, 178_000, 0, -90, 334_000))


@defect("extent-differs")
def shifted(root):
    rewrite(tif(root, INDEX), transform=Affine(100, 0, 178_050, 0, -100, 334_000))


@defect("extent-differs")
def cut_short(root):
    rewrite(tif(root, INDEX), lambda v: v[:-3])


@defect("raster-rotated")
def rotated(root):
    rewrite(tif(root, INDEX), transform=Affine(99, 5, 178_000, 5, -99, 334_000))


@defect("raster-south-up")
def south_up(root):
    rewrite(tif(root, INDEX), np.flipud, transform=Affine(100, 0, 178_000, 0, 100, 330_000))


@defect("crs-profile")
def not_the_crs_of_the_profile(root):
    edit_json(root / "bundle.json", lambda v: v.update(profile="gsp", resolution=0.002246))


@defect("overviews-missing")
def large_without_overviews(root):
    rewrite(tif(root, INDEX), lambda v: np.tile(v, (1, 22)))


@defect("overviews-disagree")
def stale_overviews(root):
    path = tif(root, CHANCE)
    rewrite(path, overviews=True)
    with rasterio.open(path, "r+") as raster:
        raster.write(1 - raster.read(1), 1)


# Values.
@defect("mask-differs")
def hole(root):
    rewrite(tif(root, SPREAD), set_cells(slice(20, 25), slice(20, 25), np.nan))


@defect("values-off-mask")
def off_the_mask(root):
    shutil.copy(tif(root, DECISION), root / "NLD_mask.tif")
    rewrite(root / "NLD_mask.tif", lambda v: np.where(np.indices(v.shape)[1] < 40, 1, 0))


@defect("uncertainty-missing")
def no_partner(root):
    tif(root, SPREAD).unlink()


@defect("bounds-swapped")
def swapped(root):
    low, high = tif(root, LOWER), tif(root, UPPER)
    with rasterio.open(low) as a, rasterio.open(high) as b:
        lows, highs = a.read(1), b.read(1)
    rewrite(low, lambda v: highs)
    rewrite(high, lambda v: lows)


@defect("estimate-outside-bounds")
def median_too_high(root):
    rewrite(tif(root, MEDIAN), lambda v: v * 3)


@defect("probability-out-of-range")
def above_one(root):
    rewrite(tif(root, CHANCE), set_cells(slice(20, 22), slice(20, 22), 1.4))


@defect("probability-in-percent")
def percent(root):
    rewrite(tif(root, CHANCE), lambda v: v * 100)


@defect("concentration-negative")
def below_zero(root):
    rewrite(tif(root, LOWER), set_cells(slice(20, 22), slice(20, 22), -1.5))


@defect("nodata-undeclared", "minus_9999")
def minus_9999(root):
    rewrite(tif(root, MEDIAN), lambda v: np.where(np.isnan(v), -9999, v), nodata=None)


@defect("nodata-undeclared", "code_255")
def code_255(root):
    rewrite(tif(root, DECISION), nodata=None)


@defect("nodata-zero-border")
def zero_border(root):
    def change(values):
        values = np.nan_to_num(values)
        values[:2], values[-2:], values[:, :2], values[:, -2:] = 0, 0, 0, 0
        return values

    rewrite(tif(root, CHANCE), change, nodata=None)


@defect("nan-undeclared")
def nan_undeclared(root):
    rewrite(tif(root, CHANCE), nodata=None)


@defect("layer-empty")
def empty(root):
    rewrite(tif(root, INDEX), lambda v: np.full_like(v, np.nan))


@defect("layer-constant")
def constant(root):
    rewrite(tif(root, MEDIAN), lambda v: np.where(np.isnan(v), np.nan, 2.5))


@defect("scale-missing")
def no_scale(root):
    rewrite(
        tif(root, CHANCE),
        lambda v: np.where(np.isnan(v), 65535, np.nan_to_num(v) * 10_000),
        dtype="uint16",
        nodata=65535,
    )


@defect("probability-not-calibrated")
def balanced_scores(root):
    path = root / "NLD_Cd_0-20cm_samples.csv"
    rows = list(csv.DictReader(path.open()))
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["probability", "exceeds"])
        for row in rows:
            # What training on as many exceeding as other samples makes of the odds.
            odds = 6.0 * float(row["probability"]) / (1 - float(row["probability"]))
            writer.writerow([odds / (1 + odds), row["exceeds"]])


@defect("probability-not-calibrated", "located_samples")
def located_samples(root):
    lines = ["easting,northing,exceeds"]
    for row in range(14, 40):
        for col in range(14, 40):
            lines.append(f"{178_050 + 100 * col},{333_950 - 100 * row},0")
    (root / "NLD_Cd_0-20cm_samples.csv").write_text("\n".join(lines) + "\n")


@defect("tile-seam")
def seam(root):
    rewrite(tif(root, MEDIAN), lambda v: v * np.where(np.indices(v.shape)[1] < 25, 1.0, 1.5))


@defect("decision-contradicts-probability")
def inverted_decision(root):
    rewrite(tif(root, DECISION), lambda v: np.where(v < 2, 1 - v, v))


@defect("decision-outside-applicability")
def decided_too_far(root):
    rewrite(tif(root, DECISION), set_cells(slice(10, 30), slice(45, 49), 1))


@defect("decision-code-unknown")
def code_seven(root):
    rewrite(tif(root, DECISION), set_cells(slice(20, 22), slice(20, 22), 7))


# Tags.
@defect("unit-missing")
def no_unit(root):
    rewrite(tif(root, MEDIAN), unit=None)


@defect("unit-wrong")
def micrograms(root):
    rewrite(tif(root, MEDIAN), unit="ug/kg")


@defect("unit-wrong", "limit_in_micrograms")
def limit_in_micrograms(root):
    rewrite(tif(root, MEDIAN), tags={"threshold_unit": "ug/kg"})


@defect("threshold-unknown")
def unknown_limit(root):
    everywhere(root, tags={"threshold_id": "eu_nowhere_cd"})


@defect("threshold-value-differs")
def other_value(root):
    everywhere(root, tags={"threshold_value": "30"})


@defect("threshold-rule")
def rule_that_is_not_there(root):
    everywhere(root, tags={"threshold_value": "by place"})


@defect("threshold-rule", "rule_of_another_name")
def rule_of_another_name(root):
    rule = json.dumps({"id": "ca.cd", "contaminant": "cd", "rows": [], "inputs": []})
    everywhere(root, tags={"threshold_value": "by place", "threshold_rule": rule})


@defect("threshold-rule", "rule_without_an_end")
def rule_without_an_end(root):
    """Nested so deeply that a naive reader would fall."""
    text = '{"id": ' + "[" * 100_000
    rewrite(tif(root, CHANCE), tags={"threshold_value": "by place", "threshold_rule": text})


@defect("threshold-rule", "rule_of_nonsense")
def rule_of_nonsense(root):
    row = {"threshold": 3, "clauses": [], "not_computable": None, "correction": 7}
    text = json.dumps({"id": "x", "contaminant": [], "rows": [row], "inputs": [{}]})
    rewrite(tif(root, CHANCE), tags={"threshold_value": "by place", "threshold_rule": text})


@defect("threshold-contaminant")
def limit_of_another(root):
    everywhere(root, tags={"contaminant": "zn"})


@defect("limit-differs", "one_layer_of_another_limit")
def one_layer_of_another_limit(root):
    rewrite(tif(root, MEDIAN), tags={"threshold_id": "user_cd_5", "threshold_value": "5"})


@defect("limit-differs", "methods_of_another_limit")
def methods_of_another_limit(root):
    edit_text(root / "methods.md", "Limit of Cd: 3 mg/kg", "Limit of Cd: 5 mg/kg")


@defect("limit-differs", "record_of_another_limit")
def record_of_another_limit(root):
    edit_text(root / f"{CHANCE}.xml", "Limit: 3 mg/kg", "Limit: 5 mg/kg")


@defect("limit-differs", "item_of_another_limit")
def item_of_another_limit(root):
    edit_json(
        root / ITEM, lambda v: v["properties"].update({"hotspot:threshold_value_mg_kg": 5.0})
    )


for _tag in ("contaminant", "threshold_id", "threshold_unit", "meaning"):

    @defect("tag-missing", f"no_{_tag}")
    def no_tag(root, tag=_tag):
        rewrite(tif(root, INDEX), tags={tag: None})


@defect("data-hash-missing")
def no_data_hash(root):
    rewrite(tif(root, INDEX), tags={"data_hash": None})


@defect("version-missing")
def no_software(root):
    rewrite(tif(root, INDEX), tags={"software": None})


@defect("lineage-differs")
def layer_of_another_run(root):
    rewrite(tif(root, INDEX), tags={"data_hash": "ffff"})


# Names.
@defect("name-convention")
def free_name(root):
    tif(root, INDEX).rename(root / "dissimilarity.tif")


@defect("country-unknown")
def no_country(root):
    tif(root, INDEX).rename(tif(root, INDEX.replace("NLD", "XXX")))


@defect("country-differs")
def other_country(root):
    tif(root, INDEX).rename(tif(root, INDEX.replace("NLD", "BEL")))


@defect("depth-missing")
def no_depth(root):
    tif(root, INDEX).rename(tif(root, INDEX.replace("_0-20cm", "")))


@defect("depth-contradiction", "empty_depth")
def empty_depth(root):
    tif(root, INDEX).rename(tif(root, INDEX.replace("0-20cm", "20-0cm")))


@defect("depth-contradiction", "tags_of_another_depth")
def tags_of_another_depth(root):
    rewrite(tif(root, INDEX), tags={"depth_bottom_cm": "30"})


@defect("layer-duplicate", "copy_under_another_name")
def copy_under_another_name(root):
    shutil.copy(tif(root, LOWER), tif(root, UPPER))


@defect("layer-duplicate", "two_endings")
def two_endings(root):
    shutil.copy(tif(root, INDEX), root / f"{INDEX}.tiff")
    rewrite(root / f"{INDEX}.tiff", lambda v: v * 1.01)


@defect("layer-missing")
def no_probability(root):
    tif(root, CHANCE).unlink()


# Files.
@defect("manifest-missing")
def no_manifest(root):
    (root / "checksums.sha256").unlink()


@defect("manifest-malformed")
def broken_manifest(root):
    (root / "checksums.sha256").write_text("no checksum\n")


@defect("file-missing")
def lost_file(root):
    (root / "statistics.csv").unlink()


@defect("file-unlisted")
def stowaway(root):
    (root / "notes.txt").write_text("hello")


@defect("declaration-missing")
def no_declaration(root):
    (root / "bundle.json").unlink()


@defect("declaration-malformed")
def broken_declaration(root):
    (root / "bundle.json").write_text("{" * 100_000)


@defect("licence-missing")
def no_licence(root):
    edit_json(root / "bundle.json", lambda v: v.update(licence=""))


@defect("contact-missing")
def no_contact(root):
    edit_json(
        root / "bundle.json", lambda v: v.update(contact={"organisation": "", "email": ""})
    )


@defect("raster-corrupt", "truncated")
def truncated(root):
    path = tif(root, MEDIAN)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])


@defect("raster-corrupt", "no_directory")
def no_directory(root):
    tif(root, MEDIAN).write_bytes(b"II*\0" + b"\xff" * 64)


# Records.
@defect("metadata-missing")
def no_record(root):
    (root / f"{CHANCE}.xml").unlink()


@defect("metadata-malformed", "torn_record")
def torn_record(root):
    path = root / f"{CHANCE}.xml"
    path.write_text(path.read_text()[:800])


@defect("metadata-malformed", "another_standard")
def another_standard(root):
    (root / f"{CHANCE}.xml").write_text("<metadata/>")


@defect("metadata-extent", "axes_swapped")
def axes_swapped(root):
    path = root / f"{CHANCE}.xml"
    text = path.read_text()
    text = text.replace("westBoundLongitude", "@").replace("southBoundLatitude", "#")
    text = text.replace("@", "southBoundLatitude").replace("#", "westBoundLongitude")
    text = text.replace("eastBoundLongitude", "@").replace("northBoundLatitude", "#")
    path.write_text(text.replace("@", "northBoundLatitude").replace("#", "eastBoundLongitude"))


@defect("metadata-extent", "west_east_swapped")
def west_east_swapped(root):
    path = root / f"{CHANCE}.xml"
    text = path.read_text().replace("westBoundLongitude", "@")
    text = text.replace("eastBoundLongitude", "westBoundLongitude")
    path.write_text(text.replace("@", "eastBoundLongitude"))


@defect("metadata-crs")
def record_of_another_crs(root):
    edit_text(root / f"{CHANCE}.xml", "28992", "4326")


@defect("metadata-date")
def sampling_backwards(root):
    edit_text(root / f"{CHANCE}.xml", "1990-03-01", "1999-03-01")


@defect("metadata-field-missing")
def no_abstract(root):
    path = root / f"{CHANCE}.xml"
    path.write_text(
        re.sub(r"<gmd:abstract>.*?</gmd:abstract>", "", path.read_text(), flags=re.S)
    )


# Catalogue.
@defect("stac-missing")
def no_collection(root):
    (root / "collection.json").unlink()


@defect("stac-malformed")
def item_without_geometry(root):
    edit_json(root / ITEM, lambda v: v.pop("geometry"))


@defect("stac-bbox")
def latitude_first(root):
    edit_json(root / ITEM, lambda v: v.update(bbox=[v["bbox"][i] for i in (1, 0, 3, 2)]))


@defect("stac-asset-missing", "asset_to_nowhere")
def asset_to_nowhere(root):
    edit_json(root / ITEM, lambda v: v["assets"]["probability"].update(href="./gone.tif"))


@defect("stac-asset-missing", "raster_without_asset")
def raster_without_asset(root):
    edit_json(root / ITEM, lambda v: v["assets"].pop("median"))


@defect("stac-link-broken")
def link_to_nowhere(root):
    edit_json(root / ITEM, lambda v: v["links"][0].update(href="./gone.json"))


@defect("stac-datetime-missing")
def no_time(root):
    edit_json(root / ITEM, lambda v: v["properties"].pop("start_datetime"))


@defect("stac-projection")
def other_projection(root):
    edit_json(root / ITEM, lambda v: v["properties"].update({"proj:shape": [50, 40]}))


# Tables.
@defect("style-incomplete")
def style_without_cannot_say(root):
    path = root / f"{DECISION}.qml"
    path.write_text(re.sub(r'<paletteEntry value="2"[^>]*/>', "", path.read_text()))


@defect("style-missing")
def no_style(root):
    (root / f"{DECISION}.qml").unlink()
    (root / f"{DECISION}.sld").unlink()


@defect("style-malformed")
def torn_style(root):
    (root / f"{DECISION}.sld").write_text("<StyledLayerDescriptor>")


@defect("statistics-missing")
def no_row_of_a_raster(root):
    path = root / "statistics.csv"
    kept = [line for line in path.read_text().splitlines() if MEDIAN not in line]
    path.write_text("\n".join(kept) + "\n")


@defect("statistics-malformed")
def broken_table(root):
    (root / "statistics.csv").write_text("file,value\na,b\n")


@defect("statistics-contradict")
def other_mean(root):
    path = root / "statistics.csv"
    path.write_text(re.sub(rf"({MEDIAN}.tif,mean,),[\d.]+", r"\1,9.5", path.read_text()))


@defect("samples-missing")
def no_samples(root):
    (root / "NLD_Cd_0-20cm_samples.csv").unlink()


@defect("samples-malformed")
def broken_samples(root):
    (root / "NLD_Cd_0-20cm_samples.csv").write_text("probability,exceeds\n1.7,1\n")


def edit_hotspots(root: Path, change) -> None:
    """Change the polygons."""
    path = root / "NLD_Cd_0-20cm_hotspots.gpkg"
    polygons = change(gpd.read_file(path))
    path.unlink()
    polygons.to_file(path, driver="GPKG", layer="hotspots")


@defect("hotspots-crs")
def polygons_in_degrees(root):
    edit_hotspots(root, lambda p: p.to_crs("EPSG:4326"))


@defect("hotspots-outside")
def polygons_elsewhere(root):
    edit_hotspots(root, lambda p: p.set_geometry(p.geometry.translate(20_000, 0)))


@defect("hotspots-probability")
def polygons_of_another_map(root):
    edit_hotspots(root, lambda p: p.assign(mean_probability=0.05))


@defect("hotspots-unreadable")
def polygons_torn(root):
    (root / "NLD_Cd_0-20cm_hotspots.gpkg").write_bytes(b"nothing")


@defect("limit-differs", "polygons_of_another_limit")
def polygons_of_another_limit(root):
    edit_hotspots(root, lambda p: p.assign(threshold_id="user_cd_5"))


@defect("methods-missing")
def no_methods(root):
    (root / "methods.md").unlink()


@defect("methods-incomplete")
def thin_methods(root):
    (root / "methods.md").write_text("We made a map with care.\n")


@defect("checksum-mismatch")
def changed_after_the_manifest(root):
    """Change a file; the test below writes no new manifest for it."""
    (root / "methods.md").write_text((root / "methods.md").read_text() + "\nA late word.\n")


@pytest.mark.parametrize(
    ("code", "plant"), [(c, p) for c, _, p in DEFECTS], ids=[t for _, t, _ in DEFECTS]
)
def test_a_planted_defect_is_found(clean, tmp_path, code, plant) -> None:
    """The checker names the defect by its code, and says what it saw and what to do."""
    root = tmp_path / "bundle"
    shutil.copytree(clean["stac"], root)
    plant(root)
    if code != "checksum-mismatch":
        manifest(root)
    found = check_bundle(root)
    named = [finding for finding in found if finding.code == code]
    assert named, [(finding.code, finding.file, finding.seen) for finding in found]
    assert all(f.problem and f.seen and f.remedy and f.file for f in named)
    assert named[0].severity == CODES[code].severity


@pytest.mark.parametrize(
    ("code", "profile", "change"),
    [
        ("resolution-profile", "gsp", lambda t: Affine(0.0025, 0, t.c, 0, -0.0025, t.f)),
        ("origin-off-template", "gsp", lambda t: t @ Affine.translation(0.4, 0)),
        ("resolution-profile", "inspire", lambda t: Affine(250, 0, t.c, 0, -250, t.f)),
        ("origin-off-template", "inspire", lambda t: t @ Affine.translation(0, 0.5)),
    ],
)
def test_a_grid_that_breaks_its_profile_is_found(
    clean, tmp_path, code, profile, change
) -> None:
    """All layers agree with each other, and still not with the receiver's template."""
    root = tmp_path / "bundle"
    shutil.copytree(clean[profile], root)
    with rasterio.open(tif(root, CHANCE)) as raster:
        moved = change(raster.transform)
    everywhere(root, transform=moved)
    codes = {finding.code for finding in check_bundle(root)}
    assert code in codes
    assert not codes & {"extent-differs", "resolution-differs", "crs-differs"}


def found_in(root: Path, code: str) -> str:
    """Return problem and what was seen of the one finding of a code."""
    (finding,) = [each for each in check_bundle(root) if each.code == code]
    return f"{finding.problem}: {finding.seen}"


@pytest.mark.filterwarnings("error")
def test_a_raster_that_lies_nowhere_is_a_finding_and_no_warning(clean, tmp_path) -> None:
    """A receiver reads findings; a line of the library that reads rasters tells nothing."""
    root = tmp_path / "bundle"
    shutil.copytree(clean["stac"], root)
    path = tif(root, INDEX)
    path.unlink()
    shape = {"height": 4, "width": 5, "count": 1, "dtype": "float32"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
        with rasterio.open(path, "w", driver="GTiff", **shape) as raster:
            raster.write(np.ones((4, 5), dtype="float32"), 1)
    assert "the raster has no CRS" in found_in(root, "crs-missing")


def test_samples_that_are_no_text_are_told_in_a_line(clean, tmp_path) -> None:
    """And not with all the bytes of the file."""
    root = tmp_path / "bundle"
    shutil.copytree(clean["stac"], root)
    path = root / "NLD_Cd_0-20cm_samples.csv"
    path.write_bytes(bytes(range(256)) * 40)
    assert len(found_in(root, "samples-malformed")) < 200
    path.write_text("probability,label\n0.5,1\n")
    assert found_in(root, "samples-malformed").endswith("no column 'exceeds'")


def test_an_asset_that_leads_nowhere_is_told_in_words(clean, tmp_path) -> None:
    """The finding names what is lacking."""
    root = tmp_path / "bundle"
    shutil.copytree(clean["stac"], root)
    tif(root, INDEX).unlink()
    said = found_in(root, "stac-asset-missing")
    assert said == f"an asset leads nowhere: ./{INDEX}.tif"


def test_an_empty_folder_is_told_to_hold_nothing(tmp_path) -> None:
    """What was seen is said, even where it is nothing."""
    assert found_in(tmp_path, "layer-missing").endswith(": none")


def test_at_least_forty_kinds_are_planted() -> None:
    """The list of planted defects covers most of what the checker can say."""
    planted = {code for code, _, _ in DEFECTS} | {"resolution-profile", "origin-off-template"}
    hostile = {"unsafe-path", "too-many-files", "raster-refused", "raster-too-large"}
    assert len(DEFECTS) >= 40
    assert set(CODES) - planted == hostile | {"metadata-unsafe"}
