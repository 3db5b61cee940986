"""`hotspot predict`: the maps of each contaminant, with hotspots, styles and metadata."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.commands.console import Console, counted
from hotspot.commands.machine import release_memory, steady_memory
from hotspot.commands.map_compute import map_engine, map_options
from hotspot.commands.map_work import forget_interrupted, is_complete, map_work, mark_complete
from hotspot.commands.models import decision_rule, decision_tags
from hotspot.config.paths import Paths
from hotspot.config.schema import Config, HotspotsConfig
from hotspot.covariates.catalogue import Covariate, Role
from hotspot.covariates.stack import Stack, open_stack, stack_digest
from hotspot.estimators.fitted import FittedModel
from hotspot.estimators.store import load_model
from hotspot.files import replaced_folder, write_text
from hotspot.maps.decision import inside_applicability
from hotspot.maps.hotspot_cells import HotspotBlock
from hotspot.maps.hotspot_rules import ClusterRule, HotspotRule, Rule, TopShareRule
from hotspot.maps.hotspot_style import hotspots_qml
from hotspot.maps.hotspots import trace_hotspots
from hotspot.maps.layers import (
    OPTIONAL_LAYERS,
    ROLES,
    available_layers,
    layer_named,
    role_layers_of,
)
from hotspot.maps.predict import MapOptions, predict_stack
from hotspot.maps.read import read_windows
from hotspot.maps.stac import SamplingPeriod, stac_collection, stac_item
from hotspot.maps.statistics import MapTally, RasterTally
from hotspot.maps.styles import style_of
from hotspot.maps.write import write_hotspots, write_json, write_qml, write_sld
from hotspot.rasters import bounded_cache


def run(config: Config, paths: Paths, console: Console) -> None:
    """Map every contaminant; a folder is replaced when all of it is complete.

    Finished windows of a map that is interrupted are kept in a hidden folder of the
    experiment, and so is the fact that a map is complete, until all of them are.
    """
    steady_memory()
    covariates = stack_digest(paths.covariates)
    with (
        open_stack(paths.covariates) as stack,
        map_engine(config, paths, stack) as engine,
        bounded_cache(),
    ):
        for contaminant in config.contaminants:
            work = map_work(config, paths, contaminant, covariates)
            if is_complete(work, config, paths, contaminant):
                console.line(f"  {contaminant}: complete since an earlier attempt")
                continue
            model = mapped_model(config, paths, contaminant)
            with replaced_folder(paths.maps(contaminant)) as folder:
                options = replace(map_options(config), engine=engine, work=work)
                _map(config, model, stack, folder, options=options, console=console)
                _trace(config, model, stack, folder, console)
                _describe(config, paths, model, stack, folder)
            mark_complete(work, config, paths, contaminant)
    forget_interrupted(paths)
    forget_others(paths.all_maps, config.contaminants)
    _collect(config, paths)


def forget_others(folder: Path, contaminants: list[str]) -> None:
    """Remove folders of contaminants that the configuration no longer names."""
    for path in folder.iterdir():
        if path.is_dir() and path.name not in contaminants:
            shutil.rmtree(path)


def mapped_model(config: Config, paths: Paths, contaminant: str) -> FittedModel:
    """Return a contaminant's model, with the confidence that its map is asked for."""
    model = load_model(paths.model(contaminant))
    return model.with_confidence(config.predict.decision.confidence)


def map_layers(config: Config, model: FittedModel) -> list[str]:
    """Return the layers that were asked for and that this model can give.

    A direct classifier knows no concentration, so it has no interval to map; a model of the
    concentration is no sum over its covariates, so it has no roles to map in passing. Where
    the limit depends on the place its map is always among them, or nobody could read the
    others.
    """
    given = available_layers(model)
    named: list[str] = []
    for name in dict.fromkeys([*config.predict.layers, "limit"]):
        if name == ROLES:
            named += role_layers_of(model)
        elif name in given or name not in OPTIONAL_LAYERS:
            named.append(name)
    return named


def hotspot_rule(config: HotspotsConfig) -> Rule:
    """Return what counts as a hotspot."""
    area = config.minimum_area_m2
    if config.definition == "top_share":
        return TopShareRule(share=config.share, minimum_area_m2=area)
    if config.definition == "cluster":
        return ClusterRule(
            rate=config.false_discovery_rate, radius_m=config.radius_m, minimum_area_m2=area
        )
    return HotspotRule(probability=config.probability, minimum_area_m2=area)


def _map(
    config: Config,
    model: FittedModel,
    stack: Stack,
    folder: Path,
    *,
    options: MapOptions,
    console: Console,
) -> None:
    """Write the rasters of a map."""
    name, shape = model.contaminant, stack.grid.shape
    rule = decision_rule(config, model)
    with console.bar(f"{name}: windows", shape[0] * shape[1]) as move:
        predict_stack(
            model,
            stack,
            folder,
            layers=map_layers(config, model),
            rule=rule,
            window_size=config.predict.window_size,
            options=replace(
                options,
                tags=decision_tags(config, rule),
                tell=lambda text: console.line(f"  {name}: {text}"),
            ),
            progress=move,
        )


def _trace(
    config: Config, model: FittedModel, stack: Stack, folder: Path, console: Console
) -> None:
    """Write the hotspots of the rasters in a folder, where they have what it takes."""
    names = ("probability", "dissimilarity")
    if not set(names) <= set(config.predict.layers):
        return
    land_use = _land_use(stack)
    release_memory()
    hotspots = trace_hotspots(
        partial(_blocks, model, stack, {name: folder / f"{name}.tif" for name in names}),
        grid=stack.grid,
        rule=hotspot_rule(config.predict.hotspots),
        contaminant=model.contaminant,
        threshold_id=str(model.threshold["id"]),
        land_use=land_use,
    )
    write_hotspots(folder / "hotspots.gpkg", hotspots)
    write_text(folder / "hotspots.qml", hotspots_qml())
    console.line(f"  {model.contaminant}: {counted(len(hotspots), 'hotspot')}")


def _land_use(stack: Stack) -> Covariate | None:
    """Return the first covariate of classes of land use, if there is one."""
    return next(
        (c for c in stack.catalogue if c.is_categorical and c.role is Role.LAND_USE), None
    )


def _blocks(model: FittedModel, stack: Stack, paths: dict[str, Path]) -> Iterator[HotspotBlock]:
    land_use = _land_use(stack)
    for window, layers in read_windows(paths):
        applicable: NDArray[np.bool_] | None = None
        if model.applicability is not None:
            threshold = float(model.applicability.threshold_)
            applicable = inside_applicability(layers["dissimilarity"], threshold)
        codes: NDArray[Any] | None = None
        if land_use is not None:
            codes = stack.read_one(land_use.name, window)
        yield HotspotBlock(window, layers["probability"], applicable, codes)


def _describe(
    config: Config, paths: Paths, model: FittedModel, stack: Stack, folder: Path
) -> None:
    """Write styles, statistics and the STAC item of the rasters in a folder."""
    layers = {name: folder / f"{name}.tif" for name in map_layers(config, model)}
    for name in layers:
        write_qml(folder / f"{name}.qml", style_of(model, name))
        write_sld(folder / f"{name}.sld", style_of(model, name))
    area = model.applicability
    threshold = float(area.threshold_) if area else None
    areas = (
        MapTally(stack.grid, applicability_threshold=threshold)
        if "probability" in layers and stack.grid.is_projected
        else None
    )
    tallies = {
        name: RasterTally(nodata=255.0 if layer_named(name).dtype == "uint8" else float("nan"))
        for name in layers
    }
    for _, block in read_windows(layers):
        for name, tally in tallies.items():
            tally.add(block[name])
        if areas is not None:
            areas.add(block)
    if areas is not None:
        write_json(folder / "statistics.json", areas.result().to_dict())
    item = stac_item(
        model,
        stack.grid,
        item_id=f"{config.name}-{model.contaminant}",
        statistics={name: tally.result() for name, tally in tallies.items()},
        companions=sorted(path.name for path in folder.iterdir() if path.suffix != ".tif"),
        period=_period(paths, model.contaminant),
        encoding=config.predict.encoding,
        collection=config.name,
    )
    write_json(folder / "item.json", item)


def _collect(config: Config, paths: Paths) -> None:
    """Write the STAC collection of all maps."""
    items = {
        f"./{contaminant}/item.json": json.loads(
            (paths.maps(contaminant) / "item.json").read_text(encoding="utf-8")
        )
        for contaminant in config.contaminants
    }
    collection = stac_collection(config.name, config.title, config.description, items)
    write_json(paths.all_maps / "collection.json", collection)


def _period(paths: Paths, contaminant: str) -> SamplingPeriod:
    """Return the first and last day of sampling; a date may be a year or a month only."""
    days = pd.read_parquet(paths.samples, columns=["contaminant", "sampled_on"])
    texts = days.loc[days["contaminant"] == contaminant, "sampled_on"].unique()
    known = [pd.Period(text) for text in texts if text]
    if not known:
        return SamplingPeriod()
    first = min(period.start_time for period in known)
    last = max(period.end_time for period in known)
    return SamplingPeriod(first.date(), last.date())
