"""What a bundle says of one contaminant: STAC item, ISO records, entry of bundle.json."""

from collections.abc import Mapping, Sequence
from typing import Any

from hotspot.bundle.collection import collection_id
from hotspot.bundle.layers import PropertyLayers
from hotspot.bundle.metadata import Record, iso_record, lineage_text
from hotspot.bundle.names import UNITS, depth_text
from hotspot.maps.layers import LAYERS
from hotspot.maps.limits import limit_value
from hotspot.maps.stac import COG_TYPE, stac_item
from hotspot.maps.statistics import RasterStatistics


def item_id(layers: PropertyLayers) -> str:
    """Return country, contaminant and depth: the id of the item."""
    statement = layers.statement
    return f"{statement.country}_{layers.source.token}_{depth_text(statement.depth)}"


def property_item(
    layers: PropertyLayers,
    statistics: Mapping[str, RasterStatistics],
    others: Sequence[str],
) -> dict[str, Any]:
    """Return the STAC item of a contaminant.

    Parameters
    ----------
    layers : PropertyLayers
    statistics : mapping of RasterStatistics
        By layer.
    others : sequence of str
        Files beside the rasters: hotspots, samples.
    """
    model = layers.source.model
    known = {role: value for role, value in statistics.items() if role in LAYERS}
    item = stac_item(
        model,
        layers.grid,
        item_id=item_id(layers),
        statistics=known,
        companions=others,
        period=layers.source.period,
        facts={"country": layers.statement.country},
    )
    for role, stem in layers.stems.items():
        if role not in LAYERS:
            item["assets"][role] = {
                "type": COG_TYPE,
                "title": layers.title(role),
                "description": layers.meaning(role),
                "roles": ["data", "uncertainty"],
                "data_type": "float32",
                "nodata": "nan",
                "unit": UNITS[role],
            }
        item["assets"][role]["href"] = f"./{stem}.tif"
        item["assets"][f"{role}-metadata"] = {
            "href": f"./{stem}.xml",
            "type": "application/vnd.iso.19139+xml",
            "title": "ISO 19139 record",
            "roles": ["metadata"],
        }
    item["properties"]["hotspot:depth_cm"] = list(layers.statement.depth)
    item["collection"] = collection_id(layers.statement)
    item["links"] = [
        {"rel": rel, "href": "./collection.json", "type": "application/json"}
        for rel in ("root", "parent", "collection")
    ]
    return item


def layer_record(layers: PropertyLayers, role: str, bbox: tuple[float, ...]) -> str:
    """Return the ISO 19139 record of a layer, as XML; the box in degrees."""
    authority = layers.grid.pyproj_crs.to_authority()
    title = layers.title(role)
    top, bottom = layers.statement.depth
    record = Record(
        stem=layers.stems[role],
        title=f"{layers.statement.title}: {layers.source.name}, {title}, {top:g}-{bottom:g} cm",
        abstract=f"{layers.statement.abstract} {layers.meaning(role)}".strip(),
        lineage=lineage_text(layers.source.model.facts, layers.source.model.threshold),
        crs=":".join(authority) if authority else layers.grid.pyproj_crs.to_wkt(),
        bbox=(bbox[0], bbox[1], bbox[2], bbox[3]),
        resolution=(layers.grid.resolution[0], "m" if layers.grid.is_projected else "deg"),
        period=layers.source.period,
    )
    return iso_record(record, layers.statement)


def declaration(layers: PropertyLayers, others: Sequence[str]) -> dict[str, Any]:
    """Return what bundle.json says of the contaminant."""
    limit = layers.source.model.threshold
    return {
        "contaminant": layers.source.model.contaminant,
        "property": layers.source.token,
        "threshold": {
            "id": limit["id"],
            **limit_value(limit),
            "citation": limit.get("citation", ""),
        },
        "decision": dict(layers.source.decision),
        "applicability_threshold": layers.source.reach,
        "layers": {role: f"{stem}.tif" for role, stem in layers.stems.items()},
        "others": list(others),
        "item": f"{item_id(layers)}.json",
        "lineage": {
            key: str(layers.source.model.facts[key])
            for key in ("model_id", "data_hash", "config_hash", "version")
            if layers.source.model.facts.get(key)
        },
    }
