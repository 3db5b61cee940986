"""Checks of the ISO 19139 record of each raster."""

import re
from collections.abc import Iterator
from datetime import date
from xml.etree import ElementTree as ET

from hotspot.bundle.check_tags import LINEAGE_LIMIT
from hotspot.bundle.findings import Findings
from hotspot.bundle.geographic import Box, box_of, far_apart
from hotspot.bundle.layer_files import LayerFile, Parcel
from hotspot.bundle.read_files import UnsafeXmlError, read_xml
from hotspot.errors import few

# Path of element names below the record, whatever their prefix.
_FIELDS = {
    "title": "title",
    "abstract": "abstract",
    "organisation": "organisationName",
    "e-mail address": "electronicMailAddress",
    "lineage": "statement",
    "constraints of use": "otherConstraints",
    "identifier": "fileIdentifier",
}
_BOUNDS = (
    "westBoundLongitude",
    "southBoundLatitude",
    "eastBoundLongitude",
    "northBoundLatitude",
)
Said = tuple[str, str, str | None, str | None]


def check_metadata(parcel: Parcel, findings: Findings) -> list[Said]:
    """Note records that are missing, unreadable or wrong; return the limits they state."""
    said: list[Said] = []
    for layer in parcel.maps:
        name = f"{layer.stem}.xml"
        if name not in parcel.files:
            findings.add("metadata-missing", layer.file, "there is no ISO 19139 record", name)
            continue
        try:
            root = read_xml(parcel.root / name)
        except UnsafeXmlError as error:
            findings.add("metadata-unsafe", name, "the record declares entities", error)
            continue
        except ValueError as error:
            findings.add("metadata-malformed", name, "the record is no readable XML", error)
            continue
        if _local(root) != "MD_Metadata":
            findings.add("metadata-malformed", name, "the record is not ISO 19139", root.tag)
            continue
        _check_fields(root, name, findings)
        _check_extent(root, name, layer, findings)
        _check_crs(root, name, layer, findings)
        _check_dates(root, name, findings)
        limit = LINEAGE_LIMIT.search(_text(root, "statement"))
        if limit is not None:
            said.append((layer.token, name, limit[2], limit[1]))
    return said


def _check_fields(root: ET.Element, name: str, findings: Findings) -> None:
    missing = [label for label, tag in _FIELDS.items() if not _text(root, tag)]
    if next(_all(root, "dateStamp"), None) is None:
        missing.append("date stamp")
    if missing:
        findings.add("metadata-field-missing", name, "the record leaves out", few(missing, 9))


def _check_extent(root: ET.Element, name: str, layer: LayerFile, findings: Findings) -> None:
    try:
        west, south, east, north = (float(_text(root, tag)) for tag in _BOUNDS)
    except ValueError:
        findings.add(
            "metadata-extent", name, "the record has no bounding box", "no four numbers"
        )
        return
    box: Box = (west, south, east, north)
    seen = f"west {west:g}, south {south:g}, east {east:g}, north {north:g}"
    lawful = -180 <= west <= east <= 180 and -90 <= south <= north <= 90
    true = box_of(layer.facts.grid)
    if not lawful:
        findings.add("metadata-extent", name, "the bounding box is none", seen)
    elif true is not None and far_apart(box, true, layer.facts.grid):
        raster = few((f"{value:.5g}" for value in true), 4)
        findings.add(
            "metadata-extent",
            name,
            "the bounding box is not the raster's",
            f"{seen}; raster {raster}",
        )


def _check_crs(root: ET.Element, name: str, layer: LayerFile, findings: Findings) -> None:
    grid = layer.facts.grid
    system = next(_all(root, "RS_Identifier"), None)
    said = _text(system, "code") if system is not None else ""
    if not said:
        findings.add("metadata-crs", name, "the record names no CRS", "no code")
        return
    if grid is None:
        return
    code = grid.pyproj_crs.to_epsg()
    found = re.search(r"(\d{4,6})\D*$", said)
    if code is not None and (found is None or int(found[1]) != code):
        findings.add(
            "metadata-crs", name, "the CRS is not the raster's", f"{said}, raster EPSG:{code}"
        )


def _check_dates(root: ET.Element, name: str, findings: Findings) -> None:
    for element in _all(root, "Date"):
        text = (element.text or "").strip()
        if text and _day(text) is None:
            findings.add("metadata-date", name, "a date is none", text)
    begin, end = _text(root, "beginPosition"), _text(root, "endPosition")
    first, last = _day(begin), _day(end)
    if (begin and first is None) or (end and last is None) or (first and last and first > last):
        findings.add("metadata-date", name, "the time of sampling is none", f"{begin} to {end}")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def _all(root: ET.Element, name: str) -> Iterator[ET.Element]:
    return (element for element in root.iter() if _local(element) == name)


def _text(root: ET.Element, name: str) -> str:
    """Return the text of the first element of a name that has any."""
    for element in _all(root, name):
        text = "".join(element.itertext()).strip()
        if text:
            return text
    return ""


def _local(element: ET.Element) -> str:
    return str(element.tag).rpartition("}")[2]
