"""Checks of the STAC collection and its items."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from hotspot.bundle.findings import Findings
from hotspot.bundle.geographic import box_of, far_apart
from hotspot.bundle.layer_files import LayerFile, Parcel
from hotspot.bundle.read_files import child, read_json
from hotspot.errors import GridError, few
from hotspot.grid import same_crs

_ITEM_KEYS = ("stac_version", "id", "geometry", "bbox", "properties", "links", "assets")
_COLLECTION_KEYS = ("stac_version", "id", "description", "license", "extent", "links")
Said = tuple[str, str, Any, Any]


def check_stac(parcel: Parcel, findings: Findings) -> list[Said]:
    """Note what is wrong with the catalogue; return the limits that its items state."""
    items: dict[str, Mapping[str, Any]] = {}
    collections = 0
    for file in parcel.files:
        if (
            PurePosixPath(file).suffix.lower() not in (".json", ".geojson")
            or file == "bundle.json"
        ):
            continue
        try:
            values = read_json(parcel.root / file)
        except ValueError as error:
            findings.add("stac-malformed", file, "the file is no JSON object", error)
            continue
        if values.get("type") == "Feature":
            items[file] = values
        elif values.get("type") == "Collection":
            collections += 1
            _check_keys(values, _COLLECTION_KEYS, file, findings)
            _check_addresses(parcel, file, values, findings)
        elif values.get("type") == "Catalog":
            _check_addresses(parcel, file, values, findings)
    if not items or not collections:
        seen = f"{len(items)} items, {collections} collections"
        findings.add("stac-missing", ".", "the catalogue is not complete", seen)
    named: set[str] = set()
    said: list[Said] = []
    by_file = {layer.file: layer for layer in parcel.layers}
    for file, item in items.items():
        _check_keys(item, _ITEM_KEYS, file, findings)
        hrefs = _check_addresses(parcel, file, item, findings)
        layers = [by_file[href] for href in hrefs if href in by_file]
        named |= {layer.file for layer in layers}
        _check_item(file, item, layers, findings)
        properties = _mapping(item.get("properties"))
        tokens = {layer.token for layer in layers}
        said += [
            (
                token,
                file,
                properties.get("hotspot:threshold_id"),
                properties.get("hotspot:threshold_value_mg_kg"),
            )
            for token in sorted(tokens)
        ]
    for layer in parcel.maps:
        if items and layer.file not in named:
            findings.add(
                "stac-asset-missing", layer.file, "no item names the raster", few(items)
            )
    return said


def _check_keys(
    values: Mapping[str, Any], keys: tuple[str, ...], file: str, findings: Findings
) -> None:
    missing = [key for key in keys if key not in values]
    if missing:
        findings.add("stac-malformed", file, "keys are missing", few(missing, 9))
    for key, kind in (("links", list), ("assets", dict), ("properties", dict)):
        if key in values and not isinstance(values[key], kind):
            findings.add("stac-malformed", file, f"{key} is no {kind.__name__}", values[key])


def _check_addresses(
    parcel: Parcel, file: str, values: Mapping[str, Any], findings: Findings
) -> list[str]:
    """Note addresses that lead nowhere or outside; return those of assets."""
    folder = PurePosixPath(file).parent
    links = values.get("links")
    assets = _mapping(values.get("assets"))
    found = []
    hrefs = [("a link", entry) for entry in (links if isinstance(links, list) else [])]
    hrefs += [("an asset", entry) for entry in assets.values()]
    for kind, entry in hrefs:
        href = entry.get("href") if isinstance(entry, dict) else None
        if not isinstance(href, str) or not href:
            findings.add("stac-malformed", file, f"{kind} has no href", entry)
            continue
        if href.startswith(("https://", "http://")):
            continue
        path = child(parcel.root, (folder / href).as_posix())
        if path is None:
            findings.add("unsafe-path", file, f"{kind} leads out of the folder", href)
        elif not path.is_file():
            code = "stac-link-broken" if kind == "a link" else "stac-asset-missing"
            findings.add(code, file, f"{kind} leads nowhere", href)
        elif kind == "an asset":
            found.append(path.relative_to(parcel.root).as_posix())
    return found


def _check_item(
    file: str, item: Mapping[str, Any], layers: list[LayerFile], findings: Findings
) -> None:
    properties = _mapping(item.get("properties"))
    _check_time(file, properties, findings)
    box = _box(item.get("bbox"))
    if box is None:
        findings.add("stac-bbox", file, "the bounding box is none", item.get("bbox"))
        return
    for layer in layers:
        grid = layer.facts.grid
        true = box_of(grid)
        if true is not None and far_apart(box, true, grid):
            seen = f"{few(box, 4)}; raster {few((f'{value:.5f}' for value in true), 4)}"
            findings.add("stac-bbox", file, "the bounding box is not the raster's", seen)
            break
    for layer in layers[:1]:
        _check_projection(file, properties, layer, findings)


def _box(given: Any) -> tuple[float, float, float, float] | None:
    """Return a bounding box of four numbers, from one with or without heights."""
    if not isinstance(given, list) or len(given) not in (4, 6):
        return None
    if not all(isinstance(value, int | float) for value in given):
        return None
    half = len(given) // 2
    return (given[0], given[1], given[half], given[half + 1])


def _check_time(file: str, properties: Mapping[str, Any], findings: Findings) -> None:
    single = properties.get("datetime")
    span = (properties.get("start_datetime"), properties.get("end_datetime"))
    times = [single] if single else [time for time in span if time]
    if not single and len(times) < 2:
        findings.add("stac-datetime-missing", file, "the item has no time", f"{single}, {span}")
        return
    parsed = []
    for text in times:
        try:
            parsed.append(datetime.fromisoformat(str(text)))
        except ValueError:
            findings.add("stac-datetime-missing", file, "a time is none", text)
            return
    aware = {time.tzinfo is not None for time in parsed}
    if len(aware) == 1 and parsed[0] > parsed[-1]:
        findings.add("stac-datetime-missing", file, "the time ends before it begins", times)


def _check_projection(
    file: str, properties: Mapping[str, Any], layer: LayerFile, findings: Findings
) -> None:
    grid = layer.facts.grid
    if grid is None:
        return
    code, shape = properties.get("proj:code"), properties.get("proj:shape")
    step = properties.get("proj:transform")
    if isinstance(code, str):
        try:
            same = same_crs(code, grid.crs)
        except GridError:
            same = False
        if not same:
            findings.add("stac-projection", file, "proj:code is not the raster's", code)
    if shape is not None and shape != list(grid.shape):
        seen = f"{shape}, raster {list(grid.shape)}"
        findings.add("stac-projection", file, "proj:shape is not the raster's", seen)
    if isinstance(step, list) and len(step) >= 6:
        try:
            given = np.array(step[:6], dtype=np.float64)
        except (TypeError, ValueError):
            given = np.full(6, np.nan)
        if not np.allclose(given, tuple(grid.transform)[:6], rtol=1e-9, atol=1e-9):
            findings.add("stac-projection", file, "proj:transform is not the raster's", step)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
