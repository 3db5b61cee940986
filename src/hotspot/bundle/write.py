"""Writing a bundle: whole or not at all, and the same bytes each time."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from hotspot.bundle.collection import collection, stated
from hotspot.bundle.content import PropertySource, Statement
from hotspot.bundle.item import declaration, item_id, layer_record, property_item
from hotspot.bundle.layers import PropertyLayers
from hotspot.bundle.profiles import Profile
from hotspot.bundle.read import cells_of
from hotspot.bundle.zonal import mean_under
from hotspot.errors import OutputError
from hotspot.files import file_sha256, replaced_folder
from hotspot.maps.write import write_hotspots, write_json
from hotspot.rasters import bounded_cache, open_raster

MANIFEST = "checksums.sha256"
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
            layers = PropertyLayers(source, statement, profile)
            meanings[source.token] = layers.meanings
            item, others, counted = _write_property(beside, layers)
            declared.append(declaration(layers, others))
            rows += counted
            items.append(item)
        write_json(beside / "collection.json", collection(statement, profile, sources, items))
        _write(beside / "statistics.csv", _csv(("file", "measure", "class", "value"), rows))
        write_json(
            beside / "bundle.json", {**stated(statement, profile), "properties": declared}
        )
        _write(beside / "methods.md", page(meanings))
        names = sorted(path.name for path in beside.iterdir())
        _write(
            beside / MANIFEST,
            "".join(f"{file_sha256(beside / name)}  {name}\n" for name in names),
        )


def _write_property(
    folder: Path, layers: PropertyLayers
) -> tuple[dict[str, Any], list[str], list[tuple[str, str, str, str]]]:
    """Write the files of one contaminant.

    Returns its item, the names of the files beside the rasters, and its rows of statistics.
    """
    tallies = layers.write_rasters(folder)
    statistics = {role: tally.statistics for role, tally in tallies.items()}
    layers.write_styles(folder, statistics)
    others = [*_write_hotspots(folder, layers), *_write_samples(folder, layers)]
    item = property_item(layers, statistics, others)
    for role, stem in layers.stems.items():
        _write(folder / f"{stem}.xml", layer_record(layers, role, tuple(item["bbox"])))
    write_json(folder / f"{item_id(layers)}.json", item)
    rows = [
        row
        for role, tally in tallies.items()
        for row in tally.rows(f"{layers.stems[role]}.tif")
    ]
    return item, others, rows


def _write_hotspots(folder: Path, layers: PropertyLayers) -> list[str]:
    """Write the polygons, on the grid of the bundle, and return the name of their file."""
    if layers.source.hotspots is None or "probability" not in layers.stems:
        return []
    import geopandas as gpd

    polygons = gpd.read_file(layers.source.hotspots)
    if layers.is_warped:
        polygons = polygons.to_crs(layers.grid.crs)
        with open_raster(folder / f"{layers.stems['probability']}.tif") as dataset:
            means = [
                mean_under(shape, layers.grid, lambda w: cells_of(dataset, w))
                for shape in polygons.geometry
            ]
        polygons["mean_probability"] = [
            mean if count else old
            for (mean, count), old in zip(means, polygons["mean_probability"], strict=True)
        ]
    name = f"{item_id(layers)}_hotspots.gpkg"
    write_hotspots(folder / name, polygons)
    return [name]


def _write_samples(folder: Path, layers: PropertyLayers) -> list[str]:
    """Write left-out predictions without places, and return the name of their file."""
    if layers.source.samples is None:
        return []
    table = layers.source.samples.sort_values(["probability", "exceeds"], kind="stable")
    rows = [
        (f"{float(p):.6f}", str(int(e)))
        for p, e in zip(table["probability"], table["exceeds"], strict=True)
    ]
    name = f"{item_id(layers)}_samples.csv"
    _write(folder / name, _csv(("probability", "exceeds"), rows))
    return [name]


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
