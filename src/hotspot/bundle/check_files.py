"""Checks of files and names: the manifest, duplicates, the convention, the statement."""

import re
from collections import defaultdict
from pathlib import PurePosixPath

from hotspot.bundle.countries import ISO3
from hotspot.bundle.findings import Findings
from hotspot.bundle.layer_files import LayerFile, Parcel
from hotspot.bundle.names import MASK, PARTNERS, country_in, depth_in, depth_text
from hotspot.bundle.read_files import child, read_text
from hotspot.errors import few
from hotspot.files import file_sha256

_MANIFESTS = ("checksums.sha256", "SHA256SUMS", "manifest-sha256.txt")
_LINE = re.compile(r"([0-9a-fA-F]{64}) [ *](.+)")
_SECTIONS = ("data", "validation", "limit", "mean")


def check_manifest(parcel: Parcel, findings: Findings) -> None:
    """Note what the manifest and the folder do not agree on."""
    name = next((name for name in _MANIFESTS if name in parcel.files), None)
    if name is None:
        findings.add("manifest-missing", ".", "no manifest of checksums", few(_MANIFESTS))
        return
    listed = set()
    try:
        lines = read_text(parcel.root / name).splitlines()
    except ValueError as error:
        findings.add("manifest-malformed", name, "the manifest cannot be read", error)
        return
    for number, line in enumerate(filter(str.strip, lines), start=1):
        found = _LINE.fullmatch(line)
        if found is None:
            findings.add("manifest-malformed", name, f"line {number} is no checksum", line[:80])
            continue
        digest, file = found.groups()
        path = child(parcel.root, file)
        if path is None:
            findings.add("unsafe-path", name, "a name leads out of the folder", file)
        elif not path.is_file():
            findings.add(
                "file-missing", file, "the manifest names a file that is not there", name
            )
        else:
            listed.add(str(PurePosixPath(file)))
            seen = file_sha256(path)
            if seen != digest.lower():
                findings.add(
                    "checksum-mismatch",
                    file,
                    "the file is not the one of the manifest",
                    f"{seen[:12]}…, the manifest says {digest[:12].lower()}…",
                )
    for file in parcel.files:
        if file not in listed and file != name:
            findings.add("file-unlisted", file, "the manifest does not name the file", name)


def check_duplicates(parcel: Parcel, findings: Findings) -> None:
    """Note rasters that are there twice, by their bytes or by what they are."""
    by_bytes: dict[str, list[str]] = defaultdict(list)
    by_place: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for layer in parcel.layers:
        by_bytes[file_sha256(layer.path)].append(layer.file)
        if layer.role is not None and layer.role != "mask":
            depth = layer.name.depth if layer.name else depth_in(layer.stem)
            place = (layer.token.casefold(), layer.role, depth_text(depth) if depth else "")
            by_place[place].append(layer.file)
    for files in [*by_bytes.values(), *by_place.values()]:
        for file in files[1:]:
            findings.add("layer-duplicate", file, "the layer is there twice", files[0])


def check_names(parcel: Parcel, findings: Findings) -> None:
    """Note names that break the convention, or say what cannot be or what others deny."""
    declared = parcel.declaration.get("depth_cm")
    stated = parcel.declaration.get("country")
    if stated is not None and stated not in ISO3:
        findings.add("country-unknown", "bundle.json", "the country is no ISO 3166-1", stated)
    countries = [layer.name.country for layer in parcel.maps if layer.name]
    common = str(stated) if stated else max(countries, key=countries.count, default="")
    for layer in parcel.layers:
        stem = PurePosixPath(layer.file).stem
        mask = MASK.fullmatch(stem)
        if layer.name is None and not mask:
            findings.add("name-convention", layer.file, "the name breaks the convention", stem)
        if layer.name is not None and not layer.file.endswith(".tif"):
            findings.add("name-convention", layer.file, "the ending is not .tif", layer.file)
        country = layer.name.country if layer.name else country_in(stem)
        if country is not None and country not in ISO3:
            findings.add("country-unknown", layer.file, "the country is no ISO 3166-1", country)
        elif country is not None and country != common and common in ISO3:
            findings.add(
                "country-differs",
                layer.file,
                "the country is not that of the bundle",
                f"{country}, elsewhere {common}",
            )
        if not mask:
            _check_depth(layer, declared, findings)


def _check_depth(layer: LayerFile, declared: object, findings: Findings) -> None:
    depth = layer.name.depth if layer.name else depth_in(layer.stem)
    tags = layer.facts.tags
    tagged = (tags.get("depth_top_cm"), tags.get("depth_bottom_cm"))
    if depth is None:
        findings.add("depth-missing", layer.file, "the name says no depth", layer.file)
        return
    if not depth[0] < depth[1]:
        findings.add("depth-contradiction", layer.file, "the depth is empty", depth_text(depth))
    if all(tagged):
        try:
            numbers = (float(str(tagged[0])), float(str(tagged[1])))
        except ValueError:
            numbers = (float("nan"), float("nan"))
        if numbers != depth:
            findings.add(
                "depth-contradiction",
                layer.file,
                "name and tags say two depths",
                f"{depth_text(depth)}, tags {tagged[0]} to {tagged[1]} cm",
            )
    if isinstance(declared, list) and tuple(declared) != depth:
        findings.add(
            "depth-contradiction",
            layer.file,
            "name and bundle.json say two depths",
            f"{depth_text(depth)}, bundle.json {declared}",
        )


def check_partners(parcel: Parcel, findings: Findings) -> None:
    """Note contaminants without a probability, and estimates without an uncertainty."""
    groups = parcel.groups()
    if not groups:
        findings.add(
            "layer-missing",
            ".",
            "there is no raster of a known kind",
            few(parcel.files) or "none",
        )
    for token, group in groups.items():
        if "probability" not in group:
            findings.add(
                "layer-missing",
                ".",
                f"{token} has no probability of exceedance",
                few(group, 12),
            )
        for role, partner in PARTNERS.items():
            if role in group and partner not in group:
                findings.add(
                    "uncertainty-missing",
                    group[role].file,
                    "the estimate has no uncertainty layer",
                    few(sorted(layer.file for layer in group.values()), 4),
                )


def check_declared(parcel: Parcel, findings: Findings) -> None:
    """Note files that bundle.json names and that are not there, and what it does not say."""
    if not parcel.declaration:
        return
    for entry in parcel.properties():
        layers = entry.get("layers")
        others = entry.get("others")
        named = [*(layers.values() if isinstance(layers, dict) else [])]
        named += others if isinstance(others, list) else []
        for name in [*named, entry.get("item", "")]:
            if not name:
                continue
            path = child(parcel.root, str(name))
            if path is None:
                findings.add(
                    "unsafe-path", "bundle.json", "a name leads out of the folder", name
                )
            elif not path.is_file():
                findings.add("file-missing", str(name), "bundle.json names it", "not there")
    if not parcel.declaration.get("licence"):
        findings.add("licence-missing", "bundle.json", "there is no licence", "none")
    contact = parcel.declaration.get("contact")
    given = contact if isinstance(contact, dict) else {}
    if not given.get("organisation") or "@" not in str(given.get("email", "")):
        findings.add("contact-missing", "bundle.json", "nobody answers for the maps", given)


def check_methods(parcel: Parcel, findings: Findings) -> str:
    """Note a missing or incomplete methods page; return its text, or nothing."""
    pages = [
        file
        for file in parcel.files
        if PurePosixPath(file).stem.casefold().startswith("methods")
    ]
    if not pages:
        findings.add("methods-missing", ".", "there is no methods page", "no methods.md")
        return ""
    page = next((file for file in pages if file.endswith((".md", ".txt"))), None)
    if page is None:
        return ""
    try:
        text = read_text(parcel.root / page)
    except ValueError as error:
        findings.add("methods-missing", page, "the methods page cannot be read", error)
        return ""
    absent = [word for word in _SECTIONS if word not in text.casefold()]
    if not text.strip():
        findings.add("methods-missing", page, "the methods page is empty", "no text")
    elif absent:
        findings.add("methods-incomplete", page, "the methods page leaves out", few(absent))
    return text
