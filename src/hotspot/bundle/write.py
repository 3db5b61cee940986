"""Writing a bundle: whole or not at all, and the same bytes each time."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hotspot.bundle.content import (
    FORMAT,
    PropertySource,
    Statement,
    completed,
    uncertainty_kind,
)
from hotspot.bundle.metadata import Record, iso_record, lineage_text
from hotspot.bundle.names import UNITS, LayerName, depth_text
from hotspot.bundle.profiles import Profile, row_areas_m2
from hotspot.bundle.read import cells_of
from hotspot.bundle.read_files import sha256
from hotspot.bundle.tally import LayerTally
from hotspot.bundle.warp import warped_windows
from hotspot.bundle.zonal import mean_under
from hotspot.errors import OutputError
from hotspot.files import replaced_folder
from hotspot.grid import Window
from hotspot.maps.layers import LAYERS
from hotspot.maps.limits import limit_value
from hotspot.maps.read import read_windows
from hotspot.maps.stac import COG_TYPE, STAC_VERSION, stac_item
from hotspot.maps.statistics import RasterStatistics
from hotspot.maps.styles import LayerStyle, StyleClass, style_of
from hotspot.maps.tags import layer_tags, meaning
from hotspot.maps.write import write_hotspots, write_json, write_qml, write_sld
from hotspot.rasters import CogWriter, bounded_cache, open_raster, read_grid

MANIFEST = "checksums.sha256"
_SPREAD_EDGES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
_SPREAD_COLOURS = ("#f5f4fd", "#d3d0f5", "#8a9fd6", "#3a6cb2", "#2b2558")
_TITLES = {
    "probability_uncertainty": "Uncertainty of P(exceed)",
    "concentration_uncertainty": "Width of the 90 % interval",
}
Page = Callable[[Mapping[str, Mapping[str, str]]], str]


def write_bundle(
    folder: Path,
    sources: Sequence[PropertySource],
    statement: Statement,
    profile: Profile,
    *,
    page: Page,
) -> None:
    """Write the bundle of a run; a bundle that is there is replaced when all is complete.

    Parameters
    ----------
    folder : Path
        Of this bundle alone.
    sources : sequence of PropertySource
        One for each contaminant.
    statement : Statement
        Country, depth, licence, contact.
    profile : Profile
        Whose grid and rules.
    page : callable
        Gives the methods page from the meaning of each file, by token.

    Raises
    ------
    GridError
        A map has no place in the CRS of the profile.
    OutputError
        A file cannot be written.
    """
    meanings: dict[str, Mapping[str, str]] = {}
    declared, rows, items = [], [], []
    with replaced_folder(folder) as beside, bounded_cache():
        for source in sources:
            written = _Property(beside, source, statement, profile)
            written.write()
            meanings[source.token] = written.meanings
            declared.append(written.declaration())
            rows += written.rows
            items.append(written.item)
        write_json(beside / "collection.json", _collection(statement, profile, sources, items))
        _write(beside / "statistics.csv", _csv(("file", "measure", "class", "value"), rows))
        write_json(
            beside / "bundle.json", {**_stated(statement, profile), "properties": declared}
        )
        _write(beside / "methods.md", page(meanings))
        names = sorted(path.name for path in beside.iterdir())
        _write(
            beside / MANIFEST, "".join(f"{sha256(beside / name)}  {name}\n" for name in names)
        )


class _Property:
    """The files of one contaminant."""

    def __init__(
        self, folder: Path, source: PropertySource, statement: Statement, profile: Profile
    ) -> None:
        self.folder, self.source, self.statement = folder, source, statement
        first = next(iter(source.layers.values()))
        self.source_grid = read_grid(first)
        self.grid = profile.grid_for(self.source_grid)
        self.is_warped = not self.grid.aligned_with(self.source_grid)
        self.stems = {role: self._name(role).stem for role in source.roles}
        self.meanings = {
            f"{self.stems[role]}.tif": self._meaning(role) for role in source.roles
        }
        self.rows: list[tuple[str, str, str, str]] = []
        self.item: dict[str, Any] = {}
        self.others: list[str] = []

    def write(self) -> None:
        """Write rasters, styles, records, hotspots, samples and the item."""
        tallies = self._rasters()
        for role, tally in tallies.items():
            self.rows += tally.rows(f"{self.stems[role]}.tif")
        statistics = {role: tally.statistics for role, tally in tallies.items()}
        for role in self.source.roles:
            style = self._style(role, statistics[role])
            write_qml(self.folder / f"{self.stems[role]}.qml", style)
            write_sld(self.folder / f"{self.stems[role]}.sld", style)
        self._hotspots()
        self._samples()
        self.item = self._item(statistics)
        bbox = tuple(self.item["bbox"])
        for role in self.source.roles:
            _write(self.folder / f"{self.stems[role]}.xml", self._record(role, bbox))
        write_json(self.folder / f"{self.prefix}.json", self.item)

    @property
    def prefix(self) -> str:
        """Country, contaminant and depth: the id of the item."""
        return (
            f"{self.statement.country}_{self.source.token}_{depth_text(self.statement.depth)}"
        )

    def declaration(self) -> dict[str, Any]:
        """Return what bundle.json says of the contaminant."""
        limit = self.source.model.threshold
        return {
            "contaminant": self.source.model.contaminant,
            "property": self.source.token,
            "threshold": {
                "id": limit["id"],
                **limit_value(limit),
                "citation": limit.get("citation", ""),
            },
            "decision": dict(self.source.decision),
            "applicability_threshold": self.source.reach,
            "layers": {role: f"{stem}.tif" for role, stem in self.stems.items()},
            "others": self.others,
            "item": f"{self.prefix}.json",
            "lineage": {
                key: str(self.source.model.facts[key])
                for key in ("model_id", "data_hash", "config_hash", "version")
                if self.source.model.facts.get(key)
            },
        }

    def _name(self, role: str) -> LayerName:
        return LayerName(self.statement.country, self.source.token, role, self.statement.depth)

    def _meaning(self, role: str) -> str:
        if role in LAYERS:
            return meaning(self.source.model, role)
        kind = uncertainty_kind(role, self.source.layers)
        return (
            f"{_TITLES[role]} of {self.source.model.contaminant}: {kind}; it speaks of one "
            "sample from the cell, and cannot be added up over cells."
        )

    def _tags(self, role: str) -> dict[str, str]:
        base = layer_tags(self.source.model, role if role in LAYERS else "probability")
        own = {
            "layer": role,
            "meaning": self._meaning(role),
            "country": self.statement.country,
            "depth_top_cm": f"{self.statement.depth[0]:g}",
            "depth_bottom_cm": f"{self.statement.depth[1]:g}",
            "licence": self.statement.licence,
        }
        if role not in LAYERS:
            own["uncertainty_kind"] = uncertainty_kind(role, self.source.layers)
        if self.source.reach is not None:
            own["applicability_threshold"] = f"{self.source.reach:.9g}"
        return {**base, **self.source.decision, **own}

    def _windows(self) -> Iterator[tuple[Window, Mapping[str, NDArray[Any]]]]:
        if not self.is_warped:
            yield from read_windows(self.source.layers)
            return
        codes = frozenset({"decision"})
        # The mean of the limits of two land uses is the limit of neither.
        nearest = frozenset({"limit"})
        yield from warped_windows(self.source.layers, self.grid, codes=codes, nearest=nearest)

    def _rasters(self) -> dict[str, LayerTally]:
        areas = row_areas_m2(self.grid)
        tallies = {role: LayerTally(role, areas) for role in self.source.roles}
        with ExitStack() as files:
            writers = {
                role: files.enter_context(self._writer(role)) for role in self.source.roles
            }
            for window, block in self._windows():
                layers = completed(self.source, block, warped=self.is_warped)
                for role, writer in writers.items():
                    writer.write(window, layers[role])
                    tallies[role].add(window, layers[role])
        return tallies

    def _writer(self, role: str) -> CogWriter:
        codes = role == "decision"
        return CogWriter(
            self.folder / f"{self.stems[role]}.tif",
            self.grid,
            dtype="uint8" if codes else "float32",
            tags=self._tags(role),
            descriptions=(LAYERS[role].title if role in LAYERS else _TITLES[role],),
            units=(UNITS[role],),
            colormap=style_of(self.source.model, role).gdal_colours() if codes else None,
            categorical=codes,
        )

    def _style(self, role: str, statistics: RasterStatistics) -> LayerStyle:
        if role in LAYERS:
            return style_of(self.source.model, role)
        highest = float(statistics.maximum or 0.0) or 1.0
        scale = 1.0 if role == "probability_uncertainty" else highest / _SPREAD_EDGES[-1]
        edges = [edge * scale for edge in _SPREAD_EDGES]
        classes = tuple(
            StyleClass(colour, f"{low:.3g} to {high:.3g}", None, low, high)
            for colour, low, high in zip(_SPREAD_COLOURS, edges[:-1], edges[1:], strict=True)
        )
        return LayerStyle(role, _TITLES[role], UNITS[role], classes)

    def _hotspots(self) -> None:
        if self.source.hotspots is None or "probability" not in self.stems:
            return
        import geopandas as gpd

        polygons = gpd.read_file(self.source.hotspots)
        if self.is_warped:
            polygons = polygons.to_crs(self.grid.crs)
            with open_raster(self.folder / f"{self.stems['probability']}.tif") as dataset:
                means = [
                    mean_under(shape, self.grid, lambda w: cells_of(dataset, w))
                    for shape in polygons.geometry
                ]
            polygons["mean_probability"] = [
                mean if count else old
                for (mean, count), old in zip(means, polygons["mean_probability"], strict=True)
            ]
        name = f"{self.prefix}_hotspots.gpkg"
        write_hotspots(self.folder / name, polygons)
        self.others.append(name)

    def _samples(self) -> None:
        if self.source.samples is None:
            return
        table = self.source.samples.sort_values(["probability", "exceeds"], kind="stable")
        rows = [
            (f"{float(p):.6f}", str(int(e)))
            for p, e in zip(table["probability"], table["exceeds"], strict=True)
        ]
        name = f"{self.prefix}_samples.csv"
        _write(self.folder / name, _csv(("probability", "exceeds"), rows))
        self.others.append(name)

    def _item(self, statistics: Mapping[str, RasterStatistics]) -> dict[str, Any]:
        model = self.source.model
        known = {role: value for role, value in statistics.items() if role in LAYERS}
        item = stac_item(
            model,
            self.grid,
            item_id=self.prefix,
            statistics=known,
            companions=self.others,
            period=self.source.period,
            facts={"country": self.statement.country},
        )
        for role, stem in self.stems.items():
            if role not in LAYERS:
                item["assets"][role] = {
                    "type": COG_TYPE,
                    "title": _TITLES[role],
                    "description": self._meaning(role),
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
        item["properties"]["hotspot:depth_cm"] = list(self.statement.depth)
        item["collection"] = _collection_id(self.statement)
        item["links"] = [
            {"rel": rel, "href": "./collection.json", "type": "application/json"}
            for rel in ("root", "parent", "collection")
        ]
        return item

    def _record(self, role: str, bbox: tuple[float, ...]) -> str:
        authority = self.grid.pyproj_crs.to_authority()
        title = LAYERS[role].title if role in LAYERS else _TITLES[role]
        top, bottom = self.statement.depth
        record = Record(
            stem=self.stems[role],
            title=f"{self.statement.title}: {self.source.name}, {title}, {top:g}-{bottom:g} cm",
            abstract=f"{self.statement.abstract} {self._meaning(role)}".strip(),
            lineage=lineage_text(self.source.model.facts, self.source.model.threshold),
            crs=":".join(authority) if authority else self.grid.pyproj_crs.to_wkt(),
            bbox=(bbox[0], bbox[1], bbox[2], bbox[3]),
            resolution=(self.grid.resolution[0], "m" if self.grid.is_projected else "deg"),
            period=self.source.period,
        )
        return iso_record(record, self.statement)


def _stated(statement: Statement, profile: Profile) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "profile": profile.name,
        "convention": profile.convention,
        "resolution": profile.resolution,
        "country": statement.country,
        "depth_cm": list(statement.depth),
        "title": statement.title,
        "abstract": statement.abstract,
        "licence": statement.licence,
        "contact": {
            "organisation": statement.contact.organisation,
            "email": statement.contact.email,
            "role": statement.contact.role,
        },
    }


def _collection_id(statement: Statement) -> str:
    return f"{statement.country}_{depth_text(statement.depth)}"


def _collection(
    statement: Statement,
    profile: Profile,
    sources: Sequence[PropertySource],
    items: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    boxes = np.array([item["bbox"] for item in items], dtype=np.float64)
    starts = [source.period.start for source in sources]
    ends = [source.period.end for source in sources]
    return {
        "type": "Collection",
        "stac_version": STAC_VERSION,
        "id": _collection_id(statement),
        "title": statement.title,
        "description": statement.abstract or statement.title,
        "license": statement.licence,
        "providers": [
            {"name": statement.contact.organisation, "roles": ["producer", "licensor"]}
        ],
        "extent": {
            "spatial": {
                "bbox": [
                    [*boxes[:, :2].min(axis=0).tolist(), *boxes[:, 2:].max(axis=0).tolist()]
                ]
            },
            "temporal": {"interval": [[_day(starts, min), _day(ends, max)]]},
        },
        "summaries": {"hotspot:profile": [profile.name]},
        "links": [
            {"rel": "root", "href": "./collection.json", "type": "application/json"},
            *(
                {"rel": "item", "href": f"./{item['id']}.json", "type": "application/geo+json"}
                for item in items
            ),
        ],
    }


def _day(days: Sequence[date | None], choose: Callable[[list[date]], date]) -> str | None:
    known = [day for day in days if day is not None]
    if not known or len(known) < len(days):
        return None
    return f"{choose(known).isoformat()}T00:00:00Z"


def _csv(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    def cell(text: str) -> str:
        quoted = text.replace('"', '""')
        return f'"{quoted}"' if any(mark in text for mark in ',"\n') else text

    return "".join(",".join(map(cell, row)) + "\n" for row in (heads, *rows))


def _write(path: Path, text: str) -> None:
    try:
        path.write_bytes(text.encode("utf-8"))
    except OSError as error:
        raise OutputError(
            f"{path.name} could not be written: {error.strerror}. Free space, then run again."
        ) from error
