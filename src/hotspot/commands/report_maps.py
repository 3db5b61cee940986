"""Gathering what a report says of maps, from their files."""

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.commands.covariates import features_of
from hotspot.commands.models import decision_rule
from hotspot.config.paths import Paths
from hotspot.config.schema import Config, VectorLayerConfig
from hotspot.covariates.catalogue import Role
from hotspot.covariates.vectors.read import read_features
from hotspot.estimators.fitted import FittedModel
from hotspot.grid import Grid
from hotspot.maps.decision import DecisionRule, balanced_frequency
from hotspot.maps.read import read_overview
from hotspot.maps.statistics import MapStatistics
from hotspot.rasters import open_raster
from hotspot.report.content import (
    Areas,
    Context,
    Hotspots,
    MapLayers,
    RoleLayers,
)

# Features of a layer of waters beyond which its name is not written on a map.
_MOST_NAMED = 5


def map_layers(config: Config, folder: Path, model: FittedModel) -> MapLayers | None:
    """Return the maps of a contaminant as drawn; None where there is no probability."""
    layers = {
        name: folder / f"{name}.tif"
        for name in ("probability", "dissimilarity", "decision")
        if name in config.predict.layers
    }
    if "probability" not in layers:
        return None
    arrays = {name: read_overview(path) for name, path in layers.items()}
    probability, grid = arrays["probability"]
    dissimilarity = arrays.get("dissimilarity", (None, None))[0]
    hotspots = None
    if (folder / "hotspots.gpkg").is_file():
        table = gpd.read_file(folder / "hotspots.gpkg")
        hotspots = Hotspots(pd.DataFrame(table.drop(columns="geometry")), tuple(table.geometry))
    areas = None
    if (folder / "statistics.json").is_file():
        text = (folder / "statistics.json").read_text(encoding="utf-8")
        areas = Areas.from_statistics(
            MapStatistics.from_dict(json.loads(text)), _rule(config, model)
        )
    return MapLayers(
        grid=grid,
        probability=probability.astype(np.float64),
        decision=arrays.get("decision", (None, None))[0],
        dissimilarity=None if dissimilarity is None else dissimilarity.astype(np.float64),
        dissimilarity_limit=(
            float(model.applicability.threshold_) if model.applicability else None
        ),
        areas=areas,
        hotspots=hotspots,
    )


def map_context(config: Config, paths: Paths, grid: Grid) -> tuple[Context, ...]:
    """Return the waters that covariates were made from, cut to the map, for orientation.

    Roads, towns and works would look like water, or be too many to be read. Only a layer of
    a few features is named: the name of hundreds of rivers would stand beside one of them.
    """
    from shapely import box, intersection, union_all

    west, east, south, north = grid.region
    margin = 0.05 * max(east - west, north - south)
    frame = box(west - margin, south - margin, east + margin, north + margin)
    shown: dict[tuple[str, str | None], Context] = {}
    for name, layer in config.covariates.layers.items():
        if not isinstance(layer, VectorLayerConfig) or layer.role is not Role.WATER:
            continue
        if (layer.path, layer.layer) in shown:
            continue
        features = features_of(layer, f"covariates.layers.{name}", paths)
        found = read_features(features, grid, name=name)
        shape = intersection(union_all(found.geometries), frame)
        if not shape.is_empty:
            label = (layer.layer or Path(layer.path).stem).replace("_", " ")
            if len(found.geometries) > _MOST_NAMED:
                label = ""
            shown[(layer.path, layer.layer)] = Context(label, shape)
    return tuple(shown.values())


def _rule(config: Config, model: FittedModel) -> str:
    asked, rule = config.predict.decision, decision_rule(config, model)
    cuts = _cuts(rule)
    if asked.rule == "cuts":
        return f"{cuts}. Outside the area of applicability always cannot say."
    frequency = balanced_frequency(asked.cost_ratio)
    return (
        f"A missed exceedance is taken to cost {asked.cost_ratio:g} times as much as a false "
        f"alarm, so that the mistakes balance where {frequency:.0%} of samples exceed. A place "
        "is called above where left-out samples show that the share is at least that, below "
        f"where they show that it is less, each with a confidence of {asked.confidence:.0%}. "
        f"For this model: {cuts[0].lower()}{cuts[1:]}. Outside the area of applicability "
        "always cannot say."
    )


def _cuts(rule: DecisionRule) -> str:
    above = (
        "No probability is high enough for above"
        if rule.above is None
        else f"Above from a probability of {rule.above:.2g} on"
    )
    below = (
        "none low enough for below" if rule.below is None else f"below up to {rule.below:.2g}"
    )
    return f"{above}, {below}, cannot say between them"


def role_layers(folder: Path, outside: NDArray[np.bool_] | None) -> RoleLayers | None:
    """Return the maps by role as drawn; None where there are none.

    They have the grid of the other maps, whose cells `outside` the area are given.
    """
    if not (folder / "driver.tif").is_file():
        return None
    with open_raster(folder / "driver.tif") as dataset:
        classes = [part.split(": ") for part in dataset.tags()["classes"].split("; ")]
    roles = [role for _, role in sorted(classes, key=lambda part: int(part[0]))]
    layers = {role: read_overview(folder / f"role_{role}.tif") for role in roles}
    driver, _ = read_overview(folder / "driver.tif")
    grid = next(iter(layers.values()))[1]
    codes = np.where(np.isnan(driver.astype(np.float64)), 255, driver).astype(np.uint8)
    return RoleLayers(
        grid=grid,
        contribution={role: array.astype(np.float64) for role, (array, _) in layers.items()},
        driver=codes,
        roles=dict(enumerate(roles)),
        outside=outside,
    )
