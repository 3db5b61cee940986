"""A map as an item of a SpatioTemporal Asset Catalog (STAC 1.1)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from hotspot.errors import GridError
from hotspot.grid import Grid
from hotspot.maps.encoding import Encoding, stored_nodata, stored_type
from hotspot.maps.layers import Layer, layer_named
from hotspot.maps.limits import limit_phrase, limit_value
from hotspot.maps.model import MapModel
from hotspot.maps.statistics import RasterStatistics
from hotspot.maps.styles import style_of
from hotspot.maps.tags import meaning

STAC_VERSION = "1.1.0"
_EXTENSIONS = (
    "https://stac-extensions.github.io/projection/v2.0.0/schema.json",
    "https://stac-extensions.github.io/raster/v2.0.0/schema.json",
    "https://stac-extensions.github.io/classification/v2.0.0/schema.json",
)
COG_TYPE = "image/tiff; application=geotiff; profile=cloud-optimized"
# A straight edge in the CRS of the map is a curve in degrees: points per edge of the
# footprint.
_POINTS_PER_EDGE = 21
# About 0.1 m on the ground.
_DECIMALS = 6

# Files beside the rasters: media type, roles, title.
_COMPANIONS = {
    "hotspots.gpkg": ("application/geopackage+sqlite3", ["data"], "Hotspots, ranked"),
    "statistics.json": ("application/json", ["metadata"], "Areas per class"),
}


@dataclass(frozen=True)
class SamplingPeriod:
    """First and last day of sampling, each None where it is not known.

    STAC wants a time for every item, and for a span it wants both ends. An invented year
    would be found by those who look for that year. An unknown end is therefore written as
    the first or last day that the format can hold, ``0001-01-01`` or ``9999-12-31``: a
    search for any time finds the item, which is right, since none can be excluded. The
    property ``hotspot:sampling_period`` says in words what is known.

    Examples
    --------
    >>> SamplingPeriod(date(1990, 3, 1), None).properties()["hotspot:sampling_period"]
    'from 1990-03-01; the end is not known'
    """

    start: date | None = None
    end: date | None = None

    def properties(self) -> dict[str, Any]:
        """Return the time properties of an item."""
        start, end = self.start or date.min, self.end or date.max
        if self.start and self.end:
            words = f"{self.start.isoformat()} to {self.end.isoformat()}"
        elif self.start:
            words = f"from {self.start.isoformat()}; the end is not known"
        elif self.end:
            words = f"to {self.end.isoformat()}; the start is not known"
        else:
            words = "not known"
        return {
            "datetime": None,
            "start_datetime": f"{start.isoformat()}T00:00:00Z",
            "end_datetime": f"{end.isoformat()}T23:59:59Z",
            "hotspot:sampling_period": words,
        }


def stac_item(
    model: MapModel,
    grid: Grid,
    *,
    item_id: str,
    statistics: Mapping[str, RasterStatistics],
    companions: Sequence[str] = (),
    period: SamplingPeriod | None = None,
    facts: Mapping[str, str] | None = None,
    encoding: Encoding = "full",
    collection: str | None = None,
) -> dict[str, Any]:
    """Return the STAC item of one map, with addresses relative to its own place.

    The time of an item is when its samples were taken, not when the map was computed; no
    time of computing is written, so that the same run gives the same bytes.

    Parameters
    ----------
    model : MapModel
        Contaminant, limit and origin are read.
    grid : Grid
        Of the rasters.
    item_id : str
        Unique in the catalogue, such as ``<experiment>-<contaminant>``.
    statistics : mapping of RasterStatistics
        By layer; each becomes an asset ``./<layer>.tif``.
    companions : sequence of str
        Other files of the folder: ``hotspots.gpkg``, ``statistics.json``, ``*.qml``, ``*.sld``.
    period : SamplingPeriod, optional
        When the samples were taken; not known if not given.
    facts : mapping of str to str, optional
        More properties, written as ``hotspot:<name>``.
    encoding : str
        How the rasters are stored.
    collection : str, optional
        Id of the collection that the item is of, which lies one folder above.

    Raises
    ------
    GridError
        The grid crosses the date line or has no place on Earth.

    References
    ----------
    SpatioTemporal Asset Catalog specification, version 1.1.0, https://stacspec.org.
    """
    ring = _footprint(grid)
    lon, lat = [point[0] for point in ring], [point[1] for point in ring]
    limit, origin = model.threshold, model.facts
    described = {
        "contaminant": model.contaminant,
        "threshold_id": limit.get("id"),
        **{f"threshold_{name}": value for name, value in limit_value(limit).items()},
        "threshold_citation": limit.get("citation"),
        "model_id": origin.get("model_id"),
        "data_hash": origin.get("data_hash"),
        "version": origin.get("version"),
        **(facts or {}),
    }
    title = f"{model.contaminant}: where soil exceeds {limit_phrase(limit)}"
    return {
        "type": "Feature",
        "stac_version": STAC_VERSION,
        "stac_extensions": list(_EXTENSIONS),
        "id": item_id,
        **({} if collection is None else {"collection": collection}),
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "bbox": [min(lon), min(lat), max(lon), max(lat)],
        "properties": {
            "title": title,
            "description": meaning(model, "probability"),
            **(period or SamplingPeriod()).properties(),
            **_projection(grid),
            **{f"hotspot:{name}": v for name, v in described.items() if v is not None},
        },
        "links": [
            {"rel": rel, "href": "../collection.json", "type": "application/json"}
            for rel in ("root", "parent", "collection")
            if collection is not None
        ],
        "assets": {
            **{name: _raster(model, grid, name, s, encoding) for name, s in statistics.items()},
            **{_key(name): _companion(name) for name in companions},
        },
    }


def stac_collection(
    collection: str, title: str, description: str, items: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """Return the STAC collection of the maps of a run.

    Parameters
    ----------
    collection, title, description : str
        Id, and what a person reads; without a description the title stands for it.
    items : mapping of mapping
        By their address relative to the collection, in order.

    Returns
    -------
    dict
        Its licence is ``other``: a run does not know who may use its maps. A bundle does.
    """
    days = [
        (item["properties"]["start_datetime"], item["properties"]["end_datetime"])
        for item in items.values()
    ]
    first, last = min(day for day, _ in days), max(day for _, day in days)
    boxes = np.array([item["bbox"] for item in items.values()])
    return {
        "type": "Collection",
        "stac_version": STAC_VERSION,
        "id": collection,
        "title": title,
        "description": description or title,
        "license": "other",
        "extent": {
            "spatial": {
                "bbox": [
                    [*boxes[:, :2].min(axis=0).tolist(), *boxes[:, 2:].max(axis=0).tolist()]
                ]
            },
            "temporal": {
                "interval": [
                    [
                        None if first.startswith(str(date.min)) else first,
                        None if last.startswith(str(date.max)) else last,
                    ]
                ]
            },
        },
        "links": [
            {"rel": "root", "href": "./collection.json", "type": "application/json"},
            *(
                {
                    "rel": "item",
                    "href": href,
                    "type": "application/geo+json",
                    "title": item["properties"]["title"],
                }
                for href, item in items.items()
            ),
        ],
    }


def _footprint(grid: Grid) -> list[list[float]]:
    """Return the outline in longitude and latitude, counter-clockwise and closed."""
    from pyproj import Transformer

    west, east, south, north = grid.region
    step = np.linspace(0.0, 1.0, _POINTS_PER_EDGE)[:-1]
    across, up = west + step * (east - west), south + step * (north - south)
    back, down = east + step * (west - east), north + step * (south - north)
    easting = np.concatenate([across, np.full(20, east), back, np.full(20, west)])
    northing = np.concatenate([np.full(20, south), up, np.full(20, north), down])
    to_degrees = Transformer.from_crs(grid.pyproj_crs, "OGC:CRS84", always_xy=True)
    lon, lat = to_degrees.transform(easting, northing)
    if not (np.isfinite(lon).all() and np.isfinite(lat).all()):
        raise GridError(
            f"The region {grid.region} of {grid.crs} has no longitude and latitude. "
            "Check the CRS of the covariates."
        )
    if np.abs(np.diff(lon)).max() > 180.0:
        raise GridError(
            f"The region {grid.region} of {grid.crs} crosses the date line, where a footprint "
            "in one piece would go round the world. Map the two sides as two experiments."
        )
    points = [
        [round(float(x), _DECIMALS), round(float(y), _DECIMALS)]
        for x, y in zip(lon, lat, strict=True)
    ]
    return [*points, points[0]]


def _projection(grid: Grid) -> dict[str, Any]:
    authority = grid.pyproj_crs.to_authority()
    west, east, south, north = grid.region
    named = (
        {"proj:code": ":".join(authority)}
        if authority
        else {
            "proj:code": None,
            "proj:wkt2": grid.pyproj_crs.to_wkt(),
        }
    )
    return {
        **named,
        "proj:bbox": [west, south, east, north],
        "proj:shape": list(grid.shape),
        "proj:transform": [float(value) for value in tuple(grid.transform)[:6]],
    }


def _raster(
    model: MapModel, grid: Grid, name: str, statistics: RasterStatistics, encoding: Encoding
) -> dict[str, Any]:
    layer = layer_named(name)
    numbers = {
        "minimum": statistics.minimum,
        "maximum": statistics.maximum,
        "mean": statistics.mean,
        "stddev": statistics.stddev,
        "count": statistics.count,
        "valid_percent": statistics.valid_percent,
    }
    codes = layer.dtype == "uint8"
    if codes:
        # The mean of codes means nothing.
        numbers["mean"] = numbers["stddev"] = None
    asset: dict[str, Any] = {
        "href": f"./{name}.tif",
        "type": COG_TYPE,
        "title": layer.title,
        "description": meaning(model, name),
        "roles": ["data"],
        **_storage(layer, encoding),
        "unit": layer.unit,
        "statistics": {key: value for key, value in numbers.items() if value is not None},
        "raster:sampling": "area",
        "raster:spatial_resolution": grid.resolution[0],
    }
    if codes:
        asset["classification:classes"] = [
            {
                "value": int(entry.code or 0),
                "name": entry.label.replace(" ", "-"),
                "description": entry.label,
                "color_hint": entry.colour[1:].upper(),
            }
            for entry in style_of(model, name).classes
        ]
    return asset


def _storage(layer: Layer, encoding: Encoding) -> dict[str, Any]:
    """Return type, nodata and, for scaled numbers, the scale of a raster."""
    kind, nodata = stored_type(layer, encoding), stored_nodata(layer, encoding)
    stored = {"nodata": "nan" if np.isnan(nodata) else int(nodata)}
    if isinstance(kind, str):
        return {"data_type": kind, **stored}
    scale = {"raster:scale": kind.scale, "raster:offset": 0.0}
    return {"data_type": kind.dtype, **stored, **scale}


def _key(name: str) -> str:
    return name.replace(".", "-")


def _companion(name: str) -> dict[str, Any]:
    kind, roles, title = _COMPANIONS.get(name, ("application/octet-stream", ["metadata"], name))
    if name.endswith((".qml", ".sld")):
        program = "QGIS" if name.endswith(".qml") else "SLD"
        kind = "application/xml" if program == "QGIS" else "application/vnd.ogc.sld+xml"
        roles, title = ["style"], f"{program} style of {name[:-4]}"
    return {"href": f"./{name}", "type": kind, "title": title, "roles": roles}
