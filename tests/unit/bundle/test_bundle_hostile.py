"""Bundles of a stranger: refused, not followed, expanded or filled into memory."""

import json
import shutil
import zlib
from pathlib import Path

import numpy as np
import pytest
import rasterio

from hotspot.bundle import check as check_module
from hotspot.bundle.check import check_bundle
from hotspot.bundle.read import RefusedError, opened
from hotspot.bundle.read_files import child

CHANCE = "NLD_Cd-exceedance_0-20cm_mean"
BOMB = """<?xml version="1.0"?>
<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;&x;&x;&x;&x;&x;">]>
<a>&y;</a>
"""
OUTSIDE = """<?xml version="1.0"?>
<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>
"""


@pytest.fixture
def root(clean, tmp_path) -> Path:
    """Return a copy of a clean bundle."""
    folder = tmp_path / "bundle"
    shutil.copytree(clean["stac"], folder)
    return folder


def codes(root: Path, file: str | None = None) -> set[str]:
    """Return the codes found, of one file or all."""
    return {f.code for f in check_bundle(root) if file in (None, f.file)}


@pytest.mark.parametrize("text", [BOMB, OUTSIDE], ids=["bomb", "outside"])
@pytest.mark.parametrize("end", ["xml", "qml"])
def test_entities_are_refused(root, text, end) -> None:
    """A document that declares entities is not expanded, be it a record or a style."""
    (root / f"{CHANCE}.{end}").write_text(text)
    assert "metadata-unsafe" in codes(root, f"{CHANCE}.{end}")


@pytest.mark.parametrize(
    "name", ["../secret.txt", "/etc/passwd", "a/../../secret.txt", "..\\secret.txt"]
)
def test_a_manifest_does_not_lead_out(root, name) -> None:
    """A name outside the folder is refused, whether or not there is such a file."""
    (root.parent / "secret.txt").write_text("x")
    with (root / "checksums.sha256").open("a") as file:
        file.write(f"{'0' * 64}  {name}\n")
    found = [f for f in check_bundle(root) if f.code == "unsafe-path"]
    assert [f.seen for f in found] == [name]


def test_a_catalogue_does_not_lead_out(root) -> None:
    """Nor do hrefs, in items or in bundle.json."""
    path = root / "NLD_Cd_0-20cm.json"
    item = json.loads(path.read_text())
    item["assets"]["median"]["href"] = "../../etc/passwd"
    path.write_text(json.dumps(item))
    stated = json.loads((root / "bundle.json").read_text())
    stated["properties"][0]["item"] = "../other.json"
    (root / "bundle.json").write_text(json.dumps(stated))
    found = check_bundle(root)
    assert {f.file for f in found if f.code == "unsafe-path"} == {path.name, "bundle.json"}


def test_links_are_not_followed(root, tmp_path) -> None:
    """A raster that is a link to a file elsewhere is named and not opened."""
    elsewhere = tmp_path / "elsewhere.tif"
    (root / f"{CHANCE}.tif").rename(elsewhere)
    (root / f"{CHANCE}.tif").symlink_to(elsewhere)
    assert "unsafe-path" in codes(root, f"{CHANCE}.tif")
    assert child(root, f"{CHANCE}.tif") is None


def test_a_virtual_raster_is_refused(root) -> None:
    """A VRT names other files; under the name of a GeoTIFF it is one still."""
    vrt = '<VRTDataset rasterXSize="1" rasterYSize="1"></VRTDataset>'
    (root / "other.vrt").write_text(vrt)
    (root / f"{CHANCE}.tif").write_text(vrt)
    assert "raster-refused" in codes(root, "other.vrt")
    assert "raster-refused" in codes(root, f"{CHANCE}.tif")


def test_a_giant_sparse_raster_is_refused(root) -> None:
    """A file of a few kilobytes that claims a tebibyte of cells is not read."""
    path = root / f"{CHANCE}.tif"
    path.unlink()
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        crs="EPSG:3035",
        transform=rasterio.Affine(10, 0, 0, 0, -10, 6_000_000),
        height=600_000,
        width=600_000,
        count=1,
        dtype="float32",
        tiled=True,
        blockxsize=4096,
        blockysize=4096,
        sparse_ok=True,
        bigtiff="yes",
    ):
        pass
    with pytest.raises(RefusedError, match="GiB"), opened(path):
        pass
    assert "raster-too-large" in codes(root, path.name)


def test_sidecar_files_do_not_change_a_raster(root) -> None:
    """What an .aux.xml says is not what the raster says."""
    aux = "<PAMDataset><Metadata><MDI key='threshold_id'>other</MDI></Metadata></PAMDataset>"
    (root / f"{CHANCE}.tif.aux.xml").write_text(aux)
    assert codes(root) == {"file-unlisted"}


def test_too_many_files_are_not_walked(root, monkeypatch) -> None:
    """A folder of very many files is not checked file by file."""
    monkeypatch.setattr(check_module, "MOST_FILES", 10)
    assert codes(root) == {"too-many-files"}


@pytest.mark.parametrize(
    "content",
    [b"", b"\0" * 100, zlib.compress(b"x" * 10_000), b"\xff\xfe[]"],
    ids=["empty", "zeros", "packed", "other_encoding"],
)
@pytest.mark.parametrize("suffix", [".tif", ".xml", ".json", ".csv", ".gpkg", ".qml", ".md"])
def test_any_bytes_give_findings_not_failures(root, content, suffix) -> None:
    """Whatever stands in a file, the check ends, and finds that file wrong."""
    path = next(p for p in sorted(root.iterdir()) if p.name.endswith(suffix))
    path.write_bytes(content)
    found = {f.code for f in check_bundle(root) if f.file == path.name}
    assert found - {"checksum-mismatch"}


def test_json_of_other_kinds_gives_findings(root) -> None:
    """Lists for objects and objects for lists are told, not tripped over."""
    path = root / "NLD_Cd_0-20cm.json"
    for wrong in ({"links": {}}, {"assets": []}, {"properties": 3}, {"bbox": {"a": 1}}):
        item = json.loads(path.read_text())
        path.write_text(json.dumps({**item, **wrong}))
        assert {"stac-malformed", "stac-bbox"} & codes(root, path.name)
        path.write_text(json.dumps(item))
    stated = json.loads((root / "bundle.json").read_text())
    for wrong in ({"properties": 3}, {"depth_cm": "x"}, {"profile": ["gsp"]}, {"contact": 1}):
        (root / "bundle.json").write_text(json.dumps({**stated, **wrong}))
        check_bundle(root)


def test_the_same_findings_each_time(root) -> None:
    """The order of findings is fixed."""
    for path in sorted(root.glob("*.xml")):
        path.unlink()
    first = check_bundle(root)
    assert first == check_bundle(root)
    assert np.all(np.diff([f.severity == "warning" for f in first]) >= 0)
