"""Checks of what lies beside the rasters: statistics, samples, hotspots, styles."""

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from hotspot.bundle.findings import Findings
from hotspot.bundle.layer_files import LayerFile, Parcel
from hotspot.bundle.layer_values import LayerValues
from hotspot.bundle.read import RefusedError, cells_of, opened
from hotspot.bundle.read_files import UnsafeXmlError, read_polygons, read_rows, read_xml
from hotspot.bundle.zonal import mean_under
from hotspot.errors import few
from hotspot.grid import Grid, Window, same_crs

Said = tuple[str, str, Any, Any]
_MOST_POLYGONS = 200
_MEAN_SLACK = 0.02
# Four standard errors by chance once in 16,000; the gap itself must matter, too.
_LEAST_Z, _LEAST_GAP = 4.0, 0.1


def check_statistics(
    parcel: Parcel, counted: Mapping[str, LayerValues], findings: Findings
) -> None:
    """Note numbers of the table that the rasters do not give."""
    name = "statistics.csv"
    if name not in parcel.files:
        findings.add("statistics-missing", ".", "there is no table of statistics", name)
        return
    table: dict[str, dict[tuple[str, str], float]] = {}
    try:
        for row in read_rows(parcel.root / name):
            key = (row["measure"], row.get("class") or "")
            table.setdefault(row["file"], {})[key] = float(row["value"])
    except (ValueError, KeyError, TypeError) as error:
        findings.add("statistics-malformed", name, "the table cannot be read", error)
        return
    for layer in parcel.maps:
        values = counted.get(layer.file)
        if layer.file not in table:
            findings.add(
                "statistics-missing", layer.file, "the table leaves the raster out", name
            )
        elif values is not None and values.tally is not None:
            _compare(layer.file, table[layer.file], values.tally.numbers(), findings)


def _compare(
    file: str,
    said: Mapping[tuple[str, str], float],
    true: Mapping[tuple[str, str], float],
    findings: Findings,
) -> None:
    for key, value in said.items():
        if key not in true:
            continue
        scale = max(abs(true[key]), abs(value), 1e-9)
        if not abs(value - true[key]) <= 1e-5 * scale:
            label = " ".join(part for part in key if part)
            findings.add(
                "statistics-contradict",
                file,
                f"statistics.csv says another {label}",
                f"{value:.6g}, the raster gives {true[key]:.6g}",
            )


def check_samples(parcel: Parcel, findings: Findings) -> None:
    """Note probabilities that left-out samples do not bear out.

    Scores of a classifier whose classes were balanced lie near one half on average, whatever
    the share of exceeding samples is; so do those of resampled training sets.
    """
    files = [file for file in parcel.files if file.endswith("samples.csv")]
    for token, group in parcel.groups().items():
        own = [file for file in files if f"_{token}_" in f"_{file.casefold()}"]
        own = own or [file for file in files if PurePosixPath(file).name == "samples.csv"]
        if "probability" not in group:
            continue
        if not own:
            findings.add(
                "samples-missing",
                group["probability"].file,
                "calibration cannot be checked",
                "no samples.csv",
            )
        for file in own:
            _check_calibration(parcel, file, group["probability"], findings)


def _check_calibration(parcel: Parcel, file: str, layer: LayerFile, findings: Findings) -> None:
    try:
        rows = read_rows(parcel.root / file)
        exceeds = np.array([float(row["exceeds"]) for row in rows])
        if rows and "probability" in rows[0]:
            chance = np.array([float(row["probability"]) for row in rows])
        else:
            places = [(float(row["easting"]), float(row["northing"])) for row in rows]
            chance = _values_at(layer, places)
    except (ValueError, KeyError, TypeError, RefusedError) as error:
        # The representation of an undecodable file would hold all its bytes.
        seen = f"no column {error}" if isinstance(error, KeyError) else str(error)
        findings.add("samples-malformed", file, "the samples cannot be read", seen)
        return
    if not rows:
        findings.add("samples-malformed", file, "the samples cannot be read", "no samples")
        return
    known = ~np.isnan(chance)
    exceeds, chance = exceeds[known], chance[known]
    lawful = np.isin(exceeds, (0.0, 1.0)).all() and ((chance >= 0) & (chance <= 1)).all()
    if not lawful:
        findings.add(
            "samples-malformed",
            file,
            "numbers are out of their range",
            f"{exceeds.size} samples",
        )
    elif exceeds.size:
        gap = float(chance.mean() - exceeds.mean())
        spread = float(np.sqrt((chance * (1 - chance)).sum())) or 1e-9
        z = gap * exceeds.size / spread
        if abs(z) > _LEAST_Z and abs(gap) > _LEAST_GAP:
            findings.add(
                "probability-not-calibrated",
                layer.file,
                "the probabilities are not those of exceedance",
                f"mean {chance.mean():.3f}, of {exceeds.size} samples {exceeds.mean():.3f} "
                f"exceed ({z:+.1f} standard errors) in {file}",
            )


def _values_at(layer: LayerFile, places: list[tuple[float, float]]) -> np.ndarray[Any, Any]:
    grid = layer.facts.grid
    values = np.full(len(places), np.nan)
    if grid is None:
        return values
    rows, cols, inside = grid.cells(np.array(places, dtype=np.float64).reshape(-1, 2))
    with opened(layer.path) as dataset:
        for index in np.flatnonzero(inside):
            window = Window(int(rows[index]), int(cols[index]), 1, 1)
            values[index] = cells_of(dataset, window)[0, 0]
    return values


def check_hotspots(parcel: Parcel, findings: Findings) -> list[Said]:
    """Note polygons that do not belong to the rasters; return the limits they state."""
    said: list[Said] = []
    groups = parcel.groups()
    for file in parcel.files:
        if not file.endswith(".gpkg"):
            continue
        try:
            polygons = read_polygons(parcel.root / file)
        except ValueError as error:
            findings.add("hotspots-unreadable", file, "the polygons cannot be read", error)
            continue
        token = next((name for name in groups if f"_{name}_" in f"_{file.casefold()}"), None)
        if token is None and len(groups) == 1:
            token = next(iter(groups))
        layer = groups.get(token or "", {}).get("probability")
        if "threshold_id" in polygons and len(polygons):
            said.append((token or "", file, str(polygons["threshold_id"].iloc[0]), None))
        if layer is None or layer.facts.grid is None or not hasattr(polygons, "crs"):
            continue
        _check_polygons(file, polygons, layer, layer.facts.grid, findings)
    return said


def _check_polygons(
    file: str, polygons: Any, layer: LayerFile, grid: Grid, findings: Findings
) -> None:
    if polygons.crs is None or not same_crs(polygons.crs.to_wkt(), grid.crs):
        seen = f"{polygons.crs.name if polygons.crs else 'none'}, raster {grid.pyproj_crs.name}"
        findings.add("hotspots-crs", file, "the CRS is not the raster's", seen)
        return
    if not len(polygons):
        return
    west, south, east, north = polygons.total_bounds
    true = grid.region
    side = max(grid.resolution) * 1.001
    if (
        west < true[0] - side
        or east > true[1] + side
        or south < true[2] - side
        or north > true[3] + side
    ):
        seen = f"{few((f'{v:.6g}' for v in (west, south, east, north)), 4)}; raster {true}"
        findings.add("hotspots-outside", file, "a polygon lies outside the raster", seen)
        return
    if "mean_probability" not in polygons:
        return
    try:
        with opened(layer.path) as dataset:
            first = polygons.iloc[:_MOST_POLYGONS]
            for number, (shape, said) in enumerate(
                zip(first.geometry, first["mean_probability"], strict=True), start=1
            ):
                mean, count = mean_under(shape, grid, lambda w: cells_of(dataset, w))
                if count and not abs(mean - float(said)) <= _MEAN_SLACK:
                    findings.add(
                        "hotspots-probability",
                        file,
                        f"polygon {number} says another mean probability",
                        f"{float(said):.3f}, the raster gives {mean:.3f} over {count} cells",
                    )
    except RefusedError:
        return  # The raster has a finding of its own.


def check_styles(
    parcel: Parcel, counted: Mapping[str, LayerValues], findings: Findings
) -> None:
    """Note rasters without a style, and styles that leave codes out."""
    for layer in parcel.maps:
        files = [f"{layer.stem}{end}" for end in (".qml", ".sld")]
        there = [file for file in files if file in parcel.files]
        if not there:
            findings.add("style-missing", layer.file, "there is no style", few(files))
        values = counted.get(layer.file)
        for file in there:
            codes = _codes(parcel.root / file, file, findings)
            if codes is None or layer.role != "decision" or values is None:
                continue
            absent = sorted(values.codes - codes)
            if absent:
                seen = f"codes {few(absent)} of the raster, classes {few(sorted(codes))}"
                findings.add("style-incomplete", file, "codes have no class", seen)


def _codes(path: Path, file: str, findings: Findings) -> set[int] | None:
    try:
        root = read_xml(path)
    except UnsafeXmlError as error:
        findings.add("metadata-unsafe", file, "the style declares entities", error)
        return None
    except ValueError as error:
        findings.add("style-malformed", file, "the style is no readable XML", error)
        return None
    codes = set()
    for element in root.iter():
        tag = str(element.tag).rpartition("}")[2]
        text = {"paletteEntry": "value", "ColorMapEntry": "quantity"}.get(tag)
        if text is not None:
            try:
                codes.add(int(float(element.get(text, ""))))
            except (ValueError, OverflowError):
                continue
    return codes
